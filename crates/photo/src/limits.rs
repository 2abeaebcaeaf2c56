//! What a photo may ask for.

use crate::rejection::Rejection;

/// Bounds on one photo. All of them are checked on the header, before a pixel is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The file, in bytes. Phones send 2 to 30 MB, a 200-megapixel one up to 60.
    pub bytes_max: u64,
    /// Width times height, in pixels. The largest phone cameras have 200 megapixels; `memory_bytes_max` draws a
    /// narrower line for formats that cannot be decoded at a reduced size.
    pub pixels_max: u64,
    /// The longer side, in pixels. Panoramas of phones are up to 16,384 wide.
    pub side_max: u32,
    /// What decoding may take besides the file itself, in bytes, estimated from the header.
    pub memory_bytes_max: u64,
    /// A colour profile, inflated, in bytes. Those of cameras have 500, of printing presses up to 2 million.
    pub icc_bytes_max: usize,
    /// How many scans a JPEG may have. Encoders write 10 to 20; each costs a pass over the whole picture.
    pub scans_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 100 << 20,
            pixels_max: 210_000_000,
            side_max: 32_768,
            memory_bytes_max: 512 << 20,
            icc_bytes_max: 4 << 20,
            scans_max: 64,
        }
    }
}

impl Limits {
    pub(crate) fn check_bytes(&self, bytes: usize) -> Result<(), Rejection> {
        let bytes = bytes as u64;
        if bytes == 0 {
            return Err(Rejection::Empty);
        }
        if bytes > self.bytes_max {
            return Err(Rejection::TooManyBytes { bytes, max: self.bytes_max });
        }
        Ok(())
    }

    pub(crate) fn check_size(&self, width: u32, height: u32) -> Result<(), Rejection> {
        if width == 0 || height == 0 {
            return Err(Rejection::Corrupt { detail: "its width or height is zero" });
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.pixels_max {
            return Err(Rejection::TooManyPixels { width, height, max: self.pixels_max });
        }
        if width.max(height) > self.side_max {
            return Err(Rejection::SideTooLong { width, height, max: self.side_max });
        }
        Ok(())
    }

    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), Rejection> {
        if bytes > self.memory_bytes_max {
            return Err(Rejection::TooMuchMemory { bytes, max: self.memory_bytes_max });
        }
        Ok(())
    }

    pub(crate) fn check_icc(&self, bytes: usize) -> Result<(), Rejection> {
        if bytes > self.icc_bytes_max {
            return Err(Rejection::ColourProfileTooLarge { max: self.icc_bytes_max });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_measured_before_anything_else() {
        let limits = Limits { bytes_max: 10, ..Limits::default() };
        assert_eq!(limits.check_bytes(0), Err(Rejection::Empty));
        assert_eq!(limits.check_bytes(10), Ok(()));
        assert_eq!(limits.check_bytes(11), Err(Rejection::TooManyBytes { bytes: 11, max: 10 }));
    }

    #[test]
    fn pixels_and_sides_are_bounded_each() {
        let limits = Limits { pixels_max: 100, side_max: 50, ..Limits::default() };
        assert_eq!(limits.check_size(10, 10), Ok(()));
        assert_eq!(limits.check_size(10, 11).unwrap_err().code(), "too_many_pixels");
        assert_eq!(limits.check_size(51, 1).unwrap_err().code(), "side_too_long");
        assert_eq!(limits.check_size(0, 1).unwrap_err().code(), "corrupt");
    }

    #[test]
    fn the_largest_size_a_header_can_state_does_not_overflow() {
        let code = Limits::default().check_size(u32::MAX, u32::MAX).unwrap_err().code();
        assert_eq!(code, "too_many_pixels");
    }

    #[test]
    fn phones_are_within_the_defaults() {
        // Samsung's 200-megapixel cameras, Apple's longest panoramas.
        assert_eq!(Limits::default().check_size(16_320, 12_240), Ok(()));
        assert_eq!(Limits::default().check_size(16_382, 3_900), Ok(()));
    }
}
