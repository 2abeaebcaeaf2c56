//! What a photo says about itself (EXIF 2.32): when, where, and which side is up.

use exif::{Exif, In, Tag, Value};

use crate::orient::Orientation;

mod location;
mod taken_at;

pub use location::Location;
pub use taken_at::{LocalTime, TakenAt};

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) orientation: Orientation,
    pub(crate) taken_at: Option<TakenAt>,
    pub(crate) location: Option<Location>,
}

/// Larger ones are not read: a TIFF header and its thumbnail have at most 64 KiB in a JPEG.
const EXIF_BYTES_MAX: usize = 1 << 20;

/// Reads what can be read of the TIFF structure `exif`; what is broken is as if it were not there.
pub(crate) fn read(exif: Option<&[u8]>) -> Metadata {
    let Some(bytes) = exif.filter(|bytes| bytes.len() <= EXIF_BYTES_MAX) else { return Metadata::default() };
    let read = exif::Reader::new().continue_on_error(true).read_raw(bytes.to_vec());
    let Ok(exif) = read.or_else(|error| error.distill_partial_result(|_| ())) else {
        return Metadata::default();
    };
    let orientation = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    Metadata {
        orientation: orientation.map(Orientation::from_exif).unwrap_or_default(),
        taken_at: taken_at::read(&exif),
        location: location::read(&exif),
    }
}

/// The first string of a field, without what pads it.
fn text(exif: &Exif, tag: Tag) -> Option<&str> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(strings) => std::str::from_utf8(strings.first()?).ok().map(str::trim),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
