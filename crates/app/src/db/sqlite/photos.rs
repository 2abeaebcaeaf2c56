//! Photo records in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::row::{self, Answer, millis};
use crate::db::{DbError, Grant, Result};
use crate::domain::{
    JobId, Location, Outcome, Phase, PhotoChange, PhotoId, PhotoRecord, PhotoStatus, PrincipalId, Renditions,
    Verdict,
};

pub(super) fn grant_all(db: &Connection, records: &[PhotoRecord], open_max: u32) -> Result<Vec<Grant>> {
    let grants = records.iter().map(|record| grant(db, record)).collect::<Result<Vec<_>>>()?;
    // A call may name several uploaders in principle; it is asked once for each.
    let mut uploaders: Vec<_> = records.iter().filter_map(|record| record.uploaded_by.as_ref()).collect();
    uploaders.sort();
    uploaders.dedup();
    let mut select = db.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM photos
         WHERE uploaded_by = ?1 AND stored_at IS NULL AND deleted_at IS NULL LIMIT ?2 + 1)",
    )?;
    for uploader in uploaders.into_iter().filter(|_| grants.contains(&Grant::New)) {
        let open: u32 = select.query_row(params![uploader.as_str(), open_max], |row| row.get(0))?;
        if open > open_max {
            return Err(DbError::TooMany("open uploads"));
        }
    }
    Ok(grants)
}

fn grant(db: &Connection, record: &PhotoRecord) -> Result<Grant> {
    if let (Some(uploaded_by), Some(key)) = (&record.uploaded_by, &record.idempotency_key) {
        let mut select = db.prepare_cached(
            "SELECT * FROM photos WHERE job_id = ?1 AND uploaded_by = ?2 AND idempotency_key = ?3",
        )?;
        let earlier =
            select.query_row(params![record.job_id.as_str(), uploaded_by.as_str(), key], photo).optional()?;
        if let Some(earlier) = earlier {
            return Ok(Grant::Existing(Box::new(earlier)));
        }
    }
    insert(db, record, "")?;
    Ok(Grant::New)
}

/// A new record, which nobody has looked at nor deleted. `or` is SQLite's conflict clause: nothing, or `OR IGNORE`.
pub(super) fn insert(db: &Connection, record: &PhotoRecord, or: &str) -> Result<()> {
    let sql = format!(
        "INSERT {or} INTO photos (job_id, photo_id, key, name, content_type, size_bytes, sha256, phase, caption,
             taken_at, latitude, longitude, hidden, status, uploaded_by, idempotency_key, granted_at, stored_at,
             process_after)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
    );
    db.prepare_cached(&sql)?.execute(params![
        record.job_id.as_str(),
        record.photo_id.as_str(),
        record.key,
        record.name,
        record.content_type,
        record.size_bytes,
        record.sha256,
        record.phase.map(Phase::as_str),
        record.caption,
        record.taken_at.map(millis),
        record.location.map(|location| location.latitude),
        record.location.map(|location| location.longitude),
        record.hidden,
        PhotoStatus::Processing.as_str(),
        record.uploaded_by.as_ref().map(PrincipalId::as_str),
        record.idempotency_key,
        millis(record.granted_at),
        record.stored_at.map(millis),
        record.process_after.map(millis),
    ])?;
    Ok(())
}

pub(super) fn by_ids(db: &Connection, job_id: &JobId, photo_ids: &[PhotoId]) -> Result<Vec<PhotoRecord>> {
    let mut select = db.prepare_cached("SELECT * FROM photos WHERE job_id = ?1 AND photo_id = ?2")?;
    let mut records = Vec::with_capacity(photo_ids.len());
    for photo_id in photo_ids {
        records.extend(select.query_row([job_id.as_str(), photo_id.as_str()], photo).optional()?);
    }
    Ok(records)
}

pub(super) fn stored(
    db: &Connection,
    job_id: &JobId,
    from: Option<&PhotoId>,
    to: Option<&PhotoId>,
    limit: usize,
) -> Result<Vec<PhotoRecord>> {
    let mut select = db.prepare_cached(
        "SELECT * FROM photos WHERE job_id = ?1 AND photo_id BETWEEN ?2 AND coalesce(?3, char(0x10FFFF))
         AND stored_at IS NOT NULL AND deleted_at IS NULL ORDER BY photo_id LIMIT ?4",
    )?;
    let from = from.map_or("", PhotoId::as_str);
    let parameters = params![job_id.as_str(), from, to.map(PhotoId::as_str), limit];
    Ok(select.query_map(parameters, photo)?.collect::<Answer<_>>()?)
}

pub(super) fn any_stored(db: &Connection) -> Result<bool> {
    let any = "SELECT EXISTS (SELECT 1 FROM photos INDEXED BY photos_stored
         WHERE stored_at IS NOT NULL AND deleted_at IS NULL)";
    Ok(db.query_row(any, [], |row| row.get(0))?)
}

pub(super) fn all_stored(
    db: &Connection,
    after: Option<&(JobId, PhotoId)>,
    limit: usize,
) -> Result<Vec<PhotoRecord>> {
    let mut select = db.prepare_cached(
        "SELECT * FROM photos WHERE (job_id, photo_id) > (?1, ?2) AND stored_at IS NOT NULL AND deleted_at IS NULL
         ORDER BY job_id, photo_id LIMIT ?3",
    )?;
    let (job_id, photo_id) =
        after.map_or(("", ""), |(job_id, photo_id)| (job_id.as_str(), photo_id.as_str()));
    Ok(select.query_map(params![job_id, photo_id, limit], photo)?.collect::<Answer<_>>()?)
}

pub(super) fn newest_record(db: &Connection) -> Result<Option<Timestamp>> {
    let newest = "SELECT max(at) AS at FROM (SELECT max(granted_at) AS at FROM photos
         UNION ALL SELECT max(created_at) FROM jobs UNION ALL SELECT max(created_at) FROM customers)";
    Ok(db.query_row(newest, [], |row| row::optional_time(row, "at"))?)
}

pub(super) fn unused(db: &Connection, granted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
    // The index has no order by time alone, and no more entries than all tokens together may have open.
    let mut select = db.prepare_cached(
        "SELECT * FROM photos WHERE stored_at IS NULL AND deleted_at IS NULL AND granted_at < ?1
         ORDER BY granted_at LIMIT ?2",
    )?;
    Ok(select.query_map(params![millis(granted_before), limit], photo)?.collect::<Answer<_>>()?)
}

/// False when there is no such record.
pub(super) fn renew(db: &Connection, job_id: &JobId, photo_id: &PhotoId, now: Timestamp) -> Result<bool> {
    let renewed = db
        .prepare_cached(
            "UPDATE photos SET granted_at = iif(stored_at IS NULL AND deleted_at IS NULL, max(granted_at, ?3), granted_at)
             WHERE job_id = ?1 AND photo_id = ?2",
        )?
        .execute(params![job_id.as_str(), photo_id.as_str(), millis(now)])?;
    Ok(renewed == 1)
}

pub(super) fn prune(db: &Connection, job_id: &JobId, photo_ids: &[PhotoId]) -> Result<()> {
    let mut delete = db.prepare_cached(
        "DELETE FROM photos WHERE job_id = ?1 AND photo_id = ?2 AND stored_at IS NULL AND deleted_at IS NULL",
    )?;
    for photo_id in photo_ids {
        delete.execute([job_id.as_str(), photo_id.as_str()])?;
    }
    Ok(())
}

pub(super) fn mark_stored(db: &Connection, job_id: &JobId, photos: &[(PhotoId, Timestamp)]) -> Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE photos SET stored_at = ?3,
             process_after = iif(status = 'processing' AND deleted_at IS NULL, ?3, process_after)
         WHERE job_id = ?1 AND photo_id = ?2 AND stored_at IS NULL",
    )?;
    for (photo_id, stored_at) in photos {
        update.execute(params![job_id.as_str(), photo_id.as_str(), millis(*stored_at)])?;
    }
    Ok(())
}

pub(super) fn change(
    db: &Connection,
    job_id: &JobId,
    photo_id: &PhotoId,
    change: &PhotoChange,
) -> Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE photos SET phase = iif(?3, ?4, phase), caption = iif(?5, ?6, caption), hidden = coalesce(?7, hidden)
             WHERE job_id = ?1 AND photo_id = ?2 AND deleted_at IS NULL",
        )?
        .execute(params![
            job_id.as_str(),
            photo_id.as_str(),
            change.phase.is_some(),
            change.phase.flatten().map(Phase::as_str),
            change.caption.is_some(),
            change.caption.clone().flatten(),
            change.hidden,
        ])?;
    Ok(changed == 1)
}

pub(super) fn forget(db: &Connection, job_id: &JobId, photo_id: &PhotoId) -> Result<()> {
    db.execute(
        "DELETE FROM photos WHERE job_id = ?1 AND photo_id = ?2",
        [job_id.as_str(), photo_id.as_str()],
    )?;
    Ok(())
}

pub(super) fn delete(db: &Connection, job_id: &JobId, photo_id: &PhotoId, now: Timestamp) -> Result<bool> {
    let changed = db.execute(
        "UPDATE photos SET deleted_at = coalesce(deleted_at, ?3), process_after = NULL
         WHERE job_id = ?1 AND photo_id = ?2",
        params![job_id.as_str(), photo_id.as_str(), millis(now)],
    )?;
    Ok(changed == 1)
}

fn outcome(row: &Row<'_>) -> Answer<Option<Outcome>> {
    let verdict = match row::word(row, "status", PhotoStatus::parse)? {
        PhotoStatus::Processing | PhotoStatus::Missing => return Ok(None),
        PhotoStatus::Rejected => Verdict::Rejected(row.get("rejection")?),
        PhotoStatus::Ready => Verdict::Ready(Renditions {
            version: row.get("rendition_version")?,
            width: row.get("width")?,
            height: row.get("height")?,
            thumbhash: row.get("thumbhash")?,
            damaged: row.get("damaged")?,
        }),
    };
    Ok(Some(Outcome { source_etag: row.get("source_etag")?, verdict }))
}

pub(super) fn photo(row: &Row<'_>) -> Answer<PhotoRecord> {
    let latitude: Option<f64> = row.get("latitude")?;
    let longitude: Option<f64> = row.get("longitude")?;
    let uploaded_by: Option<String> = row.get("uploaded_by")?;
    Ok(PhotoRecord {
        job_id: row::id(row, "job_id", JobId::parse)?,
        photo_id: row::id(row, "photo_id", PhotoId::parse)?,
        key: row.get("key")?,
        name: row.get("name")?,
        content_type: row.get("content_type")?,
        size_bytes: row.get("size_bytes")?,
        sha256: row.get("sha256")?,
        phase: row::optional_word(row, "phase", Phase::parse)?,
        caption: row.get("caption")?,
        taken_at: row::optional_time(row, "taken_at")?,
        location: latitude.zip(longitude).map(|(latitude, longitude)| Location { latitude, longitude }),
        hidden: row.get("hidden")?,
        outcome: outcome(row)?,
        process_after: row::optional_time(row, "process_after")?,
        process_attempts: row.get("process_attempts")?,
        process_blame: row.get("process_blame")?,
        uploaded_by: uploaded_by
            .is_some()
            .then(|| row::id(row, "uploaded_by", PrincipalId::parse))
            .transpose()?,
        idempotency_key: row.get("idempotency_key")?,
        granted_at: row::time(row, "granted_at")?,
        stored_at: row::optional_time(row, "stored_at")?,
        deleted_at: row::optional_time(row, "deleted_at")?,
    })
}
