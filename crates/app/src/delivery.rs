//! How the bytes of a photo reach a person: the making of signed URLs.

use std::sync::Arc;

use jiff::Timestamp;
use qdn_sign::{Endpoint, Signer};

use crate::domain::window::SigningWindow;
use crate::s3::signing_time;

/// How a signed URL is made.
#[derive(Clone)]
pub enum Delivery {
    /// A presigned S3 GET, straight to the store.
    PresignedGet {
        /// Who signs.
        signer: Arc<Signer>,
        /// The bucket, always private.
        bucket: String,
        /// Seconds within which everybody is handed the same URL.
        window_seconds: u32,
    },
}

impl Delivery {
    /// A URL for one object, the same for everybody who asks within one window.
    pub fn url(&self, endpoint: &Endpoint, key: &str, now: Timestamp) -> String {
        match self {
            Self::PresignedGet { signer, bucket, window_seconds } => {
                let window = SigningWindow::containing(now, *window_seconds);
                // The browser may keep the bytes as long as this URL is handed out: they never change.
                let cache = format!("private, max-age={window_seconds}, immutable");
                let query = [("response-cache-control", cache.as_str())];
                signer.presign_get(
                    endpoint,
                    bucket,
                    key,
                    &query,
                    signing_time(window.signed_at),
                    window.expires_seconds,
                )
            }
        }
    }
}
