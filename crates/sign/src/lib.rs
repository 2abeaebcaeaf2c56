//! AWS Signature Version 4 for S3, as pure functions: presigned URLs, presigned POST forms, and the verification of
//! such forms. With the feature `cloudfront` also the signed URLs of that CDN.
//!
//! Nothing here reads a clock, a file or a socket: the time and the credentials are arguments.
//!
//! ```
//! use qdn_sign::{AddressStyle, Credentials, Endpoint, Signer, Timestamp};
//!
//! let endpoint = Endpoint::new("https://s3.amazonaws.com", AddressStyle::VirtualHost)?;
//! let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
//! let signer = Signer::new(credentials, "us-east-1");
//! let now = Timestamp::from_unix(1_369_353_600);
//! let url = signer.presign_get(&endpoint, "examplebucket", "test.txt", &[], now, 86_400);
//! // AWS, "Authenticating Requests: Using Query Parameters", the example's result.
//! assert!(url.ends_with("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
//! # Ok::<(), qdn_sign::EndpointError>(())
//! ```

mod authorization;
mod canonical;
#[cfg(feature = "cloudfront")]
pub mod cloudfront;
mod credentials;
mod encode;
mod endpoint;
mod evaluate;
mod form;
pub mod policy;
mod post;
mod refusal;
mod sha256;
mod signer;
mod signing_key;
mod timestamp;
pub mod verify;

pub use credentials::Credentials;
pub use endpoint::{AddressStyle, Endpoint, EndpointError};
pub use form::PostForm;
pub use post::{PostConditions, PresignedPost};
pub use refusal::PostRefusal;
pub use signer::{EXPIRES_SECONDS_MAX, PresignedPut, Signer};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use verify::{AcceptedPost, verify_post_form};
