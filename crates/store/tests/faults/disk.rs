//! Syncs, opens and removals that fail, and slow ones.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{BUCKET, Server, now, signer};
use crate::{Fault, assert_settled, object, shard};

const PHOTO: &str = "jobs/7/photos/a.jpg";

#[tokio::test(flavor = "multi_thread")]
async fn bytes_sent_again_after_a_failed_undo_are_acknowledged_only_when_they_are_listed() {
    let server = Server::start().await;
    let (folder, file) = (shard(&server, PHOTO), object(&server, PHOTO));
    let fault = Fault::on(&[&folder, &file], "fsync,unlink:error=EIO").await;
    assert_eq!(server.put(PHOTO, "photo").await.error(), (500, "InternalError"));
    fault.end();
    assert!(file.exists(), "the undo failed too");
    assert_eq!(server.put(PHOTO, "photo").await.status, 200);
    assert_settled(server, &[PHOTO]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_sent_again_are_not_acknowledged_while_their_folder_cannot_be_synced() {
    let server = Server::start().await;
    assert_eq!(server.put(PHOTO, "photo").await.status, 200);
    let fault = Fault::on(&[&shard(&server, PHOTO)], "fsync:error=EIO").await;
    assert_eq!(server.put(PHOTO, "photo").await.error(), (500, "InternalError"));
    fault.end();
    assert_eq!(server.put(PHOTO, "photo").await.status, 200);
    assert_settled(server, &[PHOTO]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_failed_leaves_a_note_that_the_next_start_settles() {
    let server = Server::start().await;
    server.put("kept", "x").await;
    let notes = |server: &Server| std::fs::read_dir(server.folder.path().join("trash")).unwrap().count();
    for (method, key) in [("PUT", "new"), ("PUT", "kept"), ("DELETE", "kept")] {
        let fault = Fault::on(&[&shard(&server, key)], "fsync:error=EIO").await;
        assert_eq!(server.send(method, Some(key), &[], &[], "y").await.error(), (500, "InternalError"));
        fault.end();
        assert_eq!(server.keys().await, ["kept"], "{method} {key}");
        assert_eq!(server.get("kept").await.text(), "x");
    }
    assert_eq!(notes(&server), 2, "one for each key");
    assert_settled(server, &["kept"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_not_built_from_buckets_that_cannot_be_read() {
    let server = Server::start().await;
    server.put("k", "x").await;
    server.task.abort();
    server.store.shutdown().await;
    std::fs::remove_file(server.folder.path().join("index.sqlite")).unwrap();
    let fault = Fault::on(&[&server.folder.path().join("buckets")], "openat:error=EIO").await;
    let opened = qdn_store::Store::open(server.config.clone()).await;
    let repaired = qdn_store::check(server.folder.path(), true, false);
    fault.end();
    assert!(opened.is_err() && repaired.is_err());
    let store = qdn_store::Store::open(server.config.clone()).await.unwrap();
    store.shutdown().await;
    let report = qdn_store::check(server.folder.path(), false, true).unwrap();
    assert!(report.is_clean() && report.objects == 1, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_objects_that_cannot_be_read_is_not_taken_for_an_empty_one() {
    let server = Server::start().await;
    server.put("k", "x").await;
    server.put("kept", "y").await;
    let directory = shard(&server, "k");
    for (number, wanted) in [false, true, false].into_iter().enumerate() {
        let (folder, config) = server.copy_of_files();
        let copy = folder.path().join(directory.strip_prefix(server.folder.path()).unwrap());
        if wanted {
            std::fs::write(folder.path().join("index.rebuild-wanted"), "").unwrap();
        }
        if number == 2 {
            std::fs::remove_file(folder.path().join("index.sqlite-wal")).unwrap();
        }
        let fault = Fault::on(&[&copy], "getdents64:error=EIO").await;
        let store = qdn_store::Store::open(config.clone()).await.unwrap();
        let checked = qdn_store::check(folder.path(), false, false).unwrap();
        fault.end();
        let condition = store.condition();
        let first = store.clone();
        store.shutdown().await;
        assert_eq!(condition.unreadable_directories.named, [copy.display().to_string()], "{condition:?}");
        assert_eq!(condition.lost_objects.count, 0);
        assert!(!checked.is_clean() && checked.ghosts.count == 0, "{checked:?}");
        let store = qdn_store::Store::open(config).await.unwrap();
        while store.condition().verifying {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The first store may have come to it in the background, once the fault had ended.
        let added = first.condition().rows_added + store.condition().rows_added;
        store.shutdown().await;
        let lost_with_the_log = if number == 2 { 2 } else { condition.rows_added };
        assert_eq!(added, lost_with_the_log, "what the index did not know is found once it can be read");
        let report = qdn_store::check(folder.path(), false, true).unwrap();
        assert!(report.is_clean() && report.objects == 2, "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_answers_eio_does_not_stop_a_start_nor_a_check_nor_a_repair() {
    let server = Server::start().await;
    server.put("k", "x").await;
    server.put("kept", "y").await;
    let (folder, config) = server.copy_of_files();
    std::fs::write(folder.path().join("index.rebuild-wanted"), "").unwrap();
    let copy = folder.path().join(object(&server, "k").strip_prefix(server.folder.path()).unwrap());
    let fault = Fault::on(&[&copy], "openat,pread64:error=EIO").await;
    let store = qdn_store::Store::open(config).await.unwrap();
    let condition = store.condition();
    store.shutdown().await;
    let checked = qdn_store::check(folder.path(), false, true).unwrap();
    let repaired = qdn_store::check(folder.path(), true, true).unwrap();
    fault.end();
    assert_eq!(condition.unreadable_objects.named, [copy.display().to_string()]);
    for report in [checked, repaired] {
        assert!(!report.is_clean() && report.unreadable.count == 1, "{report:?}");
        assert_eq!((report.ghosts.count, report.objects), (0, 1), "{report:?}");
    }
    let report = qdn_store::check(folder.path(), false, true).unwrap();
    assert!(report.is_clean() && report.objects == 2, "its row was kept: {report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_outlive_a_start_that_could_not_read_what_they_belong_to() {
    let server = Server::start().await;
    let created = server.send("POST", Some("k"), &[("uploads", "")], &[], "").await;
    let id = created.element("UploadId").to_owned();
    let part = [("partNumber", "1"), ("uploadId", id.as_str())];
    let etag = server.send("PUT", Some("k"), &part, &[], "body").await.header("etag").to_owned();
    let upload = server.folder.path().join("multipart").join(&id).join("upload.json");
    let fault = Fault::on(&[&upload], "openat:error=EIO").await;
    let server = server.restart_after(|_| {}).await;
    let listed = server.send("GET", None, &[("uploads", "")], &[], "").await;
    assert_eq!(listed.status, 200, "one that cannot be read does not hide the others");
    fault.end();
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    let completed = server.send("POST", Some("k"), &[("uploadId", &id)], &[], body).await;
    assert_eq!(completed.status, 200, "{}", completed.text());
    assert_settled(server, &["k"]).await;
}

/// Sends a whole request whose answer takes long, waits until `begun`, and goes away.
async fn send_and_leave(server: &Server, method: &str, key: &str, body: &str, begun: impl Fn() -> bool) {
    let url = signer().presign_request(&server.endpoint(), method, BUCKET, Some(key), &[], &[], now(), 60);
    let path = url.split_once(&server.address.to_string()).unwrap().1;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let start = Instant::now();
    while !begun() {
        assert!(start.elapsed() < Duration::from_secs(10), "{method} did not begin");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_waits_for_an_upload_whose_client_has_gone() {
    let server = Server::start().await;
    let (folder, file) = (shard(&server, "k"), object(&server, "k"));
    let fault = Fault::on(&[&folder], "fsync:delay_enter=2000000").await;
    send_and_leave(&server, "PUT", "k", "body", || file.exists()).await;
    server.store.clone().shutdown().await;
    fault.end();
    assert_eq!(
        std::fs::read_dir(server.folder.path().join("staging")).unwrap().count(),
        0,
        "it came to its end"
    );
    assert_settled(server.restart_after(|_| {}).await, &["k"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_waits_for_a_deletion_whose_client_has_gone() {
    let server = Server::start().await;
    server.put("k", "body").await;
    let (folder, file) = (shard(&server, "k"), object(&server, "k"));
    let fault = Fault::on(&[&folder], "fsync:delay_enter=2000000").await;
    send_and_leave(&server, "DELETE", "k", "", || !file.exists()).await;
    server.store.clone().shutdown().await;
    fault.end();
    assert_eq!(
        std::fs::read_dir(server.folder.path().join("trash")).unwrap().count(),
        0,
        "it came to its end"
    );
    assert_settled(server.restart_after(|_| {}).await, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_whose_making_failed_can_be_made_again() {
    let server = Server::start().await;
    let buckets = server.folder.path().join("buckets");
    let fault = Fault::on(&[&buckets], "fsync:error=EIO").await;
    assert!(server.store.create_bucket_if_missing("second").await.is_err());
    fault.end();
    assert!(!buckets.join("second").exists(), "memory and disk agree");
    server.store.create_bucket_if_missing("second").await.unwrap();
    assert_settled(server, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_whose_removal_failed_is_a_bucket_still() {
    let server = Server::start().await;
    let buckets = server.folder.path().join("buckets");
    let fault = Fault::on(&[&buckets], "fsync:error=EIO").await;
    assert_eq!(server.send("DELETE", None, &[], &[], "").await.error(), (500, "InternalError"));
    fault.end();
    assert_eq!(server.put("k", "x").await.status, 200);
    let server = assert_settled(server, &["k"]).await;
    assert_eq!(server.send("DELETE", Some("k"), &[], &[], "").await.status, 204);
    assert_eq!(server.send("DELETE", None, &[], &[], "").await.status, 204);
    assert_eq!(server.send("HEAD", None, &[], &[], "").await.status, 404);
}
