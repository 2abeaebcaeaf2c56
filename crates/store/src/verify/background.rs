//! Verification beside a store that serves: the names of all files once after a clean stop, so that a folder which
//! was restored or tampered with is noticed, and the trailers of all files after an unclean one.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::closed::Place;
use super::names::{Comparison, Differences};
use crate::condition::{Observations, Repairs};
use crate::engine::Engine;
use crate::index::{self, Row};
use crate::layout::Layout;
use crate::object_file::Trailer;
use crate::scan::{self, BucketDir};
use crate::settle::Settled;

/// Differing names that are looked at in one pass, so that memory is bounded; more passes follow.
const NAMES_PER_PASS: usize = 10_000;
const PASSES_MAX: usize = 1000;
/// How often a second the verification pauses.
const PAUSES_PER_SECOND: u32 = 10;

/// What to verify.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) names: bool,
    /// Where to begin with the trailers.
    pub(crate) trailers_from: Option<Place>,
}

/// The verification that goes on beside a store.
#[derive(Debug, Default)]
pub(crate) struct Verifier {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: Mutex<bool>,
    stopped: Condvar,
    /// Where the trailers that are not verified begin.
    left: Mutex<Option<Place>>,
}

impl Shared {
    fn is_stopping(&self) -> bool {
        *self.stopping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so long, or until the verification is to stop.
    fn pause(&self, duration: Duration) {
        let stopping = self.stopping.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.stopped.wait_timeout_while(stopping, duration, |stopping| !*stopping));
    }

    fn set_left(&self, place: Option<Place>) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

impl Verifier {
    /// Begins in a thread of its own.
    pub(crate) fn start(&self, engine: &Arc<Engine>, plan: Plan) {
        self.shared.set_left(plan.trailers_from.clone());
        let rate = engine.config.verify_objects_per_second;
        let trailers_from = plan.trailers_from.filter(|_| rate > 0);
        if !plan.names && trailers_from.is_none() {
            return;
        }
        let work = Work {
            layout: engine.layout.clone(),
            observed: Arc::clone(&engine.observed),
            shared: Arc::clone(&self.shared),
            store: Arc::downgrade(engine),
            rate,
        };
        work.observed.lock().verifying = true;
        let thread = std::thread::Builder::new()
            .name("store-verify".to_owned())
            .spawn(move || work.run(plan.names, trailers_from))
            .inspect_err(|cause| tracing::error!(%cause, "failed to start the verification of objects"))
            .ok();
        if thread.is_none() {
            engine.observed.lock().verifying = false;
        }
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = thread;
    }

    /// Ends it, and returns where it is to go on. Blocks.
    pub(crate) fn stop(&self) -> Option<Place> {
        self.wake_to_stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the verification of objects ended badly");
        }
        self.shared.left.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wake_to_stop(&self) {
        *self.shared.stopping.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.stopped.notify_all();
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        self.wake_to_stop();
    }
}

/// Why the verification ended early.
enum Ended {
    /// The store is closing.
    Stopped,
    /// The index cannot be read.
    Index(rusqlite::Error),
    /// The buckets cannot be read.
    Buckets(std::io::Error),
}

impl From<rusqlite::Error> for Ended {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Index(cause)
    }
}

/// Spreads work evenly over time.
struct Pace {
    rate: u32,
    done: u32,
    since: Instant,
}

impl Pace {
    fn new(rate: u32) -> Self {
        Self { rate, done: 0, since: Instant::now() }
    }

    /// Counts one, and pauses now and then.
    fn step(&mut self, shared: &Shared) {
        self.done += 1;
        let batch = (self.rate / PAUSES_PER_SECOND).max(1);
        if self.done < batch {
            return;
        }
        let period = Duration::from_secs(1) * batch / self.rate.max(1);
        shared.pause(period.saturating_sub(self.since.elapsed()));
        (self.done, self.since) = (0, Instant::now());
    }
}

struct Work {
    layout: Layout,
    observed: Arc<Observations>,
    shared: Arc<Shared>,
    /// Not kept alive by the verification.
    store: Weak<Engine>,
    rate: u32,
}

impl Work {
    fn run(&self, names: bool, trailers_from: Option<Place>) {
        let before = self.observed.snapshot();
        let mut repairs = Repairs::default();
        let ended = self.verify(names, trailers_from, &mut repairs);
        let stop_reason = match &ended {
            Ok(()) => None,
            Err(Ended::Stopped) => Some("the store is closing".to_owned()),
            Err(Ended::Index(cause)) => {
                if let Some(store) = self.store.upgrade() {
                    store.index.note_damage(cause);
                }
                Some(format!("index: {cause}"))
            }
            Err(Ended::Buckets(cause)) => Some(cause.to_string()),
        };
        let after = {
            let mut condition = self.observed.lock();
            condition.verifying = false;
            condition.clone()
        };
        let objects = after.objects_verified - before.objects_verified;
        let Repairs { added, removed, changed } = repairs;
        if repairs.any() {
            tracing::warn!(added, removed, changed, objects, "index differed from the object files");
        }
        match stop_reason {
            None if objects > 0 => tracing::info!(objects, "verified all objects against the index"),
            None => tracing::debug!("compared the names of all objects with the index"),
            Some(stop_reason) => tracing::info!(objects, stop_reason, "stopped the verification of objects"),
        }
    }

    fn verify(&self, names: bool, trailers_from: Option<Place>, repairs: &mut Repairs) -> Result<(), Ended> {
        let index = index::connect_to_read(&self.layout.index())?;
        let buckets = scan::bucket_dirs(&self.layout, &self.observed).map_err(Ended::Buckets)?;
        if names {
            for bucket in &buckets {
                self.verify_names(&index, bucket, repairs)?;
            }
        }
        if let Some(from) = trailers_from {
            let mut pace = Pace::new(self.rate);
            for bucket in buckets.iter().filter(|bucket| bucket.name >= from.bucket) {
                let first = if bucket.name == from.bucket { from.shard } else { 0 };
                for shard in first..=u8::MAX {
                    self.shared.set_left(Some(Place { bucket: bucket.name.clone(), shard }));
                    self.verify_shard(&index, bucket, shard, &mut pace, repairs)?;
                }
            }
            self.shared.set_left(None);
        }
        Ok(())
    }

    /// The store changes meanwhile: each name that differs is looked at again under the lock of its key.
    fn verify_names(
        &self,
        index: &rusqlite::Connection,
        bucket: &BucketDir,
        repairs: &mut Repairs,
    ) -> Result<(), Ended> {
        for _ in 0..PASSES_MAX {
            if self.shared.is_stopping() {
                return Err(Ended::Stopped);
            }
            let comparison = Comparison { index, bucket, observed: &self.observed, max: NAMES_PER_PASS };
            let Differences::Some { files, keys, all } = comparison.run()? else { return Ok(()) };
            let before = *repairs;
            for file in files {
                match file.trailer() {
                    Ok(Some(trailer)) => self.settle(&trailer.bucket, &trailer.key, repairs)?,
                    Ok(None) => {}
                    Err(cause) => self.observed.unreadable_object(&file.path, &cause),
                }
            }
            for key in keys {
                self.settle(&bucket.name, &key, repairs)?;
            }
            if all || before == *repairs {
                return Ok(());
            }
        }
        Ok(())
    }

    fn verify_shard(
        &self,
        index: &rusqlite::Connection,
        bucket: &BucketDir,
        shard: u8,
        pace: &mut Pace,
        repairs: &mut Repairs,
    ) -> Result<(), Ended> {
        for file in scan::files_in(&bucket.path, shard, &self.observed) {
            if self.shared.is_stopping() {
                return Err(Ended::Stopped);
            }
            match file.trailer() {
                Ok(Some(trailer)) if !agrees(index, &trailer)? => {
                    self.settle(&trailer.bucket, &trailer.key, repairs)?;
                }
                Ok(_) => {}
                Err(cause) => self.observed.unreadable_object(&file.path, &cause),
            }
            self.observed.lock().objects_verified += 1;
            pace.step(&self.shared);
        }
        if self.shared.is_stopping() { Err(Ended::Stopped) } else { Ok(()) }
    }

    fn settle(&self, bucket: &str, key: &str, repairs: &mut Repairs) -> Result<(), Ended> {
        let store = self.store.upgrade().ok_or(Ended::Stopped)?;
        if self.shared.is_stopping() {
            return Err(Ended::Stopped);
        }
        let repaired = match store.settle(bucket, key) {
            Settled::Agrees | Settled::Failed => Repairs::default(),
            Settled::Added => Repairs { added: 1, ..Repairs::default() },
            Settled::Changed => Repairs { changed: 1, ..Repairs::default() },
            Settled::Removed => Repairs { removed: 1, ..Repairs::default() },
        };
        self.observed.repaired(repaired);
        *repairs = repairs.and(repaired);
        Ok(())
    }
}

fn agrees(index: &rusqlite::Connection, trailer: &Trailer) -> rusqlite::Result<bool> {
    Ok(index::find(index, &trailer.bucket, &trailer.key)?.is_some_and(|row| row == Row::from(trailer)))
}
