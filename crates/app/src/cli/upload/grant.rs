//! Grants: `POST /upload-url`, up to 100 photos a call.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use reqwest::Url;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::file::HashedPhoto;
use crate::cli::client::{CallError, Client, Refusal};

/// The most photos that one call may ask for.
pub(super) const BATCH_MAX: usize = 100;
/// How much of its life a grant must have left to be used.
const MARGIN_MAX: Duration = Duration::from_mins(1);

/// Asks for grants of one job.
pub(super) struct Grants {
    client: Arc<Client>,
    job_id: String,
    phase: Option<String>,
    caption: Option<String>,
}

#[derive(Serialize)]
struct Wishes<'a> {
    job_id: &'a str,
    photos: Vec<Wish<'a>>,
}

#[derive(Serialize)]
struct Wish<'a> {
    photo_name: String,
    content_type: &'static str,
    size: u64,
    sha256: &'a str,
    idempotency_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
}

#[derive(Deserialize)]
struct Uploads {
    uploads: Vec<Upload>,
}

#[derive(Deserialize)]
struct Upload {
    #[serde(deserialize_with = "read_url")]
    url: Url,
    fields: Fields,
    photo_id: String,
    expires_at: Timestamp,
}

/// The leave to send one photo. It holds a signature, so it does not print.
pub(super) struct Grant {
    /// Where the form goes.
    pub(super) url: Url,
    /// The form's fields, in the order they came.
    pub(super) fields: Vec<(String, String)>,
    /// The photo's id, the same for the same bytes however often they are granted.
    pub(super) photo_id: String,
    use_until: Instant,
}

impl Grant {
    /// Whether there is time enough left to use it.
    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.use_until
    }
}

impl Grants {
    /// For the photos of a job, all with this phase and caption.
    pub(super) fn new(
        client: Arc<Client>,
        job_id: String,
        phase: Option<String>,
        caption: Option<String>,
    ) -> Self {
        Self { client, job_id, phase, caption }
    }

    /// The job.
    pub(super) fn job_id(&self) -> &str {
        &self.job_id
    }

    /// Asks for the grants of some photos, at most [`BATCH_MAX`]. They come in the order of the photos.
    pub(super) async fn ask(&self, photos: &[Arc<HashedPhoto>]) -> Result<Vec<Grant>, CallError> {
        let wishes =
            Wishes { job_id: &self.job_id, photos: photos.iter().map(|photo| self.wish(photo)).collect() };
        let asked_at = Instant::now();
        let answer = self.client.post::<Uploads>("upload-url", &wishes).await?;
        let uploads = answer.body.uploads;
        if uploads.len() != photos.len() {
            let detail = format!("asked for {} grants, the server gave {}", photos.len(), uploads.len());
            return Err(CallError::Refused(Box::new(Refusal::plain(StatusCode::OK, detail))));
        }
        // The server's clock counts: ours may be wrong.
        let now = answer.date.unwrap_or_else(Timestamp::now);
        let grants = uploads.into_iter().map(|upload| Grant {
            use_until: asked_at + usable(upload.expires_at, now),
            url: upload.url,
            fields: upload.fields.0,
            photo_id: upload.photo_id,
        });
        Ok(grants.collect())
    }

    fn wish<'a>(&'a self, photo: &'a HashedPhoto) -> Wish<'a> {
        Wish {
            photo_name: photo.name(),
            content_type: photo.content_type(),
            size: photo.size_bytes(),
            sha256: &photo.sha256,
            idempotency_key: format!("sha256-{}", photo.sha256),
            phase: self.phase.as_deref(),
            caption: self.caption.as_deref(),
        }
    }
}

/// How long a grant may be used: its life without a margin of a minute, or of a quarter if it is short.
fn usable(expires_at: Timestamp, now: Timestamp) -> Duration {
    let life = Duration::try_from(expires_at.duration_since(now)).unwrap_or_default();
    life.saturating_sub(MARGIN_MAX.min(life / 4))
}

fn read_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let url = Url::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_http { Ok(url) } else { Err(D::Error::custom("a photo store has an http or https address")) }
}

/// A JSON object of strings, with its order.
struct Fields(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_keep_their_order() {
        let fields: Fields = serde_json::from_str(r#"{"key":"k","b":"1","a":"2"}"#).unwrap();
        let names: Vec<_> = fields.0.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["key", "b", "a"]);
    }

    #[test]
    fn a_grant_is_used_up_a_little_before_it_expires() {
        let now: Timestamp = "2026-05-04T09:30:00Z".parse().unwrap();
        let usable = |seconds| super::usable(now + jiff::SignedDuration::from_secs(seconds), now);
        assert_eq!(usable(900), Duration::from_mins(14));
        assert_eq!(usable(8), Duration::from_secs(6));
        assert_eq!(usable(-5), Duration::ZERO);
    }
}
