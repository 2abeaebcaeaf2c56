//! The listener's limits over real sockets. Limits are short here, and times are measured.
//!
//! The clients are plain `std::net` sockets, since a client library would not misbehave.
// clippy's allowances for tests do not reach the helpers of an integration test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use qdn::listener::{BodyError, DrainReport, LimitedBody, ListenerLimits, bind, serve};
use tokio_util::sync::CancellationToken;

type Answer = Response<BoxBody<Bytes, std::io::Error>>;

const MIB: usize = 1024 * 1024;

struct Server {
    addr: SocketAddr,
    shutdown: CancellationToken,
    served: Option<tokio::task::JoinHandle<DrainReport>>,
    runtime: tokio::runtime::Runtime,
    late: Arc<AtomicUsize>,
}

impl Server {
    fn start(limits: ListenerLimits, drain_seconds: u64) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let shutdown = CancellationToken::new();
        let late = Arc::new(AtomicUsize::new(0));
        let listener = runtime.block_on(bind(([127, 0, 0, 1], 0).into())).unwrap();
        let addr = listener.local_addr().unwrap();
        let handler = {
            let late = Arc::clone(&late);
            move |request| handle(request, Arc::clone(&late))
        };
        let served = runtime.spawn(serve(listener, limits, handler, shutdown.clone(), drain_seconds));
        Self { addr, shutdown, served: Some(served), runtime, late }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.addr).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        client
    }

    /// Sends all of `request` on a connection of its own and reads until the server closes it.
    fn exchange(&self, request: &str) -> String {
        let mut client = self.connect();
        client.write_all(request.as_bytes()).unwrap();
        read_to_close(&mut client)
    }

    fn stop(mut self) -> DrainReport {
        self.shutdown.cancel();
        self.runtime.block_on(self.served.take().unwrap()).unwrap()
    }
}

async fn handle(request: Request<LimitedBody>, late: Arc<AtomicUsize>) -> Answer {
    let peer = request.extensions().get::<qdn::peer::PeerAddr>().copied();
    match request.uri().path() {
        "/peer" => text(StatusCode::OK, format!("peer {}", peer.unwrap().0)),
        "/panic" => panic!("planted"),
        "/refuse" => text(StatusCode::FORBIDDEN, "refused unread"),
        "/large" => {
            let chunk = Bytes::from(vec![b'x'; MIB]);
            let frames = (0..64).map(move |_| Ok(http_body::Frame::data(chunk.clone())));
            Response::new(StreamBody::new(futures::stream::iter(frames)).boxed())
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            text(StatusCode::OK, "slow but done")
        }
        "/for-ever" => std::future::pending().await,
        _ => upload(request.into_body(), &late).await,
    }
}

async fn upload(mut body: LimitedBody, late: &AtomicUsize) -> Answer {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes += frame.data_ref().map_or(0, Bytes::len),
            Err(error) => {
                if matches!(error, BodyError::Late) {
                    late.fetch_add(1, Ordering::SeqCst);
                }
                return text(StatusCode::BAD_REQUEST, "the handler saw the body fail");
            }
        }
    }
    text(StatusCode::OK, format!("took {bytes} bytes"))
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response
}

fn read_to_close(client: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match client.read_to_end(&mut answer) {
        Ok(_) => {}
        // The server closed with unread bytes of ours; what came before counts.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server did not close the connection: {error}"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer that has a Content-Length, leaving the connection open.
fn read_answer(client: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    client.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: qdn\r\n\r\n")
}

fn get_and_close(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: qdn\r\nConnection: close\r\n\r\n")
}

fn post_head(length: usize) -> String {
    format!("POST /upload HTTP/1.1\r\nHost: qdn\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
}

fn short_limits() -> ListenerLimits {
    ListenerLimits {
        header_read_seconds: 1,
        keep_alive_idle_seconds: 3,
        body_idle_seconds: 1,
        body_grace_seconds: 2,
        body_bytes_per_second_min: 1000,
        response_stall_seconds: 1,
        response_grace_seconds: 2,
        response_bytes_per_second_min: 1000,
        linger_seconds: 2,
        ..ListenerLimits::default()
    }
}

fn assert_between(elapsed: Duration, at_least_ms: u64, at_most_ms: u64) {
    assert!(
        (Duration::from_millis(at_least_ms)..Duration::from_millis(at_most_ms)).contains(&elapsed),
        "took {elapsed:?}, expected {at_least_ms} to {at_most_ms} ms"
    );
}

#[test]
fn two_hundred_connections_with_slow_headers_are_all_cut() {
    let server = Server::start(short_limits(), 1);
    let start = Instant::now();
    let mut clients: Vec<_> = (0..200).map(|_| server.connect()).collect();
    // One byte at a time, so that silence alone would never end them.
    for byte in b"GET / HT" {
        for client in &mut clients {
            let _ = client.write_all(&[*byte]);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(server.exchange(&get_and_close("/peer")).contains("200 OK"), "others must still be served");
    for client in &mut clients {
        assert_eq!(read_to_close(client), "", "a head that never ended has no answer");
    }
    assert_between(start.elapsed(), 900, 4_000);
}

#[test]
fn a_connection_that_sends_nothing_is_cut() {
    let server = Server::start(short_limits(), 1);
    let start = Instant::now();
    assert_eq!(read_to_close(&mut server.connect()), "");
    assert_between(start.elapsed(), 900, 2_500);
}

#[test]
fn an_idle_keep_alive_connection_is_cut_later_than_a_slow_second_head() {
    let server = Server::start(short_limits(), 1);
    let mut idle = server.connect();
    idle.write_all(get("/peer").as_bytes()).unwrap();
    assert!(read_answer(&mut idle).contains("200 ok"));
    let start = Instant::now();
    let mut slow = server.connect();
    slow.write_all(get("/peer").as_bytes()).unwrap();
    assert!(read_answer(&mut slow).contains("200 ok"));
    slow.write_all(b"GET /peer HTTP/1.1\r\nHo").unwrap();
    assert_eq!(read_to_close(&mut slow), "");
    assert_between(start.elapsed(), 900, 2_500);
    assert_eq!(read_to_close(&mut idle), "");
    assert_between(start.elapsed(), 2_800, 5_000);
}

#[test]
fn one_connection_carries_many_requests_with_pauses_between_them() {
    let server = Server::start(short_limits(), 1);
    let mut client = server.connect();
    for _ in 0..4 {
        client.write_all(get("/peer").as_bytes()).unwrap();
        let local = client.local_addr().unwrap();
        assert!(read_answer(&mut client).ends_with(&format!("peer {local}")));
        // Longer than a head may take, shorter than a connection may idle.
        std::thread::sleep(Duration::from_millis(1_300));
    }
}

#[test]
fn a_body_that_stops_is_cut_with_408_while_a_fast_one_goes_through() {
    let server = Server::start(short_limits(), 1);
    let mut stopped = server.connect();
    stopped.write_all(post_head(MIB).as_bytes()).unwrap();
    stopped.write_all(&[b'x'; 1000]).unwrap();
    let start = Instant::now();

    let mut fast = server.connect();
    fast.write_all(post_head(8 * MIB).as_bytes()).unwrap();
    fast.write_all(&vec![b'x'; 8 * MIB]).unwrap();
    assert!(read_to_close(&mut fast).contains(&format!("took {} bytes", 8 * MIB)));

    let answer = read_to_close(&mut stopped);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    assert_between(start.elapsed(), 900, 2_500);
    assert_eq!(server.late.load(Ordering::SeqCst), 1, "the handler must see why");
}

#[test]
fn a_body_that_trickles_is_cut_when_its_grace_is_used_up() {
    let server = Server::start(short_limits(), 1);
    let mut client = server.connect();
    client.write_all(post_head(MIB).as_bytes()).unwrap();
    let start = Instant::now();
    // 50 bytes a second: never silent for long, far below the 1,000 a second that are asked.
    while client.write_all(b"xxxxx").is_ok() && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_between(start.elapsed(), 1_900, 8_000);
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[test]
fn a_slow_body_above_the_minimum_rate_goes_through() {
    let server = Server::start(short_limits(), 1);
    let mut client = server.connect();
    client.write_all(post_head(20_000).as_bytes()).unwrap();
    for _ in 0..20 {
        client.write_all(&[b'x'; 1000]).unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
    assert!(read_to_close(&mut client).contains("took 20000 bytes"));
}

#[test]
fn a_client_that_does_not_read_its_answer_is_cut() {
    let server = Server::start(ListenerLimits { connections_max: 1, ..short_limits() }, 1);
    let mut stalled = server.connect();
    stalled.write_all(get_and_close("/large").as_bytes()).unwrap();
    let start = Instant::now();
    // The only place is taken until the stalled reader is cut.
    assert!(server.exchange(&get_and_close("/peer")).contains("200 OK"));
    assert_between(start.elapsed(), 900, 4_000);
    assert!(read_to_close(&mut stalled).len() < 64 * MIB, "the answer must have been cut short");
}

#[test]
fn a_client_that_takes_its_answer_too_slowly_is_cut() {
    let server = Server::start(
        ListenerLimits { response_bytes_per_second_min: 100 * MIB as u64, ..short_limits() },
        1,
    );
    let mut slow = server.connect();
    slow.write_all(get_and_close("/large").as_bytes()).unwrap();
    let start = Instant::now();
    let mut taken = 0;
    let mut buffer = vec![0; MIB];
    // 10 MB a second at most: never still for long, and a tenth of what is asked.
    while let Ok(bytes) = slow.read(&mut buffer)
        && bytes > 0
    {
        taken += bytes;
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(taken < 64 * MIB, "the answer must have been cut short");
    assert_between(start.elapsed(), 1_500, 9_000);
}

#[test]
fn a_client_that_reads_a_large_answer_gets_all_of_it() {
    let server = Server::start(short_limits(), 1);
    assert!(server.exchange(&get_and_close("/large")).len() > 64 * MIB);
}

#[test]
fn connections_over_the_limit_wait_and_then_get_served() {
    let server = Server::start(ListenerLimits { connections_max: 4, ..short_limits() }, 1);
    let start = Instant::now();
    let mut clients: Vec<_> = (0..12)
        .map(|_| {
            let mut client = server.connect();
            client.write_all(get("/slow").as_bytes()).unwrap();
            client
        })
        .collect();
    for client in &mut clients {
        // They ask to keep their connections, and hold on to them: it is the full listener that closes.
        assert!(read_answer(client).contains("slow but done"));
    }
    // Three rounds of four, two seconds each.
    assert_between(start.elapsed(), 5_500, 9_000);
}

#[test]
fn idle_connections_make_room_when_the_listener_is_full() {
    let server = Server::start(
        ListenerLimits { connections_max: 4, keep_alive_idle_seconds: 60, ..short_limits() },
        1,
    );
    let _idle: Vec<_> = (0..3)
        .map(|_| {
            let mut client = server.connect();
            client.write_all(get("/peer").as_bytes()).unwrap();
            assert!(!read_answer(&mut client).contains("connection: close"), "there is room: it is kept");
            client
        })
        .collect();
    let mut busy = server.connect();
    busy.write_all(get("/slow").as_bytes()).unwrap();
    let start = Instant::now();
    for _ in 0..8 {
        assert!(server.exchange(&get_and_close("/peer")).contains("200 OK"));
    }
    assert_between(start.elapsed(), 0, 1_500);
    assert!(read_answer(&mut busy).contains("slow but done"));
}

#[test]
fn an_answer_that_did_not_wait_for_the_body_reaches_a_client_that_is_still_sending() {
    let server = Server::start(short_limits(), 1);
    for _ in 0..20 {
        let mut client = server.connect();
        let head = format!("POST /refuse HTTP/1.1\r\nHost: qdn\r\nContent-Length: {}\r\n\r\n", 8 * MIB);
        client.write_all(head.as_bytes()).unwrap();
        client.write_all(&vec![b'x'; 8 * MIB]).expect("the rest must be taken and thrown away");
        let answer = read_to_close(&mut client);
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.ends_with("refused unread"), "{answer}");
    }
}

#[test]
fn a_client_that_sends_for_ever_after_its_answer_is_cut() {
    let server = Server::start(short_limits(), 1);
    let mut client = server.connect();
    let head = format!("POST /refuse HTTP/1.1\r\nHost: qdn\r\nContent-Length: {}\r\n\r\n", usize::MAX / 4);
    client.write_all(head.as_bytes()).unwrap();
    let start = Instant::now();
    while client.write_all(&[b'x'; 1000]).is_ok() && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_between(start.elapsed(), 1_800, 5_000);
}

#[test]
fn a_drain_finishes_the_upload_in_flight_and_refuses_new_connections() {
    let server = Server::start(short_limits(), 10);
    let mut idle = server.connect();
    idle.write_all(get("/peer").as_bytes()).unwrap();
    read_answer(&mut idle);
    let mut fresh = server.connect();
    let mut uploader = server.connect();
    uploader.write_all(post_head(2 * MIB).as_bytes()).unwrap();
    uploader.write_all(&vec![b'x'; MIB]).unwrap();
    std::thread::sleep(Duration::from_millis(300));

    server.shutdown.cancel();
    assert_eq!(read_to_close(&mut idle), "", "an idle connection is closed at once");
    assert_eq!(read_to_close(&mut fresh), "", "one that never asked is closed at once");
    assert!(TcpStream::connect(server.addr).is_err(), "the port is closed");
    uploader.write_all(&vec![b'x'; MIB]).unwrap();
    assert!(read_to_close(&mut uploader).contains(&format!("took {} bytes", 2 * MIB)));
    let start = Instant::now();
    assert_eq!(server.stop(), DrainReport { finished: 1, aborted: 0, cut: 0 });
    assert_between(start.elapsed(), 0, 1_500);
}

#[test]
fn a_drain_cuts_what_runs_beyond_its_time_and_counts_what_the_client_gave_up() {
    let server = Server::start(short_limits(), 1);
    let mut endless: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for client in &mut endless {
        client.write_all(get("/for-ever").as_bytes()).unwrap();
    }
    let mut leaver = server.connect();
    leaver.write_all(post_head(MIB).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.shutdown.cancel();
    std::thread::sleep(Duration::from_millis(200));
    drop(leaver);
    let start = Instant::now();
    assert_eq!(server.stop(), DrainReport { finished: 0, aborted: 1, cut: 3 });
    assert_between(start.elapsed(), 500, 2_500);
    for client in &mut endless {
        assert_eq!(read_to_close(client), "");
    }
}

#[test]
fn a_handler_that_panics_answers_500_and_others_go_on() {
    let server = Server::start(short_limits(), 1);
    for _ in 0..3 {
        let answer = server.exchange(&get("/panic"));
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        assert!(!answer.contains("planted"), "the cause is not for the client: {answer}");
    }
    assert!(server.exchange(&get_and_close("/peer")).contains("200 OK"));
}

#[test]
fn http_1_1_without_exactly_one_host_is_answered_400() {
    let server = Server::start(short_limits(), 1);
    let missing = server.exchange("GET /peer HTTP/1.1\r\n\r\n");
    assert!(missing.starts_with("HTTP/1.1 400") && missing.contains("Host header is missing"), "{missing}");
    let twice = server.exchange("GET /peer HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    assert!(twice.starts_with("HTTP/1.1 400"), "{twice}");
    let old = server.exchange("GET /peer HTTP/1.0\r\n\r\n");
    assert!(old.starts_with("HTTP/1.0 200"), "{old}");
}

#[test]
fn ambiguous_body_lengths_are_refused() {
    let server = Server::start(short_limits(), 1);
    let post = |headers: &str| {
        format!("POST /upload HTTP/1.1\r\nHost: qdn\r\nConnection: close\r\n{headers}\r\nabcde")
    };
    for headers in [
        "Content-Length: 5\r\nContent-Length: 4\r\n",
        "Content-Length: 4, 5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Content-Length : 5\r\n",
    ] {
        let answer = server.exchange(&post(headers));
        assert!(answer.starts_with("HTTP/1.1 400"), "{headers:?}: {answer}");
    }
    let repeated = server.exchange(&post("Content-Length: 5\r\nContent-Length: 5\r\n"));
    assert!(repeated.contains("took 5 bytes"), "{repeated}");
}

#[test]
fn chunked_wins_over_a_length_and_its_framing_is_strict() {
    let server = Server::start(short_limits(), 1);
    let head = "POST /upload HTTP/1.1\r\nHost: qdn\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n";
    let both = server.exchange(&format!("{head}Content-Length: 2\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
    assert!(both.contains("took 3 bytes"), "{both}");
    let bare = server.exchange(&format!("{head}\r\n3\nabc\n0\n\n"));
    assert!(bare.contains("the handler saw the body fail"), "{bare}");
}

#[test]
fn bare_line_feeds_end_lines_as_the_documentation_says() {
    let server = Server::start(short_limits(), 1);
    let answer = server.exchange("GET /peer HTTP/1.1\nHost: qdn\nConnection: close\n\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_head_over_the_limit_is_answered_431_and_one_under_it_is_served() {
    let server = Server::start(ListenerLimits { header_bytes_max: 16_384, ..short_limits() }, 1);
    let sized = |bytes: usize| {
        let frame = "GET /peer HTTP/1.1\r\nHost: qdn\r\nConnection: close\r\nX: \r\n\r\n".len();
        format!(
            "GET /peer HTTP/1.1\r\nHost: qdn\r\nConnection: close\r\nX: {}\r\n\r\n",
            "x".repeat(bytes - frame)
        )
    };
    let fits = server.exchange(&sized(16_384));
    assert!(fits.starts_with("HTTP/1.1 200"), "{fits}");
    let over = server.exchange(&sized(16_385));
    assert!(over.starts_with("HTTP/1.1 431"), "{over}");
    // One that never ends is refused as well, not read for ever.
    let mut client = server.connect();
    let _ = client.write_all(format!("GET /peer HTTP/1.1\r\nX: {}", "x".repeat(MIB)).as_bytes());
    let endless = read_to_close(&mut client);
    assert!(endless.is_empty() || endless.starts_with("HTTP/1.1 431"), "{endless}");
}

#[test]
fn the_http_2_preface_and_garbage_are_refused() {
    let server = Server::start(short_limits(), 1);
    for garbage in
        ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "GET / HTTP/9.9\r\n\r\n"]
    {
        let answer = server.exchange(garbage);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{garbage:?}: {answer}");
    }
    assert!(server.exchange(&get_and_close("/peer")).contains("200 OK"));
}

#[test]
fn an_address_in_use_is_refused_by_name() {
    let server = Server::start(short_limits(), 1);
    let error = server.runtime.block_on(bind(server.addr)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&server.addr.to_string()), "{error}");
}

/// Set for the child process of the next test: it serves with few descriptors left and reports on its output.
const CHILD: &str = "QDN_LISTENER_CHILD";

#[test]
fn the_accept_loop_survives_running_out_of_file_descriptors() {
    const CLIENTS: usize = 120;
    if std::env::var_os(CHILD).is_some() {
        return serve_until_input_ends();
    }
    // A process of its own, under a soft limit of 64 descriptors: the limit is the whole process's.
    let me = std::env::current_exe().unwrap();
    let name = "the_accept_loop_survives_running_out_of_file_descriptors";
    let mut child = std::process::Command::new("sh")
        .args(["-c", r#"ulimit -Sn 64 && exec "$0" "$1" --exact --nocapture"#, me.to_str().unwrap(), name])
        .env(CHILD, "1")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let addr: SocketAddr = lines
        .find_map(|line| line.unwrap().split("listening on ").nth(1).map(|addr| addr.parse().unwrap()))
        .unwrap();

    let connect = || {
        let client = TcpStream::connect(addr).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client
    };
    // More than the child can hold; each asks, so that each is either served or waiting in the backlog.
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| connect()).collect();
    for client in &mut clients {
        client.write_all(get("/peer").as_bytes()).unwrap();
    }
    std::thread::sleep(Duration::from_millis(500));
    let served = |client: &mut TcpStream| {
        client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        client.read(&mut [0; 1024]).is_ok_and(|bytes| bytes > 0)
    };
    let at_once = clients.iter_mut().filter_map(|client| served(client).then_some(())).count();
    assert!((20..64).contains(&at_once), "{at_once} of {CLIENTS} served: the limit was not reached");
    let cpu_before = cpu_ticks(child.id());
    std::thread::sleep(Duration::from_secs(1));
    let cpu = cpu_ticks(child.id()) - cpu_before;
    assert!(cpu < 20, "{cpu} ticks of CPU in a second: the loop must not spin");

    // The places come free, and those who waited are served.
    drop(clients);
    let start = Instant::now();
    let mut after = connect();
    after.write_all(get_and_close("/peer").as_bytes()).unwrap();
    assert!(read_to_close(&mut after).contains("200 OK"));
    assert_between(start.elapsed(), 0, 5_000);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn serve_until_input_ends() {
    let limits = ListenerLimits { keep_alive_idle_seconds: 60, ..ListenerLimits::default() };
    let server = Server::start(limits, 1);
    println!("listening on {}", server.addr);
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    server.stop();
}

/// User and system time of a process in clock ticks (100 a second), from proc(5).
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
