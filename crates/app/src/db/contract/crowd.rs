//! What must hold when many call at once, and when one call brings much.

use futures::future::join_all;

use super::*;

/// As many callers as want the same thing at once.
const CALLERS: usize = 20;

pub(super) async fn run(db: &dyn Db) {
    of_many_jobs_with_one_id_one_is_kept(db).await;
    of_many_uploads_with_one_idempotency_key_one_is_granted(db).await;
    a_hundred_uploads_are_granted_all_or_none(db).await;
    of_many_claimers_one_gets_the_photo(db).await;
    the_count_and_the_cover_are_exact_when_many_change_photos(db).await;
    the_cover_is_right_whoever_comes_first(db).await;
    what_callers_may_send_comes_back_as_it_was(db).await;
    words_are_found_in_any_case_of_ascii_letters(db).await;
}

fn photo_id(text: &str) -> PhotoId {
    PhotoId::parse(text).unwrap()
}

async fn of_many_jobs_with_one_id_one_is_kept(db: &dyn Db) {
    let insert = async |title: usize| db.insert_job(job("crowd", "c1", &title.to_string(), 40)).await;
    let answers = join_all((0..CALLERS).map(insert)).await;
    let kept: Vec<_> = (0..CALLERS).filter(|caller| answers[*caller].is_ok()).collect();
    assert_eq!(kept.len(), 1, "{answers:?}");
    let conflicts = answers.iter().filter(|answer| matches!(answer, Err(DbError::Conflict("job"))));
    assert_eq!(conflicts.count(), CALLERS - 1);
    assert_eq!(db.job(job_id("crowd")).await.unwrap().unwrap().title.as_str(), kept[0].to_string());
}

fn of_crowd(id: &str, idempotency_key: Option<&str>) -> PhotoRecord {
    PhotoRecord { job_id: job_id("crowd"), ..photo(id, idempotency_key) }
}

async fn of_many_uploads_with_one_idempotency_key_one_is_granted(db: &dyn Db) {
    let grant = async |caller: usize| {
        let records =
            vec![of_crowd(&format!("same{caller}"), Some("same")), of_crowd(&format!("own{caller}"), None)];
        db.grant_photos(records, OPEN_MAX).await.unwrap()
    };
    let answers = join_all((0..CALLERS).map(grant)).await;
    let new: Vec<_> = (0..CALLERS).filter(|caller| answers[*caller][0] == Grant::New).collect();
    assert_eq!(new.len(), 1, "{answers:?}");
    let first = of_crowd(&format!("same{}", new[0]), Some("same"));
    for (caller, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer[1], Grant::New);
        if caller != new[0] {
            assert_eq!(answer[0], Grant::Existing(Box::new(first.clone())));
        }
    }
    let all = (0..CALLERS).map(|caller| photo_id(&format!("same{caller}"))).collect();
    assert_eq!(db.photos(job_id("crowd"), all).await.unwrap(), [first]);
}

async fn a_hundred_uploads_are_granted_all_or_none(db: &dyn Db) {
    let record = |number: usize| of_crowd(&format!("h{number:03}"), Some(&format!("hundred {number}")));
    let there = async |numbers: std::ops::Range<usize>| {
        let ids = numbers.map(|number| photo_id(&format!("h{number:03}"))).collect();
        db.photos(job_id("crowd"), ids).await.unwrap().len()
    };
    // One of them cannot be kept: its id is taken. So none of them is.
    db.grant_photos(vec![of_crowd("taken", None)], OPEN_MAX).await.unwrap();
    let mut with_taken: Vec<_> = (0..99).map(record).collect();
    with_taken.push(of_crowd("taken", None));
    assert!(db.grant_photos(with_taken, OPEN_MAX).await.is_err());
    assert_eq!(there(0..99).await, 0);
    let few = vec![of_crowd("few", Some("few")), of_crowd("taken", None)];
    assert!(db.grant_photos(few, OPEN_MAX).await.is_err());
    assert!(db.photos(job_id("crowd"), vec![photo_id("few")]).await.unwrap().is_empty());

    let hundred = |from: usize| (from..from + 100).map(record).collect::<Vec<_>>();
    let answers = db.grant_photos(hundred(200), OPEN_MAX).await.unwrap();
    assert!(answers.len() == 100 && answers.iter().all(|answer| *answer == Grant::New));
    assert_eq!(there(200..300).await, 100);
    // Half of these are known.
    let answers = db.grant_photos(hundred(250), OPEN_MAX).await.unwrap();
    for (number, answer) in (250..).zip(answers) {
        let expected = if number < 300 { Grant::Existing(Box::new(record(number))) } else { Grant::New };
        assert_eq!(answer, expected, "{number}");
    }
    assert_eq!(there(200..350).await, 150);
    // A key that is known goes before an id that is taken.
    let known = vec![of_crowd("taken", Some("hundred 200"))];
    assert_eq!(db.grant_photos(known, OPEN_MAX).await.unwrap(), [Grant::Existing(Box::new(record(200)))]);
}

async fn of_many_claimers_one_gets_the_photo(db: &dyn Db) {
    while !db.claim_photos(at(90_000), at(200_000), 10).await.unwrap().is_empty() {}
    let ids = ["own1", "own2", "own3"].map(photo_id);
    db.queue_photos(job_id("crowd"), ids.to_vec(), at(90_000)).await.unwrap();
    let by_name =
        async |_| db.claim_photo(job_id("crowd"), photo_id("own1"), at(90_000), at(91_000)).await.unwrap();
    let claims: Vec<_> = join_all((0..CALLERS).map(by_name)).await.into_iter().flatten().collect();
    assert_eq!(claims.len(), 1);
    assert_eq!((claims[0].process_attempts, claims[0].process_after), (1, Some(at(91_000))));

    let any = async |_| db.claim_photos(at(90_000), at(91_000), 1).await.unwrap();
    let mut claims = join_all((0..CALLERS).map(any)).await.concat();
    // Who came to nothing while others took what it wanted comes again.
    claims.extend(db.claim_photos(at(90_000), at(91_000), 10).await.unwrap());
    let mut claimed: Vec<_> = claims.iter().map(|record| record.photo_id.as_str()).collect();
    claimed.sort_unstable();
    assert_eq!(claimed, ["own2", "own3"]);
    for record in db.photos(job_id("crowd"), ids.to_vec()).await.unwrap() {
        db.put_off_photo(record.claim(), None, 0).await.unwrap();
    }
}

async fn make_ready(db: &dyn Db, job_id: &JobId, id: &PhotoId) {
    let renditions =
        Renditions { version: id.to_string(), width: 4, height: 3, thumbhash: vec![1], damaged: false };
    let outcome = Outcome { source_etag: "e".to_owned(), verdict: Verdict::Ready(renditions) };
    let claim = claim_of(db, job_id.as_str(), id.as_str()).await;
    assert_eq!(db.finish_photo(claim, outcome, Found::default()).await.unwrap(), Finished::Kept);
}

/// Sixteen photos; those with an even number are made ready, every fourth is hidden, every third is deleted, in any order.
async fn the_count_and_the_cover_are_exact_when_many_change_photos(db: &dyn Db) {
    let tally = async || {
        let row = db.job_row(job_id("tally")).await.unwrap().unwrap();
        (row.photo_count, row.cover.map(|cover| cover.photo_id.to_string()))
    };
    db.insert_job(job("tally", "c1", "Shed", 41)).await.unwrap();
    let name = |number: usize| format!("n{number:02}");
    let records = (0..16).map(|number| PhotoRecord { job_id: job_id("tally"), ..photo(&name(number), None) });
    db.grant_photos(records.collect(), OPEN_MAX).await.unwrap();
    let work = async |number: usize| {
        let (job_id, id) = (job_id("tally"), photo_id(&name(number)));
        let second = 100 + i64::try_from(number).unwrap();
        let mark = || db.mark_stored(job_id.clone(), vec![(id.clone(), at(second))]);
        let (one, other) = futures::future::join(mark(), mark()).await;
        one.and(other).unwrap();
        if number.is_multiple_of(2) {
            make_ready(db, &job_id, &id).await;
        }
        if number.is_multiple_of(4) {
            let hide = PhotoChange { hidden: Some(true), ..PhotoChange::default() };
            assert!(db.change_photo(job_id.clone(), id.clone(), hide).await.unwrap());
        }
        if number.is_multiple_of(3) {
            assert!(db.delete_photo(job_id.clone(), id.clone(), at(300)).await.unwrap());
        }
    };
    join_all((0..16).map(work)).await;
    // Deleted: 0, 3, 6, 9, 12, 15. Ready, shown and there: 2, 10, 14.
    assert_eq!(tally().await, (10, Some(name(14))));
    let listed = db.jobs(JobFilter { scope: Scope::Job(job_id("tally")), ..filter() }).await.unwrap();
    assert_eq!(listed[0].photo_count, 10);
    let delete = |number: usize| db.delete_photo(job_id("tally"), photo_id(&name(number)), at(301));
    for (gone, left) in [(14, Some(name(10))), (10, Some(name(2))), (2, None)] {
        join_all((0..4).map(|_| delete(gone))).await;
        assert_eq!(tally().await.1, left);
    }
    assert_eq!(tally().await.0, 7);
    db.forget_photo(job_id("tally"), photo_id(&name(1))).await.unwrap();
    assert_eq!(tally().await.0, 6);
}

/// Again and again two photos become ready at once, and then the newer one is deleted while an older one becomes ready.
async fn the_cover_is_right_whoever_comes_first(db: &dyn Db) {
    for round in 0..8 {
        let of = job_id(&format!("race{round}"));
        db.insert_job(job(of.as_str(), "c1", "Barn", 42)).await.unwrap();
        let [oldest, older, newest] = ["oldest", "older", "newest"].map(photo_id);
        let stored: Vec<_> = [&oldest, &older, &newest].into_iter().cloned().zip((100..).map(at)).collect();
        let records =
            stored.iter().map(|(id, _)| PhotoRecord { job_id: of.clone(), ..photo(id.as_str(), None) });
        db.grant_photos(records.collect(), OPEN_MAX).await.unwrap();
        db.mark_stored(of.clone(), stored).await.unwrap();
        let cover = async || db.job_row(of.clone()).await.unwrap().unwrap().cover.map(|cover| cover.photo_id);
        join_all([&newest, &older].map(|id| make_ready(db, &of, id))).await;
        assert_eq!(cover().await, Some(newest.clone()));
        db.delete_photo(of.clone(), older, at(300)).await.unwrap();
        let delete = db.delete_photo(of.clone(), newest, at(300));
        let ((), deleted) = futures::future::join(make_ready(db, &of, &oldest), delete).await;
        assert!(deleted.unwrap());
        assert_eq!(cover().await, Some(oldest));
    }
}

async fn what_callers_may_send_comes_back_as_it_was(db: &dyn Db) {
    let record = PhotoRecord {
        name: "\u{1F6CB} \"sofa\" \\ '.jpg".to_owned(),
        caption: Some(Caption::parse(&"\u{10FFFF}".repeat(2_000)).unwrap()),
        size_bytes: Some(0),
        sha256: None,
        location: Some(Location { latitude: 1e-300, longitude: -179.999_999_999_999_97 }),
        uploaded_by: None,
        ..of_crowd("01ARZ3NDEKTSV4RRFFQ69G5FAV", Some(&"é".repeat(255)))
    };
    db.grant_photos(vec![record.clone()], OPEN_MAX).await.unwrap();
    let ids = vec![record.photo_id.clone(), photo_id(&"x".repeat(1_024)), record.photo_id.clone()];
    assert_eq!(db.photos(job_id("crowd"), ids).await.unwrap(), [record.clone(), record]);
    let long = photo_id(&"é".repeat(512));
    assert!(!db.delete_photo(job_id("crowd"), long.clone(), at(1)).await.unwrap());
    let nobodys = Claim { job_id: job_id("crowd"), photo_id: long, until: at(1) };
    db.put_off_photo(nobodys, Some(at(1)), 0).await.unwrap();
}

async fn words_are_found_in_any_case_of_ascii_letters(db: &dyn Db) {
    let search = async |word: &str| {
        let scope = Scope::Customer(CustomerId::parse("c2").unwrap());
        ids(db, JobFilter { scope, search: vec![word.to_owned()], ..filter() }).await.len()
    };
    assert_eq!((search("100% ÖL").await, search("öl").await), (2, 0));
    let only =
        |after: Option<(Timestamp, JobId)>| JobFilter { scope: Scope::Job(job_id("j2")), after, ..filter() };
    assert_eq!(ids(db, only(Some((at(20), job_id("j3"))))).await, ["j2"]);
    assert_eq!(ids(db, only(Some((at(20), job_id("j2"))))).await, Vec::<String>::new());
}
