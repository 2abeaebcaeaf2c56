//! `qdn-lambda-photo`: makes renditions of what S3 says was stored, and does what the schedule and the operator ask for.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::SignedDuration;
use lambda_runtime::{LambdaEvent, service_fn};
use qdn_sign::Signer;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::Settings;
use super::commands::{self, Command, CommandError};
use super::records::{self, BatchAnswer, Call, Failure, Message};
use crate::client::Outbound;
use crate::clock::now;
use crate::db::{Db, DbError, Dynamo};
use crate::operations::links;
use crate::process::{SoloProcessor, Standing};
use crate::s3::Bucket;

/// How far clocks may be apart, and a form that was begun in time may be late.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);
/// What is kept of the function's time beside what the decoder may take: to fetch the largest original, to store its
/// renditions, for the table and the answer.
const RESERVE: Duration = Duration::from_secs(30);
/// Photos that one call of the schedule takes up: each may take a good part of the function's time.
const DUE_MAX: usize = 100;

/// All that the function works with.
struct Function {
    settings: Settings,
    db: Arc<dyn Db>,
    processor: Mutex<SoloProcessor>,
}

/// Why a call fails as a whole. The text is for the log.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("{0}")]
    Db(#[from] DbError),
    #[error("{0}")]
    Command(#[from] CommandError),
    #[error("{0}")]
    Time(#[from] jiff::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

impl From<CallError> for lambda_runtime::Diagnostic {
    fn from(error: CallError) -> Self {
        Self { error_type: "CallError".to_owned(), error_message: error.to_string() }
    }
}

/// Works until Lambda ends the process.
///
/// # Errors
/// What is missing in the environment, all of it; or the runtime API does not answer.
pub fn run(settings: Settings) -> anyhow::Result<()> {
    super::block_on(async {
        let outbound = Outbound::new();
        let signer = Arc::new(Signer::new(settings.aws.credentials.clone(), &settings.aws.region));
        let bucket = Bucket::remote(
            outbound.clone(),
            settings.s3_endpoint.clone(),
            signer,
            &settings.config.storage.bucket,
        );
        let db: Arc<dyn Db> = Arc::new(Dynamo::new(settings.dynamo()?, outbound)?);
        let config = &settings.config;
        let processor =
            SoloProcessor::new(db.clone(), bucket, config.photos.clone(), config.uploads.photo_bytes_max);
        let function = Arc::new(Function { settings, db, processor: Mutex::new(processor) });
        let handler = service_fn(move |event: LambdaEvent<Call>| {
            let function = Arc::clone(&function);
            async move { function.answer(event).await }
        });
        lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!("the runtime API: {error}"))
    })
}

impl Function {
    async fn answer(&self, event: LambdaEvent<Call>) -> Result<Value, CallError> {
        let (call, context) = event.into_parts();
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        // A photo takes a worker's time twice at most: what it says first, and the rest.
        let photo_max = 2 * self.settings.config.photos.deadline() + RESERVE;
        let last_start = Instant::now() + left.saturating_sub(photo_max);
        Ok(match call {
            Call::Messages(batch) => serde_json::to_value(self.work_on(batch.records, last_start).await)?,
            Call::Command(Command::Sweep {}) => self.sweep(last_start).await?,
            Call::Command(command) => {
                commands::carry_out(command, self.db.as_ref(), &self.settings, now()).await?
            }
        })
    }

    /// Works on the photos of some messages, one after the other. Those that are not done are handed out again.
    async fn work_on(&self, messages: Vec<Message>, last_start: Instant) -> BatchAnswer {
        let mut answer = BatchAnswer::default();
        for (at, message) in messages.into_iter().enumerate() {
            // The first is begun in any case, or none ever would be.
            let done =
                if at > 0 && Instant::now() > last_start { false } else { self.is_done(&message).await };
            if !done {
                answer.batch_item_failures.push(Failure { item_identifier: message.message_id });
            }
        }
        answer
    }

    async fn is_done(&self, message: &Message) -> bool {
        let message_id = &message.message_id;
        let stored = match records::read(&message.body) {
            Ok(stored) => stored,
            Err(error) => {
                tracing::error!(message_id, error, "a message is no notification");
                return false;
            }
        };
        let mut done = true;
        for object in stored {
            if object.bucket != self.settings.config.storage.bucket {
                tracing::error!(message_id, bucket = object.bucket, "a message speaks of another bucket");
                done = false;
                continue;
            }
            match self.processor.lock().await.work_on(&object.key, object.etag.as_deref()).await {
                Ok(Standing::Done) => {}
                Ok(Standing::Waits) => done = false,
                Err(error) => {
                    tracing::error!(message_id, key = object.key, %error, "a photo is not processed");
                    done = false;
                }
            }
        }
        done
    }

    async fn sweep(&self, last_start: Instant) -> Result<Value, CallError> {
        let grants_live =
            SignedDuration::from_secs(self.settings.config.uploads.upload_expires_seconds.into());
        let mut processor = self.processor.lock().await;
        // Photos that wait have the other half.
        let half = Instant::now() + last_start.saturating_duration_since(Instant::now()) / 2;
        processor.sweep(grants_live + CLOCKS_DIFFER, half).await;
        let mut processed = 0;
        while processed < DUE_MAX && Instant::now() < last_start && processor.work_on_due().await? {
            processed += 1;
        }
        self.db.prune_links(now().saturating_sub(links::DEAD_LINKS_KEPT)?).await?;
        Ok(json!({ "processed": processed }))
    }
}
