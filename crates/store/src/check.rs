//! Compares the object files with the listing index, and repairs the index from the files: the files are the truth.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use s3s::crypto::{Checksum as _, Sha256};

use crate::config::OpenError;
use crate::index::{self, Row};
use crate::layout::{Layout, hex};
use crate::object_file::{Trailer, TrailerError};
use crate::publish::quarantine;
use crate::recover::{self, ObjectFile};

/// A running store is between file and index for an instant; what still differs after this wait is a finding.
const SECOND_LOOK: Duration = Duration::from_millis(500);
const ROWS_AT_ONCE: u32 = 1000;
/// Findings that are kept by name; the counts go on.
const NAMED_MAX: usize = 1000;

/// One kind of finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many there are.
    pub count: u64,
    /// The first 1,000: `bucket/key`, or the path of a file whose key cannot be read.
    pub named: Vec<String>,
}

impl Findings {
    fn add(&mut self, name: String) {
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(name);
        }
    }
}

/// What [`check()`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Readable objects.
    pub objects: u64,
    /// Their bodies together, in bytes.
    pub bytes: u64,
    /// Files that the index does not know.
    pub orphans: Findings,
    /// Rows of the index that have no file.
    pub ghosts: Findings,
    /// Rows that say something else than the file does.
    pub stale: Findings,
    /// Files whose end is damaged, so that nobody can say what they are. A repair moves them to `quarantine/`.
    pub corrupt_trailers: Findings,
    /// With `deep`: objects whose bytes are not those that were stored. They are reported and left where they are.
    pub corrupt_bodies: Findings,
    /// Whether the index could not be read at all.
    pub index_unreadable: bool,
    /// Whether the index was made to say what the files say.
    pub repaired: bool,
}

impl CheckReport {
    /// Whether files and index agree and nothing is damaged.
    pub fn is_clean(&self) -> bool {
        let findings =
            [&self.orphans, &self.ghosts, &self.stale, &self.corrupt_trailers, &self.corrupt_bodies];
        !self.index_unreadable && findings.iter().all(|findings| findings.count == 0)
    }
}

/// Checks the store in `root`. Without `repair` it only reads, and may run beside a store that serves. With `repair`
/// it needs the store to be closed ([`OpenError::Locked`] otherwise), finishes what a crash left in flight, moves
/// files with damaged trailers to `quarantine/` and rebuilds the index from the others. With `deep` it reads every
/// body and compares its SHA-256. Blocks for as long as that takes.
pub fn check(root: &Path, repair: bool, deep: bool) -> Result<CheckReport, OpenError> {
    let layout = Layout::new(root);
    if !layout.buckets().is_dir() {
        return Err(OpenError::Config(format!("{} is not the folder of a store", root.display())));
    }
    let _lock = if repair { Some(recover::lock(&layout)?) } else { None };
    let mut report = CheckReport {
        index_unreadable: !index::usable(&layout.index()).unwrap_or(false),
        ..Default::default()
    };
    if repair {
        recover::ensure_index(&layout)?;
        recover::sweep(&layout)?;
    }
    let mut check = Check { layout: &layout, index: None, deep, damaged: Vec::new() };
    if repair || !report.index_unreadable {
        check.index = Some(index::connect_to_read(&layout.index())?);
    }
    check.files(&mut report)?;
    check.rows(&mut report)?;
    let damaged = std::mem::take(&mut check.damaged);
    drop(check);
    if repair {
        for path in &damaged {
            quarantine(&layout.quarantine(), path).map_err(OpenError::io("quarantine", path))?;
        }
        recover::rebuild_index(&layout)?;
        report.repaired = true;
    }
    Ok(report)
}

struct Check<'a> {
    layout: &'a Layout,
    index: Option<rusqlite::Connection>,
    deep: bool,
    damaged: Vec<PathBuf>,
}

/// How a file and its row stand to one another.
#[derive(PartialEq, Eq)]
enum Agreement {
    Same,
    NoRow,
    Differs,
}

impl Check<'_> {
    fn files(&mut self, report: &mut CheckReport) -> Result<(), OpenError> {
        for file in recover::object_files(self.layout) {
            let file = file.map_err(OpenError::io("read", self.layout.buckets()))?;
            let trailer = match file.trailer() {
                Ok(trailer) => trailer,
                // A store beside us may have deleted it since its folder was read.
                Err(TrailerError::Io(cause)) if cause.kind() == std::io::ErrorKind::NotFound => continue,
                Err(TrailerError::Io(cause)) => return Err(OpenError::io("read", file.path)(cause)),
                Err(TrailerError::Corrupt(_)) => {
                    report.corrupt_trailers.add(file.path.display().to_string());
                    self.damaged.push(file.path);
                    continue;
                }
            };
            report.objects += 1;
            report.bytes += trailer.size;
            let name = format!("{}/{}", trailer.bucket, trailer.key);
            match self.agreement(&file, &trailer)? {
                Agreement::Same => {}
                Agreement::NoRow => report.orphans.add(name.clone()),
                Agreement::Differs => report.stale.add(name.clone()),
            }
            if self.deep && !has_its_body(&file, &trailer)? {
                report.corrupt_bodies.add(name);
            }
        }
        Ok(())
    }

    fn agreement(&self, file: &ObjectFile, trailer: &Trailer) -> Result<Agreement, OpenError> {
        let first = self.compare(trailer)?;
        if first == Agreement::Same || self.index.is_none() {
            return Ok(first);
        }
        std::thread::sleep(SECOND_LOOK);
        match file.trailer() {
            Ok(trailer) => self.compare(&trailer),
            Err(_) => Ok(Agreement::Same),
        }
    }

    fn compare(&self, trailer: &Trailer) -> Result<Agreement, OpenError> {
        let Some(index) = &self.index else { return Ok(Agreement::NoRow) };
        Ok(match index::find(index, &trailer.bucket, &trailer.key)? {
            None => Agreement::NoRow,
            Some(row) if row == Row::from(trailer) => Agreement::Same,
            Some(_) => Agreement::Differs,
        })
    }

    fn rows(&self, report: &mut CheckReport) -> Result<(), OpenError> {
        let Some(index) = &self.index else { return Ok(()) };
        let mut last: Option<Row> = None;
        loop {
            let after = last.as_ref().map(|row| (row.bucket.as_str(), row.key.as_str()));
            let rows = index::rows_after(index, after, ROWS_AT_ONCE)?;
            let Some(end) = rows.last() else { return Ok(()) };
            last = Some(end.clone());
            for row in &rows {
                if self.is_ghost(index, row)? {
                    report.ghosts.add(format!("{}/{}", row.bucket, row.key));
                }
            }
        }
    }

    fn is_ghost(&self, index: &rusqlite::Connection, row: &Row) -> Result<bool, OpenError> {
        let path = self.layout.object(&row.bucket, &row.key);
        if fs::exists(&path).map_err(OpenError::io("look for", &path))? {
            return Ok(false);
        }
        std::thread::sleep(SECOND_LOOK);
        let is_there = fs::exists(&path).map_err(OpenError::io("look for", &path))?;
        Ok(index::find(index, &row.bucket, &row.key)?.is_some() && !is_there)
    }
}

/// Whether the body still has the SHA-256 that the trailer says.
fn has_its_body(file: &ObjectFile, trailer: &Trailer) -> Result<bool, OpenError> {
    use std::io::Read as _;
    let io = |cause| OpenError::io("read", file.path.clone())(cause);
    let mut body = match fs::File::open(&file.path) {
        Ok(body) => body.take(trailer.size),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(cause) => return Err(io(cause)),
    };
    let mut sha256 = Sha256::new();
    let mut block = vec![0; 256 * 1024];
    loop {
        let bytes = body.read(&mut block).map_err(io)?;
        if bytes == 0 {
            return Ok(hex(&sha256.finalize()) == trailer.sha256);
        }
        sha256.update(block.get(..bytes).unwrap_or_default());
    }
}
