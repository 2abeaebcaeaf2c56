//! The one thread that writes the index. Changes that wait while a transaction is being written go into the next
//! one together, so that many uploads share one sync of the disk.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{IndexError, Row, connect, remove, upsert};

/// More changes than this never wait in the queue; whoever brings another one blocks.
const QUEUE: usize = 1024;

/// How often a disk that failed is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// A change of the index.
#[derive(Debug)]
pub(crate) enum Change {
    Upsert(Row),
    Remove {
        bucket: String,
        key: String,
    },
    /// Nothing, durably: whether a transaction can be written.
    Probe,
}

struct Job {
    change: Change,
    done: SyncSender<Result<(), IndexError>>,
}

/// The handle of the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Option<SyncSender<Job>>>,
    /// Ends with whether the file has all that was written.
    thread: Mutex<Option<JoinHandle<bool>>>,
    rebuild_wanted: PathBuf,
    failing: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(path: &Path, rebuild_wanted: PathBuf) -> rusqlite::Result<Self> {
        let failing = Arc::new(AtomicBool::new(false));
        let file = IndexFile {
            path: path.to_owned(),
            connection: Some(connect(path)?),
            next_try: Instant::now(),
            failing: Arc::clone(&failing),
        };
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-index".to_owned())
            .spawn(move || write(file, &jobs))
            .inspect_err(|cause| tracing::error!(%cause, "cannot start the index writer"))
            .ok();
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(thread), rebuild_wanted, failing })
    }

    /// Whether the last transaction failed by its disk.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::SeqCst)
    }

    pub(super) fn apply(&self, change: Change) -> Result<(), IndexError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let closed = || IndexError::Other("the index is closed".to_owned());
        let (done, answer) = sync_channel(1);
        queue.ok_or_else(closed)?.send(Job { change, done }).map_err(|_| closed())?;
        let result = answer.recv().map_err(|_| closed())?;
        if let Err(IndexError::Other(cause)) = &result
            && is_damage(cause)
        {
            self.want_rebuild();
        }
        result
    }

    /// Asks the next start to build the index anew when `cause` says that the file is damaged.
    pub(super) fn note_damage(&self, cause: &rusqlite::Error) {
        if is_damage(&cause.to_string()) {
            self.want_rebuild();
        }
    }

    fn want_rebuild(&self) {
        tracing::error!("the index is damaged; it is built anew at the next start");
        if let Err(cause) = std::fs::write(&self.rebuild_wanted, b"") {
            tracing::error!(%cause, "cannot note that the index is damaged");
        }
    }

    /// Ends the thread. Returns whether the file has all that was written; `false` too when it had ended before.
    pub(super) fn close(&self) -> bool {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.is_some_and(|thread| {
            thread.join().unwrap_or_else(|_| {
                tracing::error!("the index writer ended badly");
                false
            })
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// `SQLITE_CORRUPT` and `SQLITE_NOTADB`, by the texts that SQLite has had for them for two decades.
fn is_damage(cause: &str) -> bool {
    cause.contains("malformed") || cause.contains("not a database")
}

/// The index's file, and the connection that writes it unless its disk has failed.
struct IndexFile {
    path: PathBuf,
    connection: Option<Connection>,
    next_try: Instant,
    failing: Arc<AtomicBool>,
}

impl IndexFile {
    /// Writes one transaction. After an I/O error nothing is known of the pages that the connection holds: the next
    /// transaction opens another, which first copies the write-ahead log into the file and syncs it. The connections that
    /// read keep SQLite's shared memory, which knows where the last commit ends.
    fn commit(&mut self, batch: &[Job]) -> Result<(), IndexError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.reconnect()?,
        };
        match commit(&mut connection, batch).map_err(IndexError::from) {
            Err(cause @ IndexError::Other(_)) => {
                self.fail(&cause, batch.len());
                Err(cause)
            }
            result => {
                self.connection = Some(connection);
                if self.failing.swap(false, Ordering::SeqCst) {
                    tracing::warn!("the disk of the index answers again");
                }
                result
            }
        }
    }

    fn fail(&mut self, cause: &IndexError, changes: usize) {
        if !self.failing.swap(true, Ordering::SeqCst) {
            tracing::error!(%cause, changes, "failed to write the index; uploads are refused until its disk answers");
        }
    }

    fn reconnect(&mut self) -> Result<Connection, IndexError> {
        let now = Instant::now();
        if now < self.next_try {
            return Err(IndexError::Unavailable);
        }
        self.next_try = now + RETRY_EVERY;
        let opened = connect(&self.path).and_then(|connection| checkpoint(&connection).map(|_| connection));
        opened.map_err(|cause| match IndexError::from(cause) {
            IndexError::Full => IndexError::Full,
            _ => IndexError::Unavailable,
        })
    }
}

/// Copies the write-ahead log into the file and empties it. Returns whether nobody kept it from that.
fn checkpoint(connection: &Connection) -> rusqlite::Result<bool> {
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))?;
    Ok(busy == 0)
}

fn write(mut file: IndexFile, jobs: &Receiver<Job>) -> bool {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < QUEUE
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        let result = file.commit(&batch);
        for job in batch {
            // Whoever waited may be gone; the change stands all the same.
            let _ = job.done.send(result.clone());
        }
    }
    let Some(connection) = file.connection else { return false };
    let emptied = checkpoint(&connection);
    match &emptied {
        Ok(true) => {}
        Ok(false) => tracing::warn!("the checkpoint of the index was kept from its end"),
        Err(cause) => tracing::warn!(%cause, "checkpoint of the index failed"),
    }
    emptied == Ok(true)
}

fn commit(connection: &mut Connection, batch: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for job in batch {
        match &job.change {
            Change::Upsert(row) => upsert(&transaction, row)?,
            Change::Remove { bucket, key } => remove(&transaction, bucket, key)?,
            Change::Probe => {
                let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
                transaction.pragma_update(None, "user_version", version)?;
            }
        }
    }
    transaction.commit()
}
