//! Pixels out of a file, one module per format.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::header::{Detail, Header};
use crate::picture::Picture;
use crate::rejection::Rejection;

mod jpeg;

#[derive(Debug)]
pub(crate) struct Decoded {
    /// As stored, or smaller where the format allows it.
    pub(crate) picture: Picture,
    /// Less than a quarter is missing.
    pub(crate) damaged: bool,
}

/// Decodes what `header` describes.
pub(crate) fn decode(bytes: &[u8], header: &Header) -> Result<Decoded, Rejection> {
    // libjpeg reports what it cannot read by unwinding; a codec that panics costs its photo only.
    let decoded = catch_unwind(AssertUnwindSafe(|| match &header.detail {
        Detail::Jpeg(frame) => jpeg::decode(bytes, frame),
    }));
    decoded.unwrap_or(Err(Rejection::Corrupt { detail: "its pixels cannot be read" }))
}
