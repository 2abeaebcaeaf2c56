//! `POST /upload-url`: the grant to upload one photo, or up to 100.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use qdn_sign::{Endpoint, PostConditions};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::extract::{JsonBody, Object};
use super::problem::{Problem, ProblemBody, require};
use super::state::App;
use super::{endpoints, fields};
use crate::db::{DbError, Grant};
use crate::domain::photo::Location;
use crate::domain::{Action, Actor, JobId, ObjectName, Phase, PhotoId, PhotoName, PhotoRecord};
use crate::s3::signing_time;

/// Photos in one call.
const PHOTOS_MAX: usize = 100;
/// A grant that is asked for again after so long counts as given then.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// What S3 answers to a form or a PUT that stored the photo.
const SUCCESS_STATUS: u16 = 201;
/// What every PUT must send beside its type, so that no upload takes the place of another.
pub(super) const PUT_ONCE_HEADERS: [(&str, &str); 1] = [("if-none-match", "*")];
/// What a photo may be. The processor looks at the bytes; this keeps honest mistakes out.
pub(super) const CONTENT_TYPES: [(&str, &[&str]); 7] = [
    ("image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("image/png", &["png"]),
    ("image/webp", &["webp"]),
    ("image/gif", &["gif"]),
    ("image/heic", &["heic"]),
    ("image/heif", &["heif", "hif"]),
    ("image/avif", &["avif"]),
];

/// A wish to upload one photo, or several with `photos`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUpload {
    /// The job.
    job_id: String,
    /// Several photos at once, at most 100; the fields of one photo then stand in its entries.
    #[schema(value_type = Option<Vec<PhotoUpload>>)]
    photos: Option<Vec<Object<PhotoUpload>>>,
    /// How the bytes will be sent: `POST` (a form, the default) or `PUT`.
    #[schema(example = "POST")]
    method: Option<String>,
    /// Seconds the grant shall live, at most what the server allows.
    expires_in: Option<u32>,
    /// The file's name on the phone.
    photo_name: Option<String>,
    /// Its type; by the name's ending when absent.
    content_type: Option<String>,
    /// Its exact size in bytes; any up to the server's limit when absent.
    size: Option<u64>,
    /// The SHA-256 of its bytes, in hexadecimal or base64.
    sha256: Option<String>,
    /// `before`, `during`, `after` or `issue`.
    phase: Option<String>,
    /// A text for people.
    caption: Option<String>,
    /// When the shutter fell, in RFC 3339.
    #[schema(format = DateTime)]
    taken_at: Option<String>,
    /// Where.
    #[schema(value_type = Option<LocationBody>)]
    location: Option<Object<LocationBody>>,
    /// The caller's name for this upload: asked again with it, it is the same upload.
    idempotency_key: Option<String>,
}

/// One photo of several.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PhotoUpload {
    /// The file's name on the phone.
    photo_name: Option<String>,
    /// Its type; by the name's ending when absent.
    content_type: Option<String>,
    /// Its exact size in bytes; any up to the server's limit when absent.
    size: Option<u64>,
    /// The SHA-256 of its bytes, in hexadecimal or base64.
    sha256: Option<String>,
    /// `before`, `during`, `after` or `issue`.
    phase: Option<String>,
    /// A text for people.
    caption: Option<String>,
    /// When the shutter fell, in RFC 3339.
    #[schema(format = DateTime)]
    taken_at: Option<String>,
    /// Where.
    #[schema(value_type = Option<LocationBody>)]
    location: Option<Object<LocationBody>>,
    /// The caller's name for this upload: asked again with it, it is the same upload.
    idempotency_key: Option<String>,
}

/// A place, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LocationBody {
    /// -90 to 90.
    latitude: f64,
    /// -180 to 180.
    longitude: f64,
}

/// A grant. For `POST` it has `fields`, exactly as boto3's `generate_presigned_post` gives them; for `PUT` `headers`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Upload {
    /// Where the bytes go.
    url: String,
    /// `POST` or `PUT`.
    method: &'static str,
    /// The form's fields, to be sent before the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    fields: Option<Pairs>,
    /// The headers that must be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    headers: Option<Pairs>,
    /// The object's key.
    key: String,
    /// The photo's id.
    photo_id: String,
    /// Until when the grant may be used.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Several grants, in the order of the wishes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Uploads {
    /// The grants.
    uploads: Vec<Upload>,
}

/// One grant, or several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the description is used")]
pub(super) enum UploadAnswer {
    /// For a wish without `photos`.
    One(Upload),
    /// For a wish with `photos`.
    Several(Uploads),
}

/// Names and values as a JSON object, in the order in which they must be sent.
#[derive(Debug)]
struct Pairs(Vec<(String, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Post,
    Put,
}

/// Grants the upload of a photo, or of several, to a job.
#[utoipa::path(post, path = "/upload-url", request_body = CreateUpload, responses(
    (status = 200, description = "The grant, or the grants", body = UploadAnswer),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn create_upload(
    State(app): State<App>,
    caller: Authenticated,
    headers: HeaderMap,
    JsonBody(wish): JsonBody<CreateUpload>,
) -> Result<Response, Problem> {
    let job_id = fields::id("job_id", &wish.job_id, JobId::parse)?;
    let method = read_method(wish.method.as_deref())?;
    let expires_seconds = read_expiry(&app, wish.expires_in)?;
    let several = wish.photos.is_some();
    let photos = read_photos(&app, wish)?;

    let job = app.db.job(job_id.clone()).await?.ok_or_else(Problem::job_not_found)?;
    require(caller.actor.decide(Action::Upload, &job))?;

    let endpoint = endpoints::store_endpoint(&app, &headers)?;
    let records: Vec<_> =
        photos.into_iter().map(|photo| photo.into_record(&job_id, &caller.actor, caller.now)).collect();
    let grants = app.db.grant_photos(records.clone(), app.config.uploads.open_uploads_max).await?;
    let mut uploads = Vec::with_capacity(grants.len());
    for (index, (record, grant)) in records.into_iter().zip(grants).enumerate() {
        let record = match grant {
            Grant::New => record,
            Grant::Existing(earlier) => {
                let earlier = same_upload(*earlier, &record, several.then_some(index))?;
                renew(&app, earlier, caller.now).await?
            }
        };
        uploads.push(sign(&app, &endpoint, &record, method, caller.now, expires_seconds)?);
    }
    let answer = match uploads.pop() {
        Some(upload) if !several => Json(upload).into_response(),
        last => {
            uploads.extend(last);
            Json(Uploads { uploads }).into_response()
        }
    };
    Ok(([(http::header::CACHE_CONTROL, "no-store")], answer).into_response())
}

fn read_method(method: Option<&str>) -> Result<Method, Problem> {
    match method {
        None | Some("POST") => Ok(Method::Post),
        Some("PUT") => Ok(Method::Put),
        Some(_) => Err(Problem::field("method", "must be POST or PUT")),
    }
}

/// The grant lives as long as asked, but never longer than configured.
fn read_expiry(app: &App, asked: Option<u32>) -> Result<u32, Problem> {
    let max = app.config.uploads.upload_expires_seconds;
    match asked {
        Some(0) => Err(Problem::field("expires_in", "must be at least 1 second")),
        Some(asked) => Ok(asked.min(max)),
        None => Ok(max),
    }
}

/// A checked wish.
struct Photo {
    name: String,
    content_type: String,
    size_bytes: Option<u64>,
    sha256: Option<[u8; 32]>,
    phase: Option<Phase>,
    caption: Option<String>,
    taken_at: Option<Timestamp>,
    location: Option<Location>,
    idempotency_key: Option<String>,
}

fn read_photos(app: &App, wish: CreateUpload) -> Result<Vec<Photo>, Problem> {
    let single = PhotoUpload {
        photo_name: wish.photo_name,
        content_type: wish.content_type,
        size: wish.size,
        sha256: wish.sha256,
        phase: wish.phase,
        caption: wish.caption,
        taken_at: wish.taken_at,
        location: wish.location,
        idempotency_key: wish.idempotency_key,
    };
    let Some(several) = wish.photos else { return Ok(vec![read_photo(app, single, "")?]) };
    if let Some(field) = first_field(&single) {
        return Err(Problem::field(field, "must stand in the entries of `photos` when there are any"));
    }
    if several.is_empty() || several.len() > PHOTOS_MAX {
        return Err(Problem::field("photos", format!("must hold 1 to {PHOTOS_MAX} entries")));
    }
    several
        .into_iter()
        .enumerate()
        .map(|(index, Object(photo))| read_photo(app, photo, &format!("photos[{index}].")))
        .collect()
}

fn first_field(photo: &PhotoUpload) -> Option<&'static str> {
    [
        ("photo_name", photo.photo_name.is_some()),
        ("content_type", photo.content_type.is_some()),
        ("size", photo.size.is_some()),
        ("sha256", photo.sha256.is_some()),
        ("phase", photo.phase.is_some()),
        ("caption", photo.caption.is_some()),
        ("taken_at", photo.taken_at.is_some()),
        ("location", photo.location.is_some()),
        ("idempotency_key", photo.idempotency_key.is_some()),
    ]
    .into_iter()
    .find_map(|(name, given)| given.then_some(name))
}

/// Checks one wish; `at` stands before the names of its fields.
fn read_photo(app: &App, photo: PhotoUpload, at: &str) -> Result<Photo, Problem> {
    let field = |name: &str| format!("{at}{name}");
    let name = photo.photo_name.ok_or_else(|| Problem::field(field("photo_name"), "is missing"))?;
    let name = read_name(&field("photo_name"), &name)?;
    let bytes_max = app.config.uploads.photo_bytes_max;
    match photo.size {
        Some(0) => return Err(Problem::field(field("size"), "must be at least 1 byte")),
        Some(size) if size > bytes_max => {
            let detail = format!("`{}` may be at most {bytes_max} bytes", field("size"));
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "photo_too_large", detail);
            return Err(problem.about(field("size")));
        }
        _ => {}
    }
    let words = "before, during, after, issue";
    Ok(Photo {
        content_type: read_content_type(&field("content_type"), photo.content_type.as_deref(), &name)?,
        size_bytes: photo.size,
        sha256: photo.sha256.map(|text| fields::sha256(&field("sha256"), &text)).transpose()?,
        phase: photo
            .phase
            .map(|word| fields::word(&field("phase"), &word, Phase::parse, words))
            .transpose()?,
        caption: fields::optional_text(&field("caption"), photo.caption.as_deref(), 2_000)?,
        taken_at: photo.taken_at.map(|time| fields::time(&field("taken_at"), &time)).transpose()?,
        location: photo.location.map(|Object(place)| read_location(&field("location"), place)).transpose()?,
        idempotency_key: photo
            .idempotency_key
            .map(|key| fields::text(&field("idempotency_key"), &key, 255))
            .transpose()?,
        name,
    })
}

/// Any name of up to 1,024 characters will do: control characters, which no person reads, are dropped.
fn read_name(field: &str, name: &str) -> Result<String, Problem> {
    if name.chars().count() > 1_024 {
        return Err(Problem::field(field, "may have at most 1024 characters"));
    }
    let visible: String = name.chars().filter(|character| !character.is_control()).collect();
    fields::text(field, &visible, 1_024)
}

fn read_content_type(field: &str, given: Option<&str>, name: &str) -> Result<String, Problem> {
    let known = |wanted: &str| CONTENT_TYPES.iter().find(|(content_type, _)| *content_type == wanted);
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        let plain = given.trim().to_ascii_lowercase();
        let plain = if plain == "image/jpg" { "image/jpeg".to_owned() } else { plain };
        return known(&plain).map(|(content_type, _)| (*content_type).to_owned()).ok_or_else(|| {
            let list: Vec<_> = CONTENT_TYPES.iter().map(|(content_type, _)| *content_type).collect();
            Problem::field(field, format!("must be one of {}", list.join(", ")))
        });
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    CONTENT_TYPES
        .iter()
        .find(|(_, endings)| endings.contains(&ending.as_str()))
        .map(|(content_type, _)| (*content_type).to_owned())
        // Phones and shortcuts send names without an ending, and what they send is JPEG.
        .or_else(|| ending.is_empty().then(|| "image/jpeg".to_owned()))
        .ok_or_else(|| Problem::field(field, "is missing, and the name does not end as a photo's does"))
}

fn read_location(field: &str, place: LocationBody) -> Result<Location, Problem> {
    let LocationBody { latitude, longitude } = place;
    if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
        return Err(Problem::field(
            field,
            "must hold a latitude of -90 to 90 and a longitude of -180 to 180",
        ));
    }
    Ok(Location { latitude, longitude })
}

impl Photo {
    fn into_record(self, job_id: &JobId, actor: &Actor, now: Timestamp) -> PhotoRecord {
        let photo_id = PhotoId::generate(now);
        let name = PhotoName::sanitise(&self.name);
        let key = ObjectName::Photo { job_id: job_id.clone(), photo_id: photo_id.clone(), name }.key();
        PhotoRecord {
            job_id: job_id.clone(),
            photo_id,
            key,
            name: self.name,
            content_type: self.content_type,
            size_bytes: self.size_bytes,
            sha256: self.sha256,
            phase: self.phase,
            caption: self.caption,
            taken_at: self.taken_at,
            location: self.location,
            hidden: false,
            outcome: None,
            process_after: None,
            process_attempts: 0,
            process_blame: 0,
            uploaded_by: Some(actor.principal.id()),
            idempotency_key: self.idempotency_key,
            granted_at: now,
            stored_at: None,
            deleted_at: None,
        }
    }
}

/// The earlier upload of this idempotency key, unless the wish is for other bytes or the photo is gone.
fn same_upload(
    earlier: PhotoRecord,
    wish: &PhotoRecord,
    index: Option<usize>,
) -> Result<PhotoRecord, Problem> {
    let field =
        index.map_or("idempotency_key".to_owned(), |index| format!("photos[{index}].idempotency_key"));
    if earlier.deleted_at.is_some() {
        let detail = "the photo of this idempotency_key was deleted";
        return Err(Problem::new(StatusCode::GONE, "photo_deleted", detail).about(field));
    }
    let pins = |record: &PhotoRecord| {
        (record.size_bytes, record.sha256, record.content_type.clone(), record.name.clone())
    };
    if pins(&earlier) != pins(wish) {
        let detail = "this idempotency_key was used for a photo of another name, size, hash or type";
        return Err(Problem::new(StatusCode::CONFLICT, "idempotency_key_reused", detail).about(field));
    }
    Ok(earlier)
}

/// A grant of a while ago, which is signed again, is not to be pruned while its upload may still come.
async fn renew(app: &App, earlier: PhotoRecord, now: Timestamp) -> Result<PhotoRecord, Problem> {
    let fresh = now.checked_sub(RENEWED_AFTER).unwrap_or(Timestamp::MIN);
    if earlier.stored_at.is_some() || earlier.granted_at > fresh {
        return Ok(earlier);
    }
    // Pruned just now: asked again, it is a new upload.
    let there = app.db.renew_grant(earlier.job_id.clone(), earlier.photo_id.clone(), now).await?;
    if there { Ok(earlier) } else { Err(DbError::Busy.into()) }
}

fn sign(
    app: &App,
    endpoint: &Endpoint,
    record: &PhotoRecord,
    method: Method,
    now: Timestamp,
    expires_seconds: u32,
) -> Result<Upload, Problem> {
    let checksum = record.sha256.map(|hash| STANDARD.encode(hash));
    let (signer, bucket) = (app.bucket.signer(), app.bucket.name());
    let (url, fields, headers) = match method {
        Method::Post => {
            let mut conditions = PostConditions::new()
                .content_type(record.content_type.as_str())
                .success_action_status(SUCCESS_STATUS);
            conditions = match record.size_bytes {
                Some(size) => conditions.content_length(size),
                None => conditions.content_length_range(1..=app.config.uploads.photo_bytes_max),
            };
            if let Some(checksum) = &checksum {
                conditions = conditions.checksum_sha256(checksum.as_str());
            }
            let form = signer.presign_post(
                endpoint,
                bucket,
                &record.key,
                conditions,
                signing_time(now),
                expires_seconds,
            );
            (form.url, Some(Pairs(form.fields)), None)
        }
        Method::Put => {
            // A phone's shortcut does not know the size: the store then holds the photo against its limit.
            let size = record.size_bytes.map(|size| size.to_string());
            let mut headers = vec![("content-type", record.content_type.as_str())];
            headers.extend(PUT_ONCE_HEADERS);
            headers.extend(size.as_deref().map(|size| ("content-length", size)));
            headers.extend(checksum.as_deref().map(|checksum| ("x-amz-checksum-sha256", checksum)));
            let put = signer.presign_put(
                endpoint,
                bucket,
                &record.key,
                &headers,
                signing_time(now),
                expires_seconds,
            );
            (put.url, None, Some(Pairs(put.headers)))
        }
    };
    let expires_at =
        now.checked_add(SignedDuration::from_secs(i64::from(expires_seconds))).map_err(Problem::internal)?;
    Ok(Upload {
        url,
        method: if method == Method::Post { "POST" } else { "PUT" },
        fields,
        headers,
        key: record.key.clone(),
        photo_id: record.photo_id.to_string(),
        expires_at: expires_at.to_string(),
    })
}
