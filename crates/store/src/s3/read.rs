//! Reading objects: `GetObject` and `HeadObject` with ranges and conditions (RFC 9110, sections 13 and 14).

use std::fs::File;
use std::io;
use std::ops::Range as Bytes;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED};
use s3s::dto::{
    ChecksumMode, CopyObjectInput, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, Range, StreamingBlob, Timestamp, TimestampFormat, UploadPartCopyInput,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result};

use super::Backend;
use super::buckets::timestamp;
use super::meta::{http_date, set_checksums};
use crate::disk;
use crate::engine::blocking;
use crate::error::{from_io, no_such_key, precondition_failed, refuse};
use crate::object_file::{Trailer, TrailerError};
use crate::publish::matches;

const BLOCK_BYTES: u64 = 256 * 1024;

/// An open object: its file stays readable though the key be deleted or written again.
pub(super) struct Opened {
    file: Arc<File>,
    pub(super) trailer: Trailer,
}

/// The conditions of a read, without the `If-` that all of them begin with.
struct Conditions<'a> {
    matches: Option<&'a ETagCondition>,
    none_match: Option<&'a ETagCondition>,
    modified_since: Option<&'a Timestamp>,
    unmodified_since: Option<&'a Timestamp>,
}

/// Reads [`Conditions`] from the input of an operation. The inputs share these fields and no trait.
macro_rules! conditions_of {
    ($input:expr) => {
        &Conditions {
            matches: $input.if_match.as_ref(),
            none_match: $input.if_none_match.as_ref(),
            modified_since: $input.if_modified_since.as_ref(),
            unmodified_since: $input.if_unmodified_since.as_ref(),
        }
    };
}

/// The same of the source of a copy.
macro_rules! copy_conditions_of {
    ($input:expr) => {
        &Conditions {
            matches: $input.copy_source_if_match.as_ref(),
            none_match: $input.copy_source_if_none_match.as_ref(),
            modified_since: $input.copy_source_if_modified_since.as_ref(),
            unmodified_since: $input.copy_source_if_unmodified_since.as_ref(),
        }
    };
}

/// A time in whole seconds, as HTTP compares them.
fn http_time(ms: i64) -> Timestamp {
    timestamp(ms - ms.rem_euclid(1000))
}

/// This store keeps one version of each object, which S3 calls `null`.
pub(super) fn check_version(version_id: Option<&str>) -> S3Result<()> {
    match version_id {
        None | Some("null") => Ok(()),
        Some(_) => Err(refuse(S3ErrorCode::NoSuchVersion, "The specified version does not exist.")),
    }
}

impl Backend {
    /// Opens an object for reading.
    pub(super) async fn open(&self, bucket: &str, key: &str) -> S3Result<Opened> {
        self.engine.need_bucket(bucket)?;
        let path = self.engine.layout.object(bucket, key);
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let engine = Arc::clone(&self.engine);
        blocking(move || {
            let file = disk::open_if_there(&path)
                .inspect_err(|cause| {
                    if !disk::is_out_of_handles(cause) {
                        engine.observed.unreadable_object(&path, cause);
                    }
                })
                .map_err(from_io("open an object"))?
                .ok_or_else(no_such_key)?;
            let trailer = match Trailer::read(&file) {
                Ok(trailer) => trailer,
                Err(cause) => {
                    engine.observed.unreadable_object(&path, &cause);
                    let cause = match cause {
                        TrailerError::Io(cause) => cause,
                        cause @ TrailerError::Corrupt(_) => io::Error::new(io::ErrorKind::InvalidData, cause),
                    };
                    return Err(from_io("read a trailer")(cause));
                }
            };
            if trailer.key != key || trailer.bucket != bucket {
                let cause = io::Error::new(io::ErrorKind::InvalidData, "the file is another object's");
                return Err(from_io("read a trailer")(cause));
            }
            Ok(Opened { file: Arc::new(file), trailer })
        })
        .await
    }

    pub(super) async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<GetObjectOutput> {
        let input = &request.input;
        check_version(input.version_id.as_deref())?;
        let opened = self.open(&input.bucket, &input.key).await?;
        opened.check_part(input.part_number)?;
        opened.check_conditions(conditions_of!(input))?;
        let range = opened.range(input.range.as_ref(), &request.headers)?;
        let bytes = range.clone().unwrap_or(0..opened.trailer.size);
        let trailer = &opened.trailer;
        let headers = trailer.headers.clone();
        let mut output = GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::wrap(opened.body_io(bytes.clone()))),
            cache_control: headers.cache_control,
            content_disposition: headers.content_disposition,
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            content_length: Some(length(&bytes)),
            content_range: range.as_ref().map(|range| content_range(range, trailer.size)),
            content_type: Some(headers.content_type.unwrap_or_else(|| "binary/octet-stream".to_owned())),
            e_tag: Some(ETag::Strong(trailer.etag.clone())),
            expires: headers.expires.as_deref().and_then(parse_http_date),
            last_modified: Some(http_time(trailer.modified_ms)),
            metadata: Some(trailer.metadata.clone().into_iter().collect()),
            ..GetObjectOutput::default()
        };
        if wants_checksums(input.checksum_mode.as_ref()) && range.is_none() {
            set_checksums!(output, trailer.checksums.clone());
        }
        Ok(output)
    }

    pub(super) async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<HeadObjectOutput> {
        let input = request.input;
        check_version(input.version_id.as_deref())?;
        let opened = self.open(&input.bucket, &input.key).await?;
        opened.check_part(input.part_number)?;
        opened.check_conditions(conditions_of!(input))?;
        let range = opened.range(input.range.as_ref(), &request.headers)?;
        let trailer = opened.trailer;
        let headers = trailer.headers;
        let content_type = headers.content_type.unwrap_or_else(|| "binary/octet-stream".to_owned());
        let mut output = HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: input.response_cache_control.or(headers.cache_control),
            content_disposition: input.response_content_disposition.or(headers.content_disposition),
            content_encoding: input.response_content_encoding.or(headers.content_encoding),
            content_language: input.response_content_language.or(headers.content_language),
            content_length: Some(length(&range.clone().unwrap_or(0..trailer.size))),
            content_range: range.as_ref().map(|range| content_range(range, trailer.size)),
            content_type: Some(input.response_content_type.unwrap_or(content_type)),
            e_tag: Some(ETag::Strong(trailer.etag)),
            expires: input.response_expires.or_else(|| headers.expires.as_deref().and_then(parse_http_date)),
            last_modified: Some(http_time(trailer.modified_ms)),
            metadata: Some(trailer.metadata.into_iter().collect()),
            ..HeadObjectOutput::default()
        };
        if wants_checksums(input.checksum_mode.as_ref()) && range.is_none() {
            set_checksums!(output, trailer.checksums);
        }
        Ok(output)
    }
}

fn length(bytes: &Bytes<u64>) -> i64 {
    i64::try_from(bytes.end.saturating_sub(bytes.start)).unwrap_or(i64::MAX)
}

fn content_range(range: &Bytes<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))
}

fn wants_checksums(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

fn parse_http_date(text: &str) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::HttpDate, text).ok()
}

/// A copy has no 304: what would be one is a failed precondition.
fn not_modified_is_failed(error: S3Error) -> S3Error {
    match error.code() {
        S3ErrorCode::NotModified => precondition_failed("x-amz-copy-source-if-none-match"),
        _ => error,
    }
}

impl Opened {
    /// Some clients read by part number. An object that was not uploaded in parts has one part: all of it.
    fn check_part(&self, part_number: Option<i32>) -> S3Result<()> {
        match part_number {
            None => Ok(()),
            Some(1) if self.trailer.upload_id.is_none() => Ok(()),
            Some(_) => Err(refuse(
                S3ErrorCode::NotImplemented,
                "Objects cannot be read by part number; use a range.",
            )),
        }
    }

    /// In the order of RFC 9110, section 13.2.2: an entity tag silences the date beside it.
    fn check_conditions(&self, conditions: &Conditions<'_>) -> S3Result<()> {
        let modified = http_time(self.trailer.modified_ms);
        match (conditions.matches, conditions.unmodified_since) {
            (Some(condition), _) if !matches(condition, &self.trailer) => {
                return Err(precondition_failed("If-Match"));
            }
            (None, Some(time)) if modified > *time => return Err(precondition_failed("If-Unmodified-Since")),
            _ => {}
        }
        match (conditions.none_match, conditions.modified_since) {
            (Some(condition), _) if matches(condition, &self.trailer) => Err(self.not_modified()),
            (None, Some(time)) if modified <= *time => Err(self.not_modified()),
            _ => Ok(()),
        }
    }

    pub(super) fn check_copy_conditions(&self, input: &CopyObjectInput) -> S3Result<()> {
        self.check_conditions(copy_conditions_of!(input)).map_err(not_modified_is_failed)
    }

    pub(super) fn check_part_copy_conditions(&self, input: &UploadPartCopyInput) -> S3Result<()> {
        self.check_conditions(copy_conditions_of!(input)).map_err(not_modified_is_failed)
    }

    /// The bytes that `x-amz-copy-source-range` names, which must lie within the object; all without it.
    pub(super) fn copy_range(&self, range: Option<&str>) -> S3Result<Bytes<u64>> {
        let Some(text) = range else { return Ok(0..self.trailer.size) };
        match Range::parse(text) {
            Ok(Range::Int { first, last: Some(last) }) if last < self.trailer.size => Ok(first..last + 1),
            _ => Err(refuse(
                S3ErrorCode::InvalidArgument,
                "The x-amz-copy-source-range value must be of the form bytes=first-last and lie within the source.",
            )),
        }
    }

    /// 304 with the headers that RFC 9110, section 15.4.5 asks for.
    fn not_modified(&self) -> S3Error {
        let mut headers = HeaderMap::new();
        let etag = format!("\"{}\"", self.trailer.etag);
        let values = [
            (ETAG, Some(etag)),
            (LAST_MODIFIED, http_date(&http_time(self.trailer.modified_ms))),
            (CACHE_CONTROL, self.trailer.headers.cache_control.clone()),
        ];
        for (name, value) in values {
            if let Some(Ok(value)) = value.map(http::HeaderValue::try_from) {
                headers.insert(name, value);
            }
        }
        let mut error = S3Error::new(S3ErrorCode::NotModified);
        error.set_headers(headers);
        error
    }

    /// The bytes to send: `None` for all. A range is only honoured when `If-Range`, if given, still holds, so that a
    /// download that is resumed never joins two versions.
    fn range(&self, range: Option<&Range>, headers: &HeaderMap) -> S3Result<Option<Bytes<u64>>> {
        let Some(range) = range.filter(|_| self.if_range_holds(headers)) else { return Ok(None) };
        let size = self.trailer.size;
        let bytes = match *range {
            Range::Int { first, last } => first..last.map_or(size, |last| size.min(last.saturating_add(1))),
            Range::Suffix { length } => size.saturating_sub(length)..size,
        };
        if !bytes.is_empty() {
            return Ok(Some(bytes));
        }
        let mut error = refuse(S3ErrorCode::InvalidRange, "The requested range is not satisfiable.");
        if let Ok(value) = http::HeaderValue::try_from(format!("bytes */{size}")) {
            error.set_headers(HeaderMap::from_iter([(CONTENT_RANGE, value)]));
        }
        Err(error)
    }

    fn if_range_holds(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(IF_RANGE) else { return true };
        let Ok(value) = value.to_str() else { return false };
        let modified = http_time(self.trailer.modified_ms);
        value.trim_matches('"') == self.trailer.etag
            || parse_http_date(value).is_some_and(|time| time == modified)
    }

    /// The body as a stream of blocks read on blocking threads.
    fn body_io(
        &self,
        bytes: Bytes<u64>,
    ) -> impl futures::Stream<Item = io::Result<bytes::Bytes>> + Send + Sync + use<> {
        stream::try_unfold((Arc::clone(&self.file), bytes), |(file, left)| async move {
            if left.is_empty() {
                return Ok(None);
            }
            let end = left.end.min(left.start + BLOCK_BYTES);
            let reader = Arc::clone(&file);
            let start = left.start;
            let reading = tokio::task::spawn_blocking(move || {
                let mut block = vec![0; usize::try_from(end - start).unwrap_or_default()];
                reader.read_exact_at(&mut block, start)?;
                Ok::<_, io::Error>(bytes::Bytes::from(block))
            });
            let block = reading.await.map_err(io::Error::other)??;
            Ok(Some((block, (file, end..left.end))))
        })
    }

    /// The body for being written again.
    pub(super) fn body(
        &self,
        bytes: Bytes<u64>,
    ) -> std::pin::Pin<Box<dyn futures::Stream<Item = Result<bytes::Bytes, s3s::StdError>> + Send>> {
        self.body_io(bytes).map(|block| block.map_err(Into::into)).boxed()
    }
}
