//! Writing objects: `PutObject`, `CopyObject`, and what they share with PostObject and multipart uploads.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETag, MetadataDirective, PutObjectInput,
    PutObjectOutput, StreamingBlob,
};
use s3s::stream::ByteStream as _;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result, TrailingHeaders};

use super::meta::{checksums_of, meta_of, set_checksums};
use super::{Backend, Meta};
use crate::checksum::{Algorithm, Checksums};
use crate::engine::{Engine, blocking, now_ms};
use crate::error::{from_io, refuse};
use crate::layout::hex;
use crate::object_file::Trailer;
use crate::publish::{WriteCondition, seal};
use crate::staged::Staged;
use crate::upload::{Announced, Received, receive};

/// S3's limit for user metadata, in bytes of names and values.
const METADATA_BYTES_MAX: usize = 2048;
/// The headers kept with an object, in bytes. S3 limits all headers of a request to 8 KiB.
const HEADERS_BYTES_MAX: usize = 8192;
const KEY_BYTES_MAX: usize = 1024;

/// What a client said that a body must be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    pub(crate) checksums: Checksums,
    /// Base64, as in `Content-MD5`.
    pub(crate) md5: Option<String>,
}

impl Expected {
    /// Refuses values that no body can have.
    pub(crate) fn check_form(&self) -> S3Result<()> {
        if let Some(algorithm) = self.checksums.malformed() {
            let name = algorithm.name().to_ascii_lowercase();
            let message = format!("Value for x-amz-checksum-{name} header is invalid.");
            return Err(refuse(S3ErrorCode::InvalidRequest, message));
        }
        let md5 = self.md5.as_ref().map(|md5| STANDARD.decode(md5));
        match md5 {
            Some(Ok(bytes)) if bytes.len() == 16 => Ok(()),
            None => Ok(()),
            Some(_) => Err(refuse(S3ErrorCode::InvalidDigest, "The Content-MD5 you specified is not valid.")),
        }
    }

    /// Refuses a body that is something else.
    pub(crate) fn check(&self, received: &Received) -> S3Result<()> {
        if let Some(algorithm) = received.digests.checksums.mismatch(&self.checksums) {
            let name = algorithm.name();
            let message = format!("The {name} you specified did not match the calculated checksum.");
            return Err(refuse(S3ErrorCode::BadDigest, message));
        }
        if self.md5.as_ref().is_some_and(|md5| *md5 != STANDARD.encode(received.digests.md5)) {
            return Err(refuse(
                S3ErrorCode::BadDigest,
                "The Content-MD5 you specified did not match what we received.",
            ));
        }
        Ok(())
    }
}

/// Refuses keys that this store does not write. Control characters and two more are refused because XML, in which
/// listings are written, cannot carry them.
pub(crate) fn check_key(key: &str) -> S3Result<()> {
    if key.len() > KEY_BYTES_MAX {
        return Err(refuse(S3ErrorCode::KeyTooLongError, "Your key is too long."));
    }
    if key.is_empty() || key.chars().any(|c| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}')) {
        return Err(refuse(
            S3ErrorCode::InvalidArgument,
            "Object keys must not be empty or hold control characters.",
        ));
    }
    Ok(())
}

/// Refuses more metadata than S3 keeps.
pub(crate) fn check_meta(meta: &Meta) -> S3Result<()> {
    let metadata: usize = meta.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    let h = &meta.headers;
    let headers =
        [&h.content_type, &h.cache_control, &h.content_disposition, &h.content_encoding, &h.content_language];
    let headers: usize = headers.into_iter().flatten().map(String::len).sum();
    if metadata > METADATA_BYTES_MAX || headers > HEADERS_BYTES_MAX {
        return Err(refuse(
            S3ErrorCode::MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size.",
        ));
    }
    Ok(())
}

/// The trailer of an object whose body has been received.
pub(crate) fn trailer(bucket: String, key: String, received: &Received, meta: Meta) -> Trailer {
    Trailer {
        bucket,
        key,
        size: received.size,
        etag: hex(&received.digests.md5),
        sha256: hex(&received.digests.sha256),
        modified_ms: now_ms(),
        headers: meta.headers,
        metadata: meta.metadata,
        checksums: received.digests.checksums.clone(),
        upload_id: None,
    }
}

/// The checksum that a request promised to send after its body (`x-amz-trailer`).
pub(crate) struct Promised {
    algorithm: Algorithm,
    trailers: Option<TrailingHeaders>,
}

impl Promised {
    pub(super) fn of<T>(request: &S3Request<T>) -> S3Result<Option<Self>> {
        let Some(name) = request.headers.get("x-amz-trailer") else { return Ok(None) };
        let name = name.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        let algorithm = Algorithm::of_header(&name).ok_or_else(|| {
            refuse(
                S3ErrorCode::InvalidRequest,
                "The value specified in the x-amz-trailer header is not supported.",
            )
        })?;
        Ok(Some(Self { algorithm, trailers: request.trailing_headers.clone() }))
    }

    /// What came after the body. A promise that was not kept is an error: the body may have been cut.
    fn checksums(&self) -> S3Result<Checksums> {
        let malformed = || {
            let code = S3ErrorCode::Custom("MalformedTrailerError".into());
            let mut error =
                S3Error::with_message(code, "The request contained trailing data that was not well-formed.");
            error.set_status_code(http::StatusCode::BAD_REQUEST);
            error
        };
        let name = format!("x-amz-checksum-{}", self.algorithm.name().to_ascii_lowercase());
        let value = self.trailers.as_ref().and_then(|trailers| {
            trailers.read(|trailers| trailers.get(name.as_str())?.to_str().ok().map(str::to_owned)).flatten()
        });
        let mut checksums = Checksums::default();
        checksums.set(self.algorithm, value.ok_or_else(malformed)?);
        Ok(checksums)
    }
}

/// The body of a `PutObject` or `UploadPart`: received whole, and everything the request said about it was true.
pub(super) async fn receive_checked(
    engine: &Arc<Engine>,
    body: Option<StreamingBlob>,
    content_length: Option<i64>,
    max_bytes: u64,
    expected: Expected,
    mut asked: Vec<Algorithm>,
    promised: Option<Promised>,
) -> S3Result<Received> {
    expected.check_form()?;
    let body = body.unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()));
    // A request without any length has an empty body (RFC 9112, section 6.3), unless it comes in chunks.
    let known_bytes = body.remaining_length().exact().map(|bytes| bytes as u64);
    let exact_bytes =
        content_length.and_then(|length| u64::try_from(length).ok()).or(known_bytes).ok_or_else(|| {
            refuse(S3ErrorCode::MissingContentLength, "You must provide the Content-Length HTTP header.")
        })?;
    asked.extend(expected.checksums.algorithms());
    asked.extend(promised.as_ref().map(|promised| promised.algorithm));
    let announced =
        Announced { exact_bytes: Some(exact_bytes), reserve_bytes: exact_bytes, max_bytes, asked };
    let received = receive(engine, body, announced).await?;
    expected.check(&received)?;
    if let Some(promised) = promised {
        let late = Expected { checksums: promised.checksums()?, md5: None };
        late.check_form()?;
        late.check(&received)?;
    }
    Ok(received)
}

/// Seals and publishes.
pub(crate) async fn store(
    engine: &Arc<Engine>,
    received: Received,
    trailer: Trailer,
    condition: WriteCondition,
) -> S3Result<Trailer> {
    seal_and(engine, received, trailer, move |engine, staged, trailer| {
        engine.publish(staged, trailer, &condition)
    })
    .await
}

/// Seals a body and names it on a blocking thread, to the end even when the client has gone.
pub(super) async fn seal_and<T: Send + 'static>(
    engine: &Arc<Engine>,
    received: Received,
    trailer: Trailer,
    name: impl FnOnce(&Engine, &Staged, Trailer) -> S3Result<T> + Send + 'static,
) -> S3Result<T> {
    let turn = engine.turn_to_store().await?;
    let engine = Arc::clone(engine);
    blocking(move || {
        // Whole, not by its fields: its turn and this one must last as long as the work.
        let (mut received, _turn) = (received, turn);
        seal(&mut received.staged, &trailer)?;
        name(&engine, &received.staged, trailer)
    })
    .await
}

/// The algorithm a request asks the store to compute. Two headers mean the same, one for each half of S3's operations.
pub(super) fn asked_algorithm(headers: &http::HeaderMap) -> S3Result<Vec<Algorithm>> {
    let name =
        headers.get("x-amz-sdk-checksum-algorithm").or_else(|| headers.get("x-amz-checksum-algorithm"));
    let Some(name) = name else { return Ok(Vec::new()) };
    let unknown = || refuse(S3ErrorCode::InvalidRequest, "Checksum algorithm provided is unsupported.");
    Ok(vec![name.to_str().ok().and_then(Algorithm::parse).ok_or_else(unknown)?])
}

impl Backend {
    pub(super) async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<PutObjectOutput> {
        let promised = Promised::of(&request)?;
        let asked = asked_algorithm(&request.headers)?;
        let body = request.input.body.take();
        let input = request.input;
        check_key(&input.key)?;
        self.engine.need_bucket(&input.bucket)?;
        let meta = meta_of!(input);
        check_meta(&meta)?;
        let expected = Expected { checksums: checksums_of!(input), md5: input.content_md5 };
        let max_bytes = self.engine.put_bytes_max(&input.key);
        let received =
            receive_checked(&self.engine, body, input.content_length, max_bytes, expected, asked, promised)
                .await?;
        let condition = WriteCondition { if_match: input.if_match, if_none_match: input.if_none_match };
        let trailer = trailer(input.bucket, input.key, &received, meta);
        let stored = store(&self.engine, received, trailer, condition).await?;
        let mut output =
            PutObjectOutput { e_tag: Some(ETag::Strong(stored.etag)), ..PutObjectOutput::default() };
        set_checksums!(output, stored.checksums);
        Ok(output)
    }

    pub(super) async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<CopyObjectOutput> {
        let mut asked = asked_algorithm(&request.headers)?;
        let input = request.input;
        check_key(&input.key)?;
        self.engine.need_bucket(&input.bucket)?;
        let CopySource::Bucket { bucket: source_bucket, key: source_key, version_id } = &input.copy_source
        else {
            return Err(refuse(S3ErrorCode::NotImplemented, "Access points are not supported."));
        };
        super::read::check_version(version_id.as_deref())?;
        let replace =
            input.metadata_directive.as_ref().is_some_and(|it| it.as_str() == MetadataDirective::REPLACE);
        let to_itself = **source_bucket == *input.bucket && **source_key == *input.key;
        if to_itself && !replace {
            return Err(refuse(
                S3ErrorCode::InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing it.",
            ));
        }
        let source = self.open(source_bucket, source_key).await?;
        source.check_copy_conditions(&input)?;
        let meta = if replace {
            meta_of!(input)
        } else {
            Meta { headers: source.trailer.headers.clone(), metadata: source.trailer.metadata.clone() }
        };
        check_meta(&meta)?;
        if asked.is_empty() {
            asked.extend(source.trailer.checksums.algorithms());
        }
        let size = source.trailer.size;
        let announced = Announced {
            exact_bytes: Some(size),
            reserve_bytes: size,
            max_bytes: self.engine.config.object_bytes_max,
            asked,
        };
        let source_sha256 = source.trailer.sha256.clone();
        let received = receive(&self.engine, source.body(0..size), announced).await?;
        if hex(&received.digests.sha256) != source_sha256 {
            let damaged = std::io::Error::new(std::io::ErrorKind::InvalidData, "the source is damaged");
            return Err(from_io("copy an object")(damaged));
        }
        let trailer = trailer(input.bucket, input.key, &received, meta);
        let stored = store(&self.engine, received, trailer, WriteCondition::default()).await?;
        let mut result = CopyObjectResult {
            e_tag: Some(ETag::Strong(stored.etag)),
            last_modified: Some(super::buckets::timestamp(stored.modified_ms)),
            ..CopyObjectResult::default()
        };
        set_checksums!(result, stored.checksums);
        Ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
    }
}
