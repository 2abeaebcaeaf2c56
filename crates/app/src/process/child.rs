//! `qdn photo-worker`: looks at one photo after the other, in a process that may die of one.
//!
//! A decoder that is fed a hostile file may abort, loop or ask for all memory; none of that can be caught within a
//! process. So this one has a limit of memory and no open file but three pipes, and whoever started it has a clock.

use std::io::{self, Read, Write};
use std::time::Instant;

use qdn_photo::{Limits, Processed, Rejection, Step, inspect, process_with};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use super::protocol::{Done, GO, Reply};

/// What a worker may map, in bytes, besides what a photo needs: the program itself and its pipes' buffers.
const ADDRESS_SPACE_BASE_BYTES: u64 = 512 << 20;

/// What is given to a program that shall be a worker, before the largest photo in bytes.
pub(super) const ARGUMENTS: [&str; 2] = ["photo-worker", "--bytes-max"];

/// The largest photo, if a program with these arguments shall be a worker.
pub fn bytes_max_of(arguments: impl IntoIterator<Item = String>) -> Option<u64> {
    let mut arguments = arguments.into_iter().skip(1);
    let named = ARGUMENTS.iter().all(|name| arguments.next().as_deref() == Some(*name));
    arguments.next().filter(|_| named)?.parse().ok()
}

/// Serves until standard input ends.
///
/// # Errors
/// A pipe that broke: the server is gone.
pub fn run(bytes_max: u64) -> io::Result<()> {
    let limits = Limits { bytes_max, ..Limits::default() };
    confine(&limits)?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(photo) = read_photo(&mut input, limits.bytes_max)? {
        answer(&photo, &limits, &mut input, &mut output)?;
        output.flush()?;
    }
    Ok(())
}

/// Takes from this process what it does not need.
fn confine(limits: &Limits) -> io::Result<()> {
    // Where memory is short, it is this process that the kernel ends (proc(5)), not the server. Not everywhere is that told.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let bytes = ADDRESS_SPACE_BASE_BYTES + limits.memory_bytes_max + 2 * limits.bytes_max;
    setrlimit(Resource::As, Rlimit { current: Some(bytes), maximum: Some(bytes) })?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A photo is never written to a file.
    setrlimit(Resource::Fsize, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // Uploads and lists go first.
    rustix::process::nice(5)?;
    Ok(())
}

fn read_photo(input: &mut impl Read, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let length = u64::from_le_bytes(length);
    let length = usize::try_from(length).ok().filter(|_| length <= bytes_max);
    let length = length.ok_or(io::ErrorKind::FileTooLarge)?;
    let mut photo = vec![0; length];
    input.read_exact(&mut photo)?;
    Ok(Some(photo))
}

fn answer(photo: &[u8], limits: &Limits, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    match inspect(photo, limits) {
        Err(rejection) => return reject(&rejection, output),
        Ok(inspection) => say(&Reply::Needs(inspection.memory_bytes), output)?,
    }
    output.flush()?;
    let mut go = [0];
    input.read_exact(&mut go)?;
    if go != [GO] {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut steps = Vec::new();
    let mut last = Instant::now();
    let mut on_step = |step: Step| {
        let now = Instant::now();
        let micros = u64::try_from((now - last).as_micros()).unwrap_or(u64::MAX);
        steps.push((step.name().to_owned(), micros));
        last = now;
    };
    match process_with(photo, limits, &mut on_step) {
        Err(rejection) => reject(&rejection, output),
        Ok(processed) => {
            say(&Reply::Done(done(&processed, steps)), output)?;
            output.write_all(&processed.renditions.thumb.bytes)?;
            output.write_all(&processed.renditions.display.bytes)
        }
    }
}

fn reject(rejection: &Rejection, output: &mut impl Write) -> io::Result<()> {
    say(&Reply::Rejected(rejection.code().to_owned()), output)
}

fn done(processed: &Processed, steps: Vec<(String, u64)>) -> Done {
    let renditions = &processed.renditions;
    Done {
        width: processed.width,
        height: processed.height,
        thumbhash: processed.thumbhash.clone(),
        taken_at: processed.taken_at.map(|taken_at| taken_at.to_string()),
        location: processed.location.map(|location| (location.latitude, location.longitude)),
        damaged: processed.damaged,
        sha256: processed.sha256,
        rendition_bytes: [&renditions.thumb, &renditions.display]
            .map(|rendition| rendition.bytes.len() as u64),
        steps,
    }
}

fn say(reply: &Reply, output: &mut impl Write) -> io::Result<()> {
    let json = serde_json::to_vec(reply)?;
    let length = u32::try_from(json.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(&json)
}
