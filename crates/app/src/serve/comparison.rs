//! Compares the bucket with the database in the background: at each start and daily. Photos that the database knows as stored
//! and the bucket lacks are lost; objects with an id of ours and without a record say that the database is older than
//! its photos. Both are alarms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::now;
use crate::db::{Db as _, DbError, Sqlite};
use crate::domain::{JobId, ObjectName, PhotoId, PhotoRecord};
use crate::process::Metrics;
use crate::s3::{Bucket, S3Error};

/// How long the comparison rests after each run.
const EVERY: Duration = Duration::from_hours(24);
/// How long it waits after one that failed.
const AGAIN_AFTER: Duration = Duration::from_mins(10);
/// Photos compared in one step.
const PAGE: usize = 500;
/// After each step it rests this many times as long as the step took: a fifth of one core at most.
const REST_PER_STEP: u32 = 4;
/// Findings that are named in the log.
const NAMED_MAX: usize = 10;

/// The bucket and the database to compare, and the metrics that hold the result.
pub(super) struct Comparison {
    pub(super) db: Sqlite,
    pub(super) bucket: Bucket,
    pub(super) metrics: Arc<Metrics>,
}

/// Why a comparison ended early.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Bucket(#[from] S3Error),
}

/// One kind of difference.
#[derive(Debug, Default)]
struct Findings {
    count: u64,
    /// The first keys.
    named: Vec<String>,
}

impl Findings {
    fn add(&mut self, key: &str) {
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(key.to_owned());
        }
    }
}

impl Comparison {
    /// Compares until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        // Before new records hide of when the database is.
        let newest = self.db.newest_record().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "failed to read when the newest record was made");
            None
        });
        loop {
            let rest = tokio::select! {
                () = stop.cancelled() => return,
                compared = self.compare(newest) => match compared {
                    Ok(()) => EVERY,
                    Err(error) => {
                        tracing::warn!(%error, "failed to compare the bucket with the database");
                        AGAIN_AFTER
                    }
                },
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    async fn compare(&self, newest_at_start: Option<Timestamp>) -> Result<(), Interrupted> {
        let unrecorded = self.unrecorded().await?;
        let missing = self.missing().await?;
        self.metrics.compared(missing.count, unrecorded.count);
        if missing.count > 0 {
            tracing::error!(
                photos = missing.count,
                keys = ?missing.named,
                "photos are missing: the database knows them as stored, the bucket lacks them"
            );
        }
        if unrecorded.count > 0 {
            tracing::error!(
                objects = unrecorded.count,
                keys = ?unrecorded.named,
                newest_record_at_start = newest_at_start.map(|newest| newest.to_string()),
                "objects have no record: the database is older than its photos, as after restoring a backup; customers \
                 do not see these photos until staff show them"
            );
        }
        Ok(())
    }

    /// Objects that carry an id of ours and are no record's.
    async fn unrecorded(&self) -> Result<Findings, Interrupted> {
        let (mut findings, mut start_after) = (Findings::default(), String::new());
        loop {
            let started = Instant::now();
            let listing = self.bucket.list(ObjectName::JOBS_PREFIX, &start_after, PAGE, now()).await?;
            let mut by_job: BTreeMap<JobId, Vec<(PhotoId, &str)>> = BTreeMap::new();
            for object in &listing.objects {
                if let Some((job_id, name)) = ObjectName::parse_any_original(&object.key)
                    && name.photo_id().is_ours()
                {
                    by_job.entry(job_id).or_default().push((name.photo_id().clone(), &object.key));
                }
            }
            for (job_id, photos) in by_job {
                let ids = photos.iter().map(|(photo_id, _)| photo_id.clone()).collect();
                let records = self.db.photos(job_id, ids).await?;
                let keys: BTreeSet<_> = records.iter().map(|record| record.key.as_str()).collect();
                photos.iter().filter(|(_, key)| !keys.contains(key)).for_each(|(_, key)| findings.add(key));
            }
            match listing.objects.last() {
                Some(last) if listing.truncated => start_after.clone_from(&last.key),
                _ => return Ok(findings),
            }
            tokio::time::sleep(started.elapsed() * REST_PER_STEP).await;
        }
    }

    /// Photos that are stored as far as the database knows, and are not.
    async fn missing(&self) -> Result<Findings, Interrupted> {
        let (mut findings, mut after) = (Findings::default(), None);
        loop {
            let started = Instant::now();
            let records = self.db.all_stored_photos(after.take(), PAGE).await?;
            for of_job in records.chunk_by(|left, right| left.job_id == right.job_id) {
                for record in self.absent(of_job).await? {
                    findings.add(&record.key);
                }
            }
            match records.last() {
                Some(last) if records.len() == PAGE => {
                    after = Some((last.job_id.clone(), last.photo_id.clone()));
                }
                _ => return Ok(findings),
            }
            tokio::time::sleep(started.elapsed() * REST_PER_STEP).await;
        }
    }

    /// Those of one job's photos that have no object. Each is looked up before it is called so, and its record read again:
    /// it may have been deleted meanwhile.
    async fn absent<'a>(&self, records: &'a [PhotoRecord]) -> Result<Vec<&'a PhotoRecord>, Interrupted> {
        let Some(first) = records.first() else { return Ok(Vec::new()) };
        let prefix = ObjectName::photos_prefix(&first.job_id);
        // A part of a key sorts before the key, and behind those of the records before.
        let mut start_after =
            records.iter().map(|record| record.key.as_str()).min().unwrap_or_default().to_owned();
        start_after.pop();
        let mut there = BTreeSet::new();
        let last_key = records.iter().map(|record| record.key.as_str()).max().unwrap_or_default();
        loop {
            let listing = self.bucket.list(&prefix, &start_after, PAGE, now()).await?;
            there.extend(listing.objects.into_iter().map(|object| object.key));
            match there.last() {
                Some(last) if listing.truncated && last.as_str() < last_key => start_after.clone_from(last),
                _ => break,
            }
        }
        let mut absent = Vec::new();
        for record in records.iter().filter(|record| !there.contains(&record.key)) {
            let again = self.db.photos(record.job_id.clone(), vec![record.photo_id.clone()]).await?;
            let is_live = again.iter().any(|record| record.deleted_at.is_none());
            if is_live && self.bucket.find(&record.key, now()).await?.is_none() {
                absent.push(record);
            }
        }
        Ok(absent)
    }
}
