//! The way to the object store: within this process, or over the network.

use http::{Request, Response, StatusCode};
use http_body_util::Full;
#[cfg(feature = "serve")]
use qdn_store::{Store, StoreBody};

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::S3Error;
use crate::client::{Outbound, OutboundError, Patience};

/// How often another server is asked the same.
const TRIES: u32 = 3;
/// The longest that it may take to begin an answer, before it is asked again: a connection that a function kept while it stood
/// still may be dead without a word.
const HEAD_MAX: Duration = Duration::from_secs(5);

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

/// Asks another server, again where it is busy, or where nothing comes. All that we ask for comes to the same when it is
/// done twice: lists, reads, the same bytes under the same key, deletions.
async fn ask(
    outbound: &Outbound,
    request: &Request<Full<Bytes>>,
    deadline: Duration,
) -> Result<Response<Incoming>, S3Error> {
    let (mut patience, mut last) = (Patience::new(TRIES, deadline), S3Error::Late);
    while let Some(left) = patience.begin() {
        match outbound.open(request.clone(), left.min(HEAD_MAX)).await {
            Ok(answer) if !is_passing(answer.status()) => return Ok(answer),
            Ok(answer) => {
                last = S3Error::Unreadable(format!("{} was answered {}", request.method(), answer.status()));
            }
            Err(OutboundError::Late(_)) => last = S3Error::Late,
            Err(error) => last = S3Error::Unreadable(error.to_string()),
        }
        patience.pause().await;
    }
    Err(last)
}

/// Whether a refusal is one of the moment: S3 says `SlowDown` by 503, and 500 where it asks to be asked again
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
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
            Self::Remote(outbound) => Ok(ask(outbound, &request, deadline).await?.map(AnswerBody::Remote)),
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

#[cfg(test)]
#[cfg(feature = "lambda")]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use qdn_sign::{AddressStyle, Credentials, Endpoint, Signer};

    use super::*;
    use crate::aws::scripted::{Line, Scripted};
    use crate::s3::Bucket;

    const BUSY: Line = Line::Answer(503, "<Error><Code>SlowDown</Code></Error>");
    const EMPTY: Line =
        Line::Answer(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");

    async fn list(script: &[Line]) -> (Result<usize, S3Error>, usize) {
        let server = Scripted::start(script).await;
        let endpoint = Endpoint::new(&server.origin, AddressStyle::Path).unwrap();
        let signer = Arc::new(Signer::new(Credentials::new("AKID", "hush"), "us-east-1"));
        let bucket = Bucket::remote(Outbound::new(), endpoint, signer, "qdn-uploads");
        let listing = bucket.list("jobs/j/photos/", "", 10, Timestamp::UNIX_EPOCH).await;
        (listing.map(|listing| listing.objects.len()), server.asked())
    }

    #[tokio::test]
    async fn a_busy_store_and_a_broken_connection_are_asked_again_and_a_refusal_is_not() {
        let (listed, asked) = list(&[BUSY, Line::Close, EMPTY]).await;
        assert_eq!((listed.unwrap(), asked), (0, 3));
        let (refused, asked) = list(&[Line::Answer(403, "<Error><Code>AccessDenied</Code></Error>")]).await;
        assert!(
            matches!(refused, Err(S3Error::Refused { status: StatusCode::FORBIDDEN, .. })),
            "{refused:?}"
        );
        assert_eq!(asked, 1);
    }

    #[tokio::test]
    async fn a_store_that_stays_busy_is_asked_a_bounded_number_of_times() {
        let (listed, asked) = list(&[BUSY]).await;
        assert!(listed.unwrap_err().to_string().contains("503"));
        assert_eq!(asked, 3);
    }
}
