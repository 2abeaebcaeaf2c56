//! Buckets.

use std::time::{Duration, UNIX_EPOCH};

use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput, HeadBucketOutput,
    ListBucketsInput, ListBucketsOutput, Owner, Timestamp,
};
use s3s::{S3Request, S3Result};

use super::Backend;

/// S3 names the owner of everything; this store has one.
pub(super) fn owner() -> Owner {
    Owner { display_name: Some("qdn".to_owned()), id: Some("qdn".to_owned()) }
}

/// Milliseconds since the Unix epoch as S3 writes times.
pub(super) fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or_default()))
}

impl Backend {
    pub(super) async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<CreateBucketOutput> {
        let bucket = request.input.bucket;
        let location = Some(format!("/{bucket}"));
        self.engine.change(move |engine| engine.create_bucket(&bucket)).await?;
        Ok(CreateBucketOutput { location })
    }

    pub(super) async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<DeleteBucketOutput> {
        self.engine.change(move |engine| engine.delete_bucket(&request.input.bucket)).await?;
        Ok(DeleteBucketOutput::default())
    }

    #[allow(clippy::unused_async)] // all operations are called alike
    pub(super) async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<HeadBucketOutput> {
        self.engine.need_bucket(&request.input.bucket)?;
        Ok(HeadBucketOutput {
            bucket_region: Some(self.engine.config.region.clone()),
            ..HeadBucketOutput::default()
        })
    }

    #[allow(clippy::unused_async)] // all operations are called alike
    pub(super) async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<GetBucketLocationOutput> {
        self.engine.need_bucket(&request.input.bucket)?;
        // S3 says nothing for its first region.
        let region = Some(self.engine.config.region.clone()).filter(|region| region != "us-east-1");
        Ok(GetBucketLocationOutput { location_constraint: region.map(BucketLocationConstraint::from) })
    }

    #[allow(clippy::unused_async)] // all operations are called alike
    pub(super) async fn list_buckets(
        &self,
        request: S3Request<ListBucketsInput>,
    ) -> S3Result<ListBucketsOutput> {
        let prefix = request.input.prefix;
        let buckets = self
            .engine
            .buckets()
            .into_iter()
            .filter(|(name, _)| prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix)));
        let buckets = buckets.map(|(name, created_ms)| Bucket {
            creation_date: Some(timestamp(created_ms)),
            name: Some(name),
            ..Bucket::default()
        });
        Ok(ListBucketsOutput {
            buckets: Some(buckets.collect()),
            owner: Some(owner()),
            prefix,
            ..ListBucketsOutput::default()
        })
    }
}
