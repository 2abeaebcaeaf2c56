//! Fuzzing the photo processor with cargo-fuzz.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::run::{command, exists, root, run, target};

const PROJECT: &str = "crates/photo/fuzz";

/// Those that read metadata alone are given what stands behind this in fixtures.
const TARGETS: [(&str, Seeds); 9] = [
    ("sniff", Seeds::All),
    ("metadata", Seeds::Behind(b"Exif\0\0")),
    ("profile", Seeds::Behind(b"ICC_PROFILE\0\x01\x01")),
    ("jpeg", Seeds::Named("jpg")),
    ("png", Seeds::Named("png")),
    ("webp", Seeds::Named("webp")),
    ("gif", Seeds::Named("gif")),
    ("heic", Seeds::Named("heic")),
    ("avif", Seeds::Named("avif")),
];

/// Longer files teach nothing that shorter ones do not, and slowly.
const SEED_BYTES_MAX: usize = 64 << 10;
const METADATA_BYTES_MAX: usize = 2 << 10;
const SECONDS: u32 = 60;

/// Which fixtures a target starts with.
#[derive(Clone, Copy)]
enum Seeds {
    All,
    Named(&'static str),
    Behind(&'static [u8]),
}

/// `[TARGET] [SECONDS]`: one target, or all one after another.
pub(crate) fn fuzz(arguments: &[String]) -> anyhow::Result<()> {
    let mut seconds = SECONDS;
    let mut targets = TARGETS.to_vec();
    for argument in arguments {
        if let Ok(number) = argument.parse() {
            seconds = number;
        } else {
            targets.retain(|(name, _)| name == argument);
        }
    }
    if targets.is_empty() {
        let names = TARGETS.map(|(name, _)| name).join(", ");
        bail!("the targets are {names}");
    }
    if !exists("cargo-fuzz") {
        bail!("fuzzing needs `cargo install --locked cargo-fuzz` and a nightly compiler");
    }
    let found: Vec<_> = targets.into_iter().filter(|target| fuzz_one(*target, seconds).is_err()).collect();
    if found.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
    bail!(
        "see {PROJECT}/artifacts/ for what was found by {}; {PROJECT}/README.md says what next",
        names.join(", ")
    )
}

fn fuzz_one((name, seeds): (&str, Seeds), seconds: u32) -> anyhow::Result<()> {
    let corpus = root().join(PROJECT).join("corpus").join(name);
    seed(&corpus, seeds)?;
    let time = format!("-max_total_time={seconds}");
    let build = target().join("fuzz").display().to_string();
    // The project's profile has the assertions; re_rav1d is too slow with its own, so they are not for all (`-O`).
    let fuzz = ["+nightly", "fuzz", "run", "-O", "--fuzz-dir", PROJECT, "--target-dir", &build, name];
    let limits = ["--", &time, "-timeout=20", "-rss_limit_mb=1024", "-max_len=65536", "-print_final_stats=1"];
    // Not the cargo that runs this, which has a toolchain already.
    let mut command = command("cargo", &[fuzz.as_slice(), &limits].concat());
    if name == "avif" {
        // re_rav1d leaks 48 bytes a picture.
        command.arg("-detect_leaks=0").env("ASAN_OPTIONS", "detect_leaks=0");
    }
    run(instrument_c(&mut command))
}

/// Lets clang, if there is one, show the fuzzer the way through libjpeg as well.
fn instrument_c(command: &mut Command) -> &mut Command {
    if exists("clang") {
        command.env("CC", "clang").env("CFLAGS", "-fsanitize=address,fuzzer-no-link");
    }
    command
}

/// Copies fixtures and earlier findings to where the fuzzer keeps what it learns.
fn seed(corpus: &Path, seeds: Seeds) -> anyhow::Result<()> {
    fs::create_dir_all(corpus)?;
    let fixtures = root().join("crates/photo/fixtures");
    for path in files(&fixtures.join("files"))?.into_iter().chain(files(&fixtures.join("regressions"))?) {
        let bytes = fs::read(&path)?;
        let seed = match seeds {
            Seeds::All => Some(bytes.as_slice()),
            Seeds::Named(ending) => {
                (path.extension() == Some(OsStr::new(ending))).then_some(bytes.as_slice())
            }
            Seeds::Behind(mark) => behind(&bytes, mark),
        };
        if let (Some(seed), Some(name)) = (seed.filter(|seed| seed.len() <= SEED_BYTES_MAX), path.file_name())
        {
            fs::write(corpus.join(name), seed)?;
        }
    }
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn behind<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let start = bytes.windows(mark.len()).position(|window| window == mark)? + mark.len();
    let rest = bytes.get(start..)?;
    Some(rest.get(..METADATA_BYTES_MAX).unwrap_or(rest))
}
