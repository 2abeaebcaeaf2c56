//! What came of every file, and why a run ended early.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use indicatif::HumanBytes;
use tokio_util::sync::CancellationToken;

/// What came of one file.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its bytes were sent and are stored.
    Uploaded {
        /// How many.
        size_bytes: u64,
    },
    /// It was stored before.
    AlreadyThere,
    /// Another file of this run has the same bytes.
    Same,
    /// It is not stored; the sentence goes on after the file's name.
    Failed(String),
}

/// What came of all files so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    files: usize,
    uploaded: usize,
    uploaded_bytes: u64,
    already_there: usize,
    same: usize,
    failures: Vec<(String, String)>,
}

impl Tally {
    /// Nothing yet, of so many files.
    pub(super) fn of(files: usize) -> Self {
        Self { files, ..Self::default() }
    }

    /// Notes what came of the file with this name.
    pub(super) fn note(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Outcome::Uploaded { size_bytes } => {
                self.uploaded += 1;
                self.uploaded_bytes += size_bytes;
            }
            Outcome::AlreadyThere => self.already_there += 1,
            Outcome::Same => self.same += 1,
            Outcome::Failed(reason) => self.failures.push((name.to_owned(), reason)),
        }
    }

    /// Names and reasons.
    pub(super) fn failures(&self) -> &[(String, String)] {
        &self.failures
    }

    /// One line.
    pub(super) fn summary(&self) -> String {
        let mut parts = vec![format!("{} uploaded ({})", self.uploaded, HumanBytes(self.uploaded_bytes))];
        let untouched =
            self.files - self.uploaded - self.already_there - self.same - self.failures.len().min(self.files);
        for (count, words) in [
            (self.already_there, "already there"),
            (self.same, "the same as another one"),
            (self.failures.len(), "failed"),
            (untouched, "not sent"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {words}"));
            }
        }
        parts.join(", ")
    }

    /// How much of a run that ended early is safe, and how to go on.
    pub(super) fn safe(&self) -> String {
        let safe = self.uploaded + self.already_there;
        format!(
            "{safe} of {} photos are safe on the server; running the same command again sends the rest",
            self.files
        )
    }

    /// What failed, a line for each.
    pub(super) fn list_of_failures(&self) -> String {
        let mut lines = vec![format!("{} of {} files were not uploaded:", self.failures.len(), self.files)];
        lines.extend(self.failures.iter().map(|(name, reason)| format!("  {name}: {reason}")));
        lines.join("\n")
    }
}

/// Ends a run early: by a signal, because the server is gone, or because it refuses everything.
#[derive(Clone, Default)]
pub(super) struct Stop {
    token: CancellationToken,
    reason: Arc<OnceLock<String>>,
}

impl Stop {
    /// Stops. The first reason is the one that is told.
    pub(super) fn because(&self, reason: String) {
        // A second reason comes from the same event, seen by another worker.
        let _ = self.reason.set(reason);
        self.token.cancel();
    }

    /// Whether the run was stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Why.
    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.get().map(String::as_str)
    }

    /// The future's value, or `None` once the run was stopped.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.token.run_until_cancelled(work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_every_file_once() {
        let mut tally = Tally::of(6);
        tally.note("a", Outcome::Uploaded { size_bytes: 2048 });
        tally.note("b", Outcome::AlreadyThere);
        tally.note("c", Outcome::Same);
        tally.note("d", Outcome::Failed("is empty".to_owned()));
        assert_eq!(
            tally.summary(),
            "1 uploaded (2.00 KiB), 1 already there, 1 the same as another one, 1 failed, 2 not sent"
        );
        assert_eq!(tally.list_of_failures(), "1 of 6 files were not uploaded:\n  d: is empty");
        assert!(tally.safe().starts_with("2 of 6 photos are safe"), "{}", tally.safe());
    }

    #[tokio::test]
    async fn a_stop_ends_what_waits_and_keeps_its_first_reason() {
        let stop = Stop::default();
        assert_eq!(stop.unless_stopped(async { 1 }).await, Some(1));
        stop.because("first".to_owned());
        stop.because("second".to_owned());
        assert_eq!(stop.unless_stopped(std::future::pending::<()>()).await, None);
        assert_eq!((stop.is_stopped(), stop.reason()), (true, Some("first")));
    }
}
