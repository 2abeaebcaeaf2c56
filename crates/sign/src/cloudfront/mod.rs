//! Signed URLs of Amazon CloudFront, and the judgement of such URLs as the CDN judges them.
//!
//! Source: AWS, "Create a signed URL using a canned policy" and "Create a signed URL using a custom policy". A URL
//! that is signed with SHA-256 says so by `Hash-Algorithm=SHA256`; without it the CDN takes SHA-1.
//!
//! Every signature is a function of its key and its policy alone: ECDSA takes its nonce from them (RFC 6979) and no
//! random numbers. So whoever asks within one window gets the same URL, from every process.
//!
//! Signing and judging are done by different implementations, `p256` and `aws-lc-rs`, except for RSA with SHA-256.

mod base64;
mod der;
mod key;
mod pem;
mod policy;
mod refusal;
#[cfg(feature = "cloudfront-sha1")]
mod sha1;
mod signer;
mod verify;

pub use key::{KeyError, PublicKey, is_key_id};
pub use policy::CustomPolicy;
pub use refusal::UrlRefusal;
pub use signer::{CloudFrontSigner, UrlError};
pub use verify::{KeyGroup, VerifiedUrl, verify_signed_url};

/// The longest URL that the CDN accepts, in bytes.
const URL_LEN_MAX: usize = 8_192;

/// The query parameters that make a URL a signed one. They are no part of what is signed.
const PARAMETERS: [&str; 5] = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];
