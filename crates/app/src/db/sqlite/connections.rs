//! The connections to the file: one that writes, a few that read, and what happens when its disk fails or is full.
//!
//! After an I/O error nothing is known of the pages that a connection holds, and a sync that failed is not repeated: the
//! writing connection and those that wait to read are closed, and writes are refused until a new connection has copied the
//! write-ahead log into the file, synced it and committed a transaction.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use qdn_store::{Reserve, Space};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi};

use super::migrations;
use crate::db::{DbError, Result};

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many read connections are kept; more are opened for a burst and closed again.
const READERS_KEPT_MAX: usize = 4;
/// How often a disk that failed is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// How often a damaged file is checked again: that reads all of it.
const CHECK_EVERY: Duration = Duration::from_secs(30);

/// How much a write matters when the disk is nearly full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// Takes something in: refused below the minimum free space.
    Grow,
    /// Changes what is there: may use the last byte.
    Change,
    /// Deletes, revokes, or is needed to start or to sign in: may use the last byte, and the reserve.
    Settle,
}

/// Why the file cannot be written.
struct Failure {
    since: Instant,
    next_try: Instant,
    cause: String,
    /// Whether SQLite called the file damaged, rather than its disk.
    damaged: bool,
}

/// All connections of this process.
pub(super) struct Connections {
    path: PathBuf,
    floor_bytes: Option<u64>,
    reserve: Reserve,
    /// Never used. While it is open, SQLite's shared memory knows where the last commit ends, so that a transaction whose
    /// sync failed is overwritten by the next and not taken for one that was committed.
    _anchor: Mutex<Connection>,
    /// None between a failure of the disk and the try that finds it well.
    writer: Mutex<Option<Connection>>,
    readers: Mutex<Vec<Connection>>,
    failure: Mutex<Option<Failure>>,
}

impl Connections {
    /// Opens or makes the file and brings its tables up to date. Objects have twice the minimum free space
    /// `floor_bytes`; `None` is its default.
    pub(super) fn open(path: &Path, floor_bytes: Option<u64>) -> Result<Self> {
        let reserve = Reserve::new(path.with_extension("reserve"));
        reserve.release_if_full();
        let mut writer = connect(path)?;
        // What a process that was killed has left in the write-ahead log may be in memory only.
        truncate_log(&writer)?;
        migrations::migrate(&mut writer)?;
        let anchor = connect(path)?;
        anchor.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let connections = Self {
            _anchor: Mutex::new(anchor),
            path: path.to_owned(),
            floor_bytes: floor_bytes.map(|bytes| bytes / 2),
            reserve,
            writer: Mutex::new(Some(writer)),
            readers: Mutex::default(),
            failure: Mutex::default(),
        };
        if let Ok(space) = connections.space() {
            connections.reserve.fill(connections.floor(space));
        }
        Ok(connections)
    }

    /// Runs `work` on a connection that reads. Blocks.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let kept = lock(&self.readers).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let result = work(&connection);
        if let Err(DbError::Unavailable(cause)) = &result {
            drop(connection);
            self.fail(&mut lock(&self.writer), cause);
            return result;
        }
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT_MAX {
            readers.push(connection);
        }
        result
    }

    /// Runs `work` in a transaction, which is on the disk when this returns. Blocks. `work` may be run twice.
    pub(super) fn write<T>(&self, kind: Write, work: impl Fn(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut writer = lock(&self.writer);
        if kind == Write::Grow {
            self.require_space()?;
        }
        let mut result = self.attempt(&mut writer, &work);
        if matches!(result, Err(DbError::Full)) && kind == Write::Settle && self.reserve.release() {
            result = self.attempt(&mut writer, &work);
        }
        if let Err(DbError::Unavailable(cause)) = &result {
            self.fail(&mut writer, cause);
        }
        result
    }

    fn attempt<T>(
        &self,
        writer: &mut Option<Connection>,
        work: &impl Fn(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let connection = match writer {
            Some(connection) => connection,
            None => writer.insert(self.reconnect()?),
        };
        transact(connection, work)
    }

    /// Whether it can be read, and written after a failure. Blocks.
    pub(super) fn ping(&self) -> Result<()> {
        // A write under way may wait for a disk that hangs: it is not waited for.
        if let Some(mut writer) = try_lock(&self.writer) {
            if writer.is_none() {
                *writer = Some(self.reconnect()?);
            }
        } else if try_lock(&self.failure).is_none_or(|failure| failure.is_some()) {
            return Err(DbError::Unavailable("its disk is being tried".to_owned()));
        }
        self.read(|db| Ok(db.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(()))?))
    }

    /// Copies the write-ahead log into the file and empties it. Blocks.
    pub(super) fn empty_log(&self) -> Result<()> {
        lock(&self.readers).clear();
        lock(&self.writer).as_ref().map_or(Ok(()), truncate_log)
    }

    fn space(&self) -> Result<Space> {
        Space::of(&self.path).map_err(|error| DbError::Unavailable(error.to_string()))
    }

    fn floor(&self, space: Space) -> u64 {
        self.floor_bytes.unwrap_or_else(|| space.floor_bytes(None) / 2)
    }

    fn require_space(&self) -> Result<()> {
        let space = self.space()?;
        let floor = self.floor(space);
        if space.free_bytes < floor {
            return Err(DbError::Full);
        }
        self.reserve.fill(floor);
        Ok(())
    }

    /// Closes all connections; said once, until the disk is well again.
    fn fail(&self, writer: &mut Option<Connection>, cause: &str) {
        *writer = None;
        lock(&self.readers).clear();
        let mut failure = lock(&self.failure);
        if failure.is_some() {
            return;
        }
        tracing::error!(cause, path = %self.path.display(), "failed to use the database; writes are refused until its disk answers");
        let now = Instant::now();
        let damaged = is_damage(cause);
        *failure =
            Some(Failure { since: now, next_try: now + RETRY_EVERY, cause: cause.to_owned(), damaged });
    }

    /// A new connection that writes, once the disk has taken everything.
    fn reconnect(&self) -> Result<Connection> {
        let mut failure = lock(&self.failure);
        let Some(failed) = failure.as_mut() else { return connect(&self.path) };
        let now = Instant::now();
        if now < failed.next_try {
            return Err(DbError::Unavailable(failed.cause.clone()));
        }
        match probe(&self.path, failed.damaged) {
            Ok(connection) => {
                let seconds = failed.since.elapsed().as_secs();
                tracing::warn!(seconds, "the database's disk answers again");
                *failure = None;
                Ok(connection)
            }
            Err(error) => {
                failed.cause = error.to_string();
                failed.damaged |= is_damage(&failed.cause);
                failed.next_try = Instant::now() + if failed.damaged { CHECK_EVERY } else { RETRY_EVERY };
                Err(DbError::Unavailable(failed.cause.clone()))
            }
        }
    }
}

/// A poisoned lock only says that another thread panicked between statements; SQLite rolled its work back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock, unless another thread has it.
fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn transact<T>(connection: &mut Connection, work: impl Fn(&Transaction<'_>) -> Result<T>) -> Result<T> {
    // Immediate: another process's lock is waited for here, not discovered in mid-work.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

pub(super) fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // The log stays where the last connection closes, so that a missing one is a lost one.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // FULL, because NORMAL loses the last commits of a WAL in a power cut.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// Copies the write-ahead log into the file, syncs that, and empties the log, unless another process is at work.
fn truncate_log(connection: &Connection) -> Result<()> {
    match connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)) {
        Ok(_) => Ok(()),
        // On a full disk the log stays, and is read as before.
        Err(error) => match DbError::from(error) {
            DbError::Full | DbError::Busy => Ok(()),
            error => Err(error),
        },
    }
}

/// A connection to a file whose disk has just taken a commit.
fn probe(path: &Path, damaged: bool) -> Result<Connection> {
    let mut connection = connect(path)?;
    if damaged {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(DbError::Unavailable(verdict));
        }
    }
    truncate_log(&connection)?;
    let written = transact(&mut connection, |transaction| {
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(transaction.pragma_update(None, "user_version", version)?)
    });
    match written {
        // A full disk is told of by the write that needs room.
        Ok(()) | Err(DbError::Full | DbError::Busy) => Ok(connection),
        Err(error) => Err(error),
    }
}

/// SQLite's own words for `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
fn is_damage(cause: &str) -> bool {
    cause.contains("malformed") || cause.contains("not a database")
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(cause) = error.sqlite_error() else { return Self::Broken(error.to_string()) };
        match cause.code {
            ErrorCode::DiskFull => Self::Full,
            // The shared memory beside the write-ahead log could not grow: also a full disk.
            ErrorCode::SystemIoFailure if cause.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly => Self::Unavailable(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}
