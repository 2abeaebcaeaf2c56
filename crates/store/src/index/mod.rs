//! The listing index: a SQLite table of what the object files say about themselves (docs/adr/0001). One thread
//! writes, and whatever waits for it goes into one transaction; a few connections read.

pub(crate) mod list;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::object_file::Trailer;
pub(crate) use writer::Change;
use writer::Writer;

/// "qdns": marks the file as an index of this store.
const APPLICATION_ID: i64 = 0x7164_6e73;
/// Another number makes the next start build the index anew.
const SCHEMA_VERSION: i64 = 1;
const READERS: usize = 4;
/// Rows that a walk over the index reads at once.
const ROWS_AT_ONCE: u32 = 1000;

const SCHEMA: &str = "
    CREATE TABLE objects (
        bucket TEXT NOT NULL,
        key BLOB NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        PRIMARY KEY (bucket, key)
    ) STRICT, WITHOUT ROWID;";

const UPSERT: &str = "INSERT INTO objects (bucket, key, size, etag, modified_ms) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (bucket, key) DO UPDATE SET size = ?3, etag = ?4, modified_ms = ?5";

/// Why the index could not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum IndexError {
    #[error("the disk is full")]
    Full,
    /// Its disk failed a moment ago: nothing was tried.
    #[error("the index's disk does not answer")]
    Unavailable,
    #[error("{0}")]
    Other(String),
}

impl From<rusqlite::Error> for IndexError {
    fn from(cause: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode, ffi};
        match cause.sqlite_error() {
            // With SHMSIZE the shared memory beside the write-ahead log could not grow: also a full disk.
            Some(
                ffi::Error { code: ErrorCode::DiskFull, .. }
                | ffi::Error { extended_code: ffi::SQLITE_IOERR_SHMSIZE, .. },
            ) => Self::Full,
            _ => Self::Other(cause.to_string()),
        }
    }
}

/// What a listing says about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) modified_ms: i64,
}

impl From<&Trailer> for Row {
    fn from(trailer: &Trailer) -> Self {
        Self {
            bucket: trailer.bucket.clone(),
            key: trailer.key.clone(),
            size: trailer.size,
            etag: trailer.etag.clone(),
            modified_ms: trailer.modified_ms,
        }
    }
}

/// The open index.
#[derive(Debug)]
pub(crate) struct Index {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    reader_free: Condvar,
}

impl Index {
    /// Opens an index that [`usable`] has found to be one. `rebuild_wanted` is the path of the file that is made
    /// when SQLite finds the index damaged.
    pub(crate) fn open(path: &Path, rebuild_wanted: &Path) -> rusqlite::Result<Self> {
        let writer = Writer::start(path, rebuild_wanted.to_owned())?;
        let readers = (0..READERS).map(|_| connect_to_read(path)).collect::<rusqlite::Result<_>>()?;
        Ok(Self { path: path.to_owned(), writer, readers: Mutex::new(readers), reader_free: Condvar::new() })
    }

    /// Whether a transaction can be written: after one that failed, by writing an empty one. Blocks.
    pub(crate) fn is_writable(&self) -> bool {
        !self.writer.is_failing() || self.writer.apply(Change::Probe).is_ok()
    }

    /// Makes a change durable: returns once the transaction it became part of is on the disk. Blocks.
    pub(crate) fn apply(&self, change: Change) -> Result<(), IndexError> {
        self.writer.apply(change)
    }

    /// Runs `read` on one of the reading connections. Blocks.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, IndexError> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = loop {
            match readers.pop() {
                Some(connection) => break connection,
                None => readers = self.reader_free.wait(readers).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(readers);
        let result = read(&connection);
        if matches!(&result, Err(cause) if cause.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure))
            && let Ok(fresh) = connect_to_read(&self.path)
        {
            connection = fresh;
        }
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        self.reader_free.notify_one();
        if let Err(cause) = &result {
            self.writer.note_damage(cause);
        }
        Ok(result?)
    }

    /// Whether the index knows this object.
    pub(crate) fn has(&self, bucket: &str, key: &str) -> Result<bool, IndexError> {
        Ok(self.read(|connection| find(connection, bucket, key))?.is_some())
    }

    /// Whether any object of this bucket is known.
    pub(crate) fn bucket_has_objects(&self, bucket: &str) -> Result<bool, IndexError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = ?1)")?
                .query_row([bucket], |row| row.get(0))
        })
    }

    /// Asks the next start to build the index anew when `cause` says that the file is damaged.
    pub(crate) fn note_damage(&self, cause: &rusqlite::Error) {
        self.writer.note_damage(cause);
    }

    /// Ends the writer after what it has been given, and folds the write-ahead log into the file. Returns whether the
    /// file has all of it. Blocks.
    pub(crate) fn close(&self) -> bool {
        self.writer.close()
    }
}

/// Reads one row.
pub(crate) fn find(connection: &Connection, bucket: &str, key: &str) -> rusqlite::Result<Option<Row>> {
    connection
        .prepare_cached(
            "SELECT bucket, key, size, etag, modified_ms FROM objects WHERE bucket = ?1 AND key = ?2",
        )?
        .query_row(params![bucket, key.as_bytes()], row)
        .optional()
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        bucket: row.get(0)?,
        key: key(row, 1)?,
        size: size(row, 2)?,
        etag: row.get(3)?,
        modified_ms: row.get(4)?,
    })
}

fn key(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<String> {
    let bytes: Vec<u8> = row.get(column)?;
    String::from_utf8(bytes).map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, Box::new(cause))
    })
}

fn size(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let size: i64 = row.get(column)?;
    Ok(u64::try_from(size).unwrap_or_default())
}

/// Every row in the order of bucket and key, one after another, starting after `after`.
pub(crate) fn rows_after(
    connection: &Connection,
    after: Option<(&str, &str)>,
    limit: u32,
) -> rusqlite::Result<Vec<Row>> {
    let (bucket, key) = after.unwrap_or_default();
    connection
        .prepare_cached(
            "SELECT bucket, key, size, etag, modified_ms FROM objects
             WHERE (bucket, key) > (?1, ?2) ORDER BY bucket, key LIMIT ?3",
        )?
        .query_map(params![bucket, key.as_bytes(), limit], row)?
        .collect()
}

/// Calls `each` with every row.
pub(crate) fn each_row(connection: &Connection, mut each: impl FnMut(Row)) -> rusqlite::Result<()> {
    let mut last: Option<(String, String)> = None;
    loop {
        let after = last.as_ref().map(|(bucket, key)| (bucket.as_str(), key.as_str()));
        let rows = rows_after(connection, after, ROWS_AT_ONCE)?;
        let end = rows.last().map(|row| (row.bucket.clone(), row.key.clone()));
        if end.is_some() && end <= last {
            return Err(out_of_order());
        }
        rows.into_iter().for_each(&mut each);
        match end {
            Some(_) => last = end,
            None => return Ok(()),
        }
    }
}

/// Calls `each` with every key of a bucket, as bytes. Fails where SQLite gives them out of order, as it does from a
/// damaged file.
pub(crate) fn each_key(
    connection: &Connection,
    bucket: &str,
    mut each: impl FnMut(Vec<u8>),
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT key FROM objects WHERE bucket = ?1 AND key > ?2 ORDER BY key LIMIT ?3")?;
    let mut last = Vec::new();
    loop {
        let mut rows = statement.query(params![bucket, last, ROWS_AT_ONCE])?;
        let mut any = false;
        while let Some(row) = rows.next()? {
            let key: Vec<u8> = row.get(0)?;
            if key <= last {
                return Err(out_of_order());
            }
            last.clone_from(&key);
            any = true;
            each(key);
        }
        if !any {
            return Ok(());
        }
    }
}

fn out_of_order() -> rusqlite::Error {
    damage("rows are malformed: out of order")
}

/// The error that SQLite has for a damaged file.
pub(crate) fn damage(what: &str) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, Some(what.to_owned()))
}

/// The buckets whose objects the index at `path` lists.
pub(crate) fn listed_buckets(path: &Path) -> rusqlite::Result<Vec<String>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let connection = connect_to_read(path)?;
    let mut next = connection.prepare("SELECT min(bucket) FROM objects WHERE bucket > ?1")?;
    let mut buckets: Vec<String> = Vec::new();
    let mut last = String::new();
    while let Some(bucket) = next.query_row([&last], |row| row.get::<_, Option<String>>(0))? {
        if bucket <= last {
            return Err(out_of_order());
        }
        last.clone_from(&bucket);
        buckets.push(bucket);
    }
    Ok(buckets)
}

/// Whether SQLite finds the structure of the file sound.
pub(crate) fn is_sound(connection: &Connection) -> rusqlite::Result<bool> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        tracing::error!(found, "the index is damaged");
    }
    Ok(found == "ok")
}

/// Whether an error says that the file is damaged, so that it has to be built anew.
pub(crate) fn is_damage(cause: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    let damaged = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase, ErrorCode::Unknown];
    match cause.sqlite_error_code() {
        Some(code) => damaged.contains(&code),
        // A value of another type than the schema says.
        None => true,
    }
}

/// Writes one row.
pub(crate) fn upsert(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let size = i64::try_from(row.size).unwrap_or(i64::MAX);
    connection.prepare_cached(UPSERT)?.execute(params![
        row.bucket,
        row.key.as_bytes(),
        size,
        row.etag,
        row.modified_ms
    ])?;
    Ok(())
}

/// Removes one row; one that is not there is fine.
pub(crate) fn remove(connection: &Connection, bucket: &str, key: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2")?
        .execute(params![bucket, key.as_bytes()])?;
    Ok(())
}

/// Removes all rows of a bucket.
pub(crate) fn remove_bucket(path: &Path, bucket: &str) -> rusqlite::Result<()> {
    connect(path)?.execute("DELETE FROM objects WHERE bucket = ?1", [bucket])?;
    Ok(())
}

/// A connection that writes: WAL, and every commit reaches the disk before it returns (`synchronous=FULL`; NORMAL
/// loses acknowledged rows in a power cut).
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Whether the file at `path` is an index of this version that SQLite can read.
pub(crate) fn usable(path: &Path) -> rusqlite::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let connection = connect(path)?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("application_id")? != APPLICATION_ID || pragma("user_version")? != SCHEMA_VERSION {
        return Ok(false);
    }
    rows_after(&connection, None, 1)?;
    Ok(true)
}

/// Makes a new, empty index at `path` for being filled at once: not durable before the caller syncs the file.
pub(crate) fn create(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}
