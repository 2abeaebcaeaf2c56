//! Making the row of one key agree with its file while the store serves.

use std::sync::PoisonError;

use crate::engine::Engine;
use crate::index::{self, Change, Row};
use crate::rebuild::is_gone;
use crate::scan::ObjectFile;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It agrees with the file, or the file cannot be read.
    Agrees,
    Added,
    Changed,
    /// The file is gone: the object is lost.
    Removed,
    /// The index could not be read or changed.
    Failed,
}

impl Engine {
    /// Makes the row of a key say what its file says, under the key's lock. A file that cannot be read keeps its row.
    /// Blocks.
    pub(crate) fn settle(&self, bucket: &str, key: &str) -> Settled {
        let _bucket = self.bucket_gate.read().unwrap_or_else(PoisonError::into_inner);
        if !self.has_bucket(bucket) {
            return Settled::Agrees;
        }
        let _key = self.locks.lock(key);
        let file = ObjectFile { path: self.layout.object(bucket, key) };
        let trailer = match file.trailer() {
            Ok(trailer) => trailer,
            Err(cause) => {
                self.observed.unreadable_object(&file.path, &cause);
                return Settled::Agrees;
            }
        };
        let Ok(row) = self.index.read(|connection| index::find(connection, bucket, key)) else {
            return Settled::Failed;
        };
        let (change, settled) = match (trailer.as_ref().map(Row::from), row) {
            (Some(file), Some(row)) if file == row => return Settled::Agrees,
            (None, None) => return Settled::Agrees,
            (None, Some(_)) if !is_gone(&file.path) => return Settled::Agrees,
            (None, Some(_)) => {
                let change = Change::Remove { bucket: bucket.to_owned(), key: key.to_owned() };
                (change, Settled::Removed)
            }
            (Some(file), None) => (Change::Upsert(file), Settled::Added),
            (Some(file), Some(_)) => (Change::Upsert(file), Settled::Changed),
        };
        if self.apply(change).is_err() {
            return Settled::Failed;
        }
        if settled == Settled::Removed {
            self.observed.lost(bucket, key);
        } else {
            tracing::warn!(bucket, key, ?settled, "corrected a row of the index from its object file");
        }
        settled
    }
}
