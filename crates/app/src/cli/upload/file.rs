//! A photo on this machine's disk: looked at, hashed, streamed. Never whole in memory.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::Stream;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use super::kind;
use super::tally::Stop;
use crate::cli::client::shown;

/// How much is read from the disk at once.
const READ_BYTES: usize = 128 << 10;
/// How much is handed to the connection at once. It takes up to 16 pieces before it writes, and progress is seen only
/// when it takes one: with small pieces a slow link is not mistaken for a dead one.
const PIECE_BYTES: usize = 16 << 10;

/// What is said of a file that did not hold still.
const CHANGED: &str = "changed while it was being sent; nothing was stored. Run the command again";

/// A file that looks like a photo.
#[derive(Debug)]
pub(super) struct LocalPhoto {
    path: PathBuf,
    content_type: &'static str,
    stamp: Stamp,
}

/// By what a change is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size_bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// A path for people.
pub(super) fn shown_path(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

impl LocalPhoto {
    /// Looks at a file and its first bytes.
    ///
    /// # Errors
    /// A sentence that goes on after the file's name.
    pub(super) fn inspect(path: &Path) -> Result<Self, String> {
        // Asked before it is opened: to open a pipe would wait for whoever writes to it.
        let metadata = std::fs::metadata(path).map_err(|error| wording(&error))?;
        if metadata.is_dir() {
            return Err("is a folder; name the photos in it, such as folder/*.jpg".to_owned());
        }
        if !metadata.is_file() {
            return Err("is not an ordinary file".to_owned());
        }
        if metadata.len() == 0 {
            return Err("is empty".to_owned());
        }
        let mut head = Vec::with_capacity(kind::HEAD_BYTES);
        let file = File::open(path).map_err(|error| wording(&error))?;
        let stamp = Stamp::of(&file.metadata().map_err(|error| wording(&error))?);
        let limit = u64::try_from(kind::HEAD_BYTES).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut head).map_err(|error| wording(&error))?;
        let content_type = kind::content_type(&head)
            .ok_or("is not a photo: it must be a JPEG, PNG, WebP, GIF, HEIC, HEIF or AVIF file")?;
        Ok(Self { path: path.to_owned(), content_type, stamp })
    }

    /// Its size.
    pub(super) fn size_bytes(&self) -> u64 {
        self.stamp.size_bytes
    }

    /// Its path, for people.
    pub(super) fn shown(&self) -> String {
        shown_path(&self.path)
    }

    /// Reads all of it. Slow: for a thread that may block.
    ///
    /// # Errors
    /// A sentence that goes on after the file's name; also when the run was stopped meanwhile.
    pub(super) fn hash(self, stop: &Stop) -> Result<HashedPhoto, (Self, String)> {
        match self.sha256(stop) {
            Ok(sha256) => Ok(HashedPhoto { photo: self, sha256: hex(&sha256) }),
            Err(reason) => Err((self, reason)),
        }
    }

    fn sha256(&self, stop: &Stop) -> Result<[u8; 32], String> {
        let mut file = File::open(&self.path).map_err(|error| wording(&error))?;
        let (mut hasher, mut read) = (Sha256::new(), 0);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let bytes = match file.read(&mut buffer) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(wording(&error)),
            };
            // A file that grows as fast as it is read would never end.
            read += u64::try_from(bytes).unwrap_or(u64::MAX);
            if bytes == 0 || read > self.stamp.size_bytes {
                break;
            }
            hasher.update(buffer.get(..bytes).unwrap_or_default());
            if stop.is_stopped() {
                return Err("was not sent".to_owned());
            }
        }
        let stamp = Stamp::of(&file.metadata().map_err(|error| wording(&error))?);
        if read != self.stamp.size_bytes || stamp != self.stamp {
            return Err(CHANGED.to_owned());
        }
        Ok(hasher.finalize().into())
    }
}

/// A photo whose bytes are known.
#[derive(Debug)]
pub(super) struct HashedPhoto {
    photo: LocalPhoto,
    /// The SHA-256 of its bytes, in 64 hexadecimal digits.
    pub(super) sha256: String,
}

impl HashedPhoto {
    /// Its size.
    pub(super) fn size_bytes(&self) -> u64 {
        self.photo.size_bytes()
    }

    /// Its path, for people.
    pub(super) fn shown(&self) -> String {
        self.photo.shown()
    }

    /// The name it is uploaded under.
    pub(super) fn name(&self) -> String {
        let name = self.photo.path.file_name().unwrap_or(self.photo.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Its type.
    pub(super) fn content_type(&self) -> &'static str {
        self.photo.content_type
    }

    /// Its bytes, to be sent. `watch` is told of every piece that the connection takes.
    ///
    /// # Errors
    /// A sentence, when it cannot be opened or has changed.
    pub(super) async fn open(self: &Arc<Self>, watch: Arc<dyn Watch>) -> Result<Pieces, String> {
        let file = tokio::fs::File::open(&self.photo.path).await.map_err(|error| wording(&error))?;
        let pieces =
            Pieces { file, photo: Arc::clone(self), left: self.size_bytes(), read: BytesMut::new(), watch };
        if pieces.is_unchanged().await.map_err(|error| wording(&error))? {
            Ok(pieces)
        } else {
            Err(CHANGED.to_owned())
        }
    }
}

/// Who follows a file on its way.
pub(super) trait Watch: Send + Sync + 'static {
    /// The connection took so many bytes more.
    fn taken(&self, bytes: u64);
    /// The file failed; the sentence goes on after its name. The stream ends with an error.
    fn broken(&self, reason: String);
}

/// A file being read for the network.
pub(super) struct Pieces {
    file: tokio::fs::File,
    photo: Arc<HashedPhoto>,
    left: u64,
    read: BytesMut,
    watch: Arc<dyn Watch>,
}

impl Pieces {
    /// The pieces as a request's body.
    pub(super) fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        futures::stream::try_unfold(self, async |mut pieces| {
            let piece = match pieces.next().await {
                Ok(piece) => piece,
                Err(error) => {
                    let reason = if error.kind() == ErrorKind::UnexpectedEof {
                        CHANGED.to_owned()
                    } else {
                        wording(&error)
                    };
                    pieces.watch.broken(reason);
                    return Err(error);
                }
            };
            Ok(piece.map(|piece| {
                pieces.watch.taken(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                (piece, pieces)
            }))
        })
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.read.is_empty() {
            if self.left == 0 {
                return Ok(None);
            }
            self.read.reserve(READ_BYTES);
            let room = self.left.min(u64::try_from(READ_BYTES).unwrap_or(u64::MAX));
            let bytes = (&mut self.file).take(room).read_buf(&mut self.read).await?;
            self.left -= u64::try_from(bytes).unwrap_or(u64::MAX).min(self.left);
            // The end is given only if the file is still the one that was hashed: no torn photo is sent whole.
            if bytes == 0 || (self.left == 0 && !self.is_unchanged().await?) {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let piece = self.read.len().min(PIECE_BYTES);
        Ok(Some(self.read.split_to(piece).freeze()))
    }

    async fn is_unchanged(&self) -> io::Result<bool> {
        Ok(Stamp::of(&self.file.metadata().await?) == self.photo.photo.stamp)
    }
}

fn wording(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;
    use std::sync::Mutex;

    use futures::TryStreamExt as _;

    use super::*;

    #[derive(Default)]
    struct Notes(Mutex<(u64, Vec<String>)>);

    impl Watch for Notes {
        fn taken(&self, bytes: u64) {
            self.0.lock().unwrap().0 += bytes;
        }
        fn broken(&self, reason: String) {
            self.0.lock().unwrap().1.push(reason);
        }
    }

    fn jpeg(bytes: usize) -> Vec<u8> {
        let mut photo = b"\xff\xd8\xff\xe0".to_vec();
        photo.extend((photo.len()..bytes).map(|at| u8::try_from(at % 251).unwrap()));
        photo
    }

    #[test]
    fn files_that_cannot_be_photos_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("empty.jpg"), b"").unwrap();
        std::fs::write(path("text.jpg"), b"not a photo").unwrap();
        for (name, wanted) in [
            ("absent.jpg", "there is no such file"),
            ("empty.jpg", "is empty"),
            ("text.jpg", "is not a photo"),
            ("", "is a folder"),
        ] {
            let reason = LocalPhoto::inspect(&path(name)).unwrap_err();
            assert!(reason.contains(wanted), "{name}: {reason}");
        }
        let reason = LocalPhoto::inspect(Path::new("/dev/null")).unwrap_err();
        assert!(reason.contains("ordinary"), "{reason}");
    }

    #[tokio::test]
    async fn a_photo_is_streamed_byte_for_byte_in_small_pieces() {
        let folder = tempfile::tempdir().unwrap();
        // A name that is no UTF-8.
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"a\xff.jpg"));
        let bytes = jpeg(READ_BYTES * 2 + 77);
        std::fs::write(&path, &bytes).unwrap();
        let photo = Arc::new(LocalPhoto::inspect(&path).unwrap().hash(&Stop::default()).unwrap());
        assert_eq!(photo.sha256, hex(&Sha256::digest(&bytes)));
        assert_eq!((photo.name().as_str(), photo.content_type()), ("a\u{fffd}.jpg", "image/jpeg"));
        let notes = Arc::new(Notes::default());
        let pieces: Vec<_> =
            photo.open(notes.clone()).await.unwrap().into_stream().try_collect().await.unwrap();
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES));
        assert!(pieces.concat() == bytes, "other bytes");
        assert_eq!(*notes.0.lock().unwrap(), (u64::try_from(bytes.len()).unwrap(), Vec::new()));
    }

    #[tokio::test]
    async fn a_file_that_changes_is_never_sent_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        let bytes = jpeg(READ_BYTES * 3);
        let change = |how: &str| match how {
            "grows" => std::fs::write(&path, jpeg(READ_BYTES * 3 + 1)).unwrap(),
            "shrinks" => File::options().write(true).open(&path).unwrap().set_len(READ_BYTES as u64).unwrap(),
            _ => std::fs::write(&path, &bytes).unwrap(),
        };
        for how in ["grows", "shrinks", "is written again"] {
            std::fs::write(&path, &bytes).unwrap();
            let photo = Arc::new(LocalPhoto::inspect(&path).unwrap().hash(&Stop::default()).unwrap());
            let notes = Arc::new(Notes::default());
            let mut stream = Box::pin(photo.open(notes.clone()).await.unwrap().into_stream());
            let mut sent = stream.try_next().await.unwrap().unwrap().len();
            change(how);
            let error = loop {
                match stream.try_next().await {
                    Ok(piece) => sent += piece.unwrap().len(),
                    Err(error) => break error,
                }
            };
            assert!(sent < bytes.len(), "{how}: {sent} bytes, {error}");
            assert!(notes.0.lock().unwrap().1[0].contains("changed"), "{how}");
            let reopened = photo.open(notes).await;
            assert!(reopened.is_err_and(|reason| reason.contains("changed")), "{how}");
        }
    }

    #[test]
    fn a_file_that_changes_before_it_is_hashed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        std::fs::write(&path, jpeg(5_000)).unwrap();
        let photo = LocalPhoto::inspect(&path).unwrap();
        std::fs::write(&path, jpeg(6_000)).unwrap();
        let (_, reason) = photo.hash(&Stop::default()).unwrap_err();
        assert!(reason.contains("changed"), "{reason}");
    }
}
