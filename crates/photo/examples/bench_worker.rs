//! The subject `qdn` of `bench/photo`: reads a photo's path a line, writes its renditions into the folder that is its
//! argument, and answers a line of JSON. `bench/photo/workers/worker.py` describes the protocol.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::{env, fs, io};

use qdn_photo::{Limits, process};

const SETTINGS: &str = "`process()`, which decodes once and makes `thumb` of `display`: JPEG q80, 4:2:0, its own Huffman \
                        tables; SHA-256, EXIF and the placeholder are in its time";

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: bench_worker FOLDER"))?;
    say(&format!("{{\"settings\": \"qdn-photo {}: {SETTINGS}\"}}", env!("CARGO_PKG_VERSION")))?;
    for path in io::stdin().lock().lines() {
        let answer = match render(Path::new(&path?), Path::new(&folder))? {
            Ok(()) => "{}".to_owned(),
            Err(code) => format!("{{\"error\": \"{code}\"}}"),
        };
        say(&answer)?;
    }
    Ok(())
}

/// The renditions of a photo, or the code of its rejection.
fn render(path: &Path, folder: &Path) -> io::Result<Result<(), &'static str>> {
    let renditions = match process(&fs::read(path)?, &Limits::default()) {
        Ok(processed) => processed.renditions,
        Err(rejection) => return Ok(Err(rejection.code())),
    };
    fs::write(folder.join("thumb.jpg"), &renditions.thumb.bytes)?;
    fs::write(folder.join("display.jpg"), &renditions.display.bytes)?;
    Ok(Ok(()))
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
