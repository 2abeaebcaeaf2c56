//! Comparison of the names of object files with the keys of the index, in bounded memory: names that are on one side
//! only show in a fingerprint of the 65,536 groups that names fall into, and only groups that differ are looked at
//! again. One pass over the index and one over the directories is all it takes when nothing differs.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::condition::Observations;
use crate::index;
use crate::layout::{self, Digest};
use crate::scan::{self, BucketDir, Named, ObjectFile};

const GROUPS: usize = 1 << 16;
const GROUPS_PER_SHARD: usize = GROUPS / 256;
/// More names than this in groups that differ are too many to be patched one by one before the store serves.
pub(super) const DIFFERENCES_MAX: usize = 100_000;
const KEY_BYTES_MAX: usize = 16 << 20;

/// Names on one side less those on the other: their count, and the sum of 128 bits of each.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Fingerprint {
    count: i64,
    sum: u128,
}

impl Fingerprint {
    fn add(&mut self, digest: &Digest) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(bits(digest));
    }

    fn subtract(&mut self, digest: &Digest) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(bits(digest));
    }
}

/// 128 bits of a digest, after those that name its group.
fn bits(digest: &Digest) -> u128 {
    let [_, _, rest @ ..] = digest;
    rest.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

fn group(digest: &Digest) -> usize {
    let [first, second, ..] = digest;
    usize::from(*first) << 8 | usize::from(*second)
}

fn read_key(key: Vec<u8>) -> rusqlite::Result<String> {
    String::from_utf8(key).map_err(|_| index::damage("a key is malformed: not UTF-8"))
}

/// How the names of a bucket's files and the keys of the index differ.
pub(super) enum Differences {
    None,
    Some {
        /// Files that the index does not know.
        files: Vec<ObjectFile>,
        /// Keys that have no file.
        keys: Vec<String>,
        /// Whether these are all differences.
        all: bool,
    },
}

/// One comparison of one bucket.
pub(super) struct Comparison<'a> {
    pub(super) index: &'a Connection,
    pub(super) bucket: &'a BucketDir,
    pub(super) observed: &'a Observations,
    /// How many names to look at again.
    pub(super) max: usize,
}

impl Comparison<'_> {
    pub(super) fn run(&self) -> rusqlite::Result<Differences> {
        let mut prints = vec![Fingerprint::default(); GROUPS];
        index::each_key(self.index, &self.bucket.name, |key| {
            let digest = layout::digest(&key);
            if let Some(print) = prints.get_mut(group(&digest)) {
                print.add(&digest);
            }
        })?;
        for shard in 0..=u8::MAX {
            let read = scan::each_name(&self.bucket.path, shard, self.observed, |named| match named {
                Named::Object(digest) => {
                    if let Some(print) = prints.get_mut(group(&digest)) {
                        print.subtract(&digest);
                    }
                }
                Named::Misplaced(path) => {
                    self.observed.unreadable_object(&path, &"it lies where another key belongs");
                }
            });
            if let Err(cause) = read {
                let path = self.bucket.path.join(layout::hex(&[shard]));
                self.observed.unreadable_directory(&path, &cause);
                // What cannot be read is not empty: its rows stay.
                let start = usize::from(shard) * GROUPS_PER_SHARD;
                prints
                    .iter_mut()
                    .skip(start)
                    .take(GROUPS_PER_SHARD)
                    .for_each(|print| *print = Fingerprint::default());
            }
        }
        let differ: BTreeSet<usize> = (0..GROUPS)
            .filter(|group| prints.get(*group).is_some_and(|print| *print != Fingerprint::default()))
            .collect();
        if differ.is_empty() { Ok(Differences::None) } else { self.look_again(&differ) }
    }

    /// Finds what differs in these groups, or a part of it.
    fn look_again(&self, groups: &BTreeSet<usize>) -> rusqlite::Result<Differences> {
        let mut files = BTreeSet::new();
        let mut all = true;
        let mut groups = groups.clone();
        let shards: BTreeSet<u8> =
            groups.iter().filter_map(|group| u8::try_from(group / GROUPS_PER_SHARD).ok()).collect();
        for shard in shards {
            let start = usize::from(shard) * GROUPS_PER_SHARD;
            if files.len() >= self.max {
                all = false;
                groups.retain(|group| *group < start);
                break;
            }
            let read = scan::each_name(&self.bucket.path, shard, self.observed, |named| {
                if let Named::Object(digest) = named
                    && groups.contains(&group(&digest))
                {
                    files.insert(digest);
                }
            });
            if read.is_err() {
                groups.retain(|group| group / GROUPS_PER_SHARD != usize::from(shard));
                files.retain(|digest| digest.first() != Some(&shard));
            }
        }
        let mut keys = BTreeMap::new();
        let mut key_bytes = 0;
        index::each_key(self.index, &self.bucket.name, |key| {
            let digest = layout::digest(&key);
            if !groups.contains(&group(&digest)) || files.remove(&digest) {
                return;
            }
            key_bytes += key.len();
            if keys.len() >= self.max || key_bytes > KEY_BYTES_MAX {
                all = false;
            } else {
                keys.insert(digest, key);
            }
        })?;
        let file = |digest: &Digest| ObjectFile::new(&self.bucket.path, digest);
        Ok(Differences::Some {
            files: files.iter().map(file).collect(),
            keys: keys.into_values().map(read_key).collect::<rusqlite::Result<_>>()?,
            all,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::index::Row;
    use crate::layout::Layout;

    fn row(key: &str) -> Row {
        Row {
            bucket: "photos".to_owned(),
            key: key.to_owned(),
            size: 1,
            etag: "e".to_owned(),
            modified_ms: 0,
        }
    }

    #[test]
    fn every_difference_is_found_and_no_more_than_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let bucket = BucketDir { name: "photos".to_owned(), path: layout.bucket("photos") };
        for shard in layout::shards() {
            fs::create_dir_all(bucket.path.join(shard)).unwrap();
        }
        let index = index::create(&layout.index()).unwrap();
        let write = |key: &str| fs::write(layout.object("photos", key), "").unwrap();
        for n in 0..500 {
            write(&format!("both/{n}"));
            index::upsert(&index, &row(&format!("both/{n}"))).unwrap();
        }
        let observed = Observations::default();
        let run = |max| {
            let comparison = Comparison { index: &index, bucket: &bucket, observed: &observed, max };
            match comparison.run().unwrap() {
                Differences::None => None,
                Differences::Some { files, keys, all } => Some((files.len(), keys.len(), all)),
            }
        };
        assert_eq!(run(DIFFERENCES_MAX), None);
        for n in 0..40 {
            write(&format!("file/{n}"));
            index::upsert(&index, &row(&format!("row/{n}"))).unwrap();
        }
        assert_eq!(run(DIFFERENCES_MAX), Some((40, 40, true)));
        let (files, keys, all) = run(5).unwrap();
        assert!((1..20).contains(&files) && (1..=5).contains(&keys) && !all, "{files} {keys}");
        let shard = bucket.path.join("00");
        fs::remove_dir(&shard).or_else(|_| fs::remove_dir_all(&shard)).unwrap();
        let (_, missing, _) = run(DIFFERENCES_MAX).unwrap();
        assert!(missing <= 40, "a directory that cannot be read is not an empty one: {missing}");
        assert_eq!(observed.snapshot().unreadable_directories.count, 1);
    }
}
