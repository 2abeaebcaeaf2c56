//! The keys of a key group: read from PEM, and used.

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, KeyPair as _,
        RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
        RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use p256::ecdsa::signature::Signer as _;
use thiserror::Error;

use super::{
    der::{BIT_STRING, CONTEXT_0, Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE},
    pem,
};

/// The one size of RSA keys that a key group takes, in bits.
const RSA_BITS: usize = 2_048;
/// So many bytes has a signature by such a key.
pub(super) const RSA_SIGNATURE_LEN: usize = RSA_BITS / 8;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// What people also have keys of, by its object identifier.
const OTHER_ALGORITHMS: [(&[u8], &str); 4] = [
    (&[0x2b, 0x65, 0x70], "Ed25519"),
    (&[0x2b, 0x65, 0x71], "Ed448"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a], "RSA-PSS"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01], "DSA"),
];
const OTHER_CURVES: [(&[u8], &str); 3] = [
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "P-384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "P-521"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x0a], "secp256k1"),
];

/// Why a text is no key for CloudFront.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The text has no PEM block at all.
    #[error("key: no PEM block such as -----BEGIN PRIVATE KEY----- in it")]
    NotPem,
    /// A passphrase is needed.
    #[error("key: it is encrypted; write it without a passphrase, by `openssl pkey -in FILE -out NEW`")]
    Encrypted,
    /// There is something else in it.
    #[error("key: it holds a {found}, not a {wanted}")]
    Other {
        /// What the PEM block says to be.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Nobody could say which one signs.
    #[error("key: more than one private key in it")]
    Several,
    /// The block is not what its label says.
    #[error("key: the {label} is damaged")]
    Damaged {
        /// What the PEM block says to be.
        label: String,
    },
    /// A kind of key that CloudFront does not know.
    #[error("key: it is of the algorithm {name}; CloudFront takes ECDSA P-256 and RSA-2048")]
    Algorithm {
        /// The algorithm.
        name: &'static str,
    },
    /// An elliptic curve that CloudFront does not know.
    #[error("key: its curve is {name}; CloudFront takes P-256 (prime256v1)")]
    Curve {
        /// The curve.
        name: &'static str,
    },
    /// An RSA key of another size.
    #[error("key: it is an RSA key of {bits} bits; CloudFront takes 2048")]
    RsaBits {
        /// The size.
        bits: usize,
    },
    /// SHA-1 is there for RSA keys only.
    #[error("key: SHA-1 is for RSA keys; this one is ECDSA P-256")]
    Sha1NeedsRsa,
    /// The id of the public key, as CloudFront gave it.
    #[error("key id: it must be 1 to 128 letters, digits, - and _, such as K2JCJMDEHXQW5F")]
    KeyId,
}

/// How the policy is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// What the CDN takes where the URL says nothing.
    Sha1,
    Sha256,
}

/// Who signs, ready to.
pub(super) enum PrivateKey {
    /// With SHA-256, and the nonce of RFC 6979.
    Ecdsa(Box<p256::ecdsa::SigningKey>),
    /// With SHA-256.
    Rsa(RsaKeyPair),
    #[cfg(feature = "cloudfront-sha1")]
    RsaSha1(Box<super::sha1::Sha1Key>, PublicKey),
}

/// A private key's numbers.
enum Parts<'a> {
    /// The scalar of a P-256 key.
    Ec(&'a [u8]),
    /// `RSAPrivateKey` of RFC 8017.
    Rsa(&'a [u8]),
}

impl PrivateKey {
    pub(super) fn from_pem(text: &str) -> Result<Self, KeyError> {
        with_parts(text, |parts, damaged| match parts {
            Parts::Ec(scalar) => {
                let key = p256::ecdsa::SigningKey::from_slice(scalar).map_err(|_| damaged())?;
                Ok(Self::Ecdsa(Box::new(key)))
            }
            Parts::Rsa(der) => RsaKeyPair::from_der(der).map(Self::Rsa).map_err(|_| damaged()),
        })
    }

    /// Reads an RSA key that signs with SHA-1.
    #[cfg(feature = "cloudfront-sha1")]
    pub(super) fn sha1_from_pem(text: &str) -> Result<Self, KeyError> {
        // Judged by the other implementation first; the public half is its word too.
        let public_key = Self::from_pem(text)?.public_key();
        with_parts(text, |parts, damaged| match parts {
            Parts::Ec(_) => Err(KeyError::Sha1NeedsRsa),
            Parts::Rsa(der) => {
                let key = super::sha1::Sha1Key::from_der(der).ok_or_else(damaged)?;
                Ok(Self::RsaSha1(Box::new(key), public_key))
            }
        })
    }

    pub(super) fn hash(&self) -> Hash {
        match self {
            Self::Ecdsa(_) | Self::Rsa(_) => Hash::Sha256,
            #[cfg(feature = "cloudfront-sha1")]
            Self::RsaSha1(..) => Hash::Sha1,
        }
    }

    /// Hands on the signature, or no bytes where the library fails, as it may when memory has run out.
    pub(super) fn sign(&self, message: &[u8], hand_on: impl FnOnce(&[u8])) {
        match self {
            Self::Ecdsa(key) => match key.try_sign(message) {
                Ok(signature) => {
                    let signature: p256::ecdsa::Signature = signature;
                    hand_on(signature.to_der().as_bytes());
                }
                Err(_) => hand_on(&[]),
            },
            Self::Rsa(key) => {
                let mut signature = [0; RSA_SIGNATURE_LEN];
                match key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature) {
                    Ok(()) => hand_on(&signature),
                    Err(_) => hand_on(&[]),
                }
            }
            #[cfg(feature = "cloudfront-sha1")]
            Self::RsaSha1(key, _) => hand_on(&key.sign(message)),
        }
    }

    pub(super) fn public_key(&self) -> PublicKey {
        match self {
            Self::Ecdsa(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                PublicKey { kind: Kind::Ec, bytes: point.as_bytes().to_vec() }
            }
            Self::Rsa(key) => PublicKey { kind: Kind::Rsa, bytes: key.public_key().as_ref().to_vec() },
            #[cfg(feature = "cloudfront-sha1")]
            Self::RsaSha1(_, public_key) => public_key.clone(),
        }
    }
}

/// The half of a key that the CDN has.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: Kind,
    /// A point of the curve, or `RSAPublicKey` of RFC 8017.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ec,
    Rsa,
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` in PEM, the form in which it is handed to CloudFront.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        const LABEL: &str = "PUBLIC KEY";
        let blocks = pem::blocks(text);
        let block = blocks.first().ok_or(KeyError::NotPem)?;
        if block.label != LABEL {
            return Err(KeyError::Other { found: block.label.to_owned(), wanted: LABEL });
        }
        let damaged = || KeyError::Damaged { label: LABEL.to_owned() };
        let der = block.decode().ok_or_else(damaged)?;
        let mut info = Der(&der).enter(SEQUENCE).ok_or_else(damaged)?;
        let kind = algorithm(info.enter(SEQUENCE).ok_or_else(damaged)?)?;
        // The byte before the bits says how many are unused: none.
        let Some([0, bytes @ ..]) = info.take(BIT_STRING) else { return Err(damaged()) };
        if kind == Kind::Rsa {
            let mut numbers = Der(bytes).enter(SEQUENCE).ok_or_else(damaged)?;
            check_rsa_bits(numbers.unsigned().ok_or_else(damaged)?)?;
        }
        Ok(Self { kind, bytes: bytes.to_vec() })
    }

    /// Whether this key's owner signed `message`.
    pub(super) fn verifies(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, hash) {
            (Kind::Ec, Hash::Sha1) => &ECDSA_P256_SHA1_ASN1,
            (Kind::Ec, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
            (Kind::Rsa, Hash::Sha1) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Kind::Rsa, Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Reads a private key in PEM, in PKCS#8 or in the older forms of RSA and EC, and hands on its numbers, with what to say
/// where they are of no use.
fn with_parts<T>(
    text: &str,
    make: impl FnOnce(Parts<'_>, &dyn Fn() -> KeyError) -> Result<T, KeyError>,
) -> Result<T, KeyError> {
    let blocks = pem::blocks(text);
    let first = blocks.first().ok_or(KeyError::NotPem)?;
    if blocks.iter().any(pem::Block::is_encrypted) {
        return Err(KeyError::Encrypted);
    }
    // openssl may write the curve's parameters before the key.
    let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(key) = keys.next() else {
        return Err(KeyError::Other { found: first.label.to_owned(), wanted: "private key" });
    };
    if keys.next().is_some() {
        return Err(KeyError::Several);
    }
    let damaged = || KeyError::Damaged { label: key.label.to_owned() };
    let der = key.decode().ok_or_else(damaged)?;
    let parts = match key.label {
        "PRIVATE KEY" => pkcs8(&der, &damaged)?,
        "EC PRIVATE KEY" => ec_private_key(&der, true, &damaged)?,
        "RSA PRIVATE KEY" => rsa_private_key(&der, &damaged)?,
        other => {
            return Err(KeyError::Other { found: other.to_owned(), wanted: "private key for CloudFront" });
        }
    };
    make(parts, &damaged)
}

/// `PrivateKeyInfo` of RFC 5958.
fn pkcs8<'a>(der: &'a [u8], damaged: &impl Fn() -> KeyError) -> Result<Parts<'a>, KeyError> {
    let mut info = Der(der).enter(SEQUENCE).ok_or_else(damaged)?;
    info.take(INTEGER).ok_or_else(damaged)?;
    let kind = algorithm(info.enter(SEQUENCE).ok_or_else(damaged)?)?;
    let key = info.take(OCTET_STRING).ok_or_else(damaged)?;
    match kind {
        Kind::Ec => ec_private_key(key, false, damaged),
        Kind::Rsa => rsa_private_key(key, damaged),
    }
}

/// `AlgorithmIdentifier`: what the key is for, and for elliptic curves which one.
fn algorithm(mut identifier: Der<'_>) -> Result<Kind, KeyError> {
    let name = identifier.take(OBJECT_IDENTIFIER).unwrap_or_default();
    if name == EC_PUBLIC_KEY {
        return check_curve(identifier.take(OBJECT_IDENTIFIER)).map(|()| Kind::Ec);
    }
    if name == RSA_ENCRYPTION {
        return Ok(Kind::Rsa);
    }
    Err(KeyError::Algorithm { name: name_of(name, &OTHER_ALGORITHMS) })
}

/// `ECPrivateKey` of RFC 5915. Within PKCS#8 the curve was named before.
fn ec_private_key<'a>(
    der: &'a [u8],
    curve_within: bool,
    damaged: &impl Fn() -> KeyError,
) -> Result<Parts<'a>, KeyError> {
    let mut key = Der(der).enter(SEQUENCE).ok_or_else(damaged)?;
    key.take(INTEGER).ok_or_else(damaged)?;
    let scalar = key.take(OCTET_STRING).ok_or_else(damaged)?;
    if curve_within {
        check_curve(key.enter(CONTEXT_0).and_then(|mut curve| curve.take(OBJECT_IDENTIFIER)))?;
    }
    Ok(Parts::Ec(scalar))
}

/// `RSAPrivateKey` of RFC 8017.
fn rsa_private_key<'a>(der: &'a [u8], damaged: &impl Fn() -> KeyError) -> Result<Parts<'a>, KeyError> {
    let mut key = Der(der).enter(SEQUENCE).ok_or_else(damaged)?;
    key.take(INTEGER).ok_or_else(damaged)?;
    check_rsa_bits(key.unsigned().ok_or_else(damaged)?)?;
    Ok(Parts::Rsa(der))
}

fn check_curve(name: Option<&[u8]>) -> Result<(), KeyError> {
    match name {
        Some(P_256) => Ok(()),
        Some(other) => Err(KeyError::Curve { name: name_of(other, &OTHER_CURVES) }),
        None => Err(KeyError::Curve { name: "not named" }),
    }
}

fn check_rsa_bits(modulus: &[u8]) -> Result<(), KeyError> {
    let unused = modulus.first().map_or(0, |first| first.leading_zeros());
    let bits = (modulus.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or(0));
    if bits == RSA_BITS { Ok(()) } else { Err(KeyError::RsaBits { bits }) }
}

fn name_of(identifier: &[u8], names: &[(&[u8], &'static str)]) -> &'static str {
    names.iter().find(|(known, _)| *known == identifier).map_or("another one", |(_, name)| name)
}

/// Whether a text can be the id of a public key, such as `K2JCJMDEHXQW5F`: 1 to 128 letters, digits, `-` and `_`, which
/// stand in URLs as they are.
pub fn is_key_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

pub(super) fn check_key_id(key_id: &str) -> Result<(), KeyError> {
    if is_key_id(key_id) { Ok(()) } else { Err(KeyError::KeyId) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6979, A.2.5: the key, and the signatures with SHA-256.
    const SCALAR: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    const SIGNATURES: [(&str, &str, &str); 2] = [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn pem(label: &str, der: &[u8]) -> String {
        let body = base64_simd::STANDARD.encode_to_string(der);
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    fn signed(key: &PrivateKey, message: &str) -> Vec<u8> {
        let mut signature = Vec::new();
        key.sign(message.as_bytes(), |bytes| signature.extend_from_slice(bytes));
        signature
    }

    #[test]
    fn ecdsa_signatures_are_those_of_rfc_6979() {
        // `ECPrivateKey`: version, scalar, curve.
        let der = [
            &[SEQUENCE, 49, INTEGER, 1, 1, OCTET_STRING, 32][..],
            &bytes(SCALAR),
            &[CONTEXT_0, 10, OBJECT_IDENTIFIER, 8],
            P_256,
        ]
        .concat();
        let key = PrivateKey::from_pem(&pem("EC PRIVATE KEY", &der)).unwrap();
        for (message, r, s) in SIGNATURES {
            let signature = signed(&key, message);
            let mut numbers = Der(&signature).enter(SEQUENCE).unwrap();
            let number = |digits: &[u8]| [&vec![0; 32 - digits.len()], digits].concat();
            assert_eq!(number(numbers.unsigned().unwrap()), bytes(r));
            assert_eq!(number(numbers.unsigned().unwrap()), bytes(s));
            assert!(key.public_key().verifies(Hash::Sha256, message.as_bytes(), &signature));
            assert!(!key.public_key().verifies(Hash::Sha1, message.as_bytes(), &signature));
        }
    }

    #[test]
    fn a_key_reads_the_same_in_every_form() {
        let ecdsa = PublicKey::from_pem(include_str!("../../fixtures/keys/ec-public.pem")).unwrap();
        let rsa = PublicKey::from_pem(include_str!("../../fixtures/keys/rsa-public.pem")).unwrap();
        for (text, public_key) in [
            (include_str!("../../fixtures/keys/ec.pem"), &ecdsa),
            (include_str!("../../fixtures/keys/ec-pkcs8.pem"), &ecdsa),
            (include_str!("../../fixtures/keys/ec-with-parameters.pem"), &ecdsa),
            (include_str!("../../fixtures/keys/rsa.pem"), &rsa),
            (include_str!("../../fixtures/keys/rsa-pkcs8.pem"), &rsa),
        ] {
            let windows = text.replace('\n', "\r\n");
            for text in [text, &windows, text.trim_end()] {
                assert_eq!(&PrivateKey::from_pem(text).unwrap().public_key(), public_key, "{text}");
            }
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_refused_by_what_is_wrong_with_it() {
        let refusal = |text: &str| PrivateKey::from_pem(text).err().unwrap().to_string();
        for (text, said) in [
            (include_str!("../../fixtures/refused/rsa-1024.pem"), "RSA key of 1024 bits"),
            (include_str!("../../fixtures/refused/rsa-3072.pem"), "RSA key of 3072 bits"),
            (include_str!("../../fixtures/refused/p-384.pem"), "curve is P-384"),
            (include_str!("../../fixtures/refused/ed25519.pem"), "algorithm Ed25519"),
            (include_str!("../../fixtures/refused/encrypted.pem"), "encrypted"),
            (include_str!("../../fixtures/refused/encrypted-traditional.pem"), "encrypted"),
            (include_str!("../../fixtures/keys/ec-public.pem"), "holds a PUBLIC KEY, not a private key"),
            ("", "no PEM block"),
            ("MIGHAgEAMBMGByqGSM49AgEG", "no PEM block"),
        ] {
            assert!(refusal(text).contains(said), "{said}: {}", refusal(text));
        }
        let key = include_str!("../../fixtures/keys/ec.pem");
        assert_eq!(PrivateKey::from_pem(&[key, key].concat()).err(), Some(KeyError::Several));
        let labelled = key.replace("EC PRIVATE", "OPENSSH PRIVATE");
        assert!(refusal(&labelled).contains("OPENSSH PRIVATE KEY, not a private key for CloudFront"));
    }

    #[test]
    fn a_damaged_key_is_refused_and_never_used() {
        for text in
            [include_str!("../../fixtures/keys/ec-pkcs8.pem"), include_str!("../../fixtures/keys/rsa.pem")]
        {
            let blocks = pem::blocks(text);
            let der = blocks[0].decode().unwrap();
            for cut in 0..der.len() {
                assert!(PrivateKey::from_pem(&pem(blocks[0].label, &der[..cut])).is_err(), "{cut}");
            }
            assert!(PrivateKey::from_pem(&text.replacen("MI", "!I", 1)).is_err());
        }
        let zero = [&[SEQUENCE, 49, INTEGER, 1, 1, OCTET_STRING, 32][..], &[0; 32]].concat();
        let zero = [&zero[..], &[CONTEXT_0, 10, OBJECT_IDENTIFIER, 8], P_256].concat();
        let error = PrivateKey::from_pem(&pem("EC PRIVATE KEY", &zero)).err();
        assert_eq!(error, Some(KeyError::Damaged { label: "EC PRIVATE KEY".to_owned() }));
    }

    #[test]
    fn public_keys_are_held_to_the_same_sizes() {
        let refusal = |text: &str| PublicKey::from_pem(text).err().unwrap();
        let private = include_str!("../../fixtures/keys/ec-pkcs8.pem");
        assert_eq!(
            refusal(private),
            KeyError::Other { found: "PRIVATE KEY".to_owned(), wanted: "PUBLIC KEY" }
        );
        assert_eq!(refusal("nothing"), KeyError::NotPem);
        // A modulus of 64 bits.
        let numbers = [SEQUENCE, 14, INTEGER, 9, 0, 0x80, 0, 0, 0, 0, 0, 0, 1, INTEGER, 1, 3];
        let name = [&[SEQUENCE, 13, OBJECT_IDENTIFIER, 9][..], RSA_ENCRYPTION, &[5, 0]].concat();
        let bits = [&[BIT_STRING, 17, 0][..], &numbers].concat();
        let der = [&[SEQUENCE, 34][..], &name, &bits].concat();
        assert_eq!(refusal(&pem("PUBLIC KEY", &der)), KeyError::RsaBits { bits: 64 });
    }
}
