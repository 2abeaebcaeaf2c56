//! Colours as every browser shows them: sRGB (IEC 61966-2-1).

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::picture::Picture;

/// The picture in sRGB, out of its profile or else out of its primaries' usual space. A profile that cannot be read, or
/// is not one of RGB, leaves it as it is: better a photo in slightly wrong colours than none.
pub(crate) fn to_srgb(mut picture: Picture, icc: Option<&[u8]>, primaries: Option<u16>) -> Picture {
    let profile = match (icc, primaries) {
        (Some(icc), _) => ColorProfile::new_from_slice(icc).ok(),
        (None, Some(12)) => Some(ColorProfile::new_display_p3()),
        (None, Some(9)) => Some(ColorProfile::new_bt2020()),
        _ => None,
    };
    let Some(profile) = profile.filter(|profile| profile.color_space == DataColorSpace::Rgb) else {
        return picture;
    };
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
        assert!(close(&to_srgb(of([200, 100, 50]), Some(&icc), None), [215, 93, 31]));
        assert!(close(&to_srgb(of([128, 128, 128]), Some(&icc), None), [128, 128, 128]));
        assert!(close(&to_srgb(of([0, 255, 0]), Some(&icc), None), [0, 255, 0]));
    }

    #[test]
    fn primaries_count_where_there_is_no_profile() {
        assert!(close(&to_srgb(of([200, 100, 50]), None, Some(12)), [215, 93, 31]));
        assert_eq!(to_srgb(of([200, 100, 50]), None, Some(1)), of([200, 100, 50]));
        let icc = ColorProfile::new_srgb().encode().unwrap();
        assert!(close(&to_srgb(of([200, 100, 50]), Some(&icc), Some(12)), [200, 100, 50]));
    }

    #[test]
    fn srgb_and_no_profile_change_nothing() {
        let icc = ColorProfile::new_srgb().encode().unwrap();
        assert!(close(&to_srgb(of([200, 100, 50]), Some(&icc), None), [200, 100, 50]));
        assert_eq!(to_srgb(of([200, 100, 50]), None, None), of([200, 100, 50]));
    }

    #[test]
    fn a_profile_that_is_none_changes_nothing() {
        for icc in [b"".as_slice(), b"not a profile", &[0xFF; 500]] {
            assert_eq!(to_srgb(of([200, 100, 50]), Some(icc), None), of([200, 100, 50]));
        }
    }
}
