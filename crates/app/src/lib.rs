//! The qdn application: everything around the signing and storage cores.

pub mod aws;
pub mod cli;
pub mod config;
pub mod db;
pub mod delivery;
pub mod domain;
pub mod events;
pub mod http;
pub mod links;
pub mod listener;
pub mod outbound;
pub mod process;
pub mod s3;
pub mod serve;
pub mod telemetry;
pub mod tls;
