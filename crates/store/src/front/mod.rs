//! What stands between a request and `s3s`: cross-origin rules, the checks of a signature that `s3s` leaves out, and
//! PostObject.

mod body;
mod chunked;
mod cors;
mod error_document;
mod form;
mod post;
mod screen;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, EXPECT, HOST, HeaderName,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty};
use s3s::{HttpResponse, S3Error, S3ErrorCode};

use crate::engine::Engine;
use crate::error::{internal, refuse};
use crate::layout::hex;
use crate::store::Store;
use body::SharedBody;
use screen::Screened;

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The body of an answer: read from the disk while it is sent.
pub type StoreBody = UnsyncBoxBody<Bytes, BoxError>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

impl Store {
    /// Answers one request of the S3 protocol. Whatever is wrong with it becomes an S3 error document; this never
    /// fails. The caller need not run a socket: an S3 client in the same process may call it too.
    ///
    /// When the future is dropped before the body of an upload has arrived, nothing is stored.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<StoreBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let body = s3s::Body::http_body_unsync(body.map_err(Into::into));
        self.answer(parts, body).await
    }

    async fn answer(&self, mut parts: Parts, body: s3s::Body) -> Response<StoreBody> {
        let request_id = hex(&rand::random::<[u8; 8]>()).to_ascii_uppercase();
        add_missing_host(&mut parts);
        let origin = cors::Origin::of(&self.engine.config.cors, &parts);
        let method = parts.method.clone();
        let response = if cors::is_preflight(&parts) {
            origin.preflight(&parts, &request_id)
        } else {
            let is_http_1 = parts.version < http::Version::HTTP_2;
            let waits_for_continue = parts.headers.contains_key(EXPECT);
            let body = SharedBody::new(body);
            let mut response = self.dispatch(parts, body.clone(), &request_id).await;
            if !response.status().is_success() {
                // A client that is still sending would lose an early answer when the connection is closed on it;
                // one that waits for a sign to begin sends nothing that would have to be read.
                if !waits_for_continue {
                    body.drain().await;
                }
                if is_http_1 && !body.is_end_stream() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
            }
            response
        };
        finish(response, &method, &origin, &request_id)
    }

    async fn dispatch(&self, parts: Parts, body: SharedBody, request_id: &str) -> HttpResponse {
        if self.engine.is_closing() {
            let error = refuse(S3ErrorCode::ServiceUnavailable, "The store is shutting down.");
            return error_response(error, request_id);
        }
        match screen::screen(&self.engine, &parts) {
            Err(error) => error_response(error, request_id),
            Ok(Screened::Post { bucket, boundary }) => {
                match post::post_object(&self.engine, &parts, &bucket, &boundary, body).await {
                    Ok(response) => response,
                    Err(error) => error_response(error, request_id),
                }
            }
            Ok(Screened::Signed) => self.call_s3s(parts, body, request_id).await,
        }
    }

    async fn call_s3s(&self, mut parts: Parts, body: SharedBody, request_id: &str) -> HttpResponse {
        screen::drop_useless_range(&mut parts);
        let body = chunked::guard(&parts.headers, body);
        match self.service.call(Request::from_parts(parts, body)).await {
            Ok(response) => error_document::complete(response, request_id).await,
            Err(cause) => {
                let cause = BoxError::from(cause);
                tracing::error!(%cause, "s3s failed");
                error_response(internal("answer a request"), request_id)
            }
        }
    }
}

impl Engine {
    /// The clock, as the signatures count.
    fn now() -> qdn_sign::Timestamp {
        qdn_sign::Timestamp::from_unix(crate::engine::now_ms() / 1000)
    }
}

/// Requests made in the process may carry the host in their URI alone; signatures need the header.
fn add_missing_host(parts: &mut Parts) {
    if parts.headers.contains_key(HOST) {
        return;
    }
    if let Some(Ok(host)) = parts.uri.authority().map(|authority| HeaderValue::from_str(authority.as_str())) {
        parts.headers.insert(HOST, host);
    }
}

fn error_response(mut error: S3Error, request_id: &str) -> HttpResponse {
    error.set_request_id(request_id);
    let status = error.status_code().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error.to_http_response().unwrap_or_else(|_| {
        let mut response = Response::new(s3s::Body::empty());
        *response.status_mut() = status;
        response
    })
}

fn finish(
    response: HttpResponse,
    method: &Method,
    origin: &cors::Origin,
    request_id: &str,
) -> Response<StoreBody> {
    let (mut parts, body) = response.into_parts();
    let without_body = parts.status == StatusCode::NOT_MODIFIED
        || (*method == Method::HEAD && !parts.status.is_success())
        || parts.status == StatusCode::NO_CONTENT;
    let body = if without_body {
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.remove(CONTENT_TYPE);
        Empty::new().map_err(|never| match never {}).boxed_unsync()
    } else {
        body.boxed_unsync()
    };
    // An uploaded page or SVG must never run script in this origin, whatever its type says.
    parts.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    parts.headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        parts.headers.insert(REQUEST_ID, value);
    }
    origin.decorate(&mut parts.headers);
    Response::from_parts(parts, body)
}

/// The host that a request was sent to.
fn host_of(parts: &Parts) -> Option<&str> {
    parts.headers.get(HOST)?.to_str().ok()
}

/// Shares a store with whatever outlives a request.
type Shared = Arc<Engine>;
