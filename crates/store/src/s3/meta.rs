//! What a request says about an object besides its bytes.

use std::collections::BTreeMap;

use s3s::dto::{Timestamp, TimestampFormat};

use crate::checksum::Checksums;
use crate::object_file::ContentHeaders;

/// Headers and user metadata of an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub(crate) headers: ContentHeaders,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Reads [`Meta`] from the input of an operation. The inputs share these fields and no trait.
macro_rules! meta_of {
    ($input:expr) => {
        $crate::s3::Meta {
            headers: $crate::object_file::ContentHeaders {
                content_type: $input.content_type.clone(),
                cache_control: $input.cache_control.clone(),
                content_disposition: $input.content_disposition.clone(),
                content_encoding: $input
                    .content_encoding
                    .as_deref()
                    .and_then($crate::s3::meta::without_aws_chunked),
                content_language: $input.content_language.clone(),
                expires: $input.expires.as_ref().and_then($crate::s3::meta::http_date),
            },
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        }
    };
}

/// Reads the additional checksums that a request declares.
macro_rules! checksums_of {
    ($input:expr) => {
        $crate::checksum::Checksums {
            crc32: $input.checksum_crc32.clone(),
            crc32c: $input.checksum_crc32c.clone(),
            crc64nvme: $input.checksum_crc64nvme.clone(),
            sha1: $input.checksum_sha1.clone(),
            sha256: $input.checksum_sha256.clone(),
            composite: false,
        }
    };
}

/// Writes checksums into the output of an operation.
macro_rules! set_checksums {
    ($output:expr, $checksums:expr) => {
        let checksums: $crate::checksum::Checksums = $checksums;
        $output.checksum_type = $crate::s3::meta::checksum_type(&checksums);
        $output.checksum_crc32 = checksums.crc32;
        $output.checksum_crc32c = checksums.crc32c;
        $output.checksum_crc64nvme = checksums.crc64nvme;
        $output.checksum_sha1 = checksums.sha1;
        $output.checksum_sha256 = checksums.sha256;
    };
}

pub(crate) use {checksums_of, meta_of, set_checksums};

/// `aws-chunked` says how the request was sent, not what the object is.
pub(super) fn without_aws_chunked(encoding: &str) -> Option<String> {
    let kept: Vec<_> = encoding.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    Some(kept.join(",")).filter(|kept| !kept.is_empty())
}

/// A time as an HTTP date.
pub(super) fn http_date(time: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

pub(super) fn checksum_type(checksums: &Checksums) -> Option<s3s::dto::ChecksumType> {
    use s3s::dto::ChecksumType;
    checksums.algorithms().next()?;
    let name = if checksums.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    Some(ChecksumType::from_static(name))
}
