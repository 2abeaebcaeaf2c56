//! The queue of photos that wait for the processor, for those who put photos in.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::db::{Db, DbError};
use crate::domain::StoredObject;
use crate::domain::{JobId, PhotoId, PhotoRecord};
use crate::events::{Change, Events};

/// The queue, for those who put photos in: in the database, with a bell for the workers of this process, and news for
/// the pages that are open.
#[derive(Clone)]
pub struct Queue {
    /// Who else is told of photos that S3 told nobody of.
    #[cfg(feature = "lambda")]
    messages: Option<Arc<crate::aws::PhotoMessages>>,
    pub(super) db: Arc<dyn Db>,
    pub(super) bell: Arc<Notify>,
    pub(super) events: Events,
}

impl Queue {
    /// A queue in this database.
    pub fn new(db: Arc<dyn Db>, events: Events) -> Self {
        Self {
            #[cfg(feature = "lambda")]
            messages: None,
            db,
            bell: Arc::default(),
            events,
        }
    }

    /// The same queue, worked off by a function that is told of photos by messages.
    #[cfg(feature = "lambda")]
    pub fn with_messages(mut self, messages: crate::aws::PhotoMessages) -> Self {
        self.messages = Some(Arc::new(messages));
        self
    }

    /// The database that it stands in.
    pub fn db(&self) -> Arc<dyn Db> {
        Arc::clone(&self.db)
    }

    /// Who is told of changes.
    pub fn events(&self) -> Events {
        self.events.clone()
    }

    /// Queues photos of one job; those that have no record get one of what the bucket says.
    pub async fn put(
        &self,
        job_id: &JobId,
        photos: &[(PhotoId, StoredObject)],
        now: Timestamp,
    ) -> Result<(), DbError> {
        if photos.is_empty() {
            return Ok(());
        }
        let adopted =
            photos.iter().map(|(photo_id, object)| PhotoRecord::of_object(job_id, photo_id, object));
        self.db.adopt_photos(adopted.collect()).await?;
        let ids = photos.iter().map(|(photo_id, _)| photo_id.clone()).collect();
        self.db.queue_photos(job_id.clone(), ids, now).await?;
        self.ring();
        #[cfg(feature = "lambda")]
        if let Some(messages) = &self.messages {
            let keys: Vec<_> = photos.iter().map(|(_, object)| object.key.as_str()).collect();
            if let Err(error) = messages.send(&keys).await {
                tracing::warn!(%job_id, %error, "photos wait for the schedule: their messages were not sent");
            }
        }
        Ok(())
    }

    /// Notes that granted uploads have arrived, which queues them.
    pub async fn note_stored(
        &self,
        job_id: &JobId,
        photos: Vec<(PhotoId, Timestamp)>,
    ) -> Result<(), DbError> {
        if photos.is_empty() {
            return Ok(());
        }
        self.db.mark_stored(job_id.clone(), photos).await?;
        self.ring();
        self.events.tell(Change::Photos(job_id.clone()));
        Ok(())
    }

    /// Wakes a worker.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }
}
