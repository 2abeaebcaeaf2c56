//! The layers of the application and the absence of cycles between files, read from the code's own paths.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tree that cannot be read fails the test")]

mod paths;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use paths::Crate;

/// The modules of `app`, a layer a line, from the top. A module may use those below its line, and nothing else.
const LAYERS: &[&[&str]] = &[
    &["bin"],
    &["cli"],
    &["serve", "lambda"],
    &["http", "listener"],
    &["operations"],
    &["process"],
    &["delivery"],
    &["s3", "db"],
    &["aws"],
    &["client", "config", "events"],
    &["domain"],
    &["clock", "peer", "telemetry"],
];

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

fn layer_of(module: &str) -> usize {
    let top = module.split("::").next().unwrap();
    let layer = LAYERS.iter().position(|layer| layer.contains(&top));
    assert!(layer.is_some(), "`{top}` has no layer");
    layer.unwrap()
}

#[test]
fn no_module_of_the_application_uses_one_above_it() {
    let app = Crate::read(&source("app"));
    let mut wrong = BTreeSet::new();
    for (from, to) in app.uses() {
        let (top, other) = (from.split("::").next().unwrap(), to.split("::").next().unwrap());
        if top != other && !top.is_empty() && !other.is_empty() && layer_of(&from) >= layer_of(&to) {
            wrong.insert(format!("{from} uses {to}"));
        }
    }
    assert_eq!(wrong, BTreeSet::new());
}

#[test]
fn no_handler_uses_another_handler() {
    const SHARED: &[&str] = &["auth", "endpoints", "extract", "fields", "problem", "state", "wire"];
    let app = Crate::read(&source("app"));
    let file = |module: &str| Some(module.strip_prefix("http::")?.split("::").next()?.to_owned());
    let mut wrong = BTreeSet::new();
    for (from, to) in app.uses() {
        if let (Some(user), Some(used)) = (file(&from), file(&to))
            && user != used
            && !SHARED.contains(&used.as_str())
        {
            wrong.insert(format!("{from} uses {to}"));
        }
    }
    assert_eq!(wrong, BTreeSet::new());
}

#[test]
fn no_file_uses_itself_by_way_of_others() {
    for name in ["app", "store", "photo", "sign"] {
        assert_eq!(Crate::read(&source(name)).cycles(), Vec::<Vec<String>>::new(), "{name}");
    }
}
