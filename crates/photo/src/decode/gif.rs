//! The first frame of a GIF.

use std::io::Cursor;
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, Frame, MemoryLimit};

use super::Decoded;
use crate::header::Header;
use crate::picture::Picture;
use crate::rejection::Rejection;

const CORRUPT: Rejection = Rejection::Corrupt { detail: "its pixels cannot be read" };

pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Decoded, Rejection> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.check_frame_consistency(true);
    if let Some(limit) = NonZeroU64::new(header.memory_bytes) {
        options.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(|error| refuse(&error))?;
    let global = decoder.global_palette().unwrap_or_default().to_vec();
    let frame = decoder.read_next_frame().map_err(|error| refuse(&error))?.ok_or(CORRUPT)?;
    // What the frame leaves free is as transparent as what it says is.
    let mut rgb = vec![u8::MAX; Picture::bytes(header.width, header.height)];
    paint(&mut rgb, header.width as usize, frame, frame.palette.as_ref().unwrap_or(&global));
    Ok(Decoded {
        picture: Picture { width: header.width, height: header.height, rgb },
        damaged: false,
        primaries: None,
    })
}

fn paint(rgb: &mut [u8], canvas_width: usize, frame: &Frame, palette: &[u8]) {
    let (colours, _) = palette.as_chunks::<3>();
    let (pixels, _) = rgb.as_chunks_mut::<3>();
    let rows = pixels.chunks_exact_mut(canvas_width).skip(usize::from(frame.top));
    let stored = frame.buffer.chunks_exact(usize::from(frame.width).max(1));
    for (row, indices) in rows.zip(stored) {
        for (pixel, index) in row.iter_mut().skip(usize::from(frame.left)).zip(indices) {
            if frame.transparent != Some(*index) {
                *pixel = colours.get(usize::from(*index)).copied().unwrap_or_default();
            }
        }
    }
}

fn refuse(error: &DecodingError) -> Rejection {
    match error {
        DecodingError::Io(_) => Rejection::Truncated,
        _ => CORRUPT,
    }
}

#[cfg(test)]
mod tests {
    use gif::Encoder;

    use super::*;
    use crate::header;
    use crate::limits::Limits;

    const PALETTE: [u8; 9] = [200, 10, 20, 10, 20, 200, 0, 0, 0];

    /// A canvas of 4 x 4 with these frames.
    fn gif(frames: &[Frame]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 4, 4, &PALETTE).unwrap();
        for frame in frames {
            encoder.write_frame(frame).unwrap();
        }
        drop(encoder);
        bytes
    }

    fn frame(left: u16, side: u16, index: u8) -> Frame<'static> {
        let buffer = vec![index; usize::from(side) * usize::from(side)].into();
        Frame { left, top: left, width: side, height: side, buffer, ..Frame::default() }
    }

    fn decoded(bytes: &[u8]) -> Result<Decoded, Rejection> {
        crate::decode::decode(bytes, &header::read(bytes, &Limits::default())?)
    }

    #[test]
    fn the_first_frame_is_shown() {
        let bytes = gif(&[frame(0, 4, 0), frame(0, 4, 1)]);
        assert_eq!(decoded(&bytes).unwrap().picture.rgb, [200, 10, 20].repeat(16));
        // Frames without end cost nothing: the rest is not read.
        let endless = [&bytes[..bytes.len() - 1], &[0x2C; 1000]].concat();
        assert!(decoded(&endless).is_ok());
    }

    #[test]
    fn what_a_frame_leaves_free_is_white() {
        let rgb = decoded(&gif(&[frame(1, 2, 1)])).unwrap().picture.rgb;
        let (pixels, _) = rgb.as_chunks::<3>();
        assert_eq!(
            (pixels[0], pixels[5], pixels[10], pixels[15]),
            ([255; 3], [10, 20, 200], [10, 20, 200], [255; 3])
        );
        let transparent = Frame { transparent: Some(1), ..frame(0, 4, 1) };
        assert_eq!(decoded(&gif(&[transparent])).unwrap().picture.rgb, [255; 48]);
    }

    #[test]
    fn any_cut_of_the_first_frame_is_refused() {
        let bytes = gif(&[frame(0, 4, 0)]);
        for end in 6..bytes.len() - 4 {
            let code = decoded(&bytes[..end]).unwrap_err().code();
            assert!(["truncated", "corrupt"].contains(&code), "{end}: {code}");
        }
    }

    #[test]
    fn a_frame_beyond_the_canvas_is_corrupt() {
        assert_eq!(decoded(&gif(&[frame(3, 4, 0)])).unwrap_err().code(), "corrupt");
    }
}
