//! A server for tests of what goes wrong on the way: it answers each request with the next line of a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Line {
    /// An answer with this status and document.
    Answer(u16, &'static str),
    /// The connection is closed without an answer.
    Close,
    /// Nothing, for ever.
    Hang,
}

/// The server. When the script ends, its last line is repeated.
pub(crate) struct Scripted {
    pub(crate) origin: String,
    /// The requests so far, whole.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) async fn start(script: &[Line]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let script = Arc::new(Mutex::new(script.iter().copied().collect::<VecDeque<_>>()));
        let noted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&script), Arc::clone(&noted)));
            }
        });
        Self { origin, requests }
    }

    pub(crate) fn asked(&self) -> usize {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

async fn serve(
    mut connection: TcpStream,
    script: Arc<Mutex<VecDeque<Line>>>,
    noted: Arc<Mutex<Vec<String>>>,
) {
    while let Some(request) = read_message(&mut connection).await {
        noted.lock().unwrap().push(String::from_utf8(request).unwrap());
        let line = {
            let mut script = script.lock().unwrap();
            if script.len() > 1 { script.pop_front().unwrap() } else { script[0] }
        };
        match line {
            Line::Close => return,
            Line::Hang => std::future::pending().await,
            Line::Answer(status, document) => {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", document.len());
                connection.write_all((head + document).as_bytes()).await.unwrap();
            }
        }
    }
}

/// A message of HTTP with a `Content-Length`, head and body; nothing at the end of the connection.
pub(crate) async fn read_message(connection: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut message, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let read = connection.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        message.extend_from_slice(&piece[..read]);
        let Some(head) = message.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&message[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap_or("0");
        if message.len() >= head + 4 + length.trim().parse::<usize>().unwrap() {
            return Some(message);
        }
    }
}
