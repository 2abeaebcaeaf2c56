//! Making pictures smaller.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::DISPLAY_SIDE;
use crate::picture::Picture;
use crate::rejection::Rejection;

/// The size with the same proportions whose longest side is at most `side`. Nothing is enlarged.
pub(crate) fn within((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= side {
        return (width, height);
    }
    let scaled = |length: u32| {
        let rounded = (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}

/// What it takes to make `display` of a picture of this size, besides the picture: its rows at their new length; the
/// result, and once more as it is converted, turned or encoded; and tables.
pub(crate) fn memory_bytes(width: u32, height: u32) -> u64 {
    let (small_width, small_height) = within((width, height), DISPLAY_SIDE);
    let rows = Picture::bytes(small_width, height);
    (rows + Picture::bytes(small_width, small_height) * 2) as u64 + (4 << 20)
}

/// As [`resize_ref`], of a picture that is not needed any more.
pub(crate) fn resize(picture: Picture, size: (u32, u32)) -> Result<Picture, Rejection> {
    if (picture.width, picture.height) == size { Ok(picture) } else { resize_ref(&picture, size) }
}

/// Resamples with a Lanczos filter of three lobes.
pub(crate) fn resize_ref(picture: &Picture, (width, height): (u32, u32)) -> Result<Picture, Rejection> {
    if (picture.width, picture.height) == (width, height) {
        return Ok(picture.clone());
    }
    let failed = Rejection::Corrupt { detail: "its pixels do not fill its size" };
    let source = ImageRef::new(picture.width, picture.height, &picture.rgb, PixelType::U8x3)
        .map_err(|_| failed.clone())?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize(&source, &mut target, &options).map_err(|_| failed)?;
    Ok(Picture { width, height, rgb: target.into_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_are_kept_and_nothing_is_enlarged() {
        assert_eq!(within((4032, 3024), 1600), (1600, 1200));
        assert_eq!(within((3024, 4032), 320), (240, 320));
        assert_eq!(within((1600, 900), 1600), (1600, 900));
        assert_eq!(within((10, 7), 320), (10, 7));
    }

    #[test]
    fn a_line_stays_at_least_a_pixel_wide() {
        assert_eq!(within((30_000, 1), 320), (320, 1));
        assert_eq!(within((1, 30_000), 320), (1, 320));
    }

    #[test]
    fn one_colour_stays_that_colour() {
        let picture = Picture { width: 40, height: 30, rgb: [9, 130, 250].repeat(1200) };
        let small = resize_ref(&picture, (13, 7)).unwrap();
        assert_eq!((small.width, small.height), (13, 7));
        assert_eq!(small.rgb, [9, 130, 250].repeat(91));
    }

    #[test]
    fn pixels_that_do_not_fill_the_size_are_refused() {
        let picture = Picture { width: 40, height: 30, rgb: vec![0; 10] };
        assert_eq!(resize(picture, (4, 3)).unwrap_err().code(), "corrupt");
    }
}
