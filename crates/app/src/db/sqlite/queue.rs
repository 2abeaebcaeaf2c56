//! The processor's queue in SQLite: `process_after` says when a photo is due, and who claims one moves it on.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::photos::photo;
use super::row::{Answer, millis};
use crate::db::{Finished, Found, Result};
use crate::domain::{Claim, JobId, Outcome, PhotoId, PhotoRecord, PhotoStatus, Renditions, Verdict};

pub(super) fn queue(db: &Connection, job_id: &JobId, photo_ids: &[PhotoId], now: Timestamp) -> Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE photos SET process_after = ?3, process_attempts = 0, process_blame = 0
         WHERE job_id = ?1 AND photo_id = ?2 AND process_after IS NULL AND deleted_at IS NULL",
    )?;
    for photo_id in photo_ids {
        update.execute(params![job_id.as_str(), photo_id.as_str(), millis(now)])?;
    }
    Ok(())
}

pub(super) fn queue_unfinished(db: &Connection, granted_since: Timestamp, now: Timestamp) -> Result<u64> {
    let queued = db.execute(
        "UPDATE photos SET process_after = ?2, process_attempts = 0
         WHERE status = 'processing' AND deleted_at IS NULL AND (stored_at IS NOT NULL OR granted_at >= ?1)",
        [millis(granted_since), millis(now)],
    )?;
    Ok(queued as u64)
}

pub(super) fn claim(
    db: &Connection,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<PhotoRecord>> {
    let mut update = db.prepare_cached(
        "UPDATE photos SET process_after = ?2, process_attempts = process_attempts + 1, process_blame = process_blame + 1
         WHERE (job_id, photo_id) IN (
             SELECT job_id, photo_id FROM photos WHERE process_after <= ?1 ORDER BY process_after LIMIT ?3)
         RETURNING *",
    )?;
    Ok(update.query_map(params![millis(now), millis(until), limit], photo)?.collect::<Answer<_>>()?)
}

pub(super) fn claim_one(
    db: &Connection,
    job_id: &JobId,
    photo_id: &PhotoId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<PhotoRecord>> {
    let mut update = db.prepare_cached(
        "UPDATE photos SET process_after = ?4, process_attempts = process_attempts + 1, process_blame = process_blame + 1
         WHERE job_id = ?1 AND photo_id = ?2 AND process_after <= ?3 RETURNING *",
    )?;
    let parameters = params![job_id.as_str(), photo_id.as_str(), millis(now), millis(until)];
    Ok(update.query_map(parameters, photo)?.next().transpose()?)
}

pub(super) fn finish(db: &Connection, claim: &Claim, outcome: &Outcome, found: Found) -> Result<Finished> {
    let (job_id, photo_id) = (claim.job_id.as_str(), claim.photo_id.as_str());
    let (status, renditions, rejection): (_, Option<&Renditions>, Option<&str>) = match &outcome.verdict {
        Verdict::Ready(renditions) => (PhotoStatus::Ready, Some(renditions), None),
        Verdict::Rejected(code) => (PhotoStatus::Rejected, None, Some(code)),
    };
    let finished = db
        .prepare_cached(
            "UPDATE photos SET status = ?3, source_etag = ?4, rendition_version = ?5, width = ?6, height = ?7,
                 thumbhash = ?8, rejection = ?9, damaged = ?14, process_after = NULL, process_attempts = 0,
                 process_blame = 0,
                 taken_at = coalesce(taken_at, ?10),
                 latitude = coalesce(latitude, ?11), longitude = coalesce(longitude, ?12)
             WHERE job_id = ?1 AND photo_id = ?2 AND deleted_at IS NULL AND process_after = ?13",
        )?
        .execute(params![
            job_id,
            photo_id,
            status.as_str(),
            outcome.source_etag,
            renditions.map(|renditions| &renditions.version),
            renditions.map(|renditions| renditions.width),
            renditions.map(|renditions| renditions.height),
            renditions.map(|renditions| &renditions.thumbhash),
            rejection,
            found.taken_at.map(millis),
            found.location.map(|location| location.latitude),
            found.location.map(|location| location.longitude),
            millis(claim.until),
            renditions.is_some_and(|renditions| renditions.damaged),
        ])?;
    if finished == 1 {
        return Ok(Finished::Kept);
    }
    let there =
        "SELECT EXISTS (SELECT 1 FROM photos WHERE job_id = ?1 AND photo_id = ?2 AND deleted_at IS NULL)";
    let there = db.prepare_cached(there)?.query_row(params![job_id, photo_id], |row| row.get(0))?;
    Ok(if there { Finished::Overtaken } else { Finished::Deleted })
}

pub(super) fn put_off(db: &Connection, claim: &Claim, again: Option<Timestamp>, blame: u32) -> Result<()> {
    let (job_id, photo_id) = (claim.job_id.as_str(), claim.photo_id.as_str());
    db.prepare_cached(
        "UPDATE photos SET process_after = ?3, process_blame = ?4
         WHERE job_id = ?1 AND photo_id = ?2 AND process_after = ?5",
    )?
    .execute(params![job_id, photo_id, again.map(millis), blame, millis(claim.until)])?;
    Ok(())
}

pub(super) fn waiting(db: &Connection) -> Result<u64> {
    let count = "SELECT count(*) FROM photos WHERE process_after IS NOT NULL";
    Ok(db.query_row(count, [], |row| row.get(0))?)
}

pub(super) fn to_sweep(db: &Connection, deleted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
    let mut select = db.prepare_cached(
        "SELECT * FROM photos WHERE deleted_at < ?1 AND swept_at IS NULL ORDER BY deleted_at LIMIT ?2",
    )?;
    Ok(select.query_map(params![millis(deleted_before), limit], photo)?.collect::<Answer<_>>()?)
}

pub(super) fn mark_swept(db: &Connection, job_id: &JobId, photo_id: &PhotoId, now: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE photos SET swept_at = ?3 WHERE job_id = ?1 AND photo_id = ?2")?
        .execute(params![job_id.as_str(), photo_id.as_str(), millis(now)])?;
    Ok(())
}
