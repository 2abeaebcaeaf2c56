//! SQLite: one writer, a few readers, WAL, every commit on the disk before it returns.

mod applications;
mod connections;
mod jobs;
mod links;
mod log_check;
mod migrations;
mod photos;
mod queue;
mod row;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};
use tokio::sync::{Semaphore, SemaphorePermit};

use connections::{Connections, Write};

use super::{Db, DbError, Finished, Found, Grant, JobFilter, JobRow, Result};
use crate::domain::{
    Application, ApplicationId, Claim, Customer, CustomerChange, CustomerId, Job, JobChange, JobId, Link,
    LinkId, Outcome, PhotoChange, PhotoId, PhotoRecord, SecretHash,
};

/// How long a call waits for its turn.
const TURN_WAIT_MAX: Duration = Duration::from_secs(10);
/// How many read at once.
const READERS_MAX: usize = 16;
/// A database in one file. Cheap to clone.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    connections: Connections,
    /// Who may write, or read, now. The others wait here, without a thread each, and not for ever.
    write_turn: Semaphore,
    read_turn: Semaphore,
}

impl Sqlite {
    /// Opens or makes the file and brings its tables up to date. `floor_bytes` is the minimum free space for objects:
    /// below half of it nothing new is kept. `None` is its default.
    ///
    /// # Errors
    /// [`DbError::Broken`] when it is one of a newer version; [`DbError::Unavailable`] when it is no database or its disk
    /// fails; [`DbError::Full`].
    pub async fn open(path: &Path, floor_bytes: Option<u64>) -> Result<Self> {
        let path = path.to_owned();
        blocking(move || {
            let shared = Shared {
                connections: Connections::open(&path, floor_bytes)?,
                write_turn: Semaphore::new(1),
                read_turn: Semaphore::new(READERS_MAX),
            };
            Ok(Self { shared: Arc::new(shared) })
        })
        .await
    }

    /// Looks at the write-ahead log of a database that no process has open. Returns a sentence for the operator when committed
    /// changes are lost: a damaged frame hides those behind it from SQLite, and `in_use` says that the last server did not
    /// end by itself, so that a log must be there.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when the log cannot be read.
    pub async fn check_log(path: &Path, in_use: bool) -> Result<Option<String>> {
        let log = path.with_extension("sqlite-wal");
        blocking(move || match std::fs::File::open(&log) {
            Ok(file) => match log_check::lost_frames(std::io::BufReader::new(file)) {
                Ok(0) => Ok(None),
                Ok(frames) => Ok(Some(format!("{} is damaged; {frames} pages are lost", log.display()))),
                Err(error) => Err(DbError::Unavailable(error.to_string())),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(in_use
                .then(|| format!("{} is missing though the server did not end by itself", log.display()))),
            Err(error) => Err(DbError::Unavailable(error.to_string())),
        })
        .await
    }

    /// Copies the write-ahead log into the file, before the last connection closes.
    ///
    /// # Errors
    /// [`DbError::Unavailable`], [`DbError::Full`].
    pub async fn close(&self) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.connections.empty_log()).await
    }

    /// Whether any photo is known to be stored.
    ///
    /// # Errors
    /// As [`Db::ping`].
    pub async fn knows_photos(&self) -> Result<bool> {
        self.read(photos::any_stored).await
    }

    /// The records of all photos that are known to be stored and are not deleted, by job and id, those behind `after`.
    ///
    /// # Errors
    /// As [`Db::ping`].
    pub async fn all_stored_photos(
        &self,
        after: Option<(JobId, PhotoId)>,
        limit: usize,
    ) -> Result<Vec<PhotoRecord>> {
        self.read(move |db| photos::all_stored(db, after.as_ref(), limit)).await
    }

    /// When the newest job, customer or photo was recorded. Reads all records.
    ///
    /// # Errors
    /// As [`Db::ping`].
    pub async fn newest_record(&self) -> Result<Option<Timestamp>> {
        self.read(photos::newest_record).await
    }

    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let _turn = turn(&self.shared.read_turn).await?;
        blocking(move || shared.connections.read(work)).await
    }

    /// A write that takes something in.
    async fn grow<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.write(Write::Grow, work).await
    }

    /// A write that changes what is there.
    async fn change<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.write(Write::Change, work).await
    }

    /// A write that must work on a full disk.
    async fn settle<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.write(Write::Settle, work).await
    }

    async fn write<T, F>(&self, kind: Write, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let _turn = turn(&self.shared.write_turn).await?;
        blocking(move || shared.connections.write(kind, work)).await
    }
}

/// Waits for a turn, but not longer than a caller should.
async fn turn(semaphore: &Semaphore) -> Result<SemaphorePermit<'_>> {
    match tokio::time::timeout(TURN_WAIT_MAX, semaphore.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(DbError::Busy),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(DbError::Broken(format!("a database thread ended early: {error}"))))
}

#[async_trait]
impl Db for Sqlite {
    async fn ping(&self) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let _turn = turn(&self.shared.read_turn).await?;
        blocking(move || shared.connections.ping()).await
    }

    async fn insert_application(&self, application: Application) -> Result<()> {
        self.settle(move |db| applications::insert(db, &application)).await
    }
    async fn application_by_key(&self, key_hash: SecretHash) -> Result<Option<Application>> {
        self.read(move |db| applications::by_key(db, key_hash)).await
    }
    async fn applications(&self) -> Result<Vec<Application>> {
        self.read(applications::all).await
    }
    async fn revoke_application(&self, application_id: ApplicationId, now: Timestamp) -> Result<bool> {
        self.settle(move |db| applications::revoke(db, &application_id, now)).await
    }

    async fn insert_link(&self, link: Link) -> Result<()> {
        self.settle(move |db| links::insert(db, &link)).await
    }
    async fn link_by_token(&self, token_hash: SecretHash) -> Result<Option<Link>> {
        self.read(move |db| links::by_token(db, token_hash)).await
    }
    async fn link(&self, link_id: LinkId) -> Result<Option<Link>> {
        self.read(move |db| links::by_id(db, &link_id)).await
    }
    async fn links_of_job(&self, job_id: JobId) -> Result<Vec<Link>> {
        self.read(move |db| links::of_job(db, &job_id)).await
    }
    async fn links_of_many_jobs(&self) -> Result<Vec<Link>> {
        self.read(links::of_many_jobs).await
    }
    async fn prune_links(&self, before: Timestamp) -> Result<()> {
        self.settle(move |db| links::prune(db, before)).await
    }
    async fn revoke_link(&self, link_id: LinkId, now: Timestamp) -> Result<bool> {
        self.settle(move |db| links::revoke(db, &link_id, now)).await
    }
    async fn touch_link(&self, link_id: LinkId, now: Timestamp) -> Result<()> {
        self.change(move |db| links::touch(db, &link_id, now)).await
    }

    async fn insert_customer(&self, customer: Customer) -> Result<()> {
        self.grow(move |db| jobs::insert_customer(db, &customer)).await
    }
    async fn customer(&self, customer_id: CustomerId) -> Result<Option<Customer>> {
        self.read(move |db| jobs::customer(db, &customer_id)).await
    }
    async fn change_customer(&self, customer_id: CustomerId, change: CustomerChange) -> Result<bool> {
        self.change(move |db| jobs::change_customer(db, &customer_id, &change)).await
    }
    async fn customers(&self, after: Option<CustomerId>, limit: usize) -> Result<Vec<Customer>> {
        self.read(move |db| jobs::customers(db, after.as_ref(), limit)).await
    }

    async fn insert_job(&self, job: Job) -> Result<()> {
        self.grow(move |db| jobs::insert(db, &job)).await
    }
    async fn job(&self, job_id: JobId) -> Result<Option<Job>> {
        self.read(move |db| jobs::by_id(db, &job_id)).await
    }
    async fn job_row(&self, job_id: JobId) -> Result<Option<JobRow>> {
        self.read(move |db| jobs::row_by_id(db, &job_id)).await
    }
    async fn jobs(&self, filter: JobFilter) -> Result<Vec<JobRow>> {
        self.read(move |db| jobs::list(db, &filter)).await
    }
    async fn change_job(&self, job_id: JobId, change: JobChange) -> Result<bool> {
        self.change(move |db| jobs::change(db, &job_id, &change)).await
    }

    async fn grant_photos(&self, records: Vec<PhotoRecord>, open_max: u32) -> Result<Vec<Grant>> {
        self.grow(move |db| photos::grant_all(db, &records, open_max)).await
    }
    async fn unused_grants(&self, granted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
        self.read(move |db| photos::unused(db, granted_before, limit)).await
    }
    async fn renew_grant(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<bool> {
        self.change(move |db| photos::renew(db, &job_id, &photo_id, now)).await
    }
    async fn prune_grants(&self, job_id: JobId, photo_ids: Vec<PhotoId>) -> Result<()> {
        self.settle(move |db| photos::prune(db, &job_id, &photo_ids)).await
    }
    async fn photos(&self, job_id: JobId, photo_ids: Vec<PhotoId>) -> Result<Vec<PhotoRecord>> {
        self.read(move |db| photos::by_ids(db, &job_id, &photo_ids)).await
    }
    async fn stored_photos(
        &self,
        job_id: JobId,
        from: Option<PhotoId>,
        to: Option<PhotoId>,
        limit: usize,
    ) -> Result<Vec<PhotoRecord>> {
        self.read(move |db| photos::stored(db, &job_id, from.as_ref(), to.as_ref(), limit)).await
    }
    async fn mark_stored(&self, job_id: JobId, photos: Vec<(PhotoId, Timestamp)>) -> Result<()> {
        self.change(move |db| photos::mark_stored(db, &job_id, &photos)).await
    }
    async fn change_photo(&self, job_id: JobId, photo_id: PhotoId, change: PhotoChange) -> Result<bool> {
        self.change(move |db| photos::change(db, &job_id, &photo_id, &change)).await
    }
    async fn adopt_photos(&self, records: Vec<PhotoRecord>) -> Result<()> {
        self.settle(move |db| records.iter().try_for_each(|record| photos::insert(db, record, "OR IGNORE")))
            .await
    }
    async fn forget_photo(&self, job_id: JobId, photo_id: PhotoId) -> Result<()> {
        self.settle(move |db| photos::forget(db, &job_id, &photo_id)).await
    }
    async fn delete_photo(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<bool> {
        self.settle(move |db| photos::delete(db, &job_id, &photo_id, now)).await
    }
    async fn photos_to_sweep(&self, deleted_before: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
        self.read(move |db| queue::to_sweep(db, deleted_before, limit)).await
    }
    async fn mark_swept(&self, job_id: JobId, photo_id: PhotoId, now: Timestamp) -> Result<()> {
        self.settle(move |db| queue::mark_swept(db, &job_id, &photo_id, now)).await
    }

    async fn queue_photos(&self, job_id: JobId, photo_ids: Vec<PhotoId>, now: Timestamp) -> Result<()> {
        self.change(move |db| queue::queue(db, &job_id, &photo_ids, now)).await
    }
    async fn queue_unfinished(&self, granted_since: Timestamp, now: Timestamp) -> Result<u64> {
        self.change(move |db| queue::queue_unfinished(db, granted_since, now)).await
    }
    async fn claim_photos(&self, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<PhotoRecord>> {
        self.change(move |db| queue::claim(db, now, until, limit)).await
    }
    async fn claim_photo(
        &self,
        job_id: JobId,
        photo_id: PhotoId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<PhotoRecord>> {
        self.change(move |db| queue::claim_one(db, &job_id, &photo_id, now, until)).await
    }
    async fn finish_photo(&self, claim: Claim, outcome: Outcome, found: Found) -> Result<Finished> {
        self.change(move |db| queue::finish(db, &claim, &outcome, found)).await
    }
    async fn put_off_photo(&self, claim: Claim, again: Option<Timestamp>, blame: u32) -> Result<()> {
        self.change(move |db| queue::put_off(db, &claim, again, blame)).await
    }
    async fn photos_waiting(&self) -> Result<u64> {
        self.read(queue::waiting).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sqlite_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let db = Sqlite::open(&folder.path().join("qdn.sqlite"), None).await.unwrap();
        super::super::contract::run(&db).await;
    }

    #[tokio::test]
    async fn the_cover_and_the_count_of_a_job_are_read_from_their_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let db = Sqlite::open(&folder.path().join("qdn.sqlite"), None).await.unwrap();
        let plan = db.read(|db| {
            let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {}", jobs::SELECT_ROWS))?;
            let steps = explain.query_map([], |row| row.get::<_, String>("detail"))?;
            Ok(steps.collect::<row::Answer<Vec<_>>>()?.join("\n"))
        });
        let plan = plan.await.unwrap();
        for index in ["INDEX photos_cover (job_id=?", "INDEX photos_stored (job_id=?"] {
            assert!(plan.contains(index), "{index} in {plan}");
        }
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qdn.sqlite");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
        let error = Sqlite::open(&path, None).await.err().unwrap();
        assert!(error.to_string().contains("newer"), "{error}");
    }

    #[tokio::test]
    async fn opening_twice_migrates_once_and_keeps_the_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qdn.sqlite");
        let customer = Customer {
            customer_id: CustomerId::parse("c").unwrap(),
            name: crate::domain::CustomerName::parse("Ann").unwrap(),
            phone: None,
            email: None,
            created_at: Timestamp::UNIX_EPOCH,
        };
        Sqlite::open(&path, None).await.unwrap().insert_customer(customer.clone()).await.unwrap();
        let again = Sqlite::open(&path, None).await.unwrap();
        assert_eq!(again.customer(customer.customer_id.clone()).await.unwrap(), Some(customer));
    }
}
