//! Put, get, list, delete.

use crate::support::Server;

#[tokio::test]
async fn an_object_comes_back_as_it_was_put_and_is_gone_when_deleted() {
    let server = Server::start().await;
    let put = server.put("jobs/7/photos/a.jpg", "hello").await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(put.header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    let got = server.get("jobs/7/photos/a.jpg").await;
    assert_eq!((got.status.as_u16(), got.text()), (200, "hello"));
    assert_eq!(server.keys().await, ["jobs/7/photos/a.jpg"]);
    let server = server.restart_after(|_| {}).await;
    assert_eq!(server.get("jobs/7/photos/a.jpg").await.text(), "hello");
    let deleted = server.send("DELETE", Some("jobs/7/photos/a.jpg"), &[], &[], "").await;
    assert_eq!(deleted.status, 204);
    assert_eq!(server.get("jobs/7/photos/a.jpg").await.error(), (404, "NoSuchKey"));
    assert!(server.keys().await.is_empty());
}
