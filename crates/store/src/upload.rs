//! Receiving a body: from a stream into a file in the staging folder, hashed on the way, in blocks of bounded size.
//! A body that ends early, exceeds a limit or fails a check leaves nothing behind.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use crate::checksum::{Algorithm, BodyHasher, Digests};
use crate::disk::Reservation;
use crate::engine::{Engine, blocking};
use crate::error::{from_body, from_io, internal, refuse, storage_full};
use crate::staged::Staged;

/// An upload holds two of these: one being filled from the network, one being hashed and written.
const BLOCK_BYTES: usize = 128 * 1024;

/// A body being written.
pub(crate) struct Upload {
    staged: Staged,
    hasher: BodyHasher,
    reservation: Reservation,
    size: u64,
    turn: OwnedSemaphorePermit,
}

/// A body that has arrived whole: in a staging file that has no trailer yet and is not synced.
pub(crate) struct Received {
    pub(crate) staged: Staged,
    pub(crate) size: u64,
    pub(crate) digests: Digests,
    /// Kept until the object is published, so that uploads which wait for the disk count too, and a shutdown waits
    /// for them.
    _turn: OwnedSemaphorePermit,
}

impl Upload {
    /// Starts an upload. Blocks.
    pub(crate) fn start(
        engine: &Engine,
        turn: OwnedSemaphorePermit,
        reservation: Reservation,
        asked: &[Algorithm],
    ) -> S3Result<Self> {
        let staged = Staged::create(&engine.layout.staging()).map_err(from_io("create a staging file"))?;
        Ok(Self { staged, hasher: BodyHasher::new(asked), reservation, size: 0, turn })
    }

    /// Appends to the body. Blocks.
    pub(crate) fn write(&mut self, block: &[u8]) -> S3Result<()> {
        self.hasher.update(block);
        self.staged.file.write_all(block).map_err(from_io("write a staging file"))?;
        self.size += block.len() as u64;
        self.reservation.wrote(block.len() as u64).map_err(|_| storage_full())
    }

    pub(crate) fn finish(self) -> Received {
        Received { staged: self.staged, size: self.size, digests: self.hasher.finish(), _turn: self.turn }
    }
}

/// What is known of a body before it arrives.
#[derive(Debug, Clone)]
pub(crate) struct Announced {
    /// Its exact length, when the request says it.
    pub(crate) exact_bytes: Option<u64>,
    /// What to set aside on the disk.
    pub(crate) reserve_bytes: u64,
    /// The longest it may be.
    pub(crate) max_bytes: u64,
    /// Checksums to compute.
    pub(crate) asked: Vec<Algorithm>,
}

/// Receives a whole body. When the caller stops waiting, the staging file is removed.
pub(crate) async fn receive<S>(engine: &Arc<Engine>, mut body: S, announced: Announced) -> S3Result<Received>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    if announced.exact_bytes.is_some_and(|bytes| bytes > announced.max_bytes) {
        return Err(too_large());
    }
    let turn = engine.turn_to_receive().await?;
    let reservation = engine.floor.reserve(announced.reserve_bytes).map_err(|_| storage_full())?;
    let starting = {
        let (engine, asked) = (Arc::clone(engine), announced.asked.clone());
        blocking(move || Upload::start(&engine, turn, reservation, &asked))
    };
    let mut blocks = Blocks::new(starting.await?);
    let mut size: u64 = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|cause| body_error(cause.as_ref()))?;
        size += chunk.len() as u64;
        if size > announced.max_bytes {
            return Err(too_large());
        }
        if announced.exact_bytes.is_some_and(|exact| size > exact) {
            return Err(refuse(
                S3ErrorCode::IncompleteBody,
                "The body is longer than the length that was announced.",
            ));
        }
        blocks.push(&chunk).await?;
    }
    if announced.exact_bytes.is_some_and(|exact| size != exact) {
        return Err(refuse(
            S3ErrorCode::IncompleteBody,
            "The body is shorter than the length that was announced.",
        ));
    }
    blocks.finish().await
}

/// A body stream may carry a finished refusal (PostObject does), or the error of a connection.
fn body_error(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> S3Error {
    match cause.downcast_ref::<S3Error>() {
        Some(refusal) => {
            let mut error = refuse(refusal.code().clone(), refusal.message().unwrap_or_default().to_owned());
            if let Some(status) = refusal.status_code() {
                error.set_status_code(status);
            }
            error
        }
        None => from_body(cause),
    }
}

fn too_large() -> S3Error {
    refuse(S3ErrorCode::EntityTooLarge, "Your proposed upload exceeds the maximum allowed size.")
}

/// Fills one block while the one before is hashed and written on a blocking thread.
struct Blocks {
    filling: Vec<u8>,
    state: State,
}

enum State {
    Idle(Box<Upload>, Vec<u8>),
    Writing(JoinHandle<S3Result<(Box<Upload>, Vec<u8>)>>),
    Failed,
}

impl Blocks {
    fn new(upload: Upload) -> Self {
        Self { filling: Vec::new(), state: State::Idle(Box::new(upload), Vec::new()) }
    }

    async fn push(&mut self, mut chunk: &[u8]) -> S3Result<()> {
        while !chunk.is_empty() {
            let room = BLOCK_BYTES.saturating_sub(self.filling.len());
            let (now, later) = chunk.split_at(room.min(chunk.len()));
            self.filling.extend_from_slice(now);
            chunk = later;
            if self.filling.len() >= BLOCK_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> S3Result<()> {
        let (mut upload, mut spare) = self.idle().await?;
        spare.clear();
        let block = std::mem::replace(&mut self.filling, spare);
        self.state = State::Writing(tokio::task::spawn_blocking(move || {
            upload.write(&block)?;
            Ok((upload, block))
        }));
        Ok(())
    }

    async fn idle(&mut self) -> S3Result<(Box<Upload>, Vec<u8>)> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(upload, spare) => Ok((upload, spare)),
            State::Writing(task) => task.await.unwrap_or_else(|_| Err(internal("write a block"))),
            State::Failed => Err(internal("write after a failure")),
        }
    }

    async fn finish(mut self) -> S3Result<Received> {
        if !self.filling.is_empty() {
            self.flush().await?;
        }
        let (upload, _) = self.idle().await?;
        Ok(upload.finish())
    }
}
