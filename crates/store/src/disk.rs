//! Durable file system steps and the floor of free space.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::space::{Reserve, Space};

/// How many bytes an upload may write before the free space is looked at again.
const RECHECK_BYTES: u64 = 4 << 20;

/// Makes the entries of a folder durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes a folder that only the owner can read; an existing one is fine. The entry is durable once the parent is
/// synced.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        result => result,
    }
}

/// Opens a new file for reading and writing that only the owner can read.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Opens a file for reading, or says that there is none. It does not wait for the other end of a named pipe.
pub(crate) fn open_if_there(path: &Path) -> io::Result<Option<File>> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// Whether an open failed for want of file descriptors, and not for the file's sake.
pub(crate) fn is_out_of_handles(cause: &io::Error) -> bool {
    use rustix::io::Errno;
    let code = cause.raw_os_error();
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| Some(errno.raw_os_error()) == code)
}

/// Keeps a floor of free space, so that a full disk is met by uploads before it is met by a database.
#[derive(Debug)]
pub(crate) struct DiskFloor {
    root: PathBuf,
    floor_bytes: Option<u64>,
    /// What running uploads have announced and not yet written.
    expected_bytes: AtomicU64,
    reserve: Reserve,
}

/// The disk has not enough room above its floor.
#[derive(Debug)]
pub(crate) struct DiskFull;

impl DiskFloor {
    pub(crate) fn new(root: PathBuf, floor_bytes: Option<u64>) -> Arc<Self> {
        let reserve = Reserve::new(root.join("reserve"));
        Arc::new(Self { root, floor_bytes, expected_bytes: AtomicU64::new(0), reserve })
    }

    /// Sets `bytes` aside for an upload, or refuses when they would go below the floor.
    pub(crate) fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Reservation, DiskFull> {
        self.expected_bytes.fetch_add(bytes, Ordering::SeqCst);
        let reservation = Reservation { floor: Arc::clone(self), left_bytes: bytes, unchecked_bytes: 0 };
        self.check()?;
        Ok(reservation)
    }

    /// Makes room for a start where there is none.
    pub(crate) fn release_if_full(&self) {
        self.reserve.release_if_full();
    }

    /// Gives up the reserve for a deletion. Returns whether that made room.
    pub(crate) fn release(&self) -> bool {
        self.reserve.release()
    }

    fn check(&self) -> Result<(), DiskFull> {
        let space = Space::of(&self.root).map_err(|error| {
            tracing::error!(%error, "failed to ask for the free disk space");
            DiskFull
        })?;
        let floor = space.floor_bytes(self.floor_bytes);
        let taken = floor.saturating_add(self.expected_bytes.load(Ordering::SeqCst));
        if space.free_bytes < taken {
            return Err(DiskFull);
        }
        self.reserve.fill(taken);
        Ok(())
    }
}

/// Space set aside for one upload; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    floor: Arc<DiskFloor>,
    left_bytes: u64,
    unchecked_bytes: u64,
}

impl Reservation {
    /// Tells that `bytes` were written, and looks at the free space every few MiB.
    pub(crate) fn wrote(&mut self, bytes: u64) -> Result<(), DiskFull> {
        let used = bytes.min(self.left_bytes);
        self.left_bytes -= used;
        self.floor.expected_bytes.fetch_sub(used, Ordering::SeqCst);
        self.unchecked_bytes += bytes;
        if self.unchecked_bytes < RECHECK_BYTES {
            return Ok(());
        }
        self.unchecked_bytes = 0;
        self.floor.check()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.floor.expected_bytes.fetch_sub(self.left_bytes, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_together_cannot_reserve_more_than_is_above_the_floor() {
        let folder = tempfile::tempdir().unwrap();
        let disk = rustix::fs::statvfs(folder.path()).unwrap();
        let free = disk.f_bavail * disk.f_frsize;
        let floor = DiskFloor::new(folder.path().to_owned(), Some(free / 2));
        let first = floor.reserve(free / 3).unwrap();
        assert!(floor.reserve(free / 3).is_err());
        assert_eq!(floor.expected_bytes.load(Ordering::SeqCst), free / 3);
        drop(first);
        assert!(floor.reserve(free / 3).is_ok());
        assert_eq!(floor.expected_bytes.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn what_was_written_is_no_longer_expected() {
        let folder = tempfile::tempdir().unwrap();
        let floor = DiskFloor::new(folder.path().to_owned(), Some(0));
        let mut reservation = floor.reserve(10).unwrap();
        reservation.wrote(4).unwrap();
        assert_eq!(floor.expected_bytes.load(Ordering::SeqCst), 6);
        reservation.wrote(400).unwrap();
        assert_eq!(floor.expected_bytes.load(Ordering::SeqCst), 0);
    }
}
