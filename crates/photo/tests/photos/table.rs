//! The table of fixtures, row by row.

use mozjpeg::Decompress;
use qdn_photo::{Limits, Processed, Rendition, inspect, process};
use sha2::{Digest as _, Sha256};

use crate::manifest::{Fixture, fixtures, folder};
use crate::rendition;

/// What fixtures hide in their metadata, and what metadata begins with.
const SECRETS: [&[u8]; 10] = [
    b"QDN-",
    b"Exif",
    b"http://ns.adobe.com",
    b"xmpmeta",
    b"Photoshop",
    b"ICC_PROFILE",
    b"GPS",
    b"Apple",
    b"iPhone",
    b"2026:03:14",
];

/// As the crate writes it.
type Outcome = Result<Processed, qdn_photo::Rejection>;

fn process_fixture(fixture: &Fixture) -> Outcome {
    process(&fixture.bytes, &Limits::default())
}

#[test]
fn every_fixture_is_the_file_that_its_row_describes() {
    for fixture in fixtures() {
        let sum = Sha256::digest(&fixture.bytes);
        let hex = sum.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(hex, fixture.sha256, "{}", fixture.file);
    }
    let files = std::fs::read_dir(folder().join("files")).unwrap().count();
    assert_eq!(files, fixtures().len(), "a file that has no row");
}

#[test]
fn every_fixture_ends_as_its_row_says() {
    for fixture in fixtures() {
        let outcome = match process_fixture(&fixture) {
            Ok(processed) if processed.damaged => "damaged",
            Ok(_) => "ready",
            Err(rejection) => rejection.code(),
        };
        let wanted = fixture.outcome.as_str();
        assert!(
            wanted == "any" || wanted.split('|').any(|one| one == outcome),
            "{}: {outcome}",
            fixture.file
        );
    }
}

#[test]
fn what_is_shown_is_upright_in_its_colours_and_of_its_size() {
    for fixture in fixtures().iter().filter(|fixture| fixture.is_shown()) {
        let name = &fixture.file;
        let processed = process_fixture(fixture).unwrap();
        assert_eq!(processed.format.name(), fixture.format, "{name}");
        assert_eq!(Some((processed.width, processed.height)), fixture.size, "{name}");
        rendition::check(name, &processed);
        let renditions = [&processed.renditions.thumb, &processed.renditions.display];
        for rendition in renditions {
            assert_keeps_secrets(name, &rendition.bytes);
            if fixture.corners.is_empty() {
                continue;
            }
            let shown = corners(rendition);
            for (is, should) in shown.iter().zip(&fixture.corners) {
                let off = is.iter().zip(should).map(|(is, should)| is.abs_diff(*should)).max().unwrap();
                assert!(off <= fixture.tolerance, "{name}: {shown:?} and not {:?}", fixture.corners);
            }
        }
    }
}

fn assert_keeps_secrets(name: &str, bytes: &[u8]) {
    for secret in SECRETS {
        assert!(memchr::memmem::find(bytes, secret).is_none(), "{name}: {}", secret.escape_ascii());
    }
}

/// The colours near the four corners: top left, top right, bottom left, bottom right.
fn corners(rendition: &Rendition) -> [[u8; 3]; 4] {
    let mut started = Decompress::new_mem(&rendition.bytes).unwrap().rgb().unwrap();
    let (width, height) = (started.width(), started.height());
    assert_eq!((width, height), (rendition.width as usize, rendition.height as usize));
    let pixels: Vec<[u8; 3]> = started.read_scanlines().unwrap();
    let (left, top) = (width / 8, height / 8);
    let (right, bottom) = (width - 1 - left, height - 1 - top);
    [(left, top), (right, top), (left, bottom), (right, bottom)].map(|(x, y)| pixels[y * width + x])
}

#[test]
fn times_and_positions_are_read() {
    for fixture in fixtures().iter().filter(|fixture| fixture.is_shown()) {
        let name = &fixture.file;
        let processed = process_fixture(fixture).unwrap();
        assert_eq!(processed.taken_at.map(|time| time.to_string()), fixture.taken_at, "{name}");
        assert_eq!(processed.location.is_some(), fixture.location.is_some(), "{name}");
        if let (Some(is), Some((latitude, longitude))) = (processed.location, fixture.location) {
            let off = (is.latitude - latitude).abs().max((is.longitude - longitude).abs());
            assert!(off < 0.0001, "{name}: {is:?}");
        }
    }
}

#[test]
fn inspecting_says_what_processing_finds() {
    for fixture in fixtures() {
        let inspected = inspect(&fixture.bytes, &Limits::default());
        match (inspected, process_fixture(&fixture)) {
            (Ok(inspected), Ok(processed)) => {
                let (shorter, longer) =
                    (processed.width.min(processed.height), processed.width.max(processed.height));
                let stored = (inspected.width.min(inspected.height), inspected.width.max(inspected.height));
                assert_eq!(stored, (shorter, longer), "{}", fixture.file);
                assert_eq!(inspected.format, processed.format, "{}", fixture.file);
            }
            (Err(inspected), processed) => assert_eq!(inspected, processed.unwrap_err(), "{}", fixture.file),
            (Ok(_), Err(_)) => {}
        }
    }
}
