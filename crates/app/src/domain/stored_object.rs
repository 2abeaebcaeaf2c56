//! What the bucket says of an object.

use jiff::Timestamp;

/// An object as the bucket lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size_bytes: u64,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Its `ETag`, without quotation marks: other bytes have another one.
    pub etag: String,
}
