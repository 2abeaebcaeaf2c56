//! Verification of the index by the object files. SQLite opens and reads an index whose write-ahead log is damaged or
//! missing, and then misses rows without an error. So a store that was not closed properly compares the names of all
//! object files with the index before it serves, and their trailers in the background, at a low rate
//! (docs/adr/0001).

mod background;
mod closed;
mod names;

use std::time::Instant;

use rusqlite::Connection;

pub(crate) use background::{Plan, Verifier};
pub(crate) use closed::{Place, Stop, take, write};

use crate::condition::{Observations, Repairs};
use crate::config::OpenError;
use crate::index::{self, Row};
use crate::layout::Layout;
use crate::rebuild::{is_gone, rebuild_index};
use crate::scan::{self, BucketDir, ObjectFile};
use names::{Comparison, Differences};

/// Compares the names of all object files with the index after an unclean stop, and makes the index agree. Nothing
/// else may use the store meanwhile. Returns whether the index was built anew, and so holds what the files say.
pub(crate) fn after_unclean_stop(layout: &Layout, observed: &Observations) -> Result<bool, OpenError> {
    let started = Instant::now();
    let (repairs, rebuilt) = match repair_names(layout, observed) {
        Ok(Some(repairs)) => (repairs, false),
        Ok(None) => (rebuild_index(layout, "it differed from the object files", observed)?.repairs, true),
        Err(OpenError::Index(cause)) if index::is_damage(&cause) => {
            tracing::error!(%cause, "failed to read the index");
            (rebuild_index(layout, "it cannot be read", observed)?.repairs, true)
        }
        Err(error) => return Err(error),
    };
    let Repairs { added, removed, changed } = repairs;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if repairs.any() {
        tracing::warn!(
            added,
            removed,
            changed,
            rebuilt,
            elapsed_ms,
            "index differed from the object files after an unclean stop"
        );
    } else {
        tracing::info!(elapsed_ms, "index agrees with the names of the object files after an unclean stop");
    }
    Ok(rebuilt)
}

/// Repairs a sound index that misses few rows or has few too many. `None` when it has to be built anew.
fn repair_names(layout: &Layout, observed: &Observations) -> Result<Option<Repairs>, OpenError> {
    let index = index::connect(&layout.index())?;
    if !index::is_sound(&index)? {
        return Ok(None);
    }
    let mut repairs = Repairs::default();
    let buckets = scan::bucket_dirs(layout, observed).map_err(OpenError::io("read", layout.buckets()))?;
    for bucket in buckets {
        match (Comparison { index: &index, bucket: &bucket, observed, max: names::DIFFERENCES_MAX }).run()? {
            Differences::None => {}
            Differences::Some { all: false, .. } => return Ok(None),
            Differences::Some { files, keys, .. } => {
                index.execute_batch("BEGIN")?;
                let added = add_rows(&index, &files, observed)?;
                let removed = remove_rows(&index, layout, &bucket, &keys, observed)?;
                index.execute_batch("COMMIT")?;
                let repaired = Repairs { added, removed, changed: 0 };
                observed.repaired(repaired);
                repairs = repairs.and(repaired);
            }
        }
    }
    Ok(Some(repairs))
}

fn add_rows(index: &Connection, files: &[ObjectFile], observed: &Observations) -> Result<u64, OpenError> {
    let mut added = 0;
    for file in files {
        match file.trailer() {
            Ok(Some(trailer)) => {
                index::upsert(index, &Row::from(&trailer))?;
                added += 1;
            }
            Ok(None) => {}
            Err(cause) => observed.unreadable_object(&file.path, &cause),
        }
    }
    Ok(added)
}

fn remove_rows(
    index: &Connection,
    layout: &Layout,
    bucket: &BucketDir,
    keys: &[String],
    observed: &Observations,
) -> Result<u64, OpenError> {
    let mut removed = 0;
    for key in keys.iter().filter(|key| is_gone(&layout.object(&bucket.name, key))) {
        index::remove(index, &bucket.name, key)?;
        observed.lost(&bucket.name, key);
        removed += 1;
    }
    Ok(removed)
}
