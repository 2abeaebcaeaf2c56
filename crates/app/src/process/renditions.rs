//! Where a photo's renditions stand.

use crate::domain::{JobId, ObjectName, PhotoId, Rendition};

/// The key of a rendition.
pub fn rendition_key(job_id: &JobId, photo_id: &PhotoId, version: &str, rendition: Rendition) -> String {
    let (job_id, photo_id, version) = (job_id.clone(), photo_id.clone(), version.to_owned());
    ObjectName::Rendition { job_id, photo_id, version, rendition }.key()
}
