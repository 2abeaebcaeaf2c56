//! Multipart uploads on disk: a folder for each upload with `upload.json`, which says what it will become, and one
//! object file for each part, whose trailer says what the part is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use s3s::{S3ErrorCode, S3Result};
use serde::{Deserialize, Serialize};

use crate::checksum::Algorithm;
use crate::condition::Observations;
use crate::config::OpenError;
use crate::disk::{self, sync_dir};
use crate::engine::{Engine, now_ms};
use crate::error::{from_io, no_such_bucket, refuse};
use crate::layout::{Layout, is_random_name, random_name};
use crate::object_file::{ContentHeaders, Trailer, TrailerError};
use crate::scan::entries;
use crate::staged::Staged;

const UPLOAD_FILE: &str = "upload.json";

/// What an upload will become.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadFile {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) initiated_ms: i64,
    pub(crate) headers: ContentHeaders,
    pub(crate) metadata: std::collections::BTreeMap<String, String>,
    pub(crate) algorithm: Option<Algorithm>,
    /// Whether the object's checksum is one of the parts' checksums (`COMPOSITE`) or of the whole (`FULL_OBJECT`).
    pub(crate) composite: bool,
}

/// A part that has been uploaded.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) number: i32,
    pub(crate) file: File,
    pub(crate) trailer: Trailer,
}

pub(crate) fn no_such_upload() -> s3s::S3Error {
    refuse(
        S3ErrorCode::NoSuchUpload,
        "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been \
         aborted or completed.",
    )
}

fn part_path(folder: &Path, number: i32) -> PathBuf {
    folder.join(format!("part-{number:05}"))
}

fn part_number(path: &Path) -> Option<i32> {
    path.file_name()?.to_str()?.strip_prefix("part-")?.parse().ok()
}

impl Engine {
    /// Starts an upload and returns its id. Blocks.
    pub(crate) fn create_multipart(&self, upload: &UploadFile) -> S3Result<String> {
        let id = random_name();
        let staged = self.layout.staging().join(&id);
        let place = self.layout.multipart().join(&id);
        let made = (|| {
            disk::make_dir(&staged)?;
            let mut file = disk::create_new(&staged.join(UPLOAD_FILE))?;
            file.write_all(&serde_json::to_vec(upload)?)?;
            file.sync_all()?;
            sync_dir(&staged)?;
            fs::rename(&staged, &place)?;
            sync_dir(&self.layout.multipart())
        })();
        made.map_err(from_io("start a multipart upload"))?;
        Ok(id)
    }

    /// The folder and the file of an upload of this key. Blocks.
    pub(crate) fn multipart(&self, bucket: &str, key: &str, id: &str) -> S3Result<(PathBuf, UploadFile)> {
        self.need_bucket(bucket)?;
        if !is_random_name(id) {
            return Err(no_such_upload());
        }
        let folder = self.layout.multipart().join(id);
        let upload = read_upload(&folder).map_err(from_io("read a multipart upload"))?;
        match upload {
            Some(upload) if upload.bucket == bucket && upload.key == key => Ok((folder, upload)),
            _ => Err(no_such_upload()),
        }
    }

    /// Makes a sealed body a part, in place of an earlier one of that number. Blocks.
    pub(crate) fn put_part(&self, staged: &Staged, id: &str, number: i32) -> S3Result<()> {
        let _upload = self.upload_locks.lock(id);
        let folder = self.layout.multipart().join(id);
        match fs::rename(&staged.path, part_path(&folder, number)) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(no_such_upload()),
            result => result.map_err(from_io("name a part"))?,
        }
        sync_dir(&folder).map_err(from_io("sync a multipart upload"))
    }

    /// Removes an upload and its parts. Blocks.
    pub(crate) fn remove_multipart(&self, id: &str) -> S3Result<()> {
        let trash = self.layout.trash().join(random_name());
        match fs::rename(self.layout.multipart().join(id), &trash) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(no_such_upload()),
            result => result.map_err(from_io("remove a multipart upload"))?,
        }
        sync_dir(&self.layout.multipart()).map_err(from_io("sync the multipart uploads"))?;
        fs::remove_dir_all(&trash).map_err(from_io("empty the trash"))
    }

    /// All uploads of a bucket, in the order of key and time. Blocks.
    pub(crate) fn multiparts(&self, bucket: &str) -> S3Result<Vec<(String, UploadFile)>> {
        if !self.has_bucket(bucket) {
            return Err(no_such_bucket());
        }
        let mut uploads = all_uploads(&self.layout).map_err(from_io("list multipart uploads"))?;
        uploads.retain(|(_, upload)| upload.bucket == bucket);
        uploads.sort_by(|(id, one), (other_id, other)| {
            (&one.key, one.initiated_ms, id).cmp(&(&other.key, other.initiated_ms, other_id))
        });
        Ok(uploads)
    }
}

/// The numbers of the parts that an upload has, in order. Blocks.
pub(crate) fn part_numbers(folder: &Path) -> io::Result<Vec<i32>> {
    let mut numbers: Vec<_> = entries(folder)?.iter().filter_map(|path| part_number(path)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Opens a part, or says that there is none. Blocks.
pub(crate) fn open_part(folder: &Path, number: i32) -> io::Result<Option<Part>> {
    let Some(file) = disk::open_if_there(&part_path(folder, number))? else { return Ok(None) };
    match Trailer::read(&file) {
        Ok(trailer) => Ok(Some(Part { number, file, trailer })),
        Err(TrailerError::Io(cause)) => Err(cause),
        Err(cause @ TrailerError::Corrupt(_)) => Err(io::Error::new(io::ErrorKind::InvalidData, cause)),
    }
}

fn read_upload(folder: &Path) -> io::Result<Option<UploadFile>> {
    match fs::read(folder.join(UPLOAD_FILE)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(cause) => Err(cause),
    }
}

fn all_uploads(layout: &Layout) -> io::Result<Vec<(String, UploadFile)>> {
    let mut uploads = Vec::new();
    for folder in entries(&layout.multipart())? {
        let Some(id) = folder.file_name().and_then(|name| name.to_str()) else { continue };
        match read_upload(&folder) {
            Ok(upload) => uploads.extend(upload.map(|upload| (id.to_owned(), upload))),
            // One damaged upload must not hide the others.
            Err(cause) => tracing::warn!(id, %cause, "a multipart upload cannot be read; it is left out"),
        }
    }
    Ok(uploads)
}

/// Removes the uploads of a bucket that is being deleted.
pub(crate) fn forget_bucket(layout: &Layout, bucket: &str) -> io::Result<()> {
    for (id, upload) in all_uploads(layout)? {
        if upload.bucket == bucket {
            fs::remove_dir_all(layout.multipart().join(id))?;
        }
    }
    Ok(())
}

/// Removes uploads that nobody finished within `age_max`, and half-made ones. One that cannot be read is kept: its
/// parts were acknowledged. What is no upload is left alone.
pub(crate) fn sweep(layout: &Layout, age_max: Duration, observed: &Observations) -> Result<(), OpenError> {
    let folder = layout.multipart();
    for path in entries(&folder).map_err(OpenError::io("read", &folder))? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !is_random_name(name) || !path.is_dir() {
            observed.strange(&path);
            continue;
        }
        match read_upload(&path) {
            Ok(Some(upload)) if !is_older(&upload, age_max) => {}
            Ok(_) => {
                tracing::info!(path = %path.display(), "removing an abandoned multipart upload");
                if let Err(cause) = fs::remove_dir_all(&path) {
                    tracing::warn!(path = %path.display(), %cause, "failed to remove a multipart upload");
                }
            }
            Err(cause) => {
                tracing::warn!(path = %path.display(), %cause, "a multipart upload cannot be read; it is kept");
            }
        }
    }
    Ok(())
}

fn is_older(upload: &UploadFile, age_max: Duration) -> bool {
    let age_max = i64::try_from(age_max.as_millis()).unwrap_or(i64::MAX);
    now_ms().saturating_sub(upload.initiated_ms) > age_max
}
