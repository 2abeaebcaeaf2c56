//! Calls to other servers: AWS, or an S3 engine of one's own. Connections are kept; every call has a deadline and a limit
//! on its answer.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// The longest that a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a connection without work is kept. AWS closes them after 20 s and more; a kept one that was closed meanwhile is
/// noticed before a request is written to it.
const IDLE_KEPT: Duration = Duration::from_secs(15);
/// Connections without work that are kept for each server.
const IDLE_MAX: usize = 32;

/// Why a call has no answer. The text is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// No connection, or one that broke.
    #[error("no answer: {0}")]
    Broken(String),
    /// An answer that is larger than the caller takes, in bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// An HTTP client with TLS. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Default for Outbound {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbound {
    /// A client that trusts the authorities that browsers do, whatever the machine has installed: a function in Lambda would
    /// read and parse the machine's own at every cold start. Plain HTTP is for engines in the same network.
    pub fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_MAX));
        tcp.set_nodelay(true);
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_KEPT)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(connector.wrap_connector(tcp));
        Self { client }
    }

    /// Sends a request and hands on the answer as soon as its head is there. Whoever reads the body keeps a clock of its own.
    ///
    /// # Errors
    /// When there is no head within `deadline`.
    pub async fn open(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Duration,
    ) -> Result<Response<Incoming>, OutboundError> {
        let answer = tokio::time::timeout(deadline, self.client.request(request)).await;
        answer.map_err(|_| OutboundError::Late(deadline))?.map_err(|error| broken(&error))
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When it is not there within `deadline`, or longer than `answer_bytes_max`.
    pub async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        answer_bytes_max: usize,
        deadline: Duration,
    ) -> Result<Response<Bytes>, OutboundError> {
        let whole = async {
            let answer = self.client.request(request).await.map_err(|error| broken(&error))?;
            let (head, mut body) = answer.into_parts();
            let mut bytes = BytesMut::new();
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
                if bytes.len() + data.len() > answer_bytes_max {
                    return Err(OutboundError::TooLarge(answer_bytes_max));
                }
                bytes.extend_from_slice(&data);
            }
            Ok(Response::from_parts(head, bytes.freeze()))
        };
        tokio::time::timeout(deadline, whole).await.map_err(|_| OutboundError::Late(deadline))?
    }
}

/// The error with all that caused it: the outermost says only that something failed.
fn broken(error: &(dyn Error + 'static)) -> OutboundError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    OutboundError::Broken(text)
}
