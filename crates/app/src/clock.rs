//! The clock, read in one place.

use jiff::Timestamp;

/// Returns the current time in whole milliseconds, the precision that the databases keep.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
