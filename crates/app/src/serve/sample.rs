//! What a fresh installation holds: its own applications, and a sample job to try everything on.

use jiff::Timestamp;

use super::Keys;
use crate::config::Config;
use crate::db::Db;
use crate::domain::{
    Address, ApplicationKind, ApplicationName, Customer, CustomerId, CustomerName, Job, JobId, JobStatus,
    Phone, Role, Scope, Secret, Title,
};
use crate::operations::applications;

/// Makes the applications of the keys file known to the database, also one that was restored without them.
///
/// # Errors
/// When the database fails.
pub async fn ensure_applications(
    db: &dyn Db,
    config: &Config,
    keys: &Keys,
    now: Timestamp,
) -> anyhow::Result<()> {
    let command = ApplicationKind::Secret { role: Role::Staff, scope: Scope::AllJobs };
    for (name, key, kind) in [
        ("pages", &keys.application_key, ApplicationKind::Publishable),
        ("command line", &keys.command_key, command),
    ] {
        let (key, rate) = (Secret::from_caller(key), config.uploads.requests_per_minute_max);
        applications::ensure_application(db, &ApplicationName::parse(name)?, &key, kind, rate, now).await?;
    }
    Ok(())
}

/// The sample job, made with its customer where it is missing.
pub(super) async fn ensure_sample_job(db: &dyn Db, now: Timestamp) -> anyhow::Result<JobId> {
    let job_id = JobId::parse("sample")?;
    if db.job(job_id.clone()).await?.is_some() {
        return Ok(job_id);
    }
    let customer_id = CustomerId::generate(now);
    let customer = Customer {
        customer_id: customer_id.clone(),
        name: CustomerName::parse("Sample customer")?,
        phone: Some(Phone::parse("555-0100")?),
        email: None,
        created_at: now,
    };
    db.insert_customer(customer).await?;
    let job = Job {
        job_id: job_id.clone(),
        customer_id,
        title: Title::parse("Sample job: clear out the garage")?,
        address: Some(Address::parse("12 Sample Street")?),
        scheduled_for: Some(now),
        status: JobStatus::Scheduled,
        created_at: now,
    };
    db.insert_job(job).await?;
    Ok(job_id)
}
