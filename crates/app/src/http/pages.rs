//! The pages, embedded in the program as the build script made them.

use std::borrow::Cow;
use std::path::{Component, Path};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, IntoResponseParts, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use rust_embed::RustEmbed;

use super::endpoints;
use super::problem::Problem;
use super::state::App;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// Names under here carry the hash of their content.
const ASSETS: &str = "/assets/";
/// One index file each; what follows the name is a file beside it, or the page's own business.
const PAGES: [&str; 3] = ["dashboard", "track", "capture"];

pub(super) fn router() -> Router<App> {
    let mut router = Router::new()
        .route("/", get(async || Redirect::to("/dashboard/")))
        .route("/assets/{*path}", get(asset))
        .route("/favicon.svg", get(asset))
        .route("/capture/share", post(share_without_worker));
    for page in PAGES {
        let serve = move |State(app): State<App>, headers: HeaderMap, uri: Uri| async move {
            page_file(&app, &headers, page, &uri).await
        };
        let redirect = async move || Redirect::to(&format!("/{page}/"));
        router = router
            .route(&format!("/{page}"), get(redirect))
            .route(&format!("/{page}/"), get(serve))
            .route(&format!("/{page}/{{*path}}"), get(serve));
    }
    router
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
}

/// What a phone shares with the capture page is taken by the page's service worker. Where the browser has thrown that
/// away the photos come here: they are still in the phone's gallery, and the page says so. A form of another page is no
/// share of the phone's, whose launch is the browser's own (`Sec-Fetch-Site: none`).
async fn share_without_worker(headers: HeaderMap) -> Redirect {
    let by_page = headers.get("sec-fetch-site").is_some_and(|site| site != "none");
    Redirect::to(if by_page { "/capture/" } else { "/capture/?shared=missed" })
}

/// A file of the pages.
struct PageFile {
    bytes: Cow<'static, [u8]>,
    content_type: HeaderValue,
    /// How the bytes are compressed, by its name in `Content-Encoding`.
    encoding: Option<&'static str>,
}

impl PageFile {
    fn answer(self, headers: impl IntoResponseParts) -> Response {
        let kind = [
            (header::CONTENT_TYPE, self.content_type),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        let encoding = self.encoding.map(|name| [(header::CONTENT_ENCODING, HeaderValue::from_static(name))]);
        match encoding {
            Some(encoding) => (kind, encoding, headers, self.bytes).into_response(),
            None => (kind, headers, self.bytes).into_response(),
        }
    }
}

/// The compressed copies that the build puts beside texts, the smallest first: ending of the name, and
/// `Content-Encoding` (RFC 9110, section 8.4.1).
const COPIES: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

/// Reads a file of the pages in the smallest form that the browser takes.
async fn read(app: &App, headers: &HeaderMap, name: &str) -> Result<Option<PageFile>, Problem> {
    let Some(plain) = read_bytes(app, name).await else { return Ok(None) };
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let content_type = match guess.type_() {
        mime_guess::mime::TEXT => format!("{guess}; charset=utf-8"),
        _ => guess.to_string(),
    };
    let content_type = HeaderValue::from_str(&content_type).map_err(Problem::internal)?;
    for (ending, encoding) in COPIES {
        if accepts(headers, encoding)
            && let Some(bytes) = read_bytes(app, &format!("{name}{ending}")).await
        {
            return Ok(Some(PageFile { bytes, content_type, encoding: Some(encoding) }));
        }
    }
    Ok(Some(PageFile { bytes: plain, content_type, encoding: None }))
}

/// The bytes of one file: of those embedded, or of the folder that takes their place.
async fn read_bytes(app: &App, name: &str) -> Option<Cow<'static, [u8]>> {
    let Some(folder) = &app.config.pages.folder else { return Files::get(name).map(|file| file.data) };
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return None;
    }
    tokio::fs::read(folder.join(name)).await.ok().map(Cow::Owned)
}

/// Whether `Accept-Encoding` names this coding and does not refuse it with a weight of zero (RFC 9110, section 12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case(coding) && weight.is_ok_and(|weight| weight > 0.0)
    })
}

async fn asset(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let path = uri.path();
    let file = read(&app, &headers, path.trim_start_matches('/')).await?.ok_or_else(not_found)?;
    let cache = if path.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(file.answer([(header::CACHE_CONTROL, HeaderValue::from_static(cache))]))
}

/// A file beside a page's index (its manifest, its service worker, its icons), and for every other name the index.
async fn page_file(app: &App, headers: &HeaderMap, page: &str, uri: &Uri) -> Result<Response, Problem> {
    let path = uri.path().trim_start_matches('/');
    let beside = if path.ends_with('/') { None } else { read(app, headers, path).await? };
    let is_worker = beside.is_some() && path.ends_with(WORKER);
    let file = match beside {
        Some(file) => file,
        None => read(app, headers, &format!("{page}/index.html")).await?.ok_or_else(not_found)?,
    };
    let store = endpoints::store_origin(app, headers)?;
    let photos = app.delivery.origin().unwrap_or_else(|| store.clone());
    let policy = if is_worker { WORKER_POLICY.to_owned() } else { page_policy(&store, &photos) };
    // The customer's pictures are asked for soon: the connection is there when their addresses are known.
    let early = (page == "track").then(|| HeaderValue::from_str(&format!("<{photos}>; rel=preconnect")));
    let early = early.transpose().map_err(Problem::internal)?.map(|value| [(header::LINK, value)]);
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(Problem::internal)?),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((early, file.answer(headers)).into_response())
}

/// The service worker of a page.
const WORKER: &str = "/sw.js";

/// What a service worker may do. A browser keeps this header together with the script until the script's text changes,
/// so it names no store: uploads would be refused after the store has moved. Nothing but our own script runs in a
/// worker, which has no page to put anything into.
const WORKER_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src http: https:; base-uri 'none'; \
                             form-action 'none'; frame-ancestors 'none'";

/// What a page may do: run our scripts only, and talk to us, the store and where photos come from only.
fn page_policy(store: &str, photos: &str) -> String {
    let reachable = if store == photos { store.to_owned() } else { format!("{store} {photos}") };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
         img-src 'self' blob: data: {photos}; connect-src 'self' {reachable}; worker-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_accepted_when_it_is_named_and_not_refused() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
        };
        for yes in ["br", "gzip, deflate, br", "gzip;q=1.0, BR;q=0.1", "gzip,br ;q=0.5"] {
            assert!(accepts(&headers(yes), "br"), "{yes}");
        }
        for no in ["", "gzip", "br;q=0", "br;q=0.0, gzip", "brotli", "br;q=nonsense"] {
            assert!(!accepts(&headers(no), "br"), "{no}");
        }
        assert!(!accepts(&HeaderMap::new(), "br"));
    }
}
