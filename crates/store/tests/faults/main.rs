//! What the store does when the disk fails under it: `strace`, attached to this process, makes system calls on chosen
//! paths fail or last long. Needs `strace` and the right to trace (root, or `kernel.yama.ptrace_scope=0`).

// clippy's `allow-unwrap-in-tests` does not reach helpers of integration tests; support serves other tests too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::format_collect, dead_code)]

mod disk;
#[path = "../store/support.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sha2::Digest;
use support::{BUCKET, Server, hex};
use tokio::sync::{Mutex, MutexGuard};

/// A process can have one tracer.
static TRACER: Mutex<()> = Mutex::const_new(());

/// System calls that fail or are slow, for as long as this lives.
pub(crate) struct Fault {
    strace: Child,
    _only: MutexGuard<'static, ()>,
}

impl Fault {
    /// Injects into calls on these paths, in the words of `strace -e inject=`.
    pub(crate) async fn on(paths: &[&Path], inject: &str) -> Self {
        let only = TRACER.lock().await;
        let calls = inject.split(':').next().unwrap();
        let mut strace = Command::new("strace");
        strace.args([
            "-f",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={calls}"),
            "-e",
            &format!("inject={inject}"),
        ]);
        for path in paths {
            strace.arg("-P").arg(path);
        }
        strace.args(["-p", &std::process::id().to_string()]).stderr(Stdio::piped());
        let mut strace = strace.spawn().unwrap();
        let mut lines = BufReader::new(strace.stderr.take().unwrap()).lines();
        let attached = lines.by_ref().map(Result::unwrap).find(|line| line.contains("attached"));
        assert!(attached.is_some(), "strace cannot attach");
        // It goes on naming the threads that it attaches to.
        std::thread::spawn(move || lines.count());
        tokio::time::sleep(Duration::from_millis(200)).await;
        Self { strace, _only: only }
    }

    pub(crate) fn end(self) {
        drop(self);
    }
}

impl Drop for Fault {
    /// A test that fails must let go of the process too.
    fn drop(&mut self) {
        let id = self.strace.id().to_string();
        let ended = Command::new("kill").args(["-INT", &id]).status().and_then(|_| self.strace.wait());
        if ended.is_err() {
            eprintln!("strace did not end");
        }
    }
}

pub(crate) fn shard(server: &Server, key: &str) -> PathBuf {
    object(server, key).parent().unwrap().to_owned()
}

pub(crate) fn object(server: &Server, key: &str) -> PathBuf {
    let name = hex(&sha2::Sha256::digest(key));
    server.folder.path().join("buckets").join(BUCKET).join(&name[..2]).join(name)
}

/// Files and index agree, after a restart too.
pub(crate) async fn assert_settled(server: Server, keys: &[&str]) -> Server {
    assert_eq!(server.keys().await, keys);
    let server = server.restart_after(|_| {}).await;
    assert_eq!(server.keys().await, keys);
    let report = qdn_store::check(server.folder.path(), false, true).unwrap();
    assert!(report.is_clean(), "{report:?}");
    for folder in ["staging", "trash"] {
        let left: Vec<_> = std::fs::read_dir(server.folder.path().join(folder)).unwrap().collect();
        assert!(left.is_empty(), "{folder}: {left:?}");
    }
    server
}
