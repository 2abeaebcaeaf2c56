//! One page of a listing. With a delimiter it seeks past each common prefix instead of reading the keys below it,
//! so that a page costs in proportion to what it shows.

use rusqlite::{Connection, params};

use super::{key, size};

/// Where a listing begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    /// At the first key.
    Start,
    /// After this key.
    Key(String),
    /// After every key that begins with this.
    Prefix(String),
}

/// What is asked of a listing.
#[derive(Debug)]
pub(crate) struct ListQuery<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) delimiter: Option<&'a str>,
    pub(crate) after: After,
    /// Objects and common prefixes together.
    pub(crate) max: usize,
}

/// One object of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) modified_ms: i64,
}

/// A page, in the order of the keys' bytes.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Listed>,
    pub(crate) prefixes: Vec<String>,
    /// Where the next page begins, when there is one.
    pub(crate) next: Option<After>,
    /// Rows that were read to make this page.
    pub(crate) rows_read: usize,
}

const SEEK: &str = "SELECT key, size, etag, modified_ms FROM objects
    WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";

/// Lists a page.
pub(crate) fn list(connection: &Connection, query: &ListQuery<'_>) -> rusqlite::Result<Page> {
    let mut page = Page::default();
    if query.max == 0 {
        return Ok(page);
    }
    let mut last = query.after.clone();
    let mut from = start(query);
    let end = after_all_with(query.prefix.as_bytes());
    let mut statement = connection.prepare_cached(SEEK)?;
    loop {
        let mut rows = statement.query(params![query.bucket, from, end])?;
        let mut jump = None;
        while let Some(row) = rows.next()? {
            page.rows_read += 1;
            if page.objects.len() + page.prefixes.len() >= query.max {
                page.next = Some(last);
                return Ok(page);
            }
            let key = key(row, 0)?;
            if let Some(common) = common_prefix(&key, query) {
                jump = Some(after_all_with(common.as_bytes()));
                last = After::Prefix(common.to_owned());
                page.prefixes.push(common.to_owned());
                break;
            }
            last = After::Key(key.clone());
            page.objects.push(Listed {
                key,
                size: size(row, 1)?,
                etag: row.get(2)?,
                modified_ms: row.get(3)?,
            });
        }
        match jump {
            Some(next) => from = next,
            None => return Ok(page),
        }
    }
}

/// The part of `key` up to and with the first delimiter after the prefix.
fn common_prefix<'k>(key: &'k str, query: &ListQuery<'_>) -> Option<&'k str> {
    let delimiter = query.delimiter?;
    let rest = key.get(query.prefix.len()..)?;
    let at = rest.find(delimiter)?;
    key.get(..query.prefix.len() + at + delimiter.len())
}

/// The least bytes a key of this page may have.
fn start(query: &ListQuery<'_>) -> Vec<u8> {
    let prefix = query.prefix.as_bytes().to_vec();
    let after = match &query.after {
        After::Start => return prefix,
        After::Prefix(common) => after_all_with(common.as_bytes()),
        // A marker that is itself a common prefix of this listing stands for all that it covers.
        After::Key(key) if common_prefix(key, query) == Some(key) && key.starts_with(query.prefix) => {
            after_all_with(key.as_bytes())
        }
        After::Key(key) => [key.as_bytes(), &[0]].concat(),
    };
    prefix.max(after)
}

/// The least bytes that are greater than everything that begins with `prefix`. Keys are UTF-8, so 0xFF is beyond all
/// of them.
fn after_all_with(prefix: &[u8]) -> Vec<u8> {
    let mut bytes = prefix.to_vec();
    while let Some(last) = bytes.pop() {
        if last < 0xFF {
            bytes.push(last + 1);
            return bytes;
        }
    }
    vec![0xFF]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Row, create, upsert};
    use super::*;

    fn index(keys: impl IntoIterator<Item = String>) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = create(&folder.path().join("i")).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        for key in keys {
            let row = Row { bucket: "b".to_owned(), key, size: 1, etag: "e".to_owned(), modified_ms: 0 };
            upsert(&connection, &row).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        (folder, connection)
    }

    fn query<'a>(prefix: &'a str, delimiter: Option<&'a str>, after: After, max: usize) -> ListQuery<'a> {
        ListQuery { bucket: "b", prefix, delimiter, after, max }
    }

    /// SQLite's own count of virtual machine steps for the statement that the listing uses.
    fn vm_steps(connection: &Connection, query: &ListQuery<'_>) -> i32 {
        let statement = connection.prepare_cached(SEEK).unwrap();
        statement.reset_status(rusqlite::StatementStatus::VmStep);
        drop(statement);
        list(connection, query).unwrap();
        connection.prepare_cached(SEEK).unwrap().get_status(rusqlite::StatementStatus::VmStep)
    }

    #[test]
    fn a_page_of_a_large_bucket_costs_in_proportion_to_the_page() {
        let keys = (0..100)
            .flat_map(|job| (0..1000).map(move |photo| format!("jobs/{job:03}/photos/{photo:04}.jpg")));
        let (_folder, large) = index(keys);
        let (_folder2, small) = index((0..1000).map(|photo| format!("jobs/050/photos/{photo:04}.jpg")));
        let one_job = || query("jobs/050/", None, After::Start, 1000);

        let page = list(&large, &one_job()).unwrap();
        assert_eq!((page.objects.len(), page.next, page.rows_read), (1000, None, 1000));
        let (in_large, in_small) = (vm_steps(&large, &one_job()), vm_steps(&small, &one_job()));
        assert!(in_large > 1000, "the count is real: {in_large}");
        assert!(in_large <= in_small + 10, "{in_large} steps in 100,000 rows, {in_small} in 1,000");

        let middle = || query("", None, After::Key("jobs/070/photos/0500.jpg".to_owned()), 1000);
        let page = list(&large, &middle()).unwrap();
        assert_eq!((page.objects.len(), page.rows_read), (1000, 1001));
        assert!(vm_steps(&large, &middle()) < in_large + 30);
    }

    #[test]
    fn a_delimiter_skips_what_lies_below_each_common_prefix() {
        let keys = (0..100)
            .flat_map(|job| (0..1000).map(move |photo| format!("jobs/{job:03}/photos/{photo:04}.jpg")));
        let (_folder, connection) = index(keys);
        let page = list(&connection, &query("jobs/", Some("/"), After::Start, 1000)).unwrap();
        assert_eq!(page.prefixes.len(), 100);
        assert_eq!(page.prefixes[42], "jobs/042/");
        assert_eq!(page.rows_read, 100, "one row for each of 1,000 photos' prefix");
    }

    #[test]
    fn a_marker_that_is_a_common_prefix_stands_for_all_below_it() {
        let (_folder, connection) = index(["a/1", "a/2", "b/1", "c"].map(str::to_owned));
        let page = list(&connection, &query("", Some("/"), After::Key("a/".to_owned()), 10)).unwrap();
        assert_eq!((page.prefixes, page.objects.len()), (vec!["b/".to_owned()], 1));
        let page = list(&connection, &query("", Some("/"), After::Key("a/1".to_owned()), 10)).unwrap();
        assert_eq!(page.prefixes, ["a/", "b/"]);
    }

    proptest! {
        #[test]
        fn pages_together_are_what_a_naive_listing_of_all_keys_gives(
            keys in prop::collection::btree_set("[ab/é\u{10FFFF}]{1,6}", 0..60),
            prefix in "[ab/é]{0,2}",
            delimiter in prop::option::of("[/ab]{1,2}"),
            max in 1_usize..7,
        ) {
            let (_folder, connection) = index(keys.iter().cloned());
            let mut expected = Vec::new();
            for key in keys.iter().filter(|key| key.starts_with(&prefix)) {
                let query = query(&prefix, delimiter.as_deref(), After::Start, max);
                let item = common_prefix(key, &query).map_or_else(|| format!("k{key}"), |common| format!("p{common}"));
                if expected.last() != Some(&item) {
                    expected.push(item);
                }
            }
            let mut found = Vec::new();
            let mut after = After::Start;
            loop {
                let page = list(&connection, &query(&prefix, delimiter.as_deref(), after, max)).unwrap();
                let count = page.objects.len() + page.prefixes.len();
                prop_assert!(count <= max);
                let mut items: Vec<_> = page.objects.into_iter().map(|object| (object.key.clone(), format!("k{}", object.key))).collect();
                items.extend(page.prefixes.into_iter().map(|common| (common.clone(), format!("p{common}"))));
                items.sort();
                found.extend(items.into_iter().map(|(_, item)| item));
                match page.next {
                    Some(next) => { prop_assert_eq!(count, max); after = next }
                    None => break,
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
