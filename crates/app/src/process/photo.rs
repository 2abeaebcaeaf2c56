//! One photo's way through the processor: fetched, looked at, its renditions stored, its record finished. Each step may
//! be done twice, or by two processes at once, and comes to the same.

use bytes::Bytes;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::unseen::Unseen;
use super::worker::{Looked, Worker, WorkerError};
use super::{Metrics, sweep};
use crate::clock;
use crate::db::{Db, DbError, Finished, Found};
use crate::domain::{Location, ObjectName, Outcome, PhotoRecord, Rendition, Renditions, Verdict};
use crate::events::{Change, Events};
use crate::s3::{Bucket, S3Error};

/// Which way of making renditions this is: another way gives them other keys.
const RENDITIONS_VERSION: u32 = 1;
/// What a claim adds to a photo's blame when it costs a worker its life or its time; one whose end nobody lived to see, or
/// whose worker somebody killed, adds the one that it was handed out with.
const DEATH_BLAME: u32 = 3;
/// At this much blame a photo is looked at while no other suspect is.
const SUSPECT_BLAME: u32 = 2;
/// At this much blame the photo is taken to be the cause: three deaths of workers, or nine of all that works on it.
const BLAME_MAX: u32 = 3 * DEATH_BLAME;
/// Times that anything else may fail before nobody waits any more. The next listing queues the photo again.
const ATTEMPTS_MAX: u32 = 12;
/// The shortest between two attempts, in seconds.
const WAIT_SECONDS_MIN: i64 = 5;
/// The longest.
const WAIT_SECONDS_MAX: i64 = 15 * 60;

/// Why there is no outcome yet.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Bucket(#[from] S3Error),
    #[error("{0}")]
    Db(#[from] DbError),
    #[error("{0}")]
    Worker(#[from] WorkerError),
}

/// What one claim needs.
pub(super) struct Bench<'a> {
    pub(super) db: &'a dyn Db,
    pub(super) bucket: &'a Bucket,
    pub(super) metrics: &'a Metrics,
    pub(super) events: &'a Events,
    pub(super) photo_bytes_max: u64,
    pub(super) time_zone: &'a TimeZone,
}

impl Bench<'_> {
    /// Works off a claim. Whatever fails is logged here, and tried again later.
    pub(super) async fn work(&self, worker: &mut Worker, record: &PhotoRecord) {
        let trouble = match self.attempt(worker, record).await {
            Ok(()) => return,
            Err(trouble) => trouble,
        };
        let PhotoRecord { job_id, photo_id, process_attempts, .. } = record;
        tracing::warn!(%job_id, %photo_id, process_attempts, error = %trouble, "a photo was not processed");
        if let Err(error) = self.settle(record, &trouble).await {
            tracing::warn!(%job_id, %photo_id, %error, "the next attempt is not noted; the claim runs out by itself");
        }
    }

    /// What comes of a failed attempt: an end, or another attempt.
    async fn settle(&self, record: &PhotoRecord, trouble: &Trouble) -> Result<(), Trouble> {
        let (added, why) = blame_of(trouble);
        let blame = blame_before(record) + added;
        if let Some(why) = why
            && blame >= BLAME_MAX
        {
            match self.reject_unseen(record, why).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(key = record.key, %error, "a photo is not rejected yet"),
            }
        }
        let now = clock::now();
        let again = match trouble {
            // It only waited for others, and waits on.
            Trouble::Worker(WorkerError::Busy) => Some(after(now, WAIT_SECONDS_MIN)),
            _ => (record.process_attempts < ATTEMPTS_MAX).then(|| next_attempt(record, now)),
        };
        Ok(self.db.put_off_photo(record.claim(), again, blame).await?)
    }

    /// Ends a claim on a photo that is not in the bucket: granted but never sent, or gone since. Its commit or a listing
    /// queues it when it comes.
    async fn nothing_there(&self, record: &PhotoRecord) -> Result<(), Trouble> {
        Ok(self.db.put_off_photo(record.claim(), None, blame_before(record)).await?)
    }

    /// Rejects a photo whose bytes are not at hand.
    async fn reject_unseen(&self, record: &PhotoRecord, why: Unseen) -> Result<(), Trouble> {
        match self.bucket.find(&record.key, clock::now()).await? {
            Some(object) => self.reject(record, object.etag, why.code().to_owned()).await,
            None => self.nothing_there(record).await,
        }
    }

    async fn reject(&self, record: &PhotoRecord, etag: String, code: String) -> Result<(), Trouble> {
        self.metrics.rejected(&code);
        self.finish(record, etag, Verdict::Rejected(code), Found::default()).await
    }

    /// The original's size in bytes, as it was granted or as the bucket has it. `None` when it is not there.
    async fn size_of(&self, record: &PhotoRecord) -> Result<Option<u64>, S3Error> {
        if record.size_bytes.is_some() {
            return Ok(record.size_bytes);
        }
        let found = self.bucket.find(&record.key, clock::now()).await?;
        Ok(found.map(|object| object.size_bytes))
    }

    async fn attempt(&self, worker: &mut Worker, record: &PhotoRecord) -> Result<(), Trouble> {
        if blame_before(record) >= BLAME_MAX {
            return self.reject_unseen(record, Unseen::DecoderDied).await;
        }
        let suspect = blame_before(record) >= SUSPECT_BLAME;
        let _turn = if suspect { Some(worker.turn_of_suspect()?) } else { None };
        let Some(size_bytes) = self.size_of(record).await? else {
            return self.nothing_there(record).await;
        };
        let room = worker.room_for(size_bytes).await?;
        let object = match self.bucket.get(&record.key, self.photo_bytes_max, clock::now()).await {
            Ok(Some(object)) => object,
            Ok(None) => return self.nothing_there(record).await,
            Err(S3Error::TooLarge(..)) => return self.reject_unseen(record, Unseen::TooManyBytes).await,
            Err(error) => return Err(error.into()),
        };
        let looked = worker.look(object.bytes).await?;
        drop(room);
        match looked {
            Looked::Rejected(code) => {
                self.reject(record, object.etag, code).await?;
            }
            Looked::Done { done, thumb, display } => {
                self.metrics.processed(&done.steps);
                let found = Found {
                    taken_at: done.taken_at.as_deref().and_then(|text| taken_at(text, self.time_zone)),
                    location: done.location.map(|(latitude, longitude)| Location { latitude, longitude }),
                };
                let version = version(done.sha256);
                for (rendition, bytes) in [(Rendition::Thumb, thumb), (Rendition::Display, display)] {
                    self.store(record, &version, rendition, bytes).await?;
                }
                let (width, height, thumbhash) = (done.width, done.height, done.thumbhash);
                let damaged = done.damaged;
                let verdict = Verdict::Ready(Renditions { version, width, height, thumbhash, damaged });
                self.finish(record, object.etag, verdict, found).await?;
            }
        }
        Ok(())
    }

    async fn store(
        &self,
        record: &PhotoRecord,
        version: &str,
        rendition: Rendition,
        bytes: Bytes,
    ) -> Result<(), S3Error> {
        let key = ObjectName::rendition_key(&record.job_id, &record.photo_id, version, rendition);
        self.bucket.put(&key, qdn_photo::CONTENT_TYPE, bytes, clock::now()).await
    }

    /// Writes the outcome down, and removes what it leaves without a use.
    async fn finish(
        &self,
        record: &PhotoRecord,
        source_etag: String,
        verdict: Verdict,
        found: Found,
    ) -> Result<(), Trouble> {
        let current = match &verdict {
            Verdict::Ready(renditions) => Some(renditions.version.clone()),
            Verdict::Rejected(_) => None,
        };
        let (job_id, photo_id) = (&record.job_id, &record.photo_id);
        let outcome = Outcome { source_etag, verdict };
        let finished = self.db.finish_photo(record.claim(), outcome, found).await?;
        self.events.tell(Change::Photos(job_id.clone()));
        let kept = match finished {
            // The first that ever looked has nothing to remove.
            Finished::Kept if record.outcome.is_none() && record.process_attempts <= 1 => return Ok(()),
            Finished::Kept => current,
            // What was made of it goes too.
            Finished::Deleted => None,
            Finished::Overtaken => return self.withdraw(record, current).await,
        };
        let now = clock::now();
        Ok(sweep::remove_renditions(self.bucket, job_id, photo_id, kept.as_deref(), now).await?)
    }

    /// Removes the renditions that were stored for a claim that is over, where another claim has ended with others. Where one
    /// goes on, its end removes what has no use.
    async fn withdraw(&self, record: &PhotoRecord, stored: Option<String>) -> Result<(), Trouble> {
        let found = self.db.photos(record.job_id.clone(), vec![record.photo_id.clone()]).await?.pop();
        let verdict = found.and_then(|record| record.outcome).map(|outcome| outcome.verdict);
        let (Some(stored), Some(Verdict::Ready(now))) = (stored, verdict) else { return Ok(()) };
        if now.version != stored {
            for rendition in Rendition::ALL {
                let key = ObjectName::rendition_key(&record.job_id, &record.photo_id, &stored, rendition);
                self.bucket.delete(&key, clock::now()).await?;
            }
        }
        Ok(())
    }
}

/// 64 bits of the original's hash: enough to tell the few originals that one photo may ever have apart.
fn version(sha256: [u8; 32]) -> String {
    let first = sha256.iter().take(8).fold(0_u64, |first, byte| first << 8 | u64::from(*byte));
    format!("{RENDITIONS_VERSION}-{first:016x}")
}

/// What a failed attempt adds to a photo's blame, and what it is rejected for when that is too much.
fn blame_of(trouble: &Trouble) -> (u32, Option<Unseen>) {
    match trouble {
        Trouble::Worker(WorkerError::Died(_)) => (DEATH_BLAME, Some(Unseen::DecoderDied)),
        Trouble::Worker(WorkerError::Late(_)) => (DEATH_BLAME, Some(Unseen::TookTooLong)),
        Trouble::Worker(WorkerError::Killed) => (1, Some(Unseen::DecoderDied)),
        _ => (0, None),
    }
}

/// A photo's blame as it was before it was claimed.
pub(super) fn blame_before(record: &PhotoRecord) -> u32 {
    record.process_blame.saturating_sub(1)
}

fn next_attempt(record: &PhotoRecord, now: Timestamp) -> Timestamp {
    let doublings = record.process_attempts.saturating_sub(1).min(16);
    after(now, (WAIT_SECONDS_MIN << doublings).min(WAIT_SECONDS_MAX))
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// A camera's time in UTC; one without an offset is taken to be of the business's own time zone.
fn taken_at(text: &str, time_zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let local: DateTime = text.parse().ok()?;
    time_zone.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::StoredObject;
    use crate::domain::{JobId, PhotoId};

    #[test]
    fn a_cameras_time_is_of_its_own_offset_or_of_the_business() {
        let berlin = TimeZone::fixed(jiff::tz::offset(2));
        let at = |text: &str| taken_at(text, &berlin).map(|time| time.to_string());
        assert_eq!(at("2026-07-01T12:00:00.250-05:00").as_deref(), Some("2026-07-01T17:00:00.25Z"));
        assert_eq!(at("2026-07-01T12:00:00.000").as_deref(), Some("2026-07-01T10:00:00Z"));
        assert_eq!(at("yesterday"), None);
    }

    #[test]
    fn other_bytes_have_another_version() {
        let mut sha256 = [0; 32];
        sha256[7] = 0xab;
        assert_eq!(version(sha256), "1-00000000000000ab");
    }

    #[test]
    fn a_photo_is_blamed_for_deaths_a_little_for_kills_and_for_nothing_else() {
        let of = |error| blame_of(&Trouble::Worker(error));
        let died = WorkerError::Died("signal: 6".to_owned());
        assert_eq!(of(died), (DEATH_BLAME, Some(Unseen::DecoderDied)));
        assert_eq!(of(WorkerError::Late(Duration::ZERO)), (DEATH_BLAME, Some(Unseen::TookTooLong)));
        assert_eq!(of(WorkerError::Killed), (1, Some(Unseen::DecoderDied)));
        assert_eq!(of(WorkerError::Busy), (0, None));
        assert_eq!(of(WorkerError::Start(std::io::ErrorKind::NotFound.into())), (0, None));
        assert_eq!(blame_of(&Trouble::Bucket(S3Error::Late)), (0, None));
    }

    #[test]
    fn attempts_come_at_growing_distances_up_to_a_quarter_of_an_hour() {
        let object = StoredObject {
            key: "jobs/j/photos/a.jpg".to_owned(),
            size_bytes: 1,
            stored_at: Timestamp::UNIX_EPOCH,
            etag: String::new(),
        };
        let record =
            PhotoRecord::of_object(&JobId::parse("j").unwrap(), &PhotoId::parse("a.jpg").unwrap(), &object);
        let waits: Vec<_> = [1, 2, 3, 8, 9, 12]
            .map(|process_attempts| {
                let record = PhotoRecord { process_attempts, ..record.clone() };
                next_attempt(&record, Timestamp::UNIX_EPOCH).as_second()
            })
            .to_vec();
        assert_eq!(waits, [5, 10, 20, 640, 900, 900]);
    }
}
