//! JPEG by libjpeg-turbo's code in mozjpeg, at 1/8, 1/4, 1/2 or all of its size.

use std::cell::Cell;
use std::panic::resume_unwind;

use mozjpeg::{ColorSpace, Decompress};
use mozjpeg_sys::{jpeg_common_struct, jpeg_error_mgr, msg_parm_union};

use super::Decoded;
use crate::header::jpeg::{Colour, Frame};
use crate::picture::Picture;
use crate::rejection::Rejection;

/// How many rows are read before the decoder is asked whether it met damage.
const ROWS: usize = 16;

thread_local! {
    /// How often libjpeg warned on this thread. It decodes on past what it cannot read, and says so only here.
    static WARNINGS: Cell<u64> = const { Cell::new(0) };
}

extern "C-unwind" fn count_warning(_: &mut jpeg_common_struct, level: i32) {
    // Levels from zero up are traces.
    if level < 0 {
        WARNINGS.set(WARNINGS.get() + 1);
    }
}

extern "C-unwind" fn unwind(_: &mut jpeg_common_struct) {
    // Past the panic hook: a damaged file is no defect of the program and prints nothing.
    resume_unwind(Box::new("libjpeg refused the file"));
}

extern "C-unwind" fn ignore(_: &mut jpeg_common_struct) {}

extern "C-unwind" fn ignore_format(_: &mut jpeg_common_struct, _: &[u8; 80]) {}

fn counting_errors() -> jpeg_error_mgr {
    jpeg_error_mgr {
        error_exit: Some(unwind),
        emit_message: Some(count_warning),
        output_message: Some(ignore),
        format_message: Some(ignore_format),
        reset_error_mgr: Some(ignore),
        msg_code: 0,
        msg_parm: msg_parm_union::default(),
        trace_level: 0,
        num_warnings: 0,
        jpeg_message_table: std::ptr::null(),
        last_jpeg_message: 0,
        addon_message_table: std::ptr::null(),
        first_addon_message: 0,
        last_addon_message: 0,
    }
}

pub(super) fn decode(bytes: &[u8], frame: &Frame) -> Result<Decoded, Rejection> {
    if frame.several_scans && !frame.complete && !frame.presentable {
        return Err(Rejection::Truncated);
    }
    let corrupt = Rejection::Corrupt { detail: "its pixels cannot be read" };
    let reader = Decompress::builder().with_err(counting_errors()).from_mem(bytes);
    let mut decompress = reader.map_err(|_| corrupt.clone())?;
    decompress.scale(frame.eighths);
    let space = if frame.colour == Colour::Rgb { ColorSpace::JCS_RGB } else { ColorSpace::JCS_CMYK };
    let channels = if frame.colour == Colour::Rgb { 3 } else { 4 };
    // Several scans are all read here: what they lack is judged by the markers, not by rows.
    let mut started = decompress.to_colorspace(space).map_err(|_| corrupt.clone())?;
    if (started.width(), started.height()) != (frame.width as usize, frame.height as usize) {
        return Err(corrupt);
    }
    let mut pixels = vec![0; Picture::bytes(frame.width, frame.height) / 3 * channels];
    let before = WARNINGS.get();
    // The quarter that may be missing: a photo of the job is worth more than its last rows.
    let (mut sound, enough) = (0, pixels.len() / 4 * 3);
    for rows in pixels.chunks_mut(ROWS * frame.width as usize * channels) {
        started.read_scanlines_into(rows).map_err(|_| corrupt.clone())?;
        if WARNINGS.get() == before {
            sound += rows.len();
        } else if sound < enough {
            return Err(if frame.complete { corrupt } else { Rejection::Truncated });
        }
    }
    // Data that is left over was meant for pixels too.
    let finished = started.finish().is_ok() && WARNINGS.get() == before;
    let damaged = !finished || !frame.complete;
    let rgb = match frame.colour {
        Colour::Rgb => pixels,
        Colour::InvertedCmyk => to_rgb(&pixels, |ink| ink),
        Colour::Cmyk => to_rgb(&pixels, |ink| 255 - ink),
    };
    Ok(Decoded {
        picture: Picture { width: frame.width, height: frame.height, rgb },
        damaged,
        primaries: None,
    })
}

/// Inks without a profile: each lets through what it does not cover, and so does black.
fn to_rgb(cmyk: &[u8], uncovered: fn(u8) -> u8) -> Vec<u8> {
    let blend = |ink: u8, black: u8| {
        let product = u16::from(uncovered(ink)) * u16::from(uncovered(black));
        u8::try_from((product + 127) / 255).unwrap_or(u8::MAX)
    };
    let (pixels, _) = cmyk.as_chunks::<4>();
    pixels.iter().flat_map(|&[c, m, y, k]| [blend(c, k), blend(m, k), blend(y, k)]).collect()
}

#[cfg(test)]
mod tests;
