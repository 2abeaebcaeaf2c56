//! A real server in a folder of its own, photos, and the program run as a person runs it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::proxy::Proxy;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program, with nothing of the tester's environment.
pub(crate) fn qdn() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qdn"));
    command.env_clear();
    command
}

/// Waits until `look` gives something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited too long for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A server behind a proxy per port. The proxies' addresses are its public ones, so that they stay when it restarts.
pub(crate) struct Server {
    pub(crate) folder: TempDir,
    pub(crate) api: Proxy,
    pub(crate) store: Proxy,
    arguments: Vec<String>,
    process: Option<Child>,
    ports: [SocketAddr; 2],
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut server = Self {
            folder: tempfile::tempdir().unwrap(),
            api: Proxy::start(),
            store: Proxy::start(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            process: None,
            ports: [any, any],
        };
        server.run();
        server
    }

    /// Starts the process, on the ports it had before if it had any.
    pub(crate) fn run(&mut self) {
        let (ready, log) = (self.path("ready.json"), self.path("server.log"));
        let _ = fs::remove_file(&ready);
        let mut command = qdn();
        command.arg("serve").arg("--data").arg(self.data());
        command.args(["--listen", &self.ports[0].to_string(), "--store-listen", &self.ports[1].to_string()]);
        command.args(["--public-url", &self.api.origin(), "--store-public-url", &self.store.origin()]);
        command.arg("--ready-file").arg(&ready).args(&self.arguments);
        command.stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        let mut process = command.spawn().unwrap();
        wait_for("the server", || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {}", fs::read_to_string(&log).unwrap());
            ready.exists().then_some(())
        });
        // The ready file has the public addresses; the log has the true ones.
        let line = wait_for("the addresses in the log", || {
            let text = fs::read_to_string(&log).unwrap();
            text.lines().find(|line| line.contains("api_address")).map(str::to_owned)
        });
        let line: Value = serde_json::from_str(&line).unwrap();
        self.ports =
            ["api_address", "store_address"].map(|name| line[name].as_str().unwrap().parse().unwrap());
        self.api.set_target(self.ports[0]);
        self.store.set_target(self.ports[1]);
        self.process = Some(process);
    }

    /// Ends the process as a power cut would, for the process.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command_key(&self) -> String {
        let keys: Value = serde_json::from_slice(&fs::read(self.data().join("keys.json")).unwrap()).unwrap();
        keys["command_key"].as_str().unwrap().to_owned()
    }

    /// Photos of so many bytes, all different, in the server's folder.
    pub(crate) fn photos(&self, count: usize, bytes: usize) -> Vec<PathBuf> {
        (0..count)
            .map(|number| {
                let path = self.path(&format!("photo-{number:02}.jpg"));
                fs::write(&path, photo(u64::try_from(number).unwrap(), bytes)).unwrap();
                path
            })
            .collect()
    }

    /// `qdn upload` to the sample job, ready to run.
    pub(crate) fn upload(&self, files: &[PathBuf]) -> Command {
        let mut command = qdn();
        command.arg("upload").args(files).args(["--job", "sample", "--data"]).arg(self.data());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What `qdn photos --json` lists.
    pub(crate) fn list(&self) -> Vec<Value> {
        let output =
            qdn().args(["photos", "--job", "sample", "--json", "--data"]).arg(self.data()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

/// A JPEG's first bytes, then noise that `seed` decides.
pub(crate) fn photo(seed: u64, bytes: usize) -> Vec<u8> {
    let mut photo = b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while photo.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        photo.extend_from_slice(&state.to_le_bytes());
    }
    photo.truncate(bytes);
    photo
}

/// Everything a run printed.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Sends a signal, such as `INT`.
pub(crate) fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Asserts that every file is listed once, with its size and its very bytes.
pub(crate) fn assert_listed(listed: &[Value], files: &[PathBuf]) {
    let ids: HashSet<_> = listed.iter().map(|photo| photo["photo_id"].as_str().unwrap()).collect();
    assert_eq!((listed.len(), ids.len()), (files.len(), files.len()), "{listed:#?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for file in files {
        let bytes = fs::read(file).unwrap();
        let photo = listed.iter().find(|photo| photo["name"] == name_of(file)).unwrap();
        assert_eq!(photo["size"], bytes.len());
        let answer = runtime.block_on(async {
            let answer = http.get(photo["url"].as_str().unwrap()).send().await.unwrap();
            answer.error_for_status().unwrap().bytes().await.unwrap()
        });
        assert!(answer == bytes, "{} came back with other bytes", file.display());
    }
}

pub(crate) fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}
