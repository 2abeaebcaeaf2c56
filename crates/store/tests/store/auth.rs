//! Who gets in, and what the others learn.

use qdn_sign::{Credentials, Signer};

use crate::support::{ACCESS_KEY, BUCKET, HeaderSigner, REGION, SECRET_KEY, Server, now, signer};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[tokio::test]
async fn whoever_signs_nothing_gets_the_same_403_whatever_exists() {
    let server = Server::start().await;
    server.put("k", "x").await;
    let paths = [
        ("GET", "/"),
        ("GET", "/qdn-uploads"),
        ("GET", "/qdn-uploads/?list-type=2"),
        ("GET", "/qdn-uploads/k"),
        ("HEAD", "/qdn-uploads/k"),
        ("GET", "/qdn-uploads/none"),
        ("PUT", "/qdn-uploads/k"),
        ("PUT", "/new-bucket"),
        ("DELETE", "/qdn-uploads/k"),
        ("POST", "/qdn-uploads?delete"),
        ("POST", "/qdn-uploads/k?uploads"),
        ("GET", "/no-such-bucket/k"),
        ("GET", "/Not_A_Bucket/k"),
        ("OPTIONS", "/qdn-uploads/k"),
        ("PATCH", "/qdn-uploads/k"),
    ];
    let mut bodies = std::collections::BTreeSet::new();
    for (method, path) in paths {
        let answer = server.send_url(method, &format!("http://{}{path}", server.address), &[], "x").await;
        assert_eq!(answer.status, 403, "{method} {path}");
        if method != "HEAD" {
            let id = answer.header("x-amz-request-id").to_owned();
            bodies.insert(answer.text().replace(&id, ""));
        }
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(server.get("k").await.text(), "x");
}

#[tokio::test]
async fn a_presigned_url_ends_when_it_says() {
    let server = Server::start().await;
    server.put("k", "x").await;
    let url = |signed: i64, expires| {
        signer().presign_get(&server.endpoint(), BUCKET, "k", &[], now().plus_seconds(signed), expires)
    };
    let get = async |url: String| server.send_url("GET", &url, &[], "").await;
    assert_eq!(get(url(-100, 200)).await.status, 200);
    assert_eq!(get(url(-100, 98)).await.error(), (403, "AccessDenied"));
    assert_eq!(get(url(-1_000_000, 604_800)).await.error(), (403, "AccessDenied"));
    assert_eq!(get(url(1200, 60)).await.error(), (403, "RequestTimeTooSkewed"));
    let longer = url(0, 60).replace("X-Amz-Expires=60", "X-Amz-Expires=604800");
    assert_eq!(get(longer).await.error(), (403, "SignatureDoesNotMatch"));
    for expires in ["604801", "0", "-1", "x", ""] {
        let odd = url(0, 60).replace("X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"));
        assert_eq!(get(odd).await.error(), (400, "AuthorizationQueryParametersError"), "{expires}");
    }
}

#[tokio::test]
async fn a_presigned_url_is_good_for_what_it_was_signed_for_and_nothing_else() {
    let server = Server::start().await;
    server.put("k", "x").await;
    server.put("other", "y").await;
    let url = signer().presign_get(&server.endpoint(), BUCKET, "k", &[], now(), 60);
    assert_eq!(server.send_url("PUT", &url, &[], "z").await.error(), (403, "SignatureDoesNotMatch"));
    assert_eq!(server.send_url("DELETE", &url, &[], "").await.error(), (403, "SignatureDoesNotMatch"));
    let other = url.replace("/k?", "/other?");
    assert_eq!(server.send_url("GET", &other, &[], "").await.error(), (403, "SignatureDoesNotMatch"));
    let host = server.send_url("GET", &url, &[("host", "elsewhere.example")], "").await;
    assert_eq!(host.error(), (403, "SignatureDoesNotMatch"));
    assert_eq!(server.get("k").await.text(), "x");
}

#[tokio::test]
async fn every_signed_header_must_come_as_it_was_signed() {
    let server = Server::start().await;
    let signed = signer().presign_put(
        &server.endpoint(),
        BUCKET,
        "k",
        &[("content-type", "image/jpeg"), ("if-none-match", "*"), ("content-length", "3")],
        now(),
        60,
    );
    let send = async |headers: &[(&str, &str)], body: &'static str| {
        server.send_url("PUT", &signed.url, headers, body).await.error().0
    };
    assert_eq!(send(&[("if-none-match", "*")], "abc").await, 403, "without its type");
    assert_eq!(send(&[("content-type", "image/png"), ("if-none-match", "*")], "abc").await, 403);
    assert_eq!(send(&[("content-type", "image/jpeg")], "abc").await, 403, "without its condition");
    assert_eq!(send(&[("content-type", "image/jpeg"), ("if-none-match", "*")], "abcd").await, 403, "longer");
    assert!(server.keys().await.is_empty());
    assert_eq!(send(&[("content-type", "image/jpeg"), ("if-none-match", "*")], "abc").await, 200);
}

#[tokio::test]
async fn nothing_may_be_added_to_a_signed_request() {
    let server = Server::start().await;
    server.put("secret", "s").await;
    let url = signer().presign_request(&server.endpoint(), "PUT", BUCKET, Some("mine"), &[], &[], now(), 60);
    for (name, value) in [
        ("x-amz-copy-source", "/qdn-uploads/secret"),
        ("x-amz-meta-a", "b"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-storage-class", "STANDARD"),
    ] {
        let answer = server.send_url("PUT", &url, &[(name, value)], "").await;
        assert_eq!(answer.error(), (403, "AccessDenied"), "{name}");
        assert!(answer.text().contains(name));
    }
    assert_eq!(server.keys().await, ["secret"]);
}

#[tokio::test]
async fn a_request_signed_in_its_headers_must_be_fresh_and_of_this_region_and_service() {
    let server = Server::start().await;
    server.put("k", "x").await;
    let host = server.address.to_string();
    let send = async |mut signer: HeaderSigner| {
        let headers = signer.sign("GET", &host, "/qdn-uploads/k", &[("x-amz-content-sha256", EMPTY)]);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        server.send_url("GET", &format!("http://{host}/qdn-uploads/k"), &headers, "").await
    };
    let new = |seconds| HeaderSigner::new(now().plus_seconds(seconds));
    assert_eq!(send(new(0)).await.text(), "x");
    assert_eq!(send(new(-890)).await.text(), "x");
    assert_eq!(send(new(-910)).await.error(), (403, "RequestTimeTooSkewed"));
    assert_eq!(send(new(910)).await.error(), (403, "RequestTimeTooSkewed"));
    let elsewhere = HeaderSigner { region: "eu-west-1", ..new(0) };
    assert_eq!(send(elsewhere).await.error(), (400, "AuthorizationHeaderMalformed"));
    let sts = HeaderSigner { service: "sts", ..new(0) };
    assert_eq!(send(sts).await.error(), (400, "AuthorizationHeaderMalformed"));
}

#[tokio::test]
async fn signatures_of_version_2_are_refused() {
    let server = Server::start().await;
    server.put("k", "x").await;
    let url = format!("http://{}/qdn-uploads/k", server.address);
    let query = format!("{url}?AWSAccessKeyId={ACCESS_KEY}&Signature=x&Expires=4000000000");
    assert_eq!(server.send_url("GET", &query, &[], "").await.error(), (400, "InvalidRequest"));
    let header = [("authorization", "AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="), ("date", "x")];
    assert_eq!(server.send_url("GET", &url, &header, "").await.error(), (400, "InvalidRequest"));
}

#[tokio::test]
async fn an_unknown_key_and_a_wrong_secret_are_refused() {
    let server = Server::start().await;
    server.put("k", "x").await;
    for (id, secret, code) in
        [("NOBODY", SECRET_KEY, "InvalidAccessKeyId"), (ACCESS_KEY, "wrong", "SignatureDoesNotMatch")]
    {
        let url = Signer::new(Credentials::new(id, secret), REGION).presign_get(
            &server.endpoint(),
            BUCKET,
            "k",
            &[],
            now(),
            60,
        );
        assert_eq!(server.send_url("GET", &url, &[], "").await.error(), (403, code));
    }
}

#[tokio::test]
async fn a_session_token_is_demanded_of_credentials_that_have_one_and_of_no_others() {
    let session = Credentials::new("ASIA", "s").with_session_token("to+ken/=");
    let server = Server::start_with(|config| config.credentials.push(session.clone())).await;
    server.put("k", "x").await;
    let get = async |credentials: Credentials| {
        let url =
            Signer::new(credentials, REGION).presign_get(&server.endpoint(), BUCKET, "k", &[], now(), 60);
        server.send_url("GET", &url, &[], "").await
    };
    assert_eq!(get(session).await.text(), "x");
    assert_eq!(get(Credentials::new("ASIA", "s")).await.error(), (400, "InvalidToken"));
    assert_eq!(
        get(Credentials::new("ASIA", "s").with_session_token("other")).await.error(),
        (400, "InvalidToken")
    );
    let extra = Credentials::new(ACCESS_KEY, SECRET_KEY).with_session_token("t");
    assert_eq!(get(extra).await.error(), (400, "InvalidToken"));
}

#[tokio::test]
async fn what_the_store_cannot_do_is_refused_instead_of_ignored() {
    let server = Server::start().await;
    for (name, value) in [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-acl", "public-read"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-grant-read", "uri=x"),
    ] {
        let answer = server.send("PUT", Some("k"), &[], &[(name, value)], "x").await;
        assert_eq!(answer.error(), (501, "NotImplemented"), "{name}");
    }
    assert_eq!(server.send("GET", None, &[("versions", "")], &[], "").await.status, 501);
    assert!(server.keys().await.is_empty());
    assert_eq!(server.send("PUT", Some("k"), &[], &[("x-amz-acl", "private")], "x").await.status, 200);
}
