//! The bucket compared with the records, a page at a time, and what follows from a difference.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{OperationError, Photos};
use crate::domain::merge::{Merged, Page};
use crate::domain::{JobId, ObjectName, PhotoRecord, StoredObject};
use crate::s3::Listing;

/// Records read beyond the objects of a page, which are missing photos: more of them end the page early.
const MISSING_READ: usize = 100;

impl Photos {
    /// Reads one page of the bucket with its records, and after which key the next begins.
    pub(super) async fn merge_page(
        &self,
        job_id: &JobId,
        start_after: &str,
        wanted: usize,
        now: Timestamp,
    ) -> Result<(Page, Option<String>), OperationError> {
        let prefix = ObjectName::photos_prefix(job_id);
        let Listing { mut objects, truncated } = self.bucket.list(&prefix, start_after, wanted, now).await?;
        let mut end = if truncated { objects.last().map(|object| object.key.clone()) } else { None };
        let id_of = |key: &str| ObjectName::parse_original(job_id, key).map(|name| name.photo_id().clone());
        let (from, to) = (id_of(start_after), end.as_deref().and_then(id_of));
        let limit = objects.len() + MISSING_READ;
        let mut stored = self.db.stored_photos(job_id.clone(), from, to, limit).await?;
        stored.sort_by(|left, right| left.key.cmp(&right.key));
        if stored.len() == limit {
            end = stored.last().map(|record| record.key.clone());
        }
        let in_page = |key: &str| key > start_after && end.as_deref().is_none_or(|end| key <= end);
        objects.retain(|object| in_page(&object.key));
        stored.retain(|record| in_page(&record.key));
        let missing = self.find_missing(&prefix, start_after, wanted, &objects, &stored, now).await?;
        let mut records: BTreeMap<_, _> =
            stored.into_iter().map(|record| (record.photo_id.clone(), record)).collect();
        let unknown =
            objects.iter().filter_map(|object| id_of(&object.key)).filter(|id| !records.contains_key(id));
        let others = self.db.photos(job_id.clone(), unknown.collect()).await?;
        records.extend(others.into_iter().map(|record| (record.photo_id.clone(), record)));
        Ok((Page { objects, records, missing }, end))
    }

    /// Finds stored photos that the bucket lacks. It is asked a second time: one of them may have arrived since the first.
    async fn find_missing(
        &self,
        prefix: &str,
        start_after: &str,
        wanted: usize,
        objects: &[StoredObject],
        stored: &[PhotoRecord],
        now: Timestamp,
    ) -> Result<Vec<PhotoRecord>, OperationError> {
        let keys = |objects: &[StoredObject]| {
            objects.iter().map(|object| object.key.clone()).collect::<BTreeSet<_>>()
        };
        let there = keys(objects);
        let mut missing: Vec<_> =
            stored.iter().filter(|record| !there.contains(&record.key)).cloned().collect();
        if missing.is_empty() {
            return Ok(missing);
        }
        let again = self.bucket.list(prefix, start_after, wanted, now).await?;
        let end = again.objects.last().filter(|_| again.truncated).map(|object| object.key.clone());
        let there = keys(&again.objects);
        missing.retain(|record| {
            !there.contains(&record.key) && end.as_ref().is_none_or(|end| record.key <= *end)
        });
        Ok(missing)
    }

    /// Notes what a listing has shown; what fails is found again by the next one. Arrivals are noted at once, so that the
    /// count of a job's photos is right when the list is on the screen; deletions are finished in the background.
    pub(super) async fn reconcile(&self, job_id: &JobId, merged: &Merged, now: Timestamp) {
        if let Err(error) = self.queue.note_stored(job_id, merged.newly_stored.clone()).await {
            tracing::warn!(%error, "stored photos were not noted");
        }
        if let Err(error) = self.queue.put(job_id, &merged.unprocessed, now).await {
            tracing::warn!(%error, "unprocessed photos were not queued");
        }
        for key in merged.deleted_again.clone() {
            let bucket = self.bucket.clone();
            let deletion = async move {
                if let Err(error) = bucket.delete(&key, now).await {
                    tracing::warn!(%error, key, "a deleted photo that was sent again is still there");
                }
            };
            self.background.run(deletion).await;
        }
    }
}
