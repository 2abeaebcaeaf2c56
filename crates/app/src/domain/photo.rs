//! The record of a photo: everything about it that its bytes do not say.

use jiff::Timestamp;

use super::stored_object::StoredObject;
use super::{Caption, JobId, PhotoId, PrincipalId};

/// When in the job the photo was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the work.
    Before,
    /// While working.
    During,
    /// After the work.
    After,
    /// Something that needs attention.
    Issue,
}

impl Phase {
    /// The word of the contract and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::During => "during",
            Self::After => "after",
            Self::Issue => "issue",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Before, Self::During, Self::After, Self::Issue]
            .into_iter()
            .find(|phase| phase.as_str() == text)
    }
}

/// How far the processor is with a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhotoStatus {
    /// Stored; its renditions do not exist yet.
    Processing,
    /// Stored, with renditions.
    Ready,
    /// Stored, but cannot be decoded: staff only.
    Rejected,
    /// It was stored, and the bucket has it no more: staff only. No database keeps this word: it is found by a listing.
    Missing,
}

impl PhotoStatus {
    /// The word of the contract and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Rejected => "rejected",
            Self::Missing => "missing",
        }
    }

    /// Reads the word of the database.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Processing, Self::Ready, Self::Rejected].into_iter().find(|status| status.as_str() == text)
    }
}

/// Where a photo was taken, in degrees (WGS 84). Private: staff only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// -90 to 90.
    pub latitude: f64,
    /// -180 to 180.
    pub longitude: f64,
}

/// What customers may see of a photo, and what is known of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renditions {
    /// A segment of the renditions' keys that changes with the original's bytes and with the way they are processed,
    /// so that the objects never change and may be cached for ever.
    pub version: String,
    /// Pixels across, upright.
    pub width: u32,
    /// Pixels down, upright.
    pub height: u32,
    /// A placeholder of about 25 bytes (<https://evanw.github.io/thumbhash/>).
    pub thumbhash: Vec<u8>,
    /// A part of the original, less than a quarter of it, could not be read. False where it is not known.
    pub damaged: bool,
}

/// What the processor decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The renditions exist.
    Ready(Renditions),
    /// The bytes cannot be shown: a stable code that says why.
    Rejected(String),
}

/// How the processor's look at one photo's bytes ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The `ETag` of the bytes it looked at: of others it says nothing.
    pub source_etag: String,
    /// What it decided.
    pub verdict: Verdict,
}

/// A photo that one processor has for itself, until a time at which another may take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub job_id: JobId,
    /// The photo.
    pub photo_id: PhotoId,
    /// Until when. Whoever takes it after that, or queues it anew, sets another time, and this claim is over.
    pub until: Timestamp,
}

/// What the database knows about a photo, from the moment its upload is granted.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoRecord {
    /// The job it belongs to.
    pub job_id: JobId,
    /// Our id, or the file name of an older tool's object.
    pub photo_id: PhotoId,
    /// The object's key.
    pub key: String,
    /// The name the phone gave, for people to read.
    pub name: String,
    /// The type the grant pins.
    pub content_type: String,
    /// The size the grant pins, in bytes.
    pub size_bytes: Option<u64>,
    /// The SHA-256 the grant pins.
    pub sha256: Option<[u8; 32]>,
    /// When in the job.
    pub phase: Option<Phase>,
    /// Free text.
    pub caption: Option<Caption>,
    /// When the shutter fell.
    pub taken_at: Option<Timestamp>,
    /// Where.
    pub location: Option<Location>,
    /// Not for customers.
    pub hidden: bool,
    /// How the processor's last look ended; none before the first.
    pub outcome: Option<Outcome>,
    /// When the processor is to look at it, again or for the first time; none while nobody waits for that.
    pub process_after: Option<Timestamp>,
    /// How often the processor has begun to look since it was last told to.
    pub process_attempts: u32,
    /// How much speaks for it being what its processors die of: each claim adds one, whose end nobody may live to see.
    pub process_blame: u32,
    /// The link whose token, or the application whose key, asked for the upload.
    pub uploaded_by: Option<PrincipalId>,
    /// The caller's name for this upload: asked again with the same one, it is the same upload.
    pub idempotency_key: Option<String>,
    /// When the upload was granted.
    pub granted_at: Timestamp,
    /// When the object was first seen in the bucket.
    pub stored_at: Option<Timestamp>,
    /// When staff deleted it. The record stays, so that a form sent again cannot bring the photo back.
    pub deleted_at: Option<Timestamp>,
}

impl PhotoRecord {
    /// The claim that this record was handed out with.
    pub fn claim(&self) -> Claim {
        let until = self.process_after.unwrap_or(Timestamp::MIN);
        Claim { job_id: self.job_id.clone(), photo_id: self.photo_id.clone(), until }
    }

    /// The record of an upload that was just granted, with nothing known of the photo.
    pub fn granted(job_id: JobId, photo_id: PhotoId, key: String, granted_at: Timestamp) -> Self {
        Self {
            job_id,
            photo_id,
            key,
            name: String::new(),
            content_type: String::new(),
            size_bytes: None,
            sha256: None,
            phase: None,
            caption: None,
            taken_at: None,
            location: None,
            hidden: false,
            outcome: None,
            process_after: None,
            process_attempts: 0,
            process_blame: 0,
            uploaded_by: None,
            idempotency_key: None,
            granted_at,
            stored_at: None,
            deleted_at: None,
        }
    }

    /// The record of an object that has none, made of what the bucket says. Older tools leave such objects; one with an id of
    /// ours had a record once, which may have said that it is hidden, and so it is.
    pub fn of_object(job_id: &JobId, photo_id: &PhotoId, object: &StoredObject) -> Self {
        Self {
            name: object.key.rsplit('/').next().unwrap_or_default().to_owned(),
            content_type: "application/octet-stream".to_owned(),
            size_bytes: Some(object.size_bytes),
            hidden: photo_id.is_ours(),
            stored_at: Some(object.stored_at),
            ..Self::granted(job_id.clone(), photo_id.clone(), object.key.clone(), object.stored_at)
        }
    }
}

/// A change by staff; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhotoChange {
    /// `Some(None)` takes the phase away.
    pub phase: Option<Option<Phase>>,
    /// `Some(None)` takes the caption away.
    pub caption: Option<Option<Caption>>,
    /// Hides it from customers, or shows it again.
    pub hidden: Option<bool>,
}
