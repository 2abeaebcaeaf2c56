use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::ListenerLimits;

/// How long a peer may keep us waiting, in one silence and altogether.
///
/// Only time spent waiting for the peer counts, so a slow disk or a busy handler on our side never makes a client
/// look slow. The peer has an allowance of waiting (the grace); waiting uses it up, every byte earns some of it back
/// at the minimum rate, and it never grows beyond the grace: a fast start does not buy a trickle afterwards.
#[derive(Debug)]
pub(super) struct Pace {
    silence_max: Duration,
    grace: Duration,
    bytes_per_second_min: u64,
    allowance: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    fn new(silence_seconds: u64, grace_seconds: u64, bytes_per_second_min: u64) -> Self {
        let grace = Duration::from_secs(grace_seconds);
        Self {
            silence_max: Duration::from_secs(silence_seconds),
            grace,
            bytes_per_second_min,
            allowance: grace,
            waiting_since: None,
            timer: None,
        }
    }

    /// For reading a request body.
    pub(super) fn of_body(limits: &ListenerLimits) -> Self {
        Self::new(limits.body_idle_seconds, limits.body_grace_seconds, limits.body_bytes_per_second_min)
    }

    /// For writing an answer.
    pub(super) fn of_response(limits: &ListenerLimits) -> Self {
        Self::new(
            limits.response_stall_seconds,
            limits.response_grace_seconds,
            limits.response_bytes_per_second_min,
        )
    }

    /// To be called while the peer keeps us waiting: ready once it has done so for too long.
    pub(super) fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waiting_since.is_none() {
            let now = Instant::now();
            self.waiting_since = Some(now);
            let deadline = now + self.patience();
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(deadline),
                None => self.timer = Some(Box::pin(sleep_until(deadline))),
            }
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// To be called when the peer has sent or taken `bytes`.
    pub(super) fn progress(&mut self, bytes: usize) {
        let waited = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        let left = self.allowance.saturating_sub(waited);
        self.allowance = self.grace.min(left.saturating_add(self.earned(bytes)));
    }

    fn patience(&self) -> Duration {
        if self.bytes_per_second_min == 0 { self.silence_max } else { self.silence_max.min(self.allowance) }
    }

    fn earned(&self, bytes: usize) -> Duration {
        let nanos = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1_000_000_000);
        nanos.checked_div(self.bytes_per_second_min).map_or(self.grace, Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn overdue_after(pace: &mut Pace, at_most: Duration) -> bool {
        tokio::time::timeout(at_most, poll_fn(|cx| pace.poll_overdue(cx))).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_ends_after_its_limit_and_not_before() {
        let mut pace = Pace::new(5, 60, 1000);
        assert!(!overdue_after(&mut pace, Duration::from_millis(4_900)).await);
        assert!(overdue_after(&mut pace, Duration::from_millis(200)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_ends_when_the_grace_is_used_up() {
        let mut pace = Pace::new(5, 10, 1000);
        let start = Instant::now();
        while !overdue_after(&mut pace, Duration::from_secs(1)).await {
            pace.progress(1);
            assert!(start.elapsed() < Duration::from_secs(12), "a byte a second must not go on for ever");
        }
        assert!(start.elapsed() >= Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_at_the_minimum_rate_is_never_overdue() {
        let mut pace = Pace::new(5, 10, 1000);
        for _ in 0..1000 {
            assert!(!overdue_after(&mut pace, Duration::from_secs(1)).await);
            pace.progress(1000);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_start_does_not_buy_more_than_the_grace() {
        let mut pace = Pace::new(60, 10, 1000);
        assert!(!overdue_after(&mut pace, Duration::from_secs(1)).await);
        pace.progress(1_000_000_000);
        assert!(overdue_after(&mut pace, Duration::from_millis(10_100)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_minimum_rate_only_silence_counts() {
        let mut pace = Pace::new(5, 0, 0);
        for _ in 0..100 {
            assert!(!overdue_after(&mut pace, Duration::from_secs(4)).await);
            pace.progress(1);
        }
        assert!(overdue_after(&mut pace, Duration::from_millis(5_100)).await);
    }
}
