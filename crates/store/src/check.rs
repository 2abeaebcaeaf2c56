//! Compares the object files with the listing index, and repairs the index from the files: the files are the truth.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use s3s::crypto::{Checksum as _, Sha256};

use crate::condition::Observations;
use crate::config::OpenError;
pub use crate::findings::Findings;
use crate::index::{self, Row};
use crate::layout::{Layout, hex, is_working_name};
use crate::object_file::{Trailer, TrailerError};
use crate::publish::quarantine;
use crate::rebuild::{rebuild_index, swept_index};
use crate::recover;
use crate::scan::{self, ObjectFile};
use crate::{disk, verify};

/// A running store is between file and index for an instant; what still differs after this wait is a finding.
const SECOND_LOOK: Duration = Duration::from_millis(500);
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
    /// Files and directories that cannot be read, by path. They are reported and left where they are; their rows stay.
    pub unreadable: Findings,
    /// Entries that the store did not make, such as `.DS_Store`, by path. They are left where they are and do no harm.
    pub strange_entries: Findings,
    /// With `deep`: objects whose bytes are not those that were stored. They are reported and left where they are.
    pub corrupt_bodies: Findings,
    /// Whether the index could not be read at all.
    pub index_unreadable: bool,
    /// Whether the index was made to say what the files say.
    pub repaired: bool,
}

impl CheckReport {
    /// Whether files and index agree, everything can be read and nothing is damaged.
    pub fn is_clean(&self) -> bool {
        let findings = [
            &self.orphans,
            &self.ghosts,
            &self.stale,
            &self.corrupt_trailers,
            &self.corrupt_bodies,
            &self.unreadable,
        ];
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
    let observed = Observations::default();
    if repair {
        // The index is about to change: the next start verifies it.
        verify::take(&layout)?;
        recover::load_buckets(&layout, &observed)?;
    }
    let mut report = CheckReport {
        index_unreadable: !index::usable(&layout.index()).unwrap_or(false),
        ..Default::default()
    };
    if repair {
        swept_index(&layout, &observed)?;
    }
    let mut check = Check { layout: &layout, observed: &observed, index: None, deep, damaged: Vec::new() };
    if repair || !report.index_unreadable {
        check.index = Some(index::connect_to_read(&layout.index())?);
    }
    check.strange_entries();
    check.compare_all(&mut report)?;
    let damaged = std::mem::take(&mut check.damaged);
    drop(check);
    if repair {
        for path in &damaged {
            if let Err(cause) = quarantine(&layout.quarantine(), path) {
                tracing::error!(path = %path.display(), %cause, "failed to move a damaged file to quarantine");
                report.unreadable.add_new(&path.display().to_string());
            }
        }
        for bucket in index::listed_buckets(&layout.index()).unwrap_or_default() {
            let found = fs::symlink_metadata(layout.bucket(&bucket));
            if found.is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound) {
                index::remove_bucket(&layout.index(), &bucket)?;
            }
        }
        // What is lost or unreadable is in the report already.
        rebuild_index(&layout, "it is repaired", &Observations::default())?;
        report.repaired = true;
    }
    let condition = observed.snapshot();
    report.strange_entries = condition.strange_entries;
    report.unreadable.extend([condition.unreadable_objects, condition.unreadable_directories]);
    Ok(report)
}

struct Check<'a> {
    layout: &'a Layout,
    observed: &'a Observations,
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
    /// Notes what the store did not make in its working directories.
    fn strange_entries(&self) {
        for path in scan::entries(&self.layout.multipart()).unwrap_or_default() {
            if !is_working_name(&path) || !path.is_dir() {
                self.observed.strange(&path);
            }
        }
        for directory in [self.layout.staging(), self.layout.trash()] {
            for path in scan::entries(&directory).unwrap_or_default() {
                if !is_working_name(&path) {
                    self.observed.strange(&path);
                }
            }
        }
    }

    /// An index that turns out to be damaged on the way is a finding too.
    fn compare_all(&mut self, report: &mut CheckReport) -> Result<(), OpenError> {
        let compared = self.files(report).and_then(|()| self.rows(report));
        match compared {
            Err(OpenError::Index(cause)) if index::is_damage(&cause) => {
                tracing::error!(%cause, "failed to read the index");
                report.index_unreadable = true;
                Ok(())
            }
            compared => compared,
        }
    }

    fn files(&mut self, report: &mut CheckReport) -> Result<(), OpenError> {
        let observed = self.observed;
        let files = scan::object_files(self.layout, observed)
            .map_err(OpenError::io("read", self.layout.buckets()))?;
        for file in files {
            let trailer = match file.trailer() {
                Ok(Some(trailer)) => trailer,
                // A store that serves may have deleted it since its directory was read.
                Ok(None) => continue,
                Err(TrailerError::Io(cause)) => {
                    observed.unreadable_object(&file.path, &cause);
                    continue;
                }
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
            if self.deep {
                match has_its_body(&file, &trailer) {
                    Ok(true) => {}
                    Ok(false) => report.corrupt_bodies.add(name),
                    Err(cause) => observed.unreadable_object(&file.path, &cause),
                }
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
            Ok(Some(trailer)) => self.compare(&trailer),
            Ok(None) | Err(_) => Ok(Agreement::Same),
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
        let mut failed = Ok(());
        index::each_row(index, |row| match self.is_ghost(index, &row) {
            Ok(true) => report.ghosts.add(format!("{}/{}", row.bucket, row.key)),
            Ok(false) => {}
            Err(cause) => failed = Err(cause),
        })?;
        Ok(failed?)
    }

    fn is_ghost(&self, index: &rusqlite::Connection, row: &Row) -> rusqlite::Result<bool> {
        let path = self.layout.object(&row.bucket, &row.key);
        let is_there = || match fs::symlink_metadata(&path) {
            Ok(_) => true,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => false,
            // One that cannot be looked at may be there.
            Err(cause) => {
                self.observed.unreadable_object(&path, &cause);
                true
            }
        };
        if is_there() {
            return Ok(false);
        }
        std::thread::sleep(SECOND_LOOK);
        let is_there = is_there();
        Ok(index::find(index, &row.bucket, &row.key)?.is_some() && !is_there)
    }
}

/// Whether the body still has the SHA-256 that the trailer says.
fn has_its_body(file: &ObjectFile, trailer: &Trailer) -> io::Result<bool> {
    use std::io::Read as _;
    let Some(body) = disk::open_if_there(&file.path)? else { return Ok(true) };
    let mut body = body.take(trailer.size);
    let mut sha256 = Sha256::new();
    let mut block = vec![0; 256 * 1024];
    loop {
        let bytes = body.read(&mut block)?;
        if bytes == 0 {
            return Ok(hex(&sha256.finalize()) == trailer.sha256);
        }
        sha256.update(block.get(..bytes).unwrap_or_default());
    }
}
