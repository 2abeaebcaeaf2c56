//! Colours as every browser shows them: sRGB (IEC 61966-2-1).

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::picture::Picture;

/// The picture in sRGB. A profile that cannot be read, or is not one of RGB, leaves it as it is: better a photo in
/// slightly wrong colours than none.
pub(crate) fn to_srgb(mut picture: Picture, icc: Option<&[u8]>) -> Picture {
    let Some(profile) = icc.and_then(|icc| ColorProfile::new_from_slice(icc).ok()) else { return picture };
    if profile.color_space != DataColorSpace::Rgb {
        return picture;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options) else {
        return picture;
    };
    let mut converted = vec![0; picture.rgb.len()];
    if transform.transform(&picture.rgb, &mut converted).is_ok() {
        picture.rgb = converted;
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rgb: [u8; 3]) -> Picture {
        Picture { width: 2, height: 2, rgb: rgb.repeat(4) }
    }

    fn close(picture: &Picture, wanted: [u8; 3]) -> bool {
        picture.rgb.iter().zip(wanted.repeat(4)).all(|(is, should)| is.abs_diff(should) <= 2)
    }

    #[test]
    fn display_p3_becomes_srgb() {
        let icc = ColorProfile::new_display_p3().encode().unwrap();
        // Colours by CSS Color 4's conversion: a P3 orange, a grey, and a green outside sRGB that is clipped.
        assert!(close(&to_srgb(of([200, 100, 50]), Some(&icc)), [215, 93, 31]));
        assert!(close(&to_srgb(of([128, 128, 128]), Some(&icc)), [128, 128, 128]));
        assert!(close(&to_srgb(of([0, 255, 0]), Some(&icc)), [0, 255, 0]));
    }

    #[test]
    fn srgb_and_no_profile_change_nothing() {
        let icc = ColorProfile::new_srgb().encode().unwrap();
        assert!(close(&to_srgb(of([200, 100, 50]), Some(&icc)), [200, 100, 50]));
        assert_eq!(to_srgb(of([200, 100, 50]), None), of([200, 100, 50]));
    }

    #[test]
    fn a_profile_that_is_none_changes_nothing() {
        for icc in [b"".as_slice(), b"not a profile", &[0xFF; 500]] {
            assert_eq!(to_srgb(of([200, 100, 50]), Some(icc)), of([200, 100, 50]));
        }
    }
}
