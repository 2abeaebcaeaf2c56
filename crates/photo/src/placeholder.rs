//! The placeholder that a page paints before the thumb is there (`ThumbHash`, Evan Wallace 2023).

use crate::picture::Picture;
use crate::rejection::Rejection;
use crate::resize;

/// The longest side that the hash is computed from. Its author's limit is 100, but it keeps no more than seven waves
/// each way, which 32 pixels show as well, in a tenth of the time.
const SIDE: u32 = 32;

pub(crate) fn thumbhash(thumb: &Picture) -> Result<Vec<u8>, Rejection> {
    let small = resize::resize_ref(thumb, resize::within((thumb.width, thumb.height), SIDE))?;
    let rgba: Vec<u8> = small.rgb.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
    Ok(thumbhash::rgba_to_thumb_hash(small.width as usize, small.height as usize, &rgba))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_remembers_colour_and_proportions() {
        let picture = Picture { width: 320, height: 160, rgb: [200, 40, 40].repeat(320 * 160) };
        let hash = thumbhash(&picture).unwrap();
        assert!(hash.len() <= 25, "{}", hash.len());
        let (red, green, blue, _) = thumbhash::thumb_hash_to_average_rgba(&hash).unwrap();
        assert!((red - 200.0 / 255.0).abs() < 0.05 && green < 0.25 && blue < 0.25, "{red} {green} {blue}");
        let ratio = thumbhash::thumb_hash_to_approximate_aspect_ratio(&hash).unwrap();
        assert!((ratio - 2.0).abs() < 0.5, "{ratio}");
    }

    #[test]
    fn a_single_pixel_has_a_hash() {
        assert!(!thumbhash(&Picture { width: 1, height: 1, rgb: vec![1, 2, 3] }).unwrap().is_empty());
    }
}
