//! The operations of Amazon S3 on this store. `s3s` reads requests and writes answers; what it calls is here.

mod buckets;
mod complete;
mod delete;
mod list;
mod meta;
mod multipart;
mod read;
mod service;
mod write;

pub(crate) use meta::Meta;
pub(crate) use service::service;
pub(crate) use write::{Expected, check_key, check_meta, store, trailer};

use std::sync::Arc;

use crate::engine::Engine;

/// What `s3s` calls.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    engine: Arc<Engine>,
}
