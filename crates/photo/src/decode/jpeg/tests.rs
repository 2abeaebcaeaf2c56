use mozjpeg::ColorSpace;

use super::*;
use crate::header::{self, Detail};
use crate::limits::Limits;
use crate::sample::{self, BASELINE, Coding, PROGRESSIVE};

fn decoded(bytes: &[u8]) -> Result<Decoded, Rejection> {
    crate::decode::decode(bytes, &header::read(bytes, &Limits::default())?)
}

#[test]
fn baseline_and_progressive_are_the_same_picture() {
    let picture = sample::picture(120, 90);
    for coding in [&BASELINE, &PROGRESSIVE] {
        let bytes = sample::jpeg_coded(coding, 120, 90, &picture.rgb, &[]);
        let decoded = decoded(&bytes).unwrap();
        assert!(sample::difference(&decoded.picture, &picture) < 48);
        assert!(!decoded.damaged);
    }
}

#[test]
fn grey_becomes_rgb() {
    let coding = Coding { pixels: ColorSpace::JCS_GRAYSCALE, stored: ColorSpace::JCS_GRAYSCALE, ..BASELINE };
    let bytes = sample::jpeg_coded(&coding, 24, 24, &[77; 576], &[]);
    assert!(decoded(&bytes).unwrap().picture.rgb.iter().all(|value| value.abs_diff(77) < 3));
}

#[test]
fn inks_become_light() {
    // Adobe's way round: 255 is no ink. Full magenta and yellow on white is red, half black halves it.
    let pixels: Vec<u8> = [255, 0, 0, 128].repeat(256);
    for stored in [ColorSpace::JCS_CMYK, ColorSpace::JCS_YCCK] {
        let coding = Coding { pixels: ColorSpace::JCS_CMYK, stored, ..BASELINE };
        let rgb = decoded(&sample::jpeg_coded(&coding, 16, 16, &pixels, &[])).unwrap().picture.rgb;
        let [r, g, b] = rgb.as_chunks::<3>().0[100];
        assert!(r.abs_diff(128) < 4 && g < 4 && b < 4, "{r} {g} {b}");
    }
}

#[test]
fn large_pictures_come_out_reduced() {
    let picture = sample::picture(3300, 2200);
    let decoded = decoded(&sample::jpeg(&picture)).unwrap().picture;
    assert_eq!((decoded.width, decoded.height), (1650, 1100));
    assert_eq!(decoded.rgb.len(), 1650 * 1100 * 3);
}

#[test]
fn a_photo_cut_anywhere_is_shown_if_three_quarters_are_there() {
    let picture = sample::noise(256, 256);
    let bytes = sample::jpeg(&picture);
    let (mut shown, mut refused) = (0, 0);
    for end in (0..bytes.len()).step_by(1024) {
        match decoded(&bytes[..end]) {
            Ok(decoded) => {
                assert!(decoded.damaged, "{end} of {}", bytes.len());
                assert!(end * 100 > bytes.len() * 70, "{end} of {}", bytes.len());
                shown += 1;
            }
            Err(rejection) => {
                assert!(end * 100 < bytes.len() * 85, "{end} of {}", bytes.len());
                assert!(["truncated", "empty"].contains(&rejection.code()), "{rejection}");
                refused += 1;
            }
        }
    }
    assert!(shown > 10 && refused > 30, "{shown} shown, {refused} refused");
}

#[test]
fn a_progressive_photo_is_shown_once_its_coarse_scans_are_whole() {
    let picture = sample::noise(256, 256);
    let bytes = sample::jpeg_coded(&PROGRESSIVE, 256, 256, &picture.rgb, &[]);
    let coarse = (0..bytes.len()).find(|&end| decoded(&bytes[..end]).is_ok()).unwrap();
    assert!(coarse > bytes.len() / 20 && coarse < bytes.len() / 2, "{coarse} of {}", bytes.len());
    for end in (coarse..bytes.len()).step_by(1024) {
        assert!(decoded(&bytes[..end]).unwrap().damaged);
    }
}

#[test]
fn flipped_bits_never_do_more_than_damage() {
    let bytes = sample::jpeg(&sample::noise(64, 64));
    for bit in (0..bytes.len() * 8).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match decoded(&flipped) {
            Ok(decoded) => assert_eq!(decoded.picture.rgb.len(), 64 * 64 * 3, "bit {bit}"),
            Err(rejection) => assert_ne!(rejection.code(), "empty"),
        }
    }
}

#[test]
fn holes_are_damage() {
    let whole = sample::jpeg(&sample::noise(256, 256));
    let (half, end) = (whole.len() / 2, whole.len() - 2);
    // What an interrupted copy leaves. The codes are valid or read as zeros; that data is left over tells of it.
    for hole in [0, 0xFE] {
        let mut bytes = whole.clone();
        bytes[half..end].fill(hole);
        assert!(decoded(&bytes).unwrap().damaged, "{hole}");
    }
}

#[test]
fn the_header_and_the_decoder_agree_on_every_size() {
    for (width, height) in [(1, 1), (7, 9), (16, 1601), (3201, 33), (6401, 17), (12_801, 9)] {
        let bytes = sample::jpeg(&sample::picture(width, height));
        let header = header::read(&bytes, &Limits::default()).unwrap();
        let Detail::Jpeg(frame) = header.detail else { panic!("{:?}", header.detail) };
        assert_eq!(decoded(&bytes).unwrap().picture.width, frame.width);
    }
}
