//! The steps that make an object appear and disappear. Each leaves a state that [`crate::recover`] can finish or
//! undo, and an answer is given only after the last sync (docs/adr/0002 lists the steps and the states).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use s3s::S3Result;
use s3s::dto::ETagCondition;

use crate::config::StoredKey;
use crate::disk::{self, sync_dir};
use crate::engine::Engine;
use crate::error::{
    from_io, index_error, internal, is_full, no_such_bucket, no_such_key, precondition_failed, unavailable,
};
use crate::index::{Change, IndexError, Row};
use crate::layout::{KeyHash, random_name};
use crate::object_file::{Trailer, TrailerError};
use crate::staged::Staged;

/// Conditions of a write.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteCondition {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

impl WriteCondition {
    fn check(&self, existing: Option<&Trailer>) -> S3Result<()> {
        if let Some(condition) = &self.if_match {
            let existing = existing.ok_or_else(no_such_key)?;
            if !matches(condition, existing) {
                return Err(precondition_failed("If-Match"));
            }
        }
        if let (Some(condition), Some(existing)) = (&self.if_none_match, existing)
            && matches(condition, existing)
        {
            return Err(precondition_failed("If-None-Match"));
        }
        Ok(())
    }
}

/// Whether an `If-Match` or `If-None-Match` value names this object.
pub(crate) fn matches(condition: &ETagCondition, existing: &Trailer) -> bool {
    condition.as_etag().is_none_or(|etag| etag.value() == existing.etag)
}

/// Gives a staged body its trailer and syncs it: from here on the file is a whole object that has no name yet.
pub(crate) fn seal(staged: &mut Staged, trailer: &Trailer) -> S3Result<()> {
    let end = trailer.encode().map_err(from_io("encode a trailer"))?;
    staged.file.write_all(&end).map_err(from_io("write a trailer"))?;
    // Never tried again: a second fsync "succeeds" though the data is gone.
    staged.file.sync_all().map_err(from_io("sync an object"))
}

impl Engine {
    /// Makes a sealed object visible under its key, or refuses. Returns the trailer of the object that the key names
    /// afterwards, which for write-once keys may be an earlier one with the same bytes. Blocks.
    pub(crate) fn publish(
        &self,
        staged: &Staged,
        trailer: Trailer,
        condition: &WriteCondition,
    ) -> S3Result<Trailer> {
        let _bucket = self.bucket_gate.read().unwrap_or_else(PoisonError::into_inner);
        if !self.has_bucket(&trailer.bucket) {
            return Err(no_such_bucket());
        }
        let _key = self.locks.lock(&trailer.key);
        let path = self.layout.object(&trailer.bucket, &trailer.key);
        let existing = self.readable_or_quarantined(&path)?;
        if let Some(existing) = &existing
            && self.is_write_once(&trailer.key)
        {
            if existing.size != trailer.size || existing.sha256 != trailer.sha256 {
                return Err(precondition_failed("the key is written once"));
            }
            // Whoever brought these bytes first may have failed at the last steps.
            self.confirm(&path, existing)?;
            return Ok(existing.clone());
        }
        condition.check(existing.as_ref())?;
        match existing {
            None => self.publish_new(staged, &path, &trailer)?,
            Some(_) => self.replace(staged, &path, &trailer)?,
        }
        self.tell(&trailer);
        Ok(trailer)
    }

    /// Tells whoever listens that an object is there. Nobody is waited for.
    fn tell(&self, trailer: &Trailer) {
        let Some(commits) = &self.config.commits else { return };
        let stored = StoredKey { bucket: trailer.bucket.clone(), key: trailer.key.clone() };
        if commits.try_send(stored).is_err() {
            tracing::debug!(key = trailer.key, "nobody hears of this object now");
        }
    }

    /// The object that an upload in parts has become, durable like one that was published now; `None` when the key
    /// names no object or one of another upload. Blocks.
    pub(crate) fn published_by(&self, upload_id: &str, bucket: &str, key: &str) -> S3Result<Option<Trailer>> {
        let _bucket = self.bucket_gate.read().unwrap_or_else(PoisonError::into_inner);
        self.need_bucket(bucket)?;
        let _key = self.locks.lock(key);
        let path = self.layout.object(bucket, key);
        let existing = self.readable_or_quarantined(&path)?;
        let existing = existing.filter(|existing| existing.upload_id.as_deref() == Some(upload_id));
        if let Some(existing) = &existing {
            self.confirm(&path, existing)?;
        }
        Ok(existing)
    }

    fn publish_new(&self, staged: &Staged, path: &Path, trailer: &Trailer) -> S3Result<()> {
        match fs::hard_link(&staged.path, path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                return Err(precondition_failed("If-None-Match"));
            }
            result => result.map_err(from_io("name an object"))?,
        }
        self.confirm(path, trailer).inspect_err(|_| {
            self.take_back((&trailer.bucket, &trailer.key), path, || disk::remove_if_there(path));
        })
    }

    fn replace(&self, staged: &Staged, path: &Path, trailer: &Trailer) -> S3Result<()> {
        // The staging link must outlive the rename: it is what tells a start after a crash to look at this object.
        let second = Link::new(staged, staged.path.with_extension("x"))?;
        let old = self.layout.trash().join(random_name());
        fs::hard_link(path, &old).map_err(from_io("keep the old object"))?;
        let old = Remove(old);
        fs::rename(&second.0, path).map_err(from_io("replace an object"))?;
        self.confirm(path, trailer).inspect_err(|_| {
            self.take_back((&trailer.bucket, &trailer.key), path, || fs::rename(&old.0, path));
        })
    }

    /// The last two steps: the directory entry and the index row become durable.
    fn confirm(&self, path: &Path, trailer: &Trailer) -> S3Result<()> {
        let folder = path.parent().ok_or_else(|| internal("find the folder of an object"))?;
        self.sync_of((&trailer.bucket, &trailer.key), folder)?;
        self.apply(Change::Upsert(Row::from(trailer)))
    }

    /// Syncs a folder for the sake of one key. What is on the disk after a sync that failed, nobody knows.
    fn sync_of(&self, (bucket, key): (&str, &str), folder: &Path) -> S3Result<()> {
        sync_dir(folder).map_err(|cause| {
            undo("note a doubt", || self.note_doubt(bucket, key));
            from_io("sync a folder of objects")(cause)
        })
    }

    /// Undoes a step on an object's file, durably. Where that fails, the next start settles it.
    fn take_back(&self, (bucket, key): (&str, &str), path: &Path, step: impl FnOnce() -> io::Result<()>) {
        let undone = step().and_then(|()| path.parent().map_or(Ok(()), sync_dir));
        if let Err(cause) = undone {
            tracing::error!(bucket, key, %cause, "cannot undo a change; the next start settles it");
            undo("note a doubt", || self.note_doubt(bucket, key));
        }
    }

    /// Deletes an object; one that is not there is fine. On a full disk the reserve makes room for it. Blocks.
    pub(crate) fn delete(&self, bucket: &str, key: &str, if_match: Option<&ETagCondition>) -> S3Result<()> {
        match self.delete_once(bucket, key, if_match) {
            Err(error) if is_full(&error) && self.floor.release() => self.delete_once(bucket, key, if_match),
            result => result,
        }
    }

    fn delete_once(&self, bucket: &str, key: &str, if_match: Option<&ETagCondition>) -> S3Result<()> {
        let _bucket = self.bucket_gate.read().unwrap_or_else(PoisonError::into_inner);
        if !self.has_bucket(bucket) {
            return Err(no_such_bucket());
        }
        let _key = self.locks.lock(key);
        let path = self.layout.object(bucket, key);
        if let Some(condition) = if_match {
            let existing = self.readable_or_quarantined(&path)?.ok_or_else(no_such_key)?;
            if !matches(condition, &existing) {
                return Err(precondition_failed("If-Match"));
            }
        }
        let trash = self.layout.trash().join(random_name());
        match fs::rename(&path, &trash) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return self.forget(bucket, key),
            result => result.map_err(from_io("delete an object"))?,
        }
        match self.confirm_delete(&path, bucket, key) {
            Ok(()) => drop(Remove(trash)),
            Err(error) => {
                self.take_back((bucket, key), &path, || fs::rename(&trash, &path));
                return Err(error);
            }
        }
        Ok(())
    }

    fn confirm_delete(&self, path: &Path, bucket: &str, key: &str) -> S3Result<()> {
        let folder = path.parent().ok_or_else(|| internal("find the folder of an object"))?;
        // The trash first: an object may be in both folders after a crash, but never in neither.
        self.sync_of((bucket, key), &self.layout.trash())?;
        self.sync_of((bucket, key), folder)?;
        self.apply(Change::Remove { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// Removes a row whose file is gone.
    fn forget(&self, bucket: &str, key: &str) -> S3Result<()> {
        if self.index.has(bucket, key).map_err(index_error("look up an object"))? {
            tracing::warn!(bucket, key, "the index knew an object that has no file; forgotten");
            self.apply(Change::Remove { bucket: bucket.to_owned(), key: key.to_owned() })?;
        }
        Ok(())
    }

    /// Waits until `change` is durable in the index.
    pub(crate) fn apply(&self, change: Change) -> S3Result<()> {
        let named = match &change {
            Change::Upsert(row) => Some((row.bucket.clone(), row.key.clone())),
            Change::Remove { bucket, key } => Some((bucket.clone(), key.clone())),
            Change::Probe => None,
        };
        self.index.apply(change).map_err(|cause| match (cause, named) {
            // The writer has logged it, once for all that it concerns.
            (IndexError::Other(_), Some((bucket, key))) => {
                undo("note a doubt", || self.note_doubt(&bucket, &key));
                unavailable()
            }
            (cause, _) => index_error("change the index")(cause),
        })
    }

    /// A commit whose sync failed may still be there after a crash, though it was undone here. A note in the trash
    /// makes the next start set the row right from the file.
    fn note_doubt(&self, bucket: &str, key: &str) -> io::Result<()> {
        let note = Trailer::note(bucket, key).encode()?;
        let path =
            self.layout.trash().join(format!("doubt-{}", KeyHash::of(&format!("{bucket}/{key}")).as_str()));
        fs::write(&path, note)?;
        File::open(&path)?.sync_all()?;
        sync_dir(&self.layout.trash())
    }

    /// The trailer of the object at `path`, if there is one. A damaged file is moved aside, never removed, so that
    /// the key can be written again.
    fn readable_or_quarantined(&self, path: &Path) -> S3Result<Option<Trailer>> {
        let Some(file) = disk::open_if_there(path).map_err(from_io("open an object"))? else {
            return Ok(None);
        };
        match Trailer::read(&file) {
            Ok(trailer) => Ok(Some(trailer)),
            Err(TrailerError::Io(cause)) => Err(from_io("read a trailer")(cause)),
            Err(TrailerError::Corrupt(what)) => {
                tracing::error!(path = %path.display(), what, "damaged object moved to quarantine");
                quarantine(&self.layout.quarantine(), path).map_err(from_io("quarantine an object"))?;
                Ok(None)
            }
        }
    }
}

/// Moves a damaged file to the quarantine folder.
pub(crate) fn quarantine(folder: &Path, path: &Path) -> io::Result<()> {
    disk::make_dir(folder)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    fs::rename(path, folder.join(format!("{name}.{}", random_name())))?;
    sync_dir(folder)?;
    path.parent().map_or(Ok(()), sync_dir)
}

fn undo(action: &'static str, step: impl FnOnce() -> io::Result<()>) {
    if let Err(cause) = step() {
        tracing::error!(action, %cause, "cannot undo; the next start settles it");
    }
}

/// A second link to a staged file; removed when dropped, unless it was renamed away.
struct Link(PathBuf);

impl Link {
    fn new(staged: &Staged, path: PathBuf) -> S3Result<Self> {
        fs::hard_link(&staged.path, &path).map_err(from_io("link a staging file"))?;
        Ok(Self(path))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        undo("unlink a staging file", || disk::remove_if_there(&self.0));
    }
}

/// A file in the trash; removed when dropped.
struct Remove(PathBuf);

impl Drop for Remove {
    fn drop(&mut self) {
        undo("empty the trash", || disk::remove_if_there(&self.0));
    }
}
