//! Applications in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::row::{self, Answer, millis};
use crate::db::{DbError, Result};
use crate::domain::{Application, ApplicationId, ApplicationKind, SecretHash};

pub(super) fn insert(db: &Connection, application: &Application) -> Result<()> {
    let (role, (scope_kind, scope_id)) = match &application.kind {
        ApplicationKind::Publishable => (None, (None, None)),
        ApplicationKind::Secret { role, scope } => {
            let (kind, id) = row::scope_columns(scope);
            (Some(role.as_str()), (Some(kind), id))
        }
    };
    let origins = serde_json::to_string(&application.allowed_origins)
        .map_err(|error| DbError::Broken(error.to_string()))?;
    db.prepare_cached("INSERT INTO applications VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?.execute(
        params![
            application.application_id.as_str(),
            application.name,
            application.key_hash.as_bytes(),
            role,
            scope_kind,
            scope_id,
            origins,
            application.requests_per_minute_max,
            millis(application.created_at),
            application.revoked_at.map(millis),
        ],
    )?;
    Ok(())
}

pub(super) fn by_key(db: &Connection, key_hash: SecretHash) -> Result<Option<Application>> {
    let mut select = db.prepare_cached("SELECT * FROM applications WHERE key_hash = ?1")?;
    Ok(select.query_row([key_hash.as_bytes()], application).optional()?)
}

pub(super) fn all(db: &Connection) -> Result<Vec<Application>> {
    let mut select =
        db.prepare_cached("SELECT * FROM applications ORDER BY created_at DESC, application_id")?;
    Ok(select.query_map([], application)?.collect::<Answer<_>>()?)
}

pub(super) fn revoke(db: &Connection, application_id: &ApplicationId, now: Timestamp) -> Result<bool> {
    let changed = db.execute(
        "UPDATE applications SET revoked_at = coalesce(revoked_at, ?2) WHERE application_id = ?1",
        params![application_id.as_str(), millis(now)],
    )?;
    Ok(changed == 1)
}

fn application(row: &Row<'_>) -> Answer<Application> {
    let secret: bool = row.get::<_, Option<String>>("role")?.is_some();
    let kind = if secret {
        ApplicationKind::Secret { role: row::role(row)?, scope: row::scope(row)? }
    } else {
        ApplicationKind::Publishable
    };
    let origins: String = row.get("allowed_origins")?;
    Ok(Application {
        application_id: row::id(row, "application_id", ApplicationId::parse)?,
        name: row.get("name")?,
        kind,
        key_hash: row::hash(row, "key_hash")?,
        allowed_origins: serde_json::from_str(&origins).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
        })?,
        requests_per_minute_max: row.get("requests_per_minute_max")?,
        created_at: row::time(row, "created_at")?,
        revoked_at: row::optional_time(row, "revoked_at")?,
    })
}
