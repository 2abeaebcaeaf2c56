//! Completing a multipart upload: the parts are checked, joined into one body and published as one object.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{CompleteMultipartUploadInput, CompletedPart};
use s3s::{S3ErrorCode, S3Result};
use tokio::sync::OwnedSemaphorePermit;

use super::Meta;
use super::meta::checksums_of;
use super::write::{Expected, trailer};
use crate::checksum::{Algorithm, BodyHasher, Checksums};
use crate::engine::Engine;
use crate::error::{from_io, refuse, storage_full};
use crate::layout::hex;
use crate::multipart::{Part, UploadFile, no_such_upload, open_part};
use crate::object_file::Trailer;
use crate::publish::{WriteCondition, seal};
use crate::upload::{Received, Upload};

/// S3's rule: every part but the last has at least this many bytes.
const PART_BYTES_MIN: u64 = 5 << 20;
const BLOCK_BYTES: usize = 256 * 1024;

/// Joins the parts that `input` names and publishes the object. Blocks.
pub(super) fn complete(
    engine: &Arc<Engine>,
    turn: OwnedSemaphorePermit,
    input: CompleteMultipartUploadInput,
) -> S3Result<Trailer> {
    let _upload = engine.upload_locks.lock(&input.upload_id);
    let (folder, upload) = match engine.multipart(&input.bucket, &input.key, &input.upload_id) {
        Err(error) if *error.code() == S3ErrorCode::NoSuchUpload => {
            // The answer to the first time may have been lost on its way.
            return engine.published_by(&input.upload_id, &input.bucket, &input.key)?.ok_or(error);
        }
        result => result?,
    };
    let parts = open_parts(&folder, input.multipart_upload.and_then(|list| list.parts).unwrap_or_default())?;
    let size: u64 = parts.iter().map(|part| part.trailer.size).sum();
    if size > engine.config.object_bytes_max {
        return Err(refuse(
            S3ErrorCode::EntityTooLarge,
            "Your proposed upload exceeds the maximum allowed size.",
        ));
    }
    if input.mpu_object_size.is_some_and(|said| u64::try_from(said).ok() != Some(size)) {
        return Err(refuse(
            S3ErrorCode::InvalidRequest,
            "x-amz-mp-object-size is not the size of the parts together.",
        ));
    }
    let mut received = join(engine, turn, &parts, size, &upload)?;
    if upload.composite {
        received.digests.checksums = composite_checksum(&parts, upload.algorithm)?;
    }
    let expected = Checksums { ..checksums_of!(input) };
    check_expected(expected, &upload, &received)?;

    let meta = Meta { headers: upload.headers, metadata: upload.metadata };
    let mut trailer = trailer(input.bucket, input.key, &received, meta);
    trailer.etag = etag_of_parts(&parts)?;
    trailer.upload_id = Some(input.upload_id.clone());
    let condition = WriteCondition { if_match: input.if_match, if_none_match: input.if_none_match };
    seal(&mut received.staged, &trailer)?;
    let stored = engine.publish(&received.staged, trailer, &condition)?;
    // The object is there; that its parts are still there too is no reason to answer with an error.
    if let Err(error) = engine.remove_multipart(&input.upload_id) {
        tracing::warn!(%error, "the parts of a completed upload remain");
    }
    Ok(stored)
}

/// Opens the parts that were named, and refuses what S3 refuses about such a list.
fn open_parts(folder: &Path, named: Vec<CompletedPart>) -> S3Result<Vec<Part>> {
    if named.is_empty() {
        return Err(refuse(S3ErrorCode::MalformedXML, "You must specify at least one part."));
    }
    let mut parts: Vec<Part> = Vec::with_capacity(named.len());
    for part in named {
        let number = part.part_number.unwrap_or_default();
        if parts.last().is_some_and(|before| before.number >= number) {
            return Err(refuse(
                S3ErrorCode::InvalidPartOrder,
                "The list of parts was not in ascending order.",
            ));
        }
        let invalid = || {
            let message =
                format!("Part {number} could not be found, or its entity tag or checksum did not match.");
            refuse(S3ErrorCode::InvalidPart, message)
        };
        let opened = open_part(folder, number).map_err(from_io("read a part"))?.ok_or_else(invalid)?;
        let etag = part.e_tag.as_ref().ok_or_else(invalid)?;
        let said = checksums_of!(part);
        let wrong = said.algorithms().any(|algorithm| {
            let kept = opened.trailer.checksums.get(algorithm);
            kept.is_some() && kept != said.get(algorithm)
        });
        if etag.value() != opened.trailer.etag || wrong {
            return Err(invalid());
        }
        if let Some(before) = parts.last().filter(|before| before.trailer.size < PART_BYTES_MIN) {
            let message =
                format!("Part {} is smaller than the minimum allowed size of 5 MiB.", before.number);
            return Err(refuse(S3ErrorCode::EntityTooSmall, message));
        }
        parts.push(opened);
    }
    Ok(parts)
}

/// Copies the parts into one staging file.
fn join(
    engine: &Engine,
    turn: OwnedSemaphorePermit,
    parts: &[Part],
    size: u64,
    upload: &UploadFile,
) -> S3Result<Received> {
    let reservation = engine.floor.reserve(size).map_err(|_| storage_full())?;
    let asked: Vec<_> = upload.algorithm.into_iter().filter(|_| !upload.composite).collect();
    let mut writing = Upload::start(engine, turn, reservation, &asked)?;
    let mut block = vec![0; BLOCK_BYTES];
    for part in parts {
        let mut at = 0;
        while at < part.trailer.size {
            let bytes = usize::try_from(part.trailer.size - at).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
            let block = block.get_mut(..bytes).unwrap_or_default();
            part.file.read_exact_at(block, at).map_err(from_io("read a part"))?;
            writing.write(block)?;
            at += bytes as u64;
        }
    }
    Ok(writing.finish())
}

/// S3's entity tag of an object made of parts: the MD5 of the parts' MD5s, and their number.
fn etag_of_parts(parts: &[Part]) -> S3Result<String> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&unhex(&part.trailer.etag).ok_or_else(no_such_upload)?);
    }
    Ok(format!("{}-{}", hex(&md5.finalize()), parts.len()))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// The checksum of the parts' checksums, with their number behind it.
fn composite_checksum(parts: &[Part], algorithm: Option<Algorithm>) -> S3Result<Checksums> {
    let mut checksums = Checksums { composite: true, ..Checksums::default() };
    let Some(algorithm) = algorithm else { return Ok(checksums) };
    let mut hasher = BodyHasher::new(&[algorithm]);
    for part in parts {
        let value = part.trailer.checksums.get(algorithm).and_then(|value| STANDARD.decode(value).ok());
        hasher.update(&value.ok_or_else(no_such_upload)?);
    }
    if let Some(value) = hasher.finish().checksums.get(algorithm) {
        checksums.set(algorithm, format!("{value}-{}", parts.len()));
    }
    Ok(checksums)
}

/// Holds the checksum that the client computed for the whole object against ours, where it is of the same kind.
fn check_expected(mut expected: Checksums, upload: &UploadFile, received: &Received) -> S3Result<()> {
    if upload.composite {
        // Some clients send the composite value without the number of parts.
        let ours = upload.algorithm.and_then(|algorithm| received.digests.checksums.get(algorithm));
        let said = upload.algorithm.and_then(|algorithm| expected.get(algorithm).map(str::to_owned));
        return match (ours, said) {
            (Some(ours), Some(said))
                if ours != said && ours.rsplit_once('-').is_none_or(|(ours, _)| ours != said) =>
            {
                Err(refuse(
                    S3ErrorCode::BadDigest,
                    "The checksum you specified did not match the calculated checksum.",
                ))
            }
            _ => Ok(()),
        };
    }
    expected.composite = false;
    let expected = Expected { checksums: expected, md5: None };
    expected.check_form()?;
    expected.check(received)
}
