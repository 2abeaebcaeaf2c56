//! What the fuzzers found once: `fixtures/regressions/`, each file a name and a few bytes.

use std::fs;

use qdn_photo::{Limits, inspect, process};

use crate::manifest::folder;
use crate::rendition;

#[test]
fn what_once_broke_the_processor_is_shown_or_refused() {
    for entry in fs::read_dir(folder().join("regressions")).unwrap() {
        let path = entry.unwrap().path();
        let (name, bytes) = (path.display().to_string(), fs::read(&path).unwrap());
        let inspected = inspect(&bytes, &Limits::default());
        match process(&bytes, &Limits::default()) {
            Ok(processed) => rendition::check(&name, &processed),
            Err(rejection) => assert!(inspected.is_ok() || inspected == Err(rejection), "{name}"),
        }
    }
}
