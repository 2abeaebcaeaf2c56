//! How the operations are hung into `s3s`.

use std::sync::Arc;

use s3s::auth::{S3Auth, SecretKey};
use s3s::config::{S3Config, StaticConfigProvider};
#[allow(clippy::wildcard_imports)] // the table of operations below names nearly all of it
use s3s::dto::*;
use s3s::host::{S3Host, VirtualHost};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3ErrorCode, S3Request, S3Response, S3Result};

use super::Backend;
use crate::config::OpenError;
use crate::engine::Engine;
use crate::error::refuse;

/// 1,000 keys of 1,024 bytes in a `DeleteObjects`, escaped, fit into this.
const XML_BYTES_MAX: usize = 4 << 20;

/// The protocol machinery in front of a store.
pub(crate) fn service(engine: &Arc<Engine>) -> Result<S3Service, OpenError> {
    for domain in &engine.config.virtual_host_domains {
        if domain.is_empty() || domain.contains(['/', '@', ' ']) {
            return Err(OpenError::Config(format!("virtual_host_domains: '{domain}' is not a host name")));
        }
    }
    let mut config = S3Config::default();
    config.xml_max_body_size = XML_BYTES_MAX;
    // Forms never come this way (`front::screen`); if one did, not a byte of it is to be kept.
    config.post_object_max_file_size = 0;
    config.form_max_field_size = 0;
    config.form_max_fields_size = 0;
    config.form_max_parts = 1;
    let backend = Backend { engine: Arc::clone(engine) };
    let mut builder = S3ServiceBuilder::new(backend.clone());
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.set_auth(backend.clone());
    builder.set_host(backend);
    Ok(builder.build())
}

#[async_trait::async_trait]
impl S3Auth for Backend {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let unknown =
            || refuse(S3ErrorCode::InvalidAccessKeyId, "The access key id you provided is not known.");
        let found = self.engine.credentials(access_key).ok_or_else(unknown)?;
        Ok(SecretKey::from(found.secret_access_key()))
    }
}

impl S3Host for Backend {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let virtual_host = VirtualHost::new(host);
        Ok(match self.engine.bucket_of_host(host) {
            Some(bucket) => virtual_host.with_bucket(bucket),
            None => virtual_host,
        })
    }
}

impl Engine {
    /// The credentials of an access key id.
    pub(crate) fn credentials(&self, access_key_id: &str) -> Option<&qdn_sign::Credentials> {
        self.config.credentials.iter().find(|known| known.access_key_id() == access_key_id)
    }

    /// The bucket that a host names, when it lies below one of the configured domains.
    pub(crate) fn bucket_of_host<'h>(&self, host: &'h str) -> Option<&'h str> {
        self.config.virtual_host_domains.iter().find_map(|domain| {
            let split = host.len().checked_sub(domain.len())?;
            let (bucket, end) = (host.get(..split)?, host.get(split..)?);
            bucket.strip_suffix('.').filter(|bucket| end.eq_ignore_ascii_case(domain) && !bucket.is_empty())
        })
    }
}

impl Backend {
    /// `s3s` has a PostObject of its own that would hand its file to `put_object`. This store's is in front of it.
    #[allow(clippy::unused_async)] // all operations are called alike
    async fn post_object(&self, _request: S3Request<PostObjectInput>) -> S3Result<PostObjectOutput> {
        Err(refuse(S3ErrorCode::MethodNotAllowed, "A form is posted as multipart/form-data."))
    }
}

/// Writes one method of the `S3` trait that hands over to the function of the same name in this module's children.
macro_rules! operations {
    ($($name:ident: $input:ident -> $output:ident;)*) => {
        #[async_trait::async_trait]
        impl S3 for Backend {
            $(async fn $name(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                self.$name(request).await.map(S3Response::new)
            })*
        }
    };
}

operations! {
    abort_multipart_upload: AbortMultipartUploadInput -> AbortMultipartUploadOutput;
    complete_multipart_upload: CompleteMultipartUploadInput -> CompleteMultipartUploadOutput;
    copy_object: CopyObjectInput -> CopyObjectOutput;
    create_bucket: CreateBucketInput -> CreateBucketOutput;
    create_multipart_upload: CreateMultipartUploadInput -> CreateMultipartUploadOutput;
    delete_bucket: DeleteBucketInput -> DeleteBucketOutput;
    delete_object: DeleteObjectInput -> DeleteObjectOutput;
    delete_objects: DeleteObjectsInput -> DeleteObjectsOutput;
    get_bucket_location: GetBucketLocationInput -> GetBucketLocationOutput;
    get_object: GetObjectInput -> GetObjectOutput;
    head_bucket: HeadBucketInput -> HeadBucketOutput;
    head_object: HeadObjectInput -> HeadObjectOutput;
    list_buckets: ListBucketsInput -> ListBucketsOutput;
    list_multipart_uploads: ListMultipartUploadsInput -> ListMultipartUploadsOutput;
    list_objects: ListObjectsInput -> ListObjectsOutput;
    list_objects_v2: ListObjectsV2Input -> ListObjectsV2Output;
    list_parts: ListPartsInput -> ListPartsOutput;
    post_object: PostObjectInput -> PostObjectOutput;
    put_object: PutObjectInput -> PutObjectOutput;
    upload_part: UploadPartInput -> UploadPartOutput;
    upload_part_copy: UploadPartCopyInput -> UploadPartCopyOutput;
}
