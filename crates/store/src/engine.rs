//! What all parts of an open store share, and the admission of work to it.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use s3s::S3Result;
use tokio::sync::OwnedSemaphorePermit;

use crate::condition::Observations;
use crate::config::StoreConfig;
use crate::disk::DiskFloor;
use crate::error::{internal, no_such_bucket};
use crate::index::Index;
use crate::layout::Layout;
use crate::locks::KeyLocks;
use crate::turns::Turns;

/// What all clones of a store share.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) config: StoreConfig,
    pub(crate) layout: Layout,
    pub(crate) index: Index,
    pub(crate) floor: Arc<DiskFloor>,
    pub(crate) observed: Arc<Observations>,
    pub(crate) locks: KeyLocks,
    /// Taken before a lock of `locks`, never after.
    pub(crate) upload_locks: KeyLocks,
    /// Read by whatever changes an object, written by what makes or removes a bucket.
    pub(crate) bucket_gate: RwLock<()>,
    pub(crate) buckets: RwLock<BTreeMap<String, i64>>,
    /// Uploads from their first byte to their answer.
    pub(crate) receiving: Turns,
    /// Uploads that are synced and named.
    pub(crate) storing: Turns,
    /// Changes that are no uploads.
    pub(crate) changing: Turns,
    pub(crate) closing: AtomicBool,
    pub(crate) lock: Mutex<Option<File>>,
}

impl Engine {
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
        let engine = Arc::clone(self);
        blocking(move || {
            let _turn = turn;
            change(&engine)
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
}

/// Runs something that blocks on a thread where that is fine.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> S3Result<T> + Send + 'static,
) -> S3Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(internal("run a blocking task")))
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
