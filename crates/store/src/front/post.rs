//! PostObject: a browser submits a form with a signed policy and a file
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>). The policy is judged before the first byte
//! of the file is read, and the file streams to the disk.

use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body::Body as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qdn_sign::{AcceptedPost, PostRefusal, verify_post_form};
use s3s::{HttpResponse, S3Error, S3ErrorCode, S3Result};

use super::body::SharedBody;
use super::form::FormReader;
use super::screen::is_supported;
use super::{Shared, host_of};
use crate::checksum::{Algorithm, Checksums};
use crate::engine::Engine;
use crate::error::refuse;
use crate::object_file::{ContentHeaders, Trailer};
use crate::publish::WriteCondition;
use crate::s3::{Expected, Meta, check_key, check_meta, store, trailer};
use crate::upload::{Announced, receive};

const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Receives a form posted to `bucket`.
pub(super) async fn post_object(
    engine: &Shared,
    parts: &Parts,
    bucket: &str,
    boundary: &str,
    body: SharedBody,
) -> S3Result<HttpResponse> {
    let body_bytes = body.size_hint();
    let mut form = FormReader::new(body, boundary);
    let fields = form.fields().await?;
    let credentials = |id: &str| engine.credentials(id).cloned();
    let accepted = verify_post_form(&fields, bucket, credentials, &engine.config.region, Engine::now());
    let accepted = accepted.map_err(|refusal| refused(&refusal))?;
    check_key(&accepted.key)?;
    engine.need_bucket(bucket)?;
    let meta = meta(&accepted)?;
    check_meta(&meta)?;
    let (expected, asked) = expected(&accepted)?;

    let max_bytes = engine.config.object_bytes_max.min(*accepted.content_length.end());
    // The form is a little longer than its file.
    let reserve_bytes = body_bytes.upper().unwrap_or(0).min(max_bytes);
    let announced = Announced { exact_bytes: None, reserve_bytes, max_bytes, asked };
    let received = receive(engine, Box::pin(form.into_file()), announced).await?;
    accepted.check_length(received.size).map_err(|refusal| refused(&refusal))?;
    expected.check(&received)?;
    let trailer = trailer(bucket.to_owned(), accepted.key.clone(), &received, meta);
    let stored = store(engine, received, trailer, WriteCondition::default()).await?;
    Ok(success(parts, &accepted, &stored))
}

/// A refusal of the policy in S3's words.
fn refused(refusal: &PostRefusal) -> S3Error {
    let code = S3ErrorCode::from_bytes(refusal.code().as_bytes()).unwrap_or(S3ErrorCode::AccessDenied);
    let mut error = refuse(code, refusal.to_string());
    error.set_status_code(StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN));
    error
}

fn meta(accepted: &AcceptedPost) -> S3Result<Meta> {
    let mut headers =
        ContentHeaders { content_type: accepted.content_type.clone(), ..ContentHeaders::default() };
    if accepted.success_action_redirect.is_some() {
        return Err(unsupported("success_action_redirect"));
    }
    for (name, value) in &accepted.headers {
        let value = Some(value.clone());
        match name.as_str() {
            "cache-control" => headers.cache_control = value,
            "content-disposition" => headers.content_disposition = value,
            "content-encoding" => headers.content_encoding = value,
            "content-language" => headers.content_language = value,
            "expires" => headers.expires = value,
            name if is_supported(name, value.as_deref().unwrap_or_default()) => {}
            name => return Err(unsupported(name)),
        }
    }
    Ok(Meta { headers, metadata: accepted.metadata.iter().cloned().collect() })
}

fn unsupported(field: &str) -> S3Error {
    let message =
        format!("A form field you provided implies functionality that is not implemented: {field}.");
    refuse(S3ErrorCode::NotImplemented, message)
}

/// The checksums that the form declares for its file, and those to compute.
fn expected(accepted: &AcceptedPost) -> S3Result<(Expected, Vec<Algorithm>)> {
    let mut checksums = Checksums::default();
    let mut asked = Vec::new();
    for (name, value) in &accepted.checksums {
        match (name.as_str(), Algorithm::of_header(name)) {
            (_, Some(algorithm)) => checksums.set(algorithm, value.clone()),
            ("x-amz-checksum-algorithm", None) => {
                asked.push(Algorithm::parse(value).ok_or_else(|| unsupported(name))?);
            }
            ("x-amz-checksum-type", None) if value == "FULL_OBJECT" => {}
            _ => return Err(unsupported(name)),
        }
    }
    asked.extend(checksums.algorithms());
    let expected = Expected { checksums, md5: None };
    expected.check_form()?;
    Ok((expected, asked))
}

fn success(parts: &Parts, accepted: &AcceptedPost, stored: &Trailer) -> HttpResponse {
    let location = location(parts, stored);
    let etag = format!("\"{}\"", stored.etag);
    let mut response = Response::new(s3s::Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(accepted.success_action_status).unwrap_or(StatusCode::NO_CONTENT);
    if response.status() == StatusCode::CREATED {
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>{}</Location><Bucket>{}</Bucket>\
             <Key>{}</Key><ETag>{}</ETag></PostResponse>",
            escape(&location),
            escape(&stored.bucket),
            escape(&stored.key),
            escape(&etag),
        );
        *response.body_mut() = s3s::Body::from(xml);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    for (name, value) in [(ETAG, etag), (LOCATION, location)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Where the object is, as an address relative to nothing: a proxy in front may speak another scheme, so the answer
/// names the host that was asked and leaves the scheme to it.
fn location(parts: &Parts, stored: &Trailer) -> String {
    let key = utf8_percent_encode(&stored.key, PATH);
    let host = host_of(parts).unwrap_or_default();
    let scheme = parts.uri.scheme_str().unwrap_or("http");
    let is_path_style = parts.uri.path().trim_matches('/') == stored.bucket;
    if is_path_style {
        format!("{scheme}://{host}/{}/{key}", stored.bucket)
    } else {
        format!("{scheme}://{host}/{key}")
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
