//! RSA with SHA-1: what the CDN takes from URLs that name no hash. `aws-lc-rs` verifies such signatures and makes none.

use rsa::{BoxedUint, pkcs1v15, signature::Signer as _};

use super::{
    der::{Der, INTEGER, SEQUENCE},
    key::{KeyError, Parts, PrivateKey, with_parts},
};

/// An RSA key, ready to sign with SHA-1.
pub(super) struct Sha1Key(pkcs1v15::SigningKey<sha1::Sha1>);

impl PrivateKey {
    /// Reads an RSA key that signs with SHA-1.
    pub(super) fn sha1_from_pem(text: &str) -> Result<Self, KeyError> {
        // Judged by the other implementation first; the public half is its word too.
        let public_key = Self::from_pem(text)?.public_key();
        with_parts(text, |parts, damaged| match parts {
            Parts::Ec(_) => Err(KeyError::Sha1NeedsRsa),
            Parts::Rsa(der) => {
                let key = read(der).ok_or_else(damaged)?;
                Ok(Self::RsaSha1(Box::new(Sha1Key(pkcs1v15::SigningKey::new(key))), public_key))
            }
        })
    }
}

impl Sha1Key {
    /// The signature, or no bytes where the library fails.
    pub(super) fn sign(&self, message: &[u8]) -> Box<[u8]> {
        self.0.try_sign(message).map(Box::from).unwrap_or_default()
    }
}

/// `RSAPrivateKey` of RFC 8017.
fn read(der: &[u8]) -> Option<rsa::PrivateKey> {
    let mut numbers = Der(der).enter(SEQUENCE)?;
    numbers.take(INTEGER)?;
    let mut next = || numbers.unsigned().map(BoxedUint::from_be_slice_vartime);
    let (modulus, public_exponent, private_exponent) = (next()?, next()?, next()?);
    let primes = vec![next()?, next()?];
    rsa::PrivateKey::from_components(modulus, public_exponent, private_exponent, primes).ok()
}
