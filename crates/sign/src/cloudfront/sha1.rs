//! RSA with SHA-1: what the CDN takes from URLs that name no hash. `aws-lc-rs` verifies such signatures and makes none.

use rsa::{BoxedUint, pkcs1v15, signature::Signer as _};

use super::der::{Der, INTEGER, SEQUENCE};

/// An RSA key, ready to sign with SHA-1.
pub(super) struct Sha1Key(pkcs1v15::SigningKey<sha1::Sha1>);

impl Sha1Key {
    /// Reads `RSAPrivateKey` of RFC 8017.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        let mut numbers = Der(der).enter(SEQUENCE)?;
        numbers.take(INTEGER)?;
        let mut next = || numbers.unsigned().map(BoxedUint::from_be_slice_vartime);
        let (modulus, public_exponent, private_exponent) = (next()?, next()?, next()?);
        let primes = vec![next()?, next()?];
        let key = rsa::PrivateKey::from_components(modulus, public_exponent, private_exponent, primes);
        Some(Self(pkcs1v15::SigningKey::new(key.ok()?)))
    }

    /// The signature, or no bytes where the library fails.
    pub(super) fn sign(&self, message: &[u8]) -> Box<[u8]> {
        self.0.try_sign(message).map(Box::from).unwrap_or_default()
    }
}
