//! `fixtures/MANIFEST.tsv`: every fixture and what must come of it.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Fixture {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) format: String,
    /// `ready`, `damaged`, codes of rejections, or `any`.
    pub(crate) outcome: String,
    pub(crate) size: Option<(u32, u32)>,
    /// Top left, top right, bottom left, bottom right.
    pub(crate) corners: Vec<[u8; 3]>,
    pub(crate) tolerance: u8,
    pub(crate) taken_at: Option<String>,
    pub(crate) location: Option<(f64, f64)>,
    pub(crate) sha256: String,
}

impl Fixture {
    /// It ends as renditions.
    pub(crate) fn is_shown(&self) -> bool {
        matches!(self.outcome.as_str(), "ready" | "damaged")
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub(crate) fn path(file: &str) -> PathBuf {
    folder().join("files").join(file)
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    let manifest = fs::read_to_string(folder().join("MANIFEST.tsv")).unwrap();
    let (head, rows) = manifest.split_once('\n').unwrap();
    assert!(
        head.starts_with("file\tformat\toutcome\tsize\tcorners\ttolerance\ttaken_at\tlocation\tsha256\t")
    );
    let fixtures: Vec<Fixture> = rows.lines().map(fixture).collect();
    assert!(fixtures.len() > 100);
    fixtures
}

fn fixture(row: &str) -> Fixture {
    let cells: Vec<&str> = row.split('\t').collect();
    let cell = |number: usize| Some(cells[number]).filter(|cell| *cell != "-");
    Fixture {
        file: cells[0].to_owned(),
        bytes: fs::read(path(cells[0])).unwrap(),
        format: cells[1].to_owned(),
        outcome: cells[2].to_owned(),
        size: cell(3).map(|size| pair(size, 'x')),
        corners: cell(4).map(|colours| colours.split(',').map(colour).collect()).unwrap_or_default(),
        tolerance: cells[5].parse().unwrap(),
        taken_at: cell(6).map(str::to_owned),
        location: cell(7).map(|place| pair(place, ',')),
        sha256: cells[8].to_owned(),
    }
}

fn pair<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str, between: char) -> (T, T) {
    let (first, second) = text.split_once(between).unwrap();
    (first.parse().unwrap(), second.parse().unwrap())
}

fn colour(hex: &str) -> [u8; 3] {
    [0, 2, 4].map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
}
