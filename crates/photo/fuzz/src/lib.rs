//! What the fuzz targets do with a file, and what must be true of what comes of it.

#[path = "../../tests/photos/rendition.rs"]
mod rendition;

use libfuzzer_sys::Corpus;
use qdn_photo::{Format, Limits, inspect, process};

/// A photo of one pixel, to carry metadata.
const PHOTO: &[u8] = include_bytes!("../../fixtures/files/tiny.jpg");

/// So narrow that a bomb is refused and only what costs more than its header says is found.
const LIMITS: Limits = Limits {
    bytes_max: 1 << 20,
    pixels_max: 1 << 18,
    side_max: 4096,
    memory_bytes_max: 32 << 20,
    icc_bytes_max: 1 << 18,
    scans_max: 16,
};

/// A codec's panic costs its photo only, as `process` promises, and so is no finding; one that escapes still is.
///
/// libFuzzer's own hook would abort on both.
pub fn keep_guarded_panics() {
    std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
}

/// Reads the header: what is accepted is within the limits.
pub fn sniff(bytes: &[u8]) {
    let limits = Limits::default();
    if let Ok(inspection) = inspect(bytes, &limits) {
        let (width, height) = (inspection.width, inspection.height);
        assert!(width > 0 && height > 0 && width.max(height) <= limits.side_max);
        assert!(u64::from(width) * u64::from(height) <= limits.pixels_max);
        assert!(inspection.memory_bytes <= limits.memory_bytes_max);
    }
}

/// Processes a photo of this format; others do not enter the corpus.
pub fn decode(bytes: &[u8], format: Format) -> Corpus {
    let pixels_max = match format {
        // A hundred times as slow as the others.
        Format::Heic | Format::Avif => 1 << 14,
        _ => LIMITS.pixels_max,
    };
    let limits = Limits { pixels_max, ..LIMITS };
    let inspected = inspect(bytes, &limits);
    if inspected.as_ref().is_ok_and(|inspection| inspection.format != format) {
        return Corpus::Reject;
    }
    match (process(bytes, &limits), inspected) {
        (Ok(processed), Ok(inspection)) => {
            let sides = |width: u32, height: u32| (width.min(height), width.max(height));
            let stored = sides(inspection.width, inspection.height);
            assert_eq!(sides(processed.width, processed.height), stored);
            rendition::check("the photo", &processed);
        }
        (Ok(_), Err(rejection)) => panic!("shown, though inspection refused it: {rejection:?}"),
        (Err(rejection), Err(inspected)) => assert_eq!(rejection, inspected),
        (Err(_), Ok(_)) => {}
    }
    Corpus::Keep
}

/// Processes a photo with these bytes as its EXIF, which never costs the photo.
pub fn metadata(tiff: &[u8]) {
    carry(0xE1, &[b"Exif\0\0", tiff].concat());
}

/// Processes a photo with these bytes as its colour profile, which never costs the photo.
pub fn profile(icc: &[u8]) {
    carry(0xE2, &[b"ICC_PROFILE\0\x01\x01", icc].concat());
}

fn carry(marker: u8, body: &[u8]) {
    let Ok(length) = u16::try_from(body.len() + 2) else { return };
    let (start, rest) = PHOTO.split_at(2);
    let photo = [start, &[0xFF, marker], &length.to_be_bytes(), body, rest].concat();
    let processed = process(&photo, &LIMITS).expect("metadata costs no photo");
    if let Some(location) = processed.location {
        assert!(location.latitude.abs() <= 90.0 && location.longitude.abs() <= 180.0);
    }
    // Its text is a field of the API.
    let _ = processed.taken_at.map(|taken_at| taken_at.to_string());
    rendition::check("the photo", &processed);
}
