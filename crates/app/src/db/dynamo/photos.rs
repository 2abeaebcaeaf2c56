//! Changes of photos. Each is worked out from the photo as it is now and kept only if it still is; what it means for the
//! count and the cover of its job is kept in the same transaction. Who is overtaken begins again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::call::{TRANSACTION_MAX, Table, Transacted, Written};
use super::item::sortable;
use super::jobs::Tally;
use super::keys;
use super::open_grants;
use super::photo::{COVER_RANK, Effect, Photo};
use super::table::SECOND_INDEX;
use super::write::{Query, Write};
use crate::db::{Cover, DbError, Result};
use crate::domain::{JobId, PhotoChange, PhotoId, PhotoRecord};

/// Photos that are changed with one transaction; the last of its places is the tally's.
const CHANGED_AT_ONCE: usize = TRANSACTION_MAX - 1;

/// What is to become of a photo.
pub(super) enum Next {
    /// It stays as it is.
    Keep,
    /// It becomes this one.
    Write(Box<Photo>),
    /// Its record goes.
    Drop,
}

struct Change {
    before: Option<Photo>,
    after: Option<Photo>,
}

/// Changes photos of one job: `edit` says what is to become of each, as often as it is asked. Tells for each photo, once
/// even if it is named twice, what `edit` said last.
pub(super) async fn change<T: Send + Sync>(
    table: &Table,
    job_id: &JobId,
    mut wishes: Vec<(PhotoId, T)>,
    edit: impl Fn(Option<&Photo>, &T) -> (bool, Next) + Send + Sync,
) -> Result<Vec<bool>> {
    let mut named = BTreeSet::new();
    wishes.retain(|(photo_id, _)| named.insert(photo_id.clone()));
    let mut answers = Vec::with_capacity(wishes.len());
    for wishes in wishes.chunks(CHANGED_AT_ONCE) {
        let mut patience = table.contention();
        let answer = loop {
            if patience.begin().is_none() {
                return Err(DbError::Busy);
            }
            if let Some(answer) = attempt(table, job_id, wishes, &edit).await? {
                break answer;
            }
            patience.pause().await;
        };
        answers.extend(answer);
    }
    Ok(answers)
}

/// One try; nothing when somebody else wrote meanwhile.
async fn attempt<T: Send + Sync>(
    table: &Table,
    job_id: &JobId,
    wishes: &[(PhotoId, T)],
    edit: &(impl Fn(Option<&Photo>, &T) -> (bool, Next) + Send + Sync),
) -> Result<Option<Vec<bool>>> {
    let photos = wishes.iter().map(|(photo_id, _)| keys::photo(job_id, photo_id));
    let mut items = table.get_many(photos.chain([keys::tally(job_id)]).collect()).await?;
    let tally = Tally::read(items.get(&keys::tally(job_id)))?;
    let (mut answers, mut changes) = (Vec::with_capacity(wishes.len()), Vec::new());
    for (photo_id, wish) in wishes {
        let before = items.remove(&keys::photo(job_id, photo_id)).map(Photo::from_item).transpose()?;
        let (answer, next) = edit(before.as_ref(), wish);
        answers.push(answer);
        let after = match next {
            Next::Keep => continue,
            Next::Write(after) => Some(*after),
            Next::Drop => None,
        };
        if before != after {
            changes.push(Change { before, after });
        }
    }
    Ok(keep(table, job_id, &tally, &changes).await?.then_some(answers))
}

/// Whether the changes are kept.
async fn keep(table: &Table, job_id: &JobId, tally: &Tally, changes: &[Change]) -> Result<bool> {
    let effect = Effect::of(changes.iter().map(|change| (change.before.as_ref(), change.after.as_ref())));
    let (mut writes, mut rev) = (Vec::with_capacity(changes.len() + 1), None);
    for change in changes {
        match (&change.before, &change.after) {
            (_, Some(after)) => {
                let (write, own) = after.put();
                writes.push(write);
                rev = Some(own);
            }
            (Some(before), None) => {
                writes.push(before.delete());
                writes.extend(keys::idempotency(&before.record).map(Write::delete));
            }
            (None, None) => {}
        }
    }
    if effect.covers {
        let cover = next_cover(table, job_id, tally, changes).await?;
        writes.push(tally.with_cover(job_id, effect.count, cover));
    } else if effect.count != 0 {
        writes.push(Tally::add(job_id, effect.count));
    }
    if writes.len() > 1 {
        return Ok(matches!(table.transact(writes).await?, Transacted::Done));
    }
    let Some(write) = writes.pop() else { return Ok(true) };
    match (table.write(write).await?, rev) {
        (Written::Done(_), _) => Ok(true),
        // Ours, of which the answer was lost.
        (Written::Failed(Some(there)), Some(rev)) => Photo::from_item(there)?.has_rev(&rev),
        (Written::Failed(_), _) => Ok(false),
    }
}

/// The cover once these changes are kept.
async fn next_cover(
    table: &Table,
    job_id: &JobId,
    tally: &Tally,
    changes: &[Change],
) -> Result<Option<(String, Cover)>> {
    let best = changes.iter().filter_map(|change| change.after.as_ref()?.cover()).max_by(by_rank);
    let before: Vec<_> = changes.iter().filter_map(|change| change.before.as_ref()).collect();
    let named = tally.cover.clone();
    if !Effect::concerns(tally, &before) {
        return Ok(best.into_iter().chain(named).max_by(by_rank));
    }
    // All others stand behind the one that the tally names.
    if best.as_ref().map(|(rank, _)| rank) >= named.as_ref().map(|(rank, _)| rank) {
        return Ok(best);
    }
    let touched: BTreeSet<_> = before.iter().map(|photo| &photo.record.photo_id).collect();
    let query = Query::table(&keys::job_partition(job_id)).beginning(keys::PHOTOS).only_with(COVER_RANK);
    let (mut best, mut after) = (best, None);
    loop {
        let page = table.page(&query, after.as_ref()).await?;
        for item in page.items {
            let photo = Photo::from_item(item)?;
            let other = photo.cover().filter(|_| !touched.contains(&photo.record.photo_id));
            best = best.into_iter().chain(other).max_by(by_rank);
        }
        after = page.next;
        if after.is_none() {
            return Ok(best);
        }
    }
}

fn by_rank(left: &(String, Cover), right: &(String, Cover)) -> std::cmp::Ordering {
    left.0.cmp(&right.0)
}

/// Changes one photo.
pub(super) async fn change_one(
    table: &Table,
    job_id: &JobId,
    photo_id: &PhotoId,
    edit: impl Fn(Option<&Photo>) -> (bool, Next) + Send + Sync,
) -> Result<bool> {
    let answers = change(table, job_id, vec![(photo_id.clone(), ())], |photo, ()| edit(photo)).await?;
    Ok(answers.first() == Some(&true))
}

/// The photo after `edit`, as an answer to [`change`].
pub(super) fn edited(photo: &Photo, edit: impl FnOnce(&mut Photo)) -> (bool, Next) {
    let mut after = photo.clone();
    edit(&mut after);
    (true, Next::Write(Box::new(after)))
}

/// No change, as an answer to [`change`].
pub(super) const UNCHANGED: (bool, Next) = (false, Next::Keep);

pub(super) async fn by_ids(table: &Table, job_id: &JobId, photo_ids: &[PhotoId]) -> Result<Vec<PhotoRecord>> {
    let keys: Vec<_> = photo_ids.iter().map(|photo_id| keys::photo(job_id, photo_id)).collect();
    let items = table.get_many(keys.clone()).await?;
    let found = keys.iter().filter_map(|key| items.get(key));
    found.map(|item| Ok(Photo::from_item(item.clone())?.record)).collect()
}

pub(super) async fn mark_stored(
    table: &Table,
    job_id: &JobId,
    photos: Vec<(PhotoId, Timestamp)>,
) -> Result<()> {
    let marked = Mutex::new(BTreeMap::new());
    let mark = |photo: Option<&Photo>, stored_at: &Timestamp| match photo {
        Some(photo) if photo.record.stored_at.is_none() => {
            let mut marked = marked.lock().unwrap_or_else(PoisonError::into_inner);
            marked.insert(photo.record.photo_id.clone(), photo.record.clone());
            edited(photo, |photo| {
                let record = &mut photo.record;
                record.stored_at = Some(*stored_at);
                if record.outcome.is_none() && record.deleted_at.is_none() {
                    record.process_after = Some(*stored_at);
                }
            })
        }
        _ => UNCHANGED,
    };
    change(table, job_id, photos, mark).await?;
    let marked = marked.into_inner().unwrap_or_else(PoisonError::into_inner);
    open_grants::close(table, marked.values()).await;
    Ok(())
}

/// Grants that were never used, by the index of photos without an outcome that are not known to be stored.
pub(super) async fn unused_grants(
    table: &Table,
    granted_before: Timestamp,
    limit: usize,
) -> Result<Vec<PhotoRecord>> {
    let query = Query::index(SECOND_INDEX, keys::GRANTED).below(sortable(granted_before)).page(limit);
    let items = table.items(&query, limit).await?;
    items.into_iter().map(|item| Ok(Photo::from_item(item)?.record)).collect()
}

/// Pages of a job's photos until there are `limit` that are stored and not deleted.
pub(super) async fn stored(
    table: &Table,
    job_id: &JobId,
    from: Option<&PhotoId>,
    to: Option<&PhotoId>,
    limit: usize,
) -> Result<Vec<PhotoRecord>> {
    let from = from.map_or_else(|| keys::PHOTOS.to_owned(), |id| keys::photo(job_id, id).sk);
    let to = to.map_or_else(|| keys::PHOTOS_END.to_owned(), |id| keys::photo(job_id, id).sk);
    if from > to {
        return Ok(Vec::new());
    }
    let query =
        Query::table(&keys::job_partition(job_id)).between(from, to).only_with("stored_at").page(limit);
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let page = table.page(&query, after.as_ref()).await?;
        for item in page.items {
            let photo = Photo::from_item(item)?;
            if photo.counts() {
                records.push(photo.record);
            }
        }
        after = page.next.filter(|_| records.len() < limit);
        if after.is_none() {
            records.truncate(limit);
            return Ok(records);
        }
    }
}

pub(super) async fn renew_grant(
    table: &Table,
    job_id: &JobId,
    photo_id: &PhotoId,
    now: Timestamp,
) -> Result<bool> {
    let renew = |photo: Option<&Photo>| match photo {
        Some(photo) if photo.record.stored_at.is_none() && photo.record.deleted_at.is_none() => {
            edited(photo, |photo| photo.record.granted_at = photo.record.granted_at.max(now))
        }
        photo => (photo.is_some(), Next::Keep),
    };
    change_one(table, job_id, photo_id, renew).await
}

pub(super) async fn prune_grants(table: &Table, job_id: &JobId, photo_ids: Vec<PhotoId>) -> Result<()> {
    let wishes = photo_ids.into_iter().map(|photo_id| (photo_id, ())).collect();
    let prune = |photo: Option<&Photo>, (): &()| match photo.map(|photo| &photo.record) {
        Some(record) if record.stored_at.is_none() && record.deleted_at.is_none() => (true, Next::Drop),
        _ => UNCHANGED,
    };
    change(table, job_id, wishes, prune).await.map(|_| ())
}

pub(super) async fn change_photo(
    table: &Table,
    job_id: &JobId,
    photo_id: &PhotoId,
    wish: PhotoChange,
) -> Result<bool> {
    let apply = |photo: Option<&Photo>| match photo {
        Some(photo) if photo.record.deleted_at.is_none() => edited(photo, |photo| {
            let record = &mut photo.record;
            record.phase = wish.phase.unwrap_or(record.phase);
            record.hidden = wish.hidden.unwrap_or(record.hidden);
            if let Some(caption) = &wish.caption {
                record.caption.clone_from(caption);
            }
        }),
        _ => UNCHANGED,
    };
    change_one(table, job_id, photo_id, apply).await
}

/// Photos of several jobs come one job after another.
pub(super) async fn adopt(table: &Table, mut records: Vec<PhotoRecord>) -> Result<()> {
    records.sort_by(|left, right| left.job_id.cmp(&right.job_id));
    for of_job in records.chunk_by(|left, right| left.job_id == right.job_id) {
        let Some(first) = of_job.first() else { continue };
        let wishes = of_job.iter().map(|record| (record.photo_id.clone(), record)).collect();
        let adopt = |photo: Option<&Photo>, record: &&PhotoRecord| match photo {
            Some(_) => UNCHANGED,
            None => (true, Next::Write(Box::new(Photo::fresh((*record).clone())))),
        };
        change(table, &first.job_id, wishes, adopt).await?;
    }
    Ok(())
}

pub(super) async fn forget(table: &Table, job_id: &JobId, photo_id: &PhotoId) -> Result<()> {
    let forget = |photo: Option<&Photo>| (photo.is_some(), photo.map_or(Next::Keep, |_| Next::Drop));
    change_one(table, job_id, photo_id, forget).await.map(|_| ())
}

pub(super) async fn delete(
    table: &Table,
    job_id: &JobId,
    photo_id: &PhotoId,
    now: Timestamp,
) -> Result<bool> {
    let delete = |photo: Option<&Photo>| {
        photo.map_or(UNCHANGED, |photo| {
            edited(photo, |photo| {
                photo.record.deleted_at.get_or_insert(now);
                photo.record.process_after = None;
            })
        })
    };
    change_one(table, job_id, photo_id, delete).await
}
