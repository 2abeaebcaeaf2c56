//! Pixels on their way through the steps.

use std::fmt;

/// Eight-bit RGB, row by row without padding.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// `3 * width * height` bytes.
    pub(crate) rgb: Vec<u8>,
}

impl Picture {
    /// How many bytes a picture of this size takes.
    pub(crate) fn bytes(width: u32, height: u32) -> usize {
        width as usize * height as usize * 3
    }
}

/// Without the pixels: there are millions.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} x {}, {} bytes)", self.width, self.height, self.rgb.len())
    }
}
