//! The store: what is open while it serves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use s3s::service::S3Service;
use s3s::{S3Error, S3ErrorCode};

use crate::condition::{Condition, Observations};
use crate::config::{OpenError, StoreConfig};
use crate::disk::DiskFloor;
use crate::engine::Engine;
use crate::index::Index;
use crate::layout::Layout;
use crate::locks::KeyLocks;
use crate::rebuild::swept_index;
use crate::turns::{TURNS_MAX, Turns};
use crate::verify::{self, Place, Plan, Stop, Verifier};
use crate::{multipart, recover, s3};

/// Uploads that may wait before they are received, for each that may be received.
const WAITING_PER_UPLOAD: usize = 4;
/// Deletions and other changes that are no uploads.
const CHANGES_AT_ONCE_MAX: usize = 64;
const CHANGES_WAITING_MAX: usize = 1024;
/// How long [`Store::shutdown`] waits for what is being changed.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(30);

/// An open object store. Cheap to clone; all clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) engine: Arc<Engine>,
    pub(crate) service: S3Service,
    verifier: Arc<Verifier>,
}

impl Store {
    /// Opens the store in `config.root`: takes its lock, finishes or undoes what a crash left in flight, and builds
    /// the index anew from the object files when it is missing, damaged or of another version. After an unclean stop
    /// the index is compared with the names of all object files and repaired before this returns; verification goes
    /// on in the background ([`StoreConfig::verify_objects_per_second`]). What was found is in [`Self::condition`].
    pub async fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let opening = tokio::task::spawn_blocking(move || open(config)).await;
        let (engine, plan) = opening
            .unwrap_or_else(|cause| Err(OpenError::Config(format!("opening was interrupted: {cause}"))))?;
        let engine = Arc::new(engine);
        let service = s3::service(&engine)?;
        let verifier = Arc::new(Verifier::default());
        verifier.start(&engine, plan);
        Ok(Self { engine, service, verifier })
    }

    /// Makes a bucket unless it is there already. Names follow the rules of Amazon S3
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
    pub async fn create_bucket_if_missing(&self, bucket: &str) -> Result<(), BucketError> {
        let bucket = bucket.to_owned();
        match self.engine.change(move |engine| engine.create_bucket(&bucket)).await {
            Err(error) if *error.code() != S3ErrorCode::BucketAlreadyOwnedByYou => Err(BucketError(error)),
            _ => Ok(()),
        }
    }

    /// Whether uploads can be taken in: after a failure of the index's disk, whether that answers again.
    pub async fn is_writable(&self) -> bool {
        let engine = Arc::clone(&self.engine);
        tokio::task::spawn_blocking(move || engine.index.is_writable()).await.unwrap_or(false)
    }

    /// What the store has repaired and what it cannot use, since its start. Cheap: nothing is read from the disk.
    pub fn condition(&self) -> Condition {
        self.engine.observed.snapshot()
    }

    /// Stops taking requests, waits up to 30 seconds for uploads and deletions that have begun, folds the index's
    /// write-ahead log into its file, notes that the stop was clean and releases the lock. Requests that still come
    /// get 503.
    pub async fn shutdown(self) {
        let engine = self.engine;
        engine.closing.store(true, Ordering::SeqCst);
        let ending = async {
            tokio::join!(engine.receiving.end(), engine.changing.end());
            // An upload needs one of these to end.
            engine.storing.end().await;
        };
        let in_time = tokio::time::timeout(SHUTDOWN_WAIT, ending).await.is_ok();
        if !in_time {
            tracing::warn!("some uploads or deletions did not end in time");
        }
        let (closing, verifier) = (Arc::clone(&engine), self.verifier);
        if tokio::task::spawn_blocking(move || close(&closing, &verifier, in_time)).await.is_err() {
            tracing::error!("closing the index was interrupted");
        }
        engine.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Why a bucket could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the bucket: {}", .0.message().unwrap_or_default())]
pub struct BucketError(S3Error);

/// Has an index that lists what the files say, as far as names go, and says what is left to be verified.
fn prepare_index(layout: &Layout, stop: Stop, observed: &Observations) -> Result<Plan, OpenError> {
    observed.lock().unclean_start = stop == Stop::Unclean && layout.index().exists();
    let rebuilt = swept_index(layout, observed)?;
    Ok(match stop {
        _ if rebuilt => Plan::default(),
        Stop::Clean(verify_from) => Plan { names: true, trailers_from: verify_from },
        Stop::Unclean if verify::after_unclean_stop(layout, observed)? => Plan::default(),
        Stop::Unclean => Plan { names: false, trailers_from: Some(Place::default()) },
    })
}

fn open(config: StoreConfig) -> Result<(Engine, Plan), OpenError> {
    let limits = [
        ("uploads_at_once_max", config.uploads_at_once_max),
        ("receiving_at_once_max", config.receiving_at_once_max),
    ];
    for (name, limit) in limits {
        if !(1..=TURNS_MAX).contains(&limit) {
            return Err(OpenError::Config(format!("{name} must be between 1 and {TURNS_MAX}")));
        }
    }
    let layout = Layout::new(&config.root);
    recover::make_folders(&layout)?;
    let lock = recover::lock(&layout)?;
    let floor = DiskFloor::new(config.root.clone(), config.disk_floor_bytes);
    floor.release_if_full();
    let observed = Arc::new(Observations::default());
    let stop = verify::take(&layout)?;
    recover::need_buckets(&layout)?;
    let buckets = recover::load_buckets(&layout, &observed)?;
    let plan = prepare_index(&layout, stop, &observed)?;
    multipart::sweep(&layout, config.multipart_age_max, &observed)?;
    let index = Index::open(&layout.index(), &layout.rebuild_wanted())?;
    let (receiving, wait_max) = (config.receiving_at_once_max, config.upload_wait_max);
    let engine = Engine {
        observed,
        floor,
        locks: KeyLocks::new(),
        upload_locks: KeyLocks::new(),
        bucket_gate: RwLock::new(()),
        buckets: RwLock::new(buckets),
        receiving: Turns::new(receiving, receiving.saturating_mul(WAITING_PER_UPLOAD), wait_max),
        storing: Turns::new(config.uploads_at_once_max, receiving, wait_max),
        changing: Turns::new(CHANGES_AT_ONCE_MAX, CHANGES_WAITING_MAX, wait_max),
        closing: AtomicBool::new(false),
        lock: Mutex::new(Some(lock)),
        layout,
        index,
        config,
    };
    Ok((engine, plan))
}

/// Ends the verification and the index. The stop is clean when everything that had begun has ended and the index's
/// file has all of it. Blocks.
fn close(engine: &Engine, verifier: &Verifier, all_ended: bool) {
    let verify_from = verifier.stop();
    let is_whole = engine.index.close();
    if !is_whole || !all_ended {
        return;
    }
    if let Err(cause) = verify::write(&engine.layout, verify_from) {
        tracing::warn!(%cause, "failed to note the clean stop; the next start verifies the index");
    }
}
