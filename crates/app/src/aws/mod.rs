//! AWS's own services: where they are and who calls them. `json.rs` is the one caller of
//! those that speak AWS's JSON protocol.

mod json;
mod photo_messages;
#[cfg(test)]
pub(crate) mod scripted;
mod settings;

pub(crate) use json::is_throttling;
pub use json::{ApiError, ApiLimits, JsonApi, Service};
pub use photo_messages::PhotoMessages;
pub use settings::{AwsSettings, SettingsError};
