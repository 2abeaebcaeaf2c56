//! The run: one task hashes, one asks for grants, several send. The channels between them are short, so that neither
//! hashes nor grants pile up while the network is slow.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinSet, spawn_blocking};

use super::file::{HashedPhoto, LocalPhoto};
use super::form;
use super::grant::{BATCH_MAX, Grant, Grants};
use super::progress::{FileProgress, Progress};
use super::tally::{Outcome, Stop, Tally};
use super::trouble::{Health, Trouble};
use crate::cli::client::{Backoff, Client, TRIES_MAX};

/// What the tasks of a run share.
pub(super) struct Run {
    /// The server.
    pub(super) client: Arc<Client>,
    /// Its grants for the job.
    pub(super) grants: Grants,
    /// The ids of the photos that were there when the run began.
    pub(super) stored: HashSet<String>,
    /// What a person sees.
    pub(super) progress: Progress,
    /// Ends it early.
    pub(super) stop: Stop,
    /// What came of the files.
    pub(super) tally: Mutex<Tally>,
    /// Whether the server is still there.
    pub(super) health: Health,
}

type Photo = Arc<HashedPhoto>;
type Granted = (Photo, Grant);

/// Sends the photos, `parallel` at once, until all are settled or the run is stopped.
pub(super) async fn all(run: &Arc<Run>, photos: Vec<LocalPhoto>, parallel: usize) -> anyhow::Result<()> {
    let (hashed, to_grant) = channel(BATCH_MAX);
    let (granted, to_send) = channel(parallel);
    let to_send = Arc::new(tokio::sync::Mutex::new(to_send));
    let mut tasks = JoinSet::new();
    tasks.spawn(hash_all(Arc::clone(run), photos, hashed));
    tasks.spawn(grant_all(Arc::clone(run), to_grant, granted));
    for _ in 0..parallel {
        tasks.spawn(send_some(Arc::clone(run), Arc::clone(&to_send)));
    }
    // Only the tasks may hold the receiver: when the last sender of forms ends, so does the one who asks for grants.
    drop(to_send);
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}

async fn hash_all(run: Arc<Run>, photos: Vec<LocalPhoto>, hashed: Sender<Photo>) {
    let mut names: HashMap<String, String> = HashMap::new();
    for photo in photos {
        let stop = run.stop.clone();
        let photo = match spawn_blocking(move || photo.hash(&stop)).await {
            Ok(Ok(photo)) => photo,
            // A file that was given up because of the stop is not one that failed.
            Ok(Err(_)) if run.stop.is_stopped() => return,
            Ok(Err((photo, reason))) => {
                run.settle(&photo.shown(), photo.size_bytes(), Outcome::Failed(reason));
                continue;
            }
            Err(error) => return run.stop.because(format!("reading a file ended early: {error}")),
        };
        let shown = photo.shown();
        if let Some(first) = names.get(&photo.sha256) {
            run.progress.log(&format!("{shown}: the same photo as {first}"));
            run.settle(&shown, photo.size_bytes(), Outcome::Same);
            continue;
        }
        names.insert(photo.sha256.clone(), shown);
        if hashed.send(Arc::new(photo)).await.is_err() {
            return;
        }
    }
}

async fn grant_all(run: Arc<Run>, mut hashed: Receiver<Photo>, granted: Sender<Granted>) {
    let mut batch = Vec::new();
    while hashed.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let asked = run.grant_batch(std::mem::take(&mut batch));
        let Some(grants) = run.stop.unless_stopped(asked).await else { return };
        for (photo, grant) in grants {
            if run.stored.contains(&grant.photo_id) {
                run.settle(&photo.shown(), photo.size_bytes(), Outcome::AlreadyThere);
            } else if granted.send((photo, grant)).await.is_err() {
                return;
            }
        }
    }
}

async fn send_some(run: Arc<Run>, to_send: Arc<tokio::sync::Mutex<Receiver<Granted>>>) {
    loop {
        let next = to_send.lock().await.recv().await;
        let Some((photo, grant)) = next else { return };
        // Dropping the request in the middle leaves nothing behind: the store keeps whole photos only.
        match run.stop.unless_stopped(run.upload(&photo, grant)).await.flatten() {
            Some(outcome) => run.settle(&photo.shown(), photo.size_bytes(), outcome),
            None => return,
        }
    }
}

impl Run {
    /// The tally.
    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, shown: &str, size_bytes: u64, outcome: Outcome) {
        match &outcome {
            Outcome::Uploaded { .. } => self.progress.log(&format!("{shown}: uploaded")),
            Outcome::AlreadyThere => self.progress.log(&format!("{shown}: already there")),
            Outcome::Same => {}
            Outcome::Failed(reason) => self.progress.line(&format!("{shown}: {reason}")),
        }
        if !matches!(outcome, Outcome::Uploaded { .. }) {
            self.progress.skip(size_bytes);
        }
        self.tally().note(shown, outcome);
    }

    /// The grants of a batch. Photos that are refused are settled here, and the others asked for again without them.
    /// Empty when the run was stopped.
    async fn grant_batch(&self, mut batch: Vec<Photo>) -> Vec<Granted> {
        let mut backoff = Backoff::new();
        while !batch.is_empty() {
            let error = match self.grants.ask(&batch).await {
                Ok(grants) => return batch.into_iter().zip(grants).collect(),
                Err(error) => error,
            };
            let refused = error.photo_index().filter(|index| *index < batch.len());
            match (Trouble::from(error), refused) {
                (Trouble::Final(reason), Some(index)) => {
                    let photo = batch.remove(index);
                    self.settle(&photo.shown(), photo.size_bytes(), Outcome::Failed(reason));
                }
                (Trouble::Passing(passing), _) => {
                    let Some(wait) = backoff.next_wait(passing.retry_after) else {
                        self.stop.because(passing.reason);
                        return Vec::new();
                    };
                    self.progress.log(&format!("{}; trying again", passing.reason));
                    tokio::time::sleep(wait).await;
                }
                (Trouble::Everything(reason) | Trouble::Final(reason), _) => {
                    self.stop.because(reason);
                    return Vec::new();
                }
            }
        }
        Vec::new()
    }

    /// Sends a photo, as often as it makes sense. `None` when the whole run has to end.
    async fn upload(&self, photo: &Photo, grant: Grant) -> Option<Outcome> {
        let progress = Arc::new(self.progress.file(&photo.shown(), photo.size_bytes()));
        let (mut grant, mut backoff) = (Some(grant), Backoff::new());
        let mut successes = None;
        loop {
            let passing = match self.attempt(photo, grant.take(), &progress).await {
                Ok(()) => {
                    self.health.note_success();
                    return Some(Outcome::Uploaded { size_bytes: photo.size_bytes() });
                }
                Err(Trouble::Final(reason)) => {
                    progress.restart();
                    return Some(Outcome::Failed(reason));
                }
                Err(Trouble::Everything(reason)) => {
                    self.stop.because(reason);
                    return None;
                }
                Err(Trouble::Passing(passing)) => passing,
            };
            progress.restart();
            let successes = *successes.get_or_insert_with(|| self.health.successes());
            let Some(wait) = backoff.next_wait(passing.retry_after) else {
                let reason = format!("{} (tried {} times)", passing.reason, backoff.failures());
                if self.health.note_exhausted(successes, passing.is_unreachable) {
                    self.stop.because(reason);
                    return None;
                }
                return Some(Outcome::Failed(reason));
            };
            progress.note(&passing.reason);
            self.progress.log(&format!(
                "{}: {}; trying again (try {} of {TRIES_MAX})",
                photo.shown(),
                passing.reason,
                backoff.failures() + 1,
            ));
            tokio::time::sleep(wait).await;
            progress.note("");
        }
    }

    /// One try, with a grant that is fresh.
    async fn attempt(
        &self,
        photo: &Photo,
        grant: Option<Grant>,
        progress: &Arc<FileProgress>,
    ) -> Result<(), Trouble> {
        let grant = if let Some(grant) = grant.filter(Grant::is_fresh) {
            grant
        } else {
            let grants = self.grants.ask(std::slice::from_ref(photo)).await?;
            // `ask` gives as many grants as there are photos.
            grants.into_iter().next().ok_or_else(|| Trouble::passing("no grant came".to_owned()))?
        };
        form::send(self.client.without_key(), photo, grant, progress).await
    }
}
