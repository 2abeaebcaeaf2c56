//! The `meta` box: items, where they lie, what they are and how they belong together.

use std::borrow::Cow;

use super::boxes::{Boxes, Reader};
use super::{CORRUPT, Coding};
use crate::orient::Orientation;
use crate::rejection::Rejection;

/// Phones write up to 200 items: tiles, thumbnails, depth, metadata.
const ITEMS_MAX: usize = 4096;

/// An item information entry (ISO/IEC 14496-12, 8.11.6).
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) id: u32,
    pub(super) kind: [u8; 4],
}

/// An entry of the location box (8.11.3).
#[derive(Debug)]
struct Location {
    id: u32,
    /// Its bytes are in the `idat` box rather than anywhere in the file.
    in_meta: bool,
    /// Offset and length.
    extents: Vec<(u64, u64)>,
}

/// From, kind, to (8.11.12).
#[derive(Debug)]
struct Reference {
    from: u32,
    kind: [u8; 4],
    to: Vec<u32>,
}

/// What an item's properties say that matters here (ISO/IEC 23008-12, 6.5).
#[derive(Clone, Copy, Debug)]
pub(super) enum Property<'a> {
    Size(u32, u32),
    Configuration(&'a [u8]),
    Icc(&'a [u8]),
    Coding(Coding),
    Turned(Orientation),
    Crop(Aperture),
}

/// A clean aperture (ISO/IEC 14496-12, 12.1.4).
#[derive(Clone, Copy, Debug)]
pub(super) struct Aperture {
    width: (u32, u32),
    height: (u32, u32),
    x: (i32, u32),
    y: (i32, u32),
}

#[derive(Debug, Default)]
pub(super) struct Meta<'a> {
    pub(super) file: &'a [u8],
    pub(super) primary: Option<u32>,
    items: Vec<Item>,
    locations: Vec<Location>,
    references: Vec<Reference>,
    /// Of `ipco`, in their order: kind and body.
    containers: Vec<([u8; 4], &'a [u8])>,
    /// Item, and number of a property, from one.
    associations: Vec<(u32, usize)>,
    data: &'a [u8],
}

pub(super) fn read(file: &[u8]) -> Result<Meta<'_>, Rejection> {
    let meta = Boxes(Reader::new(file)).find(|(kind, _)| kind == b"meta");
    let Some((_, body)) = meta else { return Err(Rejection::Truncated) };
    let mut meta = Meta { file, ..Meta::default() };
    let children = Boxes(Reader::new(body.get(4..).ok_or(CORRUPT)?));
    for (kind, body) in children {
        meta.read_box(kind, body).ok_or(CORRUPT)?;
        let entries = [meta.items.len(), meta.locations.len(), meta.references.len(), meta.containers.len()];
        if entries.into_iter().max() > Some(ITEMS_MAX) || meta.associations.len() > ITEMS_MAX * 8 {
            return Err(CORRUPT);
        }
    }
    Ok(meta)
}

impl<'a> Meta<'a> {
    fn read_box(&mut self, kind: [u8; 4], body: &'a [u8]) -> Option<()> {
        let mut reader = Reader::new(body);
        match &kind {
            b"pitm" => {
                let long = reader.version()? > 0;
                self.primary = Some(reader.id(long)?);
            }
            b"iinf" => {
                let long = reader.version()? > 0;
                reader.id(long)?;
                let entries = Boxes(reader).take(ITEMS_MAX + 1).filter(|(kind, _)| kind == b"infe");
                self.items = entries.filter_map(|(_, body)| read_item(body)).collect();
            }
            b"iloc" => self.locations = read_locations(reader)?,
            b"iref" => {
                let long = reader.version()? > 0;
                self.references = read_references(reader, long)?;
            }
            b"idat" => self.data = body,
            b"iprp" => {
                for (kind, body) in Boxes(reader) {
                    match &kind {
                        b"ipco" => self.containers = Boxes(Reader::new(body)).take(ITEMS_MAX + 1).collect(),
                        b"ipma" => read_associations(Reader::new(body), &mut self.associations)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    pub(super) fn item(&self, id: u32) -> Result<Item, Rejection> {
        self.items.iter().find(|item| item.id == id).copied().ok_or(CORRUPT)
    }

    /// What `id` points to by references of this kind.
    pub(super) fn references(&self, id: u32, kind: &[u8; 4]) -> impl Iterator<Item = u32> {
        let from =
            self.references.iter().filter(move |reference| reference.from == id && reference.kind == *kind);
        from.flat_map(|reference| reference.to.iter().copied())
    }

    pub(super) fn properties(&self, id: u32) -> impl Iterator<Item = Property<'a>> {
        let numbers =
            self.associations.iter().filter(move |(item, _)| *item == id).map(|(_, number)| *number);
        numbers.filter_map(|number| {
            let (kind, body) = self.containers.get(number.checked_sub(1)?)?;
            read_property(*kind, body)
        })
    }

    /// Width and height by the `ispe` property.
    pub(super) fn size(&self, id: u32) -> Option<(u32, u32)> {
        self.properties(id).find_map(|property| match property {
            Property::Size(width, height) => Some((width, height)),
            _ => None,
        })
    }

    /// The bytes of an item: borrowed where they lie in one piece. No item is longer than the file.
    pub(super) fn data(&self, item: Item) -> Result<Cow<'a, [u8]>, Rejection> {
        let location = self.locations.iter().find(|location| location.id == item.id).ok_or(CORRUPT)?;
        let source = if location.in_meta { self.data } else { self.file };
        let piece = |&(offset, length): &(u64, u64)| {
            let start = usize::try_from(offset).ok()?;
            let length = usize::try_from(length).ok()?;
            source.get(start..start.checked_add(length)?)
        };
        if let [extent] = location.extents.as_slice() {
            return piece(extent).map(Cow::Borrowed).ok_or(Rejection::Truncated);
        }
        let mut whole = Vec::new();
        for extent in &location.extents {
            let piece = piece(extent).ok_or(Rejection::Truncated)?;
            if whole.len() + piece.len() > self.file.len() {
                return Err(CORRUPT);
            }
            whole.extend_from_slice(piece);
        }
        Ok(Cow::Owned(whole))
    }

    /// The TIFF structure of the `Exif` item that describes the primary one, or of the only one. It begins with the
    /// offset of the TIFF header (ISO/IEC 23008-12, A.2.1).
    pub(super) fn exif(&self, primary: u32) -> Option<Cow<'a, [u8]>> {
        let describes = |item: &&Item| self.references(item.id, b"cdsc").any(|id| id == primary);
        let mut candidates = self.items.iter().filter(|item| &item.kind == b"Exif");
        let item = candidates.clone().find(describes).or_else(|| candidates.next())?;
        let whole = self.data(*item).ok()?;
        let offset = u32::from_be_bytes(*whole.first_chunk::<4>()?) as usize;
        let start = 4_usize.checked_add(offset)?;
        match whole {
            Cow::Borrowed(bytes) => bytes.get(start..).map(Cow::Borrowed),
            Cow::Owned(bytes) => bytes.get(start..).map(|tiff| Cow::Owned(tiff.to_vec())),
        }
    }
}

fn read_item(body: &[u8]) -> Option<Item> {
    let mut reader = Reader::new(body);
    // Versions 0 and 1 have no kind, and no pictures.
    let version = reader.version().filter(|version| *version >= 2)?;
    let id = reader.id(version > 2)?;
    reader.u16()?;
    Some(Item { id, kind: reader.array()? })
}

fn read_locations(mut reader: Reader) -> Option<Vec<Location>> {
    let version = reader.version()?;
    let [sizes, more_sizes] = reader.array()?;
    let (offset_size, length_size, base_size) = (sizes >> 4, sizes & 15, more_sizes >> 4);
    let index_size = if version == 0 { 0 } else { more_sizes & 15 };
    let count = reader.id(version > 1)? as usize;
    let (mut locations, mut extents_left) = (Vec::new(), ITEMS_MAX * 4);
    for _ in 0..count.min(ITEMS_MAX + 1) {
        let id = reader.id(version > 1)?;
        let method = if version == 0 { 0 } else { reader.u16()? & 15 };
        reader.u16()?;
        let base = reader.sized(base_size)?;
        let extents = usize::from(reader.u16()?);
        extents_left = extents_left.checked_sub(extents)?;
        let mut location = Location { id, in_meta: method == 1, extents: Vec::with_capacity(extents) };
        for _ in 0..extents {
            reader.sized(index_size)?;
            let offset = base.checked_add(reader.sized(offset_size)?)?;
            location.extents.push((offset, reader.sized(length_size)?));
        }
        // Method 2 lies within another item; nobody writes it.
        if method < 2 {
            locations.push(location);
        }
    }
    Some(locations)
}

fn read_references(reader: Reader, long: bool) -> Option<Vec<Reference>> {
    let (mut references, mut left) = (Vec::new(), ITEMS_MAX * 4);
    for (kind, body) in Boxes(reader).take(ITEMS_MAX + 1) {
        let mut reader = Reader::new(body);
        let from = reader.id(long)?;
        let count = usize::from(reader.u16()?);
        left = left.checked_sub(count)?;
        let to = (0..count).map(|_| reader.id(long)).collect::<Option<_>>()?;
        references.push(Reference { from, kind, to });
    }
    Some(references)
}

/// ISO/IEC 23008-12, 9.3.1.
fn read_associations(mut reader: Reader, associations: &mut Vec<(u32, usize)>) -> Option<()> {
    let [version, _, _, flags] = reader.array()?;
    let count = reader.u32()? as usize;
    for _ in 0..count.min(ITEMS_MAX) {
        let id = reader.id(version > 0)?;
        for _ in 0..reader.u8()? {
            // The highest bit says that a property is essential.
            let number = if flags & 1 == 0 { u16::from(reader.u8()? & 0x7F) } else { reader.u16()? & 0x7FFF };
            associations.push((id, usize::from(number)));
        }
    }
    Some(())
}

fn read_property(kind: [u8; 4], body: &[u8]) -> Option<Property<'_>> {
    let mut reader = Reader::new(body);
    match &kind {
        b"ispe" => {
            reader.version()?;
            Some(Property::Size(reader.u32()?, reader.u32()?))
        }
        b"hvcC" | b"av1C" => Some(Property::Configuration(body)),
        b"colr" => match &reader.array()? {
            b"prof" | b"rICC" => Some(Property::Icc(reader.rest)),
            b"nclx" => {
                let (primaries, _transfer, matrix) = (reader.u16()?, reader.u16()?, reader.u16()?);
                Some(Property::Coding(Coding { primaries, matrix, full_range: reader.u8()? & 0x80 != 0 }))
            }
            _ => None,
        },
        // Quarters to the left (6.5.10).
        b"irot" => Some(Property::Turned(match reader.u8()? & 3 {
            0 => Orientation::Upright,
            1 => Orientation::QuarterLeft,
            2 => Orientation::HalfTurn,
            _ => Orientation::QuarterRight,
        })),
        // Mirrored top to bottom, or left to right (6.5.12).
        b"imir" => Some(Property::Turned(match reader.u8()? & 1 {
            0 => Orientation::MirroredUpDown,
            _ => Orientation::MirroredSideways,
        })),
        b"clap" => {
            let mut size = || Some((reader.u32()?, reader.u32()?));
            let (width, height) = (size()?, size()?);
            let mut offset = || Some((reader.u32()?.cast_signed(), reader.u32()?));
            Some(Property::Crop(Aperture { width, height, x: offset()?, y: offset()? }))
        }
        _ => None,
    }
}

impl Aperture {
    /// Left, top, width and height in a picture of this size, in whole pixels. The offsets are of the centres.
    pub(super) fn within(self, (width, height): (u32, u32)) -> Result<[u32; 4], Rejection> {
        let axis = |full: u32, (extent, divisor): (u32, u32), (offset, offset_divisor): (i32, u32)| {
            let extent = extent.checked_div(divisor).filter(|extent| (1..=full).contains(extent))?;
            // Twice the offset and what is left over, as often as the offset's divisor says: halves of pixels are usual.
            let divisor = i128::from(offset_divisor);
            let twice = i128::from(full - extent) * divisor + i128::from(offset) * 2;
            let start = u32::try_from(twice.checked_div(divisor * 2)?).ok()?;
            (start.checked_add(extent)? <= full).then_some((start, extent))
        };
        let (left, width) = axis(width, self.width, self.x).ok_or(CORRUPT)?;
        let (top, height) = axis(height, self.height, self.y).ok_or(CORRUPT)?;
        Ok([left, top, width, height])
    }
}
