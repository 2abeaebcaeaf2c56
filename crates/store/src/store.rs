//! The store: what is open while it serves.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use s3s::path::check_bucket_name;
use s3s::service::S3Service;
use s3s::{S3Error, S3ErrorCode, S3Result};
use tokio::sync::OwnedSemaphorePermit;

use crate::condition::{Condition, Observations};
use crate::config::{OpenError, StoreConfig};
use crate::disk::{self, DiskFloor, sync_dir};
use crate::error::{from_io, no_such_bucket, refuse};
use crate::index::Index;
use crate::layout::{Layout, random_name};
use crate::locks::KeyLocks;
use crate::publish::index_error;
use crate::rebuild::swept_index;
use crate::recover::{self, BUCKET_FILE, BucketFile};
use crate::scan;
use crate::turns::{TURNS_MAX, Turns};
use crate::upload::blocking;
use crate::verify::{self, Place, Plan, Stop, Verifier};
use crate::{multipart, s3};

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
    pub(crate) inner: Arc<Inner>,
    pub(crate) service: S3Service,
}

/// What all clones of a store share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    pub(crate) layout: Layout,
    pub(crate) index: Index,
    pub(crate) floor: Arc<DiskFloor>,
    pub(crate) observed: Arc<Observations>,
    verifier: Verifier,
    pub(crate) locks: KeyLocks,
    /// Taken before a lock of `locks`, never after.
    pub(crate) upload_locks: KeyLocks,
    /// Read by whatever changes an object, written by what makes or removes a bucket.
    pub(crate) bucket_gate: RwLock<()>,
    buckets: RwLock<BTreeMap<String, i64>>,
    /// Uploads from their first byte to their answer.
    receiving: Turns,
    /// Uploads that are synced and named.
    storing: Turns,
    /// Changes that are no uploads.
    changing: Turns,
    closing: AtomicBool,
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens the store in `config.root`: takes its lock, finishes or undoes what a crash left in flight, and builds
    /// the index anew from the object files when it is missing, damaged or of another version. After an unclean stop
    /// the index is compared with the names of all object files and repaired before this returns; verification goes
    /// on in the background ([`StoreConfig::verify_objects_per_second`]). What was found is in [`Self::condition`].
    pub async fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let opening = tokio::task::spawn_blocking(move || Inner::open(config)).await;
        let (inner, plan) = opening
            .unwrap_or_else(|cause| Err(OpenError::Config(format!("opening was interrupted: {cause}"))))?;
        let inner = Arc::new(inner);
        let service = s3::service(&inner)?;
        inner.verifier.start(&inner, plan);
        Ok(Self { inner, service })
    }

    /// Makes a bucket unless it is there already. Names follow the rules of Amazon S3
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
    pub async fn create_bucket_if_missing(&self, bucket: &str) -> Result<(), BucketError> {
        let bucket = bucket.to_owned();
        match self.inner.change(move |inner| inner.create_bucket(&bucket)).await {
            Err(error) if *error.code() != S3ErrorCode::BucketAlreadyOwnedByYou => Err(BucketError(error)),
            _ => Ok(()),
        }
    }

    /// Whether uploads can be taken in: after a failure of the index's disk, whether that answers again.
    pub async fn is_writable(&self) -> bool {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.index.is_writable()).await.unwrap_or(false)
    }

    /// What the store has repaired and what it cannot use, since its start. Cheap: nothing is read from the disk.
    pub fn condition(&self) -> Condition {
        self.inner.observed.snapshot()
    }

    /// Stops taking requests, waits up to 30 seconds for uploads and deletions that have begun, folds the index's
    /// write-ahead log into its file, notes that the stop was clean and releases the lock. Requests that still come
    /// get 503.
    pub async fn shutdown(self) {
        let inner = self.inner;
        inner.closing.store(true, Ordering::SeqCst);
        let ending = async {
            tokio::join!(inner.receiving.end(), inner.changing.end());
            // An upload needs one of these to end.
            inner.storing.end().await;
        };
        let in_time = tokio::time::timeout(SHUTDOWN_WAIT, ending).await.is_ok();
        if !in_time {
            tracing::warn!("some uploads or deletions did not end in time");
        }
        let closing = Arc::clone(&inner);
        if tokio::task::spawn_blocking(move || closing.close(in_time)).await.is_err() {
            tracing::error!("closing the index was interrupted");
        }
        inner.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Why a bucket could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the bucket: {}", .0.message().unwrap_or_default())]
pub struct BucketError(S3Error);

impl Inner {
    fn open(config: StoreConfig) -> Result<(Self, Plan), OpenError> {
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
        let inner = Self {
            observed,
            verifier: Verifier::default(),
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
        Ok((inner, plan))
    }

    /// Ends the verification and the index. The stop is clean when everything that had begun has ended and the index's
    /// file has all of it. Blocks.
    fn close(&self, all_ended: bool) {
        let verify_from = self.verifier.stop();
        let is_whole = self.index.close();
        if !is_whole || !all_ended {
            return;
        }
        if let Err(cause) = verify::write(&self.layout, verify_from) {
            tracing::warn!(%cause, "failed to note the clean stop; the next start verifies the index");
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Waits for an upload's turn to be received.
    pub(crate) async fn turn_to_receive(&self) -> S3Result<OwnedSemaphorePermit> {
        self.receiving.take().await
    }

    /// Waits for the turn of an upload that has arrived to be synced and named.
    pub(crate) async fn turn_to_store(&self) -> S3Result<OwnedSemaphorePermit> {
        self.storing.take().await
    }

    /// Makes a change that is no upload on a blocking thread, to the end even when the client has gone.
    pub(crate) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Self) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let turn = self.changing.take().await?;
        let inner = Arc::clone(self);
        blocking(move || {
            let _turn = turn;
            change(&inner)
        })
        .await
    }

    /// The largest object that one PUT may store under `key`.
    pub(crate) fn put_bytes_max(&self, key: &str) -> u64 {
        let config = &self.config;
        if self.is_write_once(key) {
            config.object_bytes_max.min(config.write_once_bytes_max)
        } else {
            config.object_bytes_max
        }
    }

    pub(crate) fn is_write_once(&self, key: &str) -> bool {
        self.config.write_once.iter().any(|pattern| pattern.matches(key))
    }

    pub(crate) fn has_bucket(&self, bucket: &str) -> bool {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner).contains_key(bucket)
    }

    /// Refuses when there is no such bucket.
    pub(crate) fn need_bucket(&self, bucket: &str) -> S3Result<()> {
        if self.has_bucket(bucket) { Ok(()) } else { Err(no_such_bucket()) }
    }

    /// All buckets by name, with when they were made.
    pub(crate) fn buckets(&self) -> Vec<(String, i64)> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        buckets.iter().map(|(name, created_ms)| (name.clone(), *created_ms)).collect()
    }

    /// Makes a bucket in the staging folder and moves it into place whole. Blocks.
    pub(crate) fn create_bucket(&self, bucket: &str) -> S3Result<()> {
        if !check_bucket_name(bucket) {
            return Err(refuse(S3ErrorCode::InvalidBucketName, "The specified bucket is not valid."));
        }
        let _gate = self.bucket_gate.write().unwrap_or_else(PoisonError::into_inner);
        if self.has_bucket(bucket) {
            return Err(refuse(
                S3ErrorCode::BucketAlreadyOwnedByYou,
                "The bucket exists already and is yours.",
            ));
        }
        let created_ms = now_ms();
        let (staged, place) = (self.layout.staging().join(random_name()), self.layout.bucket(bucket));
        let made = build_bucket(&staged, created_ms).and_then(|()| self.move_bucket(&staged, &place));
        if let Err(cause) = made {
            if fs::remove_dir_all(&staged).is_err() {
                tracing::debug!("the staged bucket is swept at the next start");
            }
            return Err(from_io("create a bucket")(cause));
        }
        self.buckets.write().unwrap_or_else(PoisonError::into_inner).insert(bucket.to_owned(), created_ms);
        Ok(())
    }

    /// Removes an empty bucket. Blocks.
    pub(crate) fn delete_bucket(&self, bucket: &str) -> S3Result<()> {
        let _gate = self.bucket_gate.write().unwrap_or_else(PoisonError::into_inner);
        self.need_bucket(bucket)?;
        let known = self.index.bucket_has_objects(bucket).map_err(index_error("look into a bucket"))?;
        // The files are asked too: a file that the index does not know is somebody's photo all the same.
        if known || holds_files(&self.layout.bucket(bucket)).map_err(from_io("look into a bucket"))? {
            return Err(refuse(S3ErrorCode::BucketNotEmpty, "The bucket you tried to delete is not empty."));
        }
        let trash = self.layout.trash().join(random_name());
        self.move_bucket(&self.layout.bucket(bucket), &trash).map_err(from_io("delete a bucket"))?;
        self.buckets.write().unwrap_or_else(PoisonError::into_inner).remove(bucket);
        // The bucket is gone; that something of it is left over is no reason to answer with an error.
        let emptied =
            multipart::forget_bucket(&self.layout, bucket).and_then(|()| fs::remove_dir_all(&trash));
        if let Err(cause) = emptied {
            tracing::warn!(bucket, %cause, "something of a deleted bucket is left over");
        }
        Ok(())
    }

    /// Moves a bucket's folder into or out of its place, durably or not at all.
    fn move_bucket(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        fs::rename(from, to)?;
        let synced = sync_dir(&self.layout.trash()).and_then(|()| sync_dir(&self.layout.buckets()));
        synced.inspect_err(|_| {
            // What the disk will say after a power cut nobody knows; what is served and what lies there now agree.
            let undone = fs::rename(to, from).and_then(|()| sync_dir(&self.layout.buckets()));
            if let Err(cause) = undone {
                tracing::error!(%cause, "cannot undo the move of a bucket");
            }
        })
    }
}

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

fn build_bucket(path: &Path, created_ms: i64) -> std::io::Result<()> {
    disk::make_dir(path)?;
    let mut file = disk::create_new(&path.join(BUCKET_FILE))?;
    file.write_all(&serde_json::to_vec(&BucketFile { created_ms })?)?;
    file.sync_all()?;
    recover::make_all_shards(path)
}

fn holds_files(bucket: &Path) -> std::io::Result<bool> {
    for shard in crate::layout::shards() {
        if !scan::entries(&bucket.join(shard))?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
