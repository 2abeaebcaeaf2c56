//! Where things lie below the root folder. A key never becomes a path: its SHA-256 does, so that no key can
//! traverse, collide by case or length, or stand in the way of another (`a` and `a/b`).

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Paths below the root folder of a store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index.sqlite")
    }

    /// Written by a clean stop, removed by a start.
    pub(crate) fn closed(&self) -> PathBuf {
        self.root.join("index.closed")
    }

    /// Its presence asks the next start to build the index anew.
    pub(crate) fn rebuild_wanted(&self) -> PathBuf {
        self.root.join("index.rebuild-wanted")
    }

    pub(crate) fn buckets(&self) -> PathBuf {
        self.root.join("buckets")
    }

    pub(crate) fn bucket(&self, bucket: &str) -> PathBuf {
        self.buckets().join(bucket)
    }

    /// Uploads being received, and links that mark objects which the index may not know yet.
    pub(crate) fn staging(&self) -> PathBuf {
        self.root.join("staging")
    }

    /// Objects and buckets being deleted.
    pub(crate) fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }

    /// Parts of multipart uploads, one folder per upload.
    pub(crate) fn multipart(&self) -> PathBuf {
        self.root.join("multipart")
    }

    /// Files that `check` found damaged. Nothing in it is ever removed by the store.
    pub(crate) fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    /// The file of an object.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> PathBuf {
        let name = KeyHash::of(key);
        self.bucket(bucket).join(name.shard()).join(name.as_str())
    }

    /// The folders that a store consists of.
    pub(crate) fn folders(&self) -> [PathBuf; 4] {
        [self.buckets(), self.staging(), self.trash(), self.multipart()]
    }
}

/// SHA-256 of a key.
pub(crate) type Digest = [u8; 32];

/// The SHA-256 of a key.
pub(crate) fn digest(key: &[u8]) -> Digest {
    Sha256::digest(key).into()
}

/// Reads the name of an object's file.
pub(crate) fn parse_digest(name: &str) -> Option<Digest> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = name.as_bytes().as_chunks::<2>();
    let mut digest = [0; 32];
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(digest)
}

/// Lower-case hexadecimal SHA-256 of a key.
pub(crate) struct KeyHash {
    hex: String,
    first: u16,
}

impl KeyHash {
    pub(crate) fn of(key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let first = digest.iter().take(2).fold(0, |sum, byte| sum << 8 | u16::from(*byte));
        Self { hex: hex(&digest), first }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.hex
    }

    /// One of the 256 folders of a bucket, `00` to `ff`.
    pub(crate) fn shard(&self) -> &str {
        self.hex.get(..2).unwrap_or("00")
    }

    /// A number that spreads evenly over 0..65,536.
    pub(crate) fn number(&self) -> usize {
        usize::from(self.first)
    }
}

/// The names of the 256 folders of a bucket.
pub(crate) fn shards() -> impl Iterator<Item = String> {
    (0..=255_u8).map(|byte| format!("{byte:02x}"))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A name nobody can guess: 128 random bits in hexadecimal.
pub(crate) fn random_name() -> String {
    hex(&rand::random::<[u8; 16]>())
}

/// Whether the store may have given this name to a file or directory in `staging/`, `trash/` or `multipart/`: a random
/// name, that of a second link to it, or that of a note about a key.
pub(crate) fn is_working_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let noted = name.strip_prefix("doubt-").and_then(parse_digest);
    noted.is_some() || is_random_name(name.strip_suffix(".x").unwrap_or(name))
}

/// Whether `name` is one that [`random_name`] could have made, and so safe to join to a path.
pub(crate) fn is_random_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_lies_in_its_own_bucket_whatever_it_says() {
        let layout = Layout::new("/r");
        let long = "k".repeat(1024);
        for key in ["a", "a/b", "A", "../../x", "jobs/../../photos2/x", "/", ".", "..", long.as_str()] {
            let path = layout.object("b", key);
            assert!(path.starts_with("/r/buckets/b"), "{key}");
            assert_eq!(path.components().count(), 6, "{key}");
            assert_eq!(path.file_name().unwrap().len(), 64, "{key}");
        }
        assert_ne!(layout.object("b", "a"), layout.object("b", "A"));
    }

    #[test]
    fn the_name_of_a_file_reads_back_and_others_do_not() {
        let digest = digest(b"abc");
        assert_eq!(parse_digest(&hex(&digest)), Some(digest));
        let upper = hex(&digest).to_ascii_uppercase();
        for name in ["", ".DS_Store", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), upper.as_str()] {
            assert_eq!(parse_digest(name), None, "{name}");
        }
    }

    #[test]
    fn the_hash_of_a_key_is_its_sha_256() {
        let hash = KeyHash::of("abc");
        assert_eq!(hash.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.shard(), "ba");
        assert_eq!(hash.number(), 0xba78);
    }
}
