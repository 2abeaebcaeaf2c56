//! Free space: what is left, the floor below which nothing new is taken in, and a reserve that is given up for what
//! must work on a full disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

const FLOOR_BYTES_MAX: u64 = 256 << 20;
const RESERVE_BYTES: std::ops::RangeInclusive<u64> = 512 << 10..=16 << 20;
/// Written where the file system cannot allocate without writing.
const BLOCK_BYTES: usize = 64 << 10;

/// The space of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What an unprivileged process may still write.
    pub free_bytes: u64,
    /// The size of the file system.
    pub total_bytes: u64,
}

impl Space {
    /// Returns the space of the file system that holds `path`.
    ///
    /// # Errors
    /// What `statvfs` reports, such as for a path that does not exist.
    pub fn of(path: &Path) -> io::Result<Self> {
        let disk = statvfs(path)?;
        Ok(Self {
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            total_bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    /// Returns the minimum free space for new objects: as configured, or the smaller of 256 MiB and 5 % of the file
    /// system.
    pub fn floor_bytes(self, configured: Option<u64>) -> u64 {
        configured.unwrap_or_else(|| FLOOR_BYTES_MAX.min(self.total_bytes / 20))
    }

    /// Returns the size of a reserve on this file system: 1 % of it, at least 512 KiB and at most 16 MiB.
    fn reserve_bytes(self) -> u64 {
        (self.total_bytes / 100).clamp(*RESERVE_BYTES.start(), *RESERVE_BYTES.end())
    }
}

/// A file that occupies space while there is some. Removing it makes room for deletions, revocations and a start when
/// other programs have filled the disk to its last byte.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    /// Whether the file is there in full size.
    whole: Mutex<bool>,
}

impl Reserve {
    /// Describes the reserve in the file `path`, in a directory that exists. Nothing is written yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), whole: Mutex::new(false) }
    }

    /// Allocates the file unless it is whole, where `floor_bytes` stay free beside it. Returns whether it is whole.
    pub fn fill(&self, floor_bytes: u64) -> bool {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if !*whole {
            *whole = self.allocate(floor_bytes).unwrap_or_else(|error| {
                tracing::debug!(%error, "failed to allocate the disk reserve");
                false
            });
        }
        *whole
    }

    fn allocate(&self, floor_bytes: u64) -> io::Result<bool> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let space = Space::of(folder)?;
        let wanted = space.reserve_bytes();
        let there = fs::metadata(&self.path).map_or(0, |file| file.len());
        if there >= wanted {
            return Ok(true);
        }
        if space.free_bytes < floor_bytes.saturating_add(wanted) {
            return Ok(false);
        }
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&self.path)?;
        let allocated = match fallocate(&file, FallocateFlags::empty(), 0, wanted) {
            Err(rustix::io::Errno::OPNOTSUPP) => write_noise(&mut file, wanted),
            result => Ok(result?),
        };
        if allocated.is_err() {
            fs::remove_file(&self.path)?;
        }
        allocated.map(|()| true)
    }

    /// Gives the space up. Returns whether there was any to give.
    pub fn release(&self) -> bool {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        *whole = false;
        let released = fs::metadata(&self.path).is_ok_and(|file| file.len() > 0);
        match fs::remove_file(&self.path) {
            Ok(()) if released => tracing::warn!("the disk is full; its reserve is given up for deletions"),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::error!(%error, "failed to give up the disk reserve"),
        }
        released
    }

    /// Gives the space up where less than the reserve itself is free: a start writes a few small files.
    pub fn release_if_full(&self) {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if Space::of(folder).is_ok_and(|space| space.free_bytes < *RESERVE_BYTES.start()) {
            self.release();
        }
    }
}

/// Bytes that no file system compresses away.
fn write_noise(file: &mut File, mut bytes: u64) -> io::Result<()> {
    while bytes > 0 {
        let block: Vec<u8> = (0..BLOCK_BYTES / 32).flat_map(|_| rand::random::<[u8; 32]>()).collect();
        let length = usize::try_from(bytes).unwrap_or(usize::MAX).min(block.len());
        file.write_all(block.get(..length).unwrap_or_default())?;
        bytes -= length as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_occupies_space_until_it_is_released() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(folder.path().join("reserve"));
        assert!(reserve.fill(0) && reserve.fill(0));
        let file = fs::metadata(folder.path().join("reserve")).unwrap();
        assert!(RESERVE_BYTES.contains(&file.len()));
        assert!(std::os::unix::fs::MetadataExt::blocks(&file) * 512 >= file.len(), "allocated, not sparse");
        assert!(reserve.release());
        assert!(!reserve.release());
        assert!(!reserve.fill(u64::MAX), "nothing is taken from below the floor");
        assert!(!folder.path().join("reserve").exists());
    }
}
