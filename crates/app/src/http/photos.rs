//! `GET /list_photos`, one photo, and the change and deletion of photos by staff.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::auth::Authenticated;
use super::extract::{JsonBody, PathIds, StrictQuery};
use super::problem::{Problem, ProblemBody, require};
use super::state::App;
use super::{endpoints, fields};
use crate::domain::merge::{ListedPhoto, Merged, Page, StoredObject, merge};
use crate::domain::{
    Action, Actor, Job, JobId, Location, ObjectName, Phase, PhotoChange, PhotoId, PhotoRecord, Rendition,
};
use crate::events::Change;
use crate::process::remove_photo;
use crate::s3::Listing;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;
/// Pages of the bucket read for one answer: where almost everything is hidden, the cursor moves on with few photos.
const ROUNDS_MAX: usize = 10;

/// Which photos to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListPhotos {
    /// The job.
    job_id: String,
    /// At most so many, 1 to 1000; 100 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// A photo.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PhotoBody {
    /// Its id.
    photo_id: String,
    /// The file's name, for people.
    name: String,
    /// A signed URL of the best copy that the caller may have: the original, or the display rendition; null until
    /// that exists.
    url: Option<String>,
    /// A signed URL of the 320 px copy; null until it exists.
    thumb_url: Option<String>,
    /// A signed URL of the 1600 px copy; null until it exists.
    display_url: Option<String>,
    /// When it was stored.
    #[schema(format = DateTime)]
    uploaded_at: String,
    /// When the shutter fell.
    #[schema(format = DateTime)]
    taken_at: Option<String>,
    /// Bytes of the original.
    size: u64,
    /// Pixels across, upright; null until known.
    width: Option<u32>,
    /// Pixels down, upright; null until known.
    height: Option<u32>,
    /// A tiny preview in base64; null until known.
    thumbhash: Option<String>,
    /// A part of the photo, less than a quarter of it, could not be read and is blank or distorted; false where that is
    /// not known.
    damaged: bool,
    /// `before`, `during`, `after` or `issue`.
    phase: Option<String>,
    /// A text for people.
    caption: Option<String>,
    /// `processing`, `ready` or `rejected`.
    status: String,
    /// A code that says why the photo is rejected.
    rejection: Option<String>,
    /// Where it was taken; staff only.
    location: Option<LocationBody>,
    /// Hidden from customers.
    hidden: bool,
}

/// A place, in degrees (WGS 84).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LocationBody {
    /// North, -90 to 90.
    latitude: f64,
    /// East, -180 to 180.
    longitude: f64,
}

/// A page of photos.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PhotoPage {
    /// In the order of their uploads.
    photos: Vec<PhotoBody>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Lists a job's photos, as far as the caller may see them.
#[utoipa::path(get, path = "/list_photos", params(ListPhotos), responses(
    (status = 200, description = "A page of photos", body = PhotoPage),
    (status = 304, description = "Unchanged since the ETag in If-None-Match"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list_photos(
    State(app): State<App>,
    caller: Authenticated,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<ListPhotos>,
) -> Result<Response, Problem> {
    let job_id = fields::id("job_id", &query.job_id, JobId::parse)?;
    let limit = fields::limit(query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let start_after = read_cursor(&job_id, query.cursor.as_deref())?;
    let job = app.db.job(job_id).await?.ok_or_else(Problem::job_not_found)?;
    require(caller.actor.decide(Action::ListPhotos, &job))?;

    let (photos, next) = collect_page(&app, &caller.actor, &job, start_after, limit, caller.now).await?;
    let endpoint = endpoints::store_endpoint(&app, &headers)?;
    let delivery = app.delivery().await?;
    let sign = |key: &str| delivery.url(&endpoint, key, caller.now);
    let photos = photos.into_iter().map(|photo| body(&job.job_id, photo, &sign)).collect();
    let page = PhotoPage { photos, next_cursor: next.as_deref().map(fields::encode_cursor) };
    cacheable(&headers, &page)
}

/// Reads one photo, as the list shows it.
#[utoipa::path(get, path = "/jobs/{job_id}/photos/{photo_id}",
    params(("job_id" = String, Path), ("photo_id" = String, Path)), responses(
    (status = 200, description = "The photo", body = PhotoBody),
    (status = 304, description = "Unchanged since the ETag in If-None-Match"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_photo(
    State(app): State<App>,
    caller: Authenticated,
    headers: HeaderMap,
    PathIds(ids): PathIds<(String, String)>,
) -> Result<Response, Problem> {
    let (job, photo_id) = photo_of_job(&app, &caller, Action::ListPhotos, ids).await?;
    let record = app.db.photos(job.job_id.clone(), vec![photo_id.clone()]).await?.pop();
    let object = match record {
        Some(record) => app.bucket.find(&record.key, caller.now).await?,
        None => find_object(&app, &job.job_id, &photo_id, caller.now).await?,
    };
    let object = object.ok_or_else(Problem::photo_not_found)?;
    let records = app.db.photos(job.job_id.clone(), vec![photo_id.clone()]).await?;
    let records = records.into_iter().map(|record| (record.photo_id.clone(), record)).collect();
    let page = Page { objects: vec![object], records, missing: Vec::new() };
    let mut merged = merge(&job.job_id, &page, &caller.actor);
    heal(&app, &job.job_id, &merged, caller.now).await;
    let photo = merged.photos.pop().filter(|photo| photo.photo_id == photo_id);
    let photo = photo.ok_or_else(Problem::photo_not_found)?;
    let endpoint = endpoints::store_endpoint(&app, &headers)?;
    let delivery = app.delivery().await?;
    let sign = |key: &str| delivery.url(&endpoint, key, caller.now);
    cacheable(&headers, &body(&job.job_id, photo, &sign))
}

/// A cursor is the last key of the page before; one of another job is none of ours.
fn read_cursor(job_id: &JobId, cursor: Option<&str>) -> Result<String, Problem> {
    let prefix = ObjectName::photos_prefix(job_id);
    let Some(cursor) = cursor else { return Ok(prefix) };
    let key = fields::decode_cursor(cursor)?;
    if key.starts_with(&prefix) && key.len() <= 1_024 { Ok(key) } else { Err(fields::bad_cursor()) }
}

/// Reads pages of the bucket and merges them with the records until `limit` photos are there.
pub(super) async fn collect_page(
    app: &App,
    actor: &Actor,
    job: &Job,
    mut start_after: String,
    limit: usize,
    now: Timestamp,
) -> Result<(Vec<ListedPhoto>, Option<String>), Problem> {
    let mut photos = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let wanted = limit.saturating_sub(photos.len()).max(1);
        let (page, next) = read_page(app, &job.job_id, &start_after, wanted, now).await?;
        let mut merged = merge(&job.job_id, &page, actor);
        heal(app, &job.job_id, &merged, now).await;
        // Missing photos are more than the bucket was asked for.
        if merged.photos.len() > wanted {
            merged.photos.truncate(wanted);
            let last = merged.photos.last().map(|photo| photo.key.clone());
            photos.extend(merged.photos);
            return Ok((photos, last));
        }
        photos.extend(merged.photos);
        let Some(next) = next else { return Ok((photos, None)) };
        start_after = next;
        if photos.len() >= limit {
            break;
        }
    }
    Ok((photos, Some(start_after)))
}

/// Records beyond the objects of a page, which are missing photos: more of them end the page early.
const MISSING_READ: usize = 100;

/// One page of the bucket with its records, and after which key the next begins.
pub(super) async fn read_page(
    app: &App,
    job_id: &JobId,
    start_after: &str,
    wanted: usize,
    now: Timestamp,
) -> Result<(Page, Option<String>), Problem> {
    let prefix = ObjectName::photos_prefix(job_id);
    let Listing { mut objects, truncated } = app.bucket.list(&prefix, start_after, wanted, now).await?;
    let mut end = if truncated { objects.last().map(|object| object.key.clone()) } else { None };
    let id_of = |key: &str| ObjectName::parse_original(job_id, key).map(|name| name.photo_id().clone());
    let (from, to) = (id_of(start_after), end.as_deref().and_then(id_of));
    let limit = objects.len() + MISSING_READ;
    let mut stored = app.db.stored_photos(job_id.clone(), from, to, limit).await?;
    stored.sort_by(|left, right| left.key.cmp(&right.key));
    if stored.len() == limit {
        end = stored.last().map(|record| record.key.clone());
    }
    let in_page = |key: &str| key > start_after && end.as_deref().is_none_or(|end| key <= end);
    objects.retain(|object| in_page(&object.key));
    stored.retain(|record| in_page(&record.key));
    let missing = find_missing(app, &prefix, start_after, wanted, &objects, &stored, now).await?;
    let mut records: BTreeMap<_, _> =
        stored.into_iter().map(|record| (record.photo_id.clone(), record)).collect();
    let unknown =
        objects.iter().filter_map(|object| id_of(&object.key)).filter(|id| !records.contains_key(id));
    let others = app.db.photos(job_id.clone(), unknown.collect()).await?;
    records.extend(others.into_iter().map(|record| (record.photo_id.clone(), record)));
    Ok((Page { objects, records, missing }, end))
}

/// Stored photos that the bucket lacks. It is asked a second time: one of them may have arrived since the first.
async fn find_missing(
    app: &App,
    prefix: &str,
    start_after: &str,
    wanted: usize,
    objects: &[StoredObject],
    stored: &[PhotoRecord],
    now: Timestamp,
) -> Result<Vec<PhotoRecord>, Problem> {
    let keys =
        |objects: &[StoredObject]| objects.iter().map(|object| object.key.clone()).collect::<BTreeSet<_>>();
    let there = keys(objects);
    let mut missing: Vec<_> = stored.iter().filter(|record| !there.contains(&record.key)).cloned().collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let again = app.bucket.list(prefix, start_after, wanted, now).await?;
    let end = again.objects.last().filter(|_| again.truncated).map(|object| object.key.clone());
    let there = keys(&again.objects);
    missing
        .retain(|record| !there.contains(&record.key) && end.as_ref().is_none_or(|end| record.key <= *end));
    Ok(missing)
}

/// Notes what a listing learns; what fails is learnt again by the next one. Arrivals are noted at once, so that the
/// count of a job's photos is right when the list is on the screen; deletions are finished beside the answer.
async fn heal(app: &App, job_id: &JobId, merged: &Merged, now: Timestamp) {
    if let Err(error) = app.queue.note_stored(job_id, merged.newly_stored.clone()).await {
        tracing::warn!(%error, "stored photos were not noted");
    }
    if let Err(error) = app.queue.put(job_id, &merged.unprocessed, now).await {
        tracing::warn!(%error, "unprocessed photos were not queued");
    }
    for key in merged.deleted_again.clone() {
        let bucket = app.bucket.clone();
        let deleted = async move {
            if let Err(error) = bucket.delete(&key, now).await {
                tracing::warn!(%error, key, "a deleted photo that was sent again is still there");
            }
        };
        app.beside(deleted).await;
    }
}

fn body(job_id: &JobId, photo: ListedPhoto, sign: &impl Fn(&str) -> String) -> PhotoBody {
    let renditions = photo.renditions.as_ref();
    let rendition_url = |rendition| {
        let version = &renditions?.version;
        Some(sign(&ObjectName::rendition_key(job_id, &photo.photo_id, version, rendition)))
    };
    let display_url = rendition_url(Rendition::Display);
    PhotoBody {
        photo_id: photo.photo_id.to_string(),
        name: photo.name,
        url: if photo.original_allowed { Some(sign(&photo.key)) } else { display_url.clone() },
        thumb_url: rendition_url(Rendition::Thumb),
        display_url,
        uploaded_at: photo.uploaded_at.to_string(),
        taken_at: photo.taken_at.map(|time| time.to_string()),
        size: photo.size_bytes,
        width: renditions.map(|renditions| renditions.width),
        height: renditions.map(|renditions| renditions.height),
        thumbhash: renditions.map(|renditions| STANDARD.encode(&renditions.thumbhash)),
        damaged: renditions.is_some_and(|renditions| renditions.damaged),
        phase: photo.phase.map(|phase| phase.as_str().to_owned()),
        caption: photo.caption,
        status: photo.status.as_str().to_owned(),
        rejection: photo.rejection,
        location: photo.location.map(|Location { latitude, longitude }| LocationBody { latitude, longitude }),
        hidden: photo.hidden,
    }
}

/// Answers with an `ETag` of the content, or 304 where the caller has it. URLs are stable within a window, so an unchanged
/// list is the same. The tag is weak, as the answer may be compressed on its way (RFC 9110, section 8.8.1).
fn cacheable(headers: &HeaderMap, answer: &impl Serialize) -> Result<Response, Problem> {
    let json = serde_json::to_vec(answer).map_err(Problem::internal)?;
    let digest = Sha256::digest(&json);
    let tag = URL_SAFE_NO_PAD.encode(digest);
    let quoted = format!("\"{tag}\"");
    let etag = HeaderValue::from_str(&format!("W/{quoted}")).map_err(Problem::internal)?;
    let matches = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let tags = value.to_str().unwrap_or_default().split(',');
        tags.map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == quoted)
    });
    let common = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (
            header::VARY,
            HeaderValue::from_static("accept-encoding, authorization, cookie, host, x-api-key, x-qdn-role"),
        ),
    ];
    if matches {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((common, kind, json).into_response())
}

/// What staff change of a photo. Absent fields stay; null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePhoto {
    /// `before`, `during`, `after`, `issue` or null.
    #[serde(default, deserialize_with = "fields::nullable")]
    #[schema(value_type = Option<String>)]
    phase: Option<Option<String>>,
    /// A text for people, or null.
    #[serde(default, deserialize_with = "fields::nullable")]
    #[schema(value_type = Option<String>)]
    caption: Option<Option<String>>,
    /// Hide it from customers.
    hidden: Option<bool>,
}

/// Changes a photo's phase, caption or visibility.
#[utoipa::path(patch, path = "/jobs/{job_id}/photos/{photo_id}", request_body = ChangePhoto,
    params(("job_id" = String, Path), ("photo_id" = String, Path)), responses(
    (status = 204, description = "Changed"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn change_photo(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(ids): PathIds<(String, String)>,
    JsonBody(wish): JsonBody<ChangePhoto>,
) -> Result<StatusCode, Problem> {
    let words = "before, during, after, issue";
    let phase = match wish.phase {
        Some(Some(word)) => Some(Some(fields::word("phase", &word, Phase::parse, words)?)),
        Some(None) => Some(None),
        None => None,
    };
    let caption = match wish.caption {
        Some(text) => Some(fields::optional_text("caption", text.as_deref(), 2_000)?),
        None => None,
    };
    let (job, photo_id) = photo_of_job(&app, &caller, Action::ChangePhotos, ids).await?;
    let record = find_photo(&app, &job.job_id, &photo_id, caller.now).await?;
    app.db.adopt_photos(vec![record]).await?;
    let change = PhotoChange { phase, caption, hidden: wish.hidden };
    if app.db.change_photo(job.job_id.clone(), photo_id, change).await? {
        app.events.tell(Change::Photos(job.job_id));
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::photo_not_found())
    }
}

/// Deletes a photo. Done twice, it is still deleted.
#[utoipa::path(delete, path = "/jobs/{job_id}/photos/{photo_id}",
    params(("job_id" = String, Path), ("photo_id" = String, Path)), responses(
    (status = 204, description = "Deleted"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn delete_photo(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(ids): PathIds<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (job, photo_id) = photo_of_job(&app, &caller, Action::ChangePhotos, ids).await?;
    let record = find_photo(&app, &job.job_id, &photo_id, caller.now).await?;
    // In a task of its own, so that a client who leaves does not stop it half way.
    let deletion = async move {
        let deleted = delete_record_and_object(&app, record, caller.now).await;
        // Half done, it is no longer shown either.
        app.events.tell(Change::Photos(job.job_id));
        deleted
    };
    tokio::spawn(deletion).await.map_err(Problem::internal)??;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_record_and_object(app: &App, record: PhotoRecord, now: Timestamp) -> Result<(), Problem> {
    let (job_id, photo_id) = (record.job_id.clone(), record.photo_id.clone());
    if !photo_id.is_ours() {
        // No form of ours can bring it back, and an older tool may use the name again for another photo: no mark stays.
        remove_photo(&app.bucket, &record, now).await?;
        return Ok(app.db.forget_photo(job_id, photo_id).await?);
    }
    // The mark goes first: from here on nobody sees the photo, and a listing finishes what the bucket did not.
    app.db.adopt_photos(vec![record.clone()]).await?;
    app.db.delete_photo(job_id, photo_id, now).await?;
    Ok(remove_photo(&app.bucket, &record, now).await?)
}

/// The job and photo of a path, once the caller may do that there.
async fn photo_of_job(
    app: &App,
    caller: &Authenticated,
    action: Action,
    (job_id, photo_id): (String, String),
) -> Result<(Job, PhotoId), Problem> {
    let job_id = JobId::parse(&job_id).map_err(|_| Problem::job_not_found())?;
    let job = app.db.job(job_id).await?.ok_or_else(Problem::job_not_found)?;
    require(caller.actor.decide(action, &job))?;
    let photo_id = PhotoId::parse(&photo_id).map_err(|_| Problem::photo_not_found())?;
    Ok((job, photo_id))
}

/// The object of a photo without a record: of that very name, or with our id before its name.
async fn find_object(
    app: &App,
    job_id: &JobId,
    photo_id: &PhotoId,
    now: Timestamp,
) -> Result<Option<StoredObject>, Problem> {
    let exact = format!("{}{photo_id}", ObjectName::photos_prefix(job_id));
    let found = app.bucket.find(&exact, now).await?;
    if found.is_some() || !photo_id.is_ours() {
        return Ok(found);
    }
    Ok(app.bucket.list(&format!("{exact}-"), "", 1, now).await?.objects.into_iter().next())
}

/// The record of a photo; for an object that has none, as older tools leave them, one made of what the bucket says.
async fn find_photo(
    app: &App,
    job_id: &JobId,
    photo_id: &PhotoId,
    now: Timestamp,
) -> Result<PhotoRecord, Problem> {
    if let Some(record) = app.db.photos(job_id.clone(), vec![photo_id.clone()]).await?.pop() {
        return Ok(record);
    }
    let object = find_object(app, job_id, photo_id, now).await?.ok_or_else(Problem::photo_not_found)?;
    Ok(PhotoRecord::of_object(job_id, photo_id, &object))
}
