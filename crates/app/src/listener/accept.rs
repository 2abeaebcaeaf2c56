use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::{Request, Response};
use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::connection::{Ending, Shared, serve_connection};
use super::{LimitedBody, ListenerLimits, Port};

/// The shortest and the longest pause after an accept that failed for want of file descriptors or memory.
const BACKOFF_MIN: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// What became of the requests that were in flight when the shutdown began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Answered in full.
    pub finished: usize,
    /// Ended by their client, by a limit, or by a failure while answering.
    pub aborted: usize,
    /// Still running when the drain time was up, and cut.
    pub cut: usize,
}

/// Listens on `addr` (port 0 picks a free one; see [`TcpListener::local_addr`]).
///
/// `SO_REUSEADDR` is set, so that a restart need not wait for old connections to be forgotten.
///
/// # Errors
/// Any of bind(2), with the address in its message: the port is taken, or needs more rights.
pub async fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(addr)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}")))
}

/// Serves HTTP/1.1 on `port` until `shutdown` is cancelled, then lets the requests in flight finish for up to
/// `drain_seconds`, cuts the rest, and tells what became of them.
///
/// Every request carries a [`crate::peer::PeerAddr`] extension. A handler future is dropped when its client goes away or its
/// request is cut, so whatever it must finish has to run in a task of its own. New connections are refused from the
/// moment of `shutdown`; idle ones are closed. Dropping the returned future cuts everything at once.
///
/// A handler that panics is answered 500 in its place and the connection closed; an answer's body that panics ends its
/// connection. Neither touches other connections.
pub async fn serve<H, F, B>(
    port: impl Into<Port>,
    limits: ListenerLimits,
    handler: H,
    shutdown: CancellationToken,
    drain_seconds: u64,
) -> DrainReport
where
    H: Fn(Request<LimitedBody>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Port { tcp: listener, tls } = port.into();
    let shared = Arc::new(Shared {
        tls,
        room: Arc::new(Semaphore::new(limits.connections_max.clamp(1, Semaphore::MAX_PERMITS))),
        limits: Arc::new(limits),
        handler,
        crowded: watch::Sender::new(false),
        drain: CancellationToken::new(),
        cut: CancellationToken::new(),
    });
    let mut connections = JoinSet::new();
    let mut backoff = Backoff::default();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            // Reaped as they end: the set holds no more than the connections that are open.
            Some(ended) = connections.join_next() => drop(ending_of(ended)),
            (tcp, peer, permit) = next_connection(&listener, &shared, &mut backoff) => {
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    let ending = serve_connection(tcp, peer, shared).await;
                    drop(permit);
                    ending
                });
            }
        }
    }
    // Closes the port, so that clients are refused rather than left waiting.
    drop(listener);
    drain(connections, &shared.drain, &shared.cut, drain_seconds).await
}

async fn drain(
    mut connections: JoinSet<Ending>,
    begin: &CancellationToken,
    cut: &CancellationToken,
    drain_seconds: u64,
) -> DrainReport {
    begin.cancel();
    let mut report = DrainReport::default();
    let mut patience = std::pin::pin!(tokio::time::sleep(Duration::from_secs(drain_seconds)));
    loop {
        tokio::select! {
            () = patience.as_mut(), if !cut.is_cancelled() => cut.cancel(),
            ended = connections.join_next() => match ended.map(ending_of) {
                None => return report,
                Some(Ending::Idle) => {}
                Some(Ending::Finished) => report.finished += 1,
                Some(Ending::Aborted) => report.aborted += 1,
                Some(Ending::Cut) => report.cut += 1,
            },
        }
    }
}

fn ending_of(ended: Result<Ending, JoinError>) -> Ending {
    ended.unwrap_or_else(|error| {
        tracing::error!(error = &error as &dyn Error, "a connection panicked");
        Ending::Aborted
    })
}

/// Waits for room, then for a client. Cancel-safe: what it holds when dropped is given back.
async fn next_connection<H>(
    listener: &TcpListener,
    shared: &Shared<H>,
    backoff: &mut Backoff,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let permit = room(shared).await;
    loop {
        let accepted = if let Some(accepted) = listener.accept().now_or_never() {
            accepted
        } else {
            // Room, and nobody in the backlog to take it.
            set(&shared.crowded, false);
            listener.accept().await
        };
        match accepted {
            Ok((tcp, peer)) => {
                backoff.reset();
                return (tcp, peer, permit);
            }
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => backoff.pause(&error).await,
        }
    }
}

async fn room<H>(shared: &Shared<H>) -> OwnedSemaphorePermit {
    if let Ok(permit) = Arc::clone(&shared.room).try_acquire_owned() {
        return permit;
    }
    set(&shared.crowded, true);
    match Arc::clone(&shared.room).acquire_owned().await {
        Ok(permit) => permit,
        // Only a closed semaphore fails, and nobody closes this one.
        Err(_) => std::future::pending().await,
    }
}

fn set(flag: &watch::Sender<bool>, value: bool) {
    // Wakes every connection, so only when it changes.
    flag.send_if_modified(|flag| std::mem::replace(flag, value) != value);
}

/// accept(2): errors of a connection that died in the backlog are reported to the accepter, who goes on to the next.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Pauses between failing accepts. The process or the machine is out of descriptors or memory (EMFILE, ENFILE,
/// ENOBUFS, ENOMEM): the connection stays in the backlog, accept would fail again at once, and only other
/// connections' ends can help.
#[derive(Debug, Default)]
struct Backoff {
    pause: Option<Duration>,
}

impl Backoff {
    fn reset(&mut self) {
        if self.pause.take().is_some() {
            tracing::info!("accepting connections again");
        }
    }

    async fn pause(&mut self, error: &io::Error) {
        let pause = match self.pause {
            // Said once for each time it begins, not with every try.
            None => {
                tracing::warn!(error = error as &dyn Error, "cannot accept connections; trying again");
                BACKOFF_MIN
            }
            Some(last) => BACKOFF_MAX.min(last * 2),
        };
        self.pause = Some(pause);
        tokio::time::sleep(pause).await;
    }
}
