//! Multipart uploads.

use crate::post::assert_no_debris;
use crate::support::{Answer, Server};

const FIVE_MIB: usize = 5 << 20;

async fn create(server: &Server, key: &str, headers: &[(&str, &str)]) -> String {
    let answer = server.send("POST", Some(key), &[("uploads", "")], headers, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.element("UploadId").to_owned()
}

async fn part(server: &Server, key: &str, id: &str, number: u32, body: Vec<u8>) -> Answer {
    let number = number.to_string();
    server.send("PUT", Some(key), &[("partNumber", &number), ("uploadId", id)], &[], body).await
}

fn completion(parts: &[(u32, &str)]) -> String {
    let parts: String = parts
        .iter()
        .map(|(number, etag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"))
        .collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

async fn complete(
    server: &Server,
    key: &str,
    id: &str,
    headers: &[(&str, &str)],
    parts: &[(u32, &str)],
) -> Answer {
    server.send("POST", Some(key), &[("uploadId", id)], headers, completion(parts)).await
}

fn uploads_left(server: &Server) -> usize {
    std::fs::read_dir(server.folder.path().join("multipart")).unwrap().count()
}

#[tokio::test]
async fn parts_become_one_object_with_the_etag_of_s3() {
    let server = Server::start().await;
    let headers = [("content-type", "video/mp4"), ("x-amz-meta-a", "b")];
    let id = create(&server, "k", &headers).await;
    let (one, two) = (vec![b'1'; FIVE_MIB], b"the end".to_vec());
    let second = part(&server, "k", &id, 7, two.clone()).await.header("etag").to_owned();
    part(&server, "k", &id, 2, b"replaced".to_vec()).await;
    let first = part(&server, "k", &id, 2, one.clone()).await.header("etag").to_owned();

    let listed = server.send("GET", Some("k"), &[("uploadId", &id)], &[], "").await;
    assert_eq!(listed.elements("PartNumber"), ["2", "7"], "{}", listed.text());
    assert_eq!(listed.elements("Size"), ["5242880", "7"]);
    let page = server.send("GET", Some("k"), &[("uploadId", &id), ("max-parts", "1")], &[], "").await;
    assert_eq!((page.element("IsTruncated"), page.element("NextPartNumberMarker")), ("true", "2"));
    let uploads = server.send("GET", None, &[("uploads", "")], &[], "").await;
    assert_eq!((uploads.element("Key"), uploads.element("UploadId")), ("k", id.as_str()));
    assert!(server.keys().await.is_empty(), "nothing is visible before completion");

    let server = server.restart_after(|_| {}).await;
    let answer = complete(&server, "k", &id, &[], &[(2, &first), (7, &second)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let etag = answer.element("ETag").replace("&quot;", "\"");
    assert_eq!(etag, etag_of(&[&one, &two]));
    let got = server.get("k").await;
    assert_eq!(got.body, [one, two].concat());
    assert_eq!(
        (got.header("etag"), got.header("content-type"), got.header("x-amz-meta-a")),
        (etag.as_str(), "video/mp4", "b")
    );
    assert_eq!(server.keys().await, ["k"]);
    assert_eq!(uploads_left(&server), 0);

    let again = complete(&server, "k", &id, &[], &[(2, &first), (7, &second)]).await;
    assert_eq!(again.element("ETag"), answer.element("ETag"), "an answer that was lost is given again");
    crate::recovery::forget_row(server.folder.path(), "k");
    assert_eq!(complete(&server, "k", &id, &[], &[(2, &first), (7, &second)]).await.status, 200);
    assert_eq!(server.keys().await, ["k"], "and with its row");
    assert_no_debris(&server);
}

fn etag_of(parts: &[&[u8]]) -> String {
    use s3s::crypto::{Checksum, Md5};
    let md5s: Vec<u8> = parts.iter().flat_map(|part| Md5::checksum(part)).collect();
    format!("\"{}-{}\"", crate::support::hex(&Md5::checksum(&md5s)), parts.len())
}

#[tokio::test]
async fn lists_of_parts_that_are_wrong_are_refused() {
    let server = Server::start().await;
    let id = create(&server, "k", &[]).await;
    let one = part(&server, "k", &id, 1, b"small".to_vec()).await.header("etag").to_owned();
    let two = part(&server, "k", &id, 2, b"end".to_vec()).await.header("etag").to_owned();
    let try_parts =
        async |parts: &[(u32, &str)]| complete(&server, "k", &id, &[], parts).await.error().1.to_owned();
    assert_eq!(try_parts(&[(1, &one), (2, &two)]).await, "EntityTooSmall");
    assert_eq!(try_parts(&[(2, &two), (1, &one)]).await, "InvalidPartOrder");
    assert_eq!(try_parts(&[(1, &one), (1, &one)]).await, "InvalidPartOrder");
    assert_eq!(try_parts(&[(1, &two)]).await, "InvalidPart");
    assert_eq!(try_parts(&[(3, &one)]).await, "InvalidPart");
    assert_eq!(try_parts(&[]).await, "MalformedXML");
    assert_eq!(
        complete(&server, "k", &id, &[("x-amz-mp-object-size", "4")], &[(1, &one)]).await.error().1,
        "InvalidRequest"
    );
    assert!(server.keys().await.is_empty());
    assert_eq!(complete(&server, "k", &id, &[("x-amz-mp-object-size", "5")], &[(1, &one)]).await.status, 200);
    assert_eq!(server.get("k").await.text(), "small");
}

#[tokio::test]
async fn uploads_that_do_not_exist_are_refused() {
    let server = Server::start().await;
    let id = create(&server, "k", &[]).await;
    for (key, id) in
        [("other", id.as_str()), ("k", "nonsense"), ("k", "../../buckets"), ("k", &"0".repeat(32))]
    {
        assert_eq!(part(&server, key, id, 1, vec![1]).await.error(), (404, "NoSuchUpload"), "{key} {id}");
        assert_eq!(complete(&server, key, id, &[], &[(1, "x")]).await.error(), (404, "NoSuchUpload"));
        let abort = server.send("DELETE", Some(key), &[("uploadId", id)], &[], "").await;
        assert_eq!(abort.error(), (404, "NoSuchUpload"));
    }
    for number in [0, 10_001] {
        assert_eq!(part(&server, "k", &id, number, vec![1]).await.error(), (400, "InvalidArgument"));
    }
    assert_eq!(server.send("DELETE", Some("k"), &[("uploadId", &id)], &[], "").await.status, 204);
    assert_eq!(part(&server, "k", &id, 1, vec![1]).await.error(), (404, "NoSuchUpload"));
    assert_eq!(uploads_left(&server), 0);
    assert_no_debris(&server);
}

#[tokio::test]
async fn completion_keeps_conditions_and_write_once() {
    let server = Server::start().await;
    let upload = async |key: &str, body: &str, headers: &[(&str, &str)]| {
        let id = create(&server, key, &[]).await;
        let etag = part(&server, key, &id, 1, body.as_bytes().to_vec()).await.header("etag").to_owned();
        complete(&server, key, &id, headers, &[(1, &etag)]).await
    };
    server.put("k", "there").await;
    assert_eq!(upload("k", "new", &[("if-none-match", "*")]).await.error(), (412, "PreconditionFailed"));
    assert_eq!(server.get("k").await.text(), "there");
    assert_eq!(upload("k", "new", &[]).await.status, 200);

    let key = "jobs/1/photos/a.jpg";
    let etag = server.put(key, "photo").await.header("etag").to_owned();
    assert_eq!(upload(key, "other", &[]).await.error(), (412, "PreconditionFailed"));
    let same = upload(key, "photo", &[]).await;
    assert_eq!(same.element("ETag").replace("&quot;", "\""), etag, "the first entity tag stands");
    assert_eq!(server.get(key).await.text(), "photo");
}

#[tokio::test]
async fn checksums_of_parts_and_of_the_whole_are_kept() {
    let server = Server::start().await;
    for (kind, algorithm, suffix) in
        [("FULL_OBJECT", "CRC64NVME", ""), ("COMPOSITE", "CRC32", "-2"), ("FULL_OBJECT", "CRC32", "")]
    {
        let headers = [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", kind)];
        let id = create(&server, "k", &headers).await;
        let one = part(&server, "k", &id, 1, vec![b'a'; FIVE_MIB]).await;
        let name = format!("x-amz-checksum-{}", algorithm.to_lowercase());
        assert!(!one.header(&name).is_empty(), "{:?}", one.headers);
        let two = part(&server, "k", &id, 2, b"b".to_vec()).await;
        let parts = [(1, one.header("etag")), (2, two.header("etag"))];
        if suffix.is_empty() {
            let wrong = if algorithm == "CRC32" { "AAAAAA==" } else { "AAAAAAAAAAA=" };
            assert_eq!(
                complete(&server, "k", &id, &[(&name, wrong)], &parts).await.error(),
                (400, "BadDigest")
            );
        }
        let answer = complete(&server, "k", &id, &[], &parts).await;
        assert_eq!(answer.element("ChecksumType"), kind, "{}", answer.text());
        let value = answer.element(&format!("Checksum{algorithm}")).to_owned();
        assert!(value.ends_with(&format!("={suffix}")), "{value}");
        let got = server.send("HEAD", Some("k"), &[], &[("x-amz-checksum-mode", "ENABLED")], "").await;
        assert_eq!((got.header(&name), got.header("x-amz-checksum-type")), (value.as_str(), kind));
        if suffix.is_empty() {
            let whole = [vec![b'a'; FIVE_MIB], b"b".to_vec()].concat();
            assert_eq!(server.send("PUT", Some("k2"), &[], &[(&name, &value)], whole).await.status, 200);
        }
    }
}

#[tokio::test]
async fn parts_are_copied_from_objects() {
    let server = Server::start().await;
    server.put("src", "0123456789").await;
    let id = create(&server, "k", &[]).await;
    let copy = async |range: &str| {
        let headers = [("x-amz-copy-source", "/qdn-uploads/src"), ("x-amz-copy-source-range", range)];
        server.send("PUT", Some("k"), &[("partNumber", "1"), ("uploadId", &id)], &headers, "").await
    };
    for range in ["bytes=5-10", "bytes=5-", "5-6", "bytes=-3"] {
        assert_eq!(copy(range).await.status, 400, "{range}");
    }
    let etag = copy("bytes=2-5").await.element("ETag").replace("&quot;", "\"");
    assert_eq!(complete(&server, "k", &id, &[], &[(1, &etag)]).await.status, 200);
    assert_eq!(server.get("k").await.text(), "2345");
}

#[tokio::test]
async fn abandoned_uploads_are_removed_at_a_start_once_they_are_old() {
    let server =
        Server::start_with(|config| config.multipart_age_max = std::time::Duration::from_millis(50)).await;
    let id = create(&server, "k", &[]).await;
    part(&server, "k", &id, 1, vec![1; 1000]).await;
    assert_eq!(uploads_left(&server), 1);
    std::thread::sleep(std::time::Duration::from_millis(100));
    let server = server.restart_after(|_| {}).await;
    assert_eq!(uploads_left(&server), 0);
}
