//! How the bytes of a photo reach a person: the making of signed URLs.

#[cfg(feature = "lambda")]
mod fetched;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use qdn_sign::cloudfront::CloudFrontSigner;
use qdn_sign::{AddressStyle, Endpoint, Signer};

use crate::config::{CloudFrontConfig, Config};
use crate::domain::window::SigningWindow;
use crate::s3::signing_time;

#[cfg(feature = "lambda")]
pub use fetched::{CloudFrontSettings, FetchedDelivery};

/// The largest key file that is read: a key has less than two kilobytes.
const KEY_FILE_BYTES_MAX: u64 = 64 << 10;

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
    /// A URL of a CloudFront distribution, which alone may read the bucket.
    CloudFront {
        /// Who signs, with the newest key of the distribution's key group. The older one's URLs live until they expire.
        signer: Arc<CloudFrontSigner>,
        /// The distribution's origin.
        distribution: Endpoint,
        /// Seconds within which everybody is handed the same URL.
        window_seconds: u32,
    },
}

impl Delivery {
    /// What the configuration says: CloudFront where it names a distribution, otherwise straight from the store.
    ///
    /// # Errors
    /// A sentence that names the setting, when CloudFront's cannot be used.
    pub fn new(config: &Config, signer: Arc<Signer>) -> anyhow::Result<Self> {
        let window_seconds = config.uploads.delivery_window_seconds;
        let CloudFrontConfig { url, key_id, key_file } = &config.cloudfront;
        let (Some(url), Some(key_id), Some(key_file)) = (url, key_id, key_file) else {
            return Ok(Self::PresignedGet { signer, bucket: config.storage.bucket.clone(), window_seconds });
        };
        let distribution = Endpoint::new(url, AddressStyle::Path).context("--cloudfront-url")?;
        let reading = || format!("--cloudfront-key-file: {}", key_file.display());
        let key = read_key(key_file).with_context(reading)?;
        let signer = CloudFrontSigner::new(key_id, &key).with_context(reading)?;
        Ok(Self::CloudFront { signer: Arc::new(signer), distribution, window_seconds })
    }

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
            // How long a browser keeps the bytes is said by the distribution: a query would be part of its cache's key.
            Self::CloudFront { signer, distribution, window_seconds } => {
                let window = SigningWindow::containing(now, *window_seconds);
                let expires = signing_time(window.signed_at).plus_seconds(window.expires_seconds.into());
                signer.sign_object(distribution, key, expires)
            }
        }
    }
}

/// Where the delivery comes from.
pub enum DeliverySource {
    /// It is there.
    Ready(Delivery),
    /// Its key is fetched when it is first needed.
    #[cfg(feature = "lambda")]
    Fetched(Box<FetchedDelivery>),
}

impl DeliverySource {
    /// The delivery.
    ///
    /// # Errors
    /// For the log, when the key cannot be fetched or used.
    #[cfg_attr(not(feature = "lambda"), expect(clippy::unused_async, reason = "in a function it fetches"))]
    pub async fn get(&self) -> anyhow::Result<&Delivery> {
        match self {
            Self::Ready(delivery) => Ok(delivery),
            #[cfg(feature = "lambda")]
            Self::Fetched(fetched) => fetched.get().await,
        }
    }

    /// Where photos come from, unless that is the store: a page must be allowed to show and to read them.
    pub fn origin(&self) -> Option<String> {
        let distribution = match self {
            Self::Ready(Delivery::PresignedGet { .. }) => return None,
            Self::Ready(Delivery::CloudFront { distribution, .. }) => distribution,
            #[cfg(feature = "lambda")]
            Self::Fetched(fetched) => fetched.distribution(),
        };
        Some(format!("{}://{}", distribution.scheme(), distribution.host("")))
    }
}

fn read_key(path: &Path) -> anyhow::Result<String> {
    let size = fs::metadata(path)?.len();
    if size > KEY_FILE_BYTES_MAX {
        bail!("it has {size} bytes; a private key in PEM has fewer than {KEY_FILE_BYTES_MAX}");
    }
    Ok(fs::read_to_string(path)?)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use qdn_sign::Credentials;
    use qdn_sign::cloudfront::{KeyGroup, verify_signed_url};

    use super::*;

    const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sign/fixtures");

    fn config(key_file: &str) -> Config {
        let cloudfront = CloudFrontConfig {
            url: Some("https://d111111abcdef8.cloudfront.net".to_owned()),
            key_id: Some("K2JCJMDEHXQW5F".to_owned()),
            key_file: Some(Path::new(KEYS).join(key_file)),
        };
        Config { cloudfront, ..Config::default() }
    }

    fn delivery(config: &Config) -> anyhow::Result<Delivery> {
        Delivery::new(config, Arc::new(Signer::new(Credentials::new("AKID", "secret"), "us-east-1")))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_url_of_the_distribution_is_the_same_within_a_window_and_lives_for_two() {
        let store = Endpoint::new("http://127.0.0.1:9000", AddressStyle::Path).unwrap();
        for key_file in ["keys/ec.pem", "keys/rsa-pkcs8.pem"] {
            let delivery = delivery(&config(key_file)).unwrap();
            let url = |second| delivery.url(&store, "jobs/J-1/photos/a b.jpg", at(second));
            assert_eq!(url(9_000), url(9_899));
            assert_ne!(url(9_899), url(9_900));
            let Delivery::CloudFront { signer, .. } = &delivery else { panic!("not CloudFront") };
            let group = KeyGroup::new().with_key(signer.key_id(), signer.public_key()).unwrap();
            let viewer = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let verified = verify_signed_url(&url(9_899), viewer, &group, signing_time(at(9_899))).unwrap();
            assert_eq!(verified.url, "https://d111111abcdef8.cloudfront.net/jobs/J-1/photos/a%20b.jpg");
            assert_eq!(verified.expires, signing_time(at(10_800)));
        }
    }

    #[test]
    fn photos_come_from_the_distribution_where_there_is_one() {
        let origin = |config: &Config| DeliverySource::Ready(delivery(config).unwrap()).origin();
        assert_eq!(origin(&config("keys/ec.pem")).as_deref(), Some("https://d111111abcdef8.cloudfront.net"));
        assert_eq!(origin(&Config::default()), None);
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_by_the_settings_name_and_what_is_wrong() {
        for (key_file, said) in [
            ("keys/none.pem", "No such file"),
            ("refused/p-384.pem", "curve is P-384"),
            ("refused/encrypted.pem", "encrypted"),
            ("../src/lib.rs", "no PEM block"),
        ] {
            let error = format!("{:#}", delivery(&config(key_file)).err().unwrap());
            assert!(error.contains("--cloudfront-key-file") && error.contains(said), "{error}");
        }
    }
}
