//! The photo processor as a pure function: the bytes that a phone sent go in; upright, private, small renditions and
//! what is known of the photo come out.
//!
//! Nothing here reads a clock, a file or a socket. A photo walks through a list of small steps, one module each, and
//! every limit is checked on the file's header, before a pixel is decoded. What cannot be shown ends as a
//! [`Rejection`] with a stable code and a sentence for staff.
//!
//! ```
//! use qdn_photo::{Limits, process};
//!
//! let rejection = process(b"<html>Please sign in to this network</html>", &Limits::default()).unwrap_err();
//! assert_eq!(rejection.code(), "not_a_photo");
//! ```

mod colour;
mod decode;
mod encode;
mod header;
mod limits;
mod metadata;
mod orient;
mod picture;
mod placeholder;
mod processed;
mod rejection;
mod resize;
#[cfg(test)]
mod sample;
mod sniff;
mod step;

use sha2::{Digest as _, Sha256};

pub use header::Inspection;
pub use limits::Limits;
pub use metadata::{LocalTime, Location, TakenAt};
pub use processed::{CONTENT_TYPE, Processed, Rendition, Renditions};
pub use rejection::Rejection;
pub use sniff::Format;
pub use step::Step;

/// The longest side of a `thumb`, in pixels.
pub const THUMB_SIDE: u32 = 320;

/// The longest side of a `display`, in pixels.
pub const DISPLAY_SIDE: u32 = 1600;

/// Makes both renditions of a photo and reads what it says about itself.
pub fn process(bytes: &[u8], limits: &Limits) -> Result<Processed, Rejection> {
    process_with(bytes, limits, &mut |_| ())
}

/// What the header says, judged by the limits: what `process` would need, in a fraction of a millisecond.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Inspection, Rejection> {
    header::read(bytes, limits).map(|header| header.inspection())
}

/// As [`process`]; `on_step` is called at the end of each step, so that a caller who has a clock can time them.
pub fn process_with(
    bytes: &[u8],
    limits: &Limits,
    on_step: &mut impl FnMut(Step),
) -> Result<Processed, Rejection> {
    let header = header::read(bytes, limits)?;
    on_step(Step::Inspect);
    let metadata = metadata::read(header.exif.as_deref());
    on_step(Step::Metadata);
    let sha256 = Sha256::digest(bytes).into();
    on_step(Step::Hash);

    let decoded = decode::decode(bytes, &header)?;
    on_step(Step::Decode);
    let stored = resize::within((header.width, header.height), DISPLAY_SIDE);
    let display = resize::resize(decoded.picture, stored)?;
    on_step(Step::Resize);
    let display = colour::to_srgb(display, header.icc.as_deref(), decoded.primaries);
    on_step(Step::Colour);
    let orientation = header.orientation.unwrap_or(metadata.orientation);
    let display = orient::upright(display, orientation);
    on_step(Step::Orient);
    let thumb = resize::resize_ref(&display, resize::within((display.width, display.height), THUMB_SIDE))?;
    on_step(Step::Thumb);
    let thumbhash = placeholder::thumbhash(&thumb)?;
    on_step(Step::Placeholder);
    let renditions = Renditions { thumb: encode::jpeg(&thumb)?, display: encode::jpeg(&display)? };
    on_step(Step::Encode);

    let (width, height) = orientation.size(header.width, header.height);
    Ok(Processed {
        renditions,
        width,
        height,
        taken_at: metadata.taken_at,
        location: metadata.location,
        thumbhash,
        format: header.format,
        sha256,
        damaged: decoded.damaged,
    })
}

#[cfg(test)]
mod tests;
