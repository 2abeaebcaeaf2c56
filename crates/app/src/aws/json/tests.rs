use std::time::Instant;

use qdn_sign::AddressStyle;
use serde_json::json;

use super::*;
use crate::aws::scripted::{Line, Scripted};

const THROTTLED: Line = Line::Answer(
    400,
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#,
);
const DONE: Line = Line::Answer(200, r#"{"Item":{}}"#);

fn limits() -> ApiLimits {
    ApiLimits {
        total: Duration::from_secs(2),
        one: Duration::from_millis(300),
        tries: 4,
        answer_bytes_max: 1_000,
    }
}

async fn call(script: &[Line]) -> (Result<Value, ApiError>, Scripted) {
    let server = Scripted::start(script).await;
    let endpoint = Endpoint::new(&server.origin, AddressStyle::Path).unwrap();
    let service = Service {
        name: "dynamodb",
        target_prefix: "DynamoDB_20120810",
        content_type: "application/x-amz-json-1.0",
    };
    let credentials = Credentials::new("AKID", "hush").with_session_token("token");
    let api = JsonApi::new(Outbound::new(), service, credentials, "us-east-1", endpoint, limits()).unwrap();
    (api.call("GetItem", &json!({ "TableName": "qdn" })).await, server)
}

#[tokio::test]
async fn a_call_is_a_signed_post_that_names_the_operation() {
    let (answer, server) = call(&[DONE]).await;
    assert_eq!(answer.unwrap(), json!({ "Item": {} }));
    let request = server.requests.lock().unwrap().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("post / http/1.1\r\n") && request.ends_with(r#"{"tablename":"qdn"}"#));
    for header in [
        "content-type: application/x-amz-json-1.0\r\n",
        "x-amz-target: dynamodb_20120810.getitem\r\n",
        "x-amz-security-token: token\r\n",
        "signedheaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,",
    ] {
        assert!(request.contains(header), "{header} in {request}");
    }
    assert_eq!(request.matches("\r\nhost: ").count(), 1);
}

#[tokio::test]
async fn throttling_a_failing_server_and_a_broken_connection_are_tried_again() {
    let (answer, server) = call(&[THROTTLED, Line::Answer(503, "<html>"), Line::Close, DONE]).await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn throttling_that_does_not_end_is_told_as_such_after_a_few_tries() {
    let (answer, server) = call(&[THROTTLED]).await;
    assert!(matches!(&answer, Err(ApiError::Throttled("GetItem", text)) if text.contains("slow down")));
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let refusal = Line::Answer(400, r#"{"__type":"a#ValidationException","Message":"no such field"}"#);
    let (answer, server) = call(&[refusal]).await;
    let Err(ApiError::Refused { code, message, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!((code.as_str(), message.as_str()), ("ValidationException", "no such field"));
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_within_the_deadline() {
    let started = Instant::now();
    let (answer, server) = call(&[Line::Hang]).await;
    assert!(matches!(&answer, Err(ApiError::Broken("GetItem", _))), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn one_connection_that_hangs_does_not_fail_the_call() {
    assert!(call(&[Line::Hang, DONE]).await.0.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_no_json_or_too_long_is_an_error() {
    let (answer, _) = call(&[Line::Answer(200, "what?")]).await;
    assert!(matches!(&answer, Err(ApiError::Broken(_, text)) if text.contains("what?")), "{answer:?}");
    let long = Box::leak(format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000)).into_boxed_str());
    let (answer, _) = call(&[Line::Answer(200, long)]).await;
    assert!(matches!(&answer, Err(ApiError::Broken(_, text)) if text.contains("larger")), "{answer:?}");
}
