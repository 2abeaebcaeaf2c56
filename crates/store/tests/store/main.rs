//! The store as its clients meet it: real files, real HTTP over the loopback interface.

// clippy's `allow-unwrap-in-tests` does not reach helpers of integration tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::format_collect)]

mod auth;
mod basics;
mod chunked;
mod cors;
mod damage;
mod limits;
mod listing;
mod multipart;
mod objects;
mod post;
mod recovery;
mod strange;
mod support;
