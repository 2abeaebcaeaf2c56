//! Photos of one job: list, read, change, delete.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Background, OperationError};
use crate::config::UploadConfig;
use crate::db::Db;
use crate::domain::merge::{ListedPhoto, Page, merge};
use crate::domain::{Actor, Job, JobId, ObjectName, PhotoChange, PhotoId, PhotoRecord, StoredObject};
use crate::events::{Change, Events};
use crate::process::{Queue, remove_photo};
use crate::s3::Bucket;

/// Pages of the bucket read for one page of photos: where almost everything is hidden, the cursor moves on with few.
const ROUNDS_MAX: usize = 10;

/// The operations on photos and what they work with. Cheap to clone.
#[derive(Clone)]
pub struct Photos {
    /// The records.
    pub db: Arc<dyn Db>,
    /// The bytes.
    pub bucket: Bucket,
    /// Photos that wait for the processor.
    pub queue: Queue,
    /// Notifies open pages of changes.
    pub events: Events,
    /// What an upload may be.
    pub limits: UploadConfig,
    /// Where work runs that a response need not wait for.
    pub background: Background,
}

/// A page of photos in the order of their keys.
pub struct PhotoPage {
    /// As the actor may see them.
    pub photos: Vec<ListedPhoto>,
    /// The key after which the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Photos {
    /// Reads pages of the bucket and merges them with the records until `limit` photos are found.
    pub async fn collect_page(
        &self,
        actor: &Actor,
        job_id: &JobId,
        mut start_after: String,
        limit: usize,
        now: Timestamp,
    ) -> Result<PhotoPage, OperationError> {
        let mut photos = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let wanted = limit.saturating_sub(photos.len()).max(1);
            let (page, next) = self.merge_page(job_id, &start_after, wanted, now).await?;
            let mut merged = merge(job_id, &page, actor);
            self.reconcile(job_id, &merged, now).await;
            // Missing photos come on top of what the bucket was asked for.
            if merged.photos.len() > wanted {
                merged.photos.truncate(wanted);
                let last = merged.photos.last().map(|photo| photo.key.clone());
                photos.extend(merged.photos);
                return Ok(PhotoPage { photos, next: last });
            }
            photos.extend(merged.photos);
            let Some(next) = next else { return Ok(PhotoPage { photos, next: None }) };
            start_after = next;
            if photos.len() >= limit {
                break;
            }
        }
        Ok(PhotoPage { photos, next: Some(start_after) })
    }

    /// Reads one photo as the actor may see it.
    pub async fn read(
        &self,
        actor: &Actor,
        job_id: &JobId,
        photo_id: &PhotoId,
        now: Timestamp,
    ) -> Result<ListedPhoto, OperationError> {
        let record = self.db.photos(job_id.clone(), vec![photo_id.clone()]).await?.pop();
        let object = match record {
            Some(record) => self.bucket.find(&record.key, now).await?,
            None => self.find_object(job_id, photo_id, now).await?,
        };
        let object = object.ok_or(OperationError::PhotoNotFound)?;
        // Read after the object: a photo that was deleted meanwhile has its mark by then.
        let records = self.db.photos(job_id.clone(), vec![photo_id.clone()]).await?;
        let records = records.into_iter().map(|record| (record.photo_id.clone(), record)).collect();
        let page = Page { objects: vec![object], records, missing: Vec::new() };
        let mut merged = merge(job_id, &page, actor);
        self.reconcile(job_id, &merged, now).await;
        let photo = merged.photos.pop().filter(|photo| photo.photo_id == *photo_id);
        photo.ok_or(OperationError::PhotoNotFound)
    }

    /// Changes a photo's phase, caption or visibility.
    pub async fn change(
        &self,
        job_id: &JobId,
        photo_id: &PhotoId,
        change: PhotoChange,
        now: Timestamp,
    ) -> Result<(), OperationError> {
        let record = self.find_record(job_id, photo_id, now).await?;
        self.db.adopt_photos(vec![record]).await?;
        if !self.db.change_photo(job_id.clone(), photo_id.clone(), change).await? {
            return Err(OperationError::PhotoNotFound);
        }
        self.events.tell(Change::Photos(job_id.clone()));
        Ok(())
    }

    /// Deletes a photo. Idempotent. Runs in a task of its own, so that a caller who leaves does not stop it half way.
    pub async fn delete(&self, job: &Job, photo_id: &PhotoId, now: Timestamp) -> Result<(), OperationError> {
        let record = self.find_record(&job.job_id, photo_id, now).await?;
        let (photos, job_id) = (self.clone(), job.job_id.clone());
        let deletion = async move {
            let deleted = photos.delete_record_and_object(record, now).await;
            // Half done, it is no longer shown either.
            photos.events.tell(Change::Photos(job_id));
            deleted
        };
        tokio::spawn(deletion).await.map_err(|error| OperationError::Internal(error.to_string()))?
    }

    async fn delete_record_and_object(
        &self,
        record: PhotoRecord,
        now: Timestamp,
    ) -> Result<(), OperationError> {
        let (job_id, photo_id) = (record.job_id.clone(), record.photo_id.clone());
        if !photo_id.is_ours() {
            // No form of ours can bring it back, and an older tool may use the name again for another photo: no mark stays.
            remove_photo(&self.bucket, &record, now).await?;
            return Ok(self.db.forget_photo(job_id, photo_id).await?);
        }
        // The mark goes first: from here on nobody sees the photo, and a listing finishes what the bucket did not.
        self.db.adopt_photos(vec![record.clone()]).await?;
        self.db.delete_photo(job_id, photo_id, now).await?;
        Ok(remove_photo(&self.bucket, &record, now).await?)
    }

    /// Finds the object of a photo without a record: of that very name, or with our id before its name.
    async fn find_object(
        &self,
        job_id: &JobId,
        photo_id: &PhotoId,
        now: Timestamp,
    ) -> Result<Option<StoredObject>, OperationError> {
        let exact = format!("{}{photo_id}", ObjectName::photos_prefix(job_id));
        let found = self.bucket.find(&exact, now).await?;
        if found.is_some() || !photo_id.is_ours() {
            return Ok(found);
        }
        Ok(self.bucket.list(&format!("{exact}-"), "", 1, now).await?.objects.into_iter().next())
    }

    /// Finds the record of a photo; for an object that has none, as older tools leave them, makes one of what the bucket
    /// says.
    async fn find_record(
        &self,
        job_id: &JobId,
        photo_id: &PhotoId,
        now: Timestamp,
    ) -> Result<PhotoRecord, OperationError> {
        if let Some(record) = self.db.photos(job_id.clone(), vec![photo_id.clone()]).await?.pop() {
            return Ok(record);
        }
        let object = self.find_object(job_id, photo_id, now).await?;
        let object = object.ok_or(OperationError::PhotoNotFound)?;
        Ok(PhotoRecord::of_object(job_id, photo_id, &object))
    }
}
