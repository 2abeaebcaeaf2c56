//! Write-once under many hands, limits, and clients that go away.

use std::time::{Duration, Instant};

use qdn_sign::PostConditions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::post::{BOUNDARY, assert_no_debris, form_body, submit};
use crate::support::{BUCKET, Server, now, signer};

const PHOTO: &str = "jobs/7/photos/a.jpg";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_that_write_a_write_once_key_with_different_bytes_exactly_one_wins() {
    let server = std::sync::Arc::new(Server::start().await);
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move { (n, server.put(PHOTO, format!("body {n}")).await) })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        let (n, answer) = task.await.unwrap();
        match answer.status.as_u16() {
            200 => winners.push(n),
            _ => assert_eq!(answer.error(), (412, "PreconditionFailed")),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(server.get(PHOTO).await.text(), format!("body {}", winners[0]));
    assert_no_debris(&server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_that_create_a_key_with_if_none_match_exactly_one_wins() {
    let server = std::sync::Arc::new(Server::start().await);
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let server = std::sync::Arc::clone(&server);
            let headers = [("if-none-match", "*")];
            tokio::spawn(async move {
                server.send("PUT", Some("k"), &[], &headers, format!("{n}")).await.status.as_u16()
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[49]), (200, 412, 412));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_deleters_and_readers_of_one_key_never_see_a_mixture() {
    let server = std::sync::Arc::new(Server::start().await);
    let tasks: Vec<_> = (0..8_u8)
        .map(|n| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move {
                for _ in 0..15 {
                    server.put("k", vec![n; 10_000 + usize::from(n)]).await;
                    let got = server.get("k").await;
                    if got.status == 200 {
                        let first = got.body[0];
                        assert_eq!(got.body.len(), 10_000 + usize::from(first));
                        assert!(got.body.iter().all(|byte| *byte == first));
                    }
                    if n % 4 == 0 {
                        server.send("DELETE", Some("k"), &[], &[], "").await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_no_debris(&server);
    let listed = server.keys().await.len();
    assert_eq!(listed, usize::from(server.get("k").await.status == 200));
    assert!(qdn_store::check(server.folder.path(), false, true).unwrap().is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_writers_have_raced_the_listing_names_the_object_that_won() {
    let server = std::sync::Arc::new(Server::start().await);
    for round in 0..40 {
        let writers: Vec<_> = (1..=8_usize)
            .map(|n| {
                let server = std::sync::Arc::clone(&server);
                tokio::spawn(async move { assert_eq!(server.put("k", vec![1; n]).await.status, 200) })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let listed = server.send("GET", None, &[("list-type", "2")], &[], "").await;
        assert_eq!(listed.element("Size"), server.get("k").await.body.len().to_string(), "round {round}");
    }
}

#[tokio::test]
async fn a_write_once_key_is_the_same_by_every_way_and_may_be_deleted() {
    let server = Server::start().await;
    let etag = server.put(PHOTO, "photo").await.header("etag").to_owned();
    assert_eq!(server.put(PHOTO, "photo").await.header("etag"), etag);
    let again = server.send("PUT", Some(PHOTO), &[], &[("if-none-match", "*")], "photo").await;
    assert_eq!(again.status, 200, "a retry of what has succeeded");
    assert_eq!(server.put(PHOTO, "other").await.error(), (412, "PreconditionFailed"));
    server.put("src", "photo").await;
    server.put("src2", "other").await;
    let copy =
        async |source: &str| server.send("PUT", Some(PHOTO), &[], &[("x-amz-copy-source", source)], "").await;
    assert_eq!(copy("/qdn-uploads/src").await.status, 200);
    assert_eq!(copy("/qdn-uploads/src2").await.error(), (412, "PreconditionFailed"));
    assert_eq!(server.get(PHOTO).await.text(), "photo");
    assert_eq!(server.send("DELETE", Some(PHOTO), &[], &[], "").await.status, 204);
    assert_eq!(server.put(PHOTO, "other").await.status, 200);
}

#[tokio::test]
async fn below_the_disk_floor_uploads_get_507_and_everything_else_works() {
    let server = Server::start().await;
    server.put("k", "x").await;
    let mut config = server.config.clone();
    config.disk_floor_bytes = Some(u64::MAX / 4);
    let server = Server { config, ..server }.restart_after(|_| {}).await;
    assert_eq!(server.put("new", "y").await.error(), (507, "InsufficientStorage"));
    let form = signer().presign_post(&server.endpoint(), BUCKET, "new", PostConditions::new(), now(), 60);
    assert_eq!(submit(&server, &form, b"y").await.error(), (507, "InsufficientStorage"));
    assert_eq!(server.get("k").await.text(), "x");
    assert_eq!(server.keys().await, ["k"]);
    assert_no_debris(&server);
    assert_eq!(server.send("DELETE", Some("k"), &[], &[], "").await.status, 204, "space can be made");
}

#[tokio::test]
async fn an_object_may_be_as_large_as_configured_and_no_larger() {
    let server = Server::start_with(|config| config.object_bytes_max = 100).await;
    assert_eq!(server.put("k", vec![0; 100]).await.status, 200);
    assert_eq!(server.put("k2", vec![0; 101]).await.error(), (400, "EntityTooLarge"));
    assert_eq!(server.keys().await, ["k"]);
}

#[tokio::test]
async fn an_empty_object_is_an_object_and_a_body_of_unknown_length_is_refused() {
    let server = Server::start().await;
    assert_eq!(server.put("empty", "").await.status, 200);
    assert_eq!(server.get("empty").await.header("content-length"), "0");
    let url = signer().presign_request(&server.endpoint(), "PUT", BUCKET, Some("k"), &[], &[], now(), 60);
    let answer = server.send_url("PUT", &url, &[("transfer-encoding", "chunked")], "body").await;
    assert_eq!(answer.error(), (411, "MissingContentLength"));
    assert_eq!(server.keys().await, ["empty"]);
}

#[tokio::test]
async fn metadata_beyond_two_kilobytes_is_refused() {
    let server = Server::start().await;
    let (fits, long) = ("v".repeat(2047), "v".repeat(2048));
    assert_eq!(server.send("PUT", Some("k"), &[], &[("x-amz-meta-a", &fits)], "").await.status, 200);
    let answer = server.send("PUT", Some("k2"), &[], &[("x-amz-meta-a", &long)], "").await;
    assert_eq!(answer.error(), (400, "MetadataTooLarge"));
}

/// Begins an upload of `announced` bytes and sends only `sent`.
async fn begin_put(server: &Server, key: &str, announced: usize, sent: &[u8]) -> TcpStream {
    let url = signer().presign_request(&server.endpoint(), "PUT", BUCKET, Some(key), &[], &[], now(), 60);
    let path = url.split_once(&server.address.to_string()).unwrap().1;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        format!("PUT {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {announced}\r\n\r\n", server.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream
}

#[tokio::test]
async fn a_client_that_waits_before_it_sends_is_refused_at_once_and_the_connection_is_closed() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "PUT /{BUCKET}/k HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000000\r\nexpect: 100-continue\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

fn staged(server: &Server) -> usize {
    std::fs::read_dir(server.folder.path().join("staging")).unwrap().count()
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing() {
    let server = Server::start().await;
    for sent in [0, 1, 300_000, 999_999] {
        let stream = begin_put(&server, "k", 1_000_000, &vec![1; sent]).await;
        until("the upload began", || staged(&server) == 1).await;
        drop(stream);
        until("the debris is gone", || staged(&server) == 0).await;
    }
    let form = signer().presign_post(&server.endpoint(), BUCKET, "k", PostConditions::new(), now(), 60);
    let body = form_body(&form.fields, &vec![2; 500_000]);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /{BUCKET} HTTP/1.1\r\nhost: {}\r\ncontent-type: multipart/form-data; boundary={BOUNDARY}\r\n\
         content-length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..400_000]).await.unwrap();
    until("the upload began", || staged(&server) == 1).await;
    drop(stream);
    until("the debris is gone", || staged(&server) == 0).await;
    assert!(server.keys().await.is_empty());
}

#[tokio::test]
async fn slow_uploads_take_no_turn_from_those_that_have_arrived() {
    let server = Server::start_with(|config| {
        config.uploads_at_once_max = 1;
        config.upload_wait_max = Duration::from_millis(200);
    })
    .await;
    let mut slow = Vec::new();
    for n in 0..64 {
        slow.push(begin_put(&server, &format!("slow {n}"), 10, b"12345").await);
    }
    until("the slow uploads began", || staged(&server) == 64).await;
    assert_eq!(server.put("k", "x").await.status, 200);
    assert_eq!(server.keys().await, ["k"]);
}

#[tokio::test]
async fn more_uploads_than_allowed_wait_a_while_and_then_get_503() {
    let server = Server::start_with(|config| {
        config.receiving_at_once_max = 1;
        config.upload_wait_max = Duration::from_millis(200);
    })
    .await;
    let slow = begin_put(&server, "slow", 10, b"12345").await;
    until("the upload began", || staged(&server) == 1).await;
    assert_eq!(server.put("k", "x").await.error(), (503, "SlowDown"));
    drop(slow);
    until("the slow one is gone", || staged(&server) == 0).await;
    assert_eq!(server.put("k", "x").await.status, 200);

    let mut slow = begin_put(&server, "slow", 10, b"12345").await;
    until("the upload began", || staged(&server) == 1).await;
    let (waited, ()) = tokio::join!(server.put("k2", "x"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        slow.write_all(b"67890").await.unwrap();
        let mut answer = vec![0; 15];
        slow.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 200 OK");
    });
    assert_eq!(waited.status, 200, "its turn came");
}

#[tokio::test]
async fn a_shut_down_store_answers_503() {
    let server = Server::start().await;
    let store = server.store.clone();
    store.shutdown().await;
    assert_eq!(server.get("k").await.error(), (503, "ServiceUnavailable"));
    assert!(qdn_store::Store::open(server.config.clone()).await.is_ok(), "the lock is free");
}
