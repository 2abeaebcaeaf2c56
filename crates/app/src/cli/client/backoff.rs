//! Waits between tries: exponential, with jitter, bounded in number and in sum.

use std::time::Duration;

/// How often one thing is tried.
pub(in crate::cli) const TRIES_MAX: u32 = 8;
const TRIES_SHORT_MAX: u32 = 3;
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// How long all waits of one thing may be together, those that a server asks for included.
const SUM_MAX: Duration = Duration::from_mins(5);

/// The waits of one thing that is tried.
#[derive(Debug)]
pub(in crate::cli) struct Backoff {
    tries_max: u32,
    failures: u32,
    waited: Duration,
}

impl Backoff {
    /// For what shall survive the restart of a server: about a minute in all.
    pub(in crate::cli) fn new() -> Self {
        Self { tries_max: TRIES_MAX, failures: 0, waited: Duration::ZERO }
    }

    /// For what a person waits for: a second or so.
    pub(in crate::cli) fn short() -> Self {
        Self { tries_max: TRIES_SHORT_MAX, ..Self::new() }
    }

    /// How many tries have failed.
    pub(in crate::cli) fn failures(&self) -> u32 {
        self.failures
    }

    /// To be called after a try that failed: how long to wait before the next one, or `None` when it is time to give
    /// up. Never shorter than the server asks for.
    pub(in crate::cli) fn next_wait(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures += 1;
        if self.failures >= self.tries_max {
            return None;
        }
        // Half of it is chance, so that many clients do not come back at the same moment.
        let jittered = doubled.mul_f64(0.5 + 0.5 * rand::random::<f64>());
        let asked = retry_after.map_or(Duration::ZERO, |asked| asked.saturating_add(jittered / 4));
        let wait = jittered.max(asked);
        self.waited = self.waited.saturating_add(wait);
        (self.waited <= SUM_MAX).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_jitter_and_end() {
        for _ in 0..100 {
            let mut backoff = Backoff::new();
            let waits: Vec<_> = std::iter::from_fn(|| backoff.next_wait(None)).collect();
            assert_eq!(waits.len(), 7);
            for (doublings, wait) in waits.iter().enumerate() {
                let whole = FIRST * 2_u32.pow(u32::try_from(doublings).unwrap());
                assert!(*wait >= whole.min(LONGEST) / 2 && *wait <= whole.min(LONGEST), "{waits:?}");
            }
        }
    }

    #[test]
    fn the_server_s_wish_is_honoured_within_the_sum() {
        let mut backoff = Backoff::new();
        let asked = Duration::from_secs(100);
        let wait = backoff.next_wait(Some(asked)).unwrap();
        assert!(wait >= asked && wait < asked + FIRST, "{wait:?}");
        assert!(backoff.next_wait(Some(asked)).is_some());
        assert_eq!(backoff.next_wait(Some(asked)), None, "300 seconds are the most");
        assert_eq!(Backoff::new().next_wait(Some(Duration::MAX)), None);
    }
}
