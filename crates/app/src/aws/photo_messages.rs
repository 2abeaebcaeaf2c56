//! Photos that S3 told nobody of, put before the photo function in S3's own words.

use futures::{TryStreamExt as _, stream};
use qdn_sign::Endpoint;
use serde_json::{Value, json};

use super::{ApiError, ApiLimits, AwsSettings, JsonApi, Service};
use crate::client::Outbound;

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const SQS: Service =
    Service { name: "sqs", target_prefix: "AmazonSQS", content_type: "application/x-amz-json-1.0" };
/// The most that one call takes.
const BATCH_MAX: usize = 10;
/// A job of many thousand photos of an older tool is told of within one call of the API.
const CALLS_AT_ONCE_MAX: usize = 8;

/// The queue that the photo function reads.
pub struct PhotoMessages {
    api: JsonApi,
    queue_url: String,
    bucket: String,
}

impl PhotoMessages {
    /// The queue at this address, for photos of this bucket.
    ///
    /// # Errors
    /// When there is no such address.
    pub fn new(outbound: Outbound, aws: &AwsSettings, queue_url: &str, bucket: &str) -> anyhow::Result<Self> {
        let endpoint: Endpoint = aws.endpoint(SQS.name)?;
        let credentials = aws.credentials.clone();
        let api = JsonApi::new(outbound, SQS, credentials, &aws.region, endpoint, ApiLimits::default())?;
        Ok(Self { api, queue_url: queue_url.to_owned(), bucket: bucket.to_owned() })
    }

    /// Sends a message for each of these objects, the way S3 does. Sent twice, a photo is processed once.
    ///
    /// # Errors
    /// When the queue does not take them all.
    pub async fn send(&self, keys: &[&str]) -> Result<(), ApiError> {
        let batches = stream::iter(keys.chunks(BATCH_MAX).map(Ok));
        batches.try_for_each_concurrent(CALLS_AT_ONCE_MAX, |batch| self.send_batch(batch)).await
    }

    async fn send_batch(&self, keys: &[&str]) -> Result<(), ApiError> {
        const OPERATION: &str = "SendMessageBatch";
        let entries: Vec<_> = keys.iter().enumerate().map(|(at, key)| self.entry(at, key)).collect();
        let answer =
            self.api.call(OPERATION, &json!({ "QueueUrl": self.queue_url, "Entries": entries })).await?;
        match answer.get("Failed").and_then(Value::as_array) {
            Some(failed) if !failed.is_empty() => {
                Err(ApiError::Broken(OPERATION, format!("some were not taken: {answer}")))
            }
            _ => Ok(()),
        }
    }

    fn entry(&self, at: usize, key: &str) -> Value {
        let key: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let record = json!({
            "eventName": "ObjectCreated:Listed",
            "s3": { "bucket": { "name": self.bucket }, "object": { "key": key } },
        });
        json!({ "Id": at.to_string(), "MessageBody": json!({ "Records": [record] }).to_string() })
    }
}
