//! AWS's own services: where they are and who calls them. `json.rs` is the one caller of
//! those that speak AWS's JSON protocol.

mod json;
#[cfg(test)]
pub(crate) mod scripted;
mod settings;

pub(crate) use json::is_throttling;
pub use json::{ApiError, ApiLimits, JsonApi, Service};
pub use settings::{AwsSettings, SettingsError};
