//! What every rendition must be: a JPEG that says nothing but its picture. The fuzz targets check it too.

use qdn_photo::{DISPLAY_SIDE, Processed, THUMB_SIDE};

/// Checks both renditions of a photo, which is `name` in messages.
pub(crate) fn check(name: &str, processed: &Processed) {
    let (width, height) = (processed.width, processed.height);
    for (rendition, side) in
        [(&processed.renditions.thumb, THUMB_SIDE), (&processed.renditions.display, DISPLAY_SIDE)]
    {
        let (is, should) = ((rendition.width, rendition.height), within(width, height, side));
        assert_eq!(is, should, "{name}: the size of a rendition");
        assert_says_nothing(name, &rendition.bytes);
    }
}

/// The same proportions, at most `side` long, never larger than it was.
fn within(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longest = width.max(height);
    let scaled = |length: u32| ((length * side + longest / 2) / longest).max(1);
    if longest <= side { (width, height) } else { (scaled(width), scaled(height)) }
}

/// The markers of a baseline JPEG: JFIF's header, tables, one frame, one scan, the end, and nothing behind it.
fn assert_says_nothing(name: &str, bytes: &[u8]) {
    let mut rest = bytes.strip_prefix(b"\xFF\xD8").unwrap();
    loop {
        assert_eq!(rest[0], 0xFF, "{name}");
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let body = &rest[4..2 + length];
        match rest[1] {
            0xE0 => {
                assert!(
                    body.len() == 14 && body.starts_with(b"JFIF\0"),
                    "{name}: a thumbnail in a rendition"
                );
            }
            0xC0 | 0xC4 | 0xDA | 0xDB | 0xDD => {}
            marker => panic!("{name}: a rendition has the marker {marker:02x}"),
        }
        let scan = rest[1] == 0xDA;
        rest = &rest[2 + length..];
        if scan {
            break;
        }
    }
    let coded = rest.strip_suffix(b"\xFF\xD9").unwrap();
    let mut pairs = coded.windows(2);
    assert!(!pairs.any(|pair| pair[0] == 0xFF && pair[1] != 0), "{name}: a marker among the pixels");
}
