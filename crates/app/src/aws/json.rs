//! One caller for the services that speak AWS's JSON protocol: a POST of a document to `/`, the operation in a header
//! (<https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>).
//!
//! A call is tried again after throttling, an error of the server, or a connection that broke or hung, so it may be carried
//! out more than once: callers ask only for what comes to the same when it is.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use qdn_sign::{Credentials, Endpoint, Signer, Timestamp};
use serde_json::Value;

use crate::client::{Outbound, Patience};

/// How much of a strange answer is kept for the log, in characters.
const SHOWN_MAX: usize = 500;

/// A service of AWS.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// As signatures name it.
    pub name: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    pub target_prefix: &'static str,
    /// `application/x-amz-json-1.0` or `-1.1`.
    pub content_type: &'static str,
}

/// How long and how often a call is tried.
#[derive(Debug, Clone, Copy)]
pub struct ApiLimits {
    /// All tries and the pauses between them.
    pub total: Duration,
    /// One try. Short: a connection that a frozen function has kept may hang without an error.
    pub one: Duration,
    /// How many tries.
    pub tries: u32,
    /// The largest answer, in bytes.
    pub answer_bytes_max: usize,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(5),
            one: Duration::from_millis(1_500),
            tries: 8,
            answer_bytes_max: 24 << 20,
        }
    }
}

/// Why a call failed. The text is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The service says no, and would again.
    #[error("{operation} was refused: {code}: {message}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// Such as `ConditionalCheckFailedException`.
        code: String,
        /// For people.
        message: String,
        /// The whole answer.
        answer: Value,
    },
    /// The service was asked too much, until the tries or the time were used up.
    #[error("{0} was throttled: {1}")]
    Throttled(&'static str, String),
    /// No answer that can be used, until the tries or the time were used up.
    #[error("{0}: {1}")]
    Broken(&'static str, String),
}

/// How one try ended, when it did not succeed.
enum Miss {
    Final(ApiError),
    Again(ApiError),
}

/// Calls one service.
pub struct JsonApi {
    outbound: Outbound,
    service: Service,
    signer: Signer,
    endpoint: Endpoint,
    uri: Uri,
    limits: ApiLimits,
}

impl JsonApi {
    /// A caller of `service`.
    ///
    /// # Errors
    /// When the endpoint is no address.
    pub fn new(
        outbound: Outbound,
        service: Service,
        credentials: Credentials,
        region: &str,
        endpoint: Endpoint,
        limits: ApiLimits,
    ) -> Result<Self, http::Error> {
        let uri = Uri::builder()
            .scheme(endpoint.scheme())
            .authority(endpoint.host(""))
            .path_and_query("/")
            .build()?;
        let signer = Signer::for_api(credentials, region, service.name);
        Ok(Self { outbound, service, signer, endpoint, uri, limits })
    }

    /// How long and how often a call is tried.
    pub fn limits(&self) -> ApiLimits {
        self.limits
    }

    /// Carries out an operation and gives its answer.
    ///
    /// # Errors
    /// [`ApiError`]; after one of the last two it is not known whether it was carried out.
    pub async fn call(&self, operation: &'static str, input: &Value) -> Result<Value, ApiError> {
        let body = Bytes::from(input.to_string());
        let mut patience = Patience::new(self.limits.tries, self.limits.total);
        let mut last = ApiError::Broken(operation, "no time to try".to_owned());
        while let Some(left) = patience.begin() {
            match self.attempt(operation, body.clone(), left.min(self.limits.one)).await {
                Ok(answer) => return Ok(answer),
                Err(Miss::Final(error)) => return Err(error),
                Err(Miss::Again(error)) => {
                    tracing::debug!(%error, "a call is tried again");
                    last = error;
                }
            }
            patience.pause().await;
        }
        Err(last)
    }

    async fn attempt(&self, operation: &'static str, body: Bytes, deadline: Duration) -> Result<Value, Miss> {
        let again = |text: String| Miss::Again(ApiError::Broken(operation, text));
        let request = self
            .request(operation, body)
            .map_err(|error| Miss::Final(ApiError::Broken(operation, error.to_string())))?;
        let answer = self.outbound.exchange(request, self.limits.answer_bytes_max, deadline).await;
        read(operation, &answer.map_err(|error| again(error.to_string()))?)
    }

    /// Signed anew for each try: a signature lives for minutes, but its time is the one of the try.
    fn request(&self, operation: &str, body: Bytes) -> Result<Request<Full<Bytes>>, http::Error> {
        let target = format!("{}.{operation}", self.service.target_prefix);
        let headers = [("content-type", self.service.content_type), ("x-amz-target", &target)];
        let now = Timestamp::from_unix(jiff::Timestamp::now().as_second());
        let signed = self.signer.sign_post(&self.endpoint, &headers, &body, now);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.uri.clone())
            .header(header::HOST, self.endpoint.host(""));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in signed {
            request = request.header(name, value);
        }
        request.body(Full::new(body))
    }
}

fn read(operation: &'static str, answer: &Response<Bytes>) -> Result<Value, Miss> {
    let status = answer.status();
    let document: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let strange = || {
        let text: String = String::from_utf8_lossy(answer.body()).chars().take(SHOWN_MAX).collect();
        Miss::Again(ApiError::Broken(operation, format!("the answer is {status}: {text}")))
    };
    if status.is_success() {
        return document.ok_or_else(strange);
    }
    let Some(document) = document else { return Err(strange()) };
    let field = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
    let code = field("__type").rsplit('#').next().unwrap_or_default().to_owned();
    let message = [field("message"), field("Message")].concat();
    if is_throttling(&code) || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Miss::Again(ApiError::Throttled(operation, format!("{code}: {message}"))));
    }
    if status.is_server_error() || code == "TransactionInProgressException" {
        return Err(Miss::Again(ApiError::Broken(operation, format!("{status} {code}: {message}"))));
    }
    Err(Miss::Final(ApiError::Refused { operation, code, message, answer: document }))
}

/// The codes by which AWS's services say that they were asked too much.
pub(crate) fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "ProvisionedThroughputExceededException"
            | "ProvisionedThroughputExceeded"
            | "ThrottlingException"
            | "ThrottlingError"
            | "Throttling"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "TooManyRequestsException"
    )
}

#[cfg(test)]
mod tests;
