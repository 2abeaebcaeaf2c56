//! The processor of a function: one worker, which looks at the photos that it is told of.

use std::sync::Arc;
use std::time::Instant;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::photo::Bench;
use super::worker::{Budget, Worker};
use super::{Metrics, sweep};
use crate::clock::now;
use crate::config::ProcessConfig;
use crate::db::{Db, DbError};
use crate::domain::{ObjectName, PhotoRecord};
use crate::events::Events;
use crate::s3::Bucket;

/// A claim that is neither finished nor put off runs out after this and four times the time that a worker may take.
const CLAIM_MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// How it stands with a stored object.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is left to do.
    Done,
    /// Somebody else is at work on it, or it failed and is due again later.
    Waits,
}

/// Looks at one photo after the other.
pub struct SoloProcessor {
    db: Arc<dyn Db>,
    bucket: Bucket,
    config: ProcessConfig,
    photo_bytes_max: u64,
    metrics: Metrics,
    events: Events,
    worker: Worker,
}

impl SoloProcessor {
    /// A processor whose worker is started with the first photo, and kept.
    pub fn new(db: Arc<dyn Db>, bucket: Bucket, config: ProcessConfig, photo_bytes_max: u64) -> Self {
        let budget = Budget::new(config.memory_mebibytes);
        let worker = Worker::new(photo_bytes_max, config.deadline(), budget);
        let (metrics, events) = (Metrics::default(), Events::default());
        Self { db, bucket, config, photo_bytes_max, metrics, events, worker }
    }

    /// Works on the photo whose original was stored under `key`. `etag` says which bytes the news were of: told twice of those
    /// that have an outcome, it does nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work_on(&mut self, key: &str, etag: Option<&str>) -> Result<Standing, DbError> {
        let Some((job_id, name)) = ObjectName::parse_any_original(key) else { return Ok(Standing::Done) };
        let photo_id = name.photo_id().clone();
        let read = || async {
            let found = self.db.photos(job_id.clone(), vec![photo_id.clone()]).await?.pop();
            // Objects of older tools are queued by the listing, which knows whether their job exists.
            Ok::<_, DbError>(found.filter(|record| record.key == key && record.deleted_at.is_none()))
        };
        let Some(record) = read().await? else { return Ok(Standing::Done) };
        let known = record.outcome.as_ref().map(|outcome| outcome.source_etag.as_str());
        // News without a tag are a listing's, which asks only for what has no outcome.
        if known.is_some() && (etag.is_none() || known == etag) && record.process_after.is_none() {
            return Ok(Standing::Done);
        }
        if record.stored_at.is_none() {
            self.db.mark_stored(job_id.clone(), vec![(photo_id.clone(), now())]).await?;
        }
        self.db.queue_photos(job_id.clone(), vec![photo_id.clone()], now()).await?;
        let (from, until) = (now(), self.claimed_until());
        let claimed = self.db.claim_photo(job_id.clone(), photo_id.clone(), from, until).await?;
        let Some(claimed) = claimed else { return Ok(Standing::Waits) };
        self.work(&claimed).await;
        let waits = self.db.photos(job_id, vec![photo_id]).await?.pop();
        let waits = waits.is_some_and(|record| record.process_after.is_some());
        Ok(if waits { Standing::Waits } else { Standing::Done })
    }

    /// Works on one photo that is due though no news came of it. False when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work_on_due(&mut self) -> Result<bool, DbError> {
        let claimed = self.db.claim_photos(now(), self.claimed_until(), 1).await?.pop();
        let Some(record) = claimed else { return Ok(false) };
        self.work(&record).await;
        Ok(true)
    }

    /// Removes what photos left that were deleted before the last grant for them ran out, and grants that were never used,
    /// until `last_start`; the next call goes on.
    pub async fn sweep(&self, grants_live: SignedDuration, last_start: Instant) {
        let swept = async {
            sweep::sweep_deleted(self.db.as_ref(), &self.bucket, grants_live, now()).await;
            sweep::prune_grants(self.db.as_ref(), &self.bucket, grants_live, now()).await;
        };
        if tokio::time::timeout_at(last_start.into(), swept).await.is_err() {
            tracing::warn!("deleted photos and unused grants are left to be swept by the next call");
        }
    }

    async fn work(&mut self, record: &PhotoRecord) {
        let time_zone = self.config.time_zone().unwrap_or(TimeZone::UTC);
        let bench = Bench {
            db: self.db.as_ref(),
            bucket: &self.bucket,
            metrics: &self.metrics,
            events: &self.events,
            photo_bytes_max: self.photo_bytes_max,
            time_zone: &time_zone,
        };
        bench.work(&mut self.worker, record).await;
    }

    fn claimed_until(&self) -> jiff::Timestamp {
        now().saturating_add(self.config.claim_lives(CLAIM_MARGIN)).unwrap_or_default()
    }
}
