use crate::header;
use crate::limits::Limits;
use crate::picture::Picture;
use crate::rejection::Rejection;
use crate::sample;

/// The 64 x 64 sample picture, written by libavif.
const SAMPLE: &[u8] = include_bytes!("../samples/t.avif");

/// The 64 x 48 sample picture in grey.
const GREY: &[u8] = include_bytes!("../samples/grey.avif");

fn decoded(bytes: &[u8]) -> Result<Picture, Rejection> {
    crate::decode::decode(bytes, &header::read(bytes, &Limits::default())?).map(|decoded| decoded.picture)
}

#[test]
fn a_picture_is_decoded() {
    let picture = decoded(SAMPLE).unwrap();
    assert!(sample::difference(&picture, &sample::picture(64, 64)) < 24);
}

#[test]
fn grey_is_grey() {
    let picture = decoded(GREY).unwrap();
    assert_eq!((picture.width, picture.height), (64, 48));
    assert!(picture.rgb.as_chunks::<3>().0.iter().all(|[r, g, b]| r.abs_diff(*g) < 3 && g.abs_diff(*b) < 3));
}

#[test]
fn cuts_and_flipped_bits_are_refused_or_decoded_but_never_worse() {
    for end in (8..SAMPLE.len()).step_by(7) {
        assert!(decoded(&SAMPLE[..end]).is_err(), "{end}");
    }
    for bit in (0..SAMPLE.len() * 8).step_by(97) {
        let mut flipped = SAMPLE.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let _ = decoded(&flipped);
    }
}
