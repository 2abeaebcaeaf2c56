//! Stable signed URLs: everybody who asks within one window is handed the same URL, so caches work.

use jiff::Timestamp;

/// When to sign and for how long, so that the URL stays the same within a window and works for at least one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningWindow {
    /// The signing time: `now` rounded down to a window.
    pub signed_at: Timestamp,
    /// Seconds from `signed_at`: two windows, so a URL handed out at the window's last moment lives one window more.
    pub expires_seconds: u32,
}

impl SigningWindow {
    /// The window of `window_seconds` that `now` falls into. A window of 0 counts as 1 second.
    pub fn containing(now: Timestamp, window_seconds: u32) -> Self {
        let window = i64::from(window_seconds.max(1));
        let start = now.as_second().div_euclid(window) * window;
        Self {
            signed_at: Timestamp::from_second(start).unwrap_or(now),
            expires_seconds: window_seconds.max(1).saturating_mul(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_within_a_window_gets_the_same_signing_time() {
        let at = |second| SigningWindow::containing(Timestamp::from_second(second).unwrap(), 900);
        assert_eq!(at(9_000), at(9_899));
        assert_ne!(at(9_899), at(9_900));
        assert_eq!(at(9_899).signed_at.as_second(), 9_000);
        assert_eq!(at(9_899).expires_seconds, 1_800);
    }
}
