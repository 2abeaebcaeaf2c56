use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::ListenerLimits;
use super::exchange::Exchange;
use super::pace::Pace;

/// A TCP connection that ends every wait for its client.
///
/// - Reading outside a request: until [`ListenerLimits::header_read_seconds`] while a head is coming, until
///   [`ListenerLimits::keep_alive_idle_seconds`] between requests. hyper has one timer for both, and a keep-alive
///   long enough for a load balancer would be far too long for a head. Reading a body is timed by its reader.
/// - Writing: [`Pace`], since hyper waits for ever for a client that does not read.
/// - Closing: the unread rest of a request body is thrown away for a while first.
#[derive(Debug)]
pub(super) struct LimitedStream {
    tcp: TcpStream,
    exchange: Arc<Exchange>,
    limits: Arc<ListenerLimits>,
    write_pace: Pace,
    read_wait: ReadWait,
    linger: Option<Pin<Box<Sleep>>>,
}

/// The wait for a request's head, or for the first byte of the next one.
#[derive(Debug)]
struct ReadWait {
    timer: Pin<Box<Sleep>>,
    /// How many requests had ended when the timer was last set.
    ended_seen: usize,
    head_begun: bool,
}

impl LimitedStream {
    /// The clock for the first head starts now. Must be called within a tokio runtime.
    pub(super) fn new(tcp: TcpStream, limits: Arc<ListenerLimits>, exchange: Arc<Exchange>) -> Self {
        let timer = Box::pin(sleep_until(Instant::now() + limits.header_read()));
        Self {
            tcp,
            exchange,
            write_pace: Pace::of_response(&limits),
            read_wait: ReadWait { timer, ended_seen: 0, head_begun: true },
            limits,
            linger: None,
        }
    }

    /// Waits for the client's first byte, and leaves it where it is.
    pub(super) async fn first_byte(&self) -> io::Result<u8> {
        let mut first = [0];
        match self.tcp.peek(&mut first).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(first[0]),
        }
    }

    /// The clock for the first head starts again: what came so far was no part of it.
    pub(super) fn restart_head(&mut self) {
        self.read_wait.timer.as_mut().reset(Instant::now() + self.limits.header_read());
    }

    /// Ready when the client has let us wait too long for its next head.
    fn poll_head_overdue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.exchange.in_flight() {
            return Poll::Pending;
        }
        let ended = self.exchange.ended();
        if ended != self.read_wait.ended_seen {
            self.read_wait.ended_seen = ended;
            self.read_wait.head_begun = false;
            self.read_wait.timer.as_mut().reset(Instant::now() + self.limits.keep_alive_idle());
        }
        self.read_wait.timer.as_mut().poll(cx)
    }

    fn note_read(&mut self) {
        if !self.read_wait.head_begun && !self.exchange.in_flight() {
            self.read_wait.head_begun = true;
            self.read_wait.timer.as_mut().reset(Instant::now() + self.limits.header_read());
        }
    }

    fn poll_paced_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.write_pace.progress(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                ready!(self.write_pace.poll_overdue(cx));
                Poll::Ready(Err(late("the client stopped taking its answer")))
            }
        }
    }

    /// Throws away what the client still sends, until it closes or the time is up.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let linger = self.limits.linger();
        let timer = self.linger.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + linger)));
        // Checked before each read, so a client that never stops sending is left all the same; the pause after
        // some reads lets other connections have their turn.
        for _ in 0..16 {
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut scrap = [0_u8; 8192];
            let mut scrap = ReadBuf::new(&mut scrap);
            match ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut scrap)) {
                Ok(()) if !scrap.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncRead for LimitedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Before reading: a client that sends a byte now and then must not be able to keep this from being asked.
        if self.poll_head_overdue(cx).is_ready() {
            return Poll::Ready(Err(late("the client took too long over its request head")));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.note_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LimitedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.poll_paced_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.poll_paced_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.tcp).poll_shutdown(cx))?;
            if !self.exchange.body_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_linger(cx).map(Ok)
    }
}

fn late(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}
