//! Objects without a use: those of deleted photos, and renditions that were replaced.

use jiff::{SignedDuration, Timestamp};

use crate::db::Db;
use crate::domain::{JobId, ObjectName, PhotoId, PhotoRecord};
use crate::s3::{Bucket, S3Error};

/// Photos swept at a time.
const BATCH: usize = 100;
/// Renditions of one photo looked at: two of each version there ever was, and no more than one page.
const RENDITIONS_MAX: usize = 1_000;

/// Removes a deleted photo's original and all its renditions.
pub(crate) async fn remove_photo(
    bucket: &Bucket,
    record: &PhotoRecord,
    now: Timestamp,
) -> Result<(), S3Error> {
    bucket.delete(&record.key, now).await?;
    remove_renditions(bucket, &record.job_id, &record.photo_id, None, now).await
}

/// Removes a photo's renditions, but those of the version `kept`.
pub(super) async fn remove_renditions(
    bucket: &Bucket,
    job_id: &JobId,
    photo_id: &PhotoId,
    kept: Option<&str>,
    now: Timestamp,
) -> Result<(), S3Error> {
    let prefix = ObjectName::renditions_prefix(job_id, photo_id);
    let kept = kept.map(|version| format!("{prefix}{version}/"));
    for object in bucket.list(&prefix, "", RENDITIONS_MAX, now).await?.objects {
        if kept.as_ref().is_none_or(|kept| !object.key.starts_with(kept)) {
            bucket.delete(&object.key, now).await?;
        }
    }
    Ok(())
}

/// Removes once more what belongs to photos that were deleted a while ago: a form that was granted before may have been
/// sent after, and a processor may have been at work. Once no grant can be alive any more, that is for good.
pub async fn sweep_deleted(db: &dyn Db, bucket: &Bucket, grants_live: SignedDuration, now: Timestamp) {
    let before = now.checked_sub(grants_live).unwrap_or(Timestamp::MIN);
    let records = match db.photos_to_sweep(before, BATCH).await {
        Ok(records) => records,
        Err(error) => return tracing::warn!(%error, "deleted photos cannot be swept"),
    };
    for record in records {
        let PhotoRecord { job_id, photo_id, .. } = record.clone();
        if let Err(error) = remove_photo(bucket, &record, now).await {
            tracing::warn!(%job_id, %photo_id, %error, "a deleted photo's objects are not swept");
        } else if let Err(error) = db.mark_swept(job_id, photo_id, now).await {
            tracing::warn!(%error, "a swept photo is not marked; it is swept again");
        }
    }
}
