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
use crate::resize;
use crate::sniff::Format;

mod boxes;
mod meta;

use boxes::Reader;
use meta::{Item, Meta, Property};

/// 48 tiles are usual for 12 megapixels, 192 for 48.
const TILES_MAX: usize = 1024;

/// How many pixels tiles may have beyond four times the picture's: a small or a narrow one lies in tiles like any other.
const PADDING_PIXELS: u64 = 4 << 20;

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
    /// What is shown of it: left, top, width, height.
    pub(crate) shown: [u32; 4],
    /// How its colours are coded, where the container says so.
    pub(crate) coding: Option<Coding>,
    /// How many samples of colour differences four pixels have: none, 2, 4 or 8.
    pub(crate) differences: u64,
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
    let (mut icc, mut shown) = (None, [0, 0, coded.width, coded.height]);
    for property in meta.properties(primary.id) {
        match property {
            Property::Icc(profile) if icc.is_none() => {
                limits.check_icc(profile.len())?;
                icc = Some(Cow::Borrowed(profile));
            }
            // In the order in which they are listed: what is cut off is measured in the picture as it is turned by then.
            Property::Turned(turn) => orientation = orientation.then(turn),
            Property::Crop(aperture) => {
                let [left, top, width, height] = shown;
                let part = aperture.within(orientation.size(width, height))?;
                let [further_left, further_down, width, height] = orientation.stored(part, (width, height));
                shown = [left + further_left, top + further_down, width, height];
            }
            _ => {}
        }
    }
    if icc.is_none() {
        icc = tile_profile(&meta, primary, limits)?.map(Cow::Borrowed);
    }
    let [_, _, width, height] = shown;
    limits.check_size(width, height)?;
    Ok(Header {
        format,
        width,
        height,
        memory_bytes: coded.memory_bytes(format),
        exif: meta.exif(primary.id),
        icc,
        orientation: Some(orientation),
        detail: Detail::Heif(Coded { shown, ..coded }),
    })
}

impl<'a> Coded<'a> {
    fn new(tiles: Vec<Tile<'a>>, columns: usize, (width, height): (u32, u32), format: Format) -> Self {
        let differences = tiles.iter().map(|tile| tile.differences(format)).max().unwrap_or(8);
        Self { tiles, columns, width, height, shown: [0, 0, width, height], coding: None, differences }
    }

    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// How large a tile may be. Tiles at the edge reach beyond it, small pictures are padded to whole blocks.
    pub(crate) fn tile_pixels_max(&self) -> u64 {
        let even = self.pixels() / (self.tiles.len() as u64).max(1);
        (if self.tiles.len() > 1 { even * 2 } else { even * 17 / 16 }) + (1 << 20)
    }

    /// Whether tiles of this size make the picture: no row or column of them may begin beyond it. A side that is just longer
    /// than a tile doubles what is coded.
    pub(crate) fn check_tiles(&self, width: u64, height: u64) -> Result<(), Rejection> {
        let columns = self.columns as u64;
        let rows = self.tiles.len() as u64 / columns.max(1);
        let (whole_width, whole_height) = (u64::from(self.width), u64::from(self.height));
        let fill = width * columns >= whole_width && height * rows >= whole_height;
        let beyond =
            width * columns.saturating_sub(1) > whole_width || height * rows.saturating_sub(1) > whole_height;
        let pixels = (width * columns).saturating_mul(height * rows);
        if fill && !beyond && pixels <= self.pixels() * 4 + PADDING_PIXELS {
            Ok(())
        } else {
            Err(Rejection::Corrupt { detail: "its tiles do not make a picture" })
        }
    }

    /// Of this many pixels, brightness and differences.
    fn samples(&self, pixels: u64) -> u64 {
        pixels * (4 + self.differences) / 4
    }

    /// The picture in eight bits, where it is put together of tiles; and a tile as its decoder holds it, or what becomes of
    /// the picture once it is made small.
    fn memory_bytes(&self, format: Format) -> u64 {
        let pixels = self.tile_pixels_max();
        // Of HEVC, samples in 32 bits with a flag each, the brightness once more while it is filtered, and notes on each
        // block. Of AV1, samples in 16 bits, once more with film grain, and in eight bits.
        let other = if format == Format::Avif { 2 } else { 6 };
        let tile = self.samples(pixels) * 5 + pixels * other;
        let whole = if self.tiles.len() > 1 { self.samples(self.pixels()) } else { 0 };
        // A tile's data is copied to be decoded; what lies in pieces has been put together before.
        let lengths = self.tiles.iter().map(|tile| tile.data.len() as u64);
        let pieces = self.tiles.iter().filter(|tile| matches!(tile.data, Cow::Owned(_)));
        let data = lengths.max().unwrap_or(0) * 3 + pieces.map(|tile| tile.data.len() as u64).sum::<u64>();
        whole + tile.max(resize::memory_bytes(self.width, self.height)) + data + (4 << 20)
    }
}

impl Tile<'_> {
    /// Of four pixels, as its configuration says (ISO/IEC 14496-15, 8.3.3.1; AV1-ISOBMFF, 2.3.3).
    fn differences(&self, format: Format) -> u64 {
        let kind = if format == Format::Avif {
            self.configuration.get(2).map(|flags| match flags >> 2 & 7 {
                flags if flags & 4 != 0 => 0,
                flags => 3 - flags.count_ones(),
            })
        } else {
            self.configuration.get(16).map(|kind| u32::from(kind & 3))
        };
        differences(kind.unwrap_or(3))
    }
}

/// Of four pixels, by HEVC's number of the kind: grey, 4:2:0, 4:2:2 or 4:4:4.
pub(crate) fn differences(kind: u32) -> u64 {
    match kind {
        0 => 0,
        1 => 2,
        2 => 4,
        _ => 8,
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
        return Ok(Coded { coding: coding(primary.id), ..Coded::new(tiles, 1, (width, height), format) });
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
    let coded = Coded::new(tiles, columns, (width, height), format);
    // Their true sizes are known only once they are decoded, and are judged again.
    if let Some((width, height)) = ids.first().and_then(|id| meta.size(*id)) {
        coded.check_tiles(width.into(), height.into())?;
    }
    Ok(Coded { coding: coding(primary.id).or_else(|| ids.first().and_then(|id| coding(*id))), ..coded })
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
