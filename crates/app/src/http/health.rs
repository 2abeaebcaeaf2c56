//! What machines ask: is it alive, is it ready, what must a page know.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemBody};
use super::state::App;
use crate::clock::now;

/// The answer of a healthy server.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
}

/// What a page must know before anybody is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PagesConfigBody {
    /// The publishable key, for `x-api-key`. It opens nothing alone.
    application_key: String,
    /// Above the customer's gallery.
    company_name: String,
    /// Whom a customer calls when a link is dead.
    company_phone: Option<String>,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", security(()), responses((status = 200, description = "Alive", body = Health)))]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database and the object store answer.
#[utoipa::path(get, path = "/readyz", security(()), responses(
    (status = 200, description = "Ready", body = Health),
    (status = 503, description = "Not ready", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    let down = |what: &str, cause: String| {
        tracing::error!(what, cause, "not ready");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", format!("the {what} does not answer"))
    };
    app.db.ping().await.map_err(|error| down("database", error.to_string()))?;
    app.bucket.list("jobs/", "", 1, now()).await.map_err(|error| down("object store", error.to_string()))?;
    #[cfg(feature = "serve")]
    if !app.bucket.is_writable().await {
        return Err(down("object store", "its index cannot be written".to_owned()));
    }
    Ok(Json(Health { status: "ok" }))
}

/// Tells a page what it must know before anybody is signed in.
#[utoipa::path(get, path = "/config.json", security(()), responses((status = 200, description = "For pages", body = PagesConfigBody)))]
pub(super) async fn read_config(State(app): State<App>) -> Json<PagesConfigBody> {
    Json(PagesConfigBody {
        application_key: app.pages_application_key.clone(),
        company_name: app.config.pages.company_name.clone(),
        company_phone: app.config.pages.company_phone.clone(),
    })
}
