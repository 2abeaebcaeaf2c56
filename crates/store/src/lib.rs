//! An object store that speaks the protocol of Amazon S3 and keeps each object as one self-describing file.
//!
//! [`Store::handle`] answers requests; whoever embeds the store puts it behind a socket, or calls it in the process.
//! An upload is acknowledged only after its bytes, their metadata, their directory entry and their row in the listing
//! index are on the disk. A store that was not closed properly verifies the index by the files, and
//! [`Store::condition`] says what it found. [`check()`] compares files and index, and repairs the index from the files.
//!
//! The protocol's machinery (signatures, XML, chunked bodies) is the crate `s3s`; PostObject, everything on the disk,
//! and the checks that `s3s` leaves out are here. `docs/adr/0001-store-index.md` and `0002-object-file.md` say why
//! things lie on the disk as they do.

mod buckets;
pub mod check;
mod checksum;
mod condition;
mod config;
mod disk;
mod engine;
mod error;
mod findings;
mod front;
mod index;
mod layout;
mod locks;
mod multipart;
mod object_file;
mod publish;
mod rebuild;
mod recover;
mod s3;
mod scan;
mod settle;
mod space;
mod staged;
mod store;
mod turns;
mod upload;
mod verify;

pub use check::check;
pub use condition::Condition;
pub use config::{CorsConfig, KeyPattern, OpenError, OriginList, StoreConfig, StoredKey};
pub use findings::Findings;
pub use front::{BoxError, StoreBody};
pub use qdn_sign::Credentials;
pub use space::{Reserve, Space};
pub use store::{BucketError, Store};
