//! Bodies sent as `aws-chunked`, as today's AWS CLI and SDKs send them by default.

use crate::post::assert_no_debris;
use crate::support::{Answer, HeaderSigner, Server, now};

const CRC32_OF_BODY: &str = "poTHxg==";

async fn send(
    server: &Server,
    kind: &str,
    trailer: Option<&str>,
    length: usize,
    body: impl FnOnce(&mut HeaderSigner) -> Vec<u8>,
) -> Answer {
    let host = server.address.to_string();
    let length = length.to_string();
    let mut headers = vec![
        ("content-encoding", "aws-chunked"),
        ("x-amz-content-sha256", kind),
        ("x-amz-decoded-content-length", length.as_str()),
    ];
    headers.extend(trailer.map(|name| ("x-amz-trailer", name)));
    let mut signer = HeaderSigner::new(now());
    let headers = signer.sign("PUT", &host, "/qdn-uploads/k", &headers);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = body(&mut signer);
    server.send_url("PUT", &format!("http://{host}/qdn-uploads/k"), &headers, body).await
}

const UNSIGNED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

fn unsigned_body(trailer: &str) -> Vec<u8> {
    format!("4\r\n0123\r\n6\r\n456789\r\n0\r\n{trailer}").into_bytes()
}

async fn assert_refused(server: &Server, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.error(), (status, code), "{}", answer.text());
    assert!(server.keys().await.is_empty());
    assert_no_debris(server);
}

#[tokio::test]
async fn an_unsigned_body_with_the_right_trailing_checksum_is_stored() {
    let server = Server::start().await;
    for (name, value) in [
        ("x-amz-checksum-crc32", CRC32_OF_BODY),
        ("x-amz-checksum-sha256", "hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII="),
    ] {
        let trailer = format!("{name}:{value}\r\n\r\n");
        let answer = send(&server, UNSIGNED, Some(name), 10, |_| unsigned_body(&trailer)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let got = server.send("GET", Some("k"), &[], &[("x-amz-checksum-mode", "ENABLED")], "").await;
        assert_eq!((got.text(), got.header(name)), ("0123456789", value));
        assert_eq!(got.header("content-encoding"), "", "aws-chunked is not the object's encoding");
    }
}

#[tokio::test]
async fn a_wrong_missing_or_malformed_trailing_checksum_stores_nothing() {
    let server = Server::start().await;
    for (name, wrong) in [
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-crc32c", "AAAAAA=="),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
        ("x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("x-amz-checksum-sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ] {
        let trailer = format!("{name}:{wrong}\r\n\r\n");
        let answer = send(&server, UNSIGNED, Some(name), 10, |_| unsigned_body(&trailer)).await;
        assert_refused(&server, &answer, 400, "BadDigest").await;
    }
    let name = Some("x-amz-checksum-crc32");
    let answer = send(&server, UNSIGNED, name, 10, |_| unsigned_body("\r\n")).await;
    assert_refused(&server, &answer, 400, "MalformedTrailerError").await;
    let answer =
        send(&server, UNSIGNED, name, 10, |_| unsigned_body("x-amz-checksum-crc32:xyz\r\n\r\n")).await;
    assert_refused(&server, &answer, 400, "InvalidRequest").await;
    let answer = send(&server, UNSIGNED, Some("x-amz-checksum-md4"), 10, |_| unsigned_body("\r\n")).await;
    assert_refused(&server, &answer, 400, "InvalidRequest").await;
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_announced_stores_nothing() {
    let server = Server::start().await;
    let trailer = format!("x-amz-checksum-crc32:{CRC32_OF_BODY}\r\n\r\n");
    for length in [9, 11, 0] {
        let answer =
            send(&server, UNSIGNED, Some("x-amz-checksum-crc32"), length, |_| unsigned_body(&trailer)).await;
        assert_refused(&server, &answer, 400, "IncompleteBody").await;
    }
    for cut in ["4\r\n0123\r\n", "4\r\n01", "4\r\n0123\r\n6\r\n456789\r\n", "4\r\n0123\r\nzz\r\n"] {
        let answer =
            send(&server, UNSIGNED, Some("x-amz-checksum-crc32"), 10, |_| cut.as_bytes().to_vec()).await;
        assert_eq!(answer.status, 400, "{cut:?}: {}", answer.text());
        assert!(server.keys().await.is_empty());
    }
    assert_no_debris(&server);
}

#[tokio::test]
async fn signed_chunks_are_verified_one_by_one() {
    let server = Server::start().await;
    let chunks = |signer: &mut HeaderSigner| {
        [signer.chunk(b"0123"), signer.chunk(b"456789"), signer.chunk(b"")].concat()
    };
    let answer = send(&server, SIGNED, None, 10, |signer| {
        let mut body = chunks(signer);
        body[85] ^= 1;
        body
    })
    .await;
    assert_refused(&server, &answer, 403, "SignatureDoesNotMatch").await;
    let answer = send(&server, SIGNED, None, 10, |signer| {
        let first = signer.chunk(b"0123");
        [signer.chunk(b"456789"), first, signer.chunk(b"")].concat()
    })
    .await;
    assert_refused(&server, &answer, 403, "SignatureDoesNotMatch").await;
    let answer = send(&server, SIGNED, None, 10, |_| unsigned_body("\r\n")).await;
    assert_eq!(answer.status, 400, "chunks without signatures");
    let answer = send(&server, SIGNED, None, 10, |signer| [chunks(signer), b"\r\n".to_vec()].concat()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.get("k").await.text(), "0123456789");
}

#[tokio::test]
async fn a_signed_trailer_is_verified() {
    let server = Server::start().await;
    let name = "x-amz-checksum-crc32";
    let body = |signer: &mut HeaderSigner, tamper: bool| {
        let mut body = [signer.chunk(b"0123456789"), signer.chunk(b"")].concat();
        let mut trailer = signer.trailer(name, CRC32_OF_BODY);
        if tamper {
            let last = trailer.len() - 5;
            trailer[last] = if trailer[last] == b'0' { b'1' } else { b'0' };
        }
        body.append(&mut trailer);
        body
    };
    let answer = send(&server, SIGNED_TRAILER, Some(name), 10, |signer| body(signer, true)).await;
    assert_refused(&server, &answer, 403, "SignatureDoesNotMatch").await;
    let answer = send(&server, SIGNED_TRAILER, Some(name), 10, |signer| body(signer, false)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn a_large_unsigned_chunk_is_accepted_and_a_large_signed_one_refused() {
    let server = Server::start().await;
    let data = vec![b'x'; 9 << 20];
    let answer =
        send(&server, SIGNED, None, data.len(), |signer| [signer.chunk(&data), signer.chunk(b"")].concat())
            .await;
    assert_refused(&server, &answer, 400, "InvalidRequest").await;
    let answer = send(&server, UNSIGNED, None, data.len(), |_| {
        let mut body = format!("{:x}\r\n", data.len()).into_bytes();
        body.extend_from_slice(&data);
        body.extend_from_slice(b"\r\n0\r\n\r\n");
        body
    })
    .await;
    assert_eq!(answer.error(), (400, "InvalidRequest"), "a trailer must be announced");
    let answer = send(&server, UNSIGNED, Some("x-amz-checksum-crc32"), data.len(), |_| {
        let mut body = format!("{:x}\r\n", data.len()).into_bytes();
        body.extend_from_slice(&data);
        body.extend_from_slice(b"\r\n0\r\nx-amz-checksum-crc32:x5e6Lg==\r\n\r\n");
        body
    })
    .await;
    assert_eq!(answer.error(), (400, "BadDigest"), "all of it was read: {}", answer.text());
}
