//! Sessions: a page swaps the token of its link for a cookie that no script can read.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{self, Authenticated};
use super::problem::{Problem, ProblemBody};
use super::state::App;
use crate::domain::{Role, Scope};

/// Who one is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionBody {
    /// `staff`, `crew` or `customer`.
    role: String,
    /// The link behind the token, by which it can be taken back; null for an application with a secret key.
    link_id: Option<String>,
    /// The one job it reaches, if it is one.
    job_id: Option<String>,
    /// The one customer whose jobs it reaches, if it is one.
    customer_id: Option<String>,
    /// Whether one may upload.
    may_upload: bool,
    /// When it ends; null for an application with a secret key.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

fn body(caller: &Authenticated) -> SessionBody {
    let (job_id, customer_id) = match &caller.actor.scope {
        Scope::AllJobs => (None, None),
        Scope::Job(job_id) => (Some(job_id.to_string()), None),
        Scope::Customer(customer_id) => (None, Some(customer_id.to_string())),
    };
    SessionBody {
        role: caller.actor.role.as_str().to_owned(),
        link_id: caller.link.as_ref().map(|link| link.link_id.to_string()),
        job_id,
        customer_id,
        may_upload: caller.actor.role != Role::Customer || caller.actor.may_upload,
        expires_at: caller.link.as_ref().map(|link| link.expires_at.to_string()),
    }
}

/// Swaps a bearer token for a session cookie.
#[utoipa::path(post, path = "/session", responses(
    (status = 200, description = "Signed in; the cookie is set", body = SessionBody),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn create_session(
    State(app): State<App>,
    caller: Authenticated,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (Some(token), Some(link)) = (auth::bearer(&headers)?, &caller.link) else {
        return Err(Problem::unauthenticated(
            "token_missing",
            "show the link's token: Authorization: Bearer …",
        ));
    };
    let seconds = link.expires_at.duration_since(caller.now).as_secs().max(0);
    let cookie = cookie(&app, &headers, caller.actor.role, token.reveal(), seconds)?;
    Ok(([(header::SET_COOKIE, cookie), no_store()], Json(body(&caller))).into_response())
}

/// Says who one is.
#[utoipa::path(get, path = "/session", responses(
    (status = 200, description = "Signed in", body = SessionBody),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_session(caller: Authenticated) -> Response {
    ([no_store()], Json(body(&caller))).into_response()
}

/// Signs out on this browser, also with a link that is dead. The link itself goes on working until it is taken back.
#[utoipa::path(delete, path = "/session", security(()), responses(
    (status = 204, description = "Signed out; the cookie is gone"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn delete_session(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    // The header proves that a page of ours asks: a form of another site cannot send it.
    let role = headers.get(auth::ROLE_HEADER).and_then(|role| role.to_str().ok()).and_then(Role::parse);
    let role = role.ok_or_else(|| {
        let detail = "x-qdn-role must be staff, crew or customer";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_header", detail)
    })?;
    let cookie = cookie(&app, &headers, role, "", 0)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn no_store() -> (http::HeaderName, HeaderValue) {
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

fn cookie(
    app: &App,
    headers: &HeaderMap,
    role: Role,
    value: &str,
    seconds: i64,
) -> Result<HeaderValue, Problem> {
    let secure = auth::is_secure(app, headers);
    let name = auth::cookie_name(role, secure);
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    ))
    .map_err(Problem::internal)
}
