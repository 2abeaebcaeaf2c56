//! The grant to upload a photo: its record, idempotency, and the signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use qdn_sign::{Endpoint, PostConditions};

use super::{OperationError, Photos};
use crate::db::{DbError, Grant};
use crate::domain::{Actor, Caption, JobId, Location, ObjectName, Phase, PhotoId, PhotoName, PhotoRecord};
use crate::s3::signing_time;

/// A grant that is requested again after so long counts as given then.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// The status of S3's response to a form that stored the photo.
const SUCCESS_STATUS: u16 = 201;
/// What every PUT must send beside its type, so that no upload takes the place of another.
pub const PUT_ONCE_HEADERS: [(&str, &str); 1] = [("if-none-match", "*")];

/// What is known of a photo before it is sent. Checked by whoever makes one.
#[derive(Debug, Clone)]
pub struct UploadDetails {
    /// The file's name on the phone.
    pub name: String,
    /// One of the image types.
    pub content_type: String,
    /// The exact size in bytes, where it is known.
    pub size_bytes: Option<u64>,
    /// The SHA-256 of the bytes, where it is known.
    pub sha256: Option<[u8; 32]>,
    /// When in the job it was taken.
    pub phase: Option<Phase>,
    /// A text for people.
    pub caption: Option<Caption>,
    /// When the shutter fell.
    pub taken_at: Option<Timestamp>,
    /// Where it was taken.
    pub location: Option<Location>,
    /// The caller's name for this upload.
    pub idempotency_key: Option<String>,
}

/// How the bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMethod {
    /// As a form.
    Post,
    /// As the body of a PUT.
    Put,
}

impl SendMethod {
    /// The HTTP method.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// What a grant is signed for.
#[derive(Debug, Clone, Copy)]
pub struct GrantTerms<'a> {
    /// The store as the caller reaches it.
    pub endpoint: &'a Endpoint,
    /// How the bytes are sent.
    pub method: SendMethod,
    /// When it is signed.
    pub now: Timestamp,
    /// Seconds that it may be used.
    pub expires_seconds: u32,
}

/// A grant as it is handed out.
#[derive(Debug)]
pub struct SignedUpload {
    /// Where the bytes go.
    pub url: String,
    /// How they are sent.
    pub method: SendMethod,
    /// The form's fields or the headers, in the order in which they must be sent.
    pub pairs: Vec<(String, String)>,
    /// The object's key.
    pub key: String,
    /// The photo's id.
    pub photo_id: PhotoId,
    /// Until when the grant may be used.
    pub expires_at: Timestamp,
}

impl Photos {
    /// Grants the upload of photos to a job: a new record each, or the earlier one of the same idempotency key.
    ///
    /// # Errors
    /// [`OperationError::PhotoDeleted`] and [`OperationError::IdempotencyKeyReused`] with the photo's place in `details`;
    /// [`DbError::TooMany`] beyond the limit of open uploads.
    pub async fn grant(
        &self,
        actor: &Actor,
        job_id: &JobId,
        details: Vec<UploadDetails>,
        now: Timestamp,
    ) -> Result<Vec<PhotoRecord>, OperationError> {
        let records: Vec<_> =
            details.into_iter().map(|photo| new_record(photo, job_id, actor, now)).collect();
        let grants = self.db.grant_photos(records.clone(), self.limits.open_uploads_max).await?;
        let mut granted = Vec::with_capacity(grants.len());
        for (index, (record, grant)) in records.into_iter().zip(grants).enumerate() {
            granted.push(match grant {
                Grant::New => record,
                Grant::Existing(earlier) => self.renew(same_upload(*earlier, &record, index)?, now).await?,
            });
        }
        Ok(granted)
    }

    /// Keeps a grant of a while ago, which is signed again, from being pruned while its upload may still come.
    async fn renew(&self, earlier: PhotoRecord, now: Timestamp) -> Result<PhotoRecord, OperationError> {
        let fresh = now.checked_sub(RENEWED_AFTER).unwrap_or(Timestamp::MIN);
        if earlier.stored_at.is_some() || earlier.granted_at > fresh {
            return Ok(earlier);
        }
        // Pruned just now: requested again, it is a new upload.
        let there = self.db.renew_grant(earlier.job_id.clone(), earlier.photo_id.clone(), now).await?;
        if there { Ok(earlier) } else { Err(DbError::Busy.into()) }
    }

    /// Signs a grant. The signature pins bucket, key, content type, size, and checksum where it is known.
    ///
    /// # Errors
    /// When the grant would expire at a time that no calendar has.
    pub fn sign(&self, record: &PhotoRecord, terms: GrantTerms<'_>) -> Result<SignedUpload, OperationError> {
        let (url, pairs) = match terms.method {
            SendMethod::Post => self.sign_form(record, terms),
            SendMethod::Put => self.sign_put(record, terms),
        };
        let expires_at = terms
            .now
            .checked_add(SignedDuration::from_secs(i64::from(terms.expires_seconds)))
            .map_err(|error| OperationError::Internal(error.to_string()))?;
        let (key, photo_id) = (record.key.clone(), record.photo_id.clone());
        Ok(SignedUpload { url, method: terms.method, pairs, key, photo_id, expires_at })
    }

    fn sign_form(&self, record: &PhotoRecord, terms: GrantTerms<'_>) -> (String, Vec<(String, String)>) {
        let mut conditions = PostConditions::new()
            .content_type(record.content_type.as_str())
            .success_action_status(SUCCESS_STATUS);
        conditions = match record.size_bytes {
            Some(size) => conditions.content_length(size),
            None => conditions.content_length_range(1..=self.limits.photo_bytes_max),
        };
        if let Some(checksum) = checksum(record) {
            conditions = conditions.checksum_sha256(checksum.as_str());
        }
        let (signer, bucket, time) = (self.bucket.signer(), self.bucket.name(), signing_time(terms.now));
        let GrantTerms { endpoint, expires_seconds, .. } = terms;
        let form = signer.presign_post(endpoint, bucket, &record.key, conditions, time, expires_seconds);
        (form.url, form.fields)
    }

    fn sign_put(&self, record: &PhotoRecord, terms: GrantTerms<'_>) -> (String, Vec<(String, String)>) {
        // A phone's shortcut does not know the size: the store then holds the photo against its limit.
        let size = record.size_bytes.map(|size| size.to_string());
        let checksum = checksum(record);
        let mut headers = vec![("content-type", record.content_type.as_str())];
        headers.extend(PUT_ONCE_HEADERS);
        headers.extend(size.as_deref().map(|size| ("content-length", size)));
        headers.extend(checksum.as_deref().map(|checksum| ("x-amz-checksum-sha256", checksum)));
        let (signer, bucket, time) = (self.bucket.signer(), self.bucket.name(), signing_time(terms.now));
        let GrantTerms { endpoint, expires_seconds, .. } = terms;
        let put = signer.presign_put(endpoint, bucket, &record.key, &headers, time, expires_seconds);
        (put.url, put.headers)
    }
}

fn checksum(record: &PhotoRecord) -> Option<String> {
    record.sha256.map(|hash| STANDARD.encode(hash))
}

fn new_record(details: UploadDetails, job_id: &JobId, actor: &Actor, now: Timestamp) -> PhotoRecord {
    let photo_id = PhotoId::generate(now);
    let name = PhotoName::sanitise(&details.name);
    let key = ObjectName::Photo { job_id: job_id.clone(), photo_id: photo_id.clone(), name }.key();
    PhotoRecord {
        name: details.name,
        content_type: details.content_type,
        size_bytes: details.size_bytes,
        sha256: details.sha256,
        phase: details.phase,
        caption: details.caption,
        taken_at: details.taken_at,
        location: details.location,
        uploaded_by: Some(actor.principal.id()),
        idempotency_key: details.idempotency_key,
        ..PhotoRecord::granted(job_id.clone(), photo_id, key, now)
    }
}

/// Returns the earlier upload of this idempotency key, unless the request is for other bytes or the photo is gone.
fn same_upload(
    earlier: PhotoRecord,
    requested: &PhotoRecord,
    index: usize,
) -> Result<PhotoRecord, OperationError> {
    if earlier.deleted_at.is_some() {
        return Err(OperationError::PhotoDeleted(index));
    }
    let pins = |record: &PhotoRecord| {
        (record.size_bytes, record.sha256, record.content_type.clone(), record.name.clone())
    };
    if pins(&earlier) != pins(requested) {
        return Err(OperationError::IdempotencyKeyReused(index));
    }
    Ok(earlier)
}
