//! Whether a viewer gets what a URL names, judged as the CDN judges it.

use core::net::IpAddr;

use super::{
    KeyError, PARAMETERS, PublicKey, URL_LEN_MAX, UrlRefusal, base64,
    key::{Hash, check_key_id},
    policy::{self, check_expiry},
};
use crate::Timestamp;

/// The keys whose signatures a distribution trusts. During a rotation it has two: the new one signs, and what the old one
/// signed lives on until it has expired.
#[derive(Clone, Debug, Default)]
pub struct KeyGroup {
    keys: Vec<(String, PublicKey)>,
}

impl KeyGroup {
    /// A group without keys, which trusts nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// The group with one key more. A key of an id that is there already takes the place of that one.
    pub fn with_key(mut self, key_id: impl Into<String>, key: PublicKey) -> Result<Self, KeyError> {
        let key_id = key_id.into();
        check_key_id(&key_id)?;
        self.keys.retain(|(id, _)| *id != key_id);
        self.keys.push((key_id, key));
        Ok(self)
    }

    fn find(&self, key_id: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|(id, _)| id == key_id).map(|(_, key)| key)
    }
}

/// A URL that may be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedUrl {
    /// The URL without the parameters of the signature: what is cached, and asked of the origin.
    pub url: String,
    /// When its policy ends.
    pub expires: Timestamp,
}

/// Judges a URL, absolute and as the viewer sent it, by the keys that are trusted.
///
/// Checked are, in this order: the parameters as such, the key, the signature, and the policy: its URLs, its expiry, its
/// beginning, and the viewer's address.
pub fn verify_signed_url(
    url: &str,
    viewer: IpAddr,
    group: &KeyGroup,
    now: Timestamp,
) -> Result<VerifiedUrl, UrlRefusal> {
    if url.len() > URL_LEN_MAX {
        return Err(malformed("URL", "it has more than 8192 bytes"));
    }
    let request = Request::read(url)?;
    let [expires, policy, signature, key_id, hash] = request.parameters;
    let key_id = key_id.filter(|id| !id.is_empty()).ok_or(UrlRefusal::MissingKey)?;
    let signature = signature.ok_or(UrlRefusal::MissingSignature)?;
    let stated = match (expires, policy) {
        (None, None) => return Err(UrlRefusal::MissingPolicy),
        (Some(_), Some(_)) => return Err(malformed("Policy", "it stands beside Expires")),
        (Some(expires), None) => Stated::Canned(parse_seconds(expires)?),
        (None, Some(policy)) => {
            let text =
                base64::decode(policy).ok_or_else(|| malformed("Policy", "it is not CloudFront's base64"))?;
            Stated::Custom(text)
        }
    };
    let hash = match hash {
        None | Some("SHA1") => Hash::Sha1,
        Some("SHA256") => Hash::Sha256,
        Some(_) => return Err(malformed("Hash-Algorithm", "it must be SHA1 or SHA256")),
    };
    let key = group.find(key_id).ok_or_else(|| UrlRefusal::UnknownKey { key_id: key_id.to_owned() })?;
    let signature =
        base64::decode(signature).ok_or_else(|| malformed("Signature", "it is not CloudFront's base64"))?;
    let text = match &stated {
        Stated::Canned(expires) => &policy::canned(&request.url, *expires).into_bytes(),
        Stated::Custom(text) => text,
    };
    if !key.verifies(hash, text, &signature) {
        return Err(UrlRefusal::SignatureDoesNotMatch);
    }
    let expires = match stated {
        Stated::Canned(expires) => check_expiry(expires, now).map(|()| expires)?,
        Stated::Custom(text) => policy::parse(&text)?.check(&request.url, viewer, now)?,
    };
    Ok(VerifiedUrl { url: request.url, expires })
}

/// What the URL says that it permits.
enum Stated {
    /// Itself, until then.
    Canned(Timestamp),
    /// What is written there.
    Custom(Vec<u8>),
}

struct Request<'a> {
    /// Without the parameters of the signature; all others in their order.
    url: String,
    /// Their values, in the order of [`PARAMETERS`].
    parameters: [Option<&'a str>; PARAMETERS.len()],
}

impl<'a> Request<'a> {
    fn read(url: &'a str) -> Result<Self, UrlRefusal> {
        if url.contains('#') {
            return Err(malformed("URL", "it has a fragment"));
        }
        let (address, query) = match url.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (url, None),
        };
        let mut request =
            Self { url: String::with_capacity(url.len()), parameters: [None; PARAMETERS.len()] };
        request.url.push_str(address);
        let mut separator = '?';
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let slots = PARAMETERS.into_iter().zip(&mut request.parameters);
            match slots.into_iter().find(|(parameter, _)| *parameter == name) {
                Some((parameter, Some(_))) => return Err(malformed(parameter, "it is given twice")),
                Some((_, slot)) => *slot = Some(value),
                None => {
                    request.url.push(separator);
                    request.url.push_str(pair);
                    separator = '&';
                }
            }
        }
        Ok(request)
    }
}

fn parse_seconds(text: &str) -> Result<Timestamp, UrlRefusal> {
    // The one way to write a number: neither a sign nor leading zeros.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let seconds = text.parse().ok().filter(|_| plain);
    seconds
        .map(Timestamp::from_unix)
        .ok_or_else(|| malformed("Expires", "it must be whole seconds since 1970"))
}

fn malformed(parameter: &'static str, reason: &'static str) -> UrlRefusal {
    UrlRefusal::Malformed { parameter, reason }
}
