use crate::header::heif::tests::{File, grid_of, size};
use crate::header::{self, Detail};
use crate::limits::Limits;
use crate::picture::Picture;
use crate::rejection::Rejection;
use crate::sample;

/// The 64 x 64 sample picture, written by libheif.
const SAMPLE: &[u8] = include_bytes!("../samples/t.heic");

/// Of 480 x 320.
const LARGER: &[u8] = include_bytes!("../../../fixtures/files/plain.heic");

fn decoded(bytes: &[u8]) -> Result<Picture, Rejection> {
    crate::decode::decode(bytes, &header::read(bytes, &Limits::default())?).map(|decoded| decoded.picture)
}

/// The sample's parameter sets and its coded picture.
fn parts() -> (Vec<u8>, Vec<u8>) {
    let header = header::read(SAMPLE, &Limits::default()).unwrap();
    let Detail::Heif(coded) = header.detail else { panic!("not HEIF") };
    (coded.tiles[0].configuration.to_vec(), coded.tiles[0].data.to_vec())
}

/// The sample four times, as phones divide their photos, cut at the right and at the bottom.
fn grid() -> File<'static> {
    let (configuration, data) = parts();
    let mut items: Vec<(u16, &[u8], Vec<u8>)> = vec![(1, b"grid", grid_of(2, 2, 120, 100))];
    items.extend((2..=5).map(|id| (id, b"hvc1".as_slice(), data.clone())));
    File {
        brand: b"heic",
        primary: 1,
        items,
        references: vec![(b"dimg", 1, vec![2, 3, 4, 5])],
        properties: vec![size(120, 100), (b"hvcC", configuration), (b"irot", vec![3])],
        associations: vec![(1, vec![1]), (2, vec![2]), (3, vec![2]), (4, vec![2]), (5, vec![2])],
    }
}

#[test]
fn a_picture_is_decoded() {
    let picture = decoded(SAMPLE).unwrap();
    assert!(sample::difference(&picture, &sample::picture(64, 64)) < 24);
}

#[test]
fn tiles_are_put_together() {
    let picture = decoded(&grid().bytes()).unwrap();
    assert_eq!((picture.width, picture.height), (120, 100));
    let tile = sample::picture(64, 64);
    let at = |picture: &Picture, x: usize, y: usize| {
        picture.rgb.as_chunks::<3>().0[y * picture.width as usize + x]
    };
    for (x, y) in [(10, 10), (75, 20), (30, 90), (110, 95)] {
        let (is, should) = (at(&picture, x, y), at(&tile, x % 64, y % 64));
        assert!(is.iter().zip(should).all(|(is, should)| is.abs_diff(should) < 24), "{is:?} {should:?}");
    }
}

#[test]
fn tiles_outside_the_picture_are_not_decoded() {
    let mut file = grid();
    // A column of its own beyond the right edge.
    file.items[0] = (1, b"grid", grid_of(2, 3, 128, 100));
    file.properties[0] = size(128, 100);
    file.items.extend([6, 7].map(|id| (id, b"hvc1".as_slice(), b"no picture".to_vec())));
    file.references[0].2 = vec![2, 3, 6, 4, 5, 7];
    file.associations.extend([(6, vec![2]), (7, vec![2])]);
    assert_eq!(decoded(&file.bytes()).map(|picture| (picture.width, picture.height)), Ok((128, 100)));
    // One that begins further out is none of this picture.
    file.items[0] = (1, b"grid", grid_of(2, 3, 120, 100));
    assert_eq!(decoded(&file.bytes()).unwrap_err().code(), "corrupt");
}

#[test]
fn tiles_of_different_sizes_are_refused() {
    let other = header::read(LARGER, &Limits::default()).unwrap();
    let Detail::Heif(other) = other.detail else { panic!("not HEIF") };
    let mut file = grid();
    file.items[4].2 = other.tiles[0].data.to_vec();
    file.properties.push((b"hvcC", other.tiles[0].configuration.to_vec()));
    file.associations[4].1 = vec![4];
    assert_eq!(decoded(&file.bytes()).unwrap_err().code(), "corrupt");
}

#[test]
fn the_containers_turn_counts_and_exif_does_not_count_again() {
    let mut file = grid();
    file.associations[0] = (1, vec![1, 3]);
    let exif = [b"\0\0\0\0".as_slice(), &sample::tiff_orientation(6)].concat();
    file.items.push((6, b"Exif", exif));
    file.references.push((b"cdsc", 6, vec![1]));
    let processed = crate::process(&file.bytes(), &Limits::default()).unwrap();
    // Three quarters to the left are one to the right, once.
    assert_eq!((processed.width, processed.height), (100, 120));
    let display = processed.renditions.display;
    assert_eq!((display.width, display.height), (100, 120));
}

#[test]
fn a_tile_that_is_larger_than_the_container_says_is_refused() {
    let mut file = grid();
    // Parameter sets of the sample, for a picture that should fill 2,000 x 2,000 with one tile of 64 x 64.
    file.items[0] = (1, b"grid", grid_of(1, 1, 2000, 2000));
    file.references[0].2.truncate(1);
    assert_eq!(decoded(&file.bytes()).unwrap_err().code(), "corrupt");
}

#[test]
fn cuts_and_flipped_bits_are_refused_or_decoded_but_never_worse() {
    for end in (8..SAMPLE.len()).step_by(7) {
        assert!(decoded(&SAMPLE[..end]).is_err(), "{end}");
    }
    for bit in (0..SAMPLE.len() * 8).step_by(41) {
        let mut flipped = SAMPLE.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let _ = decoded(&flipped);
    }
}
