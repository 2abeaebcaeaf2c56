//! The digests of a body: MD5 (its `ETag`), SHA-256 (its identity), and whichever of S3's additional checksums was
//! asked for. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use serde::{Deserialize, Serialize};

/// One of S3's additional checksum algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// Reads `CRC32`, `crc64nvme`, … as headers and form fields write it.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// Reads the header or field name `x-amz-checksum-crc32`.
    pub(crate) fn of_header(header: &str) -> Option<Self> {
        header.strip_prefix("x-amz-checksum-").and_then(Self::parse)
    }

    fn bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// Values of additional checksums in base64, as S3 writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Checksums {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc32c: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    /// True when the values are checksums of checksums of parts (S3's `COMPOSITE`) instead of the whole body.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) composite: bool,
}

impl Checksums {
    pub(crate) fn get(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Crc32 => self.crc32.as_deref(),
            Algorithm::Crc32c => self.crc32c.as_deref(),
            Algorithm::Crc64Nvme => self.crc64nvme.as_deref(),
            Algorithm::Sha1 => self.sha1.as_deref(),
            Algorithm::Sha256 => self.sha256.as_deref(),
        }
    }

    pub(crate) fn set(&mut self, algorithm: Algorithm, value: String) {
        let place = match algorithm {
            Algorithm::Crc32 => &mut self.crc32,
            Algorithm::Crc32c => &mut self.crc32c,
            Algorithm::Crc64Nvme => &mut self.crc64nvme,
            Algorithm::Sha1 => &mut self.sha1,
            Algorithm::Sha256 => &mut self.sha256,
        };
        *place = Some(value);
    }

    /// The algorithms that have a value.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(|algorithm| self.get(*algorithm).is_some())
    }

    /// The first value that is not the base64 of as many bytes as its algorithm makes.
    pub(crate) fn malformed(&self) -> Option<Algorithm> {
        self.algorithms().find(|algorithm| {
            let decoded = self.get(*algorithm).map(|value| STANDARD.decode(value));
            !matches!(decoded, Some(Ok(bytes)) if bytes.len() == algorithm.bytes())
        })
    }

    /// The first expected value that `self` (what was computed) does not have.
    pub(crate) fn mismatch(&self, expected: &Self) -> Option<Algorithm> {
        expected.algorithms().find(|algorithm| self.get(*algorithm) != expected.get(*algorithm))
    }
}

/// What a body turned out to be.
#[derive(Debug, Clone)]
pub(crate) struct Digests {
    pub(crate) md5: [u8; 16],
    pub(crate) sha256: [u8; 32],
    pub(crate) checksums: Checksums,
}

/// Computes all digests of a body in one pass.
pub(crate) struct BodyHasher {
    md5: Md5,
    sha256: Sha256,
    crc32: Option<Crc32>,
    crc32c: Option<Crc32c>,
    crc64nvme: Option<Crc64Nvme>,
    sha1: Option<Sha1>,
    sha256_asked: bool,
}

impl BodyHasher {
    /// A hasher that computes the `asked` checksums besides MD5 and SHA-256.
    pub(crate) fn new(asked: &[Algorithm]) -> Self {
        Self {
            md5: Md5::new(),
            sha256: Sha256::new(),
            crc32: asked.contains(&Algorithm::Crc32).then(Crc32::new),
            crc32c: asked.contains(&Algorithm::Crc32c).then(Crc32c::new),
            crc64nvme: asked.contains(&Algorithm::Crc64Nvme).then(Crc64Nvme::new),
            sha1: asked.contains(&Algorithm::Sha1).then(Sha1::new),
            sha256_asked: asked.contains(&Algorithm::Sha256),
        }
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        self.md5.update(data);
        self.sha256.update(data);
        if let Some(hasher) = &mut self.crc32 {
            hasher.update(data);
        }
        if let Some(hasher) = &mut self.crc32c {
            hasher.update(data);
        }
        if let Some(hasher) = &mut self.crc64nvme {
            hasher.update(data);
        }
        if let Some(hasher) = &mut self.sha1 {
            hasher.update(data);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        let sha256 = self.sha256.finalize();
        let checksums = Checksums {
            crc32: self.crc32.map(|hasher| STANDARD.encode(hasher.finalize())),
            crc32c: self.crc32c.map(|hasher| STANDARD.encode(hasher.finalize())),
            crc64nvme: self.crc64nvme.map(|hasher| STANDARD.encode(hasher.finalize())),
            sha1: self.sha1.map(|hasher| STANDARD.encode(hasher.finalize())),
            sha256: self.sha256_asked.then(|| STANDARD.encode(sha256)),
            composite: false,
        };
        Digests { md5: self.md5.finalize(), sha256, checksums }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_of_all_algorithms_are_the_published_ones() {
        let mut hasher = BodyHasher::new(&Algorithm::ALL);
        hasher.update(b"1234");
        hasher.update(b"56789");
        let digests = hasher.finish();
        let decoded =
            |value: &Option<String>| crate::layout::hex(&STANDARD.decode(value.as_ref().unwrap()).unwrap());
        assert_eq!(crate::layout::hex(&digests.md5), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(decoded(&digests.checksums.crc32), "cbf43926");
        assert_eq!(decoded(&digests.checksums.crc32c), "e3069283");
        assert_eq!(decoded(&digests.checksums.crc64nvme), "ae8b14860a799888");
        assert_eq!(decoded(&digests.checksums.sha1), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
        assert_eq!(
            decoded(&digests.checksums.sha256),
            "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"
        );
        assert_eq!(digests.checksums.malformed(), None);
    }

    #[test]
    fn a_checksum_of_the_wrong_length_or_alphabet_is_malformed() {
        for value in ["", "AAAA", "!!!!!!==", "AAAAAAAA"] {
            let checksums = Checksums { crc32: Some(value.to_owned()), ..Checksums::default() };
            assert_eq!(checksums.malformed(), Some(Algorithm::Crc32), "{value}");
        }
    }
}
