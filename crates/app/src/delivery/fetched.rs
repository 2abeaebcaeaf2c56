//! The private key that signs for CloudFront: in SSM's Parameter Store, fetched when the first photo is shown and kept for the
//! life of the process. A new key has a new parameter, so a new configuration, so new processes.

use std::sync::Arc;

use anyhow::Context as _;
use qdn_sign::cloudfront::CloudFrontSigner;
use qdn_sign::{AddressStyle, Endpoint};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::Delivery;
use crate::aws::{ApiLimits, AwsSettings, JsonApi, Service};
use crate::client::Outbound;

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
const SSM: Service =
    Service { name: "ssm", target_prefix: "AmazonSSM", content_type: "application/x-amz-json-1.1" };

/// How photos are handed out by CloudFront.
#[derive(Debug, Clone)]
pub struct CloudFrontSettings {
    /// The origin of the photos' distribution.
    pub url: String,
    /// The public key's id in the distribution's key group.
    pub key_id: String,
    /// The SSM parameter, a `SecureString`, that holds the private key in PEM.
    pub key_parameter: String,
}

/// A delivery by CloudFront whose key is fetched when it is first needed.
pub struct FetchedDelivery {
    api: JsonApi,
    key_id: String,
    key_parameter: String,
    distribution: Endpoint,
    window_seconds: u32,
    fetched: OnceCell<Delivery>,
}

impl FetchedDelivery {
    /// A delivery of which nothing is fetched yet.
    ///
    /// # Errors
    /// When the settings name no address.
    pub fn new(
        outbound: Outbound,
        aws: &AwsSettings,
        settings: &CloudFrontSettings,
        window_seconds: u32,
    ) -> anyhow::Result<Self> {
        let distribution = Endpoint::new(&settings.url, AddressStyle::Path).context("QDN_CLOUDFRONT_URL")?;
        let (endpoint, credentials) = (aws.endpoint(SSM.name)?, aws.credentials.clone());
        let api = JsonApi::new(outbound, SSM, credentials, &aws.region, endpoint, ApiLimits::default())?;
        Ok(Self {
            api,
            key_id: settings.key_id.clone(),
            key_parameter: settings.key_parameter.clone(),
            distribution,
            window_seconds,
            fetched: OnceCell::new(),
        })
    }

    /// The distribution.
    pub fn distribution(&self) -> &Endpoint {
        &self.distribution
    }

    /// The delivery. What failed is tried again at the next call.
    ///
    /// # Errors
    /// When the key cannot be fetched or used: the text names the parameter, and nothing of the key.
    pub async fn get(&self) -> anyhow::Result<&Delivery> {
        let fetch = async || {
            let wish = json!({ "Name": self.key_parameter, "WithDecryption": true });
            let answer =
                self.api.call("GetParameter", &wish).await.context("QDN_CLOUDFRONT_KEY_PARAMETER")?;
            let pem = answer.pointer("/Parameter/Value").and_then(Value::as_str).unwrap_or_default();
            let signer = CloudFrontSigner::new(&self.key_id, pem)
                .with_context(|| format!("the SSM parameter {}", self.key_parameter))?;
            Ok(Delivery::CloudFront {
                signer: Arc::new(signer),
                distribution: self.distribution.clone(),
                window_seconds: self.window_seconds,
            })
        };
        self.fetched.get_or_try_init(fetch).await
    }
}
