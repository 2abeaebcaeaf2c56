//! Buckets: made and removed whole.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::PoisonError;

use s3s::path::check_bucket_name;
use s3s::{S3ErrorCode, S3Result};

use crate::disk::{self, sync_dir};
use crate::engine::{Engine, now_ms};
use crate::error::{from_io, index_error, refuse};
use crate::layout::random_name;
use crate::recover::{self, BUCKET_FILE, BucketFile};
use crate::{multipart, scan};

impl Engine {
    /// Makes a bucket in the staging folder and moves it into place whole. Blocks.
    pub(crate) fn create_bucket(&self, bucket: &str) -> S3Result<()> {
        if !check_bucket_name(bucket) {
            return Err(refuse(S3ErrorCode::InvalidBucketName, "The specified bucket is not valid."));
        }
        let _gate = self.bucket_gate.write().unwrap_or_else(PoisonError::into_inner);
        if self.has_bucket(bucket) {
            return Err(refuse(
                S3ErrorCode::BucketAlreadyOwnedByYou,
                "The bucket exists already and is yours.",
            ));
        }
        let created_ms = now_ms();
        let (staged, place) = (self.layout.staging().join(random_name()), self.layout.bucket(bucket));
        let made = build_bucket(&staged, created_ms).and_then(|()| self.move_bucket(&staged, &place));
        if let Err(cause) = made {
            if fs::remove_dir_all(&staged).is_err() {
                tracing::debug!("the staged bucket is swept at the next start");
            }
            return Err(from_io("create a bucket")(cause));
        }
        self.buckets.write().unwrap_or_else(PoisonError::into_inner).insert(bucket.to_owned(), created_ms);
        Ok(())
    }

    /// Removes an empty bucket. Blocks.
    pub(crate) fn delete_bucket(&self, bucket: &str) -> S3Result<()> {
        let _gate = self.bucket_gate.write().unwrap_or_else(PoisonError::into_inner);
        self.need_bucket(bucket)?;
        let known = self.index.bucket_has_objects(bucket).map_err(index_error("look into a bucket"))?;
        // The files are asked too: a file that the index does not know is somebody's photo all the same.
        if known || holds_files(&self.layout.bucket(bucket)).map_err(from_io("look into a bucket"))? {
            return Err(refuse(S3ErrorCode::BucketNotEmpty, "The bucket you tried to delete is not empty."));
        }
        let trash = self.layout.trash().join(random_name());
        self.move_bucket(&self.layout.bucket(bucket), &trash).map_err(from_io("delete a bucket"))?;
        self.buckets.write().unwrap_or_else(PoisonError::into_inner).remove(bucket);
        // The bucket is gone; that something of it is left over is no reason to answer with an error.
        let emptied =
            multipart::forget_bucket(&self.layout, bucket).and_then(|()| fs::remove_dir_all(&trash));
        if let Err(cause) = emptied {
            tracing::warn!(bucket, %cause, "something of a deleted bucket is left over");
        }
        Ok(())
    }

    /// Moves a bucket's folder into or out of its place, durably or not at all.
    fn move_bucket(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        fs::rename(from, to)?;
        let synced = sync_dir(&self.layout.trash()).and_then(|()| sync_dir(&self.layout.buckets()));
        synced.inspect_err(|_| {
            // What the disk will say after a power cut nobody knows; what is served and what lies there now agree.
            let undone = fs::rename(to, from).and_then(|()| sync_dir(&self.layout.buckets()));
            if let Err(cause) = undone {
                tracing::error!(%cause, "cannot undo the move of a bucket");
            }
        })
    }
}

fn build_bucket(path: &Path, created_ms: i64) -> std::io::Result<()> {
    disk::make_dir(path)?;
    let mut file = disk::create_new(&path.join(BUCKET_FILE))?;
    file.write_all(&serde_json::to_vec(&BucketFile { created_ms })?)?;
    file.sync_all()?;
    recover::make_all_shards(path)
}

fn holds_files(bucket: &Path) -> std::io::Result<bool> {
    for shard in crate::layout::shards() {
        if !scan::entries(&bucket.join(shard))?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
