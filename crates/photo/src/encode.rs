//! Writing renditions: JPEG without any metadata (docs/adr/0005 says why).

use std::panic::catch_unwind;

use mozjpeg::{ColorSpace, Compress};

use crate::picture::Picture;
use crate::processed::Rendition;
use crate::rejection::Rejection;

/// The scale of the quantisation tables, 1 to 100.
const QUALITY: f32 = 80.0;

pub(crate) fn jpeg(picture: &Picture) -> Result<Rendition, Rejection> {
    // The library reports what it cannot do by unwinding.
    let encoded = catch_unwind(|| write(picture));
    let failed = Rejection::Corrupt { detail: "its pixels cannot be encoded" };
    let bytes = encoded.ok().and_then(Result::ok).ok_or(failed)?;
    Ok(Rendition { bytes, width: picture.width, height: picture.height })
}

fn write(picture: &Picture) -> std::io::Result<Vec<u8>> {
    let mut compress = Compress::new(ColorSpace::JCS_RGB);
    compress.set_size(picture.width as usize, picture.height as usize);
    compress.set_fastest_defaults();
    compress.set_optimize_coding(true);
    compress.set_quality(QUALITY);
    let mut started = compress.start_compress(Vec::with_capacity(picture.rgb.len() / 16))?;
    started.write_scanlines(&picture.rgb)?;
    started.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rendition_carries_no_metadata() {
        let picture = Picture { width: 33, height: 17, rgb: [90, 120, 30].repeat(33 * 17) };
        let rendition = jpeg(&picture).unwrap();
        assert_eq!((rendition.width, rendition.height), (33, 17));
        let mut rest = rendition.bytes.strip_prefix(b"\xFF\xD8").unwrap();
        // Every segment up to the pixels: none of APP1 to APP15, and no comment.
        while let [0xFF, marker, high, low, ..] = rest {
            assert!(!(0xE1..=0xEF).contains(marker) && *marker != 0xFE, "{marker:x}");
            if *marker == 0xDA {
                return;
            }
            rest = &rest[2 + usize::from(u16::from_be_bytes([*high, *low]))..];
        }
        panic!("no pixels");
    }
}
