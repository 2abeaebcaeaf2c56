//! `qdn upload` and `qdn photos` as a person runs them: the real program against a real server.
// clippy's allowances for tests do not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod proxy;
mod refusals;
mod support;
mod uploads;
