//! Walks over the directories of objects. Whatever does not belong there, or cannot be read, is noted and skipped:
//! one such entry must not keep the others from being served.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use s3s::path::check_bucket_name;

use crate::condition::Observations;
use crate::disk;
use crate::layout::{self, Digest, Layout};
use crate::object_file::{Trailer, TrailerError};

/// The directory of a bucket.
#[derive(Debug, Clone)]
pub(crate) struct BucketDir {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// The directories of all buckets. One that cannot be looked at counts as a bucket: taken for nothing, its rows
/// would be removed.
pub(crate) fn bucket_dirs(layout: &Layout, observed: &Observations) -> io::Result<Vec<BucketDir>> {
    let mut buckets = Vec::new();
    for path in entries(&layout.buckets())? {
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| check_bucket_name(name));
        match name {
            Some(name) if fs::metadata(&path).map_or(true, |metadata| metadata.is_dir()) => {
                buckets.push(BucketDir { name: name.to_owned(), path: path.clone() });
            }
            _ => observed.strange(&path),
        }
    }
    buckets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(buckets)
}

/// The paths in a directory.
pub(crate) fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect()
}

/// A file whose name is that of an object.
pub(crate) enum Named {
    Object(Digest),
    /// It belongs into another directory.
    Misplaced(PathBuf),
}

/// Calls `each` with the name of every object in one of a bucket's 256 directories, all of which a start makes. After
/// an error some were missed.
pub(crate) fn each_name(
    bucket: &Path,
    shard: u8,
    observed: &Observations,
    mut each: impl FnMut(Named),
) -> io::Result<()> {
    let directory = bucket.join(layout::hex(&[shard]));
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(digest) = name.to_str().and_then(layout::parse_digest) else {
            observed.strange(&entry.path());
            continue;
        };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            observed.unreadable_object(&entry.path(), &"a directory in the place of a file");
        }
        let is_placed = digest.first() == Some(&shard);
        each(if is_placed { Named::Object(digest) } else { Named::Misplaced(entry.path()) });
    }
    Ok(())
}

/// A file among the objects of a bucket.
#[derive(Debug)]
pub(crate) struct ObjectFile {
    pub(crate) path: PathBuf,
}

impl ObjectFile {
    pub(crate) fn new(bucket: &Path, digest: &Digest) -> Self {
        let name = layout::hex(digest);
        let shard = name.get(..2).unwrap_or_default();
        Self { path: bucket.join(shard).join(&name) }
    }

    /// Its trailer, which must name the bucket and key that lead to this path. `None` when there is no such file.
    pub(crate) fn trailer(&self) -> Result<Option<Trailer>, TrailerError> {
        let Some(file) = disk::open_if_there(&self.path)? else { return Ok(None) };
        let trailer = Trailer::read(&file)?;
        let below_buckets = Layout::new("").object(&trailer.bucket, &trailer.key);
        if !self.path.ends_with(below_buckets) {
            return Err(TrailerError::Corrupt("it lies where another key belongs"));
        }
        Ok(Some(trailer))
    }
}

/// The files in one of a bucket's directories. A directory that cannot be read, or not to its end, is noted.
pub(crate) fn files_in(bucket: &Path, shard: u8, observed: &Observations) -> Vec<ObjectFile> {
    let mut files = Vec::new();
    let read = each_name(bucket, shard, observed, |named| {
        files.push(match named {
            Named::Object(digest) => ObjectFile::new(bucket, &digest),
            Named::Misplaced(path) => ObjectFile { path },
        });
    });
    // Where no store was started since, any of the 256 may be missing; but not all of the bucket.
    let is_missing = |cause: &io::Error| cause.kind() == io::ErrorKind::NotFound && bucket.is_dir();
    if let Err(cause) = read
        && !is_missing(&cause)
    {
        observed.unreadable_directory(&bucket.join(layout::hex(&[shard])), &cause);
    }
    files
}

/// Every file among the objects, one directory at a time.
pub(crate) fn object_files<'a>(
    layout: &Layout,
    observed: &'a Observations,
) -> io::Result<impl Iterator<Item = ObjectFile> + use<'a>> {
    let buckets = bucket_dirs(layout, observed)?;
    let shards = |bucket: BucketDir| (0..=u8::MAX).map(move |shard| (bucket.path.clone(), shard));
    let files = move |(bucket, shard): (PathBuf, u8)| files_in(&bucket, shard, observed);
    Ok(buckets.into_iter().flat_map(shards).flat_map(files))
}
