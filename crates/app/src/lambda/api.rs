//! `qdn-lambda-api`: the router behind API Gateway.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use lambda_runtime::{LambdaEvent, service_fn};
use qdn_sign::Signer;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::Settings;
use super::event::{ProxyAnswer, ProxyRequest};
use crate::aws::PhotoMessages;
use crate::client::Outbound;
use crate::db::Dynamo;
use crate::delivery::{Delivery, DeliverySource, FetchedDelivery};
use crate::events::Events;
use crate::http::{App, Problem};
use crate::process::Queue;
use crate::s3::Bucket;

/// What is left of the function's time when an answer is given in any case.
const RESERVE: Duration = Duration::from_millis(500);

/// Answers API Gateway until Lambda ends the process.
///
/// # Errors
/// What is missing in the environment, all of it; or the runtime API does not answer.
pub fn run(settings: Settings) -> anyhow::Result<()> {
    super::block_on(async {
        let router = crate::http::router(assemble(settings)?);
        let handler = service_fn(move |event| answer(router.clone(), event));
        lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!("the runtime API: {error}"))
    })
}

/// Puts the parts together, without a call to anything.
fn assemble(settings: Settings) -> anyhow::Result<App> {
    let outbound = Outbound::new();
    let signer = Arc::new(Signer::new(settings.aws.credentials.clone(), &settings.aws.region));
    let bucket = Bucket::remote(
        outbound.clone(),
        settings.s3_endpoint.clone(),
        Arc::clone(&signer),
        &settings.config.storage.bucket,
    );
    let db = Arc::new(Dynamo::new(settings.dynamo()?, outbound.clone())?);
    let window_seconds = settings.config.uploads.delivery_window_seconds;
    let delivery = match &settings.cloudfront {
        Some(cloudfront) => DeliverySource::Fetched(Box::new(FetchedDelivery::new(
            outbound.clone(),
            &settings.aws,
            cloudfront,
            window_seconds,
        )?)),
        None => DeliverySource::Ready(Delivery::new(&settings.config, signer)?),
    };
    let mut queue = Queue::new(db, Events::default());
    if let Some(url) = &settings.photo_queue_url {
        let bucket = &settings.config.storage.bucket;
        queue = queue.with_messages(PhotoMessages::new(outbound, &settings.aws, url, bucket)?);
    }
    let key = settings.application_key.reveal().to_owned();
    Ok(App::new(settings.config, queue, bucket, delivery, key, 0, CancellationToken::new()))
}

async fn answer(
    router: Router,
    event: LambdaEvent<ProxyRequest>,
) -> Result<ProxyAnswer, lambda_runtime::Error> {
    let (request, context) = event.into_parts();
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    let response = match request.into_request() {
        Ok(request) => {
            let answer = tokio::time::timeout(left.saturating_sub(RESERVE), router.oneshot(request)).await;
            match answer {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => late(&context.request_id),
            }
        }
        Err(error) => {
            tracing::error!(request_id = context.request_id, %error, "an event is no request");
            Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "this is no HTTP request")
                .render(&context.request_id)
        }
    };
    match ProxyAnswer::of(response).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            tracing::error!(request_id = context.request_id, %error, "an answer ends early");
            Ok(ProxyAnswer::of(Problem::internal(error).render(&context.request_id)).await?)
        }
    }
}

/// The answer of a function whose time is over.
fn late(request_id: &str) -> Response {
    tracing::error!(request_id, "no answer in the time that the function has");
    let detail = "the server is too slow at the moment; try again";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
        .render(request_id)
}
