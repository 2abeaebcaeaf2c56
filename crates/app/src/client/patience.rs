//! How a call that failed is tried again: a bounded number of times, within a bounded time, at random distances.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause is at most so long; each further one at most twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(25);
/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_millis(800);

/// How often, and for how long in all, something is tried. Pauses are random ("full jitter"), so that those who were turned
/// away together do not come back together.
#[derive(Debug)]
pub struct Patience {
    tries_left: u32,
    pause_max: Duration,
    deadline: Instant,
}

impl Patience {
    /// At most `tries`, all of them within `total`.
    pub fn new(tries: u32, total: Duration) -> Self {
        Self { tries_left: tries, pause_max: PAUSE_FIRST, deadline: Instant::now() + total }
    }

    /// Begins a try: what is left of the time, or nothing when it or the tries are used up.
    pub fn begin(&mut self) -> Option<Duration> {
        self.tries_left = self.tries_left.checked_sub(1)?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        Some(left).filter(|left| !left.is_zero())
    }

    /// Waits before the next try. When none is left it returns at once.
    pub async fn pause(&mut self) {
        if self.tries_left == 0 {
            return;
        }
        let pause = self.pause_max.mul_f64(rand::random());
        self.pause_max = (self.pause_max * 2).min(PAUSE_MAX);
        tokio::time::sleep_until((Instant::now() + pause).min(self.deadline)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn patience_ends_with_the_tries() {
        let mut patience = Patience::new(3, Duration::from_mins(1));
        for _ in 0..3 {
            assert!(patience.begin().is_some());
            patience.pause().await;
        }
        assert_eq!(patience.begin(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_with_the_time_and_pauses_grow_to_a_bound() {
        let total = Duration::from_secs(20);
        let (mut patience, started) = (Patience::new(u32::MAX, total), Instant::now());
        let (mut tries, mut longest) = (0, Duration::ZERO);
        while patience.begin().is_some() {
            let before = Instant::now();
            patience.pause().await;
            longest = longest.max(before.elapsed());
            tries += 1;
        }
        let took = started.elapsed();
        assert!(took >= total && took < total + Duration::from_millis(10), "{took:?}");
        assert!((25..400).contains(&tries), "{tries} tries");
        assert!(longest > PAUSE_MAX / 2 && longest <= PAUSE_MAX + Duration::from_millis(2), "{longest:?}");
    }
}
