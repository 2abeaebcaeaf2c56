use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ListenerLimits;
use super::exchange::Exchange;
use super::stream::LimitedStream;

/// The first byte of every TLS connection: the record of a handshake (RFC 8446, section 5.1).
const HANDSHAKE_RECORD: u8 = 0x16;
/// For those who speak plain HTTP here, as a browser does that was given an address without `https`.
const PLAIN_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 53\r\nConnection: close\r\n\r\nthis port speaks TLS: the address begins with https:\n";

/// The handshake of TLS over a connection that keeps its limits. All of it must be over in the time that a request's head
/// has; the clock for the head starts anew after it.
pub(super) async fn handshake(
    stream: LimitedStream,
    acceptor: &TlsAcceptor,
    limits: &ListenerLimits,
    exchange: &Exchange,
) -> io::Result<TlsStream<LimitedStream>> {
    let secured = async {
        if stream.first_byte().await? != HANDSHAKE_RECORD {
            return refuse_plain(stream, exchange).await;
        }
        let mut secured = acceptor.accept(stream).await?;
        secured.get_mut().0.restart_head();
        Ok(secured)
    };
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the client took too long over its TLS handshake");
    tokio::time::timeout(limits.header_read(), secured).await.map_err(|_| late())?
}

async fn refuse_plain<T>(mut stream: LimitedStream, exchange: &Exchange) -> io::Result<T> {
    // What else the client sends is thrown away for a while, or it would never see the answer.
    exchange.set_body_unread();
    stream.write_all(PLAIN_ANSWER).await?;
    stream.shutdown().await?;
    Err(io::Error::new(io::ErrorKind::InvalidData, "the client does not speak TLS"))
}

/// A port: where connections come from, and whether they speak TLS.
pub struct Port {
    pub(super) tcp: tokio::net::TcpListener,
    pub(super) tls: Option<Arc<TlsAcceptor>>,
}

impl Port {
    /// A port whose connections speak TLS.
    pub fn with_tls(tcp: tokio::net::TcpListener, acceptor: TlsAcceptor) -> Self {
        Self { tcp, tls: Some(Arc::new(acceptor)) }
    }
}

impl From<tokio::net::TcpListener> for Port {
    fn from(tcp: tokio::net::TcpListener) -> Self {
        Self { tcp, tls: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let text = std::str::from_utf8(PLAIN_ANSWER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{}", body.len());
    }
}
