//! `qdn link`: makes a link without asking a server, for whoever may read the data folder.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::{DataArgument, say};
use crate::db::Db as _;
use crate::domain::{JobId, Role, Scope};
use crate::http::now;
use crate::links;
use crate::serve::address_path;

/// Whom a link is for.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleArgument {
    /// Everything
    Staff,
    /// Upload and see photos
    Crew,
    /// See photos
    Customer,
}

impl From<RoleArgument> for Role {
    fn from(argument: RoleArgument) -> Self {
        match argument {
            RoleArgument::Staff => Self::Staff,
            RoleArgument::Crew => Self::Crew,
            RoleArgument::Customer => Self::Customer,
        }
    }
}

#[derive(Args)]
pub(super) struct LinkArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Whom it is for
    role: RoleArgument,
    /// The one job it opens; without it, every job (staff and crew only)
    #[arg(long, required_if_eq("role", "customer"))]
    job: Option<String>,
    /// Days it shall live
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: Option<u16>,
    /// Let a customer upload with it
    #[arg(long)]
    may_upload: bool,
    /// Origin to put in front; that of the running server when absent
    #[arg(long, env = "QDN_PUBLIC_URL", value_name = "ORIGIN")]
    public_url: Option<String>,
}

pub(super) async fn run(arguments: LinkArguments) -> anyhow::Result<()> {
    let db = arguments.data.open_db().await?;
    let role = Role::from(arguments.role);
    let scope = match &arguments.job {
        Some(text) => {
            let job_id = JobId::parse(text).map_err(|error| anyhow::anyhow!("--job {error}"))?;
            db.job(job_id.clone()).await?.with_context(|| format!("there is no job {job_id}"))?;
            Scope::Job(job_id)
        }
        None => Scope::AllJobs,
    };
    let origin = match &arguments.public_url {
        Some(url) => url.clone(),
        None => server_origin(&arguments.data)?,
    };
    let now = now();
    let seconds = arguments.days.map_or(links::default_seconds(role), |days| u32::from(days) * 86_400);
    let expires_at = now.checked_add(SignedDuration::from_secs(i64::from(seconds)))?;
    let may_upload = role != Role::Customer || arguments.may_upload;
    let new = links::mint(role, scope, may_upload, now, expires_at);
    let url = links::url(&origin, role, &new.token);
    db.insert_link(new.link).await?;
    say(&format!("{}\n{url}", links::qr_terminal(&url)?))
}

/// Where the server of this data folder answers, or answered last.
pub(super) fn server_origin(data: &DataArgument) -> anyhow::Result<String> {
    #[derive(serde::Deserialize)]
    struct Address {
        api: String,
    }
    let path = super::existing(&data.data, &address_path(&data.data))?;
    let address: Address = serde_json::from_slice(&std::fs::read(&path)?)
        .with_context(|| format!("{} is damaged", path.display()))?;
    Ok(address.api)
}
