//! A request body that can still be read after whoever was given it has dropped it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::BoxError;

/// How much of a refused upload is still read, so that the client gets to see why.
const DRAIN_BYTES_MAX: usize = 8 << 20;
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// A handle of a request body.
#[derive(Clone)]
pub(super) struct SharedBody(Arc<Mutex<s3s::Body>>);

impl SharedBody {
    pub(super) fn new(body: s3s::Body) -> Self {
        Self(Arc::new(Mutex::new(body)))
    }

    /// Reads and drops what is left, within limits.
    pub(super) async fn drain(&self) {
        let mut body = self.clone();
        let reading = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = body.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
                if bytes > DRAIN_BYTES_MAX {
                    break;
                }
            }
        };
        if tokio::time::timeout(DRAIN_TIME_MAX, reading).await.is_err() {
            tracing::debug!("the client went on sending a refused body");
        }
    }
}

impl Body for SharedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&*self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
