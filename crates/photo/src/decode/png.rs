//! PNG, row by row; of an animation, the picture that every program shows.

use std::io::Cursor;

use png::{BitDepth, ColorType, DecodingError, Reader, Transformations};

use super::{Decoded, flatten};
use crate::header::Header;
use crate::picture::Picture;
use crate::rejection::Rejection;

const CORRUPT: Rejection = Rejection::Corrupt { detail: "its pixels cannot be read" };

type Rows<'a> = Reader<Cursor<&'a [u8]>>;

pub(super) fn decode(bytes: &[u8], header: &Header, interlaced: bool) -> Result<Decoded, Rejection> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    // The profile is read elsewhere, within limits; texts are nothing to us.
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|error| refuse(&error))?;
    let info = reader.info();
    if (info.width, info.height) != (header.width, header.height) {
        return Err(CORRUPT);
    }
    if interlaced { whole(&mut reader, header) } else { rows(&mut reader, header) }
}

fn refuse(error: &DecodingError) -> Rejection {
    match error {
        DecodingError::IoError(_) => Rejection::Truncated,
        _ => CORRUPT,
    }
}

fn rows(reader: &mut Rows, header: &Header) -> Result<Decoded, Rejection> {
    let size = Picture::bytes(header.width, header.height);
    let mut rgb = Vec::with_capacity(size);
    let (colour, _) = reader.output_color_type();
    let damaged = loop {
        match reader.next_row() {
            Ok(Some(row)) => push(&mut rgb, row.data(), colour),
            Ok(None) => break rgb.len() < size,
            // As with JPEG: three quarters are worth showing.
            Err(_) if rgb.len() >= size / 4 * 3 => break true,
            Err(error) => return Err(refuse(&error)),
        }
    };
    rgb.resize(size, u8::MAX);
    Ok(Decoded {
        picture: Picture { width: header.width, height: header.height, rgb },
        damaged,
        primaries: None,
    })
}

/// Interlaced rows are spread over the picture: it is complete or nothing.
fn whole(reader: &mut Rows, header: &Header) -> Result<Decoded, Rejection> {
    let mut stored = vec![0; reader.output_buffer_size().ok_or(CORRUPT)?];
    let frame = reader.next_frame(&mut stored).map_err(|error| refuse(&error))?;
    if (frame.width, frame.height, frame.bit_depth) != (header.width, header.height, BitDepth::Eight) {
        return Err(CORRUPT);
    }
    let mut rgb = Vec::with_capacity(Picture::bytes(frame.width, frame.height));
    push(&mut rgb, &stored, frame.color_type);
    Ok(Decoded {
        picture: Picture { width: frame.width, height: frame.height, rgb },
        damaged: false,
        primaries: None,
    })
}

fn push(rgb: &mut Vec<u8>, pixels: &[u8], colour: ColorType) {
    match colour {
        ColorType::Grayscale => rgb.extend(pixels.iter().flat_map(|grey| [*grey; 3])),
        ColorType::GrayscaleAlpha => {
            rgb.extend(
                pixels.as_chunks::<2>().0.iter().flat_map(|[grey, alpha]| [flatten(*grey, *alpha); 3]),
            );
        }
        // A palette is expanded to one of the other kinds.
        ColorType::Rgb | ColorType::Indexed => rgb.extend_from_slice(pixels),
        ColorType::Rgba => {
            let (pixels, _) = pixels.as_chunks::<4>();
            rgb.extend(pixels.iter().flat_map(|&[r, g, b, a]| [flatten(r, a), flatten(g, a), flatten(b, a)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header;
    use crate::limits::Limits;
    use crate::sample;

    /// A PNG of 8 x 8 pixels with these samples.
    fn png(colour: ColorType, depth: BitDepth, palette: Option<&[u8]>, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 8, 8);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if let Some(palette) = palette {
            encoder.set_palette(palette);
        }
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    fn decoded(bytes: &[u8]) -> Result<Decoded, Rejection> {
        crate::decode::decode(bytes, &header::read(bytes, &Limits::default())?)
    }

    fn first(bytes: &[u8]) -> [u8; 3] {
        let decoded = decoded(bytes).unwrap();
        assert_eq!(decoded.picture.rgb.len(), 192);
        assert!(!decoded.damaged);
        decoded.picture.rgb.as_chunks::<3>().0[0]
    }

    #[test]
    fn every_kind_becomes_eight_bit_rgb() {
        use BitDepth::{Eight, Four, One, Sixteen};
        assert_eq!(first(&png(ColorType::Rgb, Eight, None, &[7, 8, 9].repeat(64))), [7, 8, 9]);
        assert_eq!(first(&png(ColorType::Rgb, Sixteen, None, &[7, 1, 8, 1, 9, 1].repeat(64))), [7, 8, 9]);
        assert_eq!(first(&png(ColorType::Grayscale, One, None, &[0xFF; 8])), [255; 3]);
        assert_eq!(first(&png(ColorType::Grayscale, Sixteen, None, &[77, 1].repeat(64))), [77; 3]);
        let palette = [1, 2, 3, 50, 60, 70];
        assert_eq!(first(&png(ColorType::Indexed, Four, Some(&palette), &[0x11; 32])), [50, 60, 70]);
    }

    #[test]
    fn transparency_lies_on_white() {
        use BitDepth::{Eight, Sixteen};
        assert_eq!(first(&png(ColorType::Rgba, Eight, None, &[0, 10, 200, 0].repeat(64))), [255; 3]);
        assert_eq!(first(&png(ColorType::Rgba, Eight, None, &[0, 100, 200, 255].repeat(64))), [0, 100, 200]);
        assert_eq!(first(&png(ColorType::GrayscaleAlpha, Eight, None, &[0, 128].repeat(64))), [127; 3]);
        let half = [0, 0, 0, 0, 0, 0, 128, 0].repeat(64);
        assert_eq!(first(&png(ColorType::Rgba, Sixteen, None, &half)), [127; 3]);
    }

    #[test]
    fn interlaced_pictures_are_put_together() {
        // Python's zlib of a filterless Adam7 picture of 8 x 8 greys, where each pixel's value is 4 * (8 * y + x).
        let passes: [&[(u32, u32)]; 7] = [
            &[(0, 0)],
            &[(4, 0)],
            &[(0, 4), (4, 4)],
            &[(2, 0), (6, 0), (2, 4), (6, 4)],
            &[(0, 2), (2, 2), (4, 2), (6, 2), (0, 6), (2, 6), (4, 6), (6, 6)],
            &[],
            &[],
        ];
        let value = |x: u32, y: u32| u8::try_from(4 * (8 * y + x)).unwrap();
        let widths = [1, 1, 2, 2, 4];
        let mut data = Vec::new();
        for (pass, width) in passes.iter().zip(widths) {
            for row in pass.chunks(width) {
                data.push(0);
                data.extend(row.iter().map(|(x, y)| value(*x, *y)));
            }
        }
        for y in [0, 2, 4, 6] {
            data.push(0);
            data.extend([1, 3, 5, 7].map(|x| value(x, y)));
        }
        for y in [1, 3, 5, 7] {
            data.push(0);
            data.extend((0..8).map(|x| value(x, y)));
        }
        let deflated = miniz_oxide::deflate::compress_to_vec_zlib(&data, 6);
        let chunk = |kind: &[u8; 4], body: &[u8]| {
            let summed = [kind.as_slice(), body].concat();
            let length = u32::try_from(body.len()).unwrap().to_be_bytes();
            [length.as_slice(), &summed, &crc32fast::hash(&summed).to_be_bytes()].concat()
        };
        let header = chunk(b"IHDR", &[0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 1]);
        let bytes =
            [b"\x89PNG\r\n\x1A\n".as_slice(), &header, &chunk(b"IDAT", &deflated), &chunk(b"IEND", b"")]
                .concat();
        let wanted: Vec<u8> = (0..64).flat_map(|index| [4 * index; 3]).collect();
        assert_eq!(decoded(&bytes).unwrap().picture.rgb, wanted);
        assert_eq!(decoded(&bytes[..bytes.len() - 30]).unwrap_err(), Rejection::Truncated);
    }

    #[test]
    fn a_picture_cut_anywhere_is_shown_if_three_quarters_are_there() {
        let picture = sample::noise(128, 128);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 128, 128);
        encoder.set_color(ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&picture.rgb).unwrap();
        assert_eq!(decoded(&bytes).unwrap().picture, picture);
        for end in (8..bytes.len() - 20).step_by(512) {
            match decoded(&bytes[..end]) {
                Ok(decoded) => assert!(decoded.damaged && end * 10 > bytes.len() * 7, "{end}"),
                Err(rejection) => {
                    assert!(rejection == Rejection::Truncated && end * 10 < bytes.len() * 8, "{end}");
                }
            }
        }
    }
}
