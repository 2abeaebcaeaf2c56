use super::OperationError;
use super::error::require;
use crate::db::Db;
use crate::domain::{Action, Actor, Job, JobId};

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
