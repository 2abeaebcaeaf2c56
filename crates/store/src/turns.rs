//! Bounds for what goes on at the same time: a fixed number of turns, and waits for one that end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use s3s::{S3ErrorCode, S3Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::refuse;

/// More turns than this cannot be asked for.
pub(crate) const TURNS_MAX: usize = 1 << 20;

/// A number of turns. Whoever finds none free waits, not too long and not behind too many others.
#[derive(Debug)]
pub(crate) struct Turns {
    free: Arc<Semaphore>,
    count: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait_max: Duration,
}

impl Turns {
    pub(crate) fn new(count: usize, waiting_max: usize, wait_max: Duration) -> Self {
        let free = Arc::new(Semaphore::new(count));
        Self { free, count, waiting: AtomicUsize::new(0), waiting_max, wait_max }
    }

    /// A turn, which lasts until it is dropped; 503 `SlowDown` when none becomes free.
    pub(crate) async fn take(&self) -> S3Result<OwnedSemaphorePermit> {
        let slow_down =
            || refuse(S3ErrorCode::SlowDown, "Too many requests at once. Please reduce your request rate.");
        if let Ok(turn) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(turn);
        }
        let waiting = Waiting::enter(&self.waiting);
        if waiting.before >= self.waiting_max {
            return Err(slow_down());
        }
        let turn = tokio::time::timeout(self.wait_max, Arc::clone(&self.free).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(slow_down)
    }

    /// Waits until all turns are over, and gives none from then on.
    pub(crate) async fn end(&self) {
        let all = u32::try_from(self.count).unwrap_or(u32::MAX);
        if let Ok(turns) = self.free.acquire_many(all).await {
            self.free.close();
            drop(turns);
        }
    }
}

/// Counts one that waits, for as long as it waits.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::SeqCst) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_end_waits_for_the_turns_that_were_taken_and_no_others_come() {
        let turns = Arc::new(Turns::new(2, 2, Duration::from_secs(5)));
        let taken = turns.take().await.unwrap();
        let ending = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.end().await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!ending.is_finished());
        drop(taken);
        ending.await.unwrap();
        assert_eq!(*turns.take().await.unwrap_err().code(), S3ErrorCode::SlowDown);
    }

    #[tokio::test]
    async fn a_wait_for_a_turn_is_bounded_in_time_and_in_company() {
        let turns = Arc::new(Turns::new(1, 1, Duration::from_millis(200)));
        let _taken = turns.take().await.unwrap();
        let first = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take().await.is_err() }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let start = std::time::Instant::now();
        assert!(turns.take().await.is_err());
        assert!(start.elapsed() < Duration::from_millis(100), "the second one does not wait");
        assert!(first.await.unwrap());
    }
}
