//! Has the renditions of a job's photos made, for those that have none or for all.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::{OperationError, Photos};
use crate::domain::merge::{ListedPhoto, merge};
use crate::domain::{Actor, JobId, ObjectName, PhotoId, PhotoStatus, Rendition, StoredObject};

/// Objects read in one step.
const PAGE: usize = 1_000;

/// How far the processor is with a job.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Photos that wait for the processor, or are with it.
    pub processing: u64,
    /// Photos with renditions.
    pub ready: u64,
    /// Photos that cannot be shown.
    pub rejected: u64,
    /// Photos whose original the bucket has lost.
    pub missing: u64,
}

impl Photos {
    /// Queues a job's photos that lack renditions; with `again` also those that are ready or rejected.
    pub async fn process_job(
        &self,
        actor: &Actor,
        job_id: &JobId,
        again: bool,
        now: Timestamp,
    ) -> Result<Progress, OperationError> {
        let mut rest = Some(ObjectName::photos_prefix(job_id));
        let (mut progress, mut ready) = (Progress::default(), Vec::new());
        while let Some(start_after) = rest {
            let (page, next) = self.merge_page(job_id, &start_after, PAGE, now).await?;
            rest = next;
            let merged = merge(job_id, &page, actor);
            let objects: BTreeMap<&str, &StoredObject> =
                page.objects.iter().map(|object| (object.key.as_str(), object)).collect();
            let mut wanted: Vec<(PhotoId, StoredObject)> = merged.unprocessed;
            for photo in merged.photos {
                let object = objects.get(photo.key.as_str()).map(|object| (*object).clone());
                match photo.status {
                    _ if photo.waiting => progress.processing += 1,
                    PhotoStatus::Processing => progress.processing += 1,
                    PhotoStatus::Missing => progress.missing += 1,
                    _ if again => {
                        wanted.extend(object.map(|object| (photo.photo_id, object)));
                        progress.processing += 1;
                    }
                    PhotoStatus::Ready => ready.extend(object.map(|object| (photo, object))),
                    PhotoStatus::Rejected => progress.rejected += 1,
                }
            }
            self.queue.put(job_id, &wanted, now).await?;
        }
        let lost = self.without_renditions(job_id, &ready, now).await?;
        for some in lost.chunks(PAGE) {
            self.queue.put(job_id, some, now).await?;
        }
        progress.processing += lost.len() as u64;
        progress.ready += (ready.len() - lost.len()) as u64;
        Ok(progress)
    }

    /// Finds the photos whose records name renditions that the bucket lacks. What a record names was stored before it.
    async fn without_renditions(
        &self,
        job_id: &JobId,
        ready: &[(ListedPhoto, StoredObject)],
        now: Timestamp,
    ) -> Result<Vec<(PhotoId, StoredObject)>, OperationError> {
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.rendition_keys(job_id, now).await?;
        let is_lost = |photo: &ListedPhoto| {
            photo.renditions.as_ref().is_some_and(|made| {
                let key =
                    |rendition| ObjectName::rendition_key(job_id, &photo.photo_id, &made.version, rendition);
                !Rendition::ALL.iter().all(|rendition| keys.contains(&key(*rendition)))
            })
        };
        let lost = ready.iter().filter(|(photo, _)| is_lost(photo));
        Ok(lost.map(|(photo, object)| (photo.photo_id.clone(), object.clone())).collect())
    }

    /// Lists every rendition of a job that is in the bucket.
    async fn rendition_keys(
        &self,
        job_id: &JobId,
        now: Timestamp,
    ) -> Result<HashSet<String>, OperationError> {
        let prefix = ObjectName::job_renditions_prefix(job_id);
        let (mut keys, mut start_after) = (HashSet::new(), String::new());
        loop {
            let listing = self.bucket.list(&prefix, &start_after, PAGE, now).await?;
            match listing.objects.last() {
                Some(last) if listing.truncated => start_after.clone_from(&last.key),
                _ => start_after.clear(),
            }
            keys.extend(listing.objects.into_iter().map(|object| object.key));
            if start_after.is_empty() {
                return Ok(keys);
            }
        }
    }
}
