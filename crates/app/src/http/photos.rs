//! `GET /list_photos`, one photo, and the change and deletion of photos by staff.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::auth::Authenticated;
use super::extract::{JsonBody, PathIds, StrictQuery};
use super::problem::{Problem, ProblemBody};
use super::state::App;
use super::{endpoints, fields};
use crate::domain::merge::ListedPhoto;
use crate::domain::{
    Action, Caption, Job, JobId, Location, ObjectName, Phase, PhotoChange, PhotoId, Rendition,
};
use crate::operations::PhotoPage;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

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
#[schema(as = PhotoPage)]
pub(super) struct PhotoPageBody {
    /// In the order of their uploads.
    photos: Vec<PhotoBody>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Lists a job's photos, as far as the caller may see them.
#[utoipa::path(get, path = "/list_photos", params(ListPhotos), responses(
    (status = 200, description = "A page of photos", body = PhotoPageBody),
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
    let job = caller.job(&app, Action::ListPhotos, &job_id).await?;

    let PhotoPage { photos, next } =
        app.photos.collect_page(&caller.actor, &job.job_id, start_after, limit, caller.now).await?;
    let endpoint = endpoints::store_endpoint(&app, &headers)?;
    let delivery = app.delivery().await?;
    let sign = |key: &str| delivery.url(&endpoint, key, caller.now);
    let photos = photos.into_iter().map(|photo| body(&job.job_id, photo, &sign)).collect();
    let page = PhotoPageBody { photos, next_cursor: next.as_deref().map(fields::encode_cursor) };
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
    let photo = app.photos.read(&caller.actor, &job.job_id, &photo_id, caller.now).await?;
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
        caption: photo.caption.map(String::from),
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
    let caption = fields::change("caption", wish.caption, Caption::parse_optional)?;
    let (job, photo_id) = photo_of_job(&app, &caller, Action::ChangePhotos, ids).await?;
    let change = PhotoChange { phase, caption, hidden: wish.hidden };
    app.photos.change(&job.job_id, &photo_id, change, caller.now).await?;
    Ok(StatusCode::NO_CONTENT)
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
    app.photos.delete(&job, &photo_id, caller.now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The job and photo of a path, once the caller may do that there.
async fn photo_of_job(
    app: &App,
    caller: &Authenticated,
    action: Action,
    (job_id, photo_id): (String, String),
) -> Result<(Job, PhotoId), Problem> {
    let job = caller.job_of_path(app, action, &job_id).await?;
    let photo_id = PhotoId::parse(&photo_id).map_err(|_| Problem::photo_not_found())?;
    Ok((job, photo_id))
}
