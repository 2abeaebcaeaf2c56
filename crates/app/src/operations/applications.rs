//! Applications and their keys.

use jiff::Timestamp;

use super::OperationError;
use super::links::scope_of;
use crate::config::is_origin;
use crate::db::{Db, DbError};
use crate::domain::{Application, ApplicationId, ApplicationKind, ApplicationName, Role, Secret};

/// An application that shall have a key.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// What the key is for.
    pub name: ApplicationName,
    /// The role that it acts as by itself; a publishable key, which opens nothing alone, has none.
    pub role: Option<Role>,
    /// The one job that a secret key is limited to.
    pub job: Option<String>,
    /// Origins whose pages may use the key; `*` is every one.
    pub origins: Vec<String>,
    /// Requests per minute.
    pub requests_per_minute_max: u32,
}

/// Makes an application known, and gives its key this once.
///
/// # Errors
/// [`OperationError`].
pub async fn add_application(
    db: &dyn Db,
    wish: NewApplication,
    now: Timestamp,
) -> Result<Secret, OperationError> {
    if let Some(bad) = wish.origins.iter().find(|origin| *origin != "*" && !is_origin(origin)) {
        let problem = format!("must be an origin such as https://www.example.com, or *, not {bad:?}");
        return Err(OperationError::field("origin", problem));
    }
    if wish.role == Some(Role::Customer) && wish.job.is_none() {
        return Err(OperationError::field("job", "is missing: a customer's key is for one job"));
    }
    let scope = scope_of(db, wish.job.as_deref()).await?;
    let (prefix, kind) = match wish.role {
        Some(role) => ("qdn_sk_", ApplicationKind::Secret { role, scope }),
        None => ("qdn_pk_", ApplicationKind::Publishable),
    };
    let key = Secret::generate(prefix);
    keep(db, &wish.name, &key, kind, (wish.origins, wish.requests_per_minute_max), now).await?;
    Ok(key)
}

/// Makes an application's key known to the database, also to one that was restored without it.
///
/// # Errors
/// When the database fails.
pub async fn ensure_application(
    db: &dyn Db,
    name: &ApplicationName,
    key: &Secret,
    kind: ApplicationKind,
    requests_per_minute_max: u32,
    now: Timestamp,
) -> Result<(), DbError> {
    if db.application_by_key(key.hash()).await?.is_some() {
        return Ok(());
    }
    keep(db, name, key, kind, (Vec::new(), requests_per_minute_max), now).await
}

async fn keep(
    db: &dyn Db,
    name: &ApplicationName,
    key: &Secret,
    kind: ApplicationKind,
    (allowed_origins, requests_per_minute_max): (Vec<String>, u32),
    now: Timestamp,
) -> Result<(), DbError> {
    let application = Application {
        application_id: ApplicationId::generate(now),
        name: name.clone(),
        kind,
        key_hash: key.hash(),
        allowed_origins,
        requests_per_minute_max,
        created_at: now,
        revoked_at: None,
    };
    db.insert_application(application).await
}
