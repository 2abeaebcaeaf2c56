//! HEIC and AVIF: tiles, decoded one after another into the planes of the whole picture, then made small.

use super::planes::DecodedTile;
use super::{Decoded, avif, heic};
use crate::header::Header;
use crate::header::heif::{Coded, Coding, Tile};
use crate::rejection::Rejection;
use crate::sniff::Format;
use crate::{DISPLAY_SIDE, resize};

/// What files mean that say nothing: as in JPEG.
const UNSAID: Coding = Coding { primaries: 2, matrix: 6, full_range: true };

pub(super) fn decode(header: &Header, coded: &Coded) -> Result<Decoded, Rejection> {
    let decode_tile = match header.format {
        Format::Avif => avif::decode_tile,
        _ => heic::decode_tile,
    };
    let (planes, coding) = assemble(coded, decode_tile)?;
    let size = resize::within((header.width, header.height), DISPLAY_SIDE);
    let coding = coded.coding.or(coding).unwrap_or(UNSAID);
    let picture = planes.into_picture(coded.shown, size, coding)?;
    Ok(Decoded { picture, damaged: false, primaries: Some(coding.primaries) })
}

/// What decodes a tile of this picture.
type Decode = fn(&Tile, &Coded) -> Result<DecodedTile, Rejection>;

fn assemble(coded: &Coded, decode_tile: Decode) -> Result<DecodedTile, Rejection> {
    let corrupt = Rejection::Corrupt { detail: "its tiles do not make a picture" };
    let (width, height) = (coded.width as usize, coded.height as usize);
    let Some((first, others)) = coded.tiles.split_first() else { return Err(corrupt) };
    let (part, coding) = decode_tile(first, coded)?;
    let size @ (part_width, part_height) = (part.brightness.width, part.brightness.height);
    coded.check_tiles(part_width as u64, part_height as u64)?;
    if others.is_empty() && size == (width, height) {
        return Ok((part, coding));
    }
    let mut whole = part.blank(width, height);
    whole.put(&part, 0, 0).ok_or_else(|| corrupt.clone())?;
    drop(part);
    for (index, tile) in (1..).zip(others) {
        let (left, top) = (index % coded.columns * part_width, index / coded.columns * part_height);
        if left >= width || top >= height {
            continue;
        }
        let (part, _) = decode_tile(tile, coded)?;
        if size != (part.brightness.width, part.brightness.height) {
            return Err(corrupt);
        }
        whole.put(&part, left, top).ok_or_else(|| corrupt.clone())?;
    }
    Ok((whole, coding))
}
