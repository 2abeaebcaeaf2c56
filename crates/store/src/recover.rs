//! What happens before a store serves: the lock, the sweep of what a crash left behind, and, only when the index is
//! missing or unreadable, building it anew from the object files. A sweep costs in proportion to what was in flight.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::config::OpenError;
use crate::disk::{self, sync_dir};
use crate::index::{self, Row};
use crate::layout::{Layout, shards};
use crate::object_file::{Trailer, TrailerError};

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

/// Makes sure that there is an index that can be read, building it from the object files when there is none.
pub(crate) fn ensure_index(layout: &Layout) -> Result<(), OpenError> {
    let path = layout.index();
    let wanted = layout.rebuild_wanted();
    let why = if fs::exists(&wanted).map_err(OpenError::io("look for", &wanted))? {
        "it was found damaged"
    } else {
        match index::usable(&path) {
            Ok(true) => return Ok(()),
            Ok(false) if !path.exists() => "there is none",
            Ok(false) => "it is of another version",
            Err(cause) if is_unreadable(&cause) => "it cannot be read",
            Err(cause) => return Err(cause.into()),
        }
    };
    let rows = rebuild_index(layout)?;
    tracing::warn!(rows, why, "built the index from the object files");
    Ok(())
}

fn is_unreadable(cause: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    matches!(
        cause.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
    )
}

/// Builds the index from the trailers of all objects, beside the old one, and puts it in its place.
pub(crate) fn rebuild_index(layout: &Layout) -> Result<u64, OpenError> {
    let path = layout.index();
    let fresh = path.with_extension("new");
    let io = |action, path: &Path| OpenError::io(action, path.to_owned());
    // Whoever is stopped below may leave an index without its write-ahead log, which looks whole and is not.
    let wanted = layout.rebuild_wanted();
    fs::write(&wanted, b"").map_err(io("create", &wanted))?;
    sync_dir(layout.root()).map_err(io("sync", layout.root()))?;
    disk::remove_if_there(&fresh).map_err(io("remove", &fresh))?;
    let connection = index::create(&fresh)?;
    connection.execute_batch("BEGIN")?;
    let mut rows = 0;
    for file in object_files(layout) {
        let file = file.map_err(io("read", &layout.buckets()))?;
        match file.trailer() {
            Ok(trailer) => {
                index::upsert(&connection, &Row::from(&trailer))?;
                rows += 1;
            }
            Err(TrailerError::Io(cause)) => return Err(io("read", &file.path)(cause)),
            Err(TrailerError::Corrupt(what)) => {
                tracing::error!(path = %file.path.display(), what, "damaged object left out of the index");
            }
        }
    }
    connection.execute_batch("COMMIT")?;
    connection.close().map_err(|(_, cause)| cause)?;
    File::open(&fresh).and_then(|file| file.sync_all()).map_err(io("sync", &fresh))?;
    for suffix in ["-wal", "-shm"] {
        let side = PathBuf::from(format!("{}{suffix}", path.display()));
        disk::remove_if_there(&side).map_err(io("remove", &side))?;
    }
    fs::rename(&fresh, &path).map_err(io("rename", &fresh))?;
    sync_dir(layout.root()).map_err(io("sync", layout.root()))?;
    disk::remove_if_there(&wanted).map_err(io("remove", &wanted))?;
    Ok(rows)
}

/// Finishes or undoes what was in flight when the store last stopped.
pub(crate) fn sweep(layout: &Layout) -> Result<(), OpenError> {
    let connection = index::connect(&layout.index())?;
    let published = sweep_staging(layout, &connection)?;
    let trashed = sweep_trash(layout, &connection)?;
    if published + trashed > 0 {
        tracing::info!(published, trashed, "finished what was in flight when the store last stopped");
    }
    Ok(())
}

/// A staged file that is also an object was published; its row may be missing. Any other is debris.
fn sweep_staging(layout: &Layout, connection: &Connection) -> Result<usize, OpenError> {
    let folder = layout.staging();
    let paths = entries(&folder).map_err(OpenError::io("read", &folder))?;
    let mut published = 0;
    connection.execute_batch("BEGIN")?;
    for path in &paths {
        let Some(trailer) = read_trailer(path)? else { continue };
        let object = layout.object(&trailer.bucket, &trailer.key);
        if is_same_file(path, &object).map_err(OpenError::io("look at", &object))? {
            index::upsert(connection, &Row::from(&trailer))?;
            published += 1;
        }
    }
    connection.execute_batch("COMMIT")?;
    remove_all(&paths)?;
    Ok(published)
}

/// A file in the trash names a key whose row may be wrong: the object was deleted or replaced, or a commit failed.
/// What the key's own file says now is right.
fn sweep_trash(layout: &Layout, connection: &Connection) -> Result<usize, OpenError> {
    let folder = layout.trash();
    let paths = entries(&folder).map_err(OpenError::io("read", &folder))?;
    let mut settled = 0;
    connection.execute_batch("BEGIN")?;
    for path in &paths {
        let Some(trashed) = read_trailer(path)? else { continue };
        settled += 1;
        let path = layout.object(&trashed.bucket, &trashed.key);
        if !fs::exists(&path).map_err(OpenError::io("look for", &path))? {
            index::remove(connection, &trashed.bucket, &trashed.key)?;
        } else if let Some(trailer) = read_trailer(&path)? {
            index::upsert(connection, &Row::from(&trailer))?;
        }
    }
    connection.execute_batch("COMMIT")?;
    remove_all(&paths)?;
    Ok(settled)
}

/// The trailer of a file, or `None` when it is a folder or not a whole object.
fn read_trailer(path: &Path) -> Result<Option<Trailer>, OpenError> {
    if path.is_dir() {
        return Ok(None);
    }
    let file = File::open(path).map_err(OpenError::io("open", path))?;
    match Trailer::read(&file) {
        Ok(trailer) => Ok(Some(trailer)),
        Err(TrailerError::Corrupt(_)) => Ok(None),
        Err(TrailerError::Io(cause)) => Err(OpenError::io("read", path)(cause)),
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

fn remove_all(paths: &[PathBuf]) -> Result<(), OpenError> {
    for path in paths {
        let result = if path.is_dir() { fs::remove_dir_all(path) } else { disk::remove_if_there(path) };
        result.map_err(OpenError::io("remove", path))?;
    }
    Ok(())
}

/// The paths in a folder.
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// The buckets that exist, with when they were made (milliseconds since the Unix epoch).
pub(crate) fn load_buckets(layout: &Layout) -> Result<BTreeMap<String, i64>, OpenError> {
    let folder = layout.buckets();
    let mut buckets = BTreeMap::new();
    for path in bucket_folders(layout).map_err(OpenError::io("read", &folder))? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        make_shards(&path).map_err(OpenError::io("create", &path))?;
        let bytes = fs::read(path.join(BUCKET_FILE)).unwrap_or_default();
        let created_ms = serde_json::from_slice::<BucketFile>(&bytes).map_or(0, |file| file.created_ms);
        buckets.insert(name.to_owned(), created_ms);
    }
    Ok(buckets)
}

/// Makes whichever of a bucket's 256 folders are missing, durably.
pub(crate) fn make_shards(bucket: &Path) -> io::Result<()> {
    let mut made = false;
    for shard in shards() {
        let path = bucket.join(shard);
        if !path.is_dir() {
            disk::make_dir(&path)?;
            made = true;
        }
    }
    if made { sync_dir(bucket) } else { Ok(()) }
}

/// A file among the objects of a bucket.
pub(crate) struct ObjectFile {
    pub(crate) path: PathBuf,
}

impl ObjectFile {
    /// Its trailer, which must name the bucket and key that lead to this path.
    pub(crate) fn trailer(&self) -> Result<Trailer, TrailerError> {
        let trailer = Trailer::read(&File::open(&self.path)?)?;
        let below_buckets = Layout::new("").object(&trailer.bucket, &trailer.key);
        if !self.path.ends_with(below_buckets) {
            return Err(TrailerError::Corrupt("it lies where another key belongs"));
        }
        Ok(trailer)
    }
}

/// Every file among the objects, one folder at a time.
pub(crate) fn object_files(layout: &Layout) -> impl Iterator<Item = io::Result<ObjectFile>> {
    let (buckets, unreadable) = match bucket_folders(layout) {
        Ok(buckets) => (buckets, None),
        Err(cause) => (Vec::new(), Some(Err(cause))),
    };
    let folders = buckets.into_iter().flat_map(|bucket| shards().map(move |shard| bucket.join(shard)));
    let files = folders.flat_map(|folder| {
        let files: Vec<_> = match entries(&folder) {
            Ok(paths) => paths.into_iter().map(|path| Ok(ObjectFile { path })).collect(),
            // Only of these 256 one may be missing: a start makes it.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(cause) => vec![Err(cause)],
        };
        files
    });
    unreadable.into_iter().chain(files)
}

/// The folders of the buckets. One that cannot be looked at is an error: taken for nothing, it would lose its photos.
fn bucket_folders(layout: &Layout) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for path in entries(&layout.buckets())? {
        if fs::metadata(&path)?.is_dir() {
            folders.push(path);
        }
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_that_cannot_be_read_are_an_error_and_no_empty_index() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        assert!(rebuild_index(&layout).is_err(), "no folder of buckets");
        fs::write(layout.buckets(), "no folder").unwrap();
        assert!(rebuild_index(&layout).is_err());
        assert!(!layout.index().exists());
        fs::remove_file(layout.buckets()).unwrap();
        fs::create_dir_all(layout.bucket("photos").join("00")).unwrap();
        assert_eq!(rebuild_index(&layout).unwrap(), 0, "a missing shard is empty");
        fs::write(layout.bucket("photos").join("01"), "no folder").unwrap();
        assert!(rebuild_index(&layout).is_err());
    }
}
