//! Answers questions about signatures, one JSON object per line in, one per line out, so that `tests/sign` can hold
//! this crate against botocore.

use std::{
    error::Error,
    io::{self, BufWriter, Write as _},
    net::{IpAddr, Ipv4Addr},
};

use qdn_sign::{
    AddressStyle, Credentials, Endpoint, PostConditions, Signer, Timestamp,
    cloudfront::{CloudFrontSigner, CustomPolicy, KeyGroup, PublicKey, verify_signed_url},
    verify_post_form,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    S3(Question),
    CloudFront(ToSign),
    CloudFrontVerify(ToJudge),
}

/// A URL to sign for CloudFront: with a canned policy, unless it is given a resource.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToSign {
    key_id: String,
    pem: String,
    sha1: bool,
    url: String,
    expires: i64,
    resource: Option<String>,
    starts: Option<i64>,
    source: Option<(Ipv4Addr, u8)>,
}

/// A URL that somebody else signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToJudge {
    url: String,
    viewer: IpAddr,
    /// Ids and public keys.
    keys: Vec<(String, String)>,
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: String,
    endpoint: String,
    virtual_host: bool,
    bucket: String,
    now: i64,
    expires_seconds: u32,
    ask: Ask,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Ask {
    Get { key: String, query: Pairs },
    Put { key: String, headers: Pairs },
    Request { method: String, key: Option<String>, query: Pairs, headers: Pairs },
    Post { key: String, pins: Vec<Pin> },
    Verify { fields: Pairs },
}

type Pairs = Vec<(String, String)>;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pin {
    Field(String, String),
    StartsWith(String, String),
    ContentLengthRange(u64, u64),
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Line::S3(question) => answer(&question)?,
            Line::CloudFront(url) => json!({ "url": sign(&url)? }),
            Line::CloudFrontVerify(url) => judge(&url)?,
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(())
}

fn sign(question: &ToSign) -> Result<String, Box<dyn Error>> {
    let new = if question.sha1 { CloudFrontSigner::with_sha1 } else { CloudFrontSigner::new };
    let signer = new(question.key_id.clone(), &question.pem)?;
    let expires = Timestamp::from_unix(question.expires);
    let Some(resource) = &question.resource else { return Ok(signer.sign_url(&question.url, expires)?) };
    let mut policy = CustomPolicy::new(resource, expires);
    if let Some(starts) = question.starts {
        policy = policy.starts(Timestamp::from_unix(starts));
    }
    if let Some((address, bits)) = question.source {
        policy = policy.source(address, bits);
    }
    Ok(signer.sign_url_with_policy(&question.url, &policy)?)
}

fn judge(question: &ToJudge) -> Result<Value, Box<dyn Error>> {
    let mut group = KeyGroup::new();
    for (key_id, pem) in &question.keys {
        group = group.with_key(key_id, PublicKey::from_pem(pem)?)?;
    }
    let now = Timestamp::from_unix(question.now);
    Ok(match verify_signed_url(&question.url, question.viewer, &group, now) {
        Ok(verified) => json!({ "url": verified.url, "expires": verified.expires.as_unix() }),
        Err(refusal) => json!({ "code": refusal.code(), "message": refusal.to_string() }),
    })
}

fn answer(question: &Question) -> Result<Value, Box<dyn Error>> {
    let mut credentials = Credentials::new(&question.access_key_id, &question.secret_access_key);
    if let Some(token) = &question.session_token {
        credentials = credentials.with_session_token(token);
    }
    let style = if question.virtual_host { AddressStyle::VirtualHost } else { AddressStyle::Path };
    let endpoint = Endpoint::new(&question.endpoint, style)?;
    let signer = Signer::new(credentials.clone(), &question.region);
    let (bucket, now, expires) =
        (&question.bucket, Timestamp::from_unix(question.now), question.expires_seconds);
    Ok(match &question.ask {
        Ask::Get { key, query } => json!({
            "url": signer.presign_get(&endpoint, bucket, key, &borrowed(query), now, expires)
        }),
        Ask::Put { key, headers } => {
            let put = signer.presign_put(&endpoint, bucket, key, &borrowed(headers), now, expires);
            json!({ "url": put.url, "headers": put.headers })
        }
        Ask::Request { method, key, query, headers } => {
            let (query, headers) = (borrowed(query), borrowed(headers));
            let key = key.as_deref();
            json!({
                "url": signer.presign_request(&endpoint, method, bucket, key, &query, &headers, now, expires)
            })
        }
        Ask::Post { key, pins } => {
            let post = signer.presign_post(&endpoint, bucket, key, conditions(pins), now, expires);
            json!({ "url": post.url, "fields": post.fields })
        }
        Ask::Verify { fields } => {
            match verify_post_form(fields, bucket, |_| Some(credentials.clone()), &question.region, now) {
                Ok(accepted) => json!({
                    "key": accepted.key,
                    "content_length": [accepted.content_length.start(), accepted.content_length.end()],
                    "content_type": accepted.content_type,
                    "metadata": accepted.metadata,
                    "expiration": accepted.expiration.as_unix(),
                }),
                Err(refusal) => json!({ "code": refusal.code(), "message": refusal.to_string() }),
            }
        }
    })
}

fn borrowed(pairs: &Pairs) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn conditions(pins: &[Pin]) -> PostConditions {
    pins.iter().fold(PostConditions::new(), |conditions, pin| match pin {
        Pin::Field(name, value) => conditions.field(name, value),
        Pin::StartsWith(name, prefix) => conditions.starts_with(name, prefix),
        Pin::ContentLengthRange(min, max) => conditions.content_length_range(*min..=*max),
    })
}
