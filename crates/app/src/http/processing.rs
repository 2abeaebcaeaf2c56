//! `POST /jobs/{job_id}/process`: has the renditions of a job's photos made, for those that have none or for all.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::extract::{JsonBody, PathIds};
use super::problem::{Problem, ProblemBody};
use super::state::App;
use crate::domain::Action;
use crate::operations::Progress;

/// Which photos.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessPhotos {
    /// Also those that are ready or rejected, once more.
    again: Option<bool>,
}

/// How far the processor is with a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Progress)]
pub(super) struct ProgressBody {
    /// Photos that wait for the processor, or are with it.
    processing: u64,
    /// Photos with renditions.
    ready: u64,
    /// Photos that cannot be shown.
    rejected: u64,
    /// Photos whose original the bucket has lost.
    missing: u64,
}

/// Queues a job's photos for the processor, and tells how far it is.
#[utoipa::path(post, path = "/jobs/{job_id}/process", request_body = ProcessPhotos, params(("job_id" = String, Path)), responses(
    (status = 200, description = "Queued", body = ProgressBody),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn process_photos(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(job_id): PathIds<String>,
    JsonBody(wish): JsonBody<ProcessPhotos>,
) -> Result<Json<ProgressBody>, Problem> {
    let job = caller.job_of_path(&app, Action::ChangePhotos, &job_id).await?;
    let again = wish.again == Some(true);
    let progress = app.photos.process_job(&caller.actor, &job.job_id, again, caller.now).await?;
    let Progress { processing, ready, rejected, missing } = progress;
    Ok(Json(ProgressBody { processing, ready, rejected, missing }))
}
