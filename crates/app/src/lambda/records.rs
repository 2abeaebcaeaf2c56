//! What S3 tells the photo function through SQS: messages with notifications of stored objects, at least once, in any order.
//!
//! Source: AWS, "Event message structure"
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>) and "Using Lambda with
//! Amazon SQS".

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::commands::Command;

/// What starts the function.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Call {
    /// Messages of the photos' queue.
    Messages(Batch),
    /// A word of the schedule, or of the operator.
    Command(Command),
}

/// Messages of the photos' queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch {
    pub(super) records: Vec<Message>,
}

/// One message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) message_id: String,
    pub(super) body: String,
}

/// The messages that are not done, which SQS hands out again, and after the fifth time puts aside.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchAnswer {
    pub(super) batch_item_failures: Vec<Failure>,
}

/// One of them.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failure {
    pub(super) item_identifier: String,
}

/// An object that was stored.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) bucket: String,
    pub(super) key: String,
    /// As the notification names it, without quotation marks.
    pub(super) etag: Option<String>,
}

#[derive(Deserialize)]
struct Notification {
    /// S3 sends one of these when a notification is set up. It speaks of no object.
    #[serde(rename = "Event")]
    event: Option<String>,
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: String,
    e_tag: Option<String>,
}

/// Reads a message's body: the objects that were stored.
///
/// # Errors
/// A sentence for the log, when it is no notification.
pub(super) fn read(body: &str) -> Result<Vec<Stored>, String> {
    let notification: Notification = serde_json::from_str(body).map_err(|error| error.to_string())?;
    match (notification.records, notification.event.as_deref()) {
        (Some(records), _) => records
            .into_iter()
            .filter(|record| record.event_name.trim_start_matches("s3:").starts_with("ObjectCreated:"))
            .map(|record| {
                Ok(Stored {
                    bucket: record.s3.bucket.name,
                    key: decode(&record.s3.object.key)?,
                    etag: record.s3.object.e_tag,
                })
            })
            .collect(),
        (None, Some("s3:TestEvent")) => Ok(Vec::new()),
        (None, _) => Err("neither Records nor a test event".to_owned()),
    }
}

/// Keys stand in notifications as forms write them: a space is a `+`.
fn decode(key: &str) -> Result<String, String> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| format!("the key {key:?} is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_names_the_objects_that_were_stored() {
        let body = r#"{"Records":[
            {"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Post","s3":{"bucket":{"name":"b"},
             "object":{"key":"jobs/j/photos/my+photo%2B1.jpg","size":5,"eTag":"abc","sequencer":"0A"}}},
            {"eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"b"},"object":{"key":"x"}}}]}"#;
        let stored = Stored {
            bucket: "b".to_owned(),
            key: "jobs/j/photos/my photo+1.jpg".to_owned(),
            etag: Some("abc".to_owned()),
        };
        assert_eq!(read(body), Ok(vec![stored]));
    }

    #[test]
    fn the_test_event_of_a_new_notification_is_no_mistake_and_speaks_of_nothing() {
        let body = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-01T00:00:00.000Z","Bucket":"b"}"#;
        assert_eq!(read(body), Ok(Vec::new()));
    }

    #[test]
    fn poison_is_told_from_a_notification() {
        for poison in [
            "",
            "{}",
            "[]",
            "not json",
            r#"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#,
            r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%FF"}}}]}"#,
        ] {
            assert!(read(poison).is_err(), "{poison}");
        }
    }

    #[test]
    fn the_function_tells_messages_from_commands() {
        let call = |text: &str| serde_json::from_str::<Call>(text);
        assert!(matches!(
            call(r#"{"Records":[{"messageId":"1","body":"{}","eventSource":"aws:sqs"}]}"#),
            Ok(Call::Messages(_))
        ));
        assert!(matches!(call(r#"{"qdn":"sweep"}"#), Ok(Call::Command(Command::Sweep {}))));
        assert!(call(r#"{"qdn":"else"}"#).is_err() && call("{}").is_err());
    }
}
