//! Building the index anew from the object files, when it is missing, damaged or of another version.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::condition::{Observations, Repairs};
use crate::config::OpenError;
use crate::disk::{self, sync_dir};
use crate::index::{self, Row};
use crate::layout::Layout;
use crate::recover::{sweep, trashed_keys};
use crate::scan;

/// Makes sure that there is an index that can be read and changed, and finishes in it what was in flight when the store
/// last stopped. Returns whether it was built anew from the object files.
pub(crate) fn swept_index(layout: &Layout, observed: &Observations) -> Result<bool, OpenError> {
    let rebuilt = ensure_index(layout, observed)?;
    match sweep(layout, observed) {
        Err(OpenError::Index(cause)) if index::is_damage(&cause) => {
            tracing::error!(%cause, "failed to change the index");
            rebuild_index(layout, "it cannot be changed", observed)?;
            sweep(layout, observed)?;
            Ok(true)
        }
        swept => swept.map(|()| rebuilt),
    }
}

/// Builds the index from the object files when there is none that can be read. Returns whether it did.
fn ensure_index(layout: &Layout, observed: &Observations) -> Result<bool, OpenError> {
    let path = layout.index();
    let wanted = layout.rebuild_wanted();
    let why = if fs::exists(&wanted).map_err(OpenError::io("look for", &wanted))? {
        "it was found damaged"
    } else {
        match index::usable(&path) {
            Ok(true) => return Ok(false),
            Ok(false) if !path.exists() => "there is none",
            Ok(false) => "it is of another version",
            Err(cause) if index::is_damage(&cause) => "it cannot be read",
            Err(cause) => return Err(cause.into()),
        }
    };
    rebuild_index(layout, why, observed).map(|_| true)
}

/// What a new index holds, beside the one before it.
#[derive(Debug, Default)]
pub(crate) struct Rebuilt {
    pub(crate) rows: u64,
    /// Rows of the old index whose object file is there and cannot be read.
    pub(crate) kept: u64,
    pub(crate) repairs: Repairs,
}

/// Builds the index from the trailers of all objects, beside the old one, and puts it in its place. An object that
/// cannot be read keeps the row it had: it stays listed, and reading it is an error.
pub(crate) fn rebuild_index(
    layout: &Layout,
    why: &'static str,
    observed: &Observations,
) -> Result<Rebuilt, OpenError> {
    let path = layout.index();
    let fresh = path.with_extension("new");
    let io = |action, path: &Path| OpenError::io(action, path.to_owned());
    // An interruption below may leave an index without its write-ahead log, which looks whole and is not.
    let wanted = layout.rebuild_wanted();
    fs::write(&wanted, b"").map_err(io("create", &wanted))?;
    sync_dir(layout.root()).map_err(io("sync", layout.root()))?;
    disk::remove_if_there(&fresh).map_err(io("remove", &fresh))?;
    let connection = index::create(&fresh)?;
    connection.execute_batch("BEGIN")?;
    let read = add_files(layout, &connection, observed)?;
    let rebuilt = match index::connect_to_read(&path) {
        Ok(old) => Comparison { layout, observed, old: &old, new: &connection }.run(read)?,
        Err(_) => Rebuilt { rows: read, repairs: Repairs { added: read, ..Repairs::default() }, kept: 0 },
    };
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
    let Repairs { added, removed, changed } = rebuilt.repairs;
    observed.repaired(rebuilt.repairs);
    tracing::warn!(
        why,
        rows = rebuilt.rows,
        added,
        removed,
        changed,
        unreadable = rebuilt.kept,
        "built the index from the object files"
    );
    Ok(rebuilt)
}

/// Adds a row for each object file that can be read, and returns how many there are.
fn add_files(layout: &Layout, index: &Connection, observed: &Observations) -> Result<u64, OpenError> {
    let mut rows = 0;
    let files = scan::object_files(layout, observed).map_err(OpenError::io("read", layout.buckets()))?;
    for file in files {
        match file.trailer() {
            Ok(Some(trailer)) => {
                index::upsert(index, &Row::from(&trailer))?;
                rows += 1;
            }
            Ok(None) => {}
            Err(cause) => observed.unreadable_object(&file.path, &cause),
        }
    }
    Ok(rows)
}

/// The comparison of a new index with the old one, as far as that can be read.
struct Comparison<'a> {
    layout: &'a Layout,
    observed: &'a Observations,
    old: &'a Connection,
    new: &'a Connection,
}

impl Comparison<'_> {
    /// `read` is how many rows the new index has from the files.
    fn run(&self, read: u64) -> Result<Rebuilt, OpenError> {
        let mut rebuilt = Rebuilt { rows: read, ..Rebuilt::default() };
        let trashed = trashed_keys(self.layout);
        let (mut same, mut failed) = (0, Ok(()));
        let compared = index::each_row(self.old, |row| {
            let new = match index::find(self.new, &row.bucket, &row.key) {
                Ok(new) => new,
                Err(cause) => return failed = Err(cause),
            };
            match new {
                Some(new) if new == row => same += 1,
                Some(_) => rebuilt.repairs.changed += 1,
                None if is_gone(&self.layout.object(&row.bucket, &row.key)) => {
                    if !trashed.iter().any(|(bucket, key)| (bucket, key) == (&row.bucket, &row.key)) {
                        self.observed.lost(&row.bucket, &row.key);
                        rebuilt.repairs.removed += 1;
                    }
                }
                None => {
                    rebuilt.kept += 1;
                    failed = index::upsert(self.new, &row);
                }
            }
        });
        failed?;
        if let Err(cause) = compared {
            tracing::warn!(
                %cause,
                "failed to read the old index to its end; objects whose file is gone may be missing without a name"
            );
        }
        rebuilt.repairs.added = read.saturating_sub(same + rebuilt.repairs.changed);
        rebuilt.rows = read + rebuilt.kept;
        Ok(rebuilt)
    }
}

/// Whether a file is certainly not there. One that cannot be looked at may be, and so may one whose directory is gone.
pub(crate) fn is_gone(path: &Path) -> bool {
    let missing = fs::symlink_metadata(path).is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound);
    missing && path.parent().is_some_and(Path::is_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebuild(layout: &Layout, observed: &Observations) -> Result<u64, OpenError> {
        rebuild_index(layout, "a test", observed).map(|rebuilt| rebuilt.rows)
    }

    #[test]
    fn buckets_that_cannot_be_read_are_an_error_and_no_empty_index() {
        let folder = tempfile::tempdir().unwrap();
        let (layout, observed) = (Layout::new(folder.path()), Observations::default());
        assert!(rebuild(&layout, &observed).is_err(), "no directory of buckets");
        fs::write(layout.buckets(), "no directory").unwrap();
        assert!(rebuild(&layout, &observed).is_err());
        assert!(!layout.index().exists());
        fs::remove_file(layout.buckets()).unwrap();
        fs::create_dir_all(layout.bucket("photos").join("00")).unwrap();
        assert_eq!(rebuild(&layout, &observed).unwrap(), 0, "a missing shard is empty");
        assert_eq!(observed.snapshot().unreadable_directories.count, 0);
        fs::write(layout.bucket("photos").join("01"), "no directory").unwrap();
        assert_eq!(
            rebuild(&layout, &observed).unwrap(),
            0,
            "one that cannot be read does not stop the others"
        );
        assert_eq!(observed.snapshot().unreadable_directories.count, 1);
    }
}
