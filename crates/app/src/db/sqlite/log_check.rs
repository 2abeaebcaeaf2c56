//! Detects committed frames of a write-ahead log that SQLite will ignore. SQLite reads it up to the first frame whose checksum is wrong, and takes
//! that for the end: right after a crash, silent after damage (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>).

use std::io::{self, Read};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The last bit says that checksums are of big-endian words.
const MAGIC: u32 = 0x377f_0682;

/// Returns how many frames of committed transactions stand behind a damaged one: SQLite will not read them. 0 for a log
/// that is sound, empty, or ends in the transaction that was being written when the process or the machine stopped.
///
/// # Errors
/// What reading it reports.
pub(super) fn lost_frames(mut log: impl Read) -> io::Result<u64> {
    let mut header = [0; HEADER_BYTES];
    if !read_whole(&mut log, &mut header)? {
        return Ok(0);
    }
    let magic = word(&header, 0, true);
    if magic & !1 != MAGIC {
        // A log without its header is lost whole; how long it was does not matter.
        return Ok(u64::from(header != [0; HEADER_BYTES]));
    }
    let mut sums = Sums { first: 0, second: 0, big_endian: magic & 1 == 1 };
    sums.add(header.get(..24).unwrap_or_default());
    if !sums.are(&header, 24) {
        return Ok(1);
    }
    let page_bytes = usize::try_from(word(&header, 8, true)).unwrap_or_default().clamp(512, 65_536);
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes];
    let (mut sound, mut behind, mut committed) = (true, 0, 0);
    while read_whole(&mut log, &mut frame)? {
        let is_of_this_log = frame.get(8..16) == header.get(16..24);
        if sound {
            sums.add(frame.get(..8).unwrap_or_default());
            sums.add(frame.get(FRAME_HEADER_BYTES..).unwrap_or_default());
            sound = is_of_this_log && sums.are(&frame, 16);
            if sound || !is_of_this_log {
                continue;
            }
        } else if !is_of_this_log {
            continue;
        }
        behind += 1;
        // Frames behind a commit are of a later transaction, so that commit was acknowledged.
        if committed == 0 && word(&frame, 4, true) != 0 {
            committed = behind;
        }
    }
    Ok(if committed > 0 && behind > committed { behind } else { 0 })
}

/// The two running sums of SQLite's checksum.
struct Sums {
    first: u32,
    second: u32,
    big_endian: bool,
}

impl Sums {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            self.first = self.first.wrapping_add(word(pair, 0, self.big_endian)).wrapping_add(self.second);
            self.second = self.second.wrapping_add(word(pair, 4, self.big_endian)).wrapping_add(self.first);
        }
    }

    fn are(&self, bytes: &[u8], at: usize) -> bool {
        (self.first, self.second) == (word(bytes, at, true), word(bytes, at + 4, true))
    }
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).unwrap_or_default();
    if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
}

/// Whether all of `buffer` was read; the rest of a frame at the end is no frame.
fn read_whole(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rusqlite::Connection;

    use super::*;

    /// The log of a database with this many transactions.
    fn log_of(transactions: usize) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER);").unwrap();
        for number in 0..transactions {
            db.execute("INSERT INTO t VALUES (?1)", [number]).unwrap();
        }
        fs::read(path.with_extension("").with_file_name("db-wal")).unwrap()
    }

    #[test]
    fn a_sound_log_and_one_that_ends_anywhere_have_lost_nothing() {
        let log = log_of(5);
        for length in (0..=log.len()).step_by(509).chain([log.len()]) {
            assert_eq!(lost_frames(&log[..length]).unwrap(), 0, "cut at {length}");
        }
    }

    #[test]
    fn a_flipped_byte_before_the_last_transactions_is_found() {
        let log = log_of(8);
        let frame_bytes = FRAME_HEADER_BYTES + 4_096;
        let last_frames = log.len() - 2 * frame_bytes;
        for at in (0..last_frames).step_by(1_021) {
            let mut damaged = log.clone();
            damaged[at] ^= 1;
            let is_page_size_or_checkpoint = (8..16).contains(&at);
            assert!(lost_frames(&damaged[..]).unwrap() > 0 || is_page_size_or_checkpoint, "flipped at {at}");
        }
    }

    #[test]
    fn what_an_earlier_round_of_the_log_left_behind_is_not_lost() {
        let old = log_of(8);
        let new = log_of(2);
        let mut log = old.clone();
        log[..new.len()].copy_from_slice(&new);
        assert_eq!(lost_frames(&log[..]).unwrap(), 0);
    }
}
