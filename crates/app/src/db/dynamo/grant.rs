//! Grants of uploads, all or none of a call's.
//!
//! A transaction takes a hundred writes, and a hundred photos with idempotency keys need two hundred: a record and the guard
//! of its key each. Where both fit they go together. Where not, the guards go first. A guard holds the whole record and
//! nobody but a later grant reads it, so one whose record never followed is no half of a grant: whoever asks with that key
//! again gets this record, kept then. The records themselves are always one transaction.

use std::collections::HashMap;

use super::call::{TRANSACTION_MAX, Table, Transacted};
use super::item::Item;
use super::keys;
use super::open_grants;
use super::photo::Photo;
use crate::db::{DbError, Grant, Result};
use crate::domain::PhotoRecord;

/// What one record of the call has come to.
struct Wish {
    photo: Photo,
    /// Whether the record is the one of an earlier call.
    earlier: bool,
    /// Whether its key, if it has one, is known to lead to this record.
    guarded: bool,
    /// Whether the record is known to be there.
    kept: bool,
}

impl Wish {
    fn new(record: PhotoRecord) -> Self {
        let photo = Photo::fresh(record);
        let guarded = keys::idempotency(&photo.record).is_none();
        Self { photo, earlier: false, guarded, kept: false }
    }
}

/// Where the answer to a record of the call comes from.
enum Answer {
    Wish(usize),
    /// The same key stands in the call twice.
    Twin(usize),
}

pub(super) async fn grant(table: &Table, records: Vec<PhotoRecord>, open_max: u32) -> Result<Vec<Grant>> {
    if records.iter().any(|record| record.stored_at.is_some()) {
        return Err(DbError::Broken("an upload was granted of a photo that is stored already".to_owned()));
    }
    let (mut wishes, mut answers, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
    for record in records {
        let place = wishes.len();
        let first = keys::idempotency(&record).map(|key| *seen.entry(key).or_insert(place));
        match first {
            Some(first) if first != place => answers.push(Answer::Twin(first)),
            _ => {
                answers.push(Answer::Wish(place));
                wishes.push(Wish::new(record));
            }
        }
    }
    let records: Vec<_> = wishes.iter().map(|wish| wish.photo.record.clone()).collect();
    open_grants::open(table, records.iter(), open_max).await?;
    let kept = keep(table, &mut wishes).await;
    // What was known before opens nothing, and what was not kept neither.
    let known = wishes.iter().map(|wish| kept.is_err() || wish.earlier);
    open_grants::close(
        table,
        records.iter().zip(known).filter(|(_, known)| *known).map(|(record, _)| record),
    )
    .await;
    kept?;
    let answer = |answer: &Answer| {
        let (place, twin) = match answer {
            Answer::Wish(place) => (*place, false),
            Answer::Twin(place) => (*place, true),
        };
        let wish = wishes.get(place)?;
        let existing = || Grant::Existing(Box::new(wish.photo.record.clone()));
        Some(if twin || wish.earlier { existing() } else { Grant::New })
    };
    Ok(answers.iter().filter_map(answer).collect())
}

/// Which write of a transaction is which wish's.
#[derive(Clone, Copy)]
enum Part {
    Guard(usize),
    Record(usize),
}

/// Goes on until every record is there.
async fn keep(table: &Table, wishes: &mut [Wish]) -> Result<()> {
    let mut patience = table.contention();
    while wishes.iter().any(|wish| !wish.kept) {
        if patience.begin().is_none() {
            return Err(DbError::Busy);
        }
        let (parts, writes): (Vec<_>, Vec<_>) = next_writes(wishes).into_iter().unzip();
        match table.transact(writes).await? {
            Transacted::Done => parts.into_iter().for_each(|part| settle(wishes, part)),
            Transacted::Failed(failed) => {
                for (place, there) in failed {
                    if let Some(part) = parts.get(place) {
                        learn(wishes, *part, there)?;
                    }
                }
                find_earlier(table, wishes).await?;
            }
        }
    }
    Ok(())
}

fn next_writes(wishes: &[Wish]) -> Vec<(Part, super::write::Write)> {
    let open = || wishes.iter().enumerate().filter(|(_, wish)| !wish.kept);
    let mut writes: Vec<_> = open()
        .filter(|(_, wish)| !wish.guarded)
        .filter_map(|(place, wish)| Some((Part::Guard(place), wish.photo.guard()?)))
        .collect();
    let records = open().map(|(place, wish)| (Part::Record(place), wish.photo.put().0));
    if writes.is_empty() || writes.len() + open().count() <= TRANSACTION_MAX {
        writes.extend(records);
    }
    writes
}

fn settle(wishes: &mut [Wish], part: Part) {
    match part {
        Part::Guard(place) => wishes.get_mut(place).into_iter().for_each(|wish| wish.guarded = true),
        Part::Record(place) => wishes.get_mut(place).into_iter().for_each(|wish| wish.kept = true),
    }
}

/// Takes in what stood where something of ours was to go.
fn learn(wishes: &mut [Wish], part: Part, there: Option<Item>) -> Result<()> {
    let (Part::Guard(place) | Part::Record(place)) = part;
    let (Some(wish), Some(there)) = (wishes.get_mut(place), there) else { return Ok(()) };
    match part {
        Part::Guard(_) => {
            wish.photo = Photo::from_guard(&there)?;
            (wish.earlier, wish.guarded) = (true, true);
        }
        Part::Record(_) => {
            let there = Photo::from_item(there)?;
            if there.record.photo_id != wish.photo.record.photo_id {
                // Of no matter any more: its key has just led to an earlier record.
                return Ok(());
            }
            let same = keys::idempotency(&there.record) == keys::idempotency(&wish.photo.record);
            // Who came with our key while our guard stood alone has kept our record for us.
            if !(same && wish.guarded && wish.photo.record.idempotency_key.is_some()) {
                return Err(DbError::Conflict("photo"));
            }
            wish.photo = there;
            wish.kept = true;
        }
    }
    Ok(())
}

/// Records of earlier calls as they are now. One that never followed its guard is kept with the others.
async fn find_earlier(table: &Table, wishes: &mut [Wish]) -> Result<()> {
    let key = |wish: &Wish| keys::photo(&wish.photo.record.job_id, &wish.photo.record.photo_id);
    let open: Vec<_> = wishes.iter().filter(|wish| wish.earlier && !wish.kept).map(key).collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut items = table.get_many(open).await?;
    for wish in wishes.iter_mut().filter(|wish| wish.earlier && !wish.kept) {
        if let Some(item) = items.remove(&key(wish)) {
            wish.photo = Photo::from_item(item)?;
            wish.kept = true;
        }
    }
    Ok(())
}
