//! PostObject: browser forms and everything that is wrong with them.

use qdn_sign::{PostConditions, PresignedPost};

use crate::support::{Answer, BUCKET, Server, now, signer};

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
