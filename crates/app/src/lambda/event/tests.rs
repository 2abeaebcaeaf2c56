use axum::response::IntoResponse as _;
use http::{StatusCode, header};

use super::*;

/// Events as API Gateway writes them: of its console's test, through a distribution, with a body in base64, under a base path.
const CONSOLE: &str = include_str!("../../../fixtures/events/list_photos_with_nulls.json");
const CLOUDFRONT: &str = include_str!("../../../fixtures/events/list_photos_through_cloudfront.json");
const BASE64: &str = include_str!("../../../fixtures/events/upload_url_base64.json");
const BASE_PATH: &str = include_str!("../../../fixtures/events/photo_under_a_base_path.json");

fn request(event: &str) -> Request<Body> {
    serde_json::from_str::<ProxyRequest>(event).unwrap().into_request().unwrap()
}

fn peer(request: &Request<Body>) -> Option<String> {
    request.extensions().get::<PeerAddr>().map(|PeerAddr(peer)| peer.ip().to_string())
}

async fn body(request: Request<Body>) -> Bytes {
    axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap()
}

#[tokio::test]
async fn nulls_in_an_event_are_absences() {
    let request = request(CONSOLE);
    assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::GET, "/list_photos"));
    assert!(request.headers().is_empty());
    assert_eq!(peer(&request), None);
    assert_eq!(body(request).await, "");
}

#[test]
fn every_value_of_a_header_and_of_a_query_arrives() {
    let request = request(CLOUDFRONT);
    assert_eq!(
        request.uri().to_string(),
        "/list_photos?cursor=a&cursor=b&job_id=kitchen%20%26%20hall%2B1%25"
    );
    let cookies: Vec<_> = request.headers().get_all(header::COOKIE).iter().collect();
    assert_eq!(cookies, ["theme=dark", "__Host-qdn-staff=second"]);
    assert_eq!(request.headers()[header::HOST], "abcdef1234.execute-api.us-east-1.amazonaws.com");
    assert_eq!(peer(&request).as_deref(), Some("130.176.1.2"));
}

#[tokio::test]
async fn a_body_in_base64_is_read_as_what_was_sent() {
    let request = request(BASE64);
    assert_eq!(peer(&request).as_deref(), Some("2001:db8::1"));
    assert_eq!(body(request).await, r#"{"job_id":"j1","photo_name":"Küche.jpg"}"#);
}

#[test]
fn what_stands_before_the_route_is_not_ours() {
    let request = request(BASE_PATH);
    assert_eq!(request.uri().to_string(), "/jobs/j1/photos/before%20the%20%C3%BCbung.jpg");
    for (resource, path, ours) in [
        ("/list_photos", "/prod/list_photos", "/list_photos"),
        ("/list_photos", "/list_photos/", "/list_photos/"),
        ("/jobs/{job_id}", "/prod/jobs/list_photos", "/jobs/list_photos"),
        ("/{proxy+}", "/jobs/j1/links", "/jobs/j1/links"),
        ("/", "/prod", "/"),
        ("/jobs/{job_id}/links", "/links", "/links"),
        ("/healthz", "", "/"),
    ] {
        let event = format!(r#"{{"resource":"{resource}","path":"{path}","httpMethod":"GET"}}"#);
        let event: ProxyRequest = serde_json::from_str(&event).unwrap();
        assert_eq!(event.own_path(), ours, "{resource} {path}");
    }
}

#[test]
fn a_path_that_came_decoded_is_still_a_path() {
    let event = r#"{"resource":"/jobs/{job_id}","path":"/jobs/a b\"ü?#","httpMethod":"GET"}"#;
    assert_eq!(request(event).uri().to_string(), "/jobs/a%20b%22%C3%BC%3F%23");
}

#[test]
fn an_event_that_is_no_request_is_refused_and_names_why() {
    for (event, why) in [
        (r#"{"path":"/","httpMethod":"G E T"}"#, "httpMethod"),
        (r#"{"path":"","httpMethod":"GET"}"#, "path"),
        (r#"{"path":"/","httpMethod":"GET","body":"!","isBase64Encoded":true}"#, "body"),
    ] {
        let event: ProxyRequest = serde_json::from_str(event).unwrap();
        let error = event.into_request().map(|request| request.uri().to_string()).unwrap_err();
        assert!(error.to_string().starts_with(why), "{error}");
    }
}

#[tokio::test]
async fn answers_are_written_with_all_their_headers_and_bytes_that_are_no_text_in_base64() {
    let cookies = [(header::SET_COOKIE, "a=1"), (header::CONTENT_TYPE, "text/plain")];
    let mut text = (StatusCode::CREATED, cookies, "Küche").into_response();
    text.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static("b=2"));
    let answer = serde_json::to_value(ProxyAnswer::of(text).await.unwrap()).unwrap();
    let wanted = serde_json::json!({
        "statusCode": 201, "body": "Küche", "isBase64Encoded": false,
        "multiValueHeaders": { "content-type": ["text/plain"], "set-cookie": ["a=1", "b=2"] },
    });
    assert_eq!(answer, wanted);
    let binary = ProxyAnswer::of(vec![0xff, 0xd8].into_response()).await.unwrap();
    assert_eq!((binary.body.as_str(), binary.is_base64_encoded), ("/9g=", true));
}
