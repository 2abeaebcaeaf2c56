//! What a server and its photo worker say to one another, over the worker's standard input and output.
//!
//! 1. server: the photo's length (8 bytes, little-endian), then its bytes
//! 2. worker: a [`Reply::Needs`], or the end: a [`Reply::Rejected`]
//! 3. server: one byte, once that much memory is to be had
//! 4. worker: a [`Reply::Rejected`], or a [`Reply::Done`] and then the thumb's and the display's bytes
//!
//! A reply is its length (4 bytes, little-endian) and JSON. Then the next photo may follow.

use serde::{Deserialize, Serialize};

/// The longest reply, in bytes: far above any that the worker writes, so that a worker gone wrong is noticed.
pub(super) const REPLY_BYTES_MAX: u32 = 64 << 10;
/// The largest rendition, in bytes: a JPEG of 1600 x 1600 pixels is far below it, whatever it shows.
pub(super) const RENDITION_BYTES_MAX: u64 = 16 << 20;
/// The server's sign to go on.
pub(super) const GO: u8 = 1;

/// What a worker says.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// The photo can be looked at, with so many bytes of memory.
    Needs(u64),
    /// It cannot be shown: a stable code.
    Rejected(String),
    /// It was looked at.
    Done(Done),
}

/// What a worker found and made.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    /// Pixels across, upright.
    pub(super) width: u32,
    /// Pixels down, upright.
    pub(super) height: u32,
    /// The placeholder.
    pub(super) thumbhash: Vec<u8>,
    /// RFC 3339, without an offset where the camera tells none.
    pub(super) taken_at: Option<String>,
    /// Degrees north and east.
    pub(super) location: Option<(f64, f64)>,
    /// A part of the original could not be read.
    pub(super) damaged: bool,
    /// Of the original.
    pub(super) sha256: [u8; 32],
    /// Bytes that follow, first the thumb's, then the display's.
    pub(super) rendition_bytes: [u64; 2],
    /// Each step and its microseconds.
    pub(super) steps: Vec<(String, u64)>,
}
