//! What every backend must do, as one suite: each backend's tests add one line.

mod crowd;
mod grants;

use jiff::{SignedDuration, Timestamp};

use super::{Cover, Db, DbError, Finished, Found, Grant, JobFilter};
use crate::domain::{
    Address, Application, ApplicationId, ApplicationKind, ApplicationName, Caption, Claim, Customer,
    CustomerChange, CustomerId, CustomerName, Email, Job, JobChange, JobId, JobStatus, Link, LinkId,
    Location, Outcome, Phase, Phone, PhotoChange, PhotoId, PhotoRecord, PrincipalId, Renditions, Role, Scope,
    Secret, Title, Verdict,
};

/// More open grants than any test here makes, unless it is about that.
pub(super) const OPEN_MAX: u32 = 10_000;

/// Runs the suite on an empty database.
pub(crate) async fn run(db: &dyn Db) {
    db.ping().await.unwrap();
    customers_and_jobs_are_kept_and_listed(db).await;
    customers_are_changed(db).await;
    jobs_are_searched_filtered_and_paged(db).await;
    links_are_found_by_token_and_die_by_revocation(db).await;
    applications_are_found_by_key(db).await;
    photos_are_granted_once_per_idempotency_key(db).await;
    photos_are_stored_changed_and_deleted(db).await;
    photos_are_claimed_by_one_and_finished(db).await;
    what_a_dead_process_left_is_queued_again(db).await;
    deleted_photos_are_swept_once(db).await;
    the_newest_ready_photo_that_is_not_hidden_is_the_cover(db).await;
    grants::run(db).await;
    crowd::run(db).await;
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn job_id(text: &str) -> JobId {
    JobId::parse(text).unwrap()
}

fn job(id: &str, customer: &str, title: &str, second: i64) -> Job {
    Job {
        job_id: job_id(id),
        customer_id: CustomerId::parse(customer).unwrap(),
        title: Title::parse(title).unwrap(),
        address: Some(Address::parse("12 Elm Street").unwrap()),
        scheduled_for: None,
        status: JobStatus::Scheduled,
        created_at: at(second),
    }
}

fn filter() -> JobFilter {
    JobFilter { scope: Scope::AllJobs, search: Vec::new(), status: None, after: None, limit: 100 }
}

async fn ids(db: &dyn Db, filter: JobFilter) -> Vec<String> {
    db.jobs(filter).await.unwrap().into_iter().map(|row| row.job.job_id.to_string()).collect()
}

async fn customers_and_jobs_are_kept_and_listed(db: &dyn Db) {
    for (id, name) in [("c1", "Ann Lee"), ("c2", "100% Öl & Co_")] {
        let customer = Customer {
            customer_id: CustomerId::parse(id).unwrap(),
            name: CustomerName::parse(name).unwrap(),
            phone: Some(Phone::parse("555").unwrap()),
            email: None,
            created_at: at(1),
        };
        db.insert_customer(customer.clone()).await.unwrap();
        assert_eq!(db.customer(customer.customer_id.clone()).await.unwrap(), Some(customer));
    }
    let after = CustomerId::parse("c1").unwrap();
    let names: Vec<_> =
        db.customers(Some(after), 10).await.unwrap().into_iter().map(|c| c.name.to_string()).collect();
    assert_eq!(names, ["100% Öl & Co_"]);

    db.insert_job(job("j1", "c1", "Garage", 10)).await.unwrap();
    assert!(matches!(db.insert_job(job("j1", "c1", "Other", 10)).await, Err(DbError::Conflict("job"))));
    assert!(matches!(
        db.insert_job(job("jX", "nobody", "Other", 10)).await,
        Err(DbError::Missing("customer"))
    ));
    assert_eq!(db.job(job_id("j1")).await.unwrap(), Some(job("j1", "c1", "Garage", 10)));
    assert_eq!(db.job(job_id("j9")).await.unwrap(), None);
    let row = db.job_row(job_id("j1")).await.unwrap().unwrap();
    assert_eq!((row.customer.name.as_str(), row.photo_count), ("Ann Lee", 0));

    let change = JobChange {
        status: Some(JobStatus::Done),
        address: Some(None),
        scheduled_for: Some(Some(at(77))),
        ..JobChange::default()
    };
    assert!(db.change_job(job_id("j1"), change).await.unwrap());
    let changed = db.job(job_id("j1")).await.unwrap().unwrap();
    assert_eq!(
        (changed.status, changed.address, changed.scheduled_for),
        (JobStatus::Done, None, Some(at(77)))
    );
    assert_eq!(changed.title.as_str(), "Garage");
    assert!(!db.change_job(job_id("j9"), JobChange::default()).await.unwrap());
}

async fn customers_are_changed(db: &dyn Db) {
    let id = CustomerId::parse("c1").unwrap();
    let before = db.customer(id.clone()).await.unwrap().unwrap();
    assert!(db.change_customer(id.clone(), CustomerChange::default()).await.unwrap());
    assert_eq!(db.customer(id.clone()).await.unwrap(), Some(before.clone()));
    let change =
        CustomerChange { phone: Some(None), email: Some(Some(Email::parse("a@b.c").unwrap())), name: None };
    assert!(db.change_customer(id.clone(), change).await.unwrap());
    let changed = Customer { phone: None, email: Some(Email::parse("a@b.c").unwrap()), ..before.clone() };
    assert_eq!(db.customer(id.clone()).await.unwrap(), Some(changed));
    let back = CustomerChange {
        name: Some(before.name.clone()),
        phone: Some(before.phone.clone()),
        email: Some(None),
    };
    assert!(db.change_customer(id.clone(), back).await.unwrap());
    assert_eq!(db.customer(id).await.unwrap(), Some(before));
    let nobody = CustomerId::parse("nobody").unwrap();
    assert!(!db.change_customer(nobody, CustomerChange::default()).await.unwrap());
}

async fn jobs_are_searched_filtered_and_paged(db: &dyn Db) {
    for (id, customer, title, second) in
        [("j2", "c2", "Attic", 20), ("j3", "c2", "Cellar", 30), ("j4", "c1", "Cellar 50%", 30)]
    {
        db.insert_job(job(id, customer, title, second)).await.unwrap();
    }
    assert_eq!(ids(db, filter()).await, ["j4", "j3", "j2", "j1"]);
    let first = ids(db, JobFilter { limit: 2, ..filter() }).await;
    assert_eq!(first, ["j4", "j3"]);
    let after = Some((at(30), job_id("j3")));
    assert_eq!(ids(db, JobFilter { after, ..filter() }).await, ["j2", "j1"]);

    let search =
        |words: &[&str]| JobFilter { search: words.iter().map(ToString::to_string).collect(), ..filter() };
    assert_eq!(ids(db, search(&["cell"])).await, ["j4", "j3"]);
    assert_eq!(ids(db, search(&["CELL", "lee"])).await, ["j4"]);
    assert_eq!(ids(db, search(&["0%"])).await, ["j4", "j3", "j2"]);
    assert_eq!(ids(db, search(&["l_c"])).await, Vec::<String>::new());
    assert_eq!(ids(db, search(&["'; --"])).await, Vec::<String>::new());

    let customer = Scope::Customer(CustomerId::parse("c2").unwrap());
    assert_eq!(ids(db, JobFilter { scope: customer, ..filter() }).await, ["j3", "j2"]);
    assert_eq!(ids(db, JobFilter { scope: Scope::Job(job_id("j2")), ..filter() }).await, ["j2"]);
    assert_eq!(ids(db, JobFilter { status: Some(JobStatus::Done), ..filter() }).await, ["j1"]);
}

async fn links_are_found_by_token_and_die_by_revocation(db: &dyn Db) {
    let token = Secret::generate("t_");
    let link = Link {
        link_id: LinkId::parse("l1").unwrap(),
        token_hash: token.hash(),
        role: Role::Crew,
        scope: Scope::Job(job_id("j1")),
        may_upload: true,
        created_at: at(5),
        expires_at: at(500),
        revoked_at: None,
        last_used_at: None,
    };
    db.insert_link(link.clone()).await.unwrap();
    let found = db.link_by_token(token.hash()).await.unwrap().unwrap();
    assert!(found.token_hash.verify(&token));
    assert_eq!((found.role, &found.scope, found.may_upload), (Role::Crew, &link.scope, true));
    assert!(found.is_live(at(499)) && !found.is_live(at(500)));
    assert!(db.link_by_token(Secret::generate("t_").hash()).await.unwrap().is_none());

    db.touch_link(link.link_id.clone(), at(60)).await.unwrap();
    assert!(db.revoke_link(link.link_id.clone(), at(70)).await.unwrap());
    assert!(db.revoke_link(link.link_id.clone(), at(80)).await.unwrap());
    assert!(!db.revoke_link(LinkId::parse("l9").unwrap(), at(80)).await.unwrap());
    let dead = db.link(link.link_id.clone()).await.unwrap().unwrap();
    assert_eq!((dead.revoked_at, dead.last_used_at), (Some(at(70)), Some(at(60))));
    assert!(!dead.is_live(at(71)));
    assert_eq!(db.links_of_job(job_id("j1")).await.unwrap().len(), 1);
    assert!(db.links_of_job(job_id("j2")).await.unwrap().is_empty());

    let staff = Link {
        link_id: LinkId::parse("l2").unwrap(),
        token_hash: Secret::generate("t_").hash(),
        role: Role::Staff,
        scope: Scope::AllJobs,
        ..link.clone()
    };
    db.insert_link(staff).await.unwrap();
    let many: Vec<_> = db.links_of_many_jobs().await.unwrap().into_iter().map(|link| link.link_id).collect();
    assert_eq!(many, [LinkId::parse("l2").unwrap()]);
    db.prune_links(at(70)).await.unwrap();
    assert!(db.link(link.link_id.clone()).await.unwrap().is_some());
    db.prune_links(at(71)).await.unwrap();
    assert!(db.link(link.link_id.clone()).await.unwrap().is_none());
    assert_eq!(db.links_of_many_jobs().await.unwrap().len(), 1);
}

async fn applications_are_found_by_key(db: &dyn Db) {
    let key = Secret::generate("k_");
    let kind = ApplicationKind::Secret { role: Role::Crew, scope: Scope::AllJobs };
    let application = Application {
        application_id: ApplicationId::parse("a1").unwrap(),
        name: ApplicationName::parse("Van 3").unwrap(),
        kind: kind.clone(),
        key_hash: key.hash(),
        allowed_origins: vec!["https://example.com".to_owned()],
        requests_per_minute_max: 60,
        created_at: at(1),
        revoked_at: None,
    };
    db.insert_application(application.clone()).await.unwrap();
    let found = db.application_by_key(key.hash()).await.unwrap().unwrap();
    assert_eq!(
        (found.kind, found.allowed_origins, found.requests_per_minute_max),
        (kind, application.allowed_origins, 60)
    );
    assert!(db.application_by_key(Secret::generate("k_").hash()).await.unwrap().is_none());
    assert!(db.revoke_application(application.application_id, at(9)).await.unwrap());
    assert_eq!(db.applications().await.unwrap()[0].revoked_at, Some(at(9)));
}

fn photo(id: &str, idempotency_key: Option<&str>) -> PhotoRecord {
    let photo_id = PhotoId::parse(id).unwrap();
    PhotoRecord {
        name: "a.jpg".to_owned(),
        content_type: "image/jpeg".to_owned(),
        size_bytes: Some(5_000_000_000),
        sha256: Some([7; 32]),
        phase: Some(Phase::Before),
        caption: Some(Caption::parse("Sofa").unwrap()),
        taken_at: Some(at(40)),
        location: Some(Location { latitude: -33.5, longitude: 151.25 }),
        uploaded_by: Some(PrincipalId::parse("l1").unwrap()),
        idempotency_key: idempotency_key.map(str::to_owned),
        ..PhotoRecord::granted(job_id("j1"), photo_id, format!("jobs/j1/photos/{id}"), at(50))
    }
}

async fn photos_are_granted_once_per_idempotency_key(db: &dyn Db) {
    let first = photo("p1", Some("k"));
    assert_eq!(db.grant_photos(vec![first.clone()], OPEN_MAX).await.unwrap(), [Grant::New]);
    let again = db.grant_photos(vec![photo("p2", Some("k")), photo("p3", None)], OPEN_MAX).await.unwrap();
    assert_eq!(again, [Grant::Existing(Box::new(first.clone())), Grant::New]);
    let within_one_call =
        db.grant_photos(vec![photo("p4", Some("m")), photo("p5", Some("m"))], OPEN_MAX).await.unwrap();
    assert_eq!(within_one_call, [Grant::New, Grant::Existing(Box::new(photo("p4", Some("m"))))]);
    let mut other_caller = photo("p6", Some("k"));
    other_caller.uploaded_by = Some(PrincipalId::parse("l2").unwrap());
    assert_eq!(db.grant_photos(vec![other_caller], OPEN_MAX).await.unwrap(), [Grant::New]);
    let ids = ["p1", "p2", "p3"].map(|id| PhotoId::parse(id).unwrap()).to_vec();
    assert_eq!(db.photos(job_id("j1"), ids).await.unwrap(), [first, photo("p3", None)]);
    let elsewhere = vec![PhotoId::parse("p1").unwrap()];
    assert!(db.photos(job_id("j2"), elsewhere).await.unwrap().is_empty());
}

async fn photos_are_stored_changed_and_deleted(db: &dyn Db) {
    let id = |text: &str| PhotoId::parse(text).unwrap();
    let count = async || db.job_row(job_id("j1")).await.unwrap().unwrap().photo_count;
    db.mark_stored(job_id("j1"), vec![(id("p1"), at(60)), (id("p3"), at(61))]).await.unwrap();
    db.mark_stored(job_id("j1"), vec![(id("p1"), at(99))]).await.unwrap();
    assert_eq!(count().await, 2);

    let change = PhotoChange { phase: Some(None), hidden: Some(true), caption: None };
    assert!(db.change_photo(job_id("j1"), id("p1"), change).await.unwrap());
    let changed = db.photos(job_id("j1"), vec![id("p1")]).await.unwrap().remove(0);
    assert_eq!(
        (changed.phase, changed.hidden, changed.caption.as_ref().map(Caption::as_str)),
        (None, true, Some("Sofa"))
    );
    assert_eq!(changed.stored_at, Some(at(60)));

    assert!(db.delete_photo(job_id("j1"), id("p1"), at(70)).await.unwrap());
    assert!(db.delete_photo(job_id("j1"), id("p1"), at(71)).await.unwrap());
    assert!(!db.delete_photo(job_id("j1"), id("p9"), at(71)).await.unwrap());
    assert!(!db.change_photo(job_id("j1"), id("p1"), PhotoChange::default()).await.unwrap());
    let deleted = db.photos(job_id("j1"), vec![id("p1")]).await.unwrap().remove(0);
    assert_eq!(deleted.deleted_at, Some(at(70)));
    assert_eq!(count().await, 1);

    db.adopt_photos(vec![photo("old tool/IMG 1.jpg", None)]).await.unwrap();
    db.forget_photo(job_id("j1"), id("old tool/IMG 1.jpg")).await.unwrap();
    db.forget_photo(job_id("j1"), id("old tool/IMG 1.jpg")).await.unwrap();
    assert!(db.photos(job_id("j1"), vec![id("old tool/IMG 1.jpg")]).await.unwrap().is_empty());
    db.adopt_photos(vec![photo("old tool/IMG 1.jpg", None)]).await.unwrap();
    let mut other = photo("old tool/IMG 1.jpg", None);
    other.hidden = true;
    db.adopt_photos(vec![other]).await.unwrap();
    assert!(!db.photos(job_id("j1"), vec![id("old tool/IMG 1.jpg")]).await.unwrap()[0].hidden);
}

async fn one(db: &dyn Db, id: &str) -> PhotoRecord {
    db.photos(job_id("j2"), vec![PhotoId::parse(id).unwrap()]).await.unwrap().remove(0)
}

fn of_second_job(id: &str) -> PhotoRecord {
    PhotoRecord { job_id: job_id("j2"), taken_at: None, location: None, ..photo(id, None) }
}

/// A claim on a photo, whoever had one before.
pub(super) async fn claim_of(db: &dyn Db, job: &str, photo: &str) -> Claim {
    let (job_id, photo_id) = (job_id(job), PhotoId::parse(photo).unwrap());
    db.queue_photos(job_id.clone(), vec![photo_id.clone()], at(1)).await.unwrap();
    let waits =
        db.photos(job_id.clone(), vec![photo_id.clone()]).await.unwrap().remove(0).process_after.unwrap();
    let until = waits + SignedDuration::from_secs(1);
    db.claim_photo(job_id, photo_id, waits, until).await.unwrap().unwrap().claim()
}

async fn claimed(db: &dyn Db, now: i64, until: i64, limit: usize) -> Vec<(String, u32)> {
    let records = db.claim_photos(at(now), at(until), limit).await.unwrap();
    let mut claimed: Vec<_> = records
        .into_iter()
        .filter(|record| record.job_id == job_id("j2"))
        .map(|record| (record.photo_id.to_string(), record.process_attempts))
        .collect();
    claimed.sort();
    claimed
}

async fn photos_are_claimed_by_one_and_finished(db: &dyn Db) {
    let id = |text: &str| PhotoId::parse(text).unwrap();
    while !db.claim_photos(at(900), at(100_000), 10).await.unwrap().is_empty() {}
    let elsewhere = db.photos_waiting().await.unwrap();
    db.grant_photos(vec![of_second_job("q1"), of_second_job("q2")], OPEN_MAX).await.unwrap();
    assert_eq!(claimed(db, 1_000, 1_100, 10).await, []);
    db.mark_stored(job_id("j2"), vec![(id("q1"), at(1_000))]).await.unwrap();
    db.queue_photos(job_id("j2"), vec![id("q2")], at(1_001)).await.unwrap();
    assert_eq!(db.photos_waiting().await.unwrap(), elsewhere + 2);
    assert_eq!(claimed(db, 1_000, 1_100, 10).await, [("q1".to_owned(), 1)]);
    assert_eq!(claimed(db, 1_001, 1_100, 1).await, [("q2".to_owned(), 1)]);
    assert_eq!(claimed(db, 1_099, 1_200, 10).await, []);
    assert_eq!(claimed(db, 1_100, 1_200, 10).await, [("q1".to_owned(), 2), ("q2".to_owned(), 2)]);

    // Who queues it again neither gives nor takes an attempt.
    db.queue_photos(job_id("j2"), vec![id("q1")], at(1_101)).await.unwrap();
    assert_eq!(claimed(db, 1_101, 1_200, 10).await, []);
    let first = one(db, "q2").await.claim();
    db.put_off_photo(first.clone(), Some(at(1_150)), 7).await.unwrap();
    assert_eq!(claimed(db, 1_150, 1_300, 10).await, [("q2".to_owned(), 3)]);
    assert_eq!(one(db, "q2").await.process_blame, 8);
    // A claim that is over ends nothing.
    db.put_off_photo(first, None, 0).await.unwrap();
    assert_eq!((one(db, "q2").await.process_after, one(db, "q2").await.process_blame), (Some(at(1_300)), 8));
    db.put_off_photo(one(db, "q2").await.claim(), None, 0).await.unwrap();
    assert_eq!(db.photos_waiting().await.unwrap(), elsewhere + 1);

    // One that is asked for by name is taken when it is due, and only then.
    let by_name = async |photo: &str, now: i64| {
        let claimed = db.claim_photo(job_id("j2"), id(photo), at(now), at(now + 100)).await.unwrap();
        claimed.map(|record| (record.photo_id, record.process_attempts))
    };
    assert_eq!(by_name("q1", 1_199).await, None);
    assert_eq!(by_name("q1", 1_200).await, Some((id("q1"), 3)));
    assert_eq!(by_name("q1", 1_299).await, None);
    assert_eq!((by_name("q2", 9_000).await, by_name("q9", 9_000).await), (None, None));

    let renditions = Renditions {
        version: "1-ab".to_owned(),
        width: 4_032,
        height: 3_024,
        thumbhash: vec![1, 2],
        damaged: true,
    };
    let whole = Renditions { damaged: false, ..renditions.clone() };
    let ready = Outcome { source_etag: "e1".to_owned(), verdict: Verdict::Ready(renditions) };
    let location = Some(Location { latitude: 1.5, longitude: -2.5 });
    let found = Found { taken_at: Some(at(7)), location };
    let claim = one(db, "q1").await.claim();
    let over = Claim { until: at(1_200), ..claim.clone() };
    assert_eq!(db.finish_photo(over, ready.clone(), found).await.unwrap(), Finished::Overtaken);
    assert_eq!(one(db, "q1").await.outcome, None);
    assert_eq!(db.finish_photo(claim, ready.clone(), found).await.unwrap(), Finished::Kept);
    let finished = one(db, "q1").await;
    assert_eq!((&finished.outcome, finished.process_after), (&Some(ready.clone()), None));
    assert_eq!((finished.process_attempts, finished.process_blame), (0, 0));
    assert_eq!((finished.taken_at, finished.location), (Some(at(7)), location));
    let later = Found { taken_at: Some(at(8)), location: None };
    // Other bytes, of which nothing is missing.
    let whole = Outcome { source_etag: "e3".to_owned(), verdict: Verdict::Ready(whole) };
    let claim = claim_of(db, "j2", "q1").await;
    assert_eq!(db.finish_photo(claim, whole.clone(), later).await.unwrap(), Finished::Kept);
    assert_eq!(one(db, "q1").await.outcome, Some(whole));
    let rejected = Outcome { source_etag: "e2".to_owned(), verdict: Verdict::Rejected("corrupt".to_owned()) };
    let claim = claim_of(db, "j2", "q1").await;
    assert_eq!(db.finish_photo(claim.clone(), rejected.clone(), later).await.unwrap(), Finished::Kept);
    let finished = one(db, "q1").await;
    assert_eq!((finished.outcome, finished.taken_at), (Some(rejected), Some(at(7))));
    let nobodys = Claim { photo_id: id("q9"), ..claim };
    assert_eq!(db.finish_photo(nobodys, ready, later).await.unwrap(), Finished::Deleted);
    assert_eq!(db.photos_waiting().await.unwrap(), elsewhere);
}

async fn what_a_dead_process_left_is_queued_again(db: &dyn Db) {
    let id = |text: &str| PhotoId::parse(text).unwrap();
    let old = PhotoRecord { granted_at: at(10), ..of_second_job("q3") };
    let recent = PhotoRecord { granted_at: at(2_000), ..of_second_job("q4") };
    let claimed_by_the_dead = PhotoRecord { granted_at: at(10), ..of_second_job("q5") };
    db.grant_photos(vec![old, recent, claimed_by_the_dead], OPEN_MAX).await.unwrap();
    db.mark_stored(job_id("j2"), vec![(id("q5"), at(11))]).await.unwrap();
    assert_eq!(claimed(db, 2_000, 9_000, 10).await, [("q5".to_owned(), 1)]);
    assert!(db.queue_unfinished(at(1_999), at(2_100)).await.unwrap() >= 2);
    let again = claimed(db, 2_100, 9_000, 100).await;
    assert_eq!(again, [("q4".to_owned(), 1), ("q5".to_owned(), 1)]);
    // Whatever died of it may have been its fault; who queues it anew forgives it.
    assert_eq!((one(db, "q4").await.process_blame, one(db, "q5").await.process_blame), (1, 2));
    let claim = one(db, "q4").await.claim();
    // Its object came after the processor had looked for it.
    db.mark_stored(job_id("j2"), vec![(id("q4"), at(2_200))]).await.unwrap();
    db.put_off_photo(claim, None, 0).await.unwrap();
    assert_eq!(one(db, "q4").await.process_after, Some(at(2_200)));
    db.put_off_photo(one(db, "q4").await.claim(), None, 5).await.unwrap();
    db.queue_photos(job_id("j2"), vec![id("q4")], at(2_300)).await.unwrap();
    assert_eq!((one(db, "q4").await.process_attempts, one(db, "q4").await.process_blame), (0, 0));
}

async fn deleted_photos_are_swept_once(db: &dyn Db) {
    let id = |text: &str| PhotoId::parse(text).unwrap();
    let claim = one(db, "q5").await.claim();
    db.delete_photo(job_id("j2"), id("q5"), at(3_000)).await.unwrap();
    assert_eq!(one(db, "q5").await.process_after, None);
    let outcome = Outcome { source_etag: "e".to_owned(), verdict: Verdict::Rejected("corrupt".to_owned()) };
    assert_eq!(db.finish_photo(claim, outcome, Found::default()).await.unwrap(), Finished::Deleted);
    db.queue_photos(job_id("j2"), vec![id("q5")], at(3_000)).await.unwrap();
    assert_eq!(one(db, "q5").await.process_after, None);

    let to_sweep = async |before: i64| {
        let records = db.photos_to_sweep(at(before), 100).await.unwrap();
        records.into_iter().filter(|record| record.job_id == job_id("j2")).count()
    };
    assert_eq!((to_sweep(3_000).await, to_sweep(3_001).await), (0, 1));
    db.mark_swept(job_id("j2"), id("q5"), at(4_000)).await.unwrap();
    assert_eq!(to_sweep(3_001).await, 0);
}

async fn the_newest_ready_photo_that_is_not_hidden_is_the_cover(db: &dyn Db) {
    let id = |text: &str| PhotoId::parse(text).unwrap();
    let cover = async || db.job_row(job_id("j3")).await.unwrap().unwrap().cover;
    let of = |photo: &str| Some(Cover { photo_id: id(photo), version: format!("1-{photo}") });
    let ready = async |photo: &str| {
        let renditions = Renditions {
            version: format!("1-{photo}"),
            width: 4,
            height: 3,
            thumbhash: vec![1],
            damaged: false,
        };
        let outcome = Outcome { source_etag: "e".to_owned(), verdict: Verdict::Ready(renditions) };
        let claim = claim_of(db, "j3", photo).await;
        assert_eq!(db.finish_photo(claim, outcome, Found::default()).await.unwrap(), Finished::Kept);
    };
    let records = ["r1", "r2", "r3"].map(|id| PhotoRecord { job_id: job_id("j3"), ..photo(id, None) });
    db.grant_photos(records.to_vec(), OPEN_MAX).await.unwrap();
    let stored = [("r1", 90), ("r2", 80), ("r3", 95)].map(|(photo, second)| (id(photo), at(second)));
    db.mark_stored(job_id("j3"), stored.to_vec()).await.unwrap();
    assert_eq!(cover().await, None);
    ready("r2").await;
    assert_eq!(cover().await, of("r2"));
    ready("r1").await;
    assert_eq!(cover().await, of("r1"));
    let listed = db.jobs(filter()).await.unwrap();
    assert_eq!(listed.len(), 4);
    let covers: Vec<_> = listed.into_iter().filter_map(|row| row.cover).collect();
    assert_eq!(covers, Vec::from_iter(of("r1")));

    ready("r3").await;
    let hide = |hidden| PhotoChange { hidden: Some(hidden), ..PhotoChange::default() };
    db.change_photo(job_id("j3"), id("r3"), hide(true)).await.unwrap();
    assert_eq!(cover().await, of("r1"));
    db.change_photo(job_id("j3"), id("r3"), hide(false)).await.unwrap();
    assert_eq!(cover().await, of("r3"));
    db.delete_photo(job_id("j3"), id("r3"), at(200)).await.unwrap();
    let corrupt = Outcome { source_etag: "f".to_owned(), verdict: Verdict::Rejected("corrupt".to_owned()) };
    let claim = claim_of(db, "j3", "r1").await;
    db.finish_photo(claim, corrupt, Found::default()).await.unwrap();
    assert_eq!(cover().await, of("r2"));
}
