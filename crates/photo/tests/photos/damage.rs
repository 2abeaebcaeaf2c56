//! Fixtures cut short and with bits turned over.

use qdn_photo::{Limits, inspect, process};

use crate::manifest::{Fixture, fixtures};
use crate::rendition;

const FLIPS: usize = 48;
/// Large pictures are flipped no more than small ones teach.
const FLIPPED_BYTES_MAX: usize = 32 << 10;

fn shown() -> Vec<Fixture> {
    let mut fixtures = fixtures();
    fixtures.retain(Fixture::is_shown);
    fixtures
}

#[test]
fn a_photo_cut_at_every_kibibyte_is_shown_or_refused_as_broken() {
    for fixture in shown() {
        for end in (1024..fixture.bytes.len()).step_by(1024) {
            let name = format!("{} cut at {end}", fixture.file);
            match process(&fixture.bytes[..end], &Limits::default()) {
                Ok(processed) => rendition::check(&name, &processed),
                Err(rejection) => {
                    assert!(matches!(rejection.code(), "truncated" | "corrupt"), "{name}: {rejection:?}");
                }
            }
        }
    }
}

#[test]
fn a_header_cut_anywhere_is_a_header_or_a_refusal() {
    for fixture in shown() {
        for end in 0..fixture.bytes.len().min(2048) {
            if let Err(rejection) = inspect(&fixture.bytes[..end], &Limits::default()) {
                let code = rejection.code();
                // A file's first bytes are not enough to tell what it is.
                let short = end < 32 && matches!(code, "empty" | "not_a_photo" | "format_unsupported");
                assert!(
                    short || matches!(code, "truncated" | "corrupt"),
                    "{} cut at {end}: {code}",
                    fixture.file
                );
            }
        }
    }
}

#[test]
fn a_cut_costs_a_part_of_a_baseline_photo_and_says_so() {
    let large = shown().into_iter().find(|fixture| fixture.file == "large.jpg").unwrap();
    for tenths in 1..10 {
        let outcome = process(&large.bytes[..large.bytes.len() * tenths / 10], &Limits::default());
        match outcome {
            Ok(processed) => assert!(processed.damaged && tenths > 6, "{tenths}"),
            Err(rejection) => {
                assert!(rejection.code() == "truncated" && tenths < 9, "{tenths}: {rejection:?}");
            }
        }
    }
}

#[test]
fn a_photo_with_bits_turned_over_is_shown_or_refused() {
    let mut random = Random(0x5EED);
    for fixture in shown().iter().filter(|fixture| fixture.bytes.len() < FLIPPED_BYTES_MAX) {
        for count in 1..=FLIPS {
            let mut bytes = fixture.bytes.clone();
            for _ in 0..count.div_ceil(3) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            if let Ok(processed) = process(&bytes, &Limits::default()) {
                rendition::check(&format!("{} with {count} flips", fixture.file), &processed);
            }
        }
    }
}

/// A linear congruential generator (Knuth's MMIX): the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
