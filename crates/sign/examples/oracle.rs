//! Answers questions about signatures, one JSON object per line in, one per line out, so that `tests/sign` can hold
//! this crate against botocore.

use std::{
    error::Error,
    io::{self, BufWriter, Write as _},
};

use qdn_sign::{AddressStyle, Credentials, Endpoint, PostConditions, Signer, Timestamp, verify_post_form};
use serde::Deserialize;
use serde_json::{Value, json};

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
        let answer = answer(&serde_json::from_str(&line?)?)?;
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(())
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
