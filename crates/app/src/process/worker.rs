//! The server's end of a photo worker: a child process that is kept warm, watched by a clock, and replaced when it dies.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::protocol::{Done, GO, RENDITION_BYTES_MAX, REPLY_BYTES_MAX, Reply};

/// Photos after which a worker is replaced, so that whatever a decoder's library leaks has an end.
const PHOTOS_PER_CHILD_MAX: u32 = 500;

/// Makes glibc keep the memory of one photo for the next, rather than have each page given and zeroed anew: an eighth of
/// a 12-megapixel JPEG's time (mallopt(3)). What is larger than the first, in bytes, goes back at once.
const KEPT_MEMORY: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "16777216"), ("MALLOC_TRIM_THRESHOLD_", "67108864")];

/// The signal that a decoder gives itself by no mistake: limits of memory end in an abort.
const KILL: i32 = Signal::KILL.as_raw();

/// How a worker's look at a photo ended, where it ended well.
#[derive(Debug)]
pub(super) enum Looked {
    /// With renditions.
    Done {
        /// What it found.
        done: Done,
        /// The 320 px copy.
        thumb: Bytes,
        /// The 1600 px copy.
        display: Bytes,
    },
    /// With a reason why it cannot be shown.
    Rejected(String),
}

/// How it ended otherwise.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkerError {
    /// The process is gone, or says what no worker says.
    #[error("the photo worker died: {0}")]
    Died(String),
    /// Somebody killed it, as the kernel does where memory is short: perhaps no fault of the photo.
    #[error("the photo worker was killed")]
    Killed,
    /// It took longer than any photo may.
    #[error("the photo worker took longer than {} s", .0.as_secs())]
    Late(Duration),
    /// It could not be started: nothing is known of the photo.
    #[error("the photo worker cannot be started: {0}")]
    Start(io::Error),
    /// Other photos have the memory, or the turn: nothing is known of this one.
    #[error("other photos go first")]
    Busy,
}

/// Memory that is handed out by the mebibyte.
#[derive(Debug, Clone)]
struct Room {
    mebibytes: Arc<Semaphore>,
    total: u32,
}

impl Room {
    fn new(mebibytes: u32) -> Self {
        let total = mebibytes.max(1);
        Self { mebibytes: Arc::new(Semaphore::new(total as usize)), total }
    }

    /// Waits for this much. Who needs more than there is waits until they are alone.
    async fn take(&self, bytes: u64, wait_max: Duration) -> Result<OwnedSemaphorePermit, WorkerError> {
        let wanted = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX).clamp(1, self.total);
        let taken = timeout(wait_max, Arc::clone(&self.mebibytes).acquire_many_owned(wanted)).await;
        taken.ok().and_then(Result::ok).ok_or(WorkerError::Busy)
    }
}

/// How much memory all workers together may use: to decode in, and half as much besides for originals, which are fetched
/// before it is known what it takes to decode them. Two rooms, always taken in this order, so that no two photos wait for
/// one another.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    originals: Room,
    decoding: Room,
    suspects: Arc<Semaphore>,
}

impl Budget {
    pub(super) fn new(mebibytes: u32) -> Self {
        let suspects = Arc::new(Semaphore::new(1));
        Self { originals: Room::new(mebibytes / 2), decoding: Room::new(mebibytes), suspects }
    }
}

/// A worker that is started when it is first needed.
pub(super) struct Worker {
    bytes_max: u64,
    deadline: Duration,
    budget: Budget,
    process: Option<Process>,
}

struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    deadline: Duration,
    photos: u32,
}

impl Worker {
    /// A worker that takes photos up to `bytes_max`, and may take up to `deadline` for each half of its work.
    pub(super) fn new(bytes_max: u64, deadline: Duration, budget: Budget) -> Self {
        Self { bytes_max, deadline, budget, process: None }
    }

    /// Waits until there is room for an original of this size: here, and once more in the worker.
    pub(super) async fn room_for(&self, size_bytes: u64) -> Result<OwnedSemaphorePermit, WorkerError> {
        let bytes = size_bytes.min(self.bytes_max).saturating_mul(2);
        self.budget.originals.take(bytes, self.deadline).await
    }

    /// The turn of a photo that may be to blame for deaths that nobody lived to see: of those one is looked at at a time, so
    /// that the others are not blamed for the next.
    pub(super) fn turn_of_suspect(&self) -> Result<OwnedSemaphorePermit, WorkerError> {
        Arc::clone(&self.budget.suspects).try_acquire_owned().map_err(|_| WorkerError::Busy)
    }

    /// Has the worker look at a photo. After an error the process is gone, and the next photo gets a new one.
    pub(super) async fn look(&mut self, photo: Bytes) -> Result<Looked, WorkerError> {
        // One that died while it had nothing to do is no photo's fault.
        let mut warm = self.process.take();
        let alive = warm.take_if(|process| matches!(process.child.try_wait(), Ok(None)));
        let mut process = match alive {
            Some(process) => process,
            None => Process::start(self.bytes_max, self.deadline).map_err(WorkerError::Start)?,
        };
        let looked = match process.look(photo, &self.budget.decoding).await {
            Ok(looked) => looked,
            Err(error) => return Err(process.end(error).await),
        };
        process.photos += 1;
        if process.photos < PHOTOS_PER_CHILD_MAX {
            self.process = Some(process);
        }
        Ok(looked)
    }
}

impl Process {
    fn start(bytes_max: u64, deadline: Duration) -> io::Result<Self> {
        let mut child = Command::new(own_program()?)
            .args(super::child::ARGUMENTS)
            .arg(bytes_max.to_string())
            // No key, no address, no folder: it needs none of what stands in the server's environment.
            .env_clear()
            .envs(KEPT_MEMORY)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        Ok(Self { child, input, output, deadline, photos: 0 })
    }

    async fn look(&mut self, photo: Bytes, room: &Room) -> Result<Looked, WorkerError> {
        let needs = match in_time(self.deadline, self.hand_over(&photo)).await? {
            Reply::Needs(bytes) => bytes,
            Reply::Rejected(code) => return Ok(Looked::Rejected(code)),
            Reply::Done(_) => return Err(WorkerError::Died("it was done before it began".to_owned())),
        };
        drop(photo);
        // Other photos are in the way, not this one: its own clock stands still.
        let _memory = room.take(needs, self.deadline).await?;
        in_time(self.deadline, self.receive()).await
    }

    async fn hand_over(&mut self, photo: &Bytes) -> io::Result<Reply> {
        self.input.write_all(&(photo.len() as u64).to_le_bytes()).await?;
        self.input.write_all(photo).await?;
        self.input.flush().await?;
        self.reply().await
    }

    async fn receive(&mut self) -> io::Result<Looked> {
        self.input.write_all(&[GO]).await?;
        self.input.flush().await?;
        match self.reply().await? {
            Reply::Needs(_) => Err(io::Error::other("it asked twice")),
            Reply::Rejected(code) => Ok(Looked::Rejected(code)),
            Reply::Done(done) => {
                let [thumb, display] = done.rendition_bytes;
                let thumb = self.read(thumb, RENDITION_BYTES_MAX).await?;
                let display = self.read(display, RENDITION_BYTES_MAX).await?;
                Ok(Looked::Done { done, thumb, display })
            }
        }
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        let length = self.output.read_u32_le().await?;
        let json = self.read(length.into(), REPLY_BYTES_MAX.into()).await?;
        Ok(serde_json::from_slice(&json)?)
    }

    async fn read(&mut self, length: u64, length_max: u64) -> io::Result<Bytes> {
        let length = usize::try_from(length).ok().filter(|_| length <= length_max);
        let length = length.ok_or_else(|| io::Error::other("it said too much"))?;
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).await?;
        Ok(bytes.into())
    }

    /// Makes sure that the process is gone, and says of what it died.
    async fn end(mut self, error: WorkerError) -> WorkerError {
        if matches!(error, WorkerError::Late(_) | WorkerError::Busy) {
            // It is killed when it is dropped; here only so that it is gone before the next one starts.
            let _ = self.child.kill().await;
            return error;
        }
        match timeout(Duration::from_secs(1), self.child.wait()).await {
            Ok(Ok(status)) if status.signal() == Some(KILL) => WorkerError::Killed,
            Ok(Ok(status)) => WorkerError::Died(status.to_string()),
            _ => error,
        }
    }
}

/// This very program, also when its file was replaced by a newer one since it started.
fn own_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

async fn in_time<T>(
    deadline: Duration,
    exchange: impl Future<Output = io::Result<T>>,
) -> Result<T, WorkerError> {
    match timeout(deadline, exchange).await {
        Ok(result) => result.map_err(|error| WorkerError::Died(error.to_string())),
        Err(_) => Err(WorkerError::Late(deadline)),
    }
}
