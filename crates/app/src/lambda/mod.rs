//! qdn as two functions in AWS Lambda: `api` answers API Gateway with the same router as `qdn serve`, `photo` makes renditions
//! of what S3 says was stored. `settings.rs` is what both are told, by their environment.

pub mod api;
#[cfg(feature = "process")]
mod commands;
mod event;
#[cfg(feature = "process")]
pub mod photo;
#[cfg(feature = "process")]
mod records;
mod settings;

use std::process::ExitCode;

pub use settings::Settings;

/// A function's whole life: reads its environment, runs until Lambda ends it.
pub fn start(run: impl FnOnce(Settings) -> anyhow::Result<()>) -> ExitCode {
    crate::telemetry::start();
    match Settings::read(|name| std::env::var(name).ok()).map_err(anyhow::Error::from).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

/// Runs on this one thread: a function works on one event at a time, and starting threads is a good part of a cold start.
fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
