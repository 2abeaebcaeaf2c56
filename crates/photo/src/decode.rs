//! Pixels out of a file, one module per format.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::header::{Detail, Header};
use crate::picture::Picture;
use crate::rejection::Rejection;

mod avif;
mod gif;
mod heic;
mod heif;
mod jpeg;
mod planes;
mod png;
mod webp;

#[derive(Debug)]
pub(crate) struct Decoded {
    /// As stored, or smaller where the format allows it.
    pub(crate) picture: Picture,
    /// Less than a quarter is missing.
    pub(crate) damaged: bool,
    /// Where no profile says it: which primaries the colours are mixed of (ITU-T H.273, table 2).
    pub(crate) primaries: Option<u16>,
}

/// Decodes what `header` describes.
pub(crate) fn decode(bytes: &[u8], header: &Header) -> Result<Decoded, Rejection> {
    // libjpeg reports what it cannot read by unwinding; a codec that panics costs its photo only. AV1's alone ends the
    // process instead, which only a process of its own contains.
    let decoded = catch_unwind(AssertUnwindSafe(|| match &header.detail {
        Detail::Jpeg(frame) => jpeg::decode(bytes, frame),
        Detail::Png { interlaced } => png::decode(bytes, header, *interlaced),
        Detail::Webp => webp::decode(bytes, header),
        Detail::Gif => gif::decode(bytes, header),
        Detail::Heif(coded) => heif::decode(header, coded),
    }));
    decoded.unwrap_or(Err(Rejection::Corrupt { detail: "its pixels cannot be read" }))
}

/// A colour of this opacity on white paper.
fn flatten(colour: u8, alpha: u8) -> u8 {
    let (colour, alpha) = (u16::from(colour), u16::from(alpha));
    u8::try_from((colour * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}
