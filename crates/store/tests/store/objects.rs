//! Reading and writing objects.

use crate::post::assert_no_debris;
use crate::support::{BUCKET, Server, now, signer};

const TEN: &str = "0123456789";

#[tokio::test]
async fn ranges_of_every_form_are_served() {
    let server = Server::start().await;
    server.put("k", TEN).await;
    for (range, status, body, content_range) in [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=4-", 206, "456789", "bytes 4-9/10"),
        ("bytes=-3", 206, "789", "bytes 7-9/10"),
        ("bytes=-99", 206, TEN, "bytes 0-9/10"),
        ("bytes=9-99", 206, "9", "bytes 9-9/10"),
        ("bytes=0-1,4-5", 200, TEN, ""),
        ("bytes=5-2", 200, TEN, ""),
        ("lines=1-2", 200, TEN, ""),
    ] {
        let url = signer().presign_get(&server.endpoint(), BUCKET, "k", &[], now(), 60);
        let answer = server.send_url("GET", &url, &[("range", range)], "").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, body), "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        assert_eq!(answer.header("content-length"), body.len().to_string(), "{range}");
    }
    for range in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
        let url = signer().presign_get(&server.endpoint(), BUCKET, "k", &[], now(), 60);
        let answer = server.send_url("GET", &url, &[("range", range)], "").await;
        assert_eq!(answer.error(), (416, "InvalidRange"), "{range}");
        assert_eq!(answer.header("content-range"), "bytes */10");
    }
}

#[tokio::test]
async fn a_range_with_if_range_is_served_only_while_the_object_is_the_same() {
    let server = Server::start().await;
    let etag = server.put("k", TEN).await.header("etag").to_owned();
    let modified = server.get("k").await.header("last-modified").to_owned();
    let url = signer().presign_get(&server.endpoint(), BUCKET, "k", &[], now(), 60);
    for (if_range, status) in
        [(etag.as_str(), 206), (&modified, 206), ("\"another\"", 200), ("Mon, 01 Jan 2001 00:00:00 GMT", 200)]
    {
        let headers = [("range", "bytes=0-3"), ("if-range", if_range)];
        assert_eq!(server.send_url("GET", &url, &headers, "").await.status, status, "{if_range}");
    }
}

#[tokio::test]
async fn conditional_reads_answer_304_and_412_as_the_rfc_says() {
    let server = Server::start().await;
    let etag = server.put("k", TEN).await.header("etag").to_owned();
    let modified = server.get("k").await.header("last-modified").to_owned();
    let (past, future) = ("Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    let url = signer().presign_get(&server.endpoint(), BUCKET, "k", &[], now(), 60);
    let head_url =
        signer().presign_request(&server.endpoint(), "HEAD", BUCKET, Some("k"), &[], &[], now(), 60);
    let cases: [(&[(&str, &str)], u16); 13] = [
        (&[("if-match", &etag)], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"x\"")], 412),
        (&[("if-none-match", &etag)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "\"x\"")], 200),
        (&[("if-modified-since", &modified)], 304),
        (&[("if-modified-since", past)], 200),
        (&[("if-unmodified-since", &modified)], 200),
        (&[("if-unmodified-since", past)], 412),
        (&[("if-match", &etag), ("if-unmodified-since", past)], 200),
        (&[("if-none-match", "\"x\""), ("if-modified-since", future)], 200),
        (&[("if-none-match", &etag), ("if-modified-since", past)], 304),
    ];
    for (headers, status) in cases {
        let answer = server.send_url("GET", &url, headers, "").await;
        assert_eq!(answer.status, status, "{headers:?}");
        let head = server.send_url("HEAD", &head_url, headers, "").await;
        assert_eq!(head.status, status, "HEAD {headers:?}");
        if status == 304 {
            assert_eq!(
                (answer.header("etag"), answer.header("last-modified")),
                (etag.as_str(), modified.as_str())
            );
            assert!(answer.body.is_empty());
        }
    }
}

#[tokio::test]
async fn headers_and_user_metadata_are_kept_and_given_back() {
    let server = Server::start().await;
    let headers = [
        ("content-type", "image/jpeg"),
        ("cache-control", "private, max-age=60"),
        ("content-disposition", "attachment; filename=\"a.jpg\""),
        ("content-encoding", "gzip"),
        ("content-language", "en"),
        ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
        ("x-amz-meta-phase", "before"),
        ("x-amz-meta-note", "two words"),
    ];
    let put = server.send("PUT", Some("k"), &[], &headers, TEN).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let server = server.restart_after(|_| {}).await;
    for method in ["GET", "HEAD"] {
        let answer = server.send(method, Some("k"), &[], &[], "").await;
        for (name, value) in headers {
            assert_eq!(answer.header(name), value, "{method} {name}");
        }
        assert_eq!(answer.header("content-length"), "10");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(answer.header("x-amz-request-id").len(), 16);
    }
}

#[tokio::test]
async fn a_signed_url_may_override_response_headers_and_an_unsigned_change_of_it_is_refused() {
    let server = Server::start().await;
    server.put("k", TEN).await;
    let overrides = [
        ("response-content-type", "text/plain"),
        ("response-content-disposition", "attachment; filename=\"x y.jpg\""),
        ("response-cache-control", "no-store"),
        ("response-content-language", "de"),
        ("response-content-encoding", "br"),
        ("response-expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ];
    for method in ["GET", "HEAD"] {
        let answer = server.send(method, Some("k"), &overrides, &[], "").await;
        for (name, value) in overrides {
            assert_eq!(answer.header(name.strip_prefix("response-").unwrap()), value, "{method}");
        }
    }
    let url = signer().presign_get(&server.endpoint(), BUCKET, "k", &[], now(), 60);
    let answer = server.send_url("GET", &format!("{url}&response-content-type=text/html"), &[], "").await;
    assert_eq!(answer.error(), (403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn any_key_up_to_1024_bytes_is_kept_apart_from_every_other() {
    let server = Server::start().await;
    let long = "l".repeat(1024);
    let keys = [
        "a",
        "a/b",
        "A",
        "a/",
        "../../../etc/passwd",
        "jobs/../../photos2/x",
        "a b+c&d=e?f#g%20",
        "ü/日本/\u{1F4F7}.jpg",
        ".",
        "..",
        "//",
        "a//b",
        "[x](y)~!*'();:@,$",
        "\\windows\\path",
        long.as_str(),
    ];
    for key in keys {
        let put = server.put(key, format!("body of {key}")).await;
        assert_eq!(put.status, 200, "{key}: {}", put.text());
    }
    for key in keys {
        assert_eq!(server.get(key).await.text(), format!("body of {key}"));
    }
    let answer = server.send("GET", None, &[("list-type", "2")], &[], "").await;
    let mut sorted: Vec<_> =
        keys.iter().map(|key| key.replace('&', "&amp;").replace('\'', "&apos;")).collect();
    sorted.sort();
    assert_eq!(answer.elements("Key"), sorted);
    assert_eq!(server.put(&"l".repeat(1025), "").await.error(), (400, "KeyTooLongError"));
    for key in ["a\0b", "a\nb", "\u{7f}", "a\u{FFFF}"] {
        assert_eq!(server.put(key, "").await.error(), (400, "InvalidArgument"), "{key:?}");
    }
    let url = format!("http://{}/{BUCKET}/%ff%fe?X-Amz-Signature=x", server.address);
    assert_eq!(server.send_url("GET", &url, &[], "").await.status, 400);
}

#[tokio::test]
async fn declared_digests_are_verified_and_a_wrong_one_stores_nothing() {
    let server = Server::start().await;
    let cases = [
        ("content-md5", "4B5eJF1ptWaXm4bijSPyxw=="),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-crc32c", "AAAAAA=="),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
        ("x-amz-checksum-sha1", "AAATt1d5dwNkRlEwXyPNb/J1nFg="),
        ("x-amz-checksum-sha256", "AAAYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII="),
    ];
    for (header, wrong) in cases {
        let answer = server.send("PUT", Some("k"), &[], &[(header, wrong)], TEN).await;
        assert_eq!(answer.error(), (400, "BadDigest"), "{header}: {}", answer.text());
    }
    for header in ["content-md5", "x-amz-checksum-crc32", "x-amz-checksum-sha256"] {
        let answer = server.send("PUT", Some("k"), &[], &[(header, "nonsense")], TEN).await;
        assert_eq!(answer.status, 400, "{header}");
    }
    assert!(server.keys().await.is_empty());
    assert_no_debris(&server);

    // What the store computed itself is right, and comes back only when asked for.
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] {
        let header = format!("x-amz-checksum-{}", algorithm.to_lowercase());
        let put =
            server.send("PUT", Some("k"), &[], &[("x-amz-sdk-checksum-algorithm", algorithm)], TEN).await;
        let computed = put.header(&header).to_owned();
        assert!(computed.ends_with('='), "{algorithm}: {:?}", put.headers);
        assert_eq!(server.send("PUT", Some("k2"), &[], &[(&header, &computed)], TEN).await.status, 200);
        assert_eq!(server.get("k").await.header(&header), "");
        let got = server.send("GET", Some("k"), &[], &[("x-amz-checksum-mode", "ENABLED")], "").await;
        assert_eq!(got.header(&header), computed);
    }
}

#[tokio::test]
async fn the_hash_of_a_signed_payload_is_verified() {
    let server = Server::start().await;
    let right = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
    let wrong = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7883";
    let url = signer().presign_request(&server.endpoint(), "PUT", BUCKET, Some("k"), &[], &[], now(), 60);
    let by_url = server.send_url("PUT", &url, &[("x-amz-content-sha256", wrong)], TEN).await;
    let by_header = server.send_signed_headers("PUT", "k", &[("x-amz-content-sha256", wrong)], TEN).await;
    for answer in [by_url, by_header] {
        assert_eq!(answer.error(), (400, "XAmzContentSHA256Mismatch"), "{}", answer.text());
    }
    assert!(server.keys().await.is_empty());
    assert_no_debris(&server);
    let by_url = server.send_url("PUT", &url, &[("x-amz-content-sha256", right)], TEN).await;
    let by_header = server.send_signed_headers("PUT", "k", &[("x-amz-content-sha256", right)], TEN).await;
    assert_eq!((by_url.status.as_u16(), by_header.status.as_u16()), (200, 200));
}

#[tokio::test]
async fn conditional_writes_are_kept() {
    let server = Server::start().await;
    let none = [("if-none-match", "*")];
    let first = server.send("PUT", Some("k"), &[], &none, "one").await;
    assert_eq!(first.status, 200);
    assert_eq!(server.send("PUT", Some("k"), &[], &none, "two").await.error(), (412, "PreconditionFailed"));
    let etag = first.header("etag").to_owned();
    let wrong = [("if-match", "\"x\"")];
    assert_eq!(server.send("PUT", Some("k"), &[], &wrong, "two").await.error(), (412, "PreconditionFailed"));
    assert_eq!(server.get("k").await.text(), "one");
    assert_eq!(server.send("PUT", Some("k"), &[], &[("if-match", &etag)], "two").await.status, 200);
    assert_eq!(server.get("k").await.text(), "two");
    assert_eq!(
        server.send("PUT", Some("new"), &[], &[("if-match", &etag)], "x").await.error(),
        (404, "NoSuchKey")
    );
    assert_eq!(server.keys().await, ["k"]);
    assert_no_debris(&server);
}

#[tokio::test]
async fn an_object_is_copied_with_its_metadata_or_with_new() {
    let server = Server::start().await;
    let headers = [("content-type", "image/png"), ("x-amz-meta-a", "1")];
    server.send("PUT", Some("src ü"), &[], &headers, TEN).await;
    let source = format!("/{BUCKET}/src%20%C3%BC");
    let copy = server.send("PUT", Some("kept"), &[], &[("x-amz-copy-source", &source)], "").await;
    assert_eq!(copy.status, 200, "{}", copy.text());
    assert_eq!(copy.element("ETag").replace("&quot;", "\""), "\"781e5e245d69b566979b86e28d23f2c7\"");
    let kept = server.get("kept").await;
    assert_eq!(
        (kept.text(), kept.header("content-type"), kept.header("x-amz-meta-a")),
        (TEN, "image/png", "1")
    );

    let replace = [
        ("x-amz-copy-source", source.as_str()),
        ("x-amz-metadata-directive", "REPLACE"),
        ("content-type", "image/webp"),
        ("x-amz-meta-b", "2"),
    ];
    assert_eq!(server.send("PUT", Some("new"), &[], &replace, "").await.status, 200);
    let new = server.get("new").await;
    assert_eq!(
        (new.header("content-type"), new.header("x-amz-meta-a"), new.header("x-amz-meta-b")),
        ("image/webp", "", "2")
    );

    let to_itself = server.send("PUT", Some("src ü"), &[], &[("x-amz-copy-source", &source)], "").await;
    assert_eq!(to_itself.error(), (400, "InvalidRequest"));
    assert_eq!(server.send("PUT", Some("src ü"), &[], &replace, "").await.status, 200);
    assert_eq!(server.get("src ü").await.header("content-type"), "image/webp");
    let missing = [("x-amz-copy-source", "/qdn-uploads/nothing")];
    assert_eq!(server.send("PUT", Some("x"), &[], &missing, "").await.error(), (404, "NoSuchKey"));
    let condition = [("x-amz-copy-source", source.as_str()), ("x-amz-copy-source-if-match", "\"x\"")];
    assert_eq!(server.send("PUT", Some("x"), &[], &condition, "").await.error(), (412, "PreconditionFailed"));
    let condition = [("x-amz-copy-source", source.as_str()), ("x-amz-copy-source-if-none-match", "*")];
    assert_eq!(server.send("PUT", Some("x"), &[], &condition, "").await.error(), (412, "PreconditionFailed"));
}

#[tokio::test]
async fn many_objects_are_deleted_by_one_request() {
    let server = Server::start().await;
    for key in ["a", "b", "c&d", "e"] {
        server.put(key, "x").await;
    }
    let xml = "<Delete><Object><Key>a</Key></Object><Object><Key>c&amp;d</Key></Object><Object><Key>none</Key></Object>\
               <Object><Key>e</Key><ETag>\"x\"</ETag></Object></Delete>";
    let answer = server.send("POST", None, &[("delete", "")], &[], xml).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.elements("Deleted").len(), 3, "{}", answer.text());
    assert_eq!(answer.elements("Error").len(), 1);
    assert_eq!(server.keys().await, ["b", "e"]);
    let too_many: String = (0..1001).map(|n| format!("<Object><Key>{n}</Key></Object>")).collect();
    let answer =
        server.send("POST", None, &[("delete", "")], &[], format!("<Delete>{too_many}</Delete>")).await;
    assert_eq!(answer.error(), (400, "MalformedXML"));
    assert_eq!(server.send("POST", None, &[("delete", "")], &[], "nonsense").await.status, 400);
}

#[tokio::test]
async fn buckets_are_made_listed_and_deleted_only_when_empty() {
    let server = Server::start().await;
    let send = |method: &'static str, bucket: &'static str, query: &'static [(&str, &str)]| {
        let url = signer().presign_request(&server.endpoint(), method, bucket, None, query, &[], now(), 60);
        let server = &server;
        async move { server.send_url(method, &url, &[], "").await }
    };
    assert_eq!(send("PUT", "second-bucket", &[]).await.status, 200);
    assert_eq!(send("PUT", "second-bucket", &[]).await.error(), (409, "BucketAlreadyOwnedByYou"));
    assert_eq!(send("PUT", "Bad_Name", &[]).await.error(), (400, "InvalidBucketName"));
    assert_eq!(send("HEAD", "second-bucket", &[]).await.status, 200);
    assert_eq!(send("HEAD", "third-bucket", &[]).await.status, 404);
    assert_eq!(send("GET", BUCKET, &[("location", "")]).await.status, 200);
    assert_eq!(send("GET", "third-bucket", &[("location", "")]).await.error(), (404, "NoSuchBucket"));
    server.put("k", "x").await;
    assert_eq!(send("DELETE", BUCKET, &[]).await.error(), (409, "BucketNotEmpty"));
    assert_eq!(send("DELETE", "second-bucket", &[]).await.status, 204);
    assert_eq!(send("DELETE", "second-bucket", &[]).await.error(), (404, "NoSuchBucket"));
    let server = server.restart_after(|_| {}).await;
    assert_eq!(server.get("k").await.text(), "x");
    server.send("DELETE", Some("k"), &[], &[], "").await;
    let url = signer().presign_request(&server.endpoint(), "DELETE", BUCKET, None, &[], &[], now(), 60);
    assert_eq!(server.send_url("DELETE", &url, &[], "").await.status, 204);
    assert_eq!(server.put("k", "x").await.error(), (404, "NoSuchBucket"));
    assert_no_debris(&server);
}

#[tokio::test]
async fn a_bucket_may_be_named_by_the_host() {
    let server =
        Server::start_with(|config| config.virtual_host_domains = vec!["s3.test:9000".to_owned()]).await;
    let endpoint =
        qdn_sign::Endpoint::new("http://s3.test:9000", qdn_sign::AddressStyle::VirtualHost).unwrap();
    let host = ("host", "qdn-uploads.s3.test:9000");
    let path = |url: &str| url.replace("qdn-uploads.s3.test:9000", &server.address.to_string());
    let put = signer().presign_request(&endpoint, "PUT", BUCKET, Some("k/ü"), &[], &[], now(), 60);
    assert_eq!(server.send_url("PUT", &path(&put), &[host], TEN).await.status, 200);
    let get = signer().presign_get(&endpoint, BUCKET, "k/ü", &[], now(), 60);
    assert_eq!(server.send_url("GET", &path(&get), &[host], "").await.text(), TEN);
    assert_eq!(server.get("k/ü").await.text(), TEN, "path style works beside it");
    let form = signer().presign_post(&endpoint, BUCKET, "f", qdn_sign::PostConditions::new(), now(), 60);
    let content_type = format!("multipart/form-data; boundary={}", crate::post::BOUNDARY);
    let body = crate::post::form_body(&form.fields, b"file");
    let posted =
        server.send_url("POST", &path(&form.url), &[host, ("content-type", &content_type)], body).await;
    assert_eq!(posted.status, 204, "{}", posted.text());
    assert_eq!(server.keys().await, ["f", "k/ü"]);
}
