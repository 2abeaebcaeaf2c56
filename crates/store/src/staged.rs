//! Files in the staging directory.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::disk;
use crate::layout::random_name;

/// A file in the staging folder; removed when dropped.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

impl Staged {
    pub(crate) fn create(folder: &Path) -> std::io::Result<Self> {
        let path = folder.join(random_name());
        let file = disk::create_new(&path)?;
        Ok(Self { file, path })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(cause) = disk::remove_if_there(&self.path) {
            tracing::warn!(%cause, path = %self.path.display(), "cannot remove a staging file; the next start does");
        }
    }
}
