//! DynamoDB: one table, on demand (`table.rs`; where everything stands: `keys.rs`; why so: `docs/adr/0009-dynamodb.md`).
//!
//! Round trips of each call, when nobody interferes (`tests/trips.rs` counts them). The base table is always read as it is
//! now; what is read from an index may be moments old, which concerns the lists of jobs, customers and links, and which
//! photos a claim sees.
//!
//! | calls | round trips |
//! |---|---|
//! | `ping`, `job`, `customer`, `link_by_token`, `application_by_key`, `insert_…`, `change_customer`, `change_job`, `claim_photo` | 1 |
//! | `customers`, `links_of_…`, `photos_to_sweep`, `photos_waiting` | 1 for each MB |
//! | `link`, `touch_link`, `revoke_application`, `applications` | 2 |
//! | `revoke_link` | 3 |
//! | `job_row` | 2 |
//! | `jobs` | 2; with words 1, and 2 for each 500 jobs that are gone through |
//! | `photos` | 1 (up to 100 at once, further hundreds beside them) |
//! | `stored_photos`, `unused_grants` | 1 for each MB |
//! | `grant_photos` | 2, of an uploader's first of a day 3; 1 more with more than 50 idempotency keys, 2 when there is an earlier upload |
//! | `mark_stored` | 3 for each 99 photos, 1 when there is nothing to change |
//! | `prune_grants`, `queue_photos`, `adopt_photos` | 2 for each 99 photos, 1 when there is nothing to change |
//! | `renew_grant`, `change_photo`, `delete_photo`, `forget_photo`, `finish_photo`, `put_off_photo`, `mark_swept` | 2; 1 more for each MB of the job's records when it loses its cover |
//! | `claim_photos` | 1, and 1 for each photo |
//! | `queue_unfinished`, `prune_links` | 1 for each MB, and what the changes take |

mod call;
mod grant;
mod item;
mod jobs;
mod keys;
mod open_grants;
mod photo;
mod photos;
mod queue;
pub mod table;
mod tokens;
mod write;

use async_trait::async_trait;
use jiff::Timestamp;
use qdn_sign::{Credentials, Endpoint};

use self::call::Table;
use super::{Db, DbError, Finished, Found, Grant, JobFilter, JobRow, Result};
use crate::aws::{ApiLimits, AwsSettings, JsonApi, Service, SettingsError};
use crate::client::Outbound;
use crate::domain::{
    Application, ApplicationId, Claim, Customer, CustomerChange, CustomerId, Job, JobChange, JobId, Link,
    LinkId, Outcome, PhotoChange, PhotoId, PhotoRecord, SecretHash,
};

/// DynamoDB, as signatures and headers name it.
pub const SERVICE: Service = Service {
    name: "dynamodb",
    target_prefix: "DynamoDB_20120810",
    content_type: "application/x-amz-json-1.0",
};

/// Which table, where, as whom.
#[derive(Debug, Clone)]
pub struct DynamoConfig {
    /// The table's name.
    pub table: String,
    /// The region that signatures name.
    pub region: String,
    /// Where DynamoDB is.
    pub endpoint: Endpoint,
    /// Who calls.
    pub credentials: Credentials,
    /// How long and how often a call is tried; it goes on as long when others write the same items.
    pub limits: ApiLimits,
}

impl DynamoConfig {
    /// The table of this name, where the settings say that DynamoDB is.
    ///
    /// # Errors
    /// When they lead nowhere.
    pub fn new(table: &str, settings: &AwsSettings) -> std::result::Result<Self, SettingsError> {
        Ok(Self {
            table: table.to_owned(),
            region: settings.region.clone(),
            endpoint: settings.endpoint(SERVICE.name)?,
            credentials: settings.credentials.clone(),
            limits: ApiLimits::default(),
        })
    }
}

/// A database in one table of DynamoDB.
pub struct Dynamo {
    table: Table,
}

impl Dynamo {
    /// Calls nobody yet.
    ///
    /// # Errors
    /// [`DbError::Broken`] when the endpoint is no address.
    pub fn new(config: DynamoConfig, outbound: Outbound) -> Result<Self> {
        let DynamoConfig { table, region, endpoint, credentials, limits } = config;
        let api = JsonApi::new(outbound, SERVICE, credentials, &region, endpoint, limits)
            .map_err(|error| DbError::Broken(error.to_string()))?;
        Ok(Self { table: Table { api, name: table } })
    }
}

#[async_trait]
impl Db for Dynamo {
    async fn ping(&self) -> Result<()> {
        self.table.get(&item::Key::new("ping", "ping")).await.map(|_| ())
    }

    async fn insert_application(&self, application: Application) -> Result<()> {
        tokens::insert_application(&self.table, &application).await
    }
    async fn application_by_key(&self, key_hash: SecretHash) -> Result<Option<Application>> {
        tokens::application_by_key(&self.table, key_hash).await
    }
    async fn applications(&self) -> Result<Vec<Application>> {
        tokens::applications(&self.table).await
    }
    async fn revoke_application(&self, application_id: ApplicationId, now: Timestamp) -> Result<bool> {
        tokens::revoke_application(&self.table, &application_id, now).await
    }

    async fn insert_link(&self, link: Link) -> Result<()> {
        tokens::insert_link(&self.table, &link).await
    }
    async fn link_by_token(&self, token_hash: SecretHash) -> Result<Option<Link>> {
        tokens::link_by_token(&self.table, token_hash).await
    }
    async fn link(&self, link_id: LinkId) -> Result<Option<Link>> {
        tokens::link(&self.table, &link_id).await
    }
    async fn links_of_job(&self, job_id: JobId) -> Result<Vec<Link>> {
        tokens::links_of_job(&self.table, &job_id).await
    }
    async fn links_of_many_jobs(&self) -> Result<Vec<Link>> {
        tokens::links_of_many_jobs(&self.table).await
    }
    async fn prune_links(&self, before: Timestamp) -> Result<()> {
        tokens::prune_links(&self.table, before).await
    }
    async fn revoke_link(&self, link_id: LinkId, now: Timestamp) -> Result<bool> {
        tokens::revoke_link(&self.table, &link_id, now).await
    }
    async fn touch_link(&self, link_id: LinkId, now: Timestamp) -> Result<()> {
        tokens::touch_link(&self.table, &link_id, now).await
    }

    async fn insert_customer(&self, customer: Customer) -> Result<()> {
        jobs::insert_customer(&self.table, &customer).await
    }
    async fn customer(&self, customer_id: CustomerId) -> Result<Option<Customer>> {
        jobs::customer(&self.table, &customer_id).await
    }
    async fn change_customer(&self, customer_id: CustomerId, change: CustomerChange) -> Result<bool> {
        jobs::change_customer(&self.table, &customer_id, change).await
    }
    async fn customers(&self, after: Option<CustomerId>, limit: usize) -> Result<Vec<Customer>> {
        jobs::customers(&self.table, after.as_ref(), limit).await
    }

    async fn insert_job(&self, job: Job) -> Result<()> {
        jobs::insert_job(&self.table, &job).await
    }
    async fn job(&self, job_id: JobId) -> Result<Option<Job>> {
        jobs::job(&self.table, &job_id).await
    }
    async fn job_row(&self, job_id: JobId) -> Result<Option<JobRow>> {
        jobs::job_row(&self.table, &job_id).await
    }
    async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRow>> {
        jobs::list(&self.table, &filter).await
    }
    async fn change_job(&self, job_id: JobId, change: JobChange) -> Result<bool> {
        jobs::change_job(&self.table, &job_id, change).await
    }

    async fn grant_photos(&self, records: Vec<PhotoRecord>, open_max: u32) -> Result<Vec<Grant>> {
        grant::grant(&self.table, records, open_max).await
    }
    async fn unused_grants(&self, granted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
        photos::unused_grants(&self.table, granted_before, limit).await
    }
    async fn renew_grant(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<bool> {
        photos::renew_grant(&self.table, &job_id, &photo_id, now).await
    }
    async fn prune_grants(&self, job_id: JobId, photo_ids: Vec<PhotoId>) -> Result<()> {
        photos::prune_grants(&self.table, &job_id, photo_ids).await
    }
    async fn stored_photos(
        &self,
        job_id: JobId,
        from: Option<PhotoId>,
        to: Option<PhotoId>,
        limit: usize,
    ) -> Result<Vec<PhotoRecord>> {
        photos::stored(&self.table, &job_id, from.as_ref(), to.as_ref(), limit).await
    }
    async fn photos(&self, job_id: JobId, photo_ids: Vec<PhotoId>) -> Result<Vec<PhotoRecord>> {
        photos::by_ids(&self.table, &job_id, &photo_ids).await
    }
    async fn mark_stored(&self, job_id: JobId, photos: Vec<(PhotoId, Timestamp)>) -> Result<()> {
        photos::mark_stored(&self.table, &job_id, photos).await
    }
    async fn change_photo(&self, job_id: JobId, photo_id: PhotoId, change: PhotoChange) -> Result<bool> {
        photos::change_photo(&self.table, &job_id, &photo_id, change).await
    }
    async fn adopt_photos(&self, records: Vec<PhotoRecord>) -> Result<()> {
        photos::adopt(&self.table, records).await
    }
    async fn forget_photo(&self, job_id: JobId, photo_id: PhotoId) -> Result<()> {
        photos::forget(&self.table, &job_id, &photo_id).await
    }
    async fn delete_photo(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<bool> {
        photos::delete(&self.table, &job_id, &photo_id, now).await
    }
    async fn photos_to_sweep(&self, deleted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
        queue::to_sweep(&self.table, deleted_before, limit).await
    }
    async fn mark_swept(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<()> {
        queue::mark_swept(&self.table, &job_id, &photo_id, now).await
    }

    async fn queue_photos(&self, job_id: JobId, photo_ids: Vec<PhotoId>, now: Timestamp) -> Result<()> {
        queue::queue(&self.table, &job_id, photo_ids, now).await
    }
    async fn queue_unfinished(&self, granted_since: Timestamp, now: Timestamp) -> Result<u64> {
        queue::queue_unfinished(&self.table, granted_since, now).await
    }
    async fn claim_photos(&self, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
        queue::claim(&self.table, now, until, limit).await
    }
    async fn claim_photo(
        &self,
        job_id: JobId,
        photo_id: PhotoId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<PhotoRecord>> {
        queue::claim_one(&self.table, &job_id, &photo_id, now, until).await
    }
    async fn finish_photo(&self, claim: Claim, outcome: Outcome, found: Found) -> Result<Finished> {
        queue::finish(&self.table, &claim, outcome, found).await
    }
    async fn put_off_photo(&self, claim: Claim, again: Option<Timestamp>, blame: u32) -> Result<()> {
        queue::put_off(&self.table, &claim, again, blame).await
    }
    async fn photos_waiting(&self) -> Result<u64> {
        queue::waiting(&self.table).await
    }
}

#[cfg(test)]
mod tests;
