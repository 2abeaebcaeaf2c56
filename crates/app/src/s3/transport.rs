//! The way to the object store: within this process, or over the network.

use http::{Request, Response};
use http_body_util::Full;
#[cfg(feature = "serve")]
use qdn_store::{Store, StoreBody};

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::S3Error;
use crate::outbound::{Outbound, OutboundError};

/// Where requests go. Both ways speak the same S3.
#[derive(Clone)]
pub(super) enum Transport {
    /// The embedded store, without a socket in between.
    #[cfg(feature = "serve")]
    Embedded(Store),
    /// Another server: Amazon S3, or an engine of one's own.
    Remote(Outbound),
}

/// The body of an answer that is being read.
pub(super) enum AnswerBody {
    #[cfg(feature = "serve")]
    Embedded(StoreBody),
    Remote(Incoming),
}

impl AnswerBody {
    /// The next bytes; `None` after the last.
    ///
    /// Read frame by frame: http-body-util's adapters over a body whose error is a boxed trait object defeat the compiler's
    /// proof that the future is `Send`.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, S3Error> {
        loop {
            let data = match self {
                #[cfg(feature = "serve")]
                Self::Embedded(body) => match body.frame().await {
                    None => return Ok(None),
                    Some(frame) => {
                        frame.map_err(|error| S3Error::Unreadable(error.to_string()))?.into_data().ok()
                    }
                },
                Self::Remote(body) => match body.frame().await {
                    None => return Ok(None),
                    Some(frame) => {
                        frame.map_err(|error| S3Error::Unreadable(error.to_string()))?.into_data().ok()
                    }
                },
            };
            // What is no data is a trailer.
            if let Some(bytes) = data {
                return Ok(Some(bytes));
            }
        }
    }
}

impl Transport {
    /// Sends a request, and hands on the answer as soon as its head is there.
    pub(super) async fn open(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Duration,
    ) -> Result<Response<AnswerBody>, S3Error> {
        match self {
            #[cfg(feature = "serve")]
            Self::Embedded(store) => {
                let answer = tokio::time::timeout(deadline, store.handle(request)).await;
                Ok(answer.map_err(|_| S3Error::Late)?.map(AnswerBody::Embedded))
            }
            Self::Remote(outbound) => {
                let answer = outbound.open(request, deadline).await.map_err(|error| match error {
                    OutboundError::Late(_) => S3Error::Late,
                    error => S3Error::Unreadable(error.to_string()),
                });
                Ok(answer?.map(AnswerBody::Remote))
            }
        }
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        answer_bytes_max: usize,
        deadline: Duration,
    ) -> Result<Response<Bytes>, S3Error> {
        let whole = async {
            let (head, mut body) = self.open(request, deadline).await?.into_parts();
            let mut bytes = BytesMut::new();
            while let Some(data) = body.next().await? {
                if bytes.len() + data.len() > answer_bytes_max {
                    return Err(S3Error::TooLarge(String::new(), answer_bytes_max as u64));
                }
                bytes.extend_from_slice(&data);
            }
            Ok(Response::from_parts(head, bytes.freeze()))
        };
        tokio::time::timeout(deadline, whole).await.map_err(|_| S3Error::Late)?
    }
}
