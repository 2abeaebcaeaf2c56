//! The workers of one server: as many as it is told, for as long as it runs.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use qdn_store::StoredKey;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::worker::{Budget, Worker};
use super::{Metrics, Queue, photo, sweep};
use crate::clock::now;
use crate::config::ProcessConfig;
use crate::db::DbError;
use crate::domain::{ObjectName, PhotoRecord};
use crate::events::Change;
use crate::s3::Bucket;

/// A claim that was neither finished nor put off, because its process died, runs out after this and four times the time
/// that a worker may take.
const CLAIM_MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// How often the queue is looked at without a wake: for photos that are due again, and those that other processes queue.
const IDLE: Duration = Duration::from_secs(5);
/// How often deleted photos are swept.
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// Grants that are older cannot have been sent lately without anybody knowing of it.
const GRANTS_LOOKED_BACK: SignedDuration = SignedDuration::from_hours(48);

/// The processor and all that it needs.
pub struct Processor {
    /// What it is told.
    pub config: ProcessConfig,
    /// Where the work comes from.
    pub queue: Queue,
    /// The bytes.
    pub bucket: Bucket,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// The largest original, in bytes.
    pub photo_bytes_max: u64,
    /// How long a grant may be used.
    pub grants_live: SignedDuration,
}

impl Processor {
    /// Works until `stop`. A photo that is being looked at then is put back.
    pub async fn run(self, commits: mpsc::Receiver<StoredKey>, stop: CancellationToken) {
        let shared = Arc::new(self);
        match shared
            .queue
            .db
            .queue_unfinished(now().saturating_sub(GRANTS_LOOKED_BACK).unwrap_or_default(), now())
            .await
        {
            Ok(0) => {}
            Ok(photos) => tracing::info!(photos, "photos wait for their renditions"),
            Err(error) => tracing::warn!(%error, "unfinished photos are queued when they are listed"),
        }
        let mut tasks = JoinSet::new();
        let budget = Budget::new(shared.config.memory_mebibytes);
        for _ in 0..shared.config.workers {
            tasks.spawn(Arc::clone(&shared).work(budget.clone(), stop.clone()));
        }
        tasks.spawn(Arc::clone(&shared).follow_commits(commits, stop.clone()));
        tasks.spawn(Arc::clone(&shared).sweep(stop));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the photo processor ended early");
            }
        }
    }

    async fn work(self: Arc<Self>, budget: Budget, stop: CancellationToken) {
        let time_zone = self.config.time_zone().unwrap_or(TimeZone::UTC);
        let bench = photo::Bench {
            db: self.queue.db.as_ref(),
            bucket: &self.bucket,
            metrics: &self.metrics,
            events: &self.queue.events,
            photo_bytes_max: self.photo_bytes_max,
            time_zone: &time_zone,
        };
        let mut worker = Worker::new(self.photo_bytes_max, self.config.deadline(), budget);
        while !stop.is_cancelled() {
            let Some(record) = self.claim().await else {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.queue.bell.notified() => {}
                    () = tokio::time::sleep(IDLE) => {}
                }
                continue;
            };
            // There may be more: the next idle worker looks.
            self.queue.ring();
            tokio::select! {
                () = bench.work(&mut worker, &record) => {}
                () = stop.cancelled() => return self.put_back(record).await,
            }
        }
    }

    async fn claim(&self) -> Option<PhotoRecord> {
        let until = now().saturating_add(self.config.claim_lives(CLAIM_MARGIN)).unwrap_or_default();
        match self.queue.db.claim_photos(now(), until, 1).await {
            Ok(mut records) => records.pop(),
            Err(error) => {
                tracing::warn!(%error, "the queue of photos cannot be read");
                None
            }
        }
    }

    async fn put_back(&self, record: PhotoRecord) {
        let blame = photo::blame_before(&record);
        if let Err(error) = self.queue.db.put_off_photo(record.claim(), Some(now()), blame).await {
            tracing::warn!(%error, "a photo's claim runs out by itself");
        }
    }

    /// What the store of this process stores is noted and queued at once.
    async fn follow_commits(
        self: Arc<Self>,
        mut commits: mpsc::Receiver<StoredKey>,
        stop: CancellationToken,
    ) {
        loop {
            let stored = tokio::select! {
                () = stop.cancelled() => return,
                stored = commits.recv() => stored,
            };
            let Some(stored) = stored else { return };
            if stored.bucket == self.bucket.name()
                && let Err(error) = self.note_commit(&stored.key).await
            {
                tracing::warn!(key = stored.key, %error, "a stored photo is noted when it is listed");
            }
        }
    }

    async fn note_commit(&self, key: &str) -> Result<(), DbError> {
        let Some((job_id, name)) = ObjectName::parse_any_original(key) else { return Ok(()) };
        let photo_id = name.photo_id().clone();
        let record = self.queue.db.photos(job_id.clone(), vec![photo_id.clone()]).await?.pop();
        // Objects of older tools are queued by the listing, which knows whether their job exists.
        if record.is_some_and(|record| record.key == key) {
            self.queue.note_stored(&job_id, vec![(photo_id, now())]).await?;
        } else {
            self.queue.events.tell(Change::Photos(job_id));
        }
        Ok(())
    }

    async fn sweep(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let db = self.queue.db.as_ref();
            sweep::sweep_deleted(db, &self.bucket, self.grants_live, now()).await;
            sweep::prune_grants(db, &self.bucket, self.grants_live, now()).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
    }
}
