//! The note of a clean stop. It names the index as it was closed, so that an index which was copied, restored or
//! changed since is not taken for it. Without a note that matches, a start takes the stop before it for unclean.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::OpenError;
use crate::disk::{self, sync_dir};
use crate::layout::Layout;

/// Where SQLite's header has the file change counter
/// (<https://www.sqlite.org/fileformat2.html#file_change_counter>).
const CHANGE_COUNTER_AT: u64 = 24;

/// How far the background verification has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) bucket: String,
    pub(crate) shard: u8,
}

/// How the store was stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Properly; the index is as it was left. The background verification goes on from here, if it had not finished.
    Clean(Option<Place>),
    Unclean,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    index: Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_from: Option<Place>,
}

/// What tells one state of the index's file from another.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    bytes: u64,
    change_counter: u32,
    modified_s: i64,
    modified_ns: i64,
}

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        file.sync_all()?;
        let metadata = file.metadata()?;
        let mut counter = [0; 4];
        file.read_exact_at(&mut counter, CHANGE_COUNTER_AT)?;
        Ok(Self {
            bytes: metadata.size(),
            change_counter: u32::from_be_bytes(counter),
            modified_s: metadata.mtime(),
            modified_ns: metadata.mtime_nsec(),
        })
    }
}

/// Reads the note and removes it, durably, before anything may be written to the index.
pub(crate) fn take(layout: &Layout) -> Result<Stop, OpenError> {
    let path = layout.closed();
    let read = fs::read(&path);
    if matches!(&read, Err(cause) if cause.kind() == io::ErrorKind::NotFound) {
        return Ok(Stop::Unclean);
    }
    disk::remove_if_there(&path).map_err(OpenError::io("remove", &path))?;
    sync_dir(layout.root()).map_err(OpenError::io("sync", layout.root()))?;
    let note = read.ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok());
    let Some(note) = note.filter(|_| has_no_log(layout)) else { return Ok(Stop::Unclean) };
    let matches = Identity::of(&layout.index()).is_ok_and(|identity| identity == note.index);
    Ok(if matches { Stop::Clean(note.verify_from) } else { Stop::Unclean })
}

/// Writes the note, after the last change of the index.
pub(crate) fn write(layout: &Layout, verify_from: Option<Place>) -> io::Result<()> {
    if !has_no_log(layout) {
        return Err(io::Error::other("the index has a write-ahead log still"));
    }
    let note = Note { index: Identity::of(&layout.index())?, verify_from };
    let fresh = layout.closed().with_extension("new");
    disk::remove_if_there(&fresh)?;
    let mut file = disk::create_new(&fresh)?;
    file.write_all(&serde_json::to_vec(&note)?)?;
    file.sync_all()?;
    fs::rename(&fresh, layout.closed())?;
    sync_dir(layout.root())
}

/// Whether everything is in the index's own file.
fn has_no_log(layout: &Layout) -> bool {
    let path = PathBuf::from(format!("{}-wal", layout.index().display()));
    match fs::metadata(&path) {
        Ok(metadata) => metadata.len() == 0,
        Err(cause) => cause.kind() == io::ErrorKind::NotFound,
    }
}
