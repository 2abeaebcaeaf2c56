//! The day's signing key: four HMACs that need doing only once per UTC day.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::{
    Credentials, Timestamp,
    canonical::Feed,
    encode::{hex, push_json_string, push_query_component},
};

/// The only algorithm of Signature Version 4.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The service that everything here is signed for.
pub(crate) const SERVICE: &str = "s3";
/// The last part of every credential scope.
pub(crate) const SCOPE_END: &str = "aws4_request";

/// An HMAC whose key is already absorbed: cloning it saves two of the hash's blocks.
#[derive(Clone)]
pub(crate) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Derives the key of a scope: AWS, "Derive a signing key for Signature Version 4".
    pub(crate) fn derive(credentials: &Credentials, day: &str, region: &str, service: &str) -> Self {
        let mut mac = absorb_key(&[b"AWS4", credentials.secret_access_key().as_bytes()]);
        for part in [day, region, service, SCOPE_END] {
            mac.update(part.as_bytes());
            mac = absorb_key(&[&mac.finalize().into_bytes()]);
        }
        Self(mac)
    }

    /// HMAC-SHA256 of a text: how a POST policy is signed.
    pub(crate) fn sign(&self, text: &str) -> [u8; 32] {
        self.0.clone().chain_update(text).finalize().into_bytes().into()
    }
}

/// RFC 2104: a key longer than a block is hashed, a shorter one is filled with zeros.
fn absorb_key(parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    if parts.iter().map(|part| part.len()).sum::<usize>() <= block.len() {
        for (slot, byte) in block.iter_mut().zip(parts.iter().copied().flatten()) {
            *slot = *byte;
        }
    } else {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        for (slot, byte) in block.iter_mut().zip(hash.finalize()) {
            *slot = byte;
        }
    }
    Hmac::new(&block)
}

/// A [`SigningKey`] with everything else that stays the same for a day.
pub(crate) struct DayKey {
    day_number: i64,
    key: SigningKey,
    /// The key's HMAC with `AWS4-HMAC-SHA256\n20151229T` absorbed, the start of every string to sign.
    string_to_sign: Hmac<Sha256>,
    /// `\n20151229/us-east-1/s3/aws4_request\n`, the middle of every string to sign.
    scope_lines: String,
    /// `AKID/20151229/us-east-1/s3/aws4_request`.
    credential: String,
    /// `X-Amz-Algorithm=…&X-Amz-Credential=…&X-Amz-Date=20151229T`, the start of every signed query.
    query_start: String,
    /// `{"x-amz-algorithm": …}, {"x-amz-credential": …}, {"x-amz-date": "20151229T`, the end of every policy.
    policy_conditions: String,
}

impl DayKey {
    pub(crate) fn new(credentials: &Credentials, region: &str, service: &str, now: Timestamp) -> Self {
        let day = now.amz_day();
        let key = SigningKey::derive(credentials, &day, region, service);
        let string_to_sign =
            key.0.clone().chain_update(ALGORITHM).chain_update("\n").chain_update(&day).chain_update("T");
        let scope = format!("{day}/{region}/{service}/{SCOPE_END}");
        let credential = format!("{}/{scope}", credentials.access_key_id());
        let mut query_start = format!("X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential=");
        push_query_component(&mut query_start, &credential);
        query_start.push_str("&X-Amz-Date=");
        query_start.push_str(&day);
        query_start.push('T');
        let mut policy_conditions =
            format!("{{\"x-amz-algorithm\": \"{ALGORITHM}\"}}, {{\"x-amz-credential\": ");
        push_json_string(&mut policy_conditions, &credential);
        policy_conditions.push_str("}, {\"x-amz-date\": \"");
        policy_conditions.push_str(&day);
        policy_conditions.push('T');
        let scope_lines = format!("\n{scope}\n");
        Self {
            day_number: now.day_number(),
            key,
            string_to_sign,
            scope_lines,
            credential,
            query_start,
            policy_conditions,
        }
    }

    pub(crate) fn is_of(&self, now: Timestamp) -> bool {
        self.day_number == now.day_number()
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    pub(crate) fn credential(&self) -> &str {
        &self.credential
    }

    pub(crate) fn policy_conditions(&self) -> &str {
        &self.policy_conditions
    }

    pub(crate) fn query_start(&self) -> &str {
        &self.query_start
    }

    /// Signs a canonical request by its hash. `time` is the part of `X-Amz-Date` after the `T`.
    pub(crate) fn sign_request(&self, time: &str, canonical_request_hash: &[u8; 32]) -> [u8; 32] {
        let mut feed = Feed::<_, 192>::new(self.string_to_sign.clone());
        feed.push(time);
        feed.push(&self.scope_lines);
        feed.push(hex(canonical_request_hash));
        feed.into_inner().finalize().into_bytes().into()
    }
}
