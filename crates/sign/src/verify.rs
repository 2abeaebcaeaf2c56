//! Whether an upload form may be accepted, judged before its file is read.
//!
//! Source: AWS, "Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4)".

use std::ops::RangeInclusive;

use subtle::ConstantTimeEq as _;

use crate::{
    Credentials, PostForm, PostRefusal, Timestamp,
    encode::is_hex_of,
    policy::{POLICY_LEN_MAX, Policy, PolicyError},
    signing_key::{ALGORITHM, SCOPE_END, SERVICE, SigningKey},
};

/// How far `x-amz-date` may lie in the future, in seconds. A form signed in the past is good until its policy ends.
const CLOCK_SKEW_SECONDS_MAX: i64 = 15 * 60;
/// The longest object key, in bytes of UTF-8.
const KEY_LEN_MAX: usize = 1024;

/// Everything a signed form says about the object it makes. What is left to check is the file: its length
/// ([`AcceptedPost::check_length`]) and its checksums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedPost {
    /// The object's name, 1 to 1,024 bytes.
    pub key: String,
    /// The lengths in bytes that the policy permits.
    pub content_length: RangeInclusive<u64>,
    /// `Content-Type`, if the form has one.
    pub content_type: Option<String>,
    /// The status of a successful answer: 200, 201 or 204; 204 where the form says none or another one.
    pub success_action_status: u16,
    /// Where the browser goes after a success (`success_action_redirect`, or `redirect`, its older name).
    pub success_action_redirect: Option<String>,
    /// The `x-amz-meta-` fields: names in lower case without that prefix, sorted.
    pub metadata: Vec<(String, String)>,
    /// The `x-amz-checksum-` fields: whole names in lower case, sorted. Their values are not judged here.
    pub checksums: Vec<(String, String)>,
    /// All other fields, such as `cache-control` and `x-amz-storage-class`: names in lower case, sorted.
    pub headers: Vec<(String, String)>,
    /// Who signed.
    pub access_key_id: String,
    /// When the policy ends.
    pub expiration: Timestamp,
}

impl AcceptedPost {
    /// Whether the policy permits a file of so many bytes.
    pub fn check_length(&self, bytes: u64) -> Result<(), PostRefusal> {
        let (min, max) = (*self.content_length.start(), *self.content_length.end());
        if bytes > max {
            return Err(PostRefusal::EntityTooLarge { max });
        }
        if bytes < min {
            return Err(PostRefusal::EntityTooSmall { min });
        }
        Ok(())
    }
}

/// Judges a form by its text fields, as the store of `region` does that was sent them for `bucket`.
///
/// `credentials` finds an access key by its id. Checked are, in this order: the fields as such, the credential's
/// scope, the signature (in constant time), the session token, and the policy: its expiry, its conditions, and that
/// it mentions every field.
pub fn verify_post_form(
    fields: &[(String, String)],
    bucket: &str,
    credentials: impl Fn(&str) -> Option<Credentials>,
    region: &str,
    now: Timestamp,
) -> Result<AcceptedPost, PostRefusal> {
    let form = PostForm::new(fields, bucket)?;
    if ["policy", "x-amz-signature", "x-amz-credential"].iter().all(|name| form.get(name).is_none()) {
        return Err(PostRefusal::Anonymous);
    }
    let key = form.require("key")?;
    if key.is_empty() {
        return Err(PostRefusal::invalid("key", "it is empty"));
    }
    if key.len() > KEY_LEN_MAX {
        return Err(PostRefusal::KeyTooLong);
    }
    let policy = form.require("policy")?;
    if policy.len() > POLICY_LEN_MAX {
        return Err(PolicyError::TooLarge.into());
    }
    let scope = Scope::of(&form, region, now)?;
    let Some(signer) = credentials(scope.access_key_id) else {
        return Err(PostRefusal::InvalidAccessKeyId { access_key_id: scope.access_key_id.to_owned() });
    };
    verify_signature(&form, &signer, policy, scope.day, region)?;
    let policy = Policy::decode(policy)?;
    policy.evaluate(&form, now)?;
    accept(&form, key, &policy, scope.access_key_id)
}

/// The credential scope that a form was signed for.
struct Scope<'a> {
    access_key_id: &'a str,
    day: &'a str,
}

impl<'a> Scope<'a> {
    fn of(form: &PostForm<'a>, region: &str, now: Timestamp) -> Result<Self, PostRefusal> {
        const CREDENTIAL: &str = "x-amz-credential";
        if form.require("x-amz-algorithm")? != ALGORITHM {
            return Err(PostRefusal::invalid("x-amz-algorithm", "it must be AWS4-HMAC-SHA256"));
        }
        let mut parts = form.require(CREDENTIAL)?.rsplitn(5, '/');
        let mut next = || parts.next().unwrap_or_default();
        let [end, service, scope_region, day, access_key_id] = [next(), next(), next(), next(), next()];
        if access_key_id.is_empty() || end != SCOPE_END {
            let reason = "it must be ACCESS-KEY-ID/YYYYMMDD/REGION/s3/aws4_request";
            return Err(PostRefusal::invalid(CREDENTIAL, reason));
        }
        if service != SERVICE {
            return Err(PostRefusal::invalid(CREDENTIAL, "its service must be s3"));
        }
        if scope_region != region {
            return Err(PostRefusal::invalid(CREDENTIAL, "its region is not this store's"));
        }
        let date = form.require("x-amz-date")?;
        let Ok(time) = Timestamp::parse_amz_date(date) else {
            return Err(PostRefusal::invalid("x-amz-date", "it must be of the form YYYYMMDDThhmmssZ"));
        };
        if date.get(..8) != Some(day) {
            return Err(PostRefusal::invalid(CREDENTIAL, "its day is not the day of x-amz-date"));
        }
        if time > now.plus_seconds(CLOCK_SKEW_SECONDS_MAX) {
            return Err(PostRefusal::RequestTimeTooSkewed);
        }
        Ok(Self { access_key_id, day })
    }
}

fn verify_signature(
    form: &PostForm<'_>,
    signer: &Credentials,
    policy: &str,
    day: &str,
    region: &str,
) -> Result<(), PostRefusal> {
    let signature = form.require("x-amz-signature")?;
    let expected = SigningKey::derive(signer, day, region, SERVICE).sign(policy);
    if !bool::from(is_hex_of(signature, &expected)) {
        return Err(PostRefusal::SignatureDoesNotMatch);
    }
    let given = form.get("x-amz-security-token");
    let is_same = match (signer.session_token(), given) {
        (Some(token), Some(given)) => bool::from(token.as_bytes().ct_eq(given.as_bytes())),
        (token, given) => token.is_none() && given.is_none(),
    };
    if is_same { Ok(()) } else { Err(PostRefusal::InvalidToken) }
}

fn accept(
    form: &PostForm<'_>,
    key: &str,
    policy: &Policy,
    access_key_id: &str,
) -> Result<AcceptedPost, PostRefusal> {
    let mut accepted = AcceptedPost {
        key: key.to_owned(),
        content_length: policy.content_length(),
        content_type: None,
        success_action_status: 204,
        success_action_redirect: None,
        metadata: Vec::new(),
        checksums: Vec::new(),
        headers: Vec::new(),
        access_key_id: access_key_id.to_owned(),
        expiration: policy.expiration(),
    };
    for (name, value) in form.object_fields() {
        check_header(name, value)?;
        let value = value.to_owned();
        match name {
            "content-type" => accepted.content_type = Some(value),
            "success_action_status" => {
                accepted.success_action_status = match value.as_str() {
                    "200" => 200,
                    "201" => 201,
                    _ => 204,
                }
            }
            "success_action_redirect" => accepted.success_action_redirect = Some(value),
            "redirect" => accepted.success_action_redirect = accepted.success_action_redirect.or(Some(value)),
            _ if name.starts_with("x-amz-checksum-") => accepted.checksums.push((name.to_owned(), value)),
            _ => match name.strip_prefix("x-amz-meta-") {
                Some(name) => accepted.metadata.push((name.to_owned(), value)),
                None => accepted.headers.push((name.to_owned(), value)),
            },
        }
    }
    Ok(accepted)
}

/// These fields come back as headers of answers, so they must be fit for one.
fn check_header(name: &str, value: &str) -> Result<(), PostRefusal> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || name == "x-amz-meta-" || !name.bytes().all(is_token) {
        return Err(PostRefusal::invalid(name, "its name is not a header's"));
    }
    if value.chars().any(|character| character.is_control() && character != '\t') {
        return Err(PostRefusal::invalid(name, "it holds a control character"));
    }
    Ok(())
}
