//! Presigned POST forms: a policy in JSON, signed, with the fields a browser sends beside the file.
//!
//! Source: AWS, "Browser-Based Uploads Using POST (AWS Signature Version 4)". Fields, policy and signature are, byte
//! for byte, those of boto3's `generate_presigned_post` for the same fields and conditions.

use std::ops::RangeInclusive;

use base64_simd::STANDARD as BASE64;

use crate::{
    EXPIRES_SECONDS_MAX, Endpoint, Signer, Timestamp,
    encode::{push_hex, push_json_text, push_number},
    signing_key::{ALGORITHM, DayKey},
};

/// A form that uploads one object: send every field, in this order, and the file as the last part, named `file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresignedPost {
    /// The form's action.
    pub url: String,
    /// In boto3's order: the given fields, `key`, `x-amz-algorithm`, `x-amz-credential`, `x-amz-date`,
    /// `x-amz-security-token` (for temporary credentials), `policy`, `x-amz-signature`.
    pub fields: Vec<(String, String)>,
}

/// What a form pins besides its bucket and key, in the order in which it is said.
///
/// ```
/// use qdn_sign::PostConditions;
/// let conditions = PostConditions::new()
///     .content_type("image/jpeg")
///     .content_length(123_456)
///     .success_action_status(201)
///     .metadata("phase", "before");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostConditions(Vec<Pin>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pin {
    Field { name: String, value: String },
    StartsWith { name: String, prefix: String },
    ContentLengthRange { min: u64, max: u64 },
}

impl PostConditions {
    /// Nothing pinned yet: any type, any size up to S3's limit of 5 GiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// A field with exactly this value, put both into the form and into the policy. Names are S3's form fields;
    /// those that the signer writes itself (`key`, `bucket`, `policy`, `x-amz-algorithm`, …) do not belong here.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push(Pin::Field { name: name.into(), value: value.into() });
        self
    }

    /// Exactly this `Content-Type`.
    #[must_use]
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        self.field("Content-Type", content_type)
    }

    /// The file has exactly this many bytes.
    #[must_use]
    pub fn content_length(self, bytes: u64) -> Self {
        self.content_length_range(bytes..=bytes)
    }

    /// The file has a number of bytes in this range.
    #[must_use]
    pub fn content_length_range(mut self, bytes: RangeInclusive<u64>) -> Self {
        self.0.push(Pin::ContentLengthRange { min: *bytes.start(), max: *bytes.end() });
        self
    }

    /// The file has this SHA-256, given in base64.
    #[must_use]
    pub fn checksum_sha256(self, base64: impl Into<String>) -> Self {
        self.field("x-amz-checksum-sha256", base64)
    }

    /// The status of a successful answer: 200, 201 or 204.
    #[must_use]
    pub fn success_action_status(self, status: u16) -> Self {
        self.field("success_action_status", status.to_string())
    }

    /// User metadata: the field `x-amz-meta-{name}`.
    #[must_use]
    pub fn metadata(self, name: &str, value: impl Into<String>) -> Self {
        self.field(format!("x-amz-meta-{name}"), value)
    }

    /// A field that the sender adds, whose value starts with `prefix`; an empty prefix allows any value.
    #[must_use]
    pub fn starts_with(mut self, name: impl Into<String>, prefix: impl Into<String>) -> Self {
        self.0.push(Pin::StartsWith { name: name.into(), prefix: prefix.into() });
        self
    }
}

impl Signer {
    /// Signs a policy that was written elsewhere, as it stands: the base64 for the form's `policy` field, and its
    /// `x-amz-signature`. The policy should itself pin `x-amz-credential` and `x-amz-date` of `now`'s day.
    pub fn sign_policy(&self, policy: &str, now: Timestamp) -> (String, String) {
        let policy = BASE64.encode_to_string(policy);
        let mut signature = String::with_capacity(64);
        self.with_day_key(now, |day_key| push_hex(&mut signature, &day_key.key().sign(&policy)));
        (policy, signature)
    }

    /// A form that uploads exactly `key` into `bucket` under the given conditions.
    ///
    /// `expires_seconds` is brought into `1..=`[`EXPIRES_SECONDS_MAX`]: a signing key lives no longer than that.
    pub fn presign_post(
        &self,
        endpoint: &Endpoint,
        bucket: &str,
        key: &str,
        conditions: PostConditions,
        now: Timestamp,
        expires_seconds: u32,
    ) -> PresignedPost {
        let mut url = String::with_capacity(endpoint.address_len_max(bucket));
        endpoint.push_address(&mut url, bucket, None);
        let expiration = now.plus_seconds(i64::from(expires_seconds.clamp(1, EXPIRES_SECONDS_MAX)));
        let fields = self.with_day_key(now, |day_key| {
            let policy = Policy { signer: self, day_key, bucket, key, expiration, now };
            policy.into_fields(conditions)
        });
        PresignedPost { url, fields }
    }
}

/// What a policy says besides the caller's conditions.
struct Policy<'a> {
    signer: &'a Signer,
    day_key: &'a DayKey,
    bucket: &'a str,
    key: &'a str,
    expiration: Timestamp,
    now: Timestamp,
}

impl Policy<'_> {
    fn into_fields(self, conditions: PostConditions) -> Vec<(String, String)> {
        let token = self.signer.credentials().session_token();
        let policy = BASE64.encode_to_string(self.json(&conditions, token));
        let mut signature = String::with_capacity(64);
        push_hex(&mut signature, &self.day_key.key().sign(&policy));
        let mut fields = Vec::with_capacity(conditions.0.len() + 7);
        for pin in conditions.0 {
            if let Pin::Field { name, value } = pin {
                fields.push((name, value));
            }
        }
        let mut push = |name: &str, value: String| fields.push((name.to_owned(), value));
        push("key", self.key.to_owned());
        push("x-amz-algorithm", ALGORITHM.to_owned());
        push("x-amz-credential", self.day_key.credential().to_owned());
        push("x-amz-date", self.now.amz_date());
        if let Some(token) = token {
            push("x-amz-security-token", token.to_owned());
        }
        push("policy", policy);
        push("x-amz-signature", signature);
        fields
    }

    /// The policy as Python's `json.dumps` writes it.
    fn json(&self, conditions: &PostConditions, token: Option<&str>) -> String {
        let mut out = String::with_capacity(self.json_len(conditions, token));
        out.push_str("{\"expiration\": \"");
        self.expiration.push_rfc3339_seconds(&mut out);
        out.push_str("Z\", \"conditions\": [");
        for pin in &conditions.0 {
            match pin {
                Pin::Field { name, value } => push_equals(&mut out, name, value),
                Pin::StartsWith { name, prefix } => push_starts_with(&mut out, name, prefix),
                Pin::ContentLengthRange { min, max } => {
                    out.push_str("[\"content-length-range\", ");
                    push_number(&mut out, *min);
                    out.push_str(", ");
                    push_number(&mut out, *max);
                    out.push_str("], ");
                }
            }
        }
        push_equals(&mut out, "bucket", self.bucket);
        push_equals(&mut out, "key", self.key);
        out.push_str(self.day_key.policy_conditions());
        self.now.push_amz_time(&mut out);
        out.push_str("\"}");
        if let Some(token) = token {
            out.push_str(", {\"x-amz-security-token\": \"");
            push_json_text(&mut out, token);
            out.push_str("\"}");
        }
        out.push_str("]}");
        out
    }

    /// The policy's length when nothing needs an escape.
    fn json_len(&self, conditions: &PostConditions, token: Option<&str>) -> usize {
        /// Everything the signer writes itself, of fixed length.
        const FIXED_LEN: usize = 256;
        let pins = conditions.0.iter().map(|pin| match pin {
            Pin::Field { name, value } => name.len() + value.len() + 10,
            Pin::StartsWith { name, prefix } => name.len() + prefix.len() + 28,
            Pin::ContentLengthRange { .. } => 70,
        });
        pins.sum::<usize>()
            + self.bucket.len()
            + self.key.len()
            + self.day_key.policy_conditions().len()
            + token.map_or(0, |token| token.len() + 30)
            + FIXED_LEN
    }
}

/// `{"name": "value"}`, and a comma after it.
fn push_equals(out: &mut String, name: &str, value: &str) {
    out.push_str("{\"");
    push_json_text(out, name);
    out.push_str("\": \"");
    push_json_text(out, value);
    out.push_str("\"}, ");
}

/// `["starts-with", "$name", "prefix"]`, and a comma after it.
fn push_starts_with(out: &mut String, name: &str, prefix: &str) {
    out.push_str("[\"starts-with\", \"$");
    push_json_text(out, name);
    out.push_str("\", \"");
    push_json_text(out, prefix);
    out.push_str("\"], ");
}
