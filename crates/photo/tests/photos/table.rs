//! The table of fixtures, row by row.

use qdn_photo::{Limits, Processed, inspect, process};
use sha2::{Digest as _, Sha256};

use crate::manifest::{Fixture, fixtures, folder};
use crate::rendition;

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
        if fixture.corners.is_empty() {
            continue;
        }
        for rendition in [&processed.renditions.thumb, &processed.renditions.display] {
            let shown = rendition::corners(rendition);
            for (is, should) in shown.iter().zip(&fixture.corners) {
                let off = is.iter().zip(should).map(|(is, should)| is.abs_diff(*should)).max().unwrap();
                assert!(off <= fixture.tolerance, "{name}: {shown:?} and not {:?}", fixture.corners);
            }
        }
    }
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
