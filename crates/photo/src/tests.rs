//! The whole walk.

use super::*;
use crate::sample::BASELINE;

#[test]
fn a_photo_becomes_two_renditions() {
    let picture = sample::picture(2000, 1000);
    let bytes = sample::jpeg(&picture);
    let mut steps = Vec::new();
    let processed = process_with(&bytes, &Limits::default(), &mut |step| steps.push(step)).unwrap();
    assert_eq!((processed.width, processed.height, processed.format), (2000, 1000, Format::Jpeg));
    let Renditions { thumb, display } = &processed.renditions;
    assert_eq!((thumb.width, thumb.height), (320, 160));
    assert_eq!((display.width, display.height), (1600, 800));
    assert_eq!(processed.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
    assert!(!processed.damaged && processed.location.is_none() && processed.taken_at.is_none());
    assert_eq!((steps.first(), steps.last(), steps.len()), (Some(&Step::Inspect), Some(&Step::Encode), 10));
}

#[test]
fn a_small_photo_is_not_enlarged() {
    let processed = process(&sample::jpeg(&sample::picture(100, 50)), &Limits::default()).unwrap();
    let Renditions { thumb, display } = processed.renditions;
    assert_eq!((thumb.width, thumb.height, display.width, display.height), (100, 50, 100, 50));
    assert_eq!(display.content_type(), "image/jpeg");
}

#[test]
fn every_orientation_ends_upright_and_renditions_say_nothing_of_it() {
    // The left half is red once upright, the right half blue, as stored under each number.
    let (red, blue) = ([200, 30, 30], [30, 30, 200]);
    for number in 1..=8 {
        let (width, height) = if number < 5 { (64, 32) } else { (32, 64) };
        let is_red = |x: u32, y: u32| match number {
            1 | 4 => x < 32,
            2 | 3 => x >= 32,
            5 | 8 => y < 32,
            _ => y >= 32,
        };
        let rgb: Vec<u8> = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| if is_red(x, y) { red } else { blue }))
            .collect();
        let exif = [(1, sample::exif_orientation(number))];
        let bytes = sample::jpeg_coded(&BASELINE, width, height, &rgb, &exif);
        let processed = process(&bytes, &Limits::default()).unwrap();
        assert_eq!((processed.width, processed.height), (64, 32), "orientation {number}");
        let display = process(&processed.renditions.display.bytes, &Limits::default()).unwrap();
        assert_eq!((display.width, display.height), (64, 32));
        let header = header::read(&processed.renditions.display.bytes, &Limits::default()).unwrap();
        assert!(header.exif.is_none());
        let shown = decode::decode(&processed.renditions.display.bytes, &header).unwrap().picture;
        let at = |x: usize| shown.rgb.as_chunks::<3>().0[16 * 64 + x];
        assert!(at(8)[0] > 150 && at(56)[2] > 150, "orientation {number}: {:?} {:?}", at(8), at(56));
    }
}

#[test]
fn what_is_refused_costs_no_step() {
    let mut steps = 0;
    let refused = process_with(b"%PDF-1.7", &Limits::default(), &mut |_| steps += 1).unwrap_err();
    assert_eq!((refused.code(), steps), ("not_a_photo", 0));
    assert_eq!(process(b"", &Limits::default()).unwrap_err(), Rejection::Empty);
}
