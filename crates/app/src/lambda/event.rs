//! The events of an API Gateway REST API with Lambda proxy integration, as requests, and answers as it takes them.
//!
//! Source: AWS, "Lambda proxy integrations in API Gateway", input and output format
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::peer::PeerAddr;

/// What cannot stand in a path. A `%` can: the path comes as the client sent it.
const IN_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`');
/// What a name or a value in a query is written without: they come decoded.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Names with values; the gateway sends `null` where there are none.
type Map<T> = Option<BTreeMap<String, Option<T>>>;

/// What is read of a request's event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyRequest {
    /// The route, such as `/jobs/{job_id}`.
    resource: Option<String>,
    path: String,
    http_method: String,
    #[serde(default)]
    headers: Map<String>,
    #[serde(default)]
    multi_value_headers: Map<Vec<String>>,
    #[serde(default)]
    query_string_parameters: Map<String>,
    #[serde(default)]
    multi_value_query_string_parameters: Map<Vec<String>>,
    #[serde(default)]
    request_context: Option<RequestContext>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
struct RequestContext {
    #[serde(default)]
    identity: Option<Identity>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default)]
    source_ip: Option<String>,
}

/// Why an event is no request. API Gateway sends none such; the text is for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    #[error("httpMethod: {0:?} is no method")]
    Method(String),
    #[error("path: {0}")]
    Path(http::uri::InvalidUri),
    #[error("body: not base64, though isBase64Encoded says so")]
    Body,
}

impl ProxyRequest {
    /// The request that the gateway was sent.
    pub(super) fn into_request(self) -> Result<Request<Body>, EventError> {
        let method: Method =
            self.http_method.parse().map_err(|_| EventError::Method(self.http_method.clone()))?;
        let mut target = utf8_percent_encode(self.own_path(), IN_PATH).to_string();
        self.push_query(&mut target);
        let target: PathAndQuery = target.parse().map_err(EventError::Path)?;
        let body = match self.body {
            Some(text) if self.is_base64_encoded => {
                STANDARD.decode(text).map_err(|_| EventError::Body)?.into()
            }
            Some(text) => Bytes::from(text),
            None => Bytes::new(),
        };
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from(target);
        *request.headers_mut() = headers(self.multi_value_headers, self.headers);
        let identity = self.request_context.and_then(|context| context.identity);
        let peer = identity.and_then(|identity| identity.source_ip?.parse::<IpAddr>().ok());
        if let Some(peer) = peer {
            request.extensions_mut().insert(PeerAddr(SocketAddr::new(peer, 0)));
        }
        Ok(request)
    }

    /// The path as our router knows it. Behind a custom domain with a base path, or under some ways to call a stage, there are
    /// segments before it; the route says how many segments are ours.
    fn own_path(&self) -> &str {
        let ours = self.resource.as_deref().unwrap_or_default();
        // A greedy route takes any number of segments.
        if !ours.starts_with('/') || ours.contains("+}") {
            return &self.path;
        }
        let wanted = ours.trim_end_matches('/').matches('/').count();
        let trimmed = self.path.trim_end_matches('/');
        let mut starts = trimmed.match_indices('/').map(|(at, _)| at);
        let before = trimmed.matches('/').count().saturating_sub(wanted);
        match starts.nth(before) {
            Some(start) => self.path.get(start..).unwrap_or(&self.path),
            None => "/",
        }
    }

    fn push_query(&self, target: &mut String) {
        let many = self.multi_value_query_string_parameters.iter().flatten();
        let many = many.flat_map(|(name, values)| values.iter().flatten().map(move |value| (name, value)));
        let mut pairs: Vec<_> = many.collect();
        if pairs.is_empty() {
            let one = self.query_string_parameters.iter().flatten();
            pairs.extend(one.filter_map(|(name, value)| Some((name, value.as_ref()?))));
        }
        for (at, (name, value)) in pairs.into_iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.extend(utf8_percent_encode(name, IN_QUERY));
            target.push('=');
            target.extend(utf8_percent_encode(value, IN_QUERY));
        }
    }
}

/// The headers, each with all its values. One whose name or value is none is left out, as a listener would have refused it.
fn headers(many: Map<Vec<String>>, one: Map<String>) -> HeaderMap {
    let many = many.into_iter().flatten().filter_map(|(name, values)| Some((name, values?)));
    let mut given: Vec<(String, Vec<String>)> = many.collect();
    if given.is_empty() {
        let one = one.into_iter().flatten();
        given.extend(one.filter_map(|(name, value)| Some((name, vec![value?]))));
    }
    let mut headers = HeaderMap::with_capacity(given.len());
    for (name, values) in given {
        let Ok(name) = HeaderName::try_from(name) else { continue };
        for value in values.into_iter().filter_map(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
            headers.append(name.clone(), value);
        }
    }
    headers
}

/// An answer as the gateway takes it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyAnswer {
    status_code: u16,
    multi_value_headers: BTreeMap<String, Vec<String>>,
    body: String,
    is_base64_encoded: bool,
}

impl ProxyAnswer {
    /// Writes the answer down: text as it is, anything else in base64.
    pub(super) async fn of(answer: Response) -> Result<Self, axum::Error> {
        let (head, body) = answer.into_parts();
        // Answers are bounded where they are made.
        let bytes = axum::body::to_bytes(body, usize::MAX).await?;
        let mut multi_value_headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            multi_value_headers.entry(name.as_str().to_owned()).or_default().push(value);
        }
        let (body, is_base64_encoded) = match String::from_utf8(bytes.into()) {
            Ok(text) => (text, false),
            Err(bytes) => (STANDARD.encode(bytes.as_bytes()), true),
        };
        Ok(Self { status_code: head.status.as_u16(), multi_value_headers, body, is_base64_encoded })
    }
}

#[cfg(test)]
mod tests;
