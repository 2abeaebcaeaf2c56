//! The app's side of S3: the few calls it makes itself, signed by `qdn-sign`. The embedded store answers them without a
//! socket in between, any other over the network.

mod listing;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use qdn_sign::{Endpoint, Signer};

use crate::client::Outbound;
use crate::domain::StoredObject;
use transport::{AnswerBody, Transport};

/// The longest a call may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long a signature of ours lives: it is used at once.
const EXPIRES_SECONDS: u32 = 60;
/// The largest answer read into memory: 1,000 keys of 1,024 bytes, each byte escaped, with room to spare.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Why a call to the object store failed. The text is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// No answer in time.
    #[error("no answer within {} s", DEADLINE.as_secs())]
    Late,
    /// An answer that says no.
    #[error("{method} {key:?} was answered {status}: {body}")]
    Refused {
        /// What was asked.
        method: Method,
        /// Of which key or prefix.
        key: String,
        /// What came back.
        status: StatusCode,
        /// The beginning of the error document.
        body: String,
    },
    /// An object that is larger than the caller takes.
    #[error("{0:?} is larger than {1} bytes")]
    TooLarge(String, u64),
    /// An answer that cannot be read.
    #[error("an unreadable answer: {0}")]
    Unreadable(String),
}

/// A page of a listing.
#[derive(Debug, PartialEq, Eq)]
pub struct Listing {
    /// The objects, in the order of their keys' bytes.
    pub objects: Vec<StoredObject>,
    /// Whether more keys follow the last one.
    pub truncated: bool,
}

/// An object and its bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    /// All of them.
    pub bytes: Bytes,
    /// Without quotation marks.
    pub etag: String,
}

/// An object that is being read.
pub struct OpenObject {
    /// As it was stored.
    pub content_type: String,
    /// All of it.
    pub size_bytes: u64,
    left_bytes: u64,
    body: AnswerBody,
}

impl OpenObject {
    /// The next piece; `None` after the last. An object that ends before its end is an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>, S3Error> {
        let next = tokio::time::timeout(DEADLINE, self.body.next()).await.map_err(|_| S3Error::Late)??;
        let Some(bytes) = next else {
            let whole = self.left_bytes == 0;
            let short = || S3Error::Unreadable("less than was announced".to_owned());
            return whole.then_some(None).ok_or_else(short);
        };
        let left = self.left_bytes.checked_sub(bytes.len() as u64);
        self.left_bytes = left.ok_or_else(|| S3Error::Unreadable("more than was announced".to_owned()))?;
        Ok(Some(bytes))
    }
}

/// What is sent, besides the key and the query.
#[derive(Default)]
struct Sent<'a> {
    content_type: Option<&'a str>,
    body: Bytes,
}

/// One bucket, always private.
#[derive(Clone)]
pub struct Bucket {
    transport: Transport,
    signer: Arc<Signer>,
    endpoint: Endpoint,
    name: String,
}

impl Bucket {
    /// The bucket `name` of the embedded store.
    ///
    /// # Errors
    /// Never in practice: the store's inner endpoint is a constant.
    #[cfg(feature = "serve")]
    pub fn embedded(
        store: qdn_store::Store,
        signer: Arc<Signer>,
        name: &str,
    ) -> Result<Self, qdn_sign::EndpointError> {
        let endpoint = Endpoint::new("http://127.0.0.1", qdn_sign::AddressStyle::Path)?;
        Ok(Self { transport: Transport::Embedded(store), signer, endpoint, name: name.to_owned() })
    }

    /// The bucket `name` of another server: Amazon S3, or an engine of one's own.
    pub fn remote(outbound: Outbound, endpoint: Endpoint, signer: Arc<Signer>, name: &str) -> Self {
        Self { transport: Transport::Remote(outbound), signer, endpoint, name: name.to_owned() }
    }

    /// What the embedded store says of itself; nothing of a store that is another server.
    #[cfg(feature = "serve")]
    pub fn condition(&self) -> Option<qdn_store::Condition> {
        match &self.transport {
            Transport::Embedded(store) => Some(store.condition()),
            Transport::Remote(_) => None,
        }
    }

    /// Whether uploads can be taken in, as far as that is known without one.
    #[cfg(feature = "serve")]
    pub async fn is_writable(&self) -> bool {
        match &self.transport {
            Transport::Embedded(store) => store.is_writable().await,
            Transport::Remote(_) => true,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who signs for it.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Lists keys that start with `prefix` and come after `start_after`, at most `limit` (1 to 1,000).
    pub async fn list(
        &self,
        prefix: &str,
        start_after: &str,
        limit: usize,
        now: Timestamp,
    ) -> Result<Listing, S3Error> {
        let limit = limit.to_string();
        let query = [
            // Keys of older tools may hold characters that XML cannot.
            ("encoding-type", "url"),
            ("list-type", "2"),
            ("max-keys", &limit),
            ("prefix", prefix),
            ("start-after", start_after),
        ];
        let answer = self.call(Method::GET, None, &query, Sent::default(), ANSWER_BYTES_MAX, now).await?;
        let body = self.expect(StatusCode::OK, &Method::GET, prefix, answer)?;
        listing::parse(&body).map_err(S3Error::Unreadable)
    }

    /// What the listing says of one object. `None` when there is none.
    pub async fn find(&self, key: &str, now: Timestamp) -> Result<Option<StoredObject>, S3Error> {
        // An object's own key is the first of all that start with it.
        let first = self.list(key, "", 1, now).await?.objects.into_iter().next();
        Ok(first.filter(|object| object.key == key))
    }

    /// Fetches a whole object of at most `bytes_max`. `None` when there is none.
    pub async fn get(&self, key: &str, bytes_max: u64, now: Timestamp) -> Result<Option<Object>, S3Error> {
        let most = usize::try_from(bytes_max).unwrap_or(usize::MAX).max(ANSWER_BYTES_MAX);
        let answer = match self.call(Method::GET, Some(key), &[], Sent::default(), most, now).await {
            Err(S3Error::TooLarge(..)) => return Err(S3Error::TooLarge(key.to_owned(), bytes_max)),
            answer => answer?,
        };
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let etag = answer.headers().get(http::header::ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.unwrap_or_default().trim_matches('"').to_owned();
        let bytes = self.expect(StatusCode::OK, &Method::GET, key, answer)?;
        Ok(Some(Object { bytes, etag }))
    }

    /// Opens an object to be read piece by piece. `None` when there is none.
    pub async fn open(&self, key: &str, now: Timestamp) -> Result<Option<OpenObject>, S3Error> {
        let request = self.request(Method::GET, Some(key), &[], Sent::default(), now)?;
        let (head, body) = self.transport.open(request, DEADLINE).await?.into_parts();
        if head.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = header(http::header::CONTENT_TYPE).to_owned();
        let size_bytes = header(http::header::CONTENT_LENGTH).parse().ok();
        let refused = || S3Error::Refused {
            method: Method::GET,
            key: format!("{}/{key}", self.name),
            status: head.status,
            body: String::new(),
        };
        let size_bytes = size_bytes.filter(|_| head.status == StatusCode::OK).ok_or_else(refused)?;
        Ok(Some(OpenObject { content_type, size_bytes, left_bytes: size_bytes, body }))
    }

    /// Stores an object, durably when this returns.
    pub async fn put(
        &self,
        key: &str,
        content_type: &str,
        body: Bytes,
        now: Timestamp,
    ) -> Result<(), S3Error> {
        let sent = Sent { content_type: Some(content_type), body };
        let answer = self.call(Method::PUT, Some(key), &[], sent, ANSWER_BYTES_MAX, now).await?;
        self.expect(StatusCode::OK, &Method::PUT, key, answer).map(|_| ())
    }

    /// Deletes an object; one that is not there is deleted already.
    pub async fn delete(&self, key: &str, now: Timestamp) -> Result<(), S3Error> {
        let answer =
            self.call(Method::DELETE, Some(key), &[], Sent::default(), ANSWER_BYTES_MAX, now).await?;
        self.expect(StatusCode::NO_CONTENT, &Method::DELETE, key, answer).map(|_| ())
    }

    async fn call(
        &self,
        method: Method,
        key: Option<&str>,
        query: &[(&str, &str)],
        sent: Sent<'_>,
        answer_bytes_max: usize,
        now: Timestamp,
    ) -> Result<Response<Bytes>, S3Error> {
        let request = self.request(method, key, query, sent, now)?;
        self.transport.exchange(request, answer_bytes_max, DEADLINE).await
    }

    fn request(
        &self,
        method: Method,
        key: Option<&str>,
        query: &[(&str, &str)],
        sent: Sent<'_>,
        now: Timestamp,
    ) -> Result<Request<Full<Bytes>>, S3Error> {
        let headers: Vec<_> = sent.content_type.map(|value| ("content-type", value)).into_iter().collect();
        let url = self.signer.presign_request(
            &self.endpoint,
            method.as_str(),
            &self.name,
            key,
            query,
            &headers,
            signing_time(now),
            EXPIRES_SECONDS,
        );
        let mut request = Request::builder()
            .method(method)
            .uri(&url)
            .header(http::header::HOST, self.endpoint.host(&self.name))
            .header(http::header::CONTENT_LENGTH, sent.body.len());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(Full::new(sent.body)).map_err(|error| S3Error::Unreadable(error.to_string()))
    }

    fn expect(
        &self,
        status: StatusCode,
        method: &Method,
        key: &str,
        answer: Response<Bytes>,
    ) -> Result<Bytes, S3Error> {
        if answer.status() == status {
            return Ok(answer.into_body());
        }
        let start = answer.body().get(..answer.body().len().min(500)).unwrap_or_default();
        Err(S3Error::Refused {
            method: method.clone(),
            key: format!("{}/{key}", self.name),
            status: answer.status(),
            body: String::from_utf8_lossy(start).into_owned(),
        })
    }
}

/// The clock of `qdn-sign` counts whole seconds.
pub fn signing_time(now: Timestamp) -> qdn_sign::Timestamp {
    qdn_sign::Timestamp::from_unix(now.as_second())
}
