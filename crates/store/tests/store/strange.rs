//! What does not belong into a store, and what cannot be read: it is named and counted, and everything else is served.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use qdn_store::check;

use crate::recovery::object;
use crate::support::{BUCKET, Server};

async fn with_two_objects() -> Server {
    let server = Server::start().await;
    server.put("k", "body").await;
    server.put("kept", "kept body").await;
    server
}

fn shard(root: &Path) -> PathBuf {
    object(root, "k").parent().unwrap().to_owned()
}

fn file(path: PathBuf) -> PathBuf {
    fs::write(&path, "not ours").unwrap();
    path
}

fn directory(path: PathBuf) -> PathBuf {
    fs::create_dir(&path).unwrap();
    file(path.join("SynoEAStream"));
    path
}

#[tokio::test]
async fn an_entry_that_is_not_the_stores_is_named_and_left_alone() {
    let server = with_two_objects().await;
    let entries: [fn(&Path) -> PathBuf; 13] = [
        |root| file(root.join("multipart/.DS_Store")),
        |root| directory(root.join("multipart/@eaDir")),
        |root| file(root.join("staging/.DS_Store")),
        |root| directory(root.join("staging/@eaDir")),
        |root| file(root.join("trash/.DS_Store")),
        |root| directory(root.join("trash/@eaDir")),
        |root| file(root.join("buckets/.DS_Store")),
        |root| directory(root.join("buckets/@eaDir")),
        |root| file(root.join("buckets/notes")),
        |root| directory(root.join("buckets").join(BUCKET).join("@eaDir")),
        |root| directory(shard(root).join("@eaDir")),
        |root| file(shard(root).join(OsStr::from_bytes(b"\xff.jpg"))),
        |root| {
            let path = shard(root).join("loop");
            symlink(&path, &path).unwrap();
            path
        },
    ];
    for make in entries {
        for index in ["as it was", "to be built anew"] {
            let mut entry = PathBuf::new();
            let started = server
                .killed_copy(|root| {
                    entry = make(root);
                    if index == "to be built anew" {
                        fs::write(root.join("index.rebuild-wanted"), "").unwrap();
                    }
                })
                .await;
            let what = format!("{} with an index {index}", entry.display());
            assert_eq!(started.keys().await, ["k", "kept"], "{what}");
            let condition = started.store.condition();
            assert_eq!(condition.strange_entries.named, [entry.display().to_string()], "{what}");
            assert_eq!(started.put("new", "x").await.status, 200, "{what}");
            started.store.shutdown().await;
            let root = started.folder.path();
            let report = check(root, false, true).unwrap();
            assert!(report.is_clean() && report.objects == 3, "{what}: {report:?}");
            let repaired = check(root, true, false).unwrap();
            assert!(repaired.repaired && repaired.is_clean(), "{what}: {repaired:?}");
            assert!(fs::symlink_metadata(&entry).is_ok(), "{what} is gone");
        }
    }
}

type Replacement = (&'static str, fn(&Path));

/// What may lie in the place of an object and cannot be read.
const UNREADABLE: [Replacement; 3] = [
    ("a directory", |path| fs::create_dir(path).unwrap()),
    ("a loop of links", |path| symlink(path, path).unwrap()),
    ("a named pipe", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
];

#[tokio::test]
async fn an_object_that_cannot_be_read_stays_listed_and_stops_no_other() {
    let server = with_two_objects().await;
    for (what, replace) in UNREADABLE {
        for wanted in [false, true] {
            let started = server
                .killed_copy(|root| {
                    fs::remove_file(object(root, "k")).unwrap();
                    replace(&object(root, "k"));
                    if wanted {
                        fs::write(root.join("index.rebuild-wanted"), "").unwrap();
                    }
                })
                .await;
            assert_eq!(started.keys().await, ["k", "kept"], "{what}");
            assert_eq!(started.get("k").await.error(), (500, "InternalError"), "{what}");
            assert_eq!(started.get("kept").await.text(), "kept body", "{what}");
            let condition = started.verified().await;
            assert_eq!(condition.unreadable_objects.count, 1, "{what}: {condition:?}");
            assert_eq!(condition.lost_objects.count, 0, "{what}");
            started.store.shutdown().await;
            let report = check(started.folder.path(), false, false).unwrap();
            assert!(!report.is_clean() && report.unreadable.count == 1, "{what}: {report:?}");
            let repaired = check(started.folder.path(), true, false).unwrap();
            assert_eq!((repaired.unreadable.count, repaired.ghosts.count), (1, 0), "{what}: {repaired:?}");
        }
    }
}

#[tokio::test]
async fn an_index_is_built_although_an_object_cannot_be_read() {
    let server = with_two_objects().await;
    for (what, replace) in UNREADABLE {
        let started = server
            .killed_copy(|root| {
                fs::remove_file(object(root, "k")).unwrap();
                replace(&object(root, "k"));
                fs::remove_file(root.join("index.sqlite")).unwrap();
                fs::remove_file(root.join("index.sqlite-wal")).unwrap();
            })
            .await;
        assert_eq!(started.keys().await, ["kept"], "{what}: nobody knows its key any more");
        let named = started.store.condition().unreadable_objects.named;
        assert_eq!(named, [object(started.folder.path(), "k").display().to_string()], "{what}");
        assert_eq!(started.get("k").await.error(), (500, "InternalError"), "{what}");
    }
}

#[tokio::test]
async fn a_damaged_object_stays_listed_when_the_index_is_built_anew() {
    let server = with_two_objects().await;
    let started = server
        .killed_copy(|root| {
            let bytes = fs::read(object(root, "k")).unwrap();
            fs::write(object(root, "k"), &bytes[1..]).unwrap();
            fs::write(root.join("index.rebuild-wanted"), "").unwrap();
        })
        .await;
    assert_eq!(started.keys().await, ["k", "kept"]);
    assert_eq!(started.get("k").await.error(), (500, "InternalError"));
    assert_eq!(started.store.condition().unreadable_objects.count, 1);
    assert_eq!(started.put("k", "again").await.status, 200);
    assert_eq!(started.get("k").await.text(), "again");
}

#[tokio::test]
async fn a_directory_of_objects_that_cannot_be_read_is_not_an_empty_one() {
    let server = with_two_objects().await;
    for wanted in [false, true] {
        let started = server
            .killed_copy(|root| {
                fs::remove_dir_all(shard(root)).unwrap();
                file(shard(root));
                if wanted {
                    fs::write(root.join("index.rebuild-wanted"), "").unwrap();
                }
            })
            .await;
        assert_eq!(started.keys().await, ["k", "kept"], "what it held is listed still");
        assert_eq!(started.get("k").await.error(), (500, "InternalError"));
        assert_eq!(started.put("new", "x").await.status, 200, "the others serve");
        let condition = started.verified().await;
        let path = shard(started.folder.path()).display().to_string();
        assert_eq!(condition.unreadable_directories.named, [path], "{condition:?}");
        assert_eq!(condition.lost_objects.count, 0);
        let started = started.restart_after(|_| {}).await;
        assert_eq!(started.verified().await.lost_objects.count, 0);
        assert_eq!(started.keys().await, ["k", "kept", "new"]);
        started.store.shutdown().await;
        let report = check(started.folder.path(), false, false).unwrap();
        assert!(!report.is_clean() && report.unreadable.count >= 1, "{report:?}");
        assert!(check(started.folder.path(), true, false).unwrap().repaired);
    }
}
