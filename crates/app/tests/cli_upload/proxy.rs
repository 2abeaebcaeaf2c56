//! A TCP proxy in front of one of the server's ports: it counts, it slows down, and it outlives the server.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    target: Mutex<Option<SocketAddr>>,
    sent_bytes: AtomicU64,
    posts: AtomicUsize,
    open: AtomicUsize,
    open_peak: AtomicUsize,
    bytes_per_second: AtomicU64,
    /// Held while bytes pass at a limited rate: the rate is that of all connections together.
    turn: Mutex<()>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&proxy.state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let state = Arc::clone(&state);
                thread::spawn(move || forward(client.unwrap(), &state));
            }
        });
        proxy
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set_target(&self, target: SocketAddr) {
        *self.state.target.lock().unwrap() = Some(target);
    }

    /// Lets so many bytes a second pass towards the server; 0 is no limit.
    pub(crate) fn set_rate(&self, bytes_per_second: u64) {
        self.state.bytes_per_second.store(bytes_per_second, Ordering::SeqCst);
    }

    /// Bytes that clients have sent.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.state.sent_bytes.load(Ordering::SeqCst)
    }

    /// POST requests that clients have sent.
    pub(crate) fn posts(&self) -> usize {
        self.state.posts.load(Ordering::SeqCst)
    }

    /// Connections that are open.
    pub(crate) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// The most connections that were open at once.
    pub(crate) fn open_peak(&self) -> usize {
        self.state.open_peak.load(Ordering::SeqCst)
    }
}

fn forward(mut client: TcpStream, state: &Arc<State>) {
    let target = state.target.lock().unwrap().unwrap();
    // A server that is down looks down through the proxy too.
    let Ok(mut server) = TcpStream::connect(target) else { return };
    let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
    state.open_peak.fetch_max(open, Ordering::SeqCst);
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let back = thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(bytes @ 1..) = from_server.read(&mut buffer) {
            if to_client.write_all(&buffer[..bytes]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
        let _ = from_server.shutdown(Shutdown::Both);
    });
    let mut buffer = [0; 16 << 10];
    while let Ok(bytes @ 1..) = client.read(&mut buffer) {
        let rate = state.bytes_per_second.load(Ordering::SeqCst);
        if let Some(nanos) = (u64::try_from(bytes).unwrap() * 1_000_000_000).checked_div(rate) {
            let _turn = state.turn.lock().unwrap();
            thread::sleep(Duration::from_nanos(nanos));
        }
        state.sent_bytes.fetch_add(u64::try_from(bytes).unwrap(), Ordering::SeqCst);
        if buffer[..bytes].starts_with(b"POST /") {
            state.posts.fetch_add(1, Ordering::SeqCst);
        }
        if server.write_all(&buffer[..bytes]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
    let _ = back.join();
    state.open.fetch_sub(1, Ordering::SeqCst);
}
