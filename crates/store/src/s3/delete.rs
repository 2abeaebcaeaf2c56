//! Deleting objects.

use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ETagCondition, Error,
};
use s3s::{S3ErrorCode, S3Request, S3Result};

use super::{Backend, read};
use crate::error::refuse;

/// S3's limit for one request.
const DELETES_MAX: usize = 1000;

impl Backend {
    pub(super) async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<DeleteObjectOutput> {
        let input = request.input;
        read::check_version(input.version_id.as_deref())?;
        if input.if_match_last_modified_time.is_some() || input.if_match_size.is_some() {
            return Err(refuse(
                S3ErrorCode::NotImplemented,
                "Of the conditions of a deletion only If-Match is supported.",
            ));
        }
        let deleting = self
            .engine
            .change(move |engine| engine.delete(&input.bucket, &input.key, input.if_match.as_ref()));
        deleting.await?;
        Ok(DeleteObjectOutput::default())
    }

    pub(super) async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<DeleteObjectsOutput> {
        let input = request.input;
        self.engine.need_bucket(&input.bucket)?;
        let objects = input.delete.objects;
        if objects.is_empty() || objects.len() > DELETES_MAX {
            return Err(refuse(
                S3ErrorCode::MalformedXML,
                "The request must name between 1 and 1000 objects.",
            ));
        }
        let quiet = input.delete.quiet.unwrap_or(false);
        let bucket = input.bucket;
        let deleting = self.engine.change(move |engine| {
            let (mut deleted, mut errors) = (Vec::new(), Vec::new());
            for object in objects {
                let condition = object.e_tag.map(ETagCondition::ETag);
                let version = read::check_version(object.version_id.as_deref());
                match version.and_then(|()| engine.delete(&bucket, &object.key, condition.as_ref())) {
                    Ok(()) if quiet => {}
                    Ok(()) => {
                        deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() });
                    }
                    Err(error) => errors.push(Error {
                        code: Some(error.code().as_str().to_owned()),
                        key: Some(object.key),
                        message: error.message().map(str::to_owned),
                        version_id: None,
                    }),
                }
            }
            Ok((deleted, errors))
        });
        let (deleted, errors) = deleting.await?;
        Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), request_charged: None })
    }
}
