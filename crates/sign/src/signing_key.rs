//! The day's signing key: four HMACs that need doing only once per UTC day.

use crate::{
    Credentials, Timestamp,
    encode::{hex, push_json_string, push_query_component},
    sha256::HmacKey,
};

/// The only algorithm of Signature Version 4.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The service that everything here is signed for.
pub(crate) const SERVICE: &str = "s3";
/// The last part of every credential scope.
pub(crate) const SCOPE_END: &str = "aws4_request";

/// The key that signs everything of one day, region and service.
pub(crate) struct SigningKey(HmacKey);

impl SigningKey {
    /// Derives the key of a scope: AWS, "Derive a signing key for Signature Version 4".
    pub(crate) fn derive(credentials: &Credentials, day: &str, region: &str, service: &str) -> Self {
        let mut key = HmacKey::new(&[b"AWS4", credentials.secret_access_key().as_bytes()]);
        for part in [day, region, service, SCOPE_END] {
            key = HmacKey::new(&[&key.sign(part.as_bytes())]);
        }
        Self(key)
    }

    /// HMAC-SHA256 of a text: how a POST policy is signed.
    pub(crate) fn sign(&self, text: &str) -> [u8; 32] {
        self.0.sign(text.as_bytes())
    }
}

/// A [`SigningKey`] with everything else that stays the same for a day.
pub(crate) struct DayKey {
    day_number: i64,
    key: SigningKey,
    /// `AWS4-HMAC-SHA256\n20151229T`, the start of every string to sign.
    string_to_sign: String,
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
        let string_to_sign = format!("{ALGORITHM}\n{day}T");
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
        // Date, scope and hash come to 142 bytes for the longest of AWS's regions.
        let mut hash = self.key.0.start::<4>();
        hash.push(&self.string_to_sign);
        hash.push(time);
        hash.push(&self.scope_lines);
        hash.push(hex(canonical_request_hash));
        self.key.0.finish(&mut hash)
    }
}
