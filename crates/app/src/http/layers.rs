//! What stands around every handler: CORS, the request's id, one line of log, the rendering of problems.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::problem::Problem;
use super::state::App;
use super::{auth, auth::origin_allowed};
use crate::clock;
use crate::domain::RequestId;

/// The answer's header that names the request in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long a browser may remember a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);

/// Puts the layers around the router.
pub(super) fn wrap(router: Router, app: App) -> Router {
    router.layer(cors(app)).layer(middleware::from_fn(finish))
}

/// The preflight carries no key, so it is answered for every origin that any application allows; the request that
/// follows is held against its own application's list.
fn cors(app: App) -> CorsLayer {
    let origins =
        AllowOrigin::async_predicate(move |origin: HeaderValue, _: &http::request::Parts| async move {
            let Ok(origin) = origin.to_str() else { return false };
            match app.db.applications().await {
                Ok(applications) => applications.iter().any(|application| {
                    application.revoked_at.is_none() && origin_allowed(origin, &application.allowed_origins)
                }),
                Err(error) => {
                    tracing::error!(%error, "the allowed origins cannot be read");
                    false
                }
            }
        });
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            HeaderName::from_static(auth::APPLICATION_KEY_HEADER),
            HeaderName::from_static(auth::ROLE_HEADER),
        ])
        .expose_headers([header::ETAG, header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_AGE)
}

/// Gives the request an id, writes one line about it, and renders a problem with both. The query is not logged: it
/// may name people.
async fn finish(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = RequestId::generate(clock::now()).to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if let Some(cause) = problem.cause() {
            tracing::error!(request_id, code = problem.code(), cause, "a request failed");
        }
        let rendered = problem.render(&request_id);
        let cors = std::mem::take(response.headers_mut());
        response = rendered;
        for (name, value) in &cors {
            if name.as_str().starts_with("access-control-") || name == header::VARY {
                response.headers_mut().append(name.clone(), value.clone());
            }
        }
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    // What is not said to be cacheable is about people.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id, %method, path, status = response.status().as_u16(), milliseconds, "request");
    response
}
