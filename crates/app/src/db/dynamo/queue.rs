//! The processor's queue: a photo that waits has `process_after` and is in the first index for it; who claims one moves it on.
//!
//! The queue is one partition of the index, not several: it takes about 250 photos a second (each is written there four
//! times: queued, moved by the claim, which is two writes, and gone), which is more than one database of jobs will see, and
//! a claim asks once instead of once for each shard. On AWS nobody claims from it in the usual case: photos are claimed by
//! name, from the events of the bucket.

use jiff::Timestamp;

use super::call::{Table, Written};
use super::item::{Key, REV, fresh_rev, sortable, text, time};
use super::keys;
use super::photo::Photo;
use super::photos::{Next, UNCHANGED, by_ids, change, change_one, edited};
use super::table::{FIRST_INDEX, SECOND_INDEX};
use super::write::{Query, Write};
use crate::db::{Finished, Found, Result};
use crate::domain::{Claim, JobId, Outcome, PhotoId, PhotoRecord};

/// How many due photos a claim chooses among, at least, so that not all claimers want the same one.
const CLAIM_PAGE: usize = 16;
/// How often a claim looks further, when others were quicker.
const CLAIM_PAGES_MAX: usize = 8;

pub(super) async fn queue(
    table: &Table,
    job_id: &JobId,
    photo_ids: Vec<PhotoId>,
    now: Timestamp,
) -> Result<()> {
    let wishes = photo_ids.into_iter().map(|photo_id| (photo_id, ())).collect();
    let queue = |photo: Option<&Photo>, (): &()| match photo {
        Some(photo) if photo.record.process_after.is_none() && photo.record.deleted_at.is_none() => {
            edited(photo, |photo| due_anew(photo, now))
        }
        _ => UNCHANGED,
    };
    change(table, job_id, wishes, queue).await.map(|_| ())
}

fn due_anew(photo: &mut Photo, now: Timestamp) {
    photo.record.process_after = Some(now);
    photo.record.process_attempts = 0;
    photo.record.process_blame = 0;
}

pub(super) async fn queue_unfinished(table: &Table, granted_since: Timestamp, now: Timestamp) -> Result<u64> {
    let stored = Query::index(SECOND_INDEX, keys::STORED);
    let granted = Query::index(SECOND_INDEX, keys::GRANTED).at_least(sortable(granted_since));
    let mut queued = 0;
    for query in [stored, granted] {
        let mut after = None;
        loop {
            let page = table.page(&query, after.as_ref()).await?;
            queued += queue_page(table, page.items, granted_since, now).await?;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(queued)
}

/// Queues what the index shows, if it is still so.
async fn queue_page(
    table: &Table,
    items: Vec<super::item::Item>,
    granted_since: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    let mut records = items.into_iter().map(|item| Ok(Photo::from_item(item)?.record));
    let mut records = records.by_ref().collect::<Result<Vec<_>>>()?;
    records.sort_by(|left, right| left.job_id.cmp(&right.job_id));
    let is_unfinished = |record: &PhotoRecord| {
        record.outcome.is_none()
            && record.deleted_at.is_none()
            && (record.stored_at.is_some() || record.granted_at >= granted_since)
    };
    let mut queued = 0;
    for of_job in records.chunk_by(|left, right| left.job_id == right.job_id) {
        let Some(first) = of_job.first() else { continue };
        let wishes = of_job.iter().map(|record| (record.photo_id.clone(), ())).collect();
        let queue = |photo: Option<&Photo>, (): &()| match photo {
            Some(photo) if is_unfinished(&photo.record) => edited(photo, |photo| {
                photo.record.process_after = Some(now);
                photo.record.process_attempts = 0;
            }),
            _ => UNCHANGED,
        };
        let answers = change(table, &first.job_id, wishes, queue).await?;
        queued += answers.into_iter().map(u64::from).sum::<u64>();
    }
    Ok(queued)
}

pub(super) async fn claim(
    table: &Table,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<PhotoRecord>> {
    let query = Query::index(FIRST_INDEX, keys::QUEUE).at_most(sortable(now)).page(limit.max(CLAIM_PAGE));
    let (mut claimed, mut after) = (Vec::new(), None);
    for _ in 0..CLAIM_PAGES_MAX {
        let page = table.page(&query, after.as_ref()).await?;
        let mut keys = page.items.iter().map(Key::of).collect::<Result<Vec<_>>>()?;
        // The oldest need not come first to the millisecond: claimers that come together begin at different ones.
        let begin = rand::random_range(0..=keys.len());
        keys.rotate_left(begin);
        for key in keys {
            if claimed.len() >= limit {
                return Ok(claimed);
            }
            claimed.extend(claim_at(table, key, now, until).await?);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(claimed)
}

pub(super) async fn claim_one(
    table: &Table,
    job_id: &JobId,
    photo_id: &PhotoId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<PhotoRecord>> {
    claim_at(table, keys::photo(job_id, photo_id), now, until).await
}

/// Of all that want the photo one finds it due, since each moves it on.
async fn claim_at(table: &Table, key: Key, now: Timestamp, until: Timestamp) -> Result<Option<PhotoRecord>> {
    let rev = fresh_rev();
    let write = Write::update(key)
        .set("process_after", time(until))
        .set(FIRST_INDEX.partition_key, text(keys::QUEUE))
        .set(FIRST_INDEX.sort_key, text(sortable(until)))
        .set(REV, text(&rev))
        .add("process_attempts", 1)
        .add("process_blame", 1)
        .if_at_most("process_after", time(now));
    match table.write(write).await? {
        Written::Done(item) => Ok(Some(Photo::from_item(item)?.record)),
        Written::Failed(None) => Ok(None),
        Written::Failed(Some(item)) => {
            let photo = Photo::from_item(item)?;
            // Ours, of which the answer was lost.
            Ok(photo.has_rev(&rev)?.then_some(photo.record))
        }
    }
}

fn holds(claim: &Claim, photo: &Photo) -> bool {
    photo.record.process_after == Some(claim.until)
}

pub(super) async fn finish(table: &Table, claim: &Claim, outcome: Outcome, found: Found) -> Result<Finished> {
    let finish = |photo: Option<&Photo>| match photo {
        Some(photo) if photo.record.deleted_at.is_none() && holds(claim, photo) => edited(photo, |photo| {
            let record = &mut photo.record;
            record.outcome = Some(outcome.clone());
            record.process_after = None;
            record.process_attempts = 0;
            record.process_blame = 0;
            record.taken_at = record.taken_at.or(found.taken_at);
            record.location = record.location.or(found.location);
        }),
        _ => UNCHANGED,
    };
    let Claim { job_id, photo_id, .. } = claim;
    if change_one(table, job_id, photo_id, finish).await? {
        return Ok(Finished::Kept);
    }
    let record = by_ids(table, job_id, std::slice::from_ref(photo_id)).await?.pop();
    let there = record.is_some_and(|record| record.deleted_at.is_none());
    Ok(if there { Finished::Overtaken } else { Finished::Deleted })
}

pub(super) async fn put_off(
    table: &Table,
    claim: &Claim,
    again: Option<Timestamp>,
    blame: u32,
) -> Result<()> {
    let put_off = |photo: Option<&Photo>| match photo {
        Some(photo) if holds(claim, photo) => edited(photo, |photo| {
            photo.record.process_after = again;
            photo.record.process_blame = blame;
        }),
        _ => UNCHANGED,
    };
    change_one(table, &claim.job_id, &claim.photo_id, put_off).await.map(|_| ())
}

pub(super) async fn waiting(table: &Table) -> Result<u64> {
    let query = Query::index(FIRST_INDEX, keys::QUEUE).count();
    let (mut count, mut after) = (0, None);
    loop {
        let page = table.page(&query, after.as_ref()).await?;
        count += page.count;
        after = page.next;
        if after.is_none() {
            return Ok(count);
        }
    }
}

pub(super) async fn to_sweep(
    table: &Table,
    deleted_before: Timestamp,
    limit: usize,
) -> Result<Vec<PhotoRecord>> {
    let query = Query::index(SECOND_INDEX, keys::SWEEP).below(sortable(deleted_before)).page(limit);
    let items = table.items(&query, limit).await?;
    items.into_iter().map(|item| Ok(Photo::from_item(item)?.record)).collect()
}

pub(super) async fn mark_swept(
    table: &Table,
    job_id: &JobId,
    photo_id: &PhotoId,
    now: Timestamp,
) -> Result<()> {
    let mark = |photo: Option<&Photo>| match photo {
        Some(photo) => edited(photo, |photo| photo.swept_at = Some(now)),
        None => (false, Next::Keep),
    };
    change_one(table, job_id, photo_id, mark).await.map(|_| ())
}
