//! What can come between a photo and the server, sorted by what to do about it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use crate::cli::client::CallError;

/// Why a try did not work. The sentences go on after a file's name.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another try may work.
    Passing(Passing),
    /// This photo will not be taken; others may.
    Final(String),
    /// No photo will be taken.
    Everything(String),
}

/// Trouble that may pass.
#[derive(Debug)]
pub(super) struct Passing {
    /// What happened.
    pub(super) reason: String,
    /// How long the server asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// Nobody answers at the address.
    pub(super) is_unreachable: bool,
}

impl Trouble {
    /// Something on the way that has no answer to read.
    pub(super) fn passing(reason: String) -> Self {
        Self::Passing(Passing { reason, retry_after: None, is_unreachable: false })
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        let reason = error.to_string();
        match error {
            CallError::Unreachable(_) => {
                Self::Passing(Passing { reason, retry_after: None, is_unreachable: true })
            }
            CallError::Passing { retry_after, .. } => {
                Self::Passing(Passing { reason, retry_after, is_unreachable: false })
            }
            CallError::Refused(refusal) => match refusal.photo_field() {
                // All photos of a run have the same phase and caption.
                None | Some((_, "phase" | "caption")) => Self::Everything(reason),
                Some(_) if refusal.status == StatusCode::GONE => {
                    Self::Final("was uploaded before and deleted since; it is not sent again".to_owned())
                }
                Some(_) => Self::Final(reason),
            },
        }
    }
}

/// Tells a server that is gone from a photo that does not get through.
#[derive(Debug, Default)]
pub(super) struct Health {
    successes: AtomicU64,
    strikes: AtomicU32,
}

/// After so many photos in a row on which all tries were spent, the rest is not tried.
const STRIKES_MAX: u32 = 3;

impl Health {
    /// How many photos got through so far.
    pub(super) fn successes(&self) -> u64 {
        self.successes.load(Ordering::Relaxed)
    }

    /// A photo got through.
    pub(super) fn note_success(&self) {
        self.successes.fetch_add(1, Ordering::Relaxed);
        self.strikes.store(0, Ordering::Relaxed);
    }

    /// All tries of a photo were spent; when the first failed, `successes` photos had got through. Whether it is time to give
    /// the run up: otherwise a thousand photos would each wait for a server that is not there.
    pub(super) fn note_exhausted(&self, successes: u64, is_unreachable: bool) -> bool {
        if self.successes() != successes {
            return false;
        }
        let strikes = if is_unreachable { STRIKES_MAX } else { 1 };
        self.strikes.fetch_add(strikes, Ordering::Relaxed).saturating_add(strikes) >= STRIKES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::Refusal;

    #[test]
    fn a_run_is_given_up_only_when_nothing_gets_through() {
        let health = Health::default();
        assert!(!health.note_exhausted(0, false));
        assert!(!health.note_exhausted(0, false));
        health.note_success();
        assert!(!health.note_exhausted(0, true), "another photo got through meanwhile");
        assert!(!health.note_exhausted(1, false));
        assert!(health.note_exhausted(1, true), "nobody answers");
    }

    #[test]
    fn a_refusal_without_a_photo_is_one_of_everything() {
        let refusal = Refusal::plain(StatusCode::UNAUTHORIZED, "no".to_owned());
        let trouble = Trouble::from(CallError::Refused(Box::new(refusal)));
        assert!(matches!(trouble, Trouble::Everything(reason) if reason == "no"));
    }
}
