//! The one thread that writes the index. Changes that wait while a transaction is being written go into the next
//! one together, so that many uploads share one sync of the disk.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{IndexError, Row, remove, upsert};

/// More changes than this never wait in the queue; whoever brings another one blocks.
const QUEUE: usize = 1024;

/// A change of the index.
#[derive(Debug)]
pub(crate) enum Change {
    Upsert(Row),
    Remove { bucket: String, key: String },
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
}

impl Writer {
    pub(super) fn start(connection: Connection, rebuild_wanted: PathBuf) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-index".to_owned())
            .spawn(move || write(connection, &jobs))
            .inspect_err(|cause| tracing::error!(%cause, "cannot start the index writer"))
            .ok();
        Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(thread), rebuild_wanted }
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

fn write(mut connection: Connection, jobs: &Receiver<Job>) -> bool {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < QUEUE
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        let result = commit(&mut connection, &batch).map_err(IndexError::from);
        if let Err(cause) = &result {
            tracing::error!(%cause, changes = batch.len(), "index transaction failed");
        }
        for job in batch {
            // Whoever waited may be gone; the change stands all the same.
            let _ = job.done.send(result.clone());
        }
    }
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    match &busy {
        Ok(0) => {}
        Ok(_) => tracing::warn!("the checkpoint of the index was kept from its end"),
        Err(cause) => tracing::warn!(%cause, "checkpoint of the index failed"),
    }
    busy == Ok(0)
}

fn commit(connection: &mut Connection, batch: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for job in batch {
        match &job.change {
            Change::Upsert(row) => upsert(&transaction, row)?,
            Change::Remove { bucket, key } => remove(&transaction, bucket, key)?,
        }
    }
    transaction.commit()
}
