//! `qdn link`: makes a link without asking a server, for whoever may read the data folder.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::{DataArgument, by_flag, say};
use crate::clock::now;
use crate::config::is_origin;
use crate::db::Db as _;
use crate::domain::{JobId, LinkId, Role};
use crate::operations::links::{self, LinkRequest, NewLink};
use crate::serve::{Address, address_path};

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

#[derive(Subcommand)]
pub(super) enum LinkCommand {
    /// Make a link that opens everything
    Staff(NewArguments),
    /// Make a link to upload and see photos
    Crew(NewArguments),
    /// Make a link to see a job's photos
    Customer(NewArguments),
    /// List the links to one job, or those to more than one
    List {
        #[command(flatten)]
        data: DataArgument,
        /// The job
        #[arg(long)]
        job: Option<String>,
    },
    /// Take a link back: it is dead at once
    Revoke {
        #[command(flatten)]
        data: DataArgument,
        /// The link's id, as it was printed or as `qdn link list` shows it
        link_id: String,
    },
}

#[derive(Args)]
pub(super) struct NewArguments {
    #[command(flatten)]
    data: DataArgument,
    /// The one job it opens; a customer's link needs one, the others open every job without it
    #[arg(long)]
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

pub(super) async fn run(command: LinkCommand) -> anyhow::Result<()> {
    match command {
        LinkCommand::Staff(arguments) => add(Role::Staff, arguments).await,
        LinkCommand::Crew(arguments) => add(Role::Crew, arguments).await,
        LinkCommand::Customer(arguments) => add(Role::Customer, arguments).await,
        LinkCommand::List { data, job } => list(&data, job.as_deref()).await,
        LinkCommand::Revoke { data, link_id } => revoke(&data, &link_id).await,
    }
}

async fn list(data: &DataArgument, job: Option<&str>) -> anyhow::Result<()> {
    let db = data.open_db().await?;
    let links = match job {
        Some(text) => db.links_of_job(job_id(text)?).await?,
        None => db.links_of_many_jobs().await?,
    };
    let now = now();
    for link in links {
        let state = match link.revoked_at {
            Some(_) => "taken back",
            None if link.is_live(now) => "live",
            None => "expired",
        };
        let used = link.last_used_at.map_or("never used".to_owned(), |time| format!("last used {time}"));
        let (id, role) = (link.link_id, link.role.as_str());
        say(&format!("{id}  {role:<9}{state:<11}until {}  {used}", link.expires_at))?;
    }
    Ok(())
}

async fn revoke(data: &DataArgument, text: &str) -> anyhow::Result<()> {
    let db = data.open_db().await?;
    let known = match LinkId::parse(text) {
        Ok(link_id) => db.revoke_link(link_id, now()).await?,
        Err(_) => false,
    };
    if !known {
        bail!("there is no link {text}");
    }
    Ok(())
}

fn job_id(text: &str) -> anyhow::Result<JobId> {
    JobId::parse(text).map_err(|error| anyhow::anyhow!("--job {error}"))
}

async fn add(role: Role, arguments: NewArguments) -> anyhow::Result<()> {
    let db = arguments.data.open_db().await?;
    let origin = match &arguments.public_url {
        Some(url) if !is_origin(url) => {
            bail!("--public-url must be an origin such as https://photos.example.com")
        }
        Some(url) => url.clone(),
        None => server_address(&arguments.data)?.api,
    };
    let request = LinkRequest {
        role,
        scope: links::scope_of(&db, arguments.job.as_deref()).await.map_err(by_flag)?,
        expires_seconds: arguments.days.map(|days| 86_400 * u32::from(days)),
        may_upload: arguments.may_upload,
    };
    let NewLink { link, token } = links::create_link(&db, request, now()).await.map_err(by_flag)?;
    let (link_id, url) = (link.link_id, links::url(&origin, role, &link.scope, &token));
    say(&format!(
        "{}\n{url}\n(link {link_id}; `qdn link revoke {link_id}` takes it back)",
        links::qr_terminal(&url)?
    ))
}

/// Where the server of this data folder answers, or answered last.
pub(super) fn server_address(data: &DataArgument) -> anyhow::Result<Address> {
    let path = super::existing(&data.data, &address_path(&data.data))?;
    serde_json::from_slice(&std::fs::read(&path)?).with_context(|| format!("{} is damaged", path.display()))
}
