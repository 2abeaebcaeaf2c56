//! `ListObjectsV2` and its first version.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object, ObjectStorageClass, Owner,
};
use s3s::{S3ErrorCode, S3Request, S3Result};

use super::Backend;
use super::buckets::{owner, timestamp};
use crate::engine::blocking;
use crate::error::index_error;
use crate::error::refuse;
use crate::index::list::{After, ListQuery, Listed, Page, list};

const KEYS_MAX: i32 = 1000;

/// What both versions ask for.
struct Asked {
    bucket: String,
    prefix: String,
    delimiter: Option<String>,
    after: After,
    max_keys: i32,
}

impl Backend {
    pub(super) async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<ListObjectsV2Output> {
        let input = request.input;
        let after = match (&input.continuation_token, &input.start_after) {
            (Some(token), _) => decode_token(token)?,
            (None, Some(key)) => After::Key(key.clone()),
            (None, None) => After::Start,
        };
        let asked = Asked {
            bucket: input.bucket.clone(),
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone().filter(|delimiter| !delimiter.is_empty()),
            after,
            max_keys: max_keys(input.max_keys)?,
        };
        let max_keys = asked.max_keys;
        let page = self.page(asked).await?;
        let encode = Encode::of(input.encoding_type.as_ref())?;
        let owner = input.fetch_owner.unwrap_or(false).then(owner);
        let count = page.objects.len() + page.prefixes.len();
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(encode.text(&input.prefix.unwrap_or_default())),
            max_keys: Some(max_keys),
            key_count: Some(i32::try_from(count).unwrap_or(KEYS_MAX)),
            continuation_token: input.continuation_token,
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_ref().map(encode_token),
            contents: Some(encode.objects(page.objects, owner.as_ref())),
            common_prefixes: Some(encode.prefixes(page.prefixes)),
            delimiter: input.delimiter.map(|delimiter| encode.text(&delimiter)),
            encoding_type: input.encoding_type,
            start_after: input.start_after.map(|key| encode.text(&key)),
            request_charged: None,
        })
    }

    pub(super) async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<ListObjectsOutput> {
        let input = request.input;
        let marker = input.marker.clone().filter(|marker| !marker.is_empty());
        let asked = Asked {
            bucket: input.bucket.clone(),
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone().filter(|delimiter| !delimiter.is_empty()),
            after: marker.map_or(After::Start, After::Key),
            max_keys: max_keys(input.max_keys)?,
        };
        let max_keys = asked.max_keys;
        let page = self.page(asked).await?;
        let encode = Encode::of(input.encoding_type.as_ref())?;
        let next_marker = page.next.as_ref().and_then(|next| match next {
            After::Start => None,
            After::Key(name) | After::Prefix(name) => Some(encode.text(name)),
        });
        Ok(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: Some(encode.text(&input.prefix.unwrap_or_default())),
            marker: Some(encode.text(&input.marker.unwrap_or_default())),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            // S3 gives it only with a delimiter; to give it always helps clients that look for it first.
            next_marker,
            contents: Some(encode.objects(page.objects, Some(&owner()))),
            common_prefixes: Some(encode.prefixes(page.prefixes)),
            delimiter: input.delimiter.map(|delimiter| encode.text(&delimiter)),
            encoding_type: input.encoding_type,
            request_charged: None,
        })
    }

    async fn page(&self, asked: Asked) -> S3Result<Page> {
        self.engine.need_bucket(&asked.bucket)?;
        let engine = Arc::clone(&self.engine);
        blocking(move || {
            let query = ListQuery {
                bucket: &asked.bucket,
                prefix: &asked.prefix,
                delimiter: asked.delimiter.as_deref(),
                after: asked.after,
                max: usize::try_from(asked.max_keys).unwrap_or_default(),
            };
            let page =
                engine.index.read(|index| list(index, &query)).map_err(index_error("list a bucket"))?;
            tracing::debug!(bucket = query.bucket, rows_read = page.rows_read, "listed");
            Ok(page)
        })
        .await
    }
}

fn max_keys(asked: Option<i32>) -> S3Result<i32> {
    match asked {
        None => Ok(KEYS_MAX),
        Some(asked) if asked < 0 => Err(refuse(
            S3ErrorCode::InvalidArgument,
            "Argument max-keys must be an integer between 0 and 2147483647.",
        )),
        Some(asked) => Ok(asked.min(KEYS_MAX)),
    }
}

/// A token names the last thing shown, opaque to clients so that it may change.
fn encode_token(after: &After) -> String {
    URL_SAFE_NO_PAD.encode(match after {
        After::Start => String::new(),
        After::Key(key) => format!("k{key}"),
        After::Prefix(prefix) => format!("p{prefix}"),
    })
}

fn decode_token(token: &str) -> S3Result<After> {
    let invalid = || refuse(S3ErrorCode::InvalidArgument, "The continuation token provided is incorrect.");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    match text.split_at_checked(1) {
        Some(("k", key)) => Ok(After::Key(key.to_owned())),
        Some(("p", prefix)) => Ok(After::Prefix(prefix.to_owned())),
        _ => Err(invalid()),
    }
}

/// Whether names are percent-encoded in the answer (`encoding-type=url`).
#[derive(Clone, Copy)]
struct Encode(bool);

impl Encode {
    fn of(encoding: Option<&EncodingType>) -> S3Result<Self> {
        match encoding.map(EncodingType::as_str) {
            None => Ok(Self(false)),
            Some(EncodingType::URL) => Ok(Self(true)),
            Some(_) => {
                Err(refuse(S3ErrorCode::InvalidArgument, "Invalid Encoding Method specified in Request."))
            }
        }
    }

    fn text(self, text: &str) -> String {
        if self.0 { percent_encode(text) } else { text.to_owned() }
    }

    fn objects(self, objects: Vec<Listed>, owner: Option<&Owner>) -> Vec<Object> {
        let object = |listed: Listed| Object {
            e_tag: Some(ETag::Strong(listed.etag)),
            key: Some(self.text(&listed.key)),
            last_modified: Some(timestamp(listed.modified_ms)),
            owner: owner.cloned(),
            size: Some(i64::try_from(listed.size).unwrap_or(i64::MAX)),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            ..Object::default()
        };
        objects.into_iter().map(object).collect()
    }

    fn prefixes(self, prefixes: Vec<String>) -> Vec<CommonPrefix> {
        prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(self.text(&prefix)) }).collect()
    }
}

/// RFC 3986 percent-encoding that leaves slashes, as S3 does in listings.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&crate::layout::hex(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_journey_and_a_forged_one_is_refused() {
        for after in [After::Key("a/ü k".to_owned()), After::Prefix("jobs/".to_owned())] {
            assert_eq!(decode_token(&encode_token(&after)).unwrap(), after);
        }
        for forged in ["", "!!", "eA", "a"] {
            assert!(decode_token(forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn names_are_encoded_as_s3_does() {
        assert_eq!(percent_encode("a b/ü+.jpg"), "a%20b/%C3%BC%2B.jpg");
    }
}
