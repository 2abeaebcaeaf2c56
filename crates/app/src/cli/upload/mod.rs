//! `qdn upload`: photos of this machine to a job of a running server, resumed by running it again.
//!
//! There is no file that says how far a run came. The name of an upload (its idempotency key) is made from the photo's
//! SHA-256, so the server answers with the same `photo_id` as the last time, and its listing says whether the bytes
//! are there.

mod file;
mod form;
mod grant;
mod kind;
mod progress;
mod run;
mod tally;
mod trouble;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};
use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};

use super::client::ServerArguments;
use super::say;
use file::LocalPhoto;
use grant::Grants;
use progress::Progress;
use run::Run;
use tally::{Outcome, Stop, Tally};
use trouble::Health;

#[derive(Args)]
pub(super) struct UploadArguments {
    /// The photos: JPEG, PNG, WebP, GIF, HEIC, HEIF or AVIF
    #[arg(required = true, value_name = "FILES")]
    files: Vec<PathBuf>,
    /// The job they belong to
    #[arg(long)]
    job: String,
    #[command(flatten)]
    server: ServerArguments,
    /// When in the job they were taken; photos that are there already keep what they have
    #[arg(long, value_parser = PossibleValuesParser::new(["before", "during", "after", "issue"]))]
    phase: Option<String>,
    /// A text for people; photos that are there already keep theirs
    #[arg(long, value_name = "TEXT")]
    caption: Option<String>,
    /// How many photos are sent at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u8).range(1..=32))]
    parallel: u8,
}

/// What a listing must say of a photo that is stored.
#[derive(Deserialize)]
struct Stored {
    photo_id: String,
}

pub(super) async fn run(arguments: UploadArguments) -> anyhow::Result<()> {
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let client = Arc::new(arguments.server.client()?);
    let (photos, tally) = inspect(&arguments.files).await?;
    let progress = Progress::start(photos.iter().map(LocalPhoto::size_bytes).sum());
    for (name, reason) in tally.failures() {
        progress.line(&format!("{name}: {reason}"));
    }
    let run = Run {
        grants: Grants::new(Arc::clone(&client), arguments.job, arguments.phase, arguments.caption),
        client,
        progress,
        stop,
        tally: tally.into(),
        stored: HashSet::new(),
        health: Health::default(),
    };
    if photos.is_empty() {
        return report(&run);
    }
    let stored = run.stop.unless_stopped(stored_photos(&run)).await;
    if let Some(stored) = stored {
        let run = Arc::new(Run { stored: stored?, ..run });
        run::all(&run, photos, usize::from(arguments.parallel)).await?;
        return report(&run);
    }
    report(&run)
}

/// Looks at every file before the network is touched: those that cannot be photos are named at once.
async fn inspect(files: &[PathBuf]) -> anyhow::Result<(Vec<LocalPhoto>, Tally)> {
    let files = files.to_vec();
    let inspected = tokio::task::spawn_blocking(move || {
        let mut photos = Vec::new();
        let mut tally = Tally::of(files.len());
        for path in files {
            match LocalPhoto::inspect(&path) {
                Ok(photo) => photos.push(photo),
                Err(reason) => tally.note(&file::shown_path(&path), Outcome::Failed(reason)),
            }
        }
        (photos, tally)
    });
    Ok(inspected.await?)
}

/// The ids of the photos that the job has.
async fn stored_photos(run: &Run) -> anyhow::Result<HashSet<String>> {
    let mut stored = HashSet::new();
    run.client
        .each_photo(run.grants.job_id(), |photo: Stored| {
            stored.insert(photo.photo_id);
            Ok(())
        })
        .await?;
    Ok(stored)
}

/// Says what came of it. Failures are repeated together at the end, where a person looks.
fn report(run: &Run) -> anyhow::Result<()> {
    run.progress.finish();
    let tally = run.tally();
    say(&tally.summary())?;
    match (run.stop.reason(), tally.failures().is_empty()) {
        (Some(reason), true) => bail!("{reason}; {}", tally.safe()),
        (Some(reason), false) => bail!("{reason}; {}\n{}", tally.safe(), tally.list_of_failures()),
        (None, true) => Ok(()),
        (None, false) => bail!("{}", tally.list_of_failures()),
    }
}

/// The first SIGINT or SIGTERM stops the run.
fn stop_on_signal(stop: &Stop) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.because("stopped".to_owned());
    });
    Ok(())
}
