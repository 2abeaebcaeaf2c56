//! PostObject: browser forms and everything that is wrong with them.

use qdn_sign::{PostConditions, PresignedPost};

use crate::support::{ACCESS_KEY, Answer, BUCKET, SECRET_KEY, Server, now, signer};

pub(crate) const BOUNDARY: &str = "----WebKitFormBoundaryABCDEFG";
const KEY: &str = "jobs/7/photos/01J-a.jpg";

/// The body of a form as a browser writes it.
pub(crate) fn form_body(fields: &[(String, String)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"IMG 1.jpg\"\r\nContent-Type: image/jpeg";
    body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub(crate) async fn submit(server: &Server, form: &PresignedPost, file: &[u8]) -> Answer {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [("content-type", content_type.as_str())];
    server.send_url("POST", &form.url, &headers, form_body(&form.fields, file)).await
}

fn form(server: &Server, conditions: PostConditions) -> PresignedPost {
    signer().presign_post(&server.endpoint(), BUCKET, KEY, conditions, now(), 600)
}

fn jpeg(bytes: u64) -> PostConditions {
    PostConditions::new().content_type("image/jpeg").content_length(bytes)
}

#[tokio::test]
async fn a_form_stores_its_file_with_type_and_metadata() {
    let server = Server::start().await;
    let conditions = jpeg(5).metadata("phase", "before").success_action_status(201);
    let answer = submit(&server, &form(&server, conditions), b"hello").await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.element("Key"), KEY);
    assert_eq!(answer.header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    let got = server.get(KEY).await;
    assert_eq!(
        (got.text(), got.header("content-type"), got.header("x-amz-meta-phase")),
        ("hello", "image/jpeg", "before")
    );
    assert_eq!(server.keys().await, [KEY]);
}

/// A form refused with this status and code, after which the bucket is as empty as before.
async fn assert_refused(server: &Server, form: &PresignedPost, file: &[u8], status: u16, code: &str) {
    let answer = submit(server, form, file).await;
    assert_eq!(answer.error(), (status, code), "{}", answer.text());
    assert!(server.keys().await.is_empty());
    assert_no_debris(server);
}

/// Nothing in the staging folder, the trash or the buckets.
pub(crate) fn assert_no_debris(server: &Server) {
    for folder in ["staging", "trash"] {
        let left: Vec<_> = std::fs::read_dir(server.folder.path().join(folder)).unwrap().collect();
        assert!(left.is_empty(), "{folder}: {left:?}");
    }
}

fn set(form: &mut PresignedPost, name: &str, value: &str) {
    let field = form.fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
    value.clone_into(&mut field.unwrap().1);
}

#[tokio::test]
async fn post_policy_rejects_one_byte_over_the_limit() {
    let server = Server::start().await;
    assert_refused(&server, &form(&server, jpeg(5)), b"hello!", 400, "EntityTooLarge").await;
    let range = PostConditions::new().content_type("image/jpeg").content_length_range(2..=5);
    assert_refused(&server, &form(&server, range), b"123456", 400, "EntityTooLarge").await;
}

#[tokio::test]
async fn post_policy_rejects_one_byte_under_the_limit() {
    let server = Server::start().await;
    assert_refused(&server, &form(&server, jpeg(5)), b"hell", 400, "EntityTooSmall").await;
}

#[tokio::test]
async fn post_policy_accepts_both_ends_of_its_length_range() {
    let server = Server::start().await;
    for (key, file) in [("a", "12"), ("b", "12345")] {
        let range = PostConditions::new().content_length_range(2..=5);
        let form = signer().presign_post(&server.endpoint(), BUCKET, key, range, now(), 600);
        assert_eq!(submit(&server, &form, file.as_bytes()).await.status, 204);
    }
    assert_eq!(server.keys().await, ["a", "b"]);
}

#[tokio::test]
async fn a_file_that_is_far_too_long_is_cut_off_while_it_streams() {
    let server = Server::start().await;
    let file = vec![7; 20 << 20];
    assert_refused(&server, &form(&server, jpeg(5)), &file[..6 << 20], 400, "EntityTooLarge").await;
}

#[tokio::test]
async fn an_expired_form_is_refused() {
    let server = Server::start().await;
    let form = signer().presign_post(&server.endpoint(), BUCKET, KEY, jpeg(5), now().plus_seconds(-700), 600);
    assert_refused(&server, &form, b"hello", 403, "AccessDenied").await;
}

#[tokio::test]
async fn a_form_signed_long_ago_is_good_until_its_policy_expires() {
    let server = Server::start().await;
    let form =
        signer().presign_post(&server.endpoint(), BUCKET, KEY, jpeg(5), now().plus_seconds(-7000), 7200);
    assert_eq!(submit(&server, &form, b"hello").await.status, 204);
}

#[tokio::test]
async fn a_form_for_another_bucket_is_refused() {
    let server = Server::start().await;
    server.store.create_bucket_if_missing("other-bucket").await.unwrap();
    let mut form = signer().presign_post(&server.endpoint(), "other-bucket", KEY, jpeg(5), now(), 600);
    form.url = form.url.replace("other-bucket", BUCKET);
    assert_refused(&server, &form, b"hello", 403, "AccessDenied").await;
}

#[tokio::test]
async fn a_form_with_another_key_is_refused() {
    let server = Server::start().await;
    let mut form = form(&server, jpeg(5));
    set(&mut form, "key", "jobs/8/photos/01J-a.jpg");
    assert_refused(&server, &form, b"hello", 403, "AccessDenied").await;
}

#[tokio::test]
async fn a_form_with_another_content_type_is_refused() {
    let server = Server::start().await;
    for content_type in ["image/png", "image/jpeg2", "IMAGE/JPEG", "text/html", ""] {
        let mut form = form(&server, jpeg(5));
        set(&mut form, "content-type", content_type);
        assert_refused(&server, &form, b"hello", 403, "AccessDenied").await;
    }
}

#[tokio::test]
async fn a_form_with_an_extra_field_is_refused() {
    let server = Server::start().await;
    for (name, value) in [("acl", "public-read"), ("x-amz-meta-a", "b"), ("Cache-Control", "no-store")] {
        let mut form = form(&server, jpeg(5));
        form.fields.push((name.to_owned(), value.to_owned()));
        assert_refused(&server, &form, b"hello", 403, "AccessDenied").await;
    }
}

#[tokio::test]
async fn a_form_that_lacks_a_field_is_refused() {
    let server = Server::start().await;
    let whole = form(&server, jpeg(5));
    for left_out in whole.fields.iter().map(|(name, _)| name) {
        let fields = whole.fields.iter().filter(|(name, _)| name != left_out).cloned().collect();
        let form = PresignedPost { url: whole.url.clone(), fields };
        let answer = submit(&server, &form, b"hello").await;
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{left_out}: {}", answer.text());
        assert!(server.keys().await.is_empty(), "{left_out}");
    }
}

#[tokio::test]
async fn a_field_given_twice_is_refused() {
    let server = Server::start().await;
    let mut form = form(&server, jpeg(5));
    form.fields.push(("Key".to_owned(), KEY.to_owned()));
    assert_refused(&server, &form, b"hello", 400, "InvalidArgument").await;
}

#[tokio::test]
async fn a_tampered_policy_is_refused() {
    let server = Server::start().await;
    let mut form = form(&server, jpeg(5));
    let (policy, _) =
        signer().sign_policy("{\"expiration\":\"2099-01-01T00:00:00Z\",\"conditions\":[]}", now());
    set(&mut form, "policy", &policy);
    assert_refused(&server, &form, b"hello", 403, "SignatureDoesNotMatch").await;
}

#[tokio::test]
async fn a_tampered_signature_is_refused() {
    let server = Server::start().await;
    for signature in ["", "0", &"0".repeat(64)] {
        let mut form = form(&server, jpeg(5));
        set(&mut form, "x-amz-signature", signature);
        assert_refused(&server, &form, b"hello", 403, "SignatureDoesNotMatch").await;
    }
}

#[tokio::test]
async fn a_form_of_an_unknown_access_key_is_refused() {
    let server = Server::start().await;
    let stranger = qdn_sign::Signer::new(qdn_sign::Credentials::new("NOBODY", "x"), crate::support::REGION);
    let form = stranger.presign_post(&server.endpoint(), BUCKET, KEY, jpeg(5), now(), 600);
    assert_refused(&server, &form, b"hello", 403, "InvalidAccessKeyId").await;
}

#[tokio::test]
async fn a_form_without_policy_and_signature_is_refused_whether_its_bucket_exists_or_not() {
    let server = Server::start().await;
    for bucket in [BUCKET, "no-such-bucket"] {
        let url = format!("http://{}/{bucket}", server.address);
        let form = PresignedPost { url, fields: vec![("key".to_owned(), KEY.to_owned())] };
        assert_refused(&server, &form, b"hello", 403, "AccessDenied").await;
    }
}

#[tokio::test]
async fn a_form_sent_again_with_the_same_bytes_succeeds_and_with_others_is_refused() {
    let server = Server::start().await;
    let range = || PostConditions::new().content_type("image/jpeg").content_length_range(1..=9);
    let form = form(&server, range());
    let first = submit(&server, &form, b"hello").await;
    let modified = server.get(KEY).await.header("last-modified").to_owned();
    let again = submit(&server, &form, b"hello").await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (204, 204));
    assert_eq!(first.header("etag"), again.header("etag"));
    let other = submit(&server, &form, b"HELLO").await;
    assert_eq!(other.error(), (412, "PreconditionFailed"));
    let got = server.get(KEY).await;
    assert_eq!((got.text(), got.header("last-modified")), ("hello", modified.as_str()));
    assert_no_debris(&server);
}

#[tokio::test]
async fn the_checksum_that_a_form_declares_is_verified() {
    let server = Server::start().await;
    let right = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    let wrong = "AAAANul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmC=";
    let form_with = |sum: &str| form(&server, jpeg(5).checksum_sha256(sum));
    assert_refused(&server, &form_with("nonsense"), b"hello", 400, "InvalidRequest").await;
    assert_refused(&server, &form_with(wrong), b"hello", 400, "InvalidRequest").await;
    let wrong = "AAAANul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmA=";
    assert_refused(&server, &form_with(wrong), b"hello", 400, "BadDigest").await;
    assert_eq!(submit(&server, &form_with(right), b"hello").await.status, 204);
    let head = server.send("HEAD", Some(KEY), &[], &[("x-amz-checksum-mode", "ENABLED")], "").await;
    assert_eq!(head.header("x-amz-checksum-sha256"), right);
}

#[tokio::test]
async fn a_form_is_answered_with_the_status_it_asks_for() {
    let server = Server::start().await;
    for (asked, status) in [(200, 200), (201, 201), (204, 204), (302, 204)] {
        let conditions = jpeg(5).success_action_status(asked);
        assert_eq!(submit(&server, &form(&server, conditions), b"hello").await.status, status);
    }
}

#[tokio::test]
async fn a_form_cannot_name_an_object_that_listings_could_not_show() {
    let server = Server::start().await;
    for key in ["a\u{1}b", "a\u{FFFE}", "tab\there"] {
        let form = signer().presign_post(&server.endpoint(), BUCKET, key, jpeg(5), now(), 600);
        assert_refused(&server, &form, b"hello", 400, "InvalidArgument").await;
    }
    let form = signer().presign_post(&server.endpoint(), BUCKET, &"k".repeat(1025), jpeg(5), now(), 600);
    assert_refused(&server, &form, b"hello", 400, "KeyTooLongError").await;
}

#[tokio::test]
async fn a_form_posted_to_an_object_or_without_a_boundary_is_refused() {
    let server = Server::start().await;
    let mut aside = form(&server, jpeg(5));
    aside.url = format!("{}/key", aside.url.trim_end_matches('/'));
    assert_refused(&server, &aside, b"hello", 405, "MethodNotAllowed").await;
    let form = form(&server, jpeg(5));
    let headers = [("content-type", "multipart/form-data")];
    let answer = server.send_url("POST", &form.url, &headers, form_body(&form.fields, b"hello")).await;
    assert_eq!(answer.error(), (400, "MalformedPOSTRequest"));
}

/// HMAC-SHA1 (RFC 2104) in Base64, as signature version 2 has it.
fn signature_v2(policy: &str) -> String {
    use base64::Engine;
    use s3s::crypto::{Checksum, Sha1};
    let mut key = [0_u8; 64];
    key[..SECRET_KEY.len()].copy_from_slice(SECRET_KEY.as_bytes());
    let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<_>>();
    let inner = Sha1::checksum(&[padded(0x36), policy.as_bytes().to_vec()].concat());
    let outer = Sha1::checksum(&[padded(0x5c), inner.to_vec()].concat());
    base64::engine::general_purpose::STANDARD.encode(outer)
}

#[tokio::test]
async fn only_multipart_form_data_is_a_form_however_it_is_signed() {
    let server = Server::start().await;
    let v4 = form(&server, jpeg(5)).fields;
    let policy = v4.iter().find(|(name, _)| name.eq_ignore_ascii_case("policy")).unwrap().1.clone();
    let signed = [("AWSAccessKeyId", ACCESS_KEY), ("Signature", &signature_v2(&policy)), ("policy", &policy)];
    let kept = v4.iter().filter(|(name, _)| {
        let name = name.to_lowercase();
        !name.starts_with("x-amz-") && name != "policy"
    });
    let v2: Vec<_> =
        kept.cloned().chain(signed.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    let day = now().amz_day();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=A/{day}/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    );
    let url = format!("http://{}/{BUCKET}", server.address);
    for kind in
        ["multipart/form-data+x", "Multipart/Form-Data+xml", " multipart/form-data+x", "multipart/mixed"]
    {
        for fields in [&v4, &v2] {
            let content_type = format!("{kind}; boundary={BOUNDARY}");
            let headers =
                [("content-type", content_type.as_str()), ("authorization", authorization.as_str())];
            let answer = server.send_url("POST", &url, &headers, form_body(fields, b"hello")).await;
            assert_eq!(answer.error(), (415, "UnsupportedMediaType"), "{kind}: {}", answer.text());
        }
    }
    let twice = format!("multipart/form-data+x; boundary={BOUNDARY}");
    let headers = [
        ("content-type", "text/plain"),
        ("content-type", twice.as_str()),
        ("authorization", authorization.as_str()),
    ];
    let answer = server.send_url("POST", &url, &headers, form_body(&v4, b"hello")).await;
    assert_eq!(answer.error(), (400, "InvalidArgument"));
    let v2 = PresignedPost { url, fields: v2 };
    assert_refused(&server, &v2, b"hello", 400, "InvalidArgument").await;
    assert!(server.keys().await.is_empty());
    assert_no_debris(&server);
}
