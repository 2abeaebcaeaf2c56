//! What a file says before its pixels: size, profile, metadata. Everything that the limits judge is read here, from
//! the bytes themselves, without inflating or decoding more than a bounded profile.

use std::borrow::Cow;

use crate::limits::Limits;
use crate::orient::Orientation;
use crate::rejection::Rejection;
use crate::sniff::{Format, sniff};

mod gif;
pub(crate) mod heif;
pub(crate) mod jpeg;
mod png;
mod webp;

/// What a photo would need, as its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// By its bytes.
    pub format: Format,
    /// As stored, before it is turned upright, in pixels.
    pub width: u32,
    /// As stored, before it is turned upright, in pixels.
    pub height: u32,
    /// What decoding takes besides the file itself, in bytes: an estimate from above.
    pub memory_bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) format: Format,
    /// As stored.
    pub(crate) width: u32,
    /// As stored.
    pub(crate) height: u32,
    pub(crate) memory_bytes: u64,
    /// The TIFF structure.
    pub(crate) exif: Option<Cow<'a, [u8]>>,
    pub(crate) icc: Option<Cow<'a, [u8]>>,
    /// What the container says in place of EXIF.
    pub(crate) orientation: Option<Orientation>,
    pub(crate) detail: Detail<'a>,
}

/// What only the decoder of one format wants to know.
#[derive(Debug)]
pub(crate) enum Detail<'a> {
    Jpeg(jpeg::Frame),
    Png { interlaced: bool },
    Webp,
    Gif,
    Heif(heif::Coded<'a>),
}

impl Header<'_> {
    pub(crate) fn inspection(&self) -> Inspection {
        let Self { format, width, height, memory_bytes, .. } = *self;
        Inspection { format, width, height, memory_bytes }
    }
}

pub(crate) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Header<'a>, Rejection> {
    limits.check_bytes(bytes.len())?;
    let header = match sniff(bytes)? {
        Format::Jpeg => jpeg::read(bytes, limits)?,
        Format::Png => png::read(bytes, limits)?,
        Format::Webp => webp::read(bytes, limits)?,
        Format::Gif => gif::read(bytes, limits)?,
        format @ (Format::Heic | Format::Avif) => heif::read(bytes, format, limits)?,
    };
    limits.check_memory(header.memory_bytes)?;
    Ok(header)
}
