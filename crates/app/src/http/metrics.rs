//! `GET /metrics`, for a monitoring system.

use axum::extract::State;
use http::{HeaderName, HeaderValue, header};

use super::auth::Authenticated;
use super::problem::{Problem, ProblemBody, require};
use super::state::App;
use crate::domain::Action;

/// What this process counts, as text of the `OpenMetrics` format. For the secret key, or a link, of staff who see all jobs.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, description = "Counters", body = String, content_type = "application/openmetrics-text"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_metrics(
    State(app): State<App>,
    caller: Authenticated,
) -> Result<([(HeaderName, HeaderValue); 1], String), Problem> {
    require(caller.actor.decide_general(Action::ReadMetrics))?;
    #[cfg(feature = "serve")]
    if let Some(condition) = app.bucket.condition() {
        app.metrics.store(&condition);
    }
    let text = app.metrics.text(app.db.photos_waiting().await?).map_err(Problem::internal)?;
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text))
}
