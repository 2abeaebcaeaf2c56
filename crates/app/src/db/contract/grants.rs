//! Grants that are open: how many one uploader may have, and how those that were never used go.

use super::*;

pub(super) async fn run(db: &dyn Db) {
    db.insert_job(job("grants", "c1", "Grants", 45)).await.unwrap();
    an_uploader_has_no_more_open_than_it_may(db).await;
    unused_grants_are_pruned_and_used_ones_stay(db).await;
    stored_photos_are_read_by_their_ids(db).await;
}

fn of(uploader: &str, id: &str, key: Option<&str>) -> PhotoRecord {
    PhotoRecord {
        job_id: job_id("grants"),
        uploaded_by: Some(PrincipalId::parse(uploader).unwrap()),
        ..photo(id, key)
    }
}

fn id(text: &str) -> PhotoId {
    PhotoId::parse(text).unwrap()
}

async fn an_uploader_has_no_more_open_than_it_may(db: &dyn Db) {
    let some = |from: usize, count: usize| -> Vec<_> {
        (from..from + count).map(|number| of("greedy", &format!("g{number:02}"), None)).collect()
    };
    let keyed = of("greedy", "g90", Some("again"));
    assert_eq!(db.grant_photos(some(0, 3), 5).await.unwrap().len(), 3);
    assert!(matches!(db.grant_photos(some(3, 3), 5).await, Err(DbError::TooMany(_))), "six");
    assert!(matches!(db.grant_photos(some(3, 6), 5).await, Err(DbError::TooMany(_))), "six in one call");
    let none = db.photos(job_id("grants"), vec![id("g03"), id("g04"), id("g05")]).await.unwrap();
    assert_eq!(none, [], "all or none");
    db.grant_photos(vec![keyed.clone()], 5).await.unwrap();
    db.grant_photos(some(3, 1), 5).await.unwrap();
    // What is known already opens nothing, neither now nor for the next call.
    for _ in 0..3 {
        assert!(matches!(db.grant_photos(some(4, 1), 5).await, Err(DbError::TooMany(_))));
    }
    assert_eq!(db.grant_photos(vec![of("modest", "m01", None)], 5).await.unwrap(), [Grant::New]);
    // A photo that has come is open no more.
    db.mark_stored(job_id("grants"), vec![(id("g00"), at(60)), (id("g01"), at(60))]).await.unwrap();
    db.mark_stored(job_id("grants"), vec![(id("g00"), at(61))]).await.unwrap();
    let again = db.grant_photos(vec![of("greedy", "g91", Some("again"))], 5).await.unwrap();
    assert_eq!(again, [Grant::Existing(Box::new(keyed))]);
    db.grant_photos(some(4, 2), 5).await.unwrap();
    assert!(matches!(db.grant_photos(some(6, 1), 5).await, Err(DbError::TooMany(_))));
    // Another day, as that of a grant says, another count where it is kept by days.
    let tomorrow = PhotoRecord { granted_at: at(50 + 2 * 86_400), ..of("late", "l01", None) };
    db.grant_photos(vec![of("late", "l00", None)], 5).await.unwrap();
    db.grant_photos(vec![tomorrow], 5).await.unwrap();
}

async fn unused_grants_are_pruned_and_used_ones_stay(db: &dyn Db) {
    let granted_at = |id: &str, second| PhotoRecord { granted_at: at(second), ..of("old", id, Some(id)) };
    let records = vec![granted_at("u1", 5), granted_at("u2", 6), granted_at("u3", 7), granted_at("u4", 30)];
    db.grant_photos(records, OPEN_MAX).await.unwrap();
    db.mark_stored(job_id("grants"), vec![(id("u2"), at(31))]).await.unwrap();
    let unused = async |before, limit| -> Vec<_> {
        let records = db.unused_grants(at(before), limit).await.unwrap();
        records.into_iter().map(|record| record.photo_id.to_string()).collect()
    };
    assert_eq!(unused(8, 10).await, ["u1", "u3"]);
    assert_eq!(unused(8, 1).await, ["u1"]);
    // One that is signed again counts from then.
    assert!(db.renew_grant(job_id("grants"), id("u3"), at(20)).await.unwrap());
    assert!(db.renew_grant(job_id("grants"), id("u2"), at(20)).await.unwrap());
    assert!(!db.renew_grant(job_id("grants"), id("u9"), at(20)).await.unwrap());
    assert_eq!(unused(8, 10).await, ["u1"]);
    let kept = db.photos(job_id("grants"), vec![id("u2"), id("u3")]).await.unwrap();
    assert_eq!(kept.iter().map(|record| record.granted_at).collect::<Vec<_>>(), [at(6), at(20)]);
    db.prune_grants(job_id("grants"), vec![id("u1"), id("u2"), id("u9")]).await.unwrap();
    let left = db.photos(job_id("grants"), vec![id("u1"), id("u2")]).await.unwrap();
    assert_eq!(left.iter().map(|record| record.photo_id.as_str()).collect::<Vec<_>>(), ["u2"]);
    // Its idempotency key is free again.
    assert_eq!(db.grant_photos(vec![granted_at("u5", 90)], OPEN_MAX).await.unwrap(), [Grant::New]);
    assert_eq!(
        db.grant_photos(vec![PhotoRecord { photo_id: id("u6"), ..granted_at("u1", 91) }], OPEN_MAX)
            .await
            .unwrap(),
        [Grant::New]
    );
}

async fn stored_photos_are_read_by_their_ids(db: &dyn Db) {
    let stored = async |from: Option<&str>, to: Option<&str>, limit| -> Vec<_> {
        let records = db.stored_photos(job_id("grants"), from.map(id), to.map(id), limit).await.unwrap();
        records.into_iter().map(|record| record.photo_id.to_string()).collect()
    };
    assert_eq!(stored(None, None, 10).await, ["g00", "g01", "u2"]);
    assert_eq!(stored(None, None, 2).await, ["g00", "g01"]);
    assert_eq!(stored(Some("g01"), Some("u2"), 10).await, ["g01", "u2"]);
    assert_eq!(stored(Some("g02"), Some("t"), 10).await, Vec::<String>::new());
    assert_eq!(stored(Some("z"), Some("a"), 10).await, Vec::<String>::new());
    db.delete_photo(job_id("grants"), id("g01"), at(99)).await.unwrap();
    assert_eq!(stored(Some("g00"), None, 10).await, ["g00", "u2"]);
}
