//! The TCP listener under both ports (API and store): HTTP/1.1 with a limit on everything a client decides.
//!
//! `axum::serve` has no limits: a client that sends its head a byte at a time, stops in the middle of a body, or
//! never reads the answer keeps a connection and a file descriptor for as long as it likes. Here every wait for a
//! client has an end ([`ListenerLimits`]), the number of connections is bounded, running out of file descriptors
//! does not end the accept loop, and a shutdown lets the requests in flight finish for a while ([`serve`]).
//!
//! What happens to requests that are not proper HTTP/1.1:
//! - no `Host` in HTTP/1.1, or more than one: 400 (RFC 9112 section 3.2); HTTP/1.0 needs none;
//! - several different `Content-Length`s, or one that is no number: 400 (RFC 9110 section 8.6); the same one
//!   repeated counts once, as that section allows;
//! - `Transfer-Encoding` beside `Content-Length`: the length is ignored (RFC 9112 section 6.3); a last coding other
//!   than `chunked` is refused with 400;
//! - lines ended by a bare LF: taken as line ends, which RFC 9112 section 2.2 allows a recipient. A proxy in front
//!   that takes them for something else must refuse them itself;
//! - a head over [`ListenerLimits::header_bytes_max`]: 431;
//! - the HTTP/2 preface: refused; both ports speak HTTP/1 only.
//!
//! Under TLS ([`Port::with_tls`]) the limits are those of the bytes that travel: of the handshake too, which counts as a
//! connection from its first moment. Plain HTTP is answered 400 there.

mod accept;
mod body;
mod certificate;
mod connection;
mod exchange;
mod limits;
mod pace;
mod response;
mod stream;
mod tls;

pub use accept::{DrainReport, bind, serve};
pub use body::{BodyError, LimitedBody};
pub use certificate::Certificate;
pub use limits::ListenerLimits;
pub use response::AnswerBody;
pub use tls::Port;
