//! The file of an object: the body first, so that the file can be opened as the photo it is; then a trailer in JSON
//! that says everything else; then a footer of fixed size that says where the trailer begins (docs/adr/0002).
//!
//! ```text
//! body | trailer (JSON) | trailer length u32 LE | CRC-32C of the trailer u32 LE | body length u64 LE | "QDNOBJ1\n"
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use s3s::crypto::{Checksum as _, Crc32c};
use serde::{Deserialize, Serialize};

use crate::checksum::Checksums;

const MAGIC: [u8; 8] = *b"QDNOBJ1\n";
const FOOTER_BYTES: usize = 24;
/// Most trailers are far smaller, so that one read from the end of the file usually has all of it.
const FIRST_READ_BYTES: u64 = 4096;
/// A longer trailer was not written by this store: keys, headers and user metadata are bounded.
const TRAILER_BYTES_MAX: u32 = 64 * 1024;

/// Headers that S3 keeps with an object and gives back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ContentHeaders {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    /// HTTP date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
}

/// Everything about an object but its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trailer {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Length of the body in bytes.
    pub(crate) size: u64,
    /// Without quotes.
    pub(crate) etag: String,
    /// SHA-256 of the body, in hexadecimal.
    pub(crate) sha256: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) modified_ms: i64,
    #[serde(default)]
    pub(crate) headers: ContentHeaders,
    /// User metadata, names without `x-amz-meta-`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) checksums: Checksums,
    /// The multipart upload that made it, so that completing one twice can answer the same twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upload_id: Option<String>,
}

/// Why a file is not a readable object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrailerError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("not a whole object file: {0}")]
    Corrupt(&'static str),
}

impl Trailer {
    /// The trailer of a file that has no body and only names a key.
    pub(crate) fn note(bucket: &str, key: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            size: 0,
            etag: String::new(),
            sha256: String::new(),
            modified_ms: 0,
            headers: ContentHeaders::default(),
            metadata: BTreeMap::new(),
            checksums: Checksums::default(),
            upload_id: None,
        }
    }

    /// The bytes that follow the body: trailer and footer.
    pub(crate) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "trailer too long");
        let length = u32::try_from(bytes.len()).map_err(|_| too_long())?;
        if length > TRAILER_BYTES_MAX {
            return Err(too_long());
        }
        let crc = Crc32c::checksum(&bytes);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend(crc.iter().rev());
        bytes.extend_from_slice(&self.size.to_le_bytes());
        bytes.extend_from_slice(&MAGIC);
        Ok(bytes)
    }

    /// Reads the trailer at the end of `file` and checks that the file has exactly the length it must have.
    pub(crate) fn read(file: &File) -> Result<Self, TrailerError> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
        }
        let file_bytes = metadata.len();
        let mut tail = vec![0; usize::try_from(file_bytes.min(FIRST_READ_BYTES)).unwrap_or_default()];
        let tail_at = file_bytes - tail.len() as u64;
        file.read_exact_at(&mut tail, tail_at)?;
        let footer = Footer::parse(&tail)?;
        let rest_bytes = u64::from(footer.trailer_bytes) + FOOTER_BYTES as u64;
        if footer.body_bytes.checked_add(rest_bytes) != Some(file_bytes) {
            return Err(TrailerError::Corrupt("its length is not what the footer says"));
        }
        if rest_bytes > tail.len() as u64 {
            tail = vec![0; usize::try_from(rest_bytes).unwrap_or_default()];
            file.read_exact_at(&mut tail, footer.body_bytes)?;
        }
        let start = tail.len().saturating_sub(usize::try_from(rest_bytes).unwrap_or(usize::MAX));
        let trailer = tail.get(start..tail.len() - FOOTER_BYTES).unwrap_or_default();
        if Crc32c::checksum(trailer) != footer.crc {
            return Err(TrailerError::Corrupt("its trailer's checksum is wrong"));
        }
        let trailer: Self = serde_json::from_slice(trailer)
            .map_err(|_| TrailerError::Corrupt("its trailer is not understood"))?;
        if trailer.size != footer.body_bytes {
            return Err(TrailerError::Corrupt("trailer and footer disagree about its size"));
        }
        Ok(trailer)
    }
}

struct Footer {
    trailer_bytes: u32,
    crc: [u8; 4],
    body_bytes: u64,
}

impl Footer {
    fn parse(tail: &[u8]) -> Result<Self, TrailerError> {
        let footer = tail.last_chunk::<FOOTER_BYTES>().ok_or(TrailerError::Corrupt("too short"))?;
        let [l0, l1, l2, l3, c0, c1, c2, c3, rest @ ..] = *footer;
        let [b0, b1, b2, b3, b4, b5, b6, b7, magic @ ..] = rest;
        if magic != MAGIC {
            return Err(TrailerError::Corrupt("no magic at its end"));
        }
        let trailer_bytes = u32::from_le_bytes([l0, l1, l2, l3]);
        if trailer_bytes > TRAILER_BYTES_MAX {
            return Err(TrailerError::Corrupt("its trailer is too long"));
        }
        let body_bytes = u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]);
        Ok(Self { trailer_bytes, crc: [c3, c2, c1, c0], body_bytes })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn trailer(size: u64) -> Trailer {
        Trailer {
            bucket: "b".to_owned(),
            key: "schlüssel/\u{1F4F7}.jpg".to_owned(),
            size,
            etag: "e".to_owned(),
            sha256: "s".to_owned(),
            modified_ms: 1_700_000_000_123,
            headers: ContentHeaders {
                content_type: Some("image/jpeg".to_owned()),
                ..ContentHeaders::default()
            },
            metadata: BTreeMap::from([("a".to_owned(), "x".repeat(9000))]),
            checksums: Checksums { crc32: Some("y/Q5Jg==".to_owned()), ..Checksums::default() },
            upload_id: None,
        }
    }

    fn file(parts: &[&[u8]]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for part in parts {
            file.write_all(part).unwrap();
        }
        file
    }

    #[test]
    fn a_trailer_reads_back_as_it_was_written_be_it_short_or_long() {
        let long = trailer(5);
        let short = Trailer { metadata: BTreeMap::new(), ..long.clone() };
        for trailer in [long, short] {
            let read = Trailer::read(&file(&[b"12345", &trailer.encode().unwrap()])).unwrap();
            assert_eq!(read, trailer);
        }
    }

    #[test]
    fn every_cut_and_every_flipped_bit_of_an_object_file_is_noticed() {
        let trailer = Trailer { metadata: BTreeMap::new(), ..trailer(5) };
        let end = trailer.encode().unwrap();
        let whole = [b"12345".as_slice(), &end].concat();
        for cut in 0..whole.len() {
            assert!(Trailer::read(&file(&[&whole[..cut]])).is_err(), "cut at {cut}");
        }
        for at in 5..whole.len() {
            let mut bent = whole.clone();
            bent[at] ^= 4;
            assert!(Trailer::read(&file(&[&bent])).is_err(), "bit flipped at {at}");
        }
        assert!(Trailer::read(&file(&[&whole, b"x"])).is_err());
    }

    #[test]
    fn the_body_is_at_the_start_of_the_file() {
        let bytes = [b"\xff\xd8\xff".as_slice(), &trailer(3).encode().unwrap()].concat();
        assert!(bytes.starts_with(b"\xff\xd8\xff"));
        assert!(bytes.ends_with(&MAGIC));
    }
}
