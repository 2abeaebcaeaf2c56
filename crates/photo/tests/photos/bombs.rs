//! Files that ask for far more than they are: each is processed in a process of its own that may not have more than 64
//! MiB of memory, and says how long it was at work. A refusal that stands in the header costs no step either.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params};
use qdn_photo::{Limits, process_with};

use crate::manifest::{self, fixtures};

const MEMORY_KIB: u32 = 64 << 10;
const NAMES: [&str; 9] =
    ["bomb-", "endless", "exif-", "grid-", "grids-", "nested", "zero-length", "polyglot", "html-"];

/// A bomb takes 50 ms at most where it matters: a release build on a machine of today. Here the build is one for tests, five
/// times as slow, and the machine may be as much slower; what a bomb takes that goes off is seconds to minutes, even there.
/// So twenty times as long still tells the one from the other, and no busy machine makes the test fail: the time is the
/// processor's own, and not the clock's.
const CPU_TIME_MAX: Duration = Duration::from_secs(1);

/// What a child reports: outcome and steps. It has not been at work for long.
fn in_a_child(bomb: &Path) -> (String, usize) {
    let script = format!("ulimit -d {MEMORY_KIB} && exec \"$0\" \"$@\"");
    let child = Command::new("sh")
        .args(["-c", &script])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "bombs::one_bomb", "--ignored", "--nocapture", "--test-threads=1"])
        .env("QDN_BOMB", bomb)
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout).into_owned();
    let Some(report) = output.lines().find_map(|line| line.split_once("outcome ")) else {
        panic!("{}: {} {output} {}", bomb.display(), child.status, String::from_utf8_lossy(&child.stderr));
    };
    let [outcome, steps, milliseconds] = report.1.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{output}")
    };
    let cpu_time = Duration::from_millis(milliseconds.parse().unwrap());
    assert!(cpu_time <= CPU_TIME_MAX, "{}: {cpu_time:?}", bomb.display());
    (outcome.to_owned(), steps.parse().unwrap())
}

#[test]
#[ignore = "runs in a child of the other tests"]
fn one_bomb() {
    let Some(path) = env::var_os("QDN_BOMB") else { return };
    let bytes = fs::read(path).unwrap();
    let (mut steps, start) = (0, cpu_milliseconds());
    let outcome = process_with(&bytes, &Limits::default(), &mut |_| steps += 1);
    let milliseconds = cpu_milliseconds() - start;
    println!(
        "outcome {} {steps} {milliseconds}",
        outcome.err().map_or("ready", |rejection| rejection.code())
    );
}

/// How long this thread was at work, in the program and in the system: fields 14 and 15 (`proc_pid_stat(5)`), in hundredths
/// of a second on every system of the tests.
fn cpu_milliseconds() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    // Behind the program's name, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap());
    ticks.sum::<u64>() * 10
}

/// Refusals for what a header asks for: nothing may have been decoded.
fn stands_in_the_header(code: &str) -> bool {
    matches!(
        code,
        "too_many_pixels"
            | "side_too_long"
            | "too_much_memory"
            | "too_many_scans"
            | "colour_profile_too_large"
    )
}

#[test]
#[cfg(target_os = "linux")]
fn bombs_are_refused_within_64_mebibytes() {
    for fixture in fixtures().iter().filter(|fixture| NAMES.iter().any(|name| fixture.file.starts_with(name)))
    {
        let (outcome, steps) = in_a_child(&manifest::path(&fixture.file));
        assert!(fixture.outcome == "any" || outcome == fixture.outcome, "{}: {outcome}", fixture.file);
        let early = stands_in_the_header(&outcome) || fixture.file.contains("little-data");
        assert!(steps == 0 || !early, "{}: {steps} steps", fixture.file);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn bombs_too_large_to_be_kept_are_refused_within_64_mebibytes() {
    for (name, bytes, outcome) in large_bombs() {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, bytes).unwrap();
        let (is, steps) = in_a_child(&path);
        fs::remove_file(&path).unwrap();
        assert_eq!(is, outcome, "{name}");
        assert!(steps == 0 || !stands_in_the_header(&is), "{name}: {steps} steps");
    }
}

type Bomb = (&'static str, Vec<u8>, &'static str);

fn large_bombs() -> Vec<Bomb> {
    let jpeg = fs::read(manifest::path("progressive.jpg")).unwrap();
    let last_scan = memchr::memmem::rfind(&jpeg, b"\xFF\xDA").unwrap();
    // Behind the end marker nothing would count.
    let jpeg = jpeg.strip_suffix(b"\xFF\xD9").unwrap();
    let gif = fs::read(manifest::path("endless.gif")).unwrap();
    let comment = [[255].as_slice(), &[b'x'; 255]].concat();
    vec![
        ("ten-gigabytes.png", png(50_000, 67_000, 2560), "too_many_pixels"),
        ("ten-gigabytes-behind-a-small-picture.png", png(64, 64, 2560), "ready"),
        ("profiles.png", profiles(), "ready"),
        ("scans.jpg", [jpeg, &jpeg[last_scan..].repeat(4000)].concat(), "too_many_scans"),
        ("padding.jpg", [b"\xFF\xD8".as_slice(), &vec![0xFF; 16 << 20]].concat(), "truncated"),
        ("frames.gif", [&gif[..19], &gif[19..].repeat(1000)].concat(), "ready"),
        ("comment.gif", [&gif[..19], b"\x21\xFE", &comment.repeat(60_000)].concat(), "truncated"),
        ("boxes.heic", boxes(), "corrupt"),
    ]
}

/// A small PNG with five thousand profiles of 4 MiB each, of which none is whole.
fn profiles() -> Vec<u8> {
    let mut deflated = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 4 << 20], 9);
    // Without its checksum.
    deflated.truncate(deflated.len() - 4);
    let profile = chunk(*b"iCCP", &[b"name\0\0".as_slice(), &deflated].concat());
    let small = fs::read(manifest::path("small.png")).unwrap();
    let (head, rest) = small.split_at(33);
    [head, &profile.repeat(5000), rest].concat()
}

fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let summed = [kind.as_slice(), body].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [length.as_slice(), &summed, &crc32fast::hash(&summed).to_be_bytes()].concat()
}

/// A PNG of this size, with `pieces` of 4 MiB of zeros as its data.
fn png(width: u32, height: u32, pieces: usize) -> Vec<u8> {
    // A whole number of bytes that refers to nothing before it, and so can be repeated.
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, 0, 0));
    let mut piece = vec![0; 64 << 10];
    let (_, read, written) = compress(&mut compressor, &vec![0; 4 << 20], &mut piece, TDEFLFlush::Full);
    assert_eq!(read, 4 << 20);
    piece.truncate(written);
    let data = [b"\x78\xDA".as_slice(), &piece.repeat(pieces)].concat();
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = chunk(*b"IHDR", &[size.as_slice(), &[8, 2, 0, 0, 0]].concat());
    [b"\x89PNG\r\n\x1A\n".as_slice(), &header, &chunk(*b"IDAT", &data), &chunk(*b"IEND", b"")].concat()
}

/// A HEIC of a million references and items.
fn boxes() -> Vec<u8> {
    let plain = fs::read(manifest::path("plain.heic")).unwrap();
    let ftyp = usize::try_from(u32::from_be_bytes(*plain.first_chunk().unwrap())).unwrap();
    let full = |kind: &[u8; 4], body: &[u8]| {
        let length = u32::try_from(body.len() + 12).unwrap().to_be_bytes();
        [length.as_slice(), kind, &[2, 0, 0, 0], body].concat()
    };
    let entries = full(b"infe", b"\0\x01\0\0hvc1\0").repeat(500_000);
    let references = b"\0\0\0\x0Edimg\0\x01\0\x01\0\x01".repeat(500_000);
    let meta = [full(b"iinf", &[[0; 4].as_slice(), &entries].concat()), full(b"iref", &references)].concat();
    [&plain[..ftyp], full(b"meta", &meta).as_slice()].concat()
}
