//! WebP; of an animation, the first frame.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::{Decoded, flatten};
use crate::header::Header;
use crate::picture::Picture;
use crate::rejection::Rejection;

pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Decoded, Rejection> {
    let corrupt = Rejection::Corrupt { detail: "its pixels cannot be read" };
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| refuse(&error))?;
    if decoder.dimensions() != (header.width, header.height) {
        return Err(corrupt);
    }
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or(corrupt)?];
    decoder.read_image(&mut pixels).map_err(|error| refuse(&error))?;
    let rgb = if decoder.has_alpha() {
        let (pixels, _) = pixels.as_chunks::<4>();
        let mut rgb = Vec::with_capacity(Picture::bytes(header.width, header.height));
        rgb.extend(pixels.iter().flat_map(|&[r, g, b, a]| [flatten(r, a), flatten(g, a), flatten(b, a)]));
        rgb
    } else {
        pixels
    };
    Ok(Decoded {
        picture: Picture { width: header.width, height: header.height, rgb },
        damaged: false,
        primaries: None,
    })
}

fn refuse(error: &DecodingError) -> Rejection {
    match error {
        DecodingError::IoError(_) => Rejection::Truncated,
        _ => Rejection::Corrupt { detail: "its pixels cannot be read" },
    }
}

#[cfg(test)]
mod tests {
    use image_webp::{ColorType, WebPEncoder};

    use super::*;
    use crate::header;
    use crate::limits::Limits;
    use crate::sample;

    fn webp(width: u32, height: u32, pixels: &[u8], colour: ColorType) -> Vec<u8> {
        let mut bytes = Vec::new();
        WebPEncoder::new(&mut bytes).encode(pixels, width, height, colour).unwrap();
        bytes
    }

    fn decoded(bytes: &[u8]) -> Result<Decoded, Rejection> {
        crate::decode::decode(bytes, &header::read(bytes, &Limits::default())?)
    }

    #[test]
    fn pictures_come_out_as_they_went_in() {
        let picture = sample::picture(50, 40);
        let bytes = webp(50, 40, &picture.rgb, ColorType::Rgb8);
        assert_eq!(decoded(&bytes).unwrap().picture, picture);
    }

    #[test]
    fn transparency_lies_on_white() {
        let bytes = webp(4, 4, &[0, 100, 200, 0].repeat(16), ColorType::Rgba8);
        assert_eq!(decoded(&bytes).unwrap().picture.rgb, [255; 48]);
    }

    #[test]
    fn of_an_animation_the_first_frame_is_shown() {
        let chunk = |kind: &[u8; 4], body: &[u8]| {
            let length = u32::try_from(body.len()).unwrap().to_le_bytes();
            [kind.as_slice(), &length, body, &[0][..body.len() % 2]].concat()
        };
        let frame = |colour: [u8; 3]| {
            // The bitstream's chunk of a plain file, in a frame that fills the canvas of 8 x 8.
            let plain = webp(8, 8, &colour.repeat(64), ColorType::Rgb8);
            let place = [[0; 6].as_slice(), &[7, 0, 0, 7, 0, 0, 100, 0, 0, 0]].concat();
            chunk(b"ANMF", &[place.as_slice(), &plain[12..]].concat())
        };
        let canvas = chunk(b"VP8X", &[2, 0, 0, 0, 7, 0, 0, 7, 0, 0]);
        let body = [
            b"WEBP".as_slice(),
            &canvas,
            &chunk(b"ANIM", &[0; 6]),
            &frame([200, 10, 20]),
            &frame([10, 20, 200]),
        ]
        .concat();
        let decoded = decoded(&chunk(b"RIFF", &body)).unwrap();
        // Within the rounding of being blended with the background.
        let wanted = Picture { width: 8, height: 8, rgb: [200, 10, 20].repeat(64) };
        assert!(sample::difference(&decoded.picture, &wanted) <= 1);
    }

    #[test]
    fn any_cut_is_refused() {
        let picture = sample::noise(64, 64);
        let bytes = webp(64, 64, &picture.rgb, ColorType::Rgb8);
        for end in (12..bytes.len() - 1024).step_by(1024) {
            let code = decoded(&bytes[..end]).unwrap_err().code();
            assert!(["truncated", "corrupt"].contains(&code), "{end}: {code}");
        }
    }
}
