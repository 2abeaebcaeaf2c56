//! What can be shown without a server of DynamoDB's kind; with one: `real.rs`.

#[cfg(feature = "contract-dynamo")]
mod proxy;
#[cfg(feature = "contract-dynamo")]
mod real;
#[cfg(feature = "contract-dynamo")]
mod trips;

use std::time::Duration;

use qdn_sign::AddressStyle;

use super::*;
use crate::aws::scripted::{Line, Scripted};

fn database(origin: &str, table: &str, limits: ApiLimits) -> Dynamo {
    let config = DynamoConfig {
        table: table.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Endpoint::new(origin, AddressStyle::Path).unwrap(),
        credentials: Credentials::new("AKID", "hush"),
        limits,
    };
    Dynamo::new(config, Outbound::new()).unwrap()
}

async fn scripted(script: &[Line]) -> (Dynamo, Scripted) {
    let server = Scripted::start(script).await;
    let limits = ApiLimits {
        total: Duration::from_secs(1),
        one: Duration::from_millis(200),
        tries: 3,
        ..ApiLimits::default()
    };
    (database(&server.origin, "qdn", limits), server)
}

fn job_id() -> JobId {
    JobId::parse("j1").unwrap()
}

#[tokio::test]
async fn a_database_that_is_throttled_for_long_is_busy() {
    let (db, server) =
        scripted(&[Line::Answer(400, r#"{"__type":"x#ThrottlingException","message":"later"}"#)]).await;
    assert!(matches!(db.job(job_id()).await, Err(DbError::Busy)));
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn a_database_that_never_answers_is_an_error_in_time() {
    let started = std::time::Instant::now();
    let (db, _server) = scripted(&[Line::Hang]).await;
    assert!(matches!(db.job(job_id()).await, Err(DbError::Broken(_))));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_named() {
    let (db, _server) = scripted(&[Line::Answer(
        200,
        r#"{"Item":{"pk":{"S":"job#j1"},"sk":{"S":"job"},"job_id":{"S":"../j1"}}}"#,
    )])
    .await;
    let error = db.job(job_id()).await.unwrap_err().to_string();
    assert!(error.contains("job#j1") && error.contains("job_id"), "{error}");
}

#[tokio::test]
async fn a_transaction_that_meets_another_is_tried_again_and_one_that_is_refused_is_not() {
    let cancelled = |code: &str| {
        let text = format!(
            r#"{{"__type":"x#TransactionCanceledException","message":"why","CancellationReasons":[{{"Code":"None"}},{{"Code":"{code}"}}]}}"#
        );
        Line::Answer(400, Box::leak(text.into_boxed_str()))
    };
    let job = Job {
        job_id: job_id(),
        customer_id: CustomerId::parse("c1").unwrap(),
        title: crate::domain::Title::parse("Attic").unwrap(),
        address: None,
        scheduled_for: None,
        status: crate::domain::JobStatus::Scheduled,
        created_at: Timestamp::UNIX_EPOCH,
    };
    let passing = [cancelled("TransactionConflict"), cancelled("ThrottlingError"), Line::Answer(200, "{}")];
    let (db, server) = scripted(&passing).await;
    db.insert_job(job.clone()).await.unwrap();
    assert_eq!(server.asked(), 3);
    let tokens: std::collections::BTreeSet<String> = {
        let requests = server.requests.lock().unwrap();
        let token =
            |request: &String| request.split_once("\"ClientRequestToken\":\"").unwrap().1[..32].to_owned();
        requests.iter().map(token).collect()
    };
    assert_eq!(tokens.len(), 1, "the same transaction has the same token");

    let (db, _server) = scripted(&[cancelled("ConditionalCheckFailed")]).await;
    assert!(matches!(db.insert_job(job.clone()).await, Err(DbError::Missing("customer"))));
    let (db, server) = scripted(&[cancelled("ValidationError")]).await;
    assert!(matches!(db.insert_job(job).await, Err(DbError::Broken(text)) if text.contains("why")));
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn keys_that_were_not_processed_are_asked_for_again() {
    let first = r#"{"Responses":{"qdn":[]},"UnprocessedKeys":{"qdn":{"Keys":[{"pk":{"S":"job#j1"},"sk":{"S":"photo#p1"}}],"ConsistentRead":true}}}"#;
    let (db, server) = scripted(&[
        Line::Answer(200, first),
        Line::Answer(200, r#"{"Responses":{"qdn":[]},"UnprocessedKeys":{}}"#),
    ])
    .await;
    let ids = ["p1", "p2"].map(|id| PhotoId::parse(id).unwrap());
    assert!(db.photos(job_id(), ids.into()).await.unwrap().is_empty());
    let requests = server.requests.lock().unwrap();
    assert!(requests[0].contains("photo#p2"));
    assert!(requests[1].contains("photo#p1") && !requests[1].contains("photo#p2"));
}

#[test]
fn the_definition_names_every_key_of_the_table_and_its_indexes() {
    let definition = table::definition(table::DEFAULT_NAME);
    let names: Vec<_> = definition["AttributeDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attribute| attribute["AttributeName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"]);
    assert_eq!(definition["GlobalSecondaryIndexes"].as_array().unwrap().len(), 2);
}

#[test]
fn settings_lead_to_the_table_at_aws() {
    let variables = |name: &str| match name {
        "AWS_REGION" => Some("us-west-2".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".to_owned()),
        _ => None,
    };
    let settings = AwsSettings::read(variables).unwrap();
    let config = DynamoConfig::new(table::DEFAULT_NAME, &settings).unwrap();
    assert_eq!(config.endpoint.host(""), "dynamodb.us-west-2.amazonaws.com");
    assert_eq!((config.table.as_str(), config.region.as_str()), ("qdn", "us-west-2"));
}
