//! What a store is opened with, and what can go wrong while opening it.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use qdn_sign::Credentials;
use tokio::sync::mpsc;

/// Everything [`Store::open`](crate::Store::open) needs to know. Start from [`StoreConfig::new`], which has a
/// default for all but the folder and the credentials.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Folder that holds everything the store keeps; made when missing.
    pub root: PathBuf,
    /// The region that signatures must name, such as `us-east-1`.
    pub region: String,
    /// Who may sign requests. Any number of access keys; none means that nobody gets in.
    pub credentials: Vec<Credentials>,
    /// Host names, each with its port where it is not the scheme's own, below which `{bucket}.{domain}` names a
    /// bucket. Requests to any other host are path-style.
    pub virtual_host_domains: Vec<String>,
    /// Which web pages of other origins may talk to the store.
    pub cors: CorsConfig,
    /// Uploads are refused with 507 once less than this many bytes are free on the file system.
    /// `None` picks the smaller of 256 MiB and 5 % of the file system.
    pub disk_floor_bytes: Option<u64>,
    /// How many uploads may be received at once, each holding up to 256 KiB of memory. It is far above
    /// `uploads_at_once_max`, so that slow clients do not keep others out. One more gets 503 `SlowDown`, after a wait.
    pub receiving_at_once_max: usize,
    /// How many uploads that have arrived whole may be synced and named at once. Others wait for a while, then get
    /// 503 `SlowDown`.
    pub uploads_at_once_max: usize,
    /// How long an upload waits for either turn before it gets 503 `SlowDown`.
    pub upload_wait_max: Duration,
    /// Keys that, once written, never change (see [`KeyPattern`]).
    pub write_once: Vec<KeyPattern>,
    /// Largest object, in bytes.
    pub object_bytes_max: u64,
    /// Largest object under a key that is written once, in bytes: whoever has a URL to PUT one may not know its size
    /// when it is signed.
    pub write_once_bytes_max: u64,
    /// Told of every object once it is durable, after its upload was answered or just before. A full channel misses
    /// some: it is a hint, the listing is the truth.
    pub commits: Option<mpsc::Sender<StoredKey>>,
    /// A multipart upload that was neither completed nor aborted is removed after this time.
    pub multipart_age_max: Duration,
    /// How many objects a second are compared with the index in the background after the store was not closed
    /// properly. 0 compares none.
    pub verify_objects_per_second: u32,
}

impl StoreConfig {
    /// The defaults: region `us-east-1`, path-style addresses, no foreign origins, photos of jobs written once,
    /// objects up to 5 GiB (the most that one PUT or POST to Amazon S3 can carry).
    pub fn new(root: impl Into<PathBuf>, credentials: Vec<Credentials>) -> Self {
        Self {
            root: root.into(),
            region: "us-east-1".to_owned(),
            credentials,
            virtual_host_domains: Vec::new(),
            cors: CorsConfig::default(),
            disk_floor_bytes: None,
            receiving_at_once_max: 512,
            uploads_at_once_max: 64,
            upload_wait_max: Duration::from_secs(10),
            write_once: vec![KeyPattern::new("jobs/*/photos/")],
            object_bytes_max: 5 << 30,
            write_once_bytes_max: 5 << 30,
            commits: None,
            multipart_age_max: Duration::from_hours(7 * 24),
            verify_objects_per_second: 200,
        }
    }
}

/// The name of an object that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

/// Which origins a browser may send requests from.
#[derive(Debug, Clone, Default)]
pub struct CorsConfig {
    /// Origins in the form a browser sends them, such as `https://app.example.com`; `*` is any.
    pub allowed_origins: OriginList,
    /// When set, a page served from the same host name as the store but from this port is allowed too, so that a
    /// phone which opened `http://192.168.1.5:8080` may upload to `http://192.168.1.5:9000` without configuration.
    pub same_host_port: Option<u16>,
}

/// A list of origins that may be replaced while the store is open: every clone is the same list.
#[derive(Debug, Clone, Default)]
pub struct OriginList(Arc<RwLock<Vec<String>>>);

impl OriginList {
    /// A list of these.
    pub fn new(origins: Vec<String>) -> Self {
        Self(Arc::new(RwLock::new(origins)))
    }

    /// From now on the list is this.
    pub fn replace(&self, origins: Vec<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = origins;
    }

    pub(crate) fn allows(&self, origin: &str) -> bool {
        let origins = self.0.read().unwrap_or_else(PoisonError::into_inner);
        origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }
}

/// A prefix of keys in which `*` stands for one whole segment between slashes, such as `jobs/*/photos/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPattern {
    segments: Vec<String>,
}

impl KeyPattern {
    /// Reads a pattern. A slash at the end is implied: `jobs/*/photos` is `jobs/*/photos/`.
    pub fn new(pattern: &str) -> Self {
        let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
        Self { segments: pattern.split('/').map(str::to_owned).collect() }
    }

    /// Whether `key` lies below this pattern.
    pub fn matches(&self, key: &str) -> bool {
        let mut rest = key;
        for segment in &self.segments {
            let Some((head, tail)) = rest.split_once('/') else { return false };
            if segment != "*" && segment != head {
                return false;
            }
            rest = tail;
        }
        true
    }
}

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has this folder open.
    #[error("{0} is in use by another process")]
    Locked(PathBuf),
    /// The file system refused something.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried, such as "create".
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The index lists objects of a bucket whose directory is missing or empty.
    #[error(
        "the index lists objects of the bucket {bucket}, but {path} is missing or empty: mount the disk it lies on or \
         restore it from a backup. To accept the loss, run `qdn store check --repair`"
    )]
    MissingBucket {
        /// The bucket.
        bucket: String,
        /// Where its objects should lie.
        path: PathBuf,
    },
    /// The index could not be opened nor rebuilt.
    #[error("index: {0}")]
    Index(#[from] rusqlite::Error),
    /// The configuration contradicts itself.
    #[error("configuration: {0}")]
    Config(String),
}

impl OpenError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_exactly_one_segment() {
        let pattern = KeyPattern::new("jobs/*/photos/");
        assert!(pattern.matches("jobs/7/photos/a.jpg"));
        assert!(pattern.matches("jobs/7/photos/deep/a.jpg"));
        assert!(!pattern.matches("jobs/7/8/photos/a.jpg"));
        assert!(!pattern.matches("jobs/7/photosx/a.jpg"));
        assert!(!pattern.matches("renditions/jobs/7/photos/a.jpg"));
        assert!(!pattern.matches("jobs/7/photos"));
    }
}
