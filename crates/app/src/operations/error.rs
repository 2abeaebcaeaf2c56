use crate::db::DbError;
use crate::domain::Decision;
use crate::s3::S3Error;

/// Why an operation was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// A field holds what it may not.
    #[error("{field} {rule}")]
    Field {
        /// Its name in the HTTP contract; the command line calls it by its flag.
        field: &'static str,
        /// What it must be.
        rule: String,
    },
    /// A job with this id exists already.
    #[error("a job with this id exists already")]
    JobExists,
    /// The job does not exist, or is out of the actor's scope: the two are not told apart.
    #[error("there is no such job")]
    JobNotFound,
    /// The job has no such photo.
    #[error("there is no such photo")]
    PhotoNotFound,
    /// The actor's role may not do that.
    #[error("this role may not do that")]
    Forbidden,
    /// The photo of this idempotency key was deleted. Holds the photo's place in the request.
    #[error("the photo of this idempotency_key was deleted")]
    PhotoDeleted(usize),
    /// The idempotency key belongs to other bytes. Holds the photo's place in the request.
    #[error("this idempotency_key was used for a photo of another name, size, hash or type")]
    IdempotencyKeyReused(usize),
    /// The database refused or failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] S3Error),
    /// Anything else that must not happen. The text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl OperationError {
    /// A field that holds what it may not.
    #[expect(clippy::needless_pass_by_value, reason = "errors are handed over")]
    pub fn field(field: &'static str, rule: impl ToString) -> Self {
        Self::Field { field, rule: rule.to_string() }
    }
}

/// Turns a decision about a job into a refusal.
pub fn require(decision: Decision) -> Result<(), OperationError> {
    match decision {
        Decision::Allow => Ok(()),
        Decision::NotFound => Err(OperationError::JobNotFound),
        Decision::Forbid => Err(OperationError::Forbidden),
    }
}
