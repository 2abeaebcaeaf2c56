//! Links in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::row::{self, Answer, millis};
use crate::db::Result;
use crate::domain::{JobId, Link, LinkId, SecretHash};

pub(super) fn insert(db: &Connection, link: &Link) -> Result<()> {
    let (scope_kind, scope_id) = row::scope_columns(&link.scope);
    db.prepare_cached("INSERT INTO links VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?.execute(
        params![
            link.link_id.as_str(),
            link.token_hash.as_bytes(),
            link.role.as_str(),
            scope_kind,
            scope_id,
            link.may_upload,
            millis(link.created_at),
            millis(link.expires_at),
            link.revoked_at.map(millis),
            link.last_used_at.map(millis),
        ],
    )?;
    Ok(())
}

pub(super) fn by_token(db: &Connection, token_hash: SecretHash) -> Result<Option<Link>> {
    let mut select = db.prepare_cached("SELECT * FROM links WHERE token_hash = ?1")?;
    Ok(select.query_row([token_hash.as_bytes()], link).optional()?)
}

pub(super) fn by_id(db: &Connection, link_id: &LinkId) -> Result<Option<Link>> {
    let mut select = db.prepare_cached("SELECT * FROM links WHERE link_id = ?1")?;
    Ok(select.query_row([link_id.as_str()], link).optional()?)
}

pub(super) fn of_job(db: &Connection, job_id: &JobId) -> Result<Vec<Link>> {
    let mut select = db.prepare_cached(
        "SELECT * FROM links WHERE scope_kind = 'job' AND scope_id = ?1 ORDER BY created_at DESC, link_id DESC",
    )?;
    Ok(select.query_map([job_id.as_str()], link)?.collect::<Answer<_>>()?)
}

pub(super) fn of_many_jobs(db: &Connection) -> Result<Vec<Link>> {
    let mut select = db.prepare_cached(
        "SELECT * FROM links WHERE scope_kind != 'job' ORDER BY created_at DESC, link_id DESC",
    )?;
    Ok(select.query_map([], link)?.collect::<Answer<_>>()?)
}

pub(super) fn prune(db: &Connection, before: Timestamp) -> Result<()> {
    db.execute("DELETE FROM links WHERE expires_at < ?1 OR revoked_at < ?1", [millis(before)])?;
    Ok(())
}

pub(super) fn revoke(db: &Connection, link_id: &LinkId, now: Timestamp) -> Result<bool> {
    let changed = db.execute(
        "UPDATE links SET revoked_at = coalesce(revoked_at, ?2) WHERE link_id = ?1",
        params![link_id.as_str(), millis(now)],
    )?;
    Ok(changed == 1)
}

pub(super) fn touch(db: &Connection, link_id: &LinkId, now: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE links SET last_used_at = ?2 WHERE link_id = ?1",
        params![link_id.as_str(), millis(now)],
    )?;
    Ok(())
}

fn link(row: &Row<'_>) -> Answer<Link> {
    Ok(Link {
        link_id: row::id(row, "link_id", LinkId::parse)?,
        token_hash: row::hash(row, "token_hash")?,
        role: row::role(row)?,
        scope: row::scope(row)?,
        may_upload: row.get("may_upload")?,
        created_at: row::time(row, "created_at")?,
        expires_at: row::time(row, "expires_at")?,
        revoked_at: row::optional_time(row, "revoked_at")?,
        last_used_at: row::optional_time(row, "last_used_at")?,
    })
}
