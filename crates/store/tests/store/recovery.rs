//! What a start makes of every state that a crash can leave. Each state is made by hand on the files of a closed
//! store: what was done up to the crash is there, what would have come after is not.

use std::fs;
use std::path::{Path, PathBuf};

use qdn_store::check;

use crate::post::assert_no_debris;
use crate::support::{BUCKET, Server, config, hex};

/// Names such as the store gives to files that are in flight.
const SEALED: &str = "staging/00000000000000000000000000005ea1";
const SEALED_TWICE: &str = "staging/00000000000000000000000000005ea1.x";
const TRASHED: &str = "trash/0000000000000000000000000000001d";
const NOTE: &str = "trash/doubt-00000000000000000000000000000000000000000000000000000000000000d0";
const HALF: &str = "0000000000000000000000000000004a";

pub(crate) fn object(root: &Path, key: &str) -> PathBuf {
    use sha2::Digest;
    let name = hex(&sha2::Sha256::digest(key));
    root.join("buckets").join(BUCKET).join(&name[..2]).join(name)
}

pub(crate) fn forget_row(root: &Path, key: &str) {
    let index = rusqlite::Connection::open(root.join("index.sqlite")).unwrap();
    assert_eq!(index.execute("DELETE FROM objects WHERE key = ?1", [key.as_bytes()]).unwrap(), 1);
}

pub(crate) fn age_row(root: &Path, key: &str) {
    let index = rusqlite::Connection::open(root.join("index.sqlite")).unwrap();
    index.execute("UPDATE objects SET etag = 'old', size = 99 WHERE key = ?1", [key.as_bytes()]).unwrap();
}

/// The store is open again: listing and files agree, and nothing is left over.
async fn assert_settled(server: &Server, keys: &[&str]) {
    assert_eq!(server.keys().await, keys);
    for key in keys {
        let got = server.get(key).await;
        assert_eq!(got.status, 200);
        let listed = server.send("GET", None, &[("list-type", "2"), ("prefix", key)], &[], "").await;
        assert_eq!(listed.element("Size"), got.body.len().to_string(), "{key}");
        assert_eq!(listed.element("ETag").replace("&quot;", "\""), got.header("etag"), "{key}");
    }
    assert_no_debris(server);
    let report = check(server.folder.path(), false, true).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.objects, keys.len() as u64);
}

async fn with_one_object() -> Server {
    let server = Server::start().await;
    server.put("kept", "kept body").await;
    server.put("k", "body").await;
    server
}

#[tokio::test]
async fn publish_stopped_while_the_body_was_written_leaves_nothing() {
    let server = with_one_object().await;
    let server = server
        .restart_after(|root| {
            fs::write(root.join(SEALED), "half a bo").unwrap();
            fs::write(root.join(format!("staging/{HALF}")), "").unwrap();
        })
        .await;
    assert_settled(&server, &["k", "kept"]).await;
}

#[tokio::test]
async fn publish_stopped_before_the_link_leaves_nothing() {
    let server = with_one_object().await;
    let server = server
        .restart_after(|root| {
            fs::rename(object(root, "k"), root.join(SEALED)).unwrap();
            forget_row(root, "k");
        })
        .await;
    assert_settled(&server, &["kept"]).await;
}

#[tokio::test]
async fn publish_stopped_after_the_link_and_before_the_index_is_finished() {
    let server = with_one_object().await;
    let server = server
        .restart_after(|root| {
            fs::hard_link(object(root, "k"), root.join(SEALED)).unwrap();
            forget_row(root, "k");
        })
        .await;
    assert_settled(&server, &["k", "kept"]).await;
    assert_eq!(server.get("k").await.text(), "body");
}

#[tokio::test]
async fn publish_stopped_after_the_index_loses_only_its_marker() {
    let server = with_one_object().await;
    let server =
        server.restart_after(|root| fs::hard_link(object(root, "k"), root.join(SEALED)).unwrap()).await;
    assert_settled(&server, &["k", "kept"]).await;
}

/// A second object file for the same key, as a replacement that was staged.
async fn sealed_replacement(body: &str) -> (Server, PathBuf) {
    let server = with_one_object().await;
    server.put("k", body.to_owned()).await;
    let aside = server.folder.path().join("aside");
    let server = server.restart_after(|root| fs::rename(object(root, "k"), &aside).unwrap()).await;
    server.put("k", "body").await;
    (server, aside)
}

#[tokio::test]
async fn replacement_stopped_before_the_rename_keeps_the_old_object() {
    let (server, aside) = sealed_replacement("replacement").await;
    let server = server
        .restart_after(|root| {
            fs::rename(&aside, root.join(SEALED)).unwrap();
            fs::hard_link(root.join(SEALED), root.join(SEALED_TWICE)).unwrap();
            fs::hard_link(object(root, "k"), root.join(TRASHED)).unwrap();
        })
        .await;
    assert_settled(&server, &["k", "kept"]).await;
    assert_eq!(server.get("k").await.text(), "body");
}

#[tokio::test]
async fn replacement_stopped_after_the_rename_and_before_the_index_is_finished() {
    let (server, aside) = sealed_replacement("replacement").await;
    let server = server
        .restart_after(|root| {
            fs::rename(object(root, "k"), root.join(TRASHED)).unwrap();
            fs::rename(&aside, root.join(SEALED)).unwrap();
            fs::hard_link(root.join(SEALED), object(root, "k")).unwrap();
            age_row(root, "k");
        })
        .await;
    assert_settled(&server, &["k", "kept"]).await;
    assert_eq!(server.get("k").await.text(), "replacement");
}

#[tokio::test]
async fn deletion_stopped_before_the_index_is_finished() {
    let server = with_one_object().await;
    let server =
        server.restart_after(|root| fs::rename(object(root, "k"), root.join(TRASHED)).unwrap()).await;
    assert_settled(&server, &["kept"]).await;
    assert_eq!(server.get("k").await.status, 404);
}

#[tokio::test]
async fn deletion_stopped_before_the_trash_was_emptied_is_finished() {
    let server = with_one_object().await;
    let server = server
        .restart_after(|root| {
            fs::rename(object(root, "k"), root.join(TRASHED)).unwrap();
            forget_row(root, "k");
        })
        .await;
    assert_settled(&server, &["kept"]).await;
}

#[tokio::test]
async fn a_key_written_again_after_its_deletion_survives_what_is_left_in_the_trash() {
    let (server, aside) = sealed_replacement("deleted before").await;
    let server = server.restart_after(|root| fs::rename(&aside, root.join(TRASHED)).unwrap()).await;
    assert_settled(&server, &["k", "kept"]).await;
    assert_eq!(server.get("k").await.text(), "body");
}

/// A file in the trash that names a key, as a failed commit leaves it.
async fn doubt_about(key: &str) -> Vec<u8> {
    let other = Server::start().await;
    other.put(key, "").await;
    fs::read(object(other.folder.path(), key)).unwrap()
}

#[tokio::test]
async fn a_row_in_doubt_is_set_right_from_the_file() {
    let server = with_one_object().await;
    let doubt = doubt_about("k").await;
    let damages: [fn(&Path); 2] = [|root| age_row(root, "k"), |root| forget_row(root, "k")];
    let mut server = server;
    for damage in damages {
        let doubt = &doubt;
        server = server
            .restart_after(move |root| {
                damage(root);
                fs::write(root.join(NOTE), doubt).unwrap();
            })
            .await;
        assert_settled(&server, &["k", "kept"]).await;
    }
    let server = server
        .restart_after(|root| {
            fs::remove_file(object(root, "k")).unwrap();
            fs::write(root.join(NOTE), &doubt).unwrap();
        })
        .await;
    assert_settled(&server, &["kept"]).await;
}

#[tokio::test]
async fn half_made_buckets_and_half_removed_ones_are_swept() {
    let server = with_one_object().await;
    let server = server
        .restart_after(|root| {
            fs::create_dir_all(root.join(format!("staging/{HALF}/00"))).unwrap();
            fs::create_dir_all(root.join(format!("trash/{HALF}/ff"))).unwrap();
            fs::create_dir(root.join(format!("multipart/{HALF}"))).unwrap();
        })
        .await;
    assert_settled(&server, &["k", "kept"]).await;
    assert_eq!(fs::read_dir(server.folder.path().join("multipart")).unwrap().count(), 0);
}

#[tokio::test]
async fn an_index_built_anew_is_the_index_that_was_kept() {
    let server = Server::start().await;
    for n in 0..50 {
        server.put(&format!("jobs/{}/photos/{n} ü.jpg", n % 7), format!("body {n}")).await;
    }
    server.put("jobs/0/x", "first").await;
    server.put("jobs/0/x", "second").await;
    server.send("DELETE", Some("jobs/1/photos/1 ü.jpg"), &[], &[], "").await;
    let rows = |root: &Path| {
        let index = rusqlite::Connection::open(root.join("index.sqlite")).unwrap();
        let mut statement = index.prepare("SELECT * FROM objects ORDER BY bucket, key").unwrap();
        let rows = statement.query_map([], |row| {
            let key: Vec<u8> = row.get(1)?;
            Ok((
                row.get::<_, String>(0)?,
                key,
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, i64>(4)?,
            ))
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let mut kept = Vec::new();
    let mut server = server.restart_after(|root| kept = rows(root)).await;
    assert_eq!(kept.len(), 50);
    let damages: [fn(&Path); 5] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "not a database at all, just some text that is long enough").unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| {
            let index = rusqlite::Connection::open(path).unwrap();
            index.pragma_update(None, "user_version", 99).unwrap();
        },
        |path| fs::write(path.with_file_name("index.rebuild-wanted"), "").unwrap(),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        server = server.restart_after(|root| damage(&root.join("index.sqlite"))).await;
        assert_eq!(server.keys().await.len(), 50, "damage {number}");
        server = server.restart_after(|root| assert_eq!(rows(root), kept, "damage {number}")).await;
    }
}

#[tokio::test]
async fn a_second_store_on_the_same_folder_is_refused() {
    let server = with_one_object().await;
    let second = qdn_store::Store::open(config(server.folder.path())).await;
    assert!(matches!(second, Err(qdn_store::OpenError::Locked(_))));
    let repair = check(server.folder.path(), true, false);
    assert!(matches!(repair, Err(qdn_store::OpenError::Locked(_))));
    assert!(check(server.folder.path(), false, true).unwrap().is_clean(), "only looking is fine");
}

#[tokio::test]
async fn check_finds_every_kind_of_difference_and_repair_settles_it() {
    let server = Server::start().await;
    for key in ["orphan", "ghost", "stale", "trailer", "body", "misplaced", "good"] {
        server.put(key, format!("body of {key}")).await;
    }
    let server = server
        .restart_after(|root| {
            forget_row(root, "orphan");
            fs::remove_file(object(root, "ghost")).unwrap();
            age_row(root, "stale");
            let path = object(root, "trailer");
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
            let path = object(root, "body");
            let mut bytes = fs::read(&path).unwrap();
            bytes[0] ^= 1;
            fs::write(&path, bytes).unwrap();
            let elsewhere = object(root, "good").with_file_name("f".repeat(64));
            fs::rename(object(root, "misplaced"), elsewhere).unwrap();

            let report = check(root, false, true).unwrap();
            let named = |findings: &qdn_store::check::Findings| findings.named.join(" ");
            assert_eq!(named(&report.orphans), "qdn-uploads/orphan");
            assert_eq!(named(&report.ghosts), "qdn-uploads/ghost qdn-uploads/misplaced");
            assert_eq!(named(&report.stale), "qdn-uploads/stale");
            assert_eq!(report.corrupt_trailers.count, 2);
            assert_eq!(named(&report.corrupt_bodies), "qdn-uploads/body");
            assert!(!report.is_clean() && !report.repaired);

            assert!(check(root, true, false).unwrap().repaired);
            let after = check(root, false, false).unwrap();
            assert!(after.is_clean(), "{after:?}");
            assert_eq!(after.objects, 4);
            assert_eq!(fs::read_dir(root.join("quarantine")).unwrap().count(), 2, "nothing is thrown away");
        })
        .await;
    assert_eq!(server.keys().await, ["body", "good", "orphan", "stale"]);
    assert_eq!(server.get("stale").await.text(), "body of stale");
}

#[tokio::test]
async fn a_damaged_object_is_an_error_to_read_and_can_be_written_again() {
    let server = with_one_object().await;
    let path = object(server.folder.path(), "k");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    assert_eq!(server.get("k").await.error(), (500, "InternalError"));
    assert_eq!(server.put("k", "again").await.status, 200);
    assert_eq!(server.get("k").await.text(), "again");
    let quarantine = server.folder.path().join("quarantine");
    assert_eq!(fs::read_dir(quarantine).unwrap().count(), 1);
    assert_settled(&server, &["k", "kept"]).await;
}

#[tokio::test]
async fn a_row_without_its_file_is_forgotten_when_the_object_is_deleted() {
    let server = with_one_object().await;
    fs::remove_file(object(server.folder.path(), "k")).unwrap();
    assert_eq!(server.keys().await, ["k", "kept"]);
    assert_eq!(server.send("DELETE", Some("k"), &[], &[], "").await.status, 204);
    assert_settled(&server, &["kept"]).await;
}

#[tokio::test]
async fn bytes_sent_again_are_acknowledged_only_with_their_row() {
    let server = Server::start().await;
    let key = "jobs/7/photos/a.jpg";
    server.put(key, "photo").await;
    forget_row(server.folder.path(), key);
    assert!(server.keys().await.is_empty(), "as after a commit that failed");
    assert_eq!(server.put(key, "other").await.error(), (412, "PreconditionFailed"));
    assert_eq!(server.put(key, "photo").await.status, 200);
    assert_settled(&server, &[key]).await;
}

#[tokio::test]
async fn the_file_of_an_object_begins_with_its_bytes() {
    let server = with_one_object().await;
    let bytes = fs::read(object(server.folder.path(), "k")).unwrap();
    assert!(bytes.starts_with(b"body{"));
    assert!(String::from_utf8_lossy(&bytes).contains("\"key\":\"k\""));
}
