//! What changes, as it changes, for pages that are open: news within this process, kept nowhere. Who misses some is told
//! to look again at everything, and who is not connected looks when they come back.

use tokio::sync::broadcast;

use crate::domain::JobId;

/// Changes that a reader may be behind.
const CHANGES_KEPT: usize = 1_024;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A photo of the job was stored, became ready, was rejected, changed or deleted.
    Photos(JobId),
    /// The job was added or changed.
    Job(JobId),
}

/// Who tells of changes, and of whom to hear them. Every clone is the same.
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<Change>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(CHANGES_KEPT))
    }
}

impl Events {
    /// Tells everybody who listens, and waits for nobody.
    pub fn tell(&self, change: Change) {
        // An error says that nobody listens.
        let _ = self.0.send(change);
    }

    /// Everything that is told from here on.
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
