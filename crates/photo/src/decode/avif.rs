//! AV1 pictures of AVIF files (AV1 specification, Alliance for Open Media 2019), by the Rust port of dav1d without its assembly.
//!
//! The port kept dav1d's C interface, through which no panic unwinds: one in there ends the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use re_rav1d::pixel::{ToPrimitive as _, YUVRange};
use re_rav1d::{Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings};

use super::planes::{DecodedTile, Plane, Planes};
use crate::header::heif::{self, Coded, Coding, Tile};
use crate::rejection::Rejection;

const CORRUPT: Rejection = Rejection::Corrupt { detail: "its pixels cannot be read" };

pub(super) fn decode_tile(tile: &Tile, whole: &Coded) -> Result<DecodedTile, Rejection> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(u32::try_from(whole.tile_pixels_max()).unwrap_or(u32::MAX));
    let mut decoder = Decoder::with_settings(&settings).map_err(|_| CORRUPT)?;
    // The sequence header may stand in the configuration alone, behind four bytes (AV1-ISOBMFF, 2.3).
    let setup = tile.configuration.get(4..).unwrap_or_default();
    let data = [setup, &tile.data].concat();
    match decoder.send_data(data, None, None, None) {
        Ok(()) | Err(Error::Again) => {}
        Err(_) => return Err(CORRUPT),
    }
    let picture = decoder.get_picture().map_err(|error| match error {
        Error::Again => Rejection::Truncated,
        _ => CORRUPT,
    })?;
    // The library panics at numbers that the standard reserves.
    let coding = whole.coding.is_none().then(|| catch_unwind(AssertUnwindSafe(|| said(&picture))).ok());
    let kind = match picture.pixel_layout() {
        PixelLayout::I400 => 0,
        PixelLayout::I420 => 1,
        PixelLayout::I422 => 2,
        PixelLayout::I444 => 3,
    };
    if heif::differences(kind) > whole.differences {
        return Err(CORRUPT);
    }
    planes(&picture).map(|planes| (planes, coding.flatten())).ok_or(CORRUPT)
}

/// How the bitstream says that its colours are coded (AV1, 6.4.2); the numbers are those of H.273.
fn said(picture: &Picture) -> Coding {
    const UNSPECIFIED: u16 = 2;
    Coding {
        primaries: picture.color_primaries().to_u16().unwrap_or(UNSPECIFIED),
        matrix: picture.matrix_coefficients().to_u16().unwrap_or(UNSPECIFIED),
        full_range: picture.color_range() == YUVRange::Full,
    }
}

fn planes(picture: &Picture) -> Option<Planes> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let half = (width.div_ceil(2), height.div_ceil(2));
    let of = |component, (width, height)| eight_bits(picture, component, width, height);
    let size = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        PixelLayout::I420 => Some(half),
        PixelLayout::I422 => Some((half.0, height)),
        PixelLayout::I444 => Some((width, height)),
    };
    let brightness = of(PlanarImageComponent::Y, (width, height))?;
    let differences = match size {
        None => None,
        Some(size) => Some([of(PlanarImageComponent::U, size)?, of(PlanarImageComponent::V, size)?]),
    };
    Some(Planes { brightness, differences })
}

fn eight_bits(
    picture: &Picture,
    component: PlanarImageComponent,
    width: usize,
    height: usize,
) -> Option<Plane> {
    let bits = picture.bits_per_component()?.0;
    let stride = picture.stride(component) as usize;
    let plane = picture.plane(component);
    let mut samples = Vec::with_capacity(width * height);
    for row in plane.chunks(stride.max(1)).take(height) {
        if bits == 8 {
            samples.extend_from_slice(row.get(..width)?);
        } else {
            // Sixteen bits a sample, in the machine's order.
            let (row, _) = row.get(..width * 2)?.as_chunks::<2>();
            let shift = bits - 8;
            samples.extend(
                row.iter()
                    .map(|sample| u8::try_from(u16::from_ne_bytes(*sample) >> shift).unwrap_or(u8::MAX)),
            );
        }
    }
    (samples.len() == width * height).then_some(Plane { width, height, samples })
}

#[cfg(test)]
mod tests;
