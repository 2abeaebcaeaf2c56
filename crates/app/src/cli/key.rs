//! `qdn key`: application keys for servers, phone shortcuts and pages of other origins.

use anyhow::bail;
use clap::{Args, Subcommand};

use super::link::RoleArgument;
use super::{DataArgument, by_flag, printable, say};
use crate::clock::now;
use crate::config::UploadConfig;
use crate::db::Db as _;
use crate::domain::{ApplicationId, ApplicationKind, ApplicationName, Role};
use crate::operations::applications::{self, NewApplication};

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key; it is printed this once
    Add(AddArguments),
    /// List the applications
    List {
        #[command(flatten)]
        data: DataArgument,
    },
    /// Take a key back
    Revoke {
        #[command(flatten)]
        data: DataArgument,
        /// The application's id, as `qdn key list` shows it
        application_id: String,
    },
}

#[derive(Args)]
pub(super) struct AddArguments {
    #[command(flatten)]
    data: DataArgument,
    /// What it is for
    name: String,
    /// Make a secret key that acts as this role by itself; without it the key is publishable and opens nothing alone
    #[arg(long)]
    role: Option<RoleArgument>,
    /// Limit a secret key to one job; a customer's key must be
    #[arg(long, requires = "role", required_if_eq("role", "customer"))]
    job: Option<String>,
    /// An origin whose pages may use the key, such as <https://www.example.com>; may be given more than once
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Requests per minute
    #[arg(long, default_value_t = UploadConfig::default().requests_per_minute_max, value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute_max: u32,
}

pub(super) async fn run(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Add(arguments) => add(arguments).await,
        KeyCommand::List { data } => list(&data).await,
        KeyCommand::Revoke { data, application_id } => revoke(&data, &application_id).await,
    }
}

async fn add(arguments: AddArguments) -> anyhow::Result<()> {
    let db = arguments.data.open_db().await?;
    let wish = NewApplication {
        name: ApplicationName::parse(&arguments.name).map_err(|error| anyhow::anyhow!("the name {error}"))?,
        role: arguments.role.map(Role::from),
        job: arguments.job,
        origins: arguments.origins,
        requests_per_minute_max: arguments.requests_per_minute_max,
    };
    let key = applications::add_application(&db, wish, now()).await.map_err(by_flag)?;
    say(key.reveal())
}

async fn list(data: &DataArgument) -> anyhow::Result<()> {
    for application in data.open_db().await?.applications().await? {
        let kind = match &application.kind {
            ApplicationKind::Publishable => "publishable".to_owned(),
            ApplicationKind::Secret { role, .. } => format!("secret, {}", role.as_str()),
        };
        let state = if application.revoked_at.is_some() { "revoked" } else { "live" };
        say(&format!(
            "{}  {state:<8}{kind:<18}{}",
            application.application_id,
            printable(application.name.as_str())
        ))?;
    }
    Ok(())
}

async fn revoke(data: &DataArgument, text: &str) -> anyhow::Result<()> {
    let db = data.open_db().await?;
    let known = match ApplicationId::parse(text) {
        Ok(application_id) => db.revoke_application(application_id, now()).await?,
        Err(_) => false,
    };
    if !known {
        bail!("there is no application {text}");
    }
    Ok(())
}
