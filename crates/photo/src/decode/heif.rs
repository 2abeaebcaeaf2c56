//! HEIC and AVIF: tiles, decoded one after another into the planes of the whole picture, then made small.

use super::planes::Planes;
use super::{Decoded, avif, heic};
use crate::header::Header;
use crate::header::heif::{Coded, Coding, Tile};
use crate::rejection::Rejection;
use crate::sniff::Format;
use crate::{DISPLAY_SIDE, resize};

/// What files mean that say nothing: as in JPEG.
const UNSAID: Coding = Coding { primaries: 2, matrix: 6, full_range: true };

/// A decoded tile, and how its bitstream says that its colours are coded.
pub(super) type DecodedTile = (Planes, Option<Coding>);

pub(super) fn decode(header: &Header, coded: &Coded) -> Result<Decoded, Rejection> {
    let decode_tile = match header.format {
        Format::Avif => avif::decode_tile,
        _ => heic::decode_tile,
    };
    let (planes, coding) = assemble(coded, decode_tile)?;
    let crop = coded.crop.unwrap_or([0, 0, coded.width, coded.height]);
    let size = resize::within((header.width, header.height), DISPLAY_SIDE);
    let coding = coded.coding.or(coding).unwrap_or(UNSAID);
    let picture = planes.into_picture(crop, size, coding)?;
    Ok(Decoded { picture, damaged: false, primaries: Some(coding.primaries) })
}

fn assemble(
    coded: &Coded,
    decode_tile: impl Fn(&Tile, u64) -> Result<DecodedTile, Rejection>,
) -> Result<DecodedTile, Rejection> {
    let corrupt = Rejection::Corrupt { detail: "its tiles do not make a picture" };
    let (width, height) = (coded.width as usize, coded.height as usize);
    let pixels_max = coded.tile_pixels_max();
    let mut whole: Option<DecodedTile> = None;
    for (index, tile) in coded.tiles.iter().enumerate() {
        let (part, coding) = decode_tile(tile, pixels_max)?;
        let (part_width, part_height) = (part.brightness.width, part.brightness.height);
        let fills = part_width * coded.columns >= width
            && part_height * (coded.tiles.len() / coded.columns) >= height;
        if !fills {
            return Err(corrupt);
        }
        if coded.tiles.len() == 1 && (part_width, part_height) == (width, height) {
            return Ok((part, coding));
        }
        let (planes, _) = whole.get_or_insert_with(|| (part.blank(width, height), coding));
        let (left, top) = (index % coded.columns * part_width, index / coded.columns * part_height);
        planes.put(&part, left, top).ok_or_else(|| corrupt.clone())?;
    }
    whole.ok_or(corrupt)
}
