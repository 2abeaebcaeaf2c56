//! Outgoing HTTP: the client with its deadlines, and the retry policy of its callers.

mod outbound;
mod patience;

pub use outbound::{Outbound, OutboundError};
pub use patience::Patience;
