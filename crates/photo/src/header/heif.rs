//! The boxes of HEIC and AVIF files (ISO/IEC 14496-12 and 23008-12): one primary picture, whole or a grid of tiles,
//! with its properties.
//!
//! Boxes may name one another in circles and point anywhere in the file. So items are looked up, never followed
//! recursively; an item must lie in the file; and all that is decoded may not be longer than the file twice over.

use std::borrow::Cow;

use super::{Detail, Header};
use crate::limits::Limits;
use crate::orient::Orientation;
use crate::rejection::Rejection;
use crate::sniff::Format;

mod boxes;
mod meta;

use boxes::Reader;
use meta::{Item, Meta, Property};

/// 48 tiles are usual for 12 megapixels, 192 for 48.
const TILES_MAX: usize = 1024;

/// HEVC's decoder holds samples in 32 bits with a flag each and notes on each block (11 bytes were measured); AV1's
/// takes less.
const TILE_BYTES_PER_PIXEL: u64 = 12;

const CORRUPT: Rejection = Rejection::Corrupt { detail: "its boxes contradict each other" };

/// What is to be decoded.
#[derive(Debug)]
pub(crate) struct Coded<'a> {
    /// Row by row; one, where the picture is not divided.
    pub(crate) tiles: Vec<Tile<'a>>,
    /// Tiles in a row.
    pub(crate) columns: usize,
    /// The picture's size, before cropping, in pixels.
    pub(crate) width: u32,
    /// The picture's size, before cropping, in pixels.
    pub(crate) height: u32,
    /// What is shown of it, where that is not all: left, top, width, height.
    pub(crate) crop: Option<[u32; 4]>,
    /// How its colours are coded, where the container says so.
    pub(crate) coding: Option<Coding>,
}

/// The coded picture of one item.
#[derive(Debug)]
pub(crate) struct Tile<'a> {
    /// The body of its `hvcC` or `av1C`.
    pub(crate) configuration: &'a [u8],
    pub(crate) data: Cow<'a, [u8]>,
}

/// ITU-T H.273: which matrix makes YCbCr, and whether its values use the whole range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coding {
    /// Of the table of colour primaries: 12 are Display P3's.
    pub(crate) primaries: u16,
    pub(crate) matrix: u16,
    pub(crate) full_range: bool,
}

pub(super) fn read<'a>(bytes: &'a [u8], format: Format, limits: &Limits) -> Result<Header<'a>, Rejection> {
    let meta = meta::read(bytes)?;
    let primary = meta.item(meta.primary.ok_or(CORRUPT)?)?;
    let coded = coded(&meta, primary, format, limits)?;
    let mut orientation = Orientation::Upright;
    let (mut icc, mut crop) = (None, None);
    for property in meta.properties(primary.id) {
        match property {
            Property::Icc(profile) if icc.is_none() => {
                limits.check_icc(profile.len())?;
                icc = Some(Cow::Borrowed(profile));
            }
            Property::Turned(turn) => orientation = orientation.then(turn),
            Property::Crop(aperture) => crop = Some(aperture.within(coded.width, coded.height)?),
            _ => {}
        }
    }
    if icc.is_none() {
        icc = tile_profile(&meta, primary, limits)?.map(Cow::Borrowed);
    }
    let (width, height) = crop.map_or((coded.width, coded.height), |[_, _, width, height]| (width, height));
    limits.check_size(width, height)?;
    Ok(Header {
        format,
        width,
        height,
        memory_bytes: coded.memory_bytes(),
        exif: meta.exif(primary.id),
        icc,
        orientation: Some(orientation),
        detail: Detail::Heif(Coded { crop, ..coded }),
    })
}

impl Coded<'_> {
    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// How large a tile may be. Tiles at the edge reach beyond it, small pictures are padded to whole blocks.
    pub(crate) fn tile_pixels_max(&self) -> u64 {
        let even = self.pixels() / (self.tiles.len() as u64).max(1);
        (if self.tiles.len() > 1 { even * 2 } else { even * 17 / 16 }) + (1 << 20)
    }

    /// Eight-bit planes of the picture; a tile as its decoder holds it, with what it notes about each block; and what
    /// becomes of them once they are small.
    fn memory_bytes(&self) -> u64 {
        let data: usize = self.tiles.iter().map(|tile| tile.data.len()).max().unwrap_or(0);
        self.pixels() * 3 + self.tile_pixels_max() * TILE_BYTES_PER_PIXEL + data as u64 * 3 + (16 << 20)
    }
}

/// Some writers attach the profile to the tiles rather than to the grid.
fn tile_profile<'a>(meta: &Meta<'a>, primary: Item, limits: &Limits) -> Result<Option<&'a [u8]>, Rejection> {
    let Some(first) = meta.references(primary.id, b"dimg").next() else { return Ok(None) };
    let icc = meta.properties(first).find_map(|property| match property {
        Property::Icc(profile) => Some(profile),
        _ => None,
    });
    limits.check_icc(icc.map_or(0, <[u8]>::len))?;
    Ok(icc)
}

fn coded<'a>(
    meta: &Meta<'a>,
    primary: Item,
    format: Format,
    limits: &Limits,
) -> Result<Coded<'a>, Rejection> {
    let wanted: &[u8; 4] = if format == Format::Avif { b"av01" } else { b"hvc1" };
    let coding = |id: u32| {
        meta.properties(id).find_map(|property| match property {
            Property::Coding(coding) => Some(coding),
            _ => None,
        })
    };
    if &primary.kind == wanted {
        let (width, height) = meta.size(primary.id).ok_or(CORRUPT)?;
        limits.check_size(width, height)?;
        let tiles = vec![tile(meta, primary)?];
        return Ok(Coded { tiles, columns: 1, width, height, crop: None, coding: coding(primary.id) });
    }
    if &primary.kind != b"grid" {
        return Err(Rejection::FormatUnsupported { format: "HEIF with this kind of picture" });
    }
    let descriptor = meta.data(primary)?;
    let (rows, columns, width, height) = grid(&descriptor).ok_or(CORRUPT)?;
    limits.check_size(width, height)?;
    let ids: Vec<u32> = meta.references(primary.id, b"dimg").collect();
    if ids.len() != rows * columns || ids.len() > TILES_MAX {
        return Err(CORRUPT);
    }
    let mut tiles = Vec::with_capacity(ids.len());
    let mut bytes_left = meta.file.len() * 2;
    for id in &ids {
        let item = meta.item(*id)?;
        if &item.kind != wanted {
            return Err(Rejection::FormatUnsupported { format: "HEIF with mixed tiles" });
        }
        let tile = tile(meta, item)?;
        bytes_left = bytes_left.checked_sub(tile.data.len()).ok_or(CORRUPT)?;
        tiles.push(tile);
    }
    let coding = coding(primary.id).or_else(|| ids.first().and_then(|id| coding(*id)));
    Ok(Coded { tiles, columns, width, height, crop: None, coding })
}

fn tile<'a>(meta: &Meta<'a>, item: Item) -> Result<Tile<'a>, Rejection> {
    let configuration = meta.properties(item.id).find_map(|property| match property {
        Property::Configuration(body) => Some(body),
        _ => None,
    });
    Ok(Tile { configuration: configuration.ok_or(CORRUPT)?, data: meta.data(item)? })
}

/// Rows, columns, width and height (ISO/IEC 23008-12, 6.6.2.3).
fn grid(descriptor: &[u8]) -> Option<(usize, usize, u32, u32)> {
    let mut reader = Reader::new(descriptor);
    let [_version, flags] = reader.array()?;
    let [rows, columns] = reader.array()?;
    let mut side = || if flags & 1 == 0 { reader.u16().map(u32::from) } else { reader.u32() };
    let (width, height) = (side()?, side()?);
    Some((usize::from(rows) + 1, usize::from(columns) + 1, width, height))
}

#[cfg(test)]
pub(crate) mod tests;
