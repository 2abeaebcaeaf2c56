//! Listings of both versions.

use crate::support::{Answer, BUCKET, Server, now, signer};

async fn filled(keys: &[&str]) -> Server {
    let server = Server::start().await;
    for key in keys {
        assert_eq!(server.put(key, "x").await.status, 200);
    }
    server
}

async fn list(server: &Server, query: &[(&str, &str)]) -> Answer {
    let answer = server.send("GET", None, query, &[], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// Keys and common prefixes of an answer.
fn shown(answer: &Answer) -> (Vec<&str>, Vec<&str>) {
    let common = answer.elements("CommonPrefixes");
    let prefixes =
        common.iter().map(|inner| inner.trim_start_matches("<Prefix>").trim_end_matches("</Prefix>"));
    (answer.elements("Key"), prefixes.collect())
}

#[tokio::test]
async fn a_listing_is_in_the_order_of_bytes_with_size_etag_and_time() {
    let server = filled(&["b", "a/2", "a/1", "Z", "é"]).await;
    let answer = list(&server, &[("list-type", "2")]).await;
    assert_eq!(answer.elements("Key"), ["Z", "a/1", "a/2", "b", "é"]);
    assert_eq!(answer.elements("Size"), ["1"; 5]);
    assert_eq!(answer.element("KeyCount"), "5");
    assert_eq!(answer.element("Name"), BUCKET);
    assert_eq!(answer.element("IsTruncated"), "false");
    assert!(answer.element("ETag").contains("9dd4e461268c8034f5c8564e155c67a6"));
    assert!(answer.element("LastModified").ends_with('Z'));
}

#[tokio::test]
async fn prefix_and_delimiter_roll_up_folders() {
    let server = filled(&["jobs/1/a", "jobs/1/b", "jobs/2/a", "jobs/x", "other"]).await;
    let answer = list(&server, &[("list-type", "2"), ("delimiter", "/")]).await;
    assert_eq!(shown(&answer), (vec!["other"], vec!["jobs/"]));
    let answer = list(&server, &[("list-type", "2"), ("prefix", "jobs/"), ("delimiter", "/")]).await;
    assert_eq!(shown(&answer), (vec!["jobs/x"], vec!["jobs/1/", "jobs/2/"]));
    assert_eq!(answer.element("KeyCount"), "3");
    let answer = list(&server, &[("list-type", "2"), ("prefix", "jobs/1")]).await;
    assert_eq!(shown(&answer).0, ["jobs/1/a", "jobs/1/b"]);
    let answer = list(&server, &[("prefix", "none/")]).await;
    assert_eq!(shown(&answer), (vec![], vec![]));
}

#[tokio::test]
async fn pages_of_the_second_version_join_without_gap_or_double() {
    let server = filled(&["a", "b/1", "b/2", "c", "d/1", "e"]).await;
    for max in ["1", "2", "3", "5"] {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![("list-type", "2"), ("delimiter", "/"), ("max-keys", max)];
            query.extend(token.as_deref().map(|token| ("continuation-token", token)));
            let answer = list(&server, &query).await;
            let (keys, prefixes) = shown(&answer);
            assert!(keys.len() + prefixes.len() <= max.parse().unwrap());
            let mut page: Vec<_> = keys.into_iter().chain(prefixes).map(str::to_owned).collect();
            page.sort();
            found.extend(page);
            if answer.element("IsTruncated") == "false" {
                break;
            }
            token = Some(answer.element("NextContinuationToken").to_owned());
        }
        assert_eq!(found, ["a", "b/", "c", "d/", "e"], "max-keys {max}");
    }
}

#[tokio::test]
async fn pages_of_the_first_version_join_without_gap_or_double() {
    let server = filled(&["a", "b/1", "b/2", "c", "d/1", "e"]).await;
    let (mut found, mut marker) = (Vec::new(), String::new());
    loop {
        let answer = list(&server, &[("delimiter", "/"), ("max-keys", "2"), ("marker", &marker)]).await;
        let (keys, prefixes) = shown(&answer);
        let mut page: Vec<_> = keys.into_iter().chain(prefixes).map(str::to_owned).collect();
        page.sort();
        found.extend(page);
        if answer.element("IsTruncated") == "false" {
            break;
        }
        answer.element("NextMarker").clone_into(&mut marker);
    }
    assert_eq!(found, ["a", "b/", "c", "d/", "e"]);
}

#[tokio::test]
async fn start_after_max_keys_and_fetch_owner_do_what_s3_does() {
    let server = filled(&["a", "b", "c"]).await;
    let answer = list(&server, &[("list-type", "2"), ("start-after", "a")]).await;
    assert_eq!(answer.elements("Key"), ["b", "c"]);
    let answer = list(&server, &[("list-type", "2"), ("start-after", "aa")]).await;
    assert_eq!(answer.elements("Key"), ["b", "c"]);
    let answer = list(&server, &[("list-type", "2"), ("max-keys", "0")]).await;
    assert_eq!((answer.elements("Key").len(), answer.element("IsTruncated")), (0, "false"));
    let answer = list(&server, &[("list-type", "2"), ("max-keys", "5000"), ("fetch-owner", "true")]).await;
    assert_eq!((answer.element("MaxKeys"), answer.elements("Owner").len()), ("1000", 3));
    for (name, value) in
        [("max-keys", "-1"), ("max-keys", "x"), ("continuation-token", "!"), ("encoding-type", "x")]
    {
        let answer = server.send("GET", None, &[("list-type", "2"), (name, value)], &[], "").await;
        assert_eq!(answer.status, 400, "{name}={value}");
    }
    let url = signer().presign_request(&server.endpoint(), "GET", "no-bucket", None, &[], &[], now(), 60);
    assert_eq!(server.send_url("GET", &url, &[], "").await.error(), (404, "NoSuchBucket"));
}

#[tokio::test]
async fn names_are_percent_encoded_when_asked() {
    let server = filled(&["a b/ü+&.jpg"]).await;
    let query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", "a b/"), ("delimiter", "|")];
    let answer = list(&server, &query).await;
    assert_eq!(answer.element("Key"), "a%20b/%C3%BC%2B%26.jpg");
    assert_eq!(answer.element("Prefix"), "a%20b/");
    assert_eq!(answer.element("Delimiter"), "%7C");
    assert_eq!(answer.element("EncodingType"), "url");
    let query = [("list-type", "2"), ("encoding-type", "url"), ("delimiter", "/")];
    assert_eq!(list(&server, &query).await.elements("Prefix").last(), Some(&"a%20b/"));
}
