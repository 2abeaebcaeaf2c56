//! The qdn application: everything around the signing and storage cores.

#[cfg(feature = "lambda")]
pub mod aws;
#[cfg(feature = "serve")]
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod db;
pub mod delivery;
pub mod domain;
pub mod events;
pub mod http;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(feature = "serve")]
pub mod listener;
pub mod operations;
pub mod peer;
pub mod process;
pub mod s3;
#[cfg(feature = "serve")]
pub mod serve;
pub mod telemetry;
