//! Objects without a use, those of deleted photos and renditions that were replaced, and grants that were never used.

use jiff::{SignedDuration, Timestamp};

use crate::db::{Db, DbError};
use crate::domain::{JobId, ObjectName, PhotoId, PhotoRecord};
use crate::s3::{Bucket, S3Error};

/// Photos swept at a time.
const BATCH: usize = 100;
/// Grants pruned in one call.
const PRUNED_MAX: usize = 10_000;
/// How long a grant that was never used is kept after it has expired.
const UNUSED_KEPT: SignedDuration = SignedDuration::from_hours(24);
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

/// Drops grants that expired a day ago and whose object never came. The bucket is asked first: an object that nobody noted
/// is a photo.
pub async fn prune_grants(db: &dyn Db, bucket: &Bucket, grants_live: SignedDuration, now: Timestamp) {
    let before = now.checked_sub(grants_live + UNUSED_KEPT).unwrap_or(Timestamp::MIN);
    let mut pruned = 0;
    while pruned < PRUNED_MAX {
        match prune_some(db, bucket, before, now).await {
            Ok(0) => break,
            Ok(photos) => pruned += photos,
            Err(error) => return tracing::warn!(%error, "failed to prune grants that were never used"),
        }
    }
    if pruned > 0 {
        tracing::info!(pruned, "pruned grants that were never used");
    }
}

async fn prune_some(
    db: &dyn Db,
    bucket: &Bucket,
    before: Timestamp,
    now: Timestamp,
) -> Result<usize, DbError> {
    let mut records = db.unused_grants(before, BATCH).await?;
    let mut settled = 0;
    records.sort_by(|left, right| left.job_id.cmp(&right.job_id));
    for of_job in records.chunk_by(|left, right| left.job_id == right.job_id) {
        let (mut unused, mut stored) = (Vec::new(), Vec::new());
        for record in of_job {
            match bucket.find(&record.key, now).await {
                Ok(Some(object)) => stored.push((record.photo_id.clone(), object.stored_at)),
                Ok(None) => unused.push(record.photo_id.clone()),
                // Neither a photo nor none: the others do not wait for it.
                Err(error) => {
                    tracing::warn!(key = record.key, %error, "failed to look for an object of a grant");
                }
            }
        }
        let Some(job_id) = of_job.first().map(|record| record.job_id.clone()) else { continue };
        settled += stored.len() + unused.len();
        db.mark_stored(job_id.clone(), stored).await?;
        db.prune_grants(job_id, unused).await?;
    }
    Ok(settled)
}
