//! The processor on whole files: the fixtures, what is left of them once they are cut or damaged, and bombs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod bombs;
mod damage;
mod manifest;
mod regressions;
mod rendition;
mod table;
