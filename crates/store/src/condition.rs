//! The condition of an open store: what it repaired since its start, and what it met in its directories that it
//! cannot use.

use std::fmt::Display;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::findings::Findings;

/// A snapshot of a store's condition. All counts are since its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Whether the store was not closed properly before this start, so that the index was compared with the files
    /// before the first listing.
    pub unclean_start: bool,
    /// Rows that were added to the index because an object file had none.
    pub rows_added: u64,
    /// Rows that said something else than their object file, and were corrected.
    pub rows_changed: u64,
    /// Rows that were removed because their object file is gone, as `bucket/key`. These objects are lost, but for those
    /// that were deleted shortly before an unclean stop that damaged the index: it may have lost the deletion.
    pub lost_objects: Findings,
    /// Objects that cannot be read (an I/O error, missing permission, a damaged trailer, a directory in the place of
    /// a file), by path. An object that the index knows stays listed; reading it is answered with 500.
    pub unreadable_objects: Findings,
    /// Directories of objects that cannot be read. Rows of what lies in them stay; objects that the index did not
    /// know are not listed.
    pub unreadable_directories: Findings,
    /// Entries that this store did not make, such as `.DS_Store` or `@eaDir`, by path. They are left where they are.
    pub strange_entries: Findings,
    /// Whether the object files are being compared with the index in the background.
    pub verifying: bool,
    /// Object files whose trailer was compared with the index in the background.
    pub objects_verified: u64,
}

/// How many rows of the index were made to agree with the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Repairs {
    pub(crate) added: u64,
    pub(crate) removed: u64,
    pub(crate) changed: u64,
}

impl Repairs {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            removed: self.removed + other.removed,
            changed: self.changed + other.changed,
        }
    }

    pub(crate) fn any(self) -> bool {
        self != Self::default()
    }
}

/// Collects the condition, and logs each finding once.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    condition: Mutex<Condition>,
}

impl Observations {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> Condition {
        self.lock().clone()
    }

    /// Notes an entry that the store did not make.
    pub(crate) fn strange(&self, path: &Path) {
        let path = path.display().to_string();
        if self.lock().strange_entries.add_new(&path) {
            tracing::warn!(path, "skipped an entry that is not part of the store");
        }
    }

    pub(crate) fn unreadable_object(&self, path: &Path, cause: &dyn Display) {
        let path = path.display().to_string();
        if self.lock().unreadable_objects.add_new(&path) {
            tracing::error!(path, %cause, "failed to read an object");
        }
    }

    pub(crate) fn unreadable_directory(&self, path: &Path, cause: &dyn Display) {
        let path = path.display().to_string();
        if self.lock().unreadable_directories.add_new(&path) {
            tracing::error!(path, %cause, "failed to read a directory of objects; its rows of the index are kept");
        }
    }

    /// Notes an object whose row is removed because its file is gone.
    pub(crate) fn lost(&self, bucket: &str, key: &str) {
        if self.lock().lost_objects.add_new(&format!("{bucket}/{key}")) {
            tracing::error!(bucket, key, "object lost, or the index has lost its deletion: its file is gone");
        }
    }

    /// Counts rows that were added and corrected. Removed ones are counted by [`Self::lost`].
    pub(crate) fn repaired(&self, repairs: Repairs) {
        let mut condition = self.lock();
        condition.rows_added += repairs.added;
        condition.rows_changed += repairs.changed;
    }
}
