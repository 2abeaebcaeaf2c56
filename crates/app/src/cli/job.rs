//! `qdn job add` and `qdn job list`, straight on the database.

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{DataArgument, printable, say};
use crate::clock::now;
use crate::db::{Db as _, DbError, JobFilter};
use crate::domain::{Address, CustomerId, CustomerName, JobId, Phone, Scope, TextError, Title};
use crate::events::Events;
use crate::operations::{NewCustomer, NewJob, OperationError, create_customer, create_job};

#[derive(Subcommand)]
pub(super) enum JobCommand {
    /// Add a job, with a new customer or an existing one
    Add(AddArguments),
    /// List the newest jobs
    List(ListArguments),
}

#[derive(Args)]
pub(super) struct AddArguments {
    #[command(flatten)]
    data: DataArgument,
    /// What people call it
    title: String,
    /// Name of a new customer
    #[arg(long, required_unless_present = "customer_id", conflicts_with = "customer_id")]
    customer: Option<String>,
    /// Phone number of the new customer
    #[arg(long, requires = "customer")]
    phone: Option<String>,
    /// An existing customer
    #[arg(long)]
    customer_id: Option<String>,
    /// Where
    #[arg(long)]
    address: Option<String>,
    /// When, such as 2026-05-04T09:30:00Z
    #[arg(long)]
    scheduled_for: Option<Timestamp>,
    /// Your own id for it: 1 to 64 of A-Z, a-z, 0-9, _ and -
    #[arg(long)]
    job_id: Option<String>,
}

#[derive(Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Words that must stand in the title, address, customer's name or id
    search: Vec<String>,
    /// How many
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub(super) async fn run(command: JobCommand) -> anyhow::Result<()> {
    match command {
        JobCommand::Add(arguments) => add(arguments).await,
        JobCommand::List(arguments) => list(arguments).await,
    }
}

async fn add(arguments: AddArguments) -> anyhow::Result<()> {
    let db = arguments.data.open_db().await?;
    let now = now();
    let read = |flag: &str, error: TextError| anyhow::anyhow!("{flag} {error}");
    let title = Title::parse(&arguments.title).map_err(|error| read("the title", error))?;
    let address = Address::parse_optional(arguments.address.as_deref());
    let address = address.map_err(|error| read("--address", error))?;
    let job_id = arguments.job_id.as_deref().map(JobId::parse).transpose();
    let job_id = job_id.map_err(|error| anyhow::anyhow!("--job-id {error}"))?;
    // Asked before a customer is made for it.
    if let Some(job_id) = &job_id
        && db.job(job_id.clone()).await?.is_some()
    {
        bail!("there is a job {job_id} already");
    }
    let customer_id = match (&arguments.customer_id, &arguments.customer) {
        (Some(text), _) => {
            CustomerId::parse(text).map_err(|error| anyhow::anyhow!("--customer-id {error}"))?
        }
        (None, name) => {
            let name = CustomerName::parse(name.as_deref().unwrap_or_default());
            let phone = Phone::parse_optional(arguments.phone.as_deref());
            let new = NewCustomer {
                name: name.map_err(|error| read("--customer", error))?,
                phone: phone.map_err(|error| read("--phone", error))?,
                email: None,
            };
            create_customer(&db, new, now).await?
        }
    };
    let scheduled_for = arguments.scheduled_for;
    let new = NewJob { job_id, customer_id: customer_id.clone(), title, address, scheduled_for };
    match create_job(&db, &Events::default(), new, now).await {
        Err(OperationError::Db(DbError::Missing(_))) => bail!("there is no customer {customer_id}"),
        Err(error) => Err(error.into()),
        Ok(job_id) => say(job_id.as_str()),
    }
}

async fn list(arguments: ListArguments) -> anyhow::Result<()> {
    let db = arguments.data.open_db().await?;
    let filter = JobFilter {
        scope: Scope::AllJobs,
        search: arguments.search,
        status: None,
        after: None,
        limit: arguments.limit,
    };
    for row in db.jobs(filter).await? {
        let (job, customer) = (row.job, row.customer);
        let status = job.status.as_str();
        say(&format!(
            "{:<27} {status:<12} {:>4} photos  {}  ({})",
            job.job_id,
            row.photo_count,
            printable(job.title.as_str()),
            printable(customer.name.as_str())
        ))?;
    }
    Ok(())
}
