//! Pictures for tests.

use mozjpeg::{ColorSpace, Compress};

use crate::picture::Picture;

/// A picture with something different everywhere: smooth, so that it survives being coded.
pub(crate) fn picture(width: u32, height: u32) -> Picture {
    let byte = |value: u32| u8::try_from(value).unwrap();
    let pixel = |x: u32, y: u32| {
        [byte(x * 255 / width), byte(y * 255 / height), byte((x + y) * 255 / (width + height))]
    };
    let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Picture { width, height, rgb }
}

/// Noise, which compresses badly: files of a size that is worth cutting.
pub(crate) fn noise(width: u32, height: u32) -> Picture {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    Picture { width, height, rgb: (0..width * height * 3).map(|_| next()).collect() }
}

/// How a sample JPEG is coded.
pub(crate) struct Coding {
    pub(crate) progressive: bool,
    /// Bytes per pixel and their meaning.
    pub(crate) pixels: ColorSpace,
    pub(crate) stored: ColorSpace,
}

pub(crate) const BASELINE: Coding =
    Coding { progressive: false, pixels: ColorSpace::JCS_RGB, stored: ColorSpace::JCS_YCbCr };

pub(crate) const PROGRESSIVE: Coding = Coding { progressive: true, ..BASELINE };

pub(crate) fn jpeg(picture: &Picture) -> Vec<u8> {
    jpeg_coded(&BASELINE, picture.width, picture.height, &picture.rgb, &[])
}

/// A JPEG with these segments behind its first markers.
pub(crate) fn jpeg_coded(
    coding: &Coding,
    width: u32,
    height: u32,
    pixels: &[u8],
    segments: &[(u8, Vec<u8>)],
) -> Vec<u8> {
    let mut compress = Compress::new(coding.pixels);
    compress.set_size(width as usize, height as usize);
    compress.set_fastest_defaults();
    compress.set_color_space(coding.stored);
    if coding.progressive {
        compress.set_progressive_mode();
    }
    compress.set_quality(90.0);
    let mut started = compress.start_compress(Vec::new()).unwrap();
    for (number, data) in segments {
        started.write_marker(mozjpeg::Marker::APP(*number), data);
    }
    started.write_scanlines(pixels).unwrap();
    started.finish().unwrap()
}

/// An APP1 segment of EXIF with nothing but an orientation.
pub(crate) fn exif_orientation(number: u8) -> Vec<u8> {
    [b"Exif\0\0".as_slice(), &tiff_orientation(number)].concat()
}

/// The TIFF structure in it (EXIF 2.32, 4.5).
pub(crate) fn tiff_orientation(number: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend_from_slice(&[number, 0, 0, 0, 0, 0, 0]);
    tiff
}

/// The largest difference of any colour of any pixel.
pub(crate) fn difference(left: &Picture, right: &Picture) -> u8 {
    assert_eq!((left.width, left.height), (right.width, right.height));
    left.rgb.iter().zip(&right.rgb).map(|(l, r)| l.abs_diff(*r)).max().unwrap()
}
