//! `POST /upload-url`: the grant to upload one photo, or up to 100.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::extract::{JsonBody, Object};
use super::problem::{Problem, ProblemBody};
use super::state::App;
use super::{endpoints, fields};
use crate::domain::{Action, Caption, IMAGE_TYPES, ImageType, JobId, Location, Phase};
use crate::operations::{GrantTerms, OperationError, SendMethod, SignedUpload, UploadDetails};

/// Photos in one call.
const PHOTOS_MAX: usize = 100;

/// Defines the bodies of a request for one photo and for an entry of several, whose fields are the same.
macro_rules! upload_bodies {
    ($($(#[$attribute:meta])* $name:ident: $type:ty,)*) => {
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
            $($(#[$attribute])* $name: Option<$type>,)*
        }

        /// One photo of several.
        #[derive(Debug, Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct PhotoUpload {
            $($(#[$attribute])* $name: Option<$type>,)*
        }

        impl CreateUpload {
            /// Takes apart the fields of one photo and those of several.
            fn into_photos(self) -> (PhotoUpload, Option<Vec<Object<PhotoUpload>>>) {
                (PhotoUpload { $($name: self.$name,)* }, self.photos)
            }
        }

        impl PhotoUpload {
            /// Names a field that was given.
            fn first_field(&self) -> Option<&'static str> {
                let given = [$((stringify!($name), self.$name.is_some()),)*];
                given.into_iter().find_map(|(name, given)| given.then_some(name))
            }
        }
    };
}

upload_bodies! {
    /// The file's name on the phone.
    photo_name: String,
    /// Its type; by the name's ending when absent.
    content_type: String,
    /// Its exact size in bytes; any up to the server's limit when absent.
    size: u64,
    /// The SHA-256 of its bytes, in hexadecimal or base64.
    sha256: String,
    /// `before`, `during`, `after` or `issue`.
    phase: String,
    /// A text for people.
    caption: String,
    /// When the shutter fell, in RFC 3339.
    #[schema(format = DateTime)]
    taken_at: String,
    /// Where.
    #[schema(value_type = Option<LocationBody>)]
    location: Object<LocationBody>,
    /// The caller's name for this upload: asked again with it, it is the same upload.
    idempotency_key: String,
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

impl From<SignedUpload> for Upload {
    fn from(signed: SignedUpload) -> Self {
        let pairs = Some(Pairs(signed.pairs));
        let (fields, headers) = match signed.method {
            SendMethod::Post => (pairs, None),
            SendMethod::Put => (None, pairs),
        };
        Self {
            url: signed.url,
            method: signed.method.as_str(),
            fields,
            headers,
            key: signed.key,
            photo_id: signed.photo_id.to_string(),
            expires_at: signed.expires_at.to_string(),
        }
    }
}

/// Names and values as a JSON object, in the order in which they must be sent.
#[derive(Debug)]
struct Pairs(Vec<(String, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
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
    JsonBody(request): JsonBody<CreateUpload>,
) -> Result<Response, Problem> {
    let job_id = fields::id("job_id", &request.job_id, JobId::parse)?;
    let method = read_method(request.method.as_deref())?;
    let expires_seconds = read_expiry(&app, request.expires_in)?;
    let several = request.photos.is_some();
    let photos = read_photos(&app, request)?;

    caller.job(&app, Action::Upload, &job_id).await?;
    let endpoint = endpoints::store_endpoint(&app, &headers)?;
    let granted = app.photos.grant(&caller.actor, &job_id, photos, caller.now).await;
    let granted = granted.map_err(|error| refuse_grant(error, several))?;
    let terms = GrantTerms { endpoint: &endpoint, method, now: caller.now, expires_seconds };
    let mut uploads = Vec::with_capacity(granted.len());
    for record in granted {
        uploads.push(Upload::from(app.photos.sign(&record, terms)?));
    }
    let body = match uploads.pop() {
        Some(upload) if !several => Json(upload).into_response(),
        last => {
            uploads.extend(last);
            Json(Uploads { uploads }).into_response()
        }
    };
    Ok(([(http::header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// Names the idempotency key that a grant was refused for.
fn refuse_grant(error: OperationError, several: bool) -> Problem {
    match error {
        OperationError::PhotoDeleted(index) | OperationError::IdempotencyKeyReused(index) if several => {
            Problem::from(error).about(format!("photos[{index}].idempotency_key"))
        }
        _ => Problem::from(error),
    }
}

fn read_method(method: Option<&str>) -> Result<SendMethod, Problem> {
    match method {
        None | Some("POST") => Ok(SendMethod::Post),
        Some("PUT") => Ok(SendMethod::Put),
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

fn read_photos(app: &App, request: CreateUpload) -> Result<Vec<UploadDetails>, Problem> {
    let (single, several) = request.into_photos();
    let Some(several) = several else { return Ok(vec![read_photo(app, single, "")?]) };
    if let Some(field) = single.first_field() {
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

/// Checks one photo; `at` stands before the names of its fields.
fn read_photo(app: &App, photo: PhotoUpload, at: &str) -> Result<UploadDetails, Problem> {
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
    Ok(UploadDetails {
        content_type: read_content_type(&field("content_type"), photo.content_type.as_deref(), &name)?,
        size_bytes: photo.size,
        sha256: photo.sha256.map(|text| fields::sha256(&field("sha256"), &text)).transpose()?,
        phase: photo
            .phase
            .map(|word| fields::word(&field("phase"), &word, Phase::parse, words))
            .transpose()?,
        caption: fields::optional(&field("caption"), photo.caption.as_deref(), Caption::parse_optional)?,
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
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        let plain = given.trim().to_ascii_lowercase();
        let plain = if plain == "image/jpg" { "image/jpeg".to_owned() } else { plain };
        let known = ImageType::by_content_type(&plain).map(|known| known.content_type.to_owned());
        return known.ok_or_else(|| {
            let list: Vec<_> = IMAGE_TYPES.iter().map(|known| known.content_type).collect();
            Problem::field(field, format!("must be one of {}", list.join(", ")))
        });
    }
    let extension =
        name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    ImageType::by_extension(&extension)
        .map(|known| known.content_type.to_owned())
        // Phones and shortcuts send names without an extension, and what they send is JPEG.
        .or_else(|| extension.is_empty().then(|| "image/jpeg".to_owned()))
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
