//! The chunks of a WebP file (RFC 9649, section 2).

use std::borrow::Cow;

use super::{Detail, Header};
use crate::limits::Limits;
use crate::picture::Picture;
use crate::rejection::Rejection;
use crate::resize;
use crate::sniff::Format;

/// What decoding takes at the most, per pixel: planes or packed colours, the transforms' copy, the alpha plane, the
/// result with alpha, and the result without.
const BYTES_PER_PIXEL: u64 = 14;

const CORRUPT: Rejection = Rejection::Corrupt { detail: "its chunks contradict each other" };

pub(super) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Header<'a>, Rejection> {
    let mut canvas = None;
    let mut image = None;
    let (mut exif, mut icc) = (None, None);
    for (kind, body) in Chunks::new(bytes.get(12..).unwrap_or_default()) {
        match kind {
            b"VP8X" if canvas.is_none() => canvas = Some(canvas_size(body)?),
            b"VP8 " | b"VP8L" if image.is_none() => image = Some(bitstream_size(*kind, body)?),
            b"ANMF" if image.is_none() => image = Some(frame_size(body)?),
            b"EXIF" if exif.is_none() => {
                exif = Some(Cow::Borrowed(body.strip_prefix(b"Exif\0\0").unwrap_or(body)));
            }
            b"ICCP" if icc.is_none() => {
                limits.check_icc(body.len())?;
                icc = Some(Cow::Borrowed(body));
            }
            _ => {}
        }
    }
    // The canvas is what is shown; the bitstream is what is decoded: both are measured.
    let (image_width, image_height) = image.ok_or(Rejection::Truncated)?;
    limits.check_size(image_width, image_height)?;
    let (width, height) = canvas.unwrap_or((image_width, image_height));
    limits.check_size(width, height)?;
    if image_width > width || image_height > height {
        return Err(CORRUPT);
    }
    Ok(Header {
        format: Format::Webp,
        width,
        height,
        memory_bytes: (u64::from(width) * u64::from(height) * BYTES_PER_PIXEL)
            .max(Picture::bytes(width, height) as u64 + resize::memory_bytes(width, height)),
        exif,
        icc,
        orientation: None,
        detail: Detail::Webp,
    })
}

fn u24(bytes: &[u8], at: usize) -> Option<u32> {
    let [low, middle, high] = *bytes.get(at..)?.first_chunk::<3>()?;
    Some(u32::from_le_bytes([low, middle, high, 0]))
}

/// Width and height less one, of 24 bits each, at this place.
fn pair(bytes: &[u8], at: usize) -> Result<(u32, u32), Rejection> {
    match (u24(bytes, at), u24(bytes, at + 3)) {
        (Some(width), Some(height)) => Ok((width + 1, height + 1)),
        _ => Err(Rejection::Truncated),
    }
}

/// The extended file format (2.7).
fn canvas_size(body: &[u8]) -> Result<(u32, u32), Rejection> {
    pair(body, 4)
}

/// A frame of an animation (2.7.1.1): its rectangle, and its bitstream, which must agree.
fn frame_size(body: &[u8]) -> Result<(u32, u32), Rejection> {
    let size = pair(body, 6)?;
    let mut inside = Chunks::new(body.get(16..).unwrap_or_default());
    let image = inside.find(|(kind, _)| matches!(*kind, b"VP8 " | b"VP8L")).ok_or(Rejection::Truncated)?;
    if bitstream_size(*image.0, image.1)? == size { Ok(size) } else { Err(CORRUPT) }
}

/// The size that the bitstream itself states (RFC 6386, 9.1; RFC 9649, 3.4).
fn bitstream_size(kind: [u8; 4], body: &[u8]) -> Result<(u32, u32), Rejection> {
    match (&kind, body) {
        (b"VP8 ", [_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..]) => {
            let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
            Ok((side(*w0, *w1), side(*h0, *h1)))
        }
        (b"VP8L", [0x2F, b0, b1, b2, b3, ..]) => {
            let bits = u32::from_le_bytes([*b0, *b1, *b2, *b3]);
            Ok(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        (_, body) if body.len() < 10 => Err(Rejection::Truncated),
        _ => Err(CORRUPT),
    }
}

/// Kind and body of each chunk; the last may be cut off.
struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Chunks<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, rest) = self.rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (body, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        // Bodies are padded to an even length.
        self.rest = rest.get(length % 2..).unwrap_or_default();
        Some((kind, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        [kind, &length, body, &[0][..body.len() % 2]].concat()
    }

    fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".as_slice(), &chunks.concat()].concat()
    }

    fn canvas(width: u32, height: u32) -> Vec<u8> {
        let size = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
        chunk(b"VP8X", &[[0; 4].as_slice(), &size].concat())
    }

    fn lossless(width: u32, height: u32) -> Vec<u8> {
        let bits = (width - 1) | (height - 1) << 14;
        chunk(b"VP8L", &[[0x2F].as_slice(), &bits.to_le_bytes(), &[0; 5]].concat())
    }

    fn code(bytes: &[u8]) -> &'static str {
        let header = read(bytes, &Limits::default());
        header.and_then(|header| Limits::default().check_memory(header.memory_bytes)).unwrap_err().code()
    }

    #[test]
    fn size_profile_and_exif_are_found() {
        let bytes = webp(&[
            canvas(40, 30),
            chunk(b"ICCP", b"a profile"),
            lossless(40, 30),
            chunk(b"EXIF", b"Exif\0\0MM\0*"),
        ]);
        let header = read(&bytes, &Limits::default()).unwrap();
        assert_eq!((header.width, header.height), (40, 30));
        assert_eq!(header.icc.as_deref(), Some(b"a profile".as_slice()));
        assert_eq!(header.exif.as_deref(), Some(b"MM\0*".as_slice()));
    }

    #[test]
    fn both_kinds_of_bitstream_state_their_size() {
        let lossy = chunk(b"VP8 ", &[0, 0, 0, 0x9D, 0x01, 0x2A, 40, 0x40, 30, 0]);
        let size = |bytes: &[u8]| read(bytes, &Limits::default()).map(|header| (header.width, header.height));
        assert_eq!(size(&webp(&[lossy])), Ok((40, 30)));
        assert_eq!(size(&webp(&[lossless(40, 30)])), Ok((40, 30)));
    }

    #[test]
    fn a_small_canvas_does_not_hide_a_large_bitstream() {
        assert_eq!(code(&webp(&[canvas(10, 10), lossless(16_000, 16_000)])), "too_many_pixels");
        assert_eq!(code(&webp(&[canvas(10, 10), lossless(20, 20)])), "corrupt");
        assert_eq!(code(&webp(&[lossless(12_000, 12_000)])), "too_much_memory");
        let hidden = [[0; 6].as_slice(), &[9, 0, 0, 9, 0, 0], &[0; 4], &lossless(4000, 4000)].concat();
        assert_eq!(code(&webp(&[canvas(10, 10), chunk(b"ANMF", &hidden)])), "corrupt");
    }

    #[test]
    fn any_cut_is_a_header_or_a_refusal() {
        let bytes = webp(&[canvas(40, 30), chunk(b"ICCP", b"a profile"), lossless(40, 30)]);
        for end in 12..bytes.len() {
            let _ = read(&bytes[..end], &Limits::default());
        }
        assert_eq!(read(&bytes[..12], &Limits::default()).unwrap_err(), Rejection::Truncated);
    }
}
