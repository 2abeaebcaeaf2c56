//! Memory stays flat however large or many the uploads are. A process of its own, since it measures itself.

// clippy's `allow-unwrap-in-tests` does not reach helpers of integration tests; both helpers serve another test too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::format_collect, dead_code)]

#[path = "../store/support.rs"]
mod support;

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use qdn_sign::PostConditions;
use support::{BUCKET, Server, now, signer};

const MIB: usize = 1 << 20;

/// The largest amount of memory this process has held, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn blocks(
    before: String,
    bytes: usize,
    after: String,
) -> impl http_body::Body<Data = Bytes, Error = std::io::Error> + Send {
    let block = Bytes::from(vec![9; 64 * 1024]);
    let file = (0..bytes / block.len()).map(move |_| block.clone());
    let all = std::iter::once(Bytes::from(before)).chain(file).chain(std::iter::once(Bytes::from(after)));
    StreamBody::new(futures::stream::iter(all.map(|bytes| Ok(Frame::data(bytes)))))
}

async fn put_one_large(server: &Server, bytes: usize) {
    let url = signer().presign_request(&server.endpoint(), "PUT", BUCKET, Some("big"), &[], &[], now(), 60);
    let body = blocks(String::new(), bytes, String::new());
    let request = Request::put(&url).header("content-length", bytes).body(body).unwrap();
    assert_eq!(server.store.handle(request).await.status(), 200);
    let url = signer().presign_get(&server.endpoint(), BUCKET, "big", &[], now(), 60);
    let answer = server.store.handle(Request::get(&url).body(Full::<Bytes>::default()).unwrap()).await;
    assert_eq!(answer.status(), 200);
    let (mut body, mut read) = (answer.into_body(), 0);
    while let Some(frame) = body.frame().await {
        read += frame.unwrap().data_ref().map_or(0, Bytes::len);
    }
    assert_eq!(read, bytes);
}

async fn post_many(server: &Server, count: usize, bytes: usize) {
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            let key = format!("jobs/1/photos/{n}");
            let form =
                signer().presign_post(&server.endpoint(), BUCKET, &key, PostConditions::new(), now(), 60);
            let field = |(name, value): &(String, String)| {
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let mut fields: String = form.fields.iter().map(field).collect();
            fields += "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
            let body = blocks(fields, bytes, "\r\n--b--\r\n".to_owned());
            let request = Request::post(&form.url).header("content-type", "multipart/form-data; boundary=b");
            let (store, request) = (server.store.clone(), request.body(body).unwrap());
            tokio::spawn(async move { store.handle(request).await.status().as_u16() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 204);
    }
}

/// What another program would take for a form, from somebody who cannot sign.
async fn post_what_is_no_form(server: &Server, bytes: usize) {
    let fields = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                  --b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=NOBODY/{}/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00",
        now().amz_day()
    );
    let request = Request::post(format!("http://{}/{BUCKET}", server.address))
        .header("content-type", "multipart/form-data+x; boundary=b")
        .header("authorization", authorization)
        .body(blocks(fields.to_owned(), bytes, "\r\n--b--\r\n".to_owned()))
        .unwrap();
    assert_eq!(server.store.handle(request).await.status(), 415);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_flat_however_large_or_many_the_uploads_are() {
    let server = Server::start().await;
    put_one_large(&server, MIB).await;
    let before = peak_memory();
    put_one_large(&server, 256 * MIB).await;
    let for_one = peak_memory() - before;
    assert!(for_one < 8 * MIB, "{for_one} bytes more for one body of 256 MiB");
    post_what_is_no_form(&server, 256 * MIB).await;
    let without_form = peak_memory() - before;
    assert!(without_form < 8 * MIB, "{without_form} bytes more for what is no form");
    post_many(&server, 16, 20 * MIB).await;
    let for_many = peak_memory() - before;
    assert!(for_many < 48 * MIB, "{for_many} bytes more for 16 forms of 20 MiB");
    println!("one of 256 MiB: {} KiB more, 16 of 20 MiB: {} KiB more", for_one / 1024, for_many / 1024);
}
