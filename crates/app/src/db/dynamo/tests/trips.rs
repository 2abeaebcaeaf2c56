//! The table of round trips in `dynamo/mod.rs`, held to what a proxy counts.

use super::proxy::Proxy;
use super::real::{at, customer, fresh_table, job, link, origin, patient, photo, photo_id, ready};
use super::*;
use crate::db::contract::OPEN_MAX;
use crate::domain::{ApplicationKind, Scope, Secret};

/// A database behind a proxy that counts.
async fn counted() -> (Dynamo, Proxy) {
    let (proxy, name) = (Proxy::start(&origin()).await, fresh_table().await);
    (database(&proxy.origin, &name, patient()), proxy)
}

macro_rules! assert_trips {
    ($proxy:ident, $trips:literal, $call:expr) => {
        $call.await.map(|_| ()).unwrap();
        assert_eq!($proxy.asked(), $trips, "{}", stringify!($call));
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_customers_links_and_applications_take_the_round_trips_that_are_written_down() {
    let (db, proxy) = counted().await;
    let (customer_id, link) = (customer("c1").customer_id, link());
    assert_trips!(proxy, 1, db.ping());
    assert_trips!(proxy, 1, db.insert_customer(customer("c1")));
    assert_trips!(proxy, 1, db.customer(customer_id.clone()));
    let change = CustomerChange {
        name: Some(crate::domain::CustomerName::parse("Bea").unwrap()),
        ..CustomerChange::default()
    };
    assert_trips!(proxy, 1, db.change_customer(customer_id, change));
    assert_trips!(proxy, 1, db.customers(None, 10));
    for number in 0..50 {
        assert_trips!(proxy, 1, db.insert_job(job(&format!("j{number}"), "Attic", number)));
    }
    assert_trips!(proxy, 1, db.job(job_id()));
    assert_trips!(proxy, 2, db.job_row(job_id()));
    assert_trips!(
        proxy,
        1,
        db.change_job(job_id(), JobChange { address: Some(None), ..JobChange::default() })
    );
    let all = JobFilter { scope: Scope::AllJobs, search: Vec::new(), status: None, after: None, limit: 50 };
    assert_trips!(proxy, 2, db.jobs(all.clone()));
    assert_trips!(proxy, 3, db.jobs(JobFilter { search: vec!["attic".to_owned()], ..all }));

    assert_trips!(proxy, 1, db.insert_link(link.clone()));
    assert_trips!(proxy, 1, db.link_by_token(link.token_hash));
    assert_trips!(proxy, 1, db.links_of_many_jobs());
    assert_trips!(proxy, 1, db.links_of_job(job_id()));
    assert_trips!(proxy, 2, db.link(link.link_id.clone()));
    assert_trips!(proxy, 2, db.touch_link(link.link_id.clone(), at(2)));
    assert_trips!(proxy, 3, db.revoke_link(link.link_id.clone(), at(3)));
    assert_trips!(proxy, 2, db.prune_links(at(4)));

    let application = Application {
        application_id: ApplicationId::parse("a1").unwrap(),
        name: crate::domain::ApplicationName::parse("Van").unwrap(),
        kind: ApplicationKind::Publishable,
        key_hash: Secret::generate("k_").hash(),
        allowed_origins: Vec::new(),
        requests_per_minute_max: 60,
        created_at: at(1),
        revoked_at: None,
    };
    assert_trips!(proxy, 1, db.insert_application(application.clone()));
    assert_trips!(proxy, 1, db.application_by_key(application.key_hash));
    assert_trips!(proxy, 2, db.applications());
    assert_trips!(proxy, 2, db.revoke_application(application.application_id, at(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_take_the_round_trips_that_are_written_down() {
    let (db, proxy) = counted().await;
    let records = |numbers: std::ops::Range<usize>| -> Vec<_> {
        numbers.map(|number| photo(&format!("p{number}"), Some(&format!("k{number}")))).collect()
    };
    assert_trips!(proxy, 3, db.grant_photos(records(0..50), OPEN_MAX));
    assert_trips!(proxy, 4, db.grant_photos(vec![photo("other", Some("k0"))], OPEN_MAX));
    assert_trips!(proxy, 3, db.grant_photos(records(50..101), OPEN_MAX));
    assert_trips!(proxy, 1, db.unused_grants(at(10), 10));
    let all: Vec<_> = (0..100).map(|number| photo_id(&format!("p{number}"))).collect();
    assert_trips!(proxy, 1, db.photos(job_id(), all));
    let stored: Vec<_> = (0..99).map(|number| (photo_id(&format!("p{number}")), at(60))).collect();
    assert_trips!(proxy, 3, db.mark_stored(job_id(), stored.clone()));
    assert_trips!(proxy, 1, db.mark_stored(job_id(), stored));
    assert_trips!(proxy, 1, db.stored_photos(job_id(), None, None, 200));
    assert_trips!(proxy, 2, db.prune_grants(job_id(), vec![photo_id("p100")]));
    assert_trips!(proxy, 1, db.queue_photos(job_id(), vec![photo_id("p1")], at(61)));
    assert_trips!(proxy, 1, db.photos_waiting());
    assert_trips!(proxy, 1, db.claim_photo(job_id(), photo_id("p1"), at(60), at(90)));
    assert_trips!(proxy, 4, db.claim_photos(at(60), at(90), 3));
    let claim = |until| Claim { job_id: job_id(), photo_id: photo_id("p1"), until: at(until) };
    assert_trips!(proxy, 2, db.put_off_photo(claim(90), Some(at(95)), 0));
    assert_trips!(proxy, 2, db.finish_photo(claim(95), ready("v"), Found::default()));
    assert_trips!(proxy, 2, db.finish_photo(claim(95), ready("v"), Found::default()));
    let hide = PhotoChange { hidden: Some(true), ..PhotoChange::default() };
    assert_trips!(proxy, 3, db.change_photo(job_id(), photo_id("p1"), hide));
    assert_trips!(proxy, 2, db.delete_photo(job_id(), photo_id("p1"), at(100)));
    assert_trips!(proxy, 1, db.photos_to_sweep(at(101), 10));
    assert_trips!(proxy, 2, db.mark_swept(job_id(), photo_id("p1"), at(102)));
    assert_trips!(proxy, 2, db.adopt_photos(vec![photo("older.jpg", None)]));
    assert_trips!(proxy, 2, db.forget_photo(job_id(), photo_id("older.jpg")));
}
