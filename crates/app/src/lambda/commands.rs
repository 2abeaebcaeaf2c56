//! What the schedule and the operator ask of the photo function, by invoking it: AWS asks them who they are.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Settings;
use super::settings::APPLICATION_KEY_BYTES;
use crate::db::{Db, DbError};
use crate::domain::{ApplicationId, ApplicationKind, ApplicationName, LinkId, Role, Scope, Secret};
use crate::operations::OperationError;
use crate::operations::applications::{self, NewApplication};
use crate::operations::links::{self, LinkRequest, NewLink};

/// A command: `{"qdn": "sweep"}`, `{"qdn": "add_link", "role": "crew"}`.
#[derive(Debug, Deserialize)]
#[serde(tag = "qdn", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Command {
    /// Remove what deleted photos left, and take up photos that wait though no message speaks of them.
    Sweep {},
    /// Make the pages' key known to the database and, where it was not, a first link for staff. Every deployment asks for it.
    Setup {},
    /// Make an application key. API Gateway must be told of it too.
    AddKey {
        name: String,
        /// A publishable key that shall be known before the pages hand it out.
        key: Option<String>,
        role: Option<String>,
        job: Option<String>,
        #[serde(default)]
        origins: Vec<String>,
        requests_per_minute_max: Option<u32>,
    },
    /// List the applications.
    ListKeys {},
    /// Take an application's key back.
    RevokeKey { application_id: String },
    /// Make a link.
    AddLink {
        role: String,
        job: Option<String>,
        seconds: Option<u32>,
        #[serde(default)]
        may_upload: bool,
    },
    /// Take a link back.
    RevokeLink { link_id: String },
}

/// Why a command was not carried out, for the operator.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error("{0}")]
    Operation(#[from] OperationError),
    #[error("{0}")]
    Db(#[from] DbError),
    #[error("role must be staff, crew or customer, not {0:?}")]
    Role(String),
    #[error("key: one that is given is publishable, without role and job, and has 20 to 128 characters")]
    Key,
    #[error("the pages' key was revoked: deploy another as ApplicationKey")]
    Revoked,
    #[error("there is no such {0}")]
    Unknown(&'static str),
}

/// Carries out a command of the operator.
pub(super) async fn carry_out(
    command: Command,
    db: &dyn Db,
    settings: &Settings,
    now: Timestamp,
) -> Result<Value, CommandError> {
    let rate = settings.config.uploads.requests_per_minute_max;
    Ok(match command {
        // The processor's own.
        Command::Sweep {} => json!({}),
        Command::Setup {} => set_up(db, settings, now).await?,
        Command::AddKey { name, key: Some(key), role: None, job: None, .. } => {
            if !APPLICATION_KEY_BYTES.contains(&key.len()) {
                return Err(CommandError::Key);
            }
            let name = read_name(&name)?;
            let (key, kind) = (Secret::from_caller(&key), ApplicationKind::Publishable);
            applications::ensure_application(db, &name, &key, kind, rate, now).await?;
            json!({ "known": true })
        }
        Command::AddKey { key: Some(_), .. } => return Err(CommandError::Key),
        Command::AddKey { name, key: None, role, job, origins, requests_per_minute_max } => {
            let role = role.as_deref().map(read_role).transpose()?;
            let name = read_name(&name)?;
            let requests_per_minute_max = requests_per_minute_max.unwrap_or(rate).max(1);
            let wish = NewApplication { name, role, job, origins, requests_per_minute_max };
            json!({ "key": applications::add_application(db, wish, now).await?.reveal() })
        }
        Command::ListKeys {} => {
            let applications = db.applications().await?.into_iter().map(|application| {
                json!({
                    "application_id": application.application_id.as_str(),
                    "name": application.name.as_str(),
                    "revoked": application.revoked_at.is_some(),
                })
            });
            json!({ "applications": applications.collect::<Vec<_>>() })
        }
        Command::RevokeKey { application_id } => {
            let id =
                ApplicationId::parse(&application_id).map_err(|_| CommandError::Unknown("application"))?;
            known(db.revoke_application(id, now).await?, "application")?
        }
        Command::AddLink { role, job, seconds, may_upload } => {
            let role = read_role(&role)?;
            let scope = links::scope_of(db, job.as_deref()).await?;
            let request = LinkRequest { role, scope, expires_seconds: seconds, may_upload };
            link(db, settings, request, now).await?
        }
        Command::RevokeLink { link_id } => {
            let id = LinkId::parse(&link_id).map_err(|_| CommandError::Unknown("link"))?;
            known(db.revoke_link(id, now).await?, "link")?
        }
    })
}

/// Makes the pages' key known and, where it was not, a first link for staff.
async fn set_up(db: &dyn Db, settings: &Settings, now: Timestamp) -> Result<Value, CommandError> {
    let key = &settings.application_key;
    match db.application_by_key(key.hash()).await? {
        Some(application) if application.revoked_at.is_some() => Err(CommandError::Revoked),
        Some(_) => Ok(json!({ "known": true })),
        None => {
            // The link first: where this ends half way, the next call makes another.
            let (role, scope) = (Role::Staff, Scope::AllJobs);
            let request = LinkRequest { role, scope, expires_seconds: None, may_upload: false };
            let link = link(db, settings, request, now).await?;
            let name = read_name("pages")?;
            let rate = settings.config.uploads.requests_per_minute_max;
            applications::ensure_application(db, &name, key, ApplicationKind::Publishable, rate, now).await?;
            Ok(link)
        }
    }
}

async fn link(
    db: &dyn Db,
    settings: &Settings,
    request: LinkRequest,
    now: Timestamp,
) -> Result<Value, CommandError> {
    let created = links::create_link(db, request, now).await.map_err(|error| match error {
        OperationError::Field { field: "expires_in", rule } => OperationError::field("seconds", rule),
        other => other,
    });
    let NewLink { link, token } = created?;
    let origin = settings.config.network.public_url.as_deref().unwrap_or_default();
    let url = links::url(origin, link.role, &link.scope, &token);
    Ok(json!({ "link_id": link.link_id.as_str(), "url": url }))
}

fn read_name(text: &str) -> Result<ApplicationName, CommandError> {
    Ok(ApplicationName::parse(text).map_err(|error| OperationError::field("name", error))?)
}

fn read_role(text: &str) -> Result<Role, CommandError> {
    Role::parse(text).ok_or_else(|| CommandError::Role(text.to_owned()))
}

fn known(known: bool, what: &'static str) -> Result<Value, CommandError> {
    known.then(|| json!({ "revoked": true })).ok_or(CommandError::Unknown(what))
}
