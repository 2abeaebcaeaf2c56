//! What happens before a store serves: the lock, the directories, and the sweep of what a crash left behind, which
//! costs in proportion to what was in flight.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::condition::Observations;
use crate::config::OpenError;
use crate::disk::{self, sync_dir};
use crate::index::{self, Row};
use crate::layout::{Layout, is_working_name, parse_digest, shards};
use crate::object_file::{Trailer, TrailerError};
use crate::scan::{self, entries};

/// The file in a bucket's folder that says when the bucket was made.
pub(crate) const BUCKET_FILE: &str = "bucket.json";

/// What is kept about a bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BucketFile {
    pub(crate) created_ms: i64,
}

/// Takes the lock that keeps a second process out, for as long as the file is open.
pub(crate) fn lock(layout: &Layout) -> Result<File, OpenError> {
    let path = layout.lock();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(OpenError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(layout.root().to_owned())),
        Err(TryLockError::Error(cause)) => Err(OpenError::io("lock", path)(cause)),
    }
}

/// Makes the root folder and the folders in it, durably.
pub(crate) fn make_folders(layout: &Layout) -> Result<(), OpenError> {
    let root = layout.root();
    fs::create_dir_all(root).map_err(OpenError::io("create", root))?;
    for folder in layout.folders() {
        disk::make_dir(&folder).map_err(OpenError::io("create", &folder))?;
    }
    sync_dir(root).map_err(OpenError::io("sync", root))?;
    if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        sync_dir(parent).map_err(OpenError::io("sync", parent))?;
    }
    Ok(())
}

/// Finishes or undoes what was in flight when the store last stopped.
pub(crate) fn sweep(layout: &Layout, observed: &Observations) -> Result<(), OpenError> {
    let connection = index::connect(&layout.index())?;
    let published = sweep_staging(layout, &connection, observed)?;
    let trashed = sweep_trash(layout, &connection, observed)?;
    if published + trashed > 0 {
        tracing::info!(published, trashed, "finished what was in flight when the store last stopped");
    }
    Ok(())
}

/// What the store has put into one of its working directories. Anything else stays there.
fn working_entries(directory: &Path, observed: &Observations) -> Result<Vec<PathBuf>, OpenError> {
    let mut paths = entries(directory).map_err(OpenError::io("read", directory))?;
    paths.retain(|path| {
        let is_ours = is_working_name(path);
        if !is_ours {
            observed.strange(path);
        }
        is_ours
    });
    Ok(paths)
}

/// A staged file that is also an object was published; its row may be missing. Any other is debris. One that cannot
/// be read stays for the next start.
fn sweep_staging(
    layout: &Layout,
    connection: &Connection,
    observed: &Observations,
) -> Result<usize, OpenError> {
    let mut swept = working_entries(&layout.staging(), observed)?;
    let mut published = 0;
    connection.execute_batch("BEGIN")?;
    let mut failed = Ok(());
    swept.retain(|path| {
        let result = published_row(layout, path).map(|row| {
            let Some(row) = row.filter(|_| failed.is_ok()) else { return };
            published += 1;
            failed = index::upsert(connection, &row);
        });
        is_settled(path, result, observed)
    });
    failed?;
    connection.execute_batch("COMMIT")?;
    remove_all(&swept, observed);
    Ok(published)
}

/// The row of a staged file that was published.
fn published_row(layout: &Layout, staged: &Path) -> io::Result<Option<Row>> {
    let Some(trailer) = read_trailer(staged)? else { return Ok(None) };
    let object = layout.object(&trailer.bucket, &trailer.key);
    Ok(is_same_file(staged, &object)?.then(|| Row::from(&trailer)))
}

fn is_settled(path: &Path, result: io::Result<()>, observed: &Observations) -> bool {
    result.inspect_err(|cause| observed.unreadable_object(path, cause)).is_ok()
}

/// A file in the trash names a key whose row may be wrong: the object was deleted or replaced, or a commit failed.
/// What the key's own file says now is right. Where that cannot be read, the file in the trash stays for the next
/// start.
fn sweep_trash(
    layout: &Layout,
    connection: &Connection,
    observed: &Observations,
) -> Result<usize, OpenError> {
    let mut swept = working_entries(&layout.trash(), observed)?;
    let mut settled = 0;
    connection.execute_batch("BEGIN")?;
    let mut failed = Ok(());
    swept.retain(|path| {
        let result = trashed_key(layout, path).map(|key| {
            let Some((trashed, trailer)) = key.filter(|_| failed.is_ok()) else { return };
            settled += 1;
            failed = match trailer {
                Named::Object(trailer) => index::upsert(connection, &Row::from(trailer.as_ref())),
                Named::Damaged => Ok(()),
                Named::Nothing => index::remove(connection, &trashed.bucket, &trashed.key),
            };
        });
        is_settled(path, result, observed)
    });
    failed?;
    connection.execute_batch("COMMIT")?;
    remove_all(&swept, observed);
    Ok(settled)
}

/// What lies under the name of a key.
enum Named {
    Object(Box<Trailer>),
    Damaged,
    Nothing,
}

/// The key that a file in the trash names, and what lies under it now.
fn trashed_key(layout: &Layout, path: &Path) -> io::Result<Option<(Trailer, Named)>> {
    let Some(trashed) = read_trailer(path)? else { return Ok(None) };
    let object = layout.object(&trashed.bucket, &trashed.key);
    let named = if !fs::exists(&object)? {
        Named::Nothing
    } else if let Some(trailer) = read_trailer(&object)? {
        Named::Object(Box::new(trailer))
    } else {
        Named::Damaged
    };
    Ok(Some((trashed, named)))
}

/// The keys that files in the trash name: objects that were being deleted or replaced.
pub(crate) fn trashed_keys(layout: &Layout) -> Vec<(String, String)> {
    let paths = entries(&layout.trash()).unwrap_or_default();
    let trailers = paths.iter().filter_map(|path| read_trailer(path).ok().flatten());
    trailers.map(|trailer| (trailer.bucket, trailer.key)).collect()
}

/// The trailer of a file, or `None` when it is a directory or not a whole object.
fn read_trailer(path: &Path) -> io::Result<Option<Trailer>> {
    if path.is_dir() {
        return Ok(None);
    }
    let Some(file) = disk::open_if_there(path)? else { return Ok(None) };
    match Trailer::read(&file) {
        Ok(trailer) => Ok(Some(trailer)),
        Err(TrailerError::Corrupt(_)) => Ok(None),
        Err(TrailerError::Io(cause)) => Err(cause),
    }
}

fn is_same_file(one: &Path, other: &Path) -> io::Result<bool> {
    let one = fs::metadata(one)?;
    match fs::metadata(other) {
        Ok(other) => Ok(one.dev() == other.dev() && one.ino() == other.ino()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// Removes what was settled. What cannot be removed is settled once more by the next start.
fn remove_all(paths: &[PathBuf], observed: &Observations) {
    for path in paths {
        let result = if path.is_dir() { fs::remove_dir_all(path) } else { disk::remove_if_there(path) };
        if let Err(cause) = result {
            tracing::warn!(path = %path.display(), %cause, "failed to remove a settled file");
            observed.strange(path);
        }
    }
}

/// The buckets that exist, with when they were made (milliseconds since the Unix epoch).
pub(crate) fn load_buckets(
    layout: &Layout,
    observed: &Observations,
) -> Result<BTreeMap<String, i64>, OpenError> {
    let buckets = scan::bucket_dirs(layout, observed).map_err(OpenError::io("read", layout.buckets()))?;
    let mut loaded = BTreeMap::new();
    for bucket in buckets {
        make_shards(&bucket.path, observed);
        let path = bucket.path.join(BUCKET_FILE);
        let read = fs::read(&path).and_then(|bytes| Ok(serde_json::from_slice::<BucketFile>(&bytes)?));
        if let Err(cause) = &read {
            tracing::warn!(path = %path.display(), %cause, "failed to read when a bucket was made");
        }
        loaded.insert(bucket.name, read.map_or(0, |file| file.created_ms));
        for path in entries(&bucket.path).unwrap_or_default() {
            if !is_of_bucket(&path) {
                observed.strange(&path);
            }
        }
    }
    Ok(loaded)
}

/// Whether an entry of a bucket's directory is one of those that the store makes.
fn is_of_bucket(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == BUCKET_FILE || parse_digest(&name.repeat(32)).is_some()
}

/// Makes whichever of a bucket's 256 directories are missing. One that cannot be made is noted: the others serve.
fn make_shards(bucket: &Path, observed: &Observations) {
    let mut made = false;
    for shard in shards() {
        let path = bucket.join(shard);
        if path.is_dir() {
            continue;
        }
        match disk::make_dir(&path) {
            Ok(()) => made = true,
            Err(cause) => observed.unreadable_directory(&path, &cause),
        }
    }
    if made && let Err(cause) = sync_dir(bucket) {
        observed.unreadable_directory(bucket, &cause);
    }
}

/// Makes the 256 directories of a new bucket, durably.
pub(crate) fn make_all_shards(bucket: &Path) -> io::Result<()> {
    shards().try_for_each(|shard| disk::make_dir(&bucket.join(shard)))?;
    sync_dir(bucket)
}

/// Refuses when the index lists objects of a bucket whose directory is missing or has none of its 256 directories,
/// as a disk that is not mounted leaves it.
pub(crate) fn need_buckets(layout: &Layout) -> Result<(), OpenError> {
    // An index that cannot be read names no bucket; it is built anew from what is there.
    for bucket in index::listed_buckets(&layout.index()).unwrap_or_default() {
        let path = layout.bucket(&bucket);
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_dir())
            || is_missing(&path)
            || path.is_dir() && shards().all(|shard| is_missing(&path.join(shard)))
        {
            return Err(OpenError::MissingBucket { bucket, path });
        }
    }
    Ok(())
}

fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}
