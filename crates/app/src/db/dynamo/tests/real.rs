//! The contract, and what only a broken connection or much data show, on a server that `QDN_TEST_DYNAMODB` names.
//! `cargo xtask test dynamo` starts one. Each test has a table of its own.

use serde_json::json;

use super::proxy::Proxy;
use super::*;
use crate::db::contract::OPEN_MAX;
use crate::domain::{
    Caption, CustomerName, JobStatus, LinkId, Location, Phase, PrincipalId, Renditions, Role, Scope, Secret,
    Title, Verdict,
};

pub(super) fn origin() -> String {
    std::env::var("QDN_TEST_DYNAMODB").expect("QDN_TEST_DYNAMODB: where a server of DynamoDB's kind is")
}

/// The machine may be busy with other tests.
pub(super) fn patient() -> ApiLimits {
    ApiLimits { total: Duration::from_mins(1), one: Duration::from_secs(20), ..ApiLimits::default() }
}

pub(super) async fn fresh_table() -> String {
    let name = format!("qdn-{:016x}", rand::random::<u64>());
    let db = database(&origin(), &name, patient());
    db.table.api.call("CreateTable", &table::definition(&name)).await.unwrap();
    name
}

async fn empty() -> Dynamo {
    database(&origin(), &fresh_table().await, patient())
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn photo_id(text: &str) -> PhotoId {
    PhotoId::parse(text).unwrap()
}

pub(super) fn customer(id: &str) -> Customer {
    Customer {
        customer_id: CustomerId::parse(id).unwrap(),
        name: CustomerName::parse("Ann").unwrap(),
        phone: None,
        email: None,
        created_at: at(1),
    }
}

pub(super) fn job(id: &str, title: &str, second: i64) -> Job {
    Job {
        job_id: JobId::parse(id).unwrap(),
        customer_id: CustomerId::parse("c1").unwrap(),
        title: Title::stored(title.to_owned()),
        address: None,
        scheduled_for: None,
        status: JobStatus::Scheduled,
        created_at: at(second),
    }
}

pub(super) fn photo(id: &str, idempotency_key: Option<&str>) -> PhotoRecord {
    PhotoRecord {
        name: "a.jpg".to_owned(),
        content_type: "image/jpeg".to_owned(),
        size_bytes: Some(5),
        sha256: Some([7; 32]),
        phase: Some(Phase::Before),
        location: Some(Location { latitude: 1.5, longitude: -2.5 }),
        uploaded_by: Some(PrincipalId::parse("l1").unwrap()),
        idempotency_key: idempotency_key.map(str::to_owned),
        ..PhotoRecord::granted(job_id(), photo_id(id), format!("jobs/j1/photos/{id}"), at(50))
    }
}

pub(super) fn link() -> Link {
    Link {
        link_id: LinkId::parse("l1").unwrap(),
        token_hash: Secret::generate("t_").hash(),
        role: Role::Crew,
        scope: Scope::AllJobs,
        may_upload: true,
        created_at: at(1),
        expires_at: at(1_000),
        revoked_at: None,
        last_used_at: None,
    }
}

pub(super) fn ready(version: &str) -> Outcome {
    let renditions =
        Renditions { version: version.to_owned(), width: 4, height: 3, thumbhash: vec![1], damaged: false };
    Outcome { source_etag: "e".to_owned(), verdict: Verdict::Ready(renditions) }
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamodb_keeps_the_contract() {
    crate::db::contract::run(&empty().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_is_not_taken_for_a_conflict_with_itself() {
    let proxy = Proxy::start(&origin()).await;
    let db = database(&proxy.origin, &fresh_table().await, patient());
    let lose = || proxy.lose_one();
    let link = link();
    lose();
    db.insert_customer(customer("c1")).await.unwrap();
    lose();
    db.insert_job(job("j1", "Attic", 1)).await.unwrap();
    lose();
    db.insert_link(link.clone()).await.unwrap();
    lose();
    assert!(db.revoke_link(link.link_id, at(5)).await.unwrap());
    lose();
    assert_eq!(
        db.grant_photos(vec![photo("p1", Some("k")), photo("p2", None)], OPEN_MAX).await.unwrap(),
        [Grant::New, Grant::New]
    );
    lose();
    db.adopt_photos(vec![photo("p3", None)]).await.unwrap();
    lose();
    db.mark_stored(job_id(), vec![(photo_id("p1"), at(60))]).await.unwrap();
    lose();
    let claimed = db.claim_photo(job_id(), photo_id("p1"), at(60), at(90)).await.unwrap().unwrap();
    assert_eq!(claimed.process_attempts, 1);
    lose();
    let finished = db.finish_photo(claimed.claim(), ready("v"), Found::default()).await.unwrap();
    assert_eq!(finished, Finished::Kept);
    lose();
    let change =
        PhotoChange { caption: Some(Some(Caption::parse("Sofa").unwrap())), ..PhotoChange::default() };
    assert!(db.change_photo(job_id(), photo_id("p1"), change).await.unwrap());
    let row = db.job_row(job_id()).await.unwrap().unwrap();
    assert_eq!((row.photo_count, row.cover.unwrap().photo_id), (1, photo_id("p1")));
    lose();
    assert!(db.delete_photo(job_id(), photo_id("p1"), at(70)).await.unwrap());
    assert_eq!(db.job_row(job_id()).await.unwrap().unwrap().photo_count, 0);
    lose();
    db.forget_photo(job_id(), photo_id("p3")).await.unwrap();
    assert_eq!(proxy.lost(), 12);
    let conflict = db.insert_customer(customer("c1")).await;
    assert!(matches!(conflict, Err(DbError::Conflict("customer"))), "{conflict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_a_hundred_that_ends_half_way_leaves_none_and_is_granted_when_asked_again() {
    let (name, proxy) = (fresh_table().await, Proxy::start(&origin()).await);
    let limits = ApiLimits { tries: 3, ..patient() };
    let (through, db) = (database(&proxy.origin, &name, limits), database(&origin(), &name, patient()));
    let hundred = |begin: &str| -> Vec<_> {
        (0..100).map(|number| photo(&format!("{begin}{number}"), Some(&format!("k{number}")))).collect()
    };
    // Two to count them as open, and the guards.
    proxy.end_after_writes(3);
    assert!(through.grant_photos(hundred("a"), OPEN_MAX).await.is_err());
    let ids = |begin: &str| (0..100).map(|number| photo_id(&format!("{begin}{number}"))).collect::<Vec<_>>();
    assert!(db.photos(job_id(), ids("a")).await.unwrap().is_empty());
    assert_eq!(db.queue_unfinished(at(0), at(60)).await.unwrap(), 0);

    let answers = db.grant_photos(hundred("b"), OPEN_MAX).await.unwrap();
    let expected: Vec<_> = hundred("a").into_iter().map(|record| Grant::Existing(Box::new(record))).collect();
    assert_eq!(answers, expected);
    assert_eq!(db.photos(job_id(), ids("a")).await.unwrap(), hundred("a"));
    assert!(db.photos(job_id(), ids("b")).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_where_an_answer_ends_for_its_size() {
    let db = empty().await;
    db.insert_customer(customer("c1")).await.unwrap();
    // 60 jobs of 50 kB: three answers.
    let title = |number: usize| format!("{} {number:02}", "x".repeat(50_000));
    for number in 0..60 {
        let second = i64::try_from(number).unwrap();
        db.insert_job(job(&format!("n{number:02}"), &title(number), second)).await.unwrap();
    }
    let filter =
        |limit| JobFilter { scope: Scope::AllJobs, search: Vec::new(), status: None, after: None, limit };
    let numbers = async |filter: JobFilter| -> Vec<usize> {
        let rows = db.jobs(filter).await.unwrap();
        rows.iter().map(|row| row.job.job_id.as_str()[1..].parse().unwrap()).collect()
    };
    assert_eq!(numbers(filter(100)).await, (0..60).rev().collect::<Vec<_>>());
    assert_eq!(numbers(filter(45)).await, (15..60).rev().collect::<Vec<_>>());
    let after = Some((at(15), JobId::parse("n15").unwrap()));
    assert_eq!(numbers(JobFilter { after, ..filter(100) }).await, (0..15).rev().collect::<Vec<_>>());
    assert_eq!(numbers(JobFilter { search: vec!["05".to_owned()], ..filter(1) }).await, [5]);
    assert!(
        db.change_job(
            JobId::parse("n01").unwrap(),
            JobChange { status: Some(JobStatus::Done), ..JobChange::default() }
        )
        .await
        .unwrap()
    );
    assert_eq!(numbers(JobFilter { status: Some(JobStatus::Done), ..filter(1) }).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_is_found_again_among_more_photos_than_one_answer_holds() {
    let db = empty().await;
    db.insert_customer(customer("c1")).await.unwrap();
    db.insert_job(job("j1", "Attic", 1)).await.unwrap();
    // 60 photos of 50 kB.
    let ids: Vec<_> = (0..60).map(|number| photo_id(&format!("n{number:02}"))).collect();
    for ids in ids.chunks(10) {
        let record = |id: &PhotoId| PhotoRecord {
            caption: Some(Caption::stored("x".repeat(50_000))),
            ..photo(id.as_str(), None)
        };
        db.grant_photos(ids.iter().map(record).collect(), OPEN_MAX).await.unwrap();
    }
    let stored = |(second, id): (i64, &PhotoId)| (id.clone(), at(second));
    db.mark_stored(job_id(), (100..).zip(&ids).map(stored).collect()).await.unwrap();
    assert_eq!(db.photos_waiting().await.unwrap(), 60);
    assert_eq!(db.queue_unfinished(at(0), at(90)).await.unwrap(), 60);
    let mut claimed = db.claim_photos(at(90), at(400), 60).await.unwrap();
    assert_eq!(claimed.len(), 60);
    claimed.retain(|record| ids[28..].contains(&record.photo_id));
    for record in claimed {
        let finished = db.finish_photo(record.claim(), ready("v"), Found::default()).await.unwrap();
        assert_eq!(finished, Finished::Kept);
    }
    let cover = async || db.job_row(job_id()).await.unwrap().unwrap().cover.map(|cover| cover.photo_id);
    for newest in (28..60).rev() {
        assert_eq!(cover().await, Some(ids[newest].clone()));
        assert!(db.delete_photo(job_id(), ids[newest].clone(), at(500)).await.unwrap());
    }
    assert_eq!(cover().await, None);
    assert_eq!(db.photos_to_sweep(at(501), 100).await.unwrap().len(), 32);
    assert_eq!(db.job_row(job_id()).await.unwrap().unwrap().photo_count, 28);
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_a_newer_version_outlive_a_change_by_this_one() {
    let db = empty().await;
    db.grant_photos(vec![photo("p1", None)], OPEN_MAX).await.unwrap();
    let key = keys::photo(&job_id(), &photo_id("p1"));
    let newer = write::Write::update(key.clone()).set("of_tomorrow", json!({ "L": [{ "NULL": true }] }));
    db.table.write(newer).await.map(|_| ()).unwrap();
    let change = PhotoChange { phase: Some(None), ..PhotoChange::default() };
    assert!(db.change_photo(job_id(), photo_id("p1"), change).await.unwrap());
    let item = db.table.get(&key).await.unwrap().unwrap();
    assert_eq!(item["of_tomorrow"], json!({ "L": [{ "NULL": true }] }));
    assert!(!item.contains_key("phase"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_not_there_is_an_error_with_a_text_for_the_log() {
    let db = database(&origin(), "no-such-table", patient());
    let Err(DbError::Broken(text)) = db.ping().await else { panic!("there is such a table") };
    assert!(text.contains("ResourceNotFoundException"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamodb_may_drop_dead_links_by_the_attribute_that_says_when() {
    let (name, db) = (fresh_table().await, empty().await);
    let specification = json!({ "AttributeName": table::TTL_ATTRIBUTE, "Enabled": true });
    let input = json!({ "TableName": name, "TimeToLiveSpecification": specification });
    db.table.api.call("UpdateTimeToLive", &input).await.unwrap();

    let link = link();
    db.insert_link(link.clone()).await.unwrap();
    for key in [keys::link(&link.link_id), keys::token(&link.token_hash)] {
        let item = db.table.get(&key).await.unwrap().unwrap();
        assert_eq!(item[table::TTL_ATTRIBUTE], json!({ "N": (1_000 + 90 * 24 * 3_600).to_string() }));
    }
}
