//! The HTTP client of the commands that talk to a running server.

mod backoff;
mod error;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use clap::builder::{StringValueParser, TypedValueParser as _, ValueParser};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::{RequestBuilder, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{DataArgument, link};
use crate::domain::Secret;
use crate::serve::{Address, Keys};

pub(super) use backoff::{Backoff, TRIES_MAX};
pub(super) use error::{CallError, Refusal, cause, is_passing};

/// How long a connection may take to come up.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a call of the API may take, answer included.
const CALL_MAX: Duration = Duration::from_mins(1);
/// How long the kernel waits for the other side to acknowledge bytes before it gives a connection up.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_MAX: Duration = Duration::from_mins(1);
/// The longest answer of the API that is read; a page of 1000 photos has about 2 MB.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The longest refusal that is read.
pub(super) const REFUSAL_BYTES_MAX: usize = 64 << 10;
/// Photos on one page of a listing, the most that the API gives.
const PAGE_PHOTOS: &str = "1000";

/// Which server, and as whom.
#[derive(Args)]
pub(super) struct ServerArguments {
    /// Where the server answers, such as <https://photos.example.com>; the one of the data folder when absent
    #[arg(long, env = "QDN_SERVER", value_name = "URL")]
    server: Option<String>,
    /// A secret application key, as `qdn key add --role` makes it. Set `QDN_KEY` rather than this: other users of
    /// the machine can see arguments
    #[arg(long, env = "QDN_KEY", hide_env_values = true, value_name = "KEY", value_parser = secret_parser())]
    key: Option<Secret>,
    #[command(flatten)]
    data: DataArgument,
}

fn secret_parser() -> ValueParser {
    ValueParser::new(StringValueParser::new().map(|text| Secret::from_caller(text.trim())))
}

impl ServerArguments {
    /// A client for the server that is meant. The key of the data folder is for the data folder's own server: any
    /// other one has to be given its key by name.
    ///
    /// # Errors
    /// A sentence, when the address or the key cannot be one, or the data folder holds no installation.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let server = self.server.as_deref().map(str::trim).filter(|server| !server.is_empty());
        let key = self.key.as_ref().filter(|key| !key.reveal().is_empty());
        let address = match server {
            Some(server) => Address { api: server.to_owned(), connect: None },
            None => link::server_address(&self.data)?,
        };
        let key = match (key, server) {
            (Some(key), _) => key.clone(),
            (None, None) => Secret::from_caller(&Keys::load(&self.data.data)?.command_key),
            (None, Some(_)) => bail!("--server needs a key: set QDN_KEY, or give --key"),
        };
        Client::new(&address, &key)
    }
}

/// A client of one server.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    key: HeaderValue,
}

/// What the API answered, and its clock.
pub(super) struct Answer<T> {
    /// The body.
    pub(super) body: T,
    /// The server's time, if it told.
    pub(super) date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Page<P> {
    photos: Vec<P>,
    next_cursor: Option<String>,
}

impl Client {
    fn new(server: &Address, key: &Secret) -> anyhow::Result<Self> {
        let base = read_base(&server.api)?;
        let mut key = HeaderValue::from_str(key.reveal())
            .ok()
            .context("the key holds characters that no key has: set QDN_KEY to a secret application key")?;
        key.set_sensitive(true);
        // A redirect would carry the key to wherever it points.
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("qdn/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_MAX);
        #[cfg(target_os = "linux")]
        {
            builder = builder.tcp_user_timeout(UNACKNOWLEDGED_MAX);
        }
        if is_loopback(&base) || server.connect.is_some() {
            builder = builder.no_proxy();
        }
        if let (Some(ip), Some(host)) = (server.connect, base.host_str()) {
            // Port 0 is any: the store has another one than the API.
            builder = builder.resolve(host, SocketAddr::new(ip, 0));
        }
        let http = builder.build().context("preparing the HTTP client")?;
        Ok(Self { http, base, key })
    }

    /// For requests that the key must not travel with.
    pub(super) fn without_key(&self) -> &reqwest::Client {
        &self.http
    }

    /// Calls `GET {path}?{query}`.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Answer<T>, CallError> {
        let mut url = self.url(path);
        url.query_pairs_mut().extend_pairs(query);
        self.call(self.http.get(url)).await
    }

    /// Calls `POST {path}` with a JSON body.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<Answer<T>, CallError> {
        self.call(self.http.post(self.url(path)).json(body)).await
    }

    /// Hands every photo of a job to `take`, page by page. What passes is tried a few times.
    pub(super) async fn each_photo<P: DeserializeOwned>(
        &self,
        job_id: &str,
        mut take: impl FnMut(P) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut cursor: Option<String> = None;
        loop {
            let page = self.photo_page(job_id, cursor.as_deref()).await?;
            page.photos.into_iter().try_for_each(&mut take)?;
            if page.next_cursor.is_none() {
                return Ok(());
            }
            if page.next_cursor == cursor {
                bail!("{} gives the same page of photos again and again", self.shown());
            }
            cursor = page.next_cursor;
        }
    }

    async fn photo_page<P: DeserializeOwned>(
        &self,
        job_id: &str,
        cursor: Option<&str>,
    ) -> anyhow::Result<Page<P>> {
        let mut query = vec![("job_id", job_id), ("limit", PAGE_PHOTOS)];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let mut backoff = Backoff::short();
        loop {
            let error = match self.get("list_photos", &query).await {
                Ok(answer) => return Ok(answer.body),
                Err(error) => error,
            };
            match error.retry_after().and_then(|asked| backoff.next_wait(asked)) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(anyhow::Error::new(error).context(format!("job {}", shown(job_id)))),
            }
        }
    }

    /// The address for people.
    pub(super) fn shown(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let whole = format!("{}/{path}", self.base.path().trim_end_matches('/'));
        url.set_path(&whole);
        url
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Answer<T>, CallError> {
        let request = request.header("x-api-key", self.key.clone()).timeout(CALL_MAX);
        let response = request.send().await.map_err(|error| self.lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes_max = if status.is_success() { ANSWER_BYTES_MAX } else { REFUSAL_BYTES_MAX };
        let bytes = read_at_most(response, bytes_max).await.map_err(|error| self.lost(&error))?;
        if !status.is_success() {
            return Err(CallError::of_answer(status, &headers, &bytes));
        }
        let body = serde_json::from_slice(&bytes).map_err(|_| {
            let detail = format!("{} answers, but not as a qdn server does", self.shown());
            CallError::Refused(Box::new(Refusal::plain(status, detail)))
        })?;
        Ok(Answer { body, date: date(&headers) })
    }

    fn lost(&self, error: &reqwest::Error) -> CallError {
        let cause = cause(error);
        if error.is_connect() {
            CallError::Unreachable(format!(
                "cannot reach {}: is `qdn serve` running? ({cause})",
                self.shown()
            ))
        } else {
            let reason = format!("lost {}: {cause}", self.shown());
            CallError::Passing { reason, retry_after: None }
        }
    }
}

/// The address of a server: scheme, host, and perhaps a port and a path.
fn read_base(server: &str) -> anyhow::Result<Url> {
    let url = Url::parse(server).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    // The text is not repeated: it may hold a password.
    url.context("--server must be an address such as https://photos.example.com, without user, ? or #")
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// Reads a body, but never more than `bytes_max`: what is beyond is left.
pub(super) async fn read_at_most(mut response: Response, bytes_max: usize) -> reqwest::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = bytes_max - bytes.len();
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if bytes.len() == bytes_max {
            break;
        }
    }
    Ok(bytes)
}

/// `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTimeParser::new().parse_timestamp(text).ok()?;
    let now = date(headers).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// A text from elsewhere, made harmless for a terminal: control characters and those that turn the direction of
/// writing become `\u{fffd}`.
pub(super) fn shown(text: &str) -> String {
    let turns = |character: char| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_bad = |character: char| character.is_control() || turns(character);
    text.chars().map(|character| if is_bad(character) { '\u{fffd}' } else { character }).collect()
}

/// A status in words: `404 Not Found`.
fn status_words(status: StatusCode) -> String {
    status
        .canonical_reason()
        .map_or_else(|| status.as_str().to_owned(), |words| format!("{} {words}", status.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_have_no_password_and_no_query() {
        for good in ["http://127.0.0.1:8080", "https://a.example/prod/", "http://[::1]:8080"] {
            assert!(read_base(good).is_ok(), "{good}");
        }
        for bad in
            ["", "a.example", "ftp://a.example", "https://me:hush@a.example", "https://a/?x", "https://a/#x"]
        {
            let error = read_base(bad).unwrap_err().to_string();
            assert!(error.contains("--server") && !error.contains("hush"), "{bad}: {error}");
        }
    }

    #[test]
    fn paths_stand_below_the_servers_own() {
        let key = Secret::from_caller("k");
        for (server, wanted) in [
            ("https://a.example", "https://a.example/upload-url"),
            ("https://a.example/prod/", "https://a.example/prod/upload-url"),
        ] {
            assert_eq!(
                Client::new(&Address { api: server.to_owned(), connect: None }, &key)
                    .unwrap()
                    .url("upload-url")
                    .as_str(),
                wanted
            );
        }
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let headers = |pairs: &[(header::HeaderName, &str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
        };
        let seconds = headers(&[(header::RETRY_AFTER, "7")]);
        assert_eq!(retry_after(&seconds), Some(Duration::from_secs(7)));
        let date = headers(&[
            (header::DATE, "Mon, 04 May 2026 09:30:00 GMT"),
            (header::RETRY_AFTER, "Mon, 04 May 2026 09:31:30 GMT"),
        ]);
        assert_eq!(retry_after(&date), Some(Duration::from_secs(90)));
        assert_eq!(retry_after(&headers(&[(header::RETRY_AFTER, "soon")])), None);
    }

    #[test]
    fn loopback_is_known_by_name_and_number() {
        for (url, wanted) in [
            ("http://localhost:1", true),
            ("http://127.9.0.1", true),
            ("http://[::1]:8080", true),
            ("http://192.168.1.5", false),
            ("https://localhost.example", false),
        ] {
            assert_eq!(is_loopback(&read_base(url).unwrap()), wanted, "{url}");
        }
    }

    #[test]
    fn texts_from_elsewhere_cannot_steer_a_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\u{9b}é"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}é");
    }
}
