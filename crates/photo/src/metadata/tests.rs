use exif::experimental::Writer;
use exif::{Field, Rational};

use super::*;

fn field(tag: Tag, value: Value) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value }
}

fn ascii(tag: Tag, text: &str) -> Field {
    field(tag, Value::Ascii(vec![text.as_bytes().to_vec()]))
}

fn rationals(tag: Tag, parts: &[(u32, u32)]) -> Field {
    field(tag, Value::Rational(parts.iter().map(|&(num, denom)| Rational { num, denom }).collect()))
}

fn tiff(fields: &[Field]) -> Vec<u8> {
    let mut writer = Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    writer.write(&mut bytes, false).unwrap();
    bytes.into_inner()
}

fn position(latitude: &[(u32, u32)], north: &str, longitude: &[(u32, u32)], east: &str) -> Option<Location> {
    let fields = [
        rationals(Tag::GPSLatitude, latitude),
        ascii(Tag::GPSLatitudeRef, north),
        rationals(Tag::GPSLongitude, longitude),
        ascii(Tag::GPSLongitudeRef, east),
        rationals(Tag::GPSAltitude, &[(125, 10)]),
        field(Tag::GPSAltitudeRef, Value::Byte(vec![1])),
    ];
    read(Some(&tiff(&fields))).location
}

#[test]
fn a_phones_metadata_is_read_whole() {
    let fields = [
        field(Tag::Orientation, Value::Short(vec![6])),
        ascii(Tag::DateTimeOriginal, "2026:07:04 13:05:09"),
        ascii(Tag::OffsetTimeOriginal, "-04:00"),
        ascii(Tag::SubSecTimeOriginal, "25"),
    ];
    let metadata = read(Some(&tiff(&fields)));
    assert_eq!(metadata.orientation, Orientation::QuarterRight);
    assert_eq!(metadata.taken_at.unwrap().to_string(), "2026-07-04T13:05:09.250-04:00");
    assert_eq!(metadata.location, None);
}

#[test]
fn a_broken_capture_time_falls_back_to_the_next() {
    let fields = [
        ascii(Tag::DateTimeOriginal, "0000:00:00 00:00:00"),
        ascii(Tag::OffsetTimeOriginal, "+02:00"),
        ascii(Tag::DateTime, "2026:07:04 13:05:09"),
    ];
    let taken_at = read(Some(&tiff(&fields))).taken_at.unwrap();
    assert_eq!(taken_at.to_string(), "2026-07-04T13:05:09.000");
}

#[test]
fn positions_are_degrees_minutes_and_seconds() {
    let here =
        position(&[(33, 1), (45, 1), (1800, 100)], "N", &[(84, 1), (23, 1), (2400, 100)], "W").unwrap();
    assert!((here.latitude - 33.755).abs() < 1e-9, "{here:?}");
    assert!((here.longitude + 84.39).abs() < 1e-9, "{here:?}");
    assert_eq!(here.altitude, Some(-12.5));
}

#[test]
fn a_position_that_is_nowhere_is_none() {
    assert_eq!(position(&[(0, 1), (0, 1), (0, 1)], "N", &[(0, 1), (0, 1), (0, 1)], "E"), None);
    assert_eq!(position(&[(91, 1)], "N", &[(1, 1)], "E"), None);
    assert_eq!(position(&[(1, 1)], "N", &[(181, 1)], "E"), None);
    assert_eq!(position(&[(1, 0)], "N", &[(1, 1)], "E"), None);
    assert_eq!(position(&[(1, 1)], "X", &[(1, 1)], "E"), None);
    assert!(position(&[(90, 1)], "S", &[(180, 1), (0, 0), (0, 0)], "E").is_some());
}

#[test]
fn no_exif_or_broken_exif_says_nothing() {
    assert_eq!(read(None), Metadata::default());
    for bytes in [b"".as_slice(), b"II*\0", b"II*\0\xFF\xFF\xFF\xFF", &[0; 100], b"MM\0*\0\0\0\x08\xFF\xFF"] {
        assert_eq!(read(Some(bytes)), Metadata::default());
    }
}

#[test]
fn every_offset_may_point_anywhere() {
    let whole = tiff(&[
        field(Tag::Orientation, Value::Short(vec![6])),
        ascii(Tag::DateTimeOriginal, "2026:07:04 13:05:09"),
        rationals(Tag::GPSLatitude, &[(33, 1), (45, 1), (18, 1)]),
    ]);
    // Each four bytes in turn become an offset to the beginning, to itself, and beyond the end.
    for at in 4..whole.len() - 4 {
        for offset in [0, 8, u32::try_from(at).unwrap(), u32::MAX] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&offset.to_be_bytes());
            let _ = read(Some(&bytes));
        }
        let _ = read(Some(&whole[..at]));
    }
}
