//! Multipart uploads: start, upload and copy parts, list, abort. Completing is in [`super::complete`].

use std::sync::Arc;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyPartResult, CopySource,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part, UploadPartCopyInput,
    UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3ErrorCode, S3Request, S3Result};

use super::buckets::{owner, timestamp};
use super::meta::{checksums_of, meta_of, set_checksums};
use super::write::{
    Expected, Promised, asked_algorithm, check_key, check_meta, receive_checked, seal_and, trailer,
};
use super::{Backend, Meta};
use crate::checksum::Algorithm;
use crate::engine::{blocking, now_ms};
use crate::error::{from_io, refuse};
use crate::multipart::{UploadFile, open_part, part_numbers};
use crate::object_file::Trailer;
use crate::upload::{Announced, Received, receive};

const PARTS_MAX: i32 = 10_000;
const PAGE_MAX: i32 = 1000;

fn check_part_number(number: i32) -> S3Result<()> {
    if (1..=PARTS_MAX).contains(&number) {
        return Ok(());
    }
    Err(refuse(
        S3ErrorCode::InvalidArgument,
        "Part number must be an integer between 1 and 10000, inclusive.",
    ))
}

/// `COMPOSITE` or `FULL_OBJECT`: what was asked, or what S3 assumes for the algorithm.
fn is_composite(algorithm: Algorithm, asked: Option<&ChecksumType>) -> S3Result<bool> {
    let unsupported = || {
        let name = algorithm.name();
        refuse(
            S3ErrorCode::InvalidRequest,
            format!("The checksum type you asked for cannot be used with {name}."),
        )
    };
    let sha = matches!(algorithm, Algorithm::Sha1 | Algorithm::Sha256);
    match asked.map(ChecksumType::as_str) {
        None => Ok(algorithm != Algorithm::Crc64Nvme),
        Some(ChecksumType::COMPOSITE) if algorithm != Algorithm::Crc64Nvme => Ok(true),
        Some(ChecksumType::FULL_OBJECT) if !sha => Ok(false),
        Some(_) => Err(unsupported()),
    }
}

fn checksum_type(upload: &UploadFile) -> Option<ChecksumType> {
    let name = if upload.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    upload.algorithm.map(|_| ChecksumType::from_static(name))
}

fn checksum_algorithm(upload: &UploadFile) -> Option<ChecksumAlgorithm> {
    upload.algorithm.map(|algorithm| ChecksumAlgorithm::from(algorithm.name().to_owned()))
}

impl Backend {
    pub(super) async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let asked = asked_algorithm(&request.headers)?;
        let (engine, input) = (Arc::clone(&self.engine), request.input);
        engine.need_bucket(&input.bucket)?;
        check_key(&input.key)?;
        let meta = meta_of!(input);
        check_meta(&meta)?;
        let algorithm = asked.first().copied();
        let composite = match algorithm {
            Some(algorithm) => is_composite(algorithm, input.checksum_type.as_ref())?,
            None => false,
        };
        let upload = UploadFile {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            initiated_ms: now_ms(),
            headers: meta.headers,
            metadata: meta.metadata,
            algorithm,
            composite,
        };
        let (checksum_type, checksum_algorithm) = (checksum_type(&upload), checksum_algorithm(&upload));
        let upload_id = engine.change(move |engine| engine.create_multipart(&upload)).await?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            checksum_type,
            checksum_algorithm,
            ..CreateMultipartUploadOutput::default()
        })
    }

    async fn upload_file(&self, bucket: &str, key: &str, id: &str) -> S3Result<UploadFile> {
        let engine = Arc::clone(&self.engine);
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        blocking(move || engine.multipart(&bucket, &key, &id).map(|(_, upload)| upload)).await
    }

    async fn store_part(
        &self,
        received: Received,
        trailer: Trailer,
        id: String,
        number: i32,
    ) -> S3Result<Trailer> {
        seal_and(&self.engine, received, trailer, move |engine, staged, trailer| {
            engine.put_part(staged, &id, number)?;
            Ok(trailer)
        })
        .await
    }

    pub(super) async fn upload_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> S3Result<UploadPartOutput> {
        let promised = Promised::of(&request)?;
        let mut asked = asked_algorithm(&request.headers)?;
        let body = request.input.body.take();
        let input = request.input;
        check_part_number(input.part_number)?;
        let upload = self.upload_file(&input.bucket, &input.key, &input.upload_id).await?;
        let expected = Expected { checksums: checksums_of!(input), md5: input.content_md5 };
        asked.extend(upload.algorithm);
        let max_bytes = self.engine.config.object_bytes_max;
        let received =
            receive_checked(&self.engine, body, input.content_length, max_bytes, expected, asked, promised)
                .await?;
        let trailer = trailer(input.bucket, input.key, &received, Meta::default());
        let stored = self.store_part(received, trailer, input.upload_id, input.part_number).await?;
        let checksums = stored.checksums;
        Ok(UploadPartOutput {
            e_tag: Some(ETag::Strong(stored.etag)),
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
            ..UploadPartOutput::default()
        })
    }

    pub(super) async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<UploadPartCopyOutput> {
        let input = request.input;
        check_part_number(input.part_number)?;
        let upload = self.upload_file(&input.bucket, &input.key, &input.upload_id).await?;
        let CopySource::Bucket { bucket, key, version_id } = &input.copy_source else {
            return Err(refuse(S3ErrorCode::NotImplemented, "Access points are not supported."));
        };
        super::read::check_version(version_id.as_deref())?;
        let source = self.open(bucket, key).await?;
        source.check_part_copy_conditions(&input)?;
        let bytes = source.copy_range(input.copy_source_range.as_deref())?;
        let size = bytes.end - bytes.start;
        let announced = Announced {
            exact_bytes: Some(size),
            reserve_bytes: size,
            max_bytes: self.engine.config.object_bytes_max,
            asked: upload.algorithm.into_iter().collect(),
        };
        let received = receive(&self.engine, source.body(bytes), announced).await?;
        let trailer = trailer(input.bucket, input.key, &received, Meta::default());
        let stored = self.store_part(received, trailer, input.upload_id, input.part_number).await?;
        let checksums = stored.checksums;
        let result = CopyPartResult {
            e_tag: Some(ETag::Strong(stored.etag)),
            last_modified: Some(timestamp(stored.modified_ms)),
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
        };
        Ok(UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() })
    }

    pub(super) async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let input = request.input;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let turn = self.engine.turn_to_store().await?;
        let engine = Arc::clone(&self.engine);
        let stored = blocking(move || super::complete::complete(&engine, turn, input)).await?;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(format!("/{bucket}/{key}")),
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(ETag::Strong(stored.etag)),
            ..CompleteMultipartUploadOutput::default()
        };
        set_checksums!(output, stored.checksums);
        Ok(output)
    }

    pub(super) async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<AbortMultipartUploadOutput> {
        let input = request.input;
        let removing = self.engine.change(move |engine| {
            let _upload = engine.upload_locks.lock(&input.upload_id);
            engine.multipart(&input.bucket, &input.key, &input.upload_id)?;
            engine.remove_multipart(&input.upload_id)
        });
        removing.await?;
        Ok(AbortMultipartUploadOutput::default())
    }

    pub(super) async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<ListPartsOutput> {
        let (engine, input) = (Arc::clone(&self.engine), request.input);
        let after = input.part_number_marker.unwrap_or(0);
        let max = input.max_parts.unwrap_or(PAGE_MAX).clamp(0, PAGE_MAX);
        let (bucket, key, id) = (input.bucket.clone(), input.key.clone(), input.upload_id.clone());
        let (upload, parts, truncated) = blocking(move || {
            let (folder, upload) = engine.multipart(&bucket, &key, &id)?;
            let mut numbers = part_numbers(&folder).map_err(from_io("list parts"))?;
            numbers.retain(|number| *number > after);
            let page = usize::try_from(max).unwrap_or_default();
            let truncated = numbers.len() > page;
            let mut parts = Vec::new();
            for number in numbers.into_iter().take(page) {
                parts.extend(open_part(&folder, number).map_err(from_io("read a part"))?);
            }
            Ok((upload, parts, truncated))
        })
        .await?;
        let next = parts.last().map(|part| part.number).filter(|_| truncated);
        let parts = parts.into_iter().map(|part| Part {
            e_tag: Some(ETag::Strong(part.trailer.etag)),
            last_modified: Some(timestamp(part.trailer.modified_ms)),
            part_number: Some(part.number),
            size: Some(i64::try_from(part.trailer.size).unwrap_or(i64::MAX)),
            checksum_crc32: part.trailer.checksums.crc32,
            checksum_crc32c: part.trailer.checksums.crc32c,
            checksum_crc64nvme: part.trailer.checksums.crc64nvme,
            checksum_sha1: part.trailer.checksums.sha1,
            checksum_sha256: part.trailer.checksums.sha256,
        });
        Ok(ListPartsOutput {
            parts: Some(parts.collect()),
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            is_truncated: Some(truncated),
            max_parts: Some(max),
            part_number_marker: Some(after),
            next_part_number_marker: next,
            owner: Some(owner()),
            checksum_type: checksum_type(&upload),
            checksum_algorithm: checksum_algorithm(&upload),
            ..ListPartsOutput::default()
        })
    }

    pub(super) async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<ListMultipartUploadsOutput> {
        let (engine, input) = (Arc::clone(&self.engine), request.input);
        if input.delimiter.as_ref().is_some_and(|delimiter| !delimiter.is_empty()) {
            return Err(refuse(
                S3ErrorCode::NotImplemented,
                "Multipart uploads cannot be listed with a delimiter.",
            ));
        }
        let bucket = input.bucket.clone();
        let mut uploads = blocking(move || engine.multiparts(&bucket)).await?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let key_marker = input.key_marker.clone().unwrap_or_default();
        uploads.retain(|(_, upload)| upload.key.starts_with(&prefix));
        // With both markers the page begins after that upload; with the key's alone, after all of that key.
        let after = input
            .upload_id_marker
            .as_ref()
            .and_then(|marker| uploads.iter().position(|(id, _)| id == marker));
        match after {
            Some(position) => drop(uploads.drain(..=position)),
            None => uploads.retain(|(_, upload)| key_marker.is_empty() || upload.key > key_marker),
        }
        let max = input.max_uploads.unwrap_or(PAGE_MAX).clamp(0, PAGE_MAX);
        let page = usize::try_from(max).unwrap_or_default();
        let truncated = uploads.len() > page;
        uploads.truncate(page);
        let last = uploads.last().filter(|_| truncated);
        let (next_id, next_key) = last.map(|(id, upload)| (id.clone(), upload.key.clone())).unzip();
        let uploads = uploads.into_iter().map(|(id, upload)| MultipartUpload {
            checksum_algorithm: checksum_algorithm(&upload),
            checksum_type: checksum_type(&upload),
            initiated: Some(timestamp(upload.initiated_ms)),
            key: Some(upload.key),
            owner: Some(owner()),
            upload_id: Some(id),
            ..MultipartUpload::default()
        });
        Ok(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            is_truncated: Some(truncated),
            key_marker: input.key_marker,
            max_uploads: Some(max),
            next_key_marker: next_key,
            next_upload_id_marker: next_id,
            prefix: input.prefix,
            upload_id_marker: input.upload_id_marker,
            uploads: Some(uploads.collect()),
            ..ListMultipartUploadsOutput::default()
        })
    }
}
