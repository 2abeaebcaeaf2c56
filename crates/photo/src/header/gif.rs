//! The blocks of a GIF up to its first picture (the 89a version, sections 17 to 25).

use super::{Detail, Header};
use crate::limits::Limits;
use crate::rejection::Rejection;
use crate::resize;
use crate::sniff::Format;

/// A code of twelve bits stands for at most 4,096 pixels.
const INFLATION_MAX: u64 = 2731;

pub(super) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Header<'a>, Rejection> {
    let [_, _, _, _, _, _, w0, w1, h0, h1, flags, _, _, rest @ ..] = bytes else {
        return Err(Rejection::Truncated);
    };
    let (width, height) = (side(*w0, *w1), side(*h0, *h1));
    limits.check_size(width, height)?;
    let rest = rest.get(palette_bytes(*flags)..).ok_or(Rejection::Truncated)?;
    let (frame_width, frame_height, data) = first_frame(rest)?;
    limits.check_size(frame_width, frame_height)?;
    let frame = u64::from(frame_width) * u64::from(frame_height);
    if (data.len() as u64) * INFLATION_MAX < frame / 4 * 3 {
        return Err(Rejection::Corrupt { detail: "it has too little data for its size" });
    }
    Ok(Header {
        format: Format::Gif,
        width,
        height,
        memory_bytes: u64::from(width) * u64::from(height) * 3
            + frame.max(resize::memory_bytes(width, height)),
        exif: None,
        icc: None,
        orientation: None,
        detail: Detail::Gif,
    })
}

fn side(low: u8, high: u8) -> u32 {
    u32::from(u16::from_le_bytes([low, high]))
}

fn palette_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Size of the first frame, and all that follows its descriptor.
fn first_frame(mut rest: &[u8]) -> Result<(u32, u32, &[u8]), Rejection> {
    loop {
        match rest {
            [0x2C, _, _, _, _, w0, w1, h0, h1, _, data @ ..] => {
                return Ok((side(*w0, *w1), side(*h0, *h1), data));
            }
            // An extension: a label, then blocks of up to 255 bytes until an empty one.
            [0x21, _, blocks @ ..] => rest = skip_blocks(blocks).ok_or(Rejection::Truncated)?,
            [] | [0x2C | 0x21, ..] => return Err(Rejection::Truncated),
            _ => return Err(Rejection::Corrupt { detail: "it has no picture" }),
        }
    }
}

fn skip_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, after) = rest.split_first()?;
        if *length == 0 {
            return Some(after);
        }
        rest = after.get(usize::from(*length)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gif(width: u16, height: u16, frame: (u16, u16), data: usize) -> Vec<u8> {
        let sides = |width: u16, height: u16| [width.to_le_bytes(), height.to_le_bytes()].concat();
        let screen = [b"GIF89a".as_slice(), &sides(width, height), &[0x80, 0, 0], &[0; 6]].concat();
        let comment = b"\x21\xFE\x05hello\0";
        let descriptor = [[0x2C, 0, 0, 0, 0].as_slice(), &sides(frame.0, frame.1), &[0]].concat();
        [screen.as_slice(), comment, &descriptor, &vec![1; data]].concat()
    }

    #[test]
    fn the_screen_is_the_size() {
        let header = gif(40, 30, (20, 10), 50);
        let header = read(&header, &Limits::default()).unwrap();
        assert_eq!((header.width, header.height), (40, 30));
    }

    #[test]
    fn sizes_that_no_data_could_fill_are_refused() {
        let code = |bytes: &[u8]| read(bytes, &Limits::default()).unwrap_err().code();
        assert_eq!(code(&gif(65_535, 65_535, (1, 1), 9)), "too_many_pixels");
        assert_eq!(code(&gif(10, 10, (65_535, 65_535), 9)), "too_many_pixels");
        assert_eq!(code(&gif(10_000, 10_000, (10_000, 10_000), 9)), "corrupt");
    }

    #[test]
    fn any_cut_before_the_picture_is_truncated() {
        let bytes = gif(40, 30, (20, 10), 50);
        for end in 6..bytes.len() - 50 {
            assert_eq!(read(&bytes[..end], &Limits::default()).unwrap_err(), Rejection::Truncated, "{end}");
        }
        assert_eq!(read(b"GIF89a\x01\0\x01\0\0\0\0\x3B", &Limits::default()).unwrap_err().code(), "corrupt");
    }
}
