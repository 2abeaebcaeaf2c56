//! `qdn job add` and `qdn job list`, straight on the database.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{DataArgument, say};
use crate::clock::now;
use crate::db::{Db as _, DbError, JobFilter};
use crate::domain::{Customer, CustomerId, Job, JobId, JobStatus, Scope};

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
    let job_id = match &arguments.job_id {
        Some(text) => JobId::parse(text).map_err(|error| anyhow::anyhow!("--job-id {error}"))?,
        None => JobId::generate(now),
    };
    if db.job(job_id.clone()).await?.is_some() {
        anyhow::bail!("there is a job {job_id} already");
    }
    let customer_id = match (&arguments.customer_id, arguments.customer) {
        (Some(text), _) => {
            CustomerId::parse(text).map_err(|error| anyhow::anyhow!("--customer-id {error}"))?
        }
        (None, name) => {
            let customer_id = CustomerId::generate(now);
            let name = name.unwrap_or_default();
            let customer = Customer {
                customer_id: customer_id.clone(),
                name,
                phone: arguments.phone,
                email: None,
                created_at: now,
            };
            db.insert_customer(customer).await?;
            customer_id
        }
    };
    let job = Job {
        job_id: job_id.clone(),
        customer_id: customer_id.clone(),
        title: arguments.title,
        address: arguments.address,
        scheduled_for: arguments.scheduled_for,
        status: JobStatus::Scheduled,
        created_at: now,
    };
    match db.insert_job(job).await {
        Err(DbError::Missing(_)) => anyhow::bail!("there is no customer {customer_id}"),
        other => other?,
    }
    say(job_id.as_str())
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
            job.job_id, row.photo_count, job.title, customer.name
        ))?;
    }
    Ok(())
}
