//! The error documents of `s3s` lack what people look for first: the request's id, and at times a sentence.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use s3s::HttpResponse;

/// No error document is longer; a longer one is let through as it is cut.
const DOCUMENT_BYTES_MAX: usize = 64 << 10;
const END: &str = "</Error>";

/// Adds the request's id, and a sentence where there is none, to an error document. Other answers stay as they are.
pub(super) async fn complete(response: HttpResponse, request_id: &str) -> HttpResponse {
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let (mut parts, mut body) = response.into_parts();
    let mut bytes = BytesMut::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data()
            && bytes.len() + data.len() <= DOCUMENT_BYTES_MAX
        {
            bytes.extend_from_slice(&data);
        }
    }
    let reason = parts.status.canonical_reason().unwrap_or("The request was refused");
    let document = completed(bytes.freeze(), reason, request_id);
    parts.headers.remove(CONTENT_LENGTH);
    HttpResponse::from_parts(parts, s3s::Body::from(document))
}

fn completed(document: Bytes, reason: &str, request_id: &str) -> Bytes {
    let Ok(text) = std::str::from_utf8(&document) else { return document };
    let Some(start) = text.strip_suffix(END) else { return document };
    let missing = |name: &str, value: &str| {
        if start.contains(&format!("<{name}>")) { String::new() } else { format!("<{name}>{value}</{name}>") }
    };
    let (message, request_id) = (missing("Message", reason), missing("RequestId", request_id));
    Bytes::from(format!("{start}{message}{request_id}{END}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_added_and_nothing_else_is_touched() {
        let complete = |text: &str| completed(Bytes::from(text.to_owned()), "Forbidden", "R1");
        assert_eq!(
            complete("<Error><Code>X</Code></Error>"),
            "<Error><Code>X</Code><Message>Forbidden</Message><RequestId>R1</RequestId></Error>"
        );
        let whole = "<Error><Code>X</Code><Message>m</Message><RequestId>R0</RequestId></Error>";
        assert_eq!(complete(whole), whole);
        assert_eq!(complete(""), "");
    }
}
