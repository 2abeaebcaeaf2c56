//! The installation's own secrets, made on the first start and readable by their owner only.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::domain::Secret;

/// No key of ours is shorter.
const SECRET_BYTES_MIN: usize = 32;

/// What `keys.json` holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Of the object store, like an AWS access key id.
    pub access_key_id: String,
    /// Of the object store.
    pub secret_access_key: String,
    /// The pages' publishable key.
    pub application_key: String,
    /// The secret key of this installation's command line.
    pub command_key: String,
}

impl Keys {
    /// Where they stand.
    pub fn path(data: &Path) -> PathBuf {
        data.join("keys.json")
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// When there are none, when others could read them, or when the file was damaged.
    pub fn load(data: &Path) -> anyhow::Result<Self> {
        let path = Self::path(data);
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let mode = fs::metadata(&path)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            bail!("{} can be read by others (mode {mode:o}); take that away: chmod 600", path.display());
        }
        let keys: Self =
            serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
        let secrets = [&keys.secret_access_key, &keys.application_key, &keys.command_key];
        if keys.access_key_id.is_empty() || secrets.iter().any(|secret| secret.len() < SECRET_BYTES_MIN) {
            bail!("{} holds a key that is too short to be one", path.display());
        }
        Ok(keys)
    }

    /// Reads the keys, or makes the folder and them. The flag says whether they are new.
    ///
    /// # Errors
    /// As [`Keys::load`], or when the folder cannot be written to.
    pub fn load_or_create(data: &Path) -> anyhow::Result<(Self, bool)> {
        make_folder(data)?;
        let path = Self::path(data);
        // Not `exists`, which takes a disk that fails for a missing file, whose keys would then be replaced.
        if path.try_exists().with_context(|| format!("looking for {}", path.display()))? {
            return Ok((Self::load(data)?, false));
        }
        let keys = Self {
            access_key_id: format!("QDN{}", ulid::Ulid::from_bytes(rand::random())),
            secret_access_key: Secret::generate("").reveal().to_owned(),
            application_key: Secret::generate("qdn_pk_").reveal().to_owned(),
            command_key: Secret::generate("qdn_sk_").reveal().to_owned(),
        };
        write_private(&Self::path(data), &serde_json::to_vec_pretty(&keys)?)?;
        Ok((keys, true))
    }
}

fn make_folder(data: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("making the data folder {}", data.display()))
}

/// Makes the data folder this process's alone, for as long as the answer is kept.
///
/// # Errors
/// When another process has it.
pub(super) fn lock_folder(data: &Path) -> anyhow::Result<File> {
    make_folder(data)?;
    let path = data.join("lock");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("{} is in use by another qdn serve", data.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

/// The mark in the lock file while a server runs. One that is still there at a start says that the last server did not shut
/// down cleanly.
const IN_USE: &[u8] = b"in use\n";

/// Whether the last server of this folder did not shut down cleanly.
pub(super) fn was_in_use(lock: &File) -> bool {
    let mut mark = [0; IN_USE.len()];
    lock.read_at(&mut mark, 0).is_ok_and(|_| mark == IN_USE)
}

/// Marks the folder as in use, or as left in good order.
///
/// # Errors
/// When the file cannot be written: on a full disk the mark fails only where it never stood.
pub(super) fn mark_in_use(lock: &File, in_use: bool) -> std::io::Result<()> {
    let mark = if in_use { IN_USE } else { b"ended.\n" };
    lock.write_all_at(mark, 0)?;
    lock.sync_all()
}

/// Writes a file of mode 0600 so that a reader, or a power cut, sees all of it or none.
///
/// # Errors
/// When the folder cannot be written to.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let wording = || format!("writing {}", path.display());
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut name = path.file_name().with_context(wording)?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let staging = folder.join(name);
    match fs::remove_file(&staging) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(wording),
        _ => {}
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staging).with_context(wording)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(wording)?;
    fs::rename(&staging, path).with_context(wording)?;
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(wording)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (first, made) = Keys::load_or_create(&data).unwrap();
        let (second, made_again) = Keys::load_or_create(&data).unwrap();
        assert!(made && !made_again);
        assert_eq!(first.secret_access_key, second.secret_access_key);
        assert_eq!(fs::metadata(Keys::path(&data)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn keys_that_others_can_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        Keys::load_or_create(folder.path()).unwrap();
        fs::set_permissions(Keys::path(folder.path()), fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keys::load(folder.path()).err().unwrap().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
