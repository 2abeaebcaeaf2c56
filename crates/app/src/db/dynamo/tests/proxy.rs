//! A proxy before the server that counts requests and loses answers: the request is carried out, and nobody hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::aws::scripted::read_message;

/// The proxy.
pub(super) struct Proxy {
    pub(super) origin: String,
    rules: Arc<Rules>,
}

#[derive(Default)]
struct Rules {
    /// Answers to writes that are lost from now on.
    lose: AtomicUsize,
    /// Writes that are let through from now on before all others are refused a connection; 0 is no such limit.
    writes_left: AtomicUsize,
    /// Answers that were lost.
    lost: AtomicUsize,
    /// Requests.
    asked: AtomicUsize,
}

impl Proxy {
    /// Before the server at `origin`, such as `http://127.0.0.1:8000`.
    pub(super) async fn start(origin: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let server = origin.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let rules = Arc::<Rules>::default();
        let shared = Arc::clone(&rules);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, server.clone(), Arc::clone(&shared)));
            }
        });
        Self { origin: own, rules }
    }

    /// Loses the next answer to a write.
    pub(super) fn lose_one(&self) {
        self.rules.lose.store(1, Ordering::SeqCst);
    }

    /// Lets so many more writes through, and none after them.
    pub(super) fn end_after_writes(&self, writes: usize) {
        self.rules.writes_left.store(writes + 1, Ordering::SeqCst);
    }

    /// Requests since this was last asked.
    pub(super) fn asked(&self) -> usize {
        self.rules.asked.swap(0, Ordering::SeqCst)
    }

    /// Answers that were lost so far.
    pub(super) fn lost(&self) -> usize {
        self.rules.lost.load(Ordering::SeqCst)
    }
}

fn is_write(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    ["putitem", "updateitem", "deleteitem", "transactwriteitems"]
        .iter()
        .any(|operation| text.contains(&format!("x-amz-target: dynamodb_20120810.{operation}\r\n")))
}

async fn serve(mut connection: TcpStream, server: String, rules: Arc<Rules>) {
    let mut upstream = TcpStream::connect(server).await.unwrap();
    while let Some(request) = read_message(&mut connection).await {
        rules.asked.fetch_add(1, Ordering::SeqCst);
        let write = is_write(&request);
        if write {
            // 2: one may pass. 1: no more.
            match rules.writes_left.load(Ordering::SeqCst) {
                0 => {}
                1 => return,
                left => rules.writes_left.store(left - 1, Ordering::SeqCst),
            }
        }
        upstream.write_all(&request).await.unwrap();
        let answer = read_message(&mut upstream).await.unwrap();
        if write && rules.lose.swap(0, Ordering::SeqCst) > 0 {
            rules.lost.fetch_add(1, Ordering::SeqCst);
            return;
        }
        connection.write_all(&answer).await.unwrap();
    }
}
