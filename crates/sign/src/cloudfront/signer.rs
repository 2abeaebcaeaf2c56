//! Signed URLs.

use std::fmt;

use thiserror::Error;

use super::{
    CustomPolicy, KeyError, PARAMETERS, PublicKey, base64,
    key::{Hash, PrivateKey, RSA_SIGNATURE_LEN, check_key_id},
    policy,
};
use crate::{
    Endpoint, Timestamp,
    encode::{push_number, push_path},
};

/// Signs with one private key, whose public half stands in a key group of the distribution.
///
/// The key is never printed, and ECDSA keys are wiped when dropped. `Send` and `Sync`: share it by `Arc`.
pub struct CloudFrontSigner {
    key_id: String,
    key: PrivateKey,
    /// What stands behind the signature.
    tail: String,
}

/// Why a URL cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// Neither `http://` nor `https://` and a host.
    #[error("url: must be absolute, with http:// or https:// and a host")]
    NotAbsolute,
    /// A fragment, which no browser sends.
    #[error("url: must have no fragment")]
    Fragment,
    /// A space, a control character or one beyond ASCII.
    #[error("url: spaces, control characters and characters beyond ASCII must be percent-encoded")]
    Character,
    /// It holds a parameter of the signature.
    #[error("url: must not hold the parameter {0}, which a signature adds")]
    Parameter(&'static str),
}

impl CloudFrontSigner {
    /// A signer from a private key in PEM (PKCS#8, or the older forms of RSA and EC), ECDSA P-256 or RSA-2048, and the id
    /// that CloudFront gave its public half. It hashes with SHA-256.
    pub fn new(key_id: impl Into<String>, pem: &str) -> Result<Self, KeyError> {
        Self::from_key(key_id.into(), PrivateKey::from_pem(pem)?)
    }

    /// The same for RSA keys, hashing with SHA-1, as all tools did until 2026: many times slower than ECDSA with
    /// SHA-256, and no distribution needs it.
    #[cfg(feature = "cloudfront-sha1")]
    pub fn with_sha1(key_id: impl Into<String>, pem: &str) -> Result<Self, KeyError> {
        Self::from_key(key_id.into(), PrivateKey::sha1_from_pem(pem)?)
    }

    fn from_key(key_id: String, key: PrivateKey) -> Result<Self, KeyError> {
        check_key_id(&key_id)?;
        let hash = match key.hash() {
            Hash::Sha1 => "",
            Hash::Sha256 => "&Hash-Algorithm=SHA256",
        };
        let tail = format!("&Key-Pair-Id={key_id}{hash}");
        Ok(Self { key_id, key, tail })
    }

    /// The id of the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public half of the key, for whoever verifies.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    /// A URL that reads an object through a distribution until just before `expires`, with a canned policy.
    ///
    /// The key is percent-encoded once and never normalised, as in [`Signer::presign_get`](crate::Signer::presign_get).
    pub fn sign_object(&self, distribution: &Endpoint, key: &str, expires: Timestamp) -> String {
        let host = distribution.host_header();
        let mut url =
            String::with_capacity("https://".len() + host.len() + 1 + 3 * key.len() + self.added_len_max());
        url.push_str(distribution.scheme());
        url.push_str("://");
        url.push_str(host);
        url.push('/');
        push_path(&mut url, key);
        let text = policy::canned(&url, expires);
        url.push('?');
        self.push_canned(&mut url, &text, expires);
        url
    }

    /// A URL with a canned policy: exactly this one, until just before `expires`.
    pub fn sign_url(&self, url: &str, expires: Timestamp) -> Result<String, UrlError> {
        let mut signed = self.start(url, 0)?;
        self.push_canned(&mut signed, &policy::canned(url, expires), expires);
        Ok(signed)
    }

    /// A URL with a policy of the caller's own. Whether the policy permits the URL is for the CDN to say.
    pub fn sign_url_with_policy(&self, url: &str, policy: &CustomPolicy) -> Result<String, UrlError> {
        let text = policy.text();
        let mut signed = self.start(url, base64::encoded_len(text.len()))?;
        signed.push_str("Policy=");
        base64::push(&mut signed, text.as_bytes());
        self.push_signature(&mut signed, &text);
        Ok(signed)
    }

    /// The URL up to where the parameters of the signature begin.
    fn start(&self, url: &str, policy_len: usize) -> Result<String, UrlError> {
        check_url(url)?;
        let mut signed = String::with_capacity(url.len() + 1 + policy_len + self.added_len_max());
        signed.push_str(url);
        signed.push(if url.contains('?') { '&' } else { '?' });
        Ok(signed)
    }

    /// What a signature adds to a URL, in bytes at most, except the text of a policy.
    fn added_len_max(&self) -> usize {
        /// `?`, names and a time.
        const FIXED_LEN: usize = 64;
        FIXED_LEN + base64::encoded_len(RSA_SIGNATURE_LEN) + self.tail.len()
    }

    fn push_canned(&self, url: &mut String, text: &str, expires: Timestamp) {
        url.push_str("Expires=");
        push_number(url, expires.as_unix().unsigned_abs());
        self.push_signature(url, text);
    }

    fn push_signature(&self, url: &mut String, text: &str) {
        url.push_str("&Signature=");
        self.key.sign(text.as_bytes(), |signature| base64::push(url, signature));
        url.push_str(&self.tail);
    }
}

impl fmt::Debug for CloudFrontSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudFrontSigner").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

fn check_url(url: &str) -> Result<(), UrlError> {
    let rest =
        url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(UrlError::NotAbsolute)?;
    if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return Err(UrlError::NotAbsolute);
    }
    if rest.contains('#') {
        return Err(UrlError::Fragment);
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(UrlError::Character);
    }
    let (_, query) = rest.split_once('?').unwrap_or_default();
    let mut names = query.split('&').filter_map(|pair| pair.split('=').next());
    match names.find_map(|name| PARAMETERS.into_iter().find(|parameter| *parameter == name)) {
        Some(parameter) => Err(UrlError::Parameter(parameter)),
        None => Ok(()),
    }
}
