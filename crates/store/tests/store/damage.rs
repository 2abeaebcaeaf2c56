//! An index that opens and reads, and is not what was acknowledged: what a start and the verification beside it make
//! of a write-ahead log that is damaged or missing, of files that went away, and of a folder that was restored.

use std::fs;
use std::path::Path;

use qdn_store::{OpenError, Store, check};

use crate::recovery::{age_row, object};
use crate::support::{BUCKET, Server};

const KEYS: [&str; 6] = ["a", "b", "jobs/1/photos/c", "jobs/1/photos/d", "jobs/2/photos/e", "renditions/f"];

async fn with_six_objects() -> Server {
    let server = Server::start().await;
    for key in KEYS {
        server.put(key, format!("body of {key}")).await;
    }
    server
}

async fn assert_whole(server: Server, what: &str) {
    assert_eq!(server.keys().await, KEYS, "{what}");
    for key in KEYS {
        assert_eq!(server.get(key).await.text(), format!("body of {key}"), "{what}");
    }
    let condition = server.verified().await;
    assert_eq!(condition.lost_objects.count, 0, "{what}: {condition:?}");
    server.store.shutdown().await;
    let report = check(server.folder.path(), false, true).unwrap();
    assert!(report.is_clean() && report.objects == 6, "{what}: {report:?}");
}

#[tokio::test]
async fn a_write_ahead_log_with_a_flipped_byte_hides_no_object() {
    let server = with_six_objects().await;
    let log = server.folder.path().join("index.sqlite-wal");
    let length = usize::try_from(fs::metadata(&log).unwrap().len()).unwrap();
    let mut added = 0;
    for place in (0..length).step_by(length / 24) {
        let killed = server
            .killed_copy(|root| {
                let log = root.join("index.sqlite-wal");
                let mut bytes = fs::read(&log).unwrap();
                bytes[place] ^= 1;
                fs::write(log, bytes).unwrap();
            })
            .await;
        let condition = killed.store.condition();
        assert!(condition.unclean_start);
        added += condition.rows_added;
        assert_whole(killed, &format!("byte {place} of {length}")).await;
    }
    assert!(added > 30, "the flipped bytes hid only {added} rows");
}

#[tokio::test]
async fn a_write_ahead_log_that_is_missing_or_cut_hides_no_object() {
    let server = with_six_objects().await;
    let damages: [fn(&Path); 4] = [
        |root| fs::remove_file(root.join("index.sqlite-wal")).unwrap(),
        |root| {
            for name in ["index.sqlite-wal", "index.sqlite-shm"] {
                fs::remove_file(root.join(name)).unwrap();
            }
        },
        |root| fs::write(root.join("index.sqlite-wal"), "").unwrap(),
        |root| {
            let log = root.join("index.sqlite-wal");
            let bytes = fs::read(&log).unwrap();
            fs::write(log, &bytes[..bytes.len() / 2]).unwrap();
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let killed = server.killed_copy(damage).await;
        let added = killed.store.condition().rows_added;
        assert!((1..=6).contains(&added), "damage {number}: {added} rows");
        assert_whole(killed, &format!("damage {number}")).await;
    }
}

#[tokio::test]
async fn an_index_whose_pages_are_damaged_is_built_anew() {
    let server = Server::start().await;
    for n in 0..200 {
        server.put(&format!("jobs/{n}/photos/a name that takes some space {n}.jpg"), "x").await;
    }
    let keys = server.keys().await;
    let (folder, config) = server.copy_of_files();
    let store = Store::open(config).await.unwrap();
    store.shutdown().await;
    let length = usize::try_from(fs::metadata(folder.path().join("index.sqlite")).unwrap().len()).unwrap();
    for page in 1..length / 4096 {
        let killed = server
            .killed_copy(|root| {
                fs::copy(folder.path().join("index.sqlite"), root.join("index.sqlite")).unwrap();
                fs::remove_file(root.join("index.sqlite-wal")).unwrap();
                let mut bytes = fs::read(root.join("index.sqlite")).unwrap();
                bytes[page * 4096..page * 4096 + 64].fill(0xa5);
                fs::write(root.join("index.sqlite"), bytes).unwrap();
            })
            .await;
        assert_eq!(killed.keys().await, keys, "page {page}");
    }
}

#[tokio::test]
async fn only_a_stop_that_left_the_index_as_it_is_counts_as_clean() {
    let server = with_six_objects().await;
    assert!(!server.store.condition().unclean_start, "a new store was never stopped");
    let server = server.restart_after(|_| {}).await;
    assert!(!server.store.condition().unclean_start);
    let server = server.restart_after(|root| assert!(check(root, false, true).unwrap().is_clean())).await;
    assert!(!server.store.condition().unclean_start, "whoever only looks changes nothing");
    let server = server.restart_after(|root| assert!(check(root, true, false).unwrap().repaired)).await;
    assert!(server.store.condition().unclean_start, "a repair is verified once");
    let server = server
        .restart_after(|root| {
            let bytes = fs::read(root.join("index.sqlite")).unwrap();
            fs::write(root.join("index.sqlite"), bytes).unwrap();
        })
        .await;
    assert!(server.store.condition().unclean_start, "so is an index that was restored");
    let server =
        server.restart_after(|root| fs::write(root.join("index.closed"), "half a no").unwrap()).await;
    assert!(server.store.condition().unclean_start, "and one whose note cannot be read");
    assert_eq!(server.verified().await.rows_added, 0);
    let killed = server.killed_copy(|_| {}).await;
    assert!(killed.store.condition().unclean_start);
    let folder = killed.folder.path().to_owned();
    assert!(!folder.join("index.closed").exists(), "an open store has no note");
    assert_whole(killed, "an older installation").await;
}

#[tokio::test]
async fn an_object_that_lost_its_file_is_named() {
    let server = with_six_objects().await;
    let killed = server.killed_copy(|root| fs::remove_file(object(root, "a")).unwrap()).await;
    assert_eq!(killed.keys().await, KEYS[1..]);
    assert_eq!(killed.store.condition().lost_objects.named, [format!("{BUCKET}/a")]);

    let rebuilt = server
        .killed_copy(|root| {
            fs::remove_file(object(root, "a")).unwrap();
            fs::write(root.join("index.rebuild-wanted"), "").unwrap();
        })
        .await;
    assert_eq!(rebuilt.keys().await, KEYS[1..]);
    assert_eq!(rebuilt.store.condition().lost_objects.named, [format!("{BUCKET}/a")]);
}

#[tokio::test]
async fn files_that_went_away_while_the_store_was_closed_are_noticed_and_so_is_their_return() {
    let server = with_six_objects().await;
    let aside = server.folder.path().join("aside");
    let server = server.restart_after(|root| fs::rename(object(root, "a"), &aside).unwrap()).await;
    let condition = server.verified().await;
    assert!(!condition.unclean_start);
    assert_eq!(condition.lost_objects.named, [format!("{BUCKET}/a")]);
    assert_eq!(server.keys().await, KEYS[1..]);
    let server = server.restart_after(|root| fs::rename(&aside, object(root, "a")).unwrap()).await;
    assert_eq!(server.verified().await.rows_added, 1);
    assert_whole(server, "the file is back").await;
}

#[tokio::test]
async fn a_row_that_says_something_else_is_found_in_the_background_and_over_restarts() {
    let mut server = with_six_objects().await;
    server.config.verify_objects_per_second = 0;
    let killed = server.killed_copy(|root| age_row(root, "b")).await;
    assert!(!killed.store.condition().verifying);
    let mut killed = killed.restart_after(|_| {}).await;
    assert_eq!(killed.verified().await.rows_changed, 0, "nothing is compared yet");
    killed.config.verify_objects_per_second = 200;
    let server = killed.restart_after(|_| {}).await;
    assert!(!server.store.condition().unclean_start);
    let condition = server.verified().await;
    assert_eq!((condition.rows_changed, condition.objects_verified), (1, 6), "{condition:?}");
    let server = server.restart_after(|_| {}).await;
    assert_eq!(server.verified().await.objects_verified, 0, "once is enough");
    assert_whole(server, "the row is right").await;
}

#[tokio::test]
async fn a_bucket_whose_disk_is_not_mounted_is_not_taken_for_an_empty_one() {
    let server = with_six_objects().await;
    let damages: [fn(&Path); 3] = [
        |bucket| fs::remove_dir_all(bucket).unwrap(),
        |bucket| {
            fs::remove_dir_all(bucket).unwrap();
            fs::create_dir(bucket).unwrap();
        },
        |bucket| {
            fs::remove_dir_all(bucket).unwrap();
            std::os::unix::fs::symlink("/nowhere/at/all", bucket).unwrap();
        },
    ];
    for damage in damages {
        let (folder, config) = server.copy_of_files();
        let bucket = folder.path().join("buckets").join(BUCKET);
        damage(&bucket);
        let refused = Store::open(config.clone()).await;
        assert!(
            matches!(&refused, Err(OpenError::MissingBucket { bucket, .. }) if bucket == BUCKET),
            "{refused:?}"
        );
        if bucket.is_symlink() {
            fs::remove_file(&bucket).unwrap();
        }
        assert_eq!(check(folder.path(), true, false).unwrap().ghosts.count, 6);
        Store::open(config).await.unwrap().shutdown().await;
    }
}
