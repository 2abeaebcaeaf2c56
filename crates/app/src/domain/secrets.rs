//! Tokens and application keys: 256 random bits, of which only the hash is kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A token or an application key in the clear. It never prints in `Debug`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one: `{prefix}` and 256 random bits of the operating system's generator in base64url, 43 characters.
    pub fn generate(prefix: &str) -> Self {
        let bits: [u8; 32] = rand::random();
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bits)))
    }

    /// One that a caller sent, of any shape: a wrong one simply has a hash that nobody knows.
    pub fn from_caller(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the one answer or file that hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database keeps. A plain SHA-256 is enough for 256 random bits: there is nothing to guess.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret. There is no `==`: compare with [`SecretHash::verify`].
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash that the database gave back.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the database's index.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `secret` has this hash, in constant time.
    pub fn verify(&self, secret: &Secret) -> bool {
        self.0.ct_eq(&secret.hash().0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_hold_256_bits_and_differ() {
        let (one, other) = (Secret::generate("t_"), Secret::generate("t_"));
        assert_eq!(one.reveal().len(), 2 + 43);
        assert_ne!(one.reveal(), other.reveal());
        assert!(one.hash().verify(&one) && !one.hash().verify(&other));
    }

    #[test]
    fn secrets_do_not_print() {
        let secret = Secret::generate("t_");
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "Secret(…) SecretHash(…)");
    }
}
