//! HEVC pictures of HEIC files (ITU-T H.265), by a decoder in Rust without unsafe code.

use heic_decoder::bitreader::strip_emulation_prevention;
use heic_decoder::hevc::ctu::Plane as Coded;
use heic_decoder::hevc::nal::{NAL_SPS, parse_nal_header};
use heic_decoder::hevc::params::{Sps, parse_sps};
use heic_decoder::isobmff::{HevcDecoderConfig, HevcNalArray, ResolvedImage};
use heic_decoder::{HeifError, decode_one_image};

use super::planes::{DecodedTile, Plane, Planes};
use crate::header::heif::{self, Coding, Tile};
use crate::rejection::Rejection;

const CORRUPT: Rejection = Rejection::Corrupt { detail: "its pixels cannot be read" };

pub(super) fn decode_tile(tile: &Tile, whole: &heif::Coded) -> Result<DecodedTile, Rejection> {
    let hevc_config = configuration(tile.configuration).ok_or(CORRUPT)?;
    check_size(&hevc_config, whole)?;
    let image = ResolvedImage { hevc_config, data: tile.data.to_vec() };
    let (sps, picture) = decode_one_image(&image).map_err(|error| refuse(&error))?;
    let [left, right, top, bottom] = sps.conformance_window.map(|side| side as usize);
    let window = [left, right, top, bottom];
    let (across, down) = (sps.sub_width_c() as usize, sps.sub_height_c() as usize);
    let differences = (sps.chroma_format_idc != 0).then(|| {
        let window = [left / across, right / across, top / down, bottom / down];
        [picture.cb, picture.cr].map(|plane| eight_bits(plane, window))
    });
    let planes = Planes { brightness: eight_bits(picture.y, window), differences };
    Ok((planes, said(&sps)))
}

fn said(sps: &Sps) -> Option<Coding> {
    sps.color_info.map(|info| Coding {
        primaries: info.color_primaries,
        matrix: info.matrix_coefficients,
        full_range: info.full_range,
    })
}

/// The samples inside the window: how many to leave out at the left, right, top and bottom.
fn eight_bits(coded: Coded, [left, right, top, bottom]: [usize; 4]) -> Plane {
    let shift = coded.bit_depth.saturating_sub(8);
    let (stride, rows) = (coded.width, coded.height.saturating_sub(top + bottom));
    let width = stride.saturating_sub(left + right);
    let mut samples = Vec::with_capacity(width * rows);
    let coded = coded.into_samples();
    for row in coded.chunks_exact(stride.max(1)).skip(top).take(rows) {
        let row = row.iter().skip(left).take(width);
        samples.extend(row.map(|sample| u8::try_from((sample >> shift).clamp(0, 255)).unwrap_or(u8::MAX)));
    }
    Plane { width, height: rows, samples }
}

/// The decoder allocates what the sequence parameter set says, whatever the container said.
fn check_size(configuration: &HevcDecoderConfig, whole: &heif::Coded) -> Result<(), Rejection> {
    for unit in configuration.nalus_of_type(NAL_SPS) {
        let (_, payload) = parse_nal_header(unit).map_err(|error| refuse(&error))?;
        let sps = parse_sps(&strip_emulation_prevention(payload)).map_err(|error| refuse(&error))?;
        let (width, height) = (sps.pic_width_in_luma_samples, sps.pic_height_in_luma_samples);
        if u64::from(width) * u64::from(height) > whole.tile_pixels_max()
            || heif::differences(sps.chroma_format_idc) > whole.differences
        {
            return Err(Rejection::Corrupt { detail: "its tiles do not make a picture" });
        }
    }
    Ok(())
}

/// The `hvcC` box (ISO/IEC 14496-15, 8.3.3.1): parameter sets, and how long the lengths of units are.
fn configuration(body: &[u8]) -> Option<HevcDecoderConfig> {
    let (fixed, mut rest) = body.split_first_chunk::<23>()?;
    let [.., last, count] = *fixed;
    let mut configuration =
        HevcDecoderConfig { length_size_minus_one: last & 3, ..HevcDecoderConfig::default() };
    for _ in 0..count {
        let ([kind, high, low], after) = rest.split_first_chunk::<3>()?;
        rest = after;
        let mut nalus = Vec::new();
        for _ in 0..u16::from_be_bytes([*high, *low]) {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (unit, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            nalus.push(unit.to_vec());
            rest = after;
        }
        configuration.arrays.push(HevcNalArray { nal_unit_type: kind & 0x3F, nalus });
    }
    Some(configuration)
}

fn refuse(error: &HeifError) -> Rejection {
    match error {
        HeifError::Truncated { .. } => Rejection::Truncated,
        HeifError::Unsupported(_) => Rejection::FormatUnsupported { format: "HEIC with this coding" },
        _ => CORRUPT,
    }
}

#[cfg(test)]
mod tests;
