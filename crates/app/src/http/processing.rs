//! `POST /jobs/{job_id}/process`: has the renditions of a job's photos made, for those that have none or for all.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::extract::{JsonBody, PathIds};
use super::photos::read_page;
use super::problem::{Problem, ProblemBody, require};
use super::state::App;
use crate::domain::merge::{ListedPhoto, StoredObject, merge};
use crate::domain::{Action, JobId, ObjectName, PhotoId, PhotoStatus, Rendition};

/// Objects looked at in one step.
const PAGE: usize = 1_000;

/// Which photos.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessPhotos {
    /// Also those that are ready or rejected, once more.
    again: Option<bool>,
}

/// How far the processor is with a job.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Progress {
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
    (status = 200, description = "Queued", body = Progress),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn process_photos(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(job_id): PathIds<String>,
    JsonBody(wish): JsonBody<ProcessPhotos>,
) -> Result<Json<Progress>, Problem> {
    let job_id = JobId::parse(&job_id).map_err(|_| Problem::job_not_found())?;
    let job = app.db.job(job_id).await?.ok_or_else(Problem::job_not_found)?;
    require(caller.actor.decide(Action::ChangePhotos, &job))?;

    let mut rest = Some(ObjectName::photos_prefix(&job.job_id));
    let (mut progress, mut ready) = (Progress::default(), Vec::new());
    while let Some(start_after) = rest {
        let (page, next) = read_page(&app, &job.job_id, &start_after, PAGE, caller.now).await?;
        rest = next;
        let merged = merge(&job.job_id, &page, &caller.actor);
        let objects: BTreeMap<&str, &StoredObject> =
            page.objects.iter().map(|object| (object.key.as_str(), object)).collect();
        let mut wanted: Vec<(PhotoId, StoredObject)> = merged.unprocessed;
        for photo in merged.photos {
            let object = objects.get(photo.key.as_str()).map(|object| (*object).clone());
            match photo.status {
                _ if photo.waiting => progress.processing += 1,
                PhotoStatus::Processing => progress.processing += 1,
                PhotoStatus::Missing => progress.missing += 1,
                _ if wish.again == Some(true) => {
                    wanted.extend(object.map(|object| (photo.photo_id, object)));
                    progress.processing += 1;
                }
                PhotoStatus::Ready => ready.extend(object.map(|object| (photo, object))),
                PhotoStatus::Rejected => progress.rejected += 1,
            }
        }
        app.queue.put(&job.job_id, &wanted, caller.now).await?;
    }
    let lost = lost(&app, &job.job_id, &ready, caller.now).await?;
    for some in lost.chunks(PAGE) {
        app.queue.put(&job.job_id, some, caller.now).await?;
    }
    progress.processing += lost.len() as u64;
    progress.ready += (ready.len() - lost.len()) as u64;
    Ok(Json(progress))
}

/// Those of the photos whose records tell of renditions that are not in the bucket. What a record told of was stored before it.
async fn lost(
    app: &App,
    job_id: &JobId,
    ready: &[(ListedPhoto, StoredObject)],
    now: Timestamp,
) -> Result<Vec<(PhotoId, StoredObject)>, Problem> {
    if ready.is_empty() {
        return Ok(Vec::new());
    }
    let keys = rendition_keys(app, job_id, now).await?;
    let is_lost = |photo: &ListedPhoto| {
        photo.renditions.as_ref().is_some_and(|made| {
            let key =
                |rendition| ObjectName::rendition_key(job_id, &photo.photo_id, &made.version, rendition);
            !Rendition::ALL.iter().all(|rendition| keys.contains(&key(*rendition)))
        })
    };
    let lost = ready.iter().filter(|(photo, _)| is_lost(photo));
    Ok(lost.map(|(photo, object)| (photo.photo_id.clone(), object.clone())).collect())
}

/// Every rendition of a job that is in the bucket.
async fn rendition_keys(app: &App, job_id: &JobId, now: Timestamp) -> Result<HashSet<String>, Problem> {
    let prefix = ObjectName::job_renditions_prefix(job_id);
    let (mut keys, mut start_after) = (HashSet::new(), String::new());
    loop {
        let listing = app.bucket.list(&prefix, &start_after, PAGE, now).await?;
        match listing.objects.last() {
            Some(last) if listing.truncated => start_after.clone_from(&last.key),
            _ => start_after.clear(),
        }
        keys.extend(listing.objects.into_iter().map(|object| object.key));
        if start_after.is_empty() {
            return Ok(keys);
        }
    }
}
