use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::ListenerLimits;
use super::exchange::Exchange;
use super::pace::Pace;

/// Why a request body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Nothing came for [`ListenerLimits::body_idle_seconds`], or too little for too long. The listener answers 408
    /// in the handler's place if the handler has not answered yet, and closes the connection.
    #[error("the request body stopped or came too slowly")]
    Late,
    /// The client went away, or its body is not what its headers promised.
    #[error("the request body could not be read")]
    Transport(#[source] hyper::Error),
}

/// A request body that fails instead of waiting for ever.
#[derive(Debug)]
pub struct LimitedBody {
    inner: Incoming,
    pace: Pace,
    exchange: Arc<Exchange>,
    ended: bool,
}

impl LimitedBody {
    pub(super) fn new(inner: Incoming, limits: &ListenerLimits, exchange: Arc<Exchange>) -> Self {
        let ended = inner.is_end_stream();
        Self { inner, pace: Pace::of_body(limits), exchange, ended }
    }
}

impl Body for LimitedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.exchange.body_late() {
            return Poll::Ready(Some(Err(BodyError::Late)));
        }
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.pace.progress(frame.data_ref().map_or(0, Bytes::len));
                self.ended = self.inner.is_end_stream();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.exchange.set_body_failed();
                Poll::Ready(Some(Err(BodyError::Transport(error))))
            }
            Poll::Ready(None) => {
                self.ended = true;
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.pace.poll_overdue(cx));
                self.exchange.set_body_late();
                Poll::Ready(Some(Err(BodyError::Late)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for LimitedBody {
    fn drop(&mut self) {
        if !self.ended {
            self.exchange.set_body_unread();
        }
    }
}
