use mozjpeg::ColorSpace;

use super::*;
use crate::sample::{self, BASELINE, Coding, PROGRESSIVE};

fn frame(bytes: &[u8]) -> Result<Frame, Rejection> {
    let header = read(bytes, &Limits::default())?;
    let Detail::Jpeg(frame) = header.detail else { panic!("{:?}", header.detail) };
    Ok(frame)
}

#[test]
fn large_photos_are_decoded_at_the_smallest_size_that_serves() {
    let eighths = |width, height| {
        let mut markers = Markers { width, height, ..Markers::default() };
        markers.components.push(Component { id: 1, horizontal: 1, vertical: 1 });
        let frame = markers.frame();
        assert!(frame.width.max(frame.height) >= width.max(height).min(DISPLAY_SIDE));
        frame.eighths
    };
    assert_eq!(eighths(4032, 3024), 4);
    assert_eq!(eighths(3024, 4032), 4);
    assert_eq!(eighths(8160, 6120), 2);
    assert_eq!(eighths(16_320, 12_240), 1);
    assert_eq!(eighths(3199, 2400), 8);
    assert_eq!(eighths(3200, 2400), 4);
    assert_eq!(eighths(100, 100), 8);
}

#[test]
fn size_exif_and_profile_are_found() {
    let picture = sample::picture(40, 30);
    // A profile in two chunks, the second one first.
    let chunks = [(2, b"ICC_PROFILE\0\x02\x02world".to_vec()), (2, b"ICC_PROFILE\0\x01\x02hello ".to_vec())];
    let segments = [[(1, sample::exif_orientation(6))].as_slice(), &chunks].concat();
    let bytes = sample::jpeg_coded(&BASELINE, 40, 30, &picture.rgb, &segments);
    let header = read(&bytes, &Limits::default()).unwrap();
    assert_eq!((header.width, header.height), (40, 30));
    assert_eq!(header.icc.as_deref(), Some(b"hello world".as_slice()));
    assert_eq!(header.exif.as_deref(), Some(sample::tiff_orientation(6).as_slice()));
}

#[test]
fn trailing_bytes_are_not_read() {
    let mut bytes = sample::jpeg(&sample::picture(40, 30));
    bytes.extend_from_slice(b"<html>\xFF\xD8\xFF\xDA\xFF\xC0");
    assert!(frame(&bytes).unwrap().complete);
}

#[test]
fn progressive_files_need_memory_for_their_coefficients() {
    let picture = sample::picture(800, 600);
    let memory = |coding| {
        let bytes = sample::jpeg_coded(coding, 800, 600, &picture.rgb, &[]);
        read(&bytes, &Limits::default()).unwrap().memory_bytes
    };
    assert!(memory(&PROGRESSIVE) > memory(&BASELINE) + 800 * 600 * 3 / 2 * 2);
}

#[test]
fn a_header_that_lies_about_its_size_is_refused() {
    let mut bytes = sample::jpeg(&sample::picture(40, 30));
    let at = memchr::memmem::find(&bytes, b"\xFF\xC0\0\x11\x08").unwrap() + 5;
    bytes[at..at + 4].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    assert_eq!(frame(&bytes).unwrap_err().code(), "too_many_pixels");
    // 14,000 x 14,000 is within the limits, but not with this little data.
    bytes[at..at + 4].copy_from_slice(&[0x36, 0xB0, 0x36, 0xB0]);
    assert_eq!(frame(&bytes).unwrap_err().code(), "corrupt");
    let end = bytes.len() - 2;
    assert_eq!(frame(&bytes[..end]).unwrap_err(), Rejection::Truncated);
    bytes[at..at + 4].copy_from_slice(&[0, 0, 0, 40]);
    assert_eq!(frame(&bytes).unwrap_err().code(), "corrupt");
}

#[test]
fn more_scans_than_encoders_write_are_refused() {
    let picture = sample::picture(40, 30);
    let mut bytes = sample::jpeg_coded(&PROGRESSIVE, 40, 30, &picture.rgb, &[]);
    assert!(frame(&bytes).unwrap().several_scans);
    bytes.truncate(bytes.len() - 2);
    for _ in 0..64 {
        bytes.extend_from_slice(b"\xFF\xDA\0\x08\x01\x01\0\x01\x3F\0\0");
    }
    assert_eq!(frame(&bytes).unwrap_err().code(), "too_many_scans");
}

#[test]
fn a_profile_over_the_limit_is_refused() {
    let picture = sample::picture(40, 30);
    let chunk = (2, [b"ICC_PROFILE\0\x01\x01".as_slice(), &[0; 1000]].concat());
    let bytes = sample::jpeg_coded(&BASELINE, 40, 30, &picture.rgb, &[chunk]);
    let limits = Limits { icc_bytes_max: 999, ..Limits::default() };
    assert_eq!(read(&bytes, &limits).unwrap_err().code(), "colour_profile_too_large");
}

#[test]
fn more_chunks_than_a_profile_can_have_are_none_and_are_not_kept() {
    let tiny = sample::jpeg(&sample::picture(40, 30));
    let with = |chunks: usize| {
        let segments = b"\xFF\xE2\0\x12ICC_PROFILE\0\x01\x01ab".repeat(chunks);
        [&tiny[..2], &segments, &tiny[2..]].concat()
    };
    let bytes = with(255);
    assert_eq!(read(&bytes, &Limits::default()).unwrap().icc.as_deref(), Some(b"ab".repeat(255).as_slice()));
    let bytes = with(100_000);
    assert!(read(&bytes, &Limits::default()).unwrap().icc.is_none());
    assert_eq!(walk(&bytes, &Limits::default()).unwrap().icc.len(), 256);
}

#[test]
fn kinds_that_the_decoder_does_not_know_are_named() {
    let mut bytes = sample::jpeg(&sample::picture(40, 30));
    let at = memchr::memmem::find(&bytes, b"\xFF\xC0\0\x11\x08").unwrap();
    bytes[at + 1] = 0xC9;
    assert_eq!(frame(&bytes).unwrap_err().code(), "format_unsupported");
    bytes[at + 1] = 0xC0;
    bytes[at + 4] = 12;
    assert_eq!(frame(&bytes).unwrap_err().code(), "format_unsupported");
}

#[test]
fn four_components_are_inks_as_adobe_writes_them() {
    let coding = Coding { pixels: ColorSpace::JCS_CMYK, stored: ColorSpace::JCS_YCCK, ..BASELINE };
    let bytes = sample::jpeg_coded(&coding, 16, 16, &[100; 1024], &[]);
    assert_eq!(frame(&bytes).unwrap().colour, Colour::InvertedCmyk);
}

#[test]
fn any_cut_is_a_header_or_a_refusal() {
    let bytes = sample::jpeg(&sample::picture(40, 30));
    for end in 0..bytes.len() {
        let _ = frame(&bytes[..end]);
    }
}
