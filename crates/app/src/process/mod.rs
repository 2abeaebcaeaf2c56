//! The photo processor: takes photos from the queue in the database, has a child process look at each, stores the
//! renditions. At least once, by any number of processes.

mod child;
mod metrics;
mod photo;
mod protocol;
mod sweep;
mod worker;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use qdn_store::StoredKey;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::db::{Db, DbError};
use crate::domain::merge::StoredObject;
use crate::domain::{JobId, ObjectName, PhotoId, PhotoRecord};
use crate::events::{Change, Events};
use crate::http::now;
use crate::s3::Bucket;
use worker::{Budget, Worker};

pub use child::run as run_child;
pub use metrics::Metrics;
pub use photo::rendition_key;
pub(crate) use sweep::remove_photo;

/// A claim that was neither finished nor put off, because its process died, runs out after this and thrice the time that
/// a worker may take.
const CLAIM_LIVES: SignedDuration = SignedDuration::from_mins(2);
/// How often the queue is looked at without a wake: for photos that are due again, and those that other processes queue.
const IDLE: Duration = Duration::from_secs(5);
/// How often deleted photos are swept.
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// Grants that are older cannot have been sent lately without anybody knowing of it.
const GRANTS_LOOKED_BACK: SignedDuration = SignedDuration::from_hours(48);

/// What the processor is told.
#[derive(Debug, Clone)]
pub struct ProcessConfig {
    /// Photos decoded at once, each in a process of its own; 0 leaves the work to other servers.
    pub workers: usize,
    /// Memory that all workers together may decode in, in MiB. A photo's need is worked out from its pixels.
    pub memory_mebibytes: u32,
    /// The longest that a worker may be with one photo, in seconds. The slowest that the limits let through, a HEIC of 50
    /// megapixels, takes a few seconds of one core; the rest is for machines that are small or busy.
    pub seconds_max: u32,
    /// Where a camera's time without an offset was read; the machine's own zone when absent.
    pub time_zone: Option<String>,
}

impl Default for ProcessConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { workers: cores.min(8), memory_mebibytes: 1_024, seconds_max: 60, time_zone: None }
    }
}

impl ProcessConfig {
    fn deadline(&self) -> Duration {
        Duration::from_secs(self.seconds_max.into())
    }

    /// The time zone, if there is one of that name.
    pub fn time_zone(&self) -> Option<TimeZone> {
        match &self.time_zone {
            None => Some(TimeZone::system()),
            Some(name) => TimeZone::get(name).ok(),
        }
    }
}

/// The queue, for those who put photos in: in the database, with a bell for the workers of this process, and news for
/// the pages that are open.
#[derive(Clone)]
pub struct Queue {
    db: Arc<dyn Db>,
    bell: Arc<Notify>,
    events: Events,
}

impl Queue {
    /// A queue in this database.
    pub fn new(db: Arc<dyn Db>, events: Events) -> Self {
        Self { db, bell: Arc::default(), events }
    }

    /// Queues photos of one job; those that have no record get one of what the bucket says.
    pub async fn put(
        &self,
        job_id: &JobId,
        photos: &[(PhotoId, StoredObject)],
        now: Timestamp,
    ) -> Result<(), DbError> {
        if photos.is_empty() {
            return Ok(());
        }
        let adopted =
            photos.iter().map(|(photo_id, object)| PhotoRecord::of_object(job_id, photo_id, object));
        self.db.adopt_photos(adopted.collect()).await?;
        let ids = photos.iter().map(|(photo_id, _)| photo_id.clone()).collect();
        self.db.queue_photos(job_id.clone(), ids, now).await?;
        self.ring();
        Ok(())
    }

    /// Notes that granted uploads have arrived, which queues them.
    pub async fn note_stored(
        &self,
        job_id: &JobId,
        photos: Vec<(PhotoId, Timestamp)>,
    ) -> Result<(), DbError> {
        if photos.is_empty() {
            return Ok(());
        }
        self.db.mark_stored(job_id.clone(), photos).await?;
        self.ring();
        self.events.tell(Change::Photos(job_id.clone()));
        Ok(())
    }

    /// Wakes a worker.
    fn ring(&self) {
        self.bell.notify_one();
    }
}

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
        let lives = CLAIM_LIVES + SignedDuration::from_secs(3 * i64::from(self.config.seconds_max));
        let until = now().saturating_add(lives).unwrap_or_default();
        match self.queue.db.claim_photos(now(), until, 1).await {
            Ok(mut records) => records.pop(),
            Err(error) => {
                tracing::warn!(%error, "the queue of photos cannot be read");
                None
            }
        }
    }

    async fn put_back(&self, record: PhotoRecord) {
        let again = Some(now());
        if let Err(error) = self.queue.db.put_off_photo(record.job_id, record.photo_id, again).await {
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
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
    }
}
