use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use http::header::HOST;
use http::{Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::exchange::{Exchange, InFlight};
use super::response::{AnswerBody, close_after, from_handler, from_listener};
use super::stream::LimitedStream;
use super::tls;
use super::{LimitedBody, ListenerLimits};
use crate::peer::PeerAddr;

/// What every connection of a listener shares.
pub(super) struct Shared<H> {
    pub(super) handler: H,
    pub(super) limits: Arc<ListenerLimits>,
    /// How connections are secured, if they are.
    pub(super) tls: Option<Arc<TlsAcceptor>>,
    /// One permit for each connection that may still be accepted.
    pub(super) room: Arc<Semaphore>,
    /// All permits are taken, and nobody has yet seen the backlog empty since.
    pub(super) crowded: watch::Sender<bool>,
    /// Cancelled when no further requests are wanted.
    pub(super) drain: CancellationToken,
    /// Cancelled when the requests still in flight are to be given up.
    pub(super) cut: CancellationToken,
}

/// What became of a connection's request in flight at the shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// There was none.
    Idle,
    /// It was answered in full.
    Finished,
    /// The client went away or ran into a limit.
    Aborted,
    /// It ran beyond the drain time.
    Cut,
}

/// Serves one connection to its end.
pub(super) async fn serve_connection<H, F, B>(
    tcp: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared<H>>,
) -> Ending
where
    H: Fn(Request<LimitedBody>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // A failure means that the peer has gone, which the first read will say too.
    let _ = tcp.set_nodelay(true);
    let exchange = Arc::new(Exchange::default());
    let stream = LimitedStream::new(tcp, Arc::clone(&shared.limits), Arc::clone(&exchange));
    let Some(acceptor) = &shared.tls else {
        return serve_stream(stream, peer, &shared, exchange).await;
    };
    let secured = tokio::select! {
        secured = tls::handshake(stream, acceptor, &shared.limits, &exchange) => secured,
        () = shared.drain.cancelled() => return Ending::Idle,
    };
    match secured {
        Ok(stream) => serve_stream(stream, peer, &shared, exchange).await,
        Err(error) => {
            tracing::debug!(%peer, error = &error as &dyn Error, "a TLS handshake failed");
            Ending::Idle
        }
    }
}

/// Serves one connection, secured or not, to its end.
async fn serve_stream<H, F, B>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    shared: &Shared<H>,
    exchange: Arc<Exchange>,
) -> Ending
where
    H: Fn(Request<LimitedBody>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let service = service_fn(|request| answer(request, peer, shared, Arc::clone(&exchange)));
    let mut connection = pin!(protocol(&shared.limits).serve_connection(TokioIo::new(stream), service));

    let mut crowded = shared.crowded.subscribe();
    loop {
        tokio::select! {
            result = connection.as_mut() => {
                log_end(peer, &result);
                return Ending::Idle;
            }
            () = shared.drain.cancelled() => break,
            // Clients may be waiting: idle connections make room for them, busy ones after their answer. One that has
            // not asked anything yet may be about to, and keeps its turn.
            Ok(()) = crowded.changed() => {
                if *crowded.borrow_and_update() && (exchange.in_flight() || exchange.ended() > 0) {
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
    let ended_before = exchange.ended();
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        result = connection.as_mut() => {
            log_end(peer, &result);
            // hyper keeps the handler of a client that went away until the connection is dropped.
            if !exchange.in_flight() && exchange.ended() == ended_before {
                Ending::Idle
            } else if exchange.in_flight() || exchange.body_failed() || result.is_err() {
                Ending::Aborted
            } else {
                Ending::Finished
            }
        }
        () = shared.cut.cancelled() => if exchange.in_flight() { Ending::Cut } else { Ending::Idle },
    }
}

fn protocol(limits: &ListenerLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // The stream has sharper limits of its own (see LimitedStream); this one ends what they might miss.
        .header_read_timeout(limits.header_read() + limits.keep_alive_idle())
        .max_header_size(limits.header_bytes_max)
        // hyper's default of 400 KiB for each connection would make 64 uploads cost 25 MiB.
        .max_buf_size(limits.header_bytes_max.max(64 * 1024));
    builder
}

async fn answer<H, F, B>(
    request: Request<Incoming>,
    peer: SocketAddr,
    shared: &Shared<H>,
    exchange: Arc<Exchange>,
) -> Result<Response<AnswerBody<B>>, Infallible>
where
    H: Fn(Request<LimitedBody>) -> F,
    F: Future<Output = Response<B>>,
{
    let in_flight = InFlight::begin(Arc::clone(&exchange));
    let mut request = request.map(|body| LimitedBody::new(body, &shared.limits, Arc::clone(&exchange)));
    if let Some(sentence) = host_fault(&request) {
        return Ok(from_listener(StatusCode::BAD_REQUEST, sentence, in_flight));
    }
    request.extensions_mut().insert(PeerAddr(peer));

    // The handler is called inside the future, so that a panic before its first await is caught as well.
    let handled = AssertUnwindSafe(async { (shared.handler)(request).await }).catch_unwind().await;
    let Ok(response) = handled else {
        // The panic hook has printed where and why.
        tracing::error!(%peer, "a request handler panicked");
        return Ok(from_listener(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n", in_flight));
    };
    if exchange.body_late() && response.status() != StatusCode::REQUEST_TIMEOUT {
        let sentence = "the request body stopped or came too slowly\n";
        return Ok(from_listener(StatusCode::REQUEST_TIMEOUT, sentence, in_flight));
    }
    let mut response = from_handler(response, in_flight);
    // A body that nobody read ends the connection, and the client must know, or it would use it again. The last
    // condition is for a connection that was not yet in use when it became crowded; see serve_connection.
    if exchange.body_late() || exchange.body_unread() || *shared.crowded.borrow() {
        close_after(&mut response);
    }
    Ok(response)
}

/// RFC 9112 section 3.2: a server must answer 400 to an HTTP/1.1 request without `Host` or with several.
fn host_fault<B>(request: &Request<B>) -> Option<&'static str> {
    match request.headers().get_all(HOST).iter().count() {
        0 if request.version() == Version::HTTP_11 => Some("the Host header is missing\n"),
        0 | 1 => None,
        _ => Some("there is more than one Host header\n"),
    }
}

fn log_end(peer: SocketAddr, result: &Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!(%peer, error = error as &dyn Error, "connection ended early");
    }
}
