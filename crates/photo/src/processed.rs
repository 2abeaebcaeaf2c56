//! What comes out.

use crate::metadata::{Location, TakenAt};
use crate::sniff::Format;

/// The content type of every rendition.
pub const CONTENT_TYPE: &str = "image/jpeg";

/// A photo that can be shown.
#[derive(Clone, Debug)]
pub struct Processed {
    /// The pictures to show, upright, in sRGB, without metadata.
    pub renditions: Renditions,
    /// Width of the original in pixels, once upright.
    pub width: u32,
    /// Height of the original in pixels, once upright.
    pub height: u32,
    /// When the camera says it was taken.
    pub taken_at: Option<TakenAt>,
    /// Where it was taken. Private: for staff only.
    pub location: Option<Location>,
    /// A placeholder of about 25 bytes (`ThumbHash`, Evan Wallace 2023).
    pub thumbhash: Vec<u8>,
    /// The original's format, by its bytes.
    pub format: Format,
    /// SHA-256 of the original's bytes.
    pub sha256: [u8; 32],
    /// A part of the original, less than a quarter of it, could not be read and is blank or distorted.
    pub damaged: bool,
}

/// Both sizes in which a photo is shown.
#[derive(Clone, Debug)]
pub struct Renditions {
    /// For lists; its longest side is at most [`THUMB_SIDE`](crate::THUMB_SIDE).
    pub thumb: Rendition,
    /// For viewing; its longest side is at most [`DISPLAY_SIDE`](crate::DISPLAY_SIDE).
    pub display: Rendition,
}

/// An encoded picture of type [`CONTENT_TYPE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// The file.
    pub bytes: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Rendition {
    /// The content type to store and to serve it with.
    pub fn content_type(&self) -> &'static str {
        CONTENT_TYPE
    }
}
