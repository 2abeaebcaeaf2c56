//! The answer of `ListObjectsV2`
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>), with `encoding-type=url`.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::Listing;
use crate::domain::StoredObject;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListBucketResult {
    is_truncated: bool,
    #[serde(default)]
    contents: Vec<Contents>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contents {
    key: String,
    size: u64,
    last_modified: String,
    #[serde(rename = "ETag", default)]
    etag: String,
}

/// Reads the document. A key that is no UTF-8 once decoded is left out: no caller could ever name it.
pub(super) fn parse(xml: &[u8]) -> Result<Listing, String> {
    let result: ListBucketResult = quick_xml::de::from_reader(xml).map_err(|error| error.to_string())?;
    let mut objects = Vec::with_capacity(result.contents.len());
    for contents in result.contents {
        // `+` stands for a space in this encoding, as in forms.
        let spaced = contents.key.replace('+', " ");
        let Ok(key) = percent_decode_str(&spaced).decode_utf8() else { continue };
        let stored_at = contents.last_modified.parse().map_err(|_| "a strange LastModified".to_owned())?;
        objects.push(StoredObject {
            key: key.into_owned(),
            size_bytes: contents.size,
            stored_at,
            etag: contents.etag.trim_matches('"').to_owned(),
        });
    }
    Ok(Listing { objects, truncated: result.is_truncated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_keys_are_decoded() {
        let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>jobs/</Prefix>
            <KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
            <Contents><Key>jobs/1/photos/a+b%2B%C3%A9%0A.jpg</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>
            <ETag>&quot;x&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>
            <Contents><Key>k</Key><LastModified>2026-01-02T03:04:05Z</LastModified><Size>8</Size></Contents>
            </ListBucketResult>"#;
        let listing = parse(xml).unwrap();
        assert!(listing.truncated);
        let keys: Vec<_> = listing.objects.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, ["jobs/1/photos/a b+é\n.jpg", "k"]);
        assert_eq!(listing.objects[0].etag, "x");
        assert_eq!(listing.objects[0].stored_at, "2026-01-02T03:04:05Z".parse().unwrap());
    }

    #[test]
    fn an_empty_listing_has_no_objects() {
        let listing =
            parse(b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>").unwrap();
        assert_eq!(listing, Listing { objects: Vec::new(), truncated: false });
        assert!(parse(b"<html>").is_err());
    }
}
