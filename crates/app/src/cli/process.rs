//! `qdn process`: has a running server make renditions, and waits for them.

use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::client::{Backoff, Client, ServerArguments};
use super::say;

/// How often the server is asked how far it is.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Jobs that are waited for at once: so many are queued ahead of the processor.
const JOBS_AHEAD: usize = 8;

#[derive(Args)]
pub(super) struct ProcessArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// The job
    #[arg(long, required_unless_present = "all", conflicts_with = "all")]
    job: Option<String>,
    /// Every job
    #[arg(long)]
    all: bool,
    /// Also photos that were processed before, as after an update
    #[arg(long)]
    again: bool,
}

#[derive(Deserialize)]
struct JobPage {
    jobs: Vec<Job>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Job {
    job_id: String,
}

#[derive(Serialize)]
struct Wish {
    again: bool,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
struct Progress {
    processing: u64,
    ready: u64,
    rejected: u64,
    #[serde(default)]
    missing: u64,
}

impl Progress {
    fn all(self) -> u64 {
        self.processing + self.ready + self.rejected + self.missing
    }
}

pub(super) async fn run(arguments: ProcessArguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let mut waiting: VecDeque<String> = match arguments.job {
        Some(job) => VecDeque::from([job]),
        None => all_jobs(&client).await?,
    };
    let bar = bar();
    let (mut done, mut ahead): (Progress, VecDeque<(String, Progress)>) = Default::default();
    loop {
        while ahead.len() < JOBS_AHEAD
            && let Some(job) = waiting.pop_front()
        {
            let progress = ask(&client, &job, arguments.again).await?;
            ahead.push_back((job, progress));
        }
        let Some((job, progress)) = ahead.pop_front() else { break };
        if progress.processing == 0 {
            done.ready += progress.ready;
            done.rejected += progress.rejected;
            done.missing += progress.missing;
            continue;
        }
        show(&bar, done, ahead.iter().map(|(_, progress)| *progress).chain([progress]));
        tokio::time::sleep(ASK_EVERY).await;
        let progress = ask(&client, &job, false).await?;
        ahead.push_front((job, progress));
    }
    bar.finish_and_clear();
    say(&format!("{} photos are ready, {} cannot be shown", done.ready, done.rejected))?;
    if done.missing > 0 {
        bail!("the server has lost the originals of {} photos; the dashboard marks them", done.missing);
    }
    Ok(())
}

/// Queues what a job's photos need, and learns how far they are. What passes is tried a few times.
async fn ask(client: &Client, job: &str, again: bool) -> anyhow::Result<Progress> {
    let mut backoff = Backoff::short();
    loop {
        let error = match client.post(&format!("jobs/{job}/process"), &Wish { again }).await {
            Ok(answer) => return Ok(answer.body),
            Err(error) => error,
        };
        match error.retry_after().and_then(|asked| backoff.next_wait(asked)) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(error.into()),
        }
    }
}

async fn all_jobs(client: &Client) -> anyhow::Result<VecDeque<String>> {
    let mut jobs = VecDeque::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("limit", "200")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: JobPage = client.get("jobs", &query).await?.body;
        jobs.extend(page.jobs.into_iter().map(|job| job.job_id));
        if page.next_cursor.is_none() {
            return Ok(jobs);
        }
        if page.next_cursor == cursor {
            bail!("{} gives the same page of jobs again and again", client.shown());
        }
        cursor = page.next_cursor;
    }
}

fn bar() -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{pos:>7} of {len} photos  {wide_bar}  {eta}");
    let bar = ProgressBar::with_draw_target(Some(0), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, done: Progress, ahead: impl Iterator<Item = Progress>) {
    let (mut all, mut finished) = (done.all(), done.all());
    for progress in ahead {
        all += progress.all();
        finished += progress.ready + progress.rejected + progress.missing;
    }
    bar.set_length(all);
    bar.set_position(finished);
}
