//! The one port: what qdn asks of a database. Each backend passes `contract.rs`.

#[cfg(test)]
mod contract;
#[cfg(feature = "lambda")]
pub mod dynamo;
#[cfg(feature = "serve")]
pub mod sqlite;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::{
    Application, ApplicationId, Claim, Customer, CustomerChange, CustomerId, Job, JobChange, JobId,
    JobStatus, Link, LinkId, Location, Outcome, PhotoChange, PhotoId, PhotoRecord, Scope, SecretHash,
};

#[cfg(feature = "lambda")]
pub use dynamo::{Dynamo, DynamoConfig};
#[cfg(feature = "serve")]
pub use sqlite::Sqlite;

/// Why the database could not do it. The text is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Something with this id is there already.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// A row that the new one refers to is not there.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// No space is left to write to: reads still work.
    #[error("the database's disk is full")]
    Full,
    /// Others write, or too many wait, for longer than anybody should.
    #[error("the database is busy")]
    Busy,
    /// This caller has more open than it may. The text names what.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// The database's disk or server fails. Writes are refused until it answers again.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("database: {0}")]
    Broken(String),
}

/// Shorthand of this module.
pub type Result<T> = std::result::Result<T, DbError>;

/// Which jobs to list, newest first.
#[derive(Debug, Clone)]
pub struct JobFilter {
    /// Only these.
    pub scope: Scope,
    /// Words that must all stand in the title, the address, the customer's name or the id, in any case.
    pub search: Vec<String>,
    /// Only with this status.
    pub status: Option<JobStatus>,
    /// Only after this one, in the order of the list.
    pub after: Option<(Timestamp, JobId)>,
    /// At most so many.
    pub limit: usize,
}

/// A job as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// The job.
    pub job: Job,
    /// Its customer.
    pub customer: Customer,
    /// How many of its photos are known to be stored and not deleted.
    pub photo_count: u64,
    /// The newest of its photos that is ready and not hidden.
    pub cover: Option<Cover>,
}

/// What names the renditions of a photo that stands for its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The photo.
    pub photo_id: PhotoId,
    /// The version of its renditions.
    pub version: String,
}

/// What became of a wish to upload.
#[derive(Debug, Clone, PartialEq)]
pub enum Grant {
    /// The record is new.
    New,
    /// The same caller asked for this upload of the job before, with the same idempotency key.
    Existing(Box<PhotoRecord>),
}

/// What became of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// It is kept.
    Kept,
    /// The photo is deleted, or has no record.
    Deleted,
    /// The claim was over: the photo was queued anew, or another processor has it.
    Overtaken,
}

/// What the processor read in a photo. What the uploader said goes before it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Found {
    /// When the shutter fell.
    pub taken_at: Option<Timestamp>,
    /// Where.
    pub location: Option<Location>,
}

/// What qdn asks of a database. Every call is durable when it returns, and atomic. Those that may be repeated without harm and
/// take any number of photos or links (`mark_stored`, `adopt_photos`, `queue_…`, `claim_photos`, `prune_links`,
/// `prune_grants`) may be atomic for each of them only. What is read by id is never stale; a list may be moments old.
#[async_trait]
pub trait Db: Send + Sync {
    /// Whether it answers.
    async fn ping(&self) -> Result<()>;

    /// Keeps a new application.
    async fn insert_application(&self, application: Application) -> Result<()>;
    /// The application with this key, also a revoked one.
    async fn application_by_key(&self, key_hash: SecretHash) -> Result<Option<Application>>;
    /// All applications, newest first.
    async fn applications(&self) -> Result<Vec<Application>>;
    /// Takes an application's key back. False when there is none.
    async fn revoke_application(&self, application_id: ApplicationId, now: Timestamp) -> Result<bool>;

    /// Keeps a new link.
    async fn insert_link(&self, link: Link) -> Result<()>;
    /// The link with this token, also a dead one.
    async fn link_by_token(&self, token_hash: SecretHash) -> Result<Option<Link>>;
    /// One link by its public name.
    async fn link(&self, link_id: LinkId) -> Result<Option<Link>>;
    /// The links of one job, newest first.
    async fn links_of_job(&self, job_id: JobId) -> Result<Vec<Link>>;
    /// The links that are not of one job only, newest first.
    async fn links_of_many_jobs(&self) -> Result<Vec<Link>>;
    /// Drops links that stopped working before `before`.
    async fn prune_links(&self, before: Timestamp) -> Result<()>;
    /// Takes a link back; done twice, the first time counts. False when there is none.
    async fn revoke_link(&self, link_id: LinkId, now: Timestamp) -> Result<bool>;
    /// Notes that a link was used.
    async fn touch_link(&self, link_id: LinkId, now: Timestamp) -> Result<()>;

    /// Keeps a new customer.
    async fn insert_customer(&self, customer: Customer) -> Result<()>;
    /// One customer.
    async fn customer(&self, customer_id: CustomerId) -> Result<Option<Customer>>;
    /// Changes a customer. False when there is none.
    async fn change_customer(&self, customer_id: CustomerId, change: CustomerChange) -> Result<bool>;
    /// Customers by name, those after `after`, at most `limit`.
    async fn customers(&self, after: Option<CustomerId>, limit: usize) -> Result<Vec<Customer>>;

    /// Keeps a new job. [`DbError::Conflict`] when the id is taken, [`DbError::Missing`] without its customer.
    async fn insert_job(&self, job: Job) -> Result<()>;
    /// One job.
    async fn job(&self, job_id: JobId) -> Result<Option<Job>>;
    /// One job as the list shows it.
    async fn job_row(&self, job_id: JobId) -> Result<Option<JobRow>>;
    /// Jobs, newest first.
    async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRow>>;
    /// Changes a job. False when there is none.
    async fn change_job(&self, job_id: JobId, change: JobChange) -> Result<bool>;

    /// Keeps new records of granted uploads, all or none. A record whose `(job_id, uploaded_by,
    /// idempotency_key)` is there already is not kept: the answer in its place is the earlier one.
    /// [`DbError::TooMany`] when the uploader would then have more than `open_max` grants whose object never came.
    async fn grant_photos(&self, records: Vec<PhotoRecord>, open_max: u32) -> Result<Vec<Grant>>;
    /// Grants whose object is not known to be stored, of photos that are not deleted, granted before `granted_before`; at
    /// most `limit`, the oldest first.
    async fn unused_grants(&self, granted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>>;
    /// Counts a grant as given at `now`, as its upload was signed again, if it was not used yet. False when there is no record.
    async fn renew_grant(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<bool>;
    /// Drops these records, those that are still neither stored nor deleted.
    async fn prune_grants(&self, job_id: JobId, photo_ids: Vec<PhotoId>) -> Result<()>;
    /// The records of these photos of one job, those there are, deleted ones too.
    async fn photos(&self, job_id: JobId, photo_ids: Vec<PhotoId>) -> Result<Vec<PhotoRecord>>;
    /// The records of one job's photos that are known to be stored and are not deleted, by their ids, from `from` to `to`, both
    /// included; at most `limit`.
    async fn stored_photos(
        &self,
        job_id: JobId,
        from: Option<PhotoId>,
        to: Option<PhotoId>,
        limit: usize,
    ) -> Result<Vec<PhotoRecord>>;
    /// Notes when the objects of these photos were first seen in the bucket, and queues them for the processor: also those
    /// that one has claimed, which may have looked for the object before it came.
    async fn mark_stored(&self, job_id: JobId, photos: Vec<(PhotoId, Timestamp)>) -> Result<()>;
    /// Changes a photo that is not deleted. The record must exist: false when it does not.
    async fn change_photo(&self, job_id: JobId, photo_id: PhotoId, change: PhotoChange) -> Result<bool>;
    /// Keeps records for objects of older tools, where there are none.
    async fn adopt_photos(&self, records: Vec<PhotoRecord>) -> Result<()>;
    /// Drops the record of an older tool's object, if there is one.
    async fn forget_photo(&self, job_id: JobId, photo_id: PhotoId) -> Result<()>;
    /// Marks a photo deleted; done twice, the first time counts. False when it has no record.
    async fn delete_photo(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<bool>;
    /// Photos that were deleted before `deleted_before` and not swept since, at most `limit`.
    async fn photos_to_sweep(&self, deleted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>>;
    /// Notes that the objects of a deleted photo are gone for good.
    async fn mark_swept(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<()>;

    /// Queues photos for the processor, due at `now`, those that do not wait already and are not deleted.
    async fn queue_photos(&self, job_id: JobId, photo_ids: Vec<PhotoId>, now: Timestamp) -> Result<()>;
    /// Queues photos without an outcome that were stored, or may have been because they were granted since then, as
    /// due at `now`: what a process that died has left. Their blame stays. Tells how many.
    async fn queue_unfinished(&self, granted_since: Timestamp, now: Timestamp) -> Result<u64>;
    /// Takes up to `limit` photos that are due, for this caller alone until `until`, when they are due again. One is added to
    /// their attempts, and to their blame until the claim is ended: it may be the last thing that this process does.
    async fn claim_photos(&self, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>>;
    /// Takes this photo if it is due, as [`Db::claim_photos`] takes some.
    async fn claim_photo(
        &self,
        job_id: JobId,
        photo_id: PhotoId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<PhotoRecord>>;
    /// Ends a claim with an outcome.
    async fn finish_photo(&self, claim: Claim, outcome: Outcome, found: Found) -> Result<Finished>;
    /// Ends a claim without an outcome, if it is not over: the photo is due at `again`, or waits no more, with this much blame.
    async fn put_off_photo(&self, claim: Claim, again: Option<Timestamp>, blame: u32) -> Result<()>;
    /// How many photos wait for the processor or are with it.
    async fn photos_waiting(&self) -> Result<u64>;
}
