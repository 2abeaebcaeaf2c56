//! What an operator does to an installation from beside it: application keys, and links without a server that mints them.

use jiff::{SignedDuration, Timestamp};

use crate::config::is_origin;
use crate::db::{Db, DbError};
use crate::domain::{Application, ApplicationId, ApplicationKind, JobId, Role, Scope, Secret};
use crate::links::{self, NewLink};

/// Links are listed for so long after they stopped working.
pub const DEAD_LINKS_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Why something was not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// What was asked for cannot be.
    #[error("{field} {problem}")]
    Field {
        /// Of the wish, by its name here and on the command line.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The database failed.
    #[error("{0}")]
    Db(#[from] DbError),
    /// A time that no calendar has.
    #[error("{0}")]
    Time(#[from] jiff::Error),
}

fn refuse(field: &'static str, problem: impl Into<String>) -> SetupError {
    SetupError::Field { field, problem: problem.into() }
}

/// An application that shall have a key.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// What the key is for.
    pub name: String,
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
/// [`SetupError`].
pub async fn add_application(
    db: &dyn Db,
    wish: NewApplication,
    now: Timestamp,
) -> Result<Secret, SetupError> {
    if let Some(bad) = wish.origins.iter().find(|origin| *origin != "*" && !is_origin(origin)) {
        let problem = format!("must be an origin such as https://www.example.com, or *, not {bad:?}");
        return Err(refuse("origin", problem));
    }
    if wish.role == Some(Role::Customer) && wish.job.is_none() {
        return Err(refuse("job", "is missing: a customer's key is for one job"));
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
    name: &str,
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
    name: &str,
    key: &Secret,
    kind: ApplicationKind,
    (allowed_origins, requests_per_minute_max): (Vec<String>, u32),
    now: Timestamp,
) -> Result<(), DbError> {
    let application = Application {
        application_id: ApplicationId::generate(now),
        name: name.to_owned(),
        kind,
        key_hash: key.hash(),
        allowed_origins,
        requests_per_minute_max,
        created_at: now,
        revoked_at: None,
    };
    db.insert_application(application).await
}

/// A link that shall be made.
#[derive(Debug, Clone)]
pub struct LinkWish {
    /// Whom it is for.
    pub role: Role,
    /// The one job that it opens; a customer's link needs one.
    pub job: Option<String>,
    /// How long it lives; the role's own time when absent.
    pub lives: Option<SignedDuration>,
    /// Whether a customer may upload with it.
    pub may_upload: bool,
}

/// Makes a link and keeps it. The token is given this once.
///
/// # Errors
/// [`SetupError`].
pub async fn add_link(db: &dyn Db, wish: &LinkWish, now: Timestamp) -> Result<NewLink, SetupError> {
    let (role, lives) = (wish.role, wish.lives);
    if role == Role::Customer && wish.job.is_none() {
        return Err(refuse("job", "is missing: a customer's link is for one job"));
    }
    let scope = scope_of(db, wish.job.as_deref()).await?;
    let lives = lives.unwrap_or(SignedDuration::from_secs(links::default_seconds(role).into()));
    let may_upload = role != Role::Customer || wish.may_upload;
    let new = links::mint(role, scope, may_upload, now, now.checked_add(lives)?);
    db.insert_link(new.link.clone()).await?;
    Ok(new)
}

/// One job that exists, or all.
async fn scope_of(db: &dyn Db, job: Option<&str>) -> Result<Scope, SetupError> {
    let Some(text) = job else { return Ok(Scope::AllJobs) };
    let job_id = JobId::parse(text).map_err(|error| refuse("job", error.to_string()))?;
    match db.job(job_id.clone()).await? {
        Some(_) => Ok(Scope::Job(job_id)),
        None => Err(refuse("job", format!("{job_id} does not exist"))),
    }
}
