//! Jobs and customers: make and change them.

use jiff::Timestamp;

use super::OperationError;
use super::error::require;
use crate::db::{Db, DbError};
use crate::domain::{
    Action, Actor, Address, Customer, CustomerChange, CustomerId, CustomerName, Email, Job, JobChange, JobId,
    JobStatus, Phone, Title,
};
use crate::events::{Change, Events};

/// A job to be made.
#[derive(Debug)]
pub struct NewJob {
    /// The caller's own id; a fresh one when absent.
    pub job_id: Option<JobId>,
    /// Whom it is for.
    pub customer_id: CustomerId,
    /// What people call it.
    pub title: Title,
    /// Where.
    pub address: Option<Address>,
    /// When.
    pub scheduled_for: Option<Timestamp>,
}

/// Makes a job.
///
/// # Errors
/// [`OperationError::JobExists`], or [`DbError::Missing`] without its customer.
pub async fn create_job(
    db: &dyn Db,
    events: &Events,
    new: NewJob,
    now: Timestamp,
) -> Result<JobId, OperationError> {
    let job_id = new.job_id.unwrap_or_else(|| JobId::generate(now));
    let job = Job {
        job_id: job_id.clone(),
        customer_id: new.customer_id,
        title: new.title,
        address: new.address,
        scheduled_for: new.scheduled_for,
        status: JobStatus::Scheduled,
        created_at: now,
    };
    db.insert_job(job).await.map_err(|error| match error {
        DbError::Conflict(_) => OperationError::JobExists,
        other => other.into(),
    })?;
    events.tell(Change::Job(job_id.clone()));
    Ok(job_id)
}

/// Changes a job.
///
/// # Errors
/// [`OperationError::JobNotFound`], or the database's.
pub async fn change_job(
    db: &dyn Db,
    events: &Events,
    job_id: &JobId,
    change: JobChange,
) -> Result<(), OperationError> {
    if !db.change_job(job_id.clone(), change).await? {
        return Err(OperationError::JobNotFound);
    }
    events.tell(Change::Job(job_id.clone()));
    Ok(())
}

/// A customer to be made.
#[derive(Debug)]
pub struct NewCustomer {
    /// A person's or company's name.
    pub name: CustomerName,
    /// As typed.
    pub phone: Option<Phone>,
    /// As typed.
    pub email: Option<Email>,
}

/// Makes a customer.
///
/// # Errors
/// The database's.
pub async fn create_customer(
    db: &dyn Db,
    new: NewCustomer,
    now: Timestamp,
) -> Result<CustomerId, OperationError> {
    let NewCustomer { name, phone, email } = new;
    let customer_id = CustomerId::generate(now);
    let customer = Customer { customer_id: customer_id.clone(), name, phone, email, created_at: now };
    db.insert_customer(customer).await?;
    Ok(customer_id)
}

/// Changes a customer. False when there is none.
///
/// # Errors
/// The database's.
pub async fn change_customer(
    db: &dyn Db,
    customer_id: &CustomerId,
    change: CustomerChange,
) -> Result<bool, OperationError> {
    Ok(db.change_customer(customer_id.clone(), change).await?)
}

/// Returns the job, if the actor may do that in it.
///
/// # Errors
/// [`OperationError::JobNotFound`] for an unknown job and for one out of scope, [`OperationError::Forbidden`], or the
/// database's error.
pub async fn authorize_job(
    db: &dyn Db,
    actor: &Actor,
    action: Action,
    job_id: &JobId,
) -> Result<Job, OperationError> {
    let job = db.job(job_id.clone()).await?.ok_or(OperationError::JobNotFound)?;
    require(actor.decide(action, &job))?;
    Ok(job)
}
