//! How many uploads an uploader has open: one item for each, counted anew each day, as grants that were never used are
//! pruned about a day after they expire.
//!
//! The count is a limit, not a ledger. It is raised before a grant is kept and lowered once its object is stored, in writes
//! of their own: where a process ends in between, the count is too high until the end of the day.

use std::collections::BTreeMap;

use super::call::{Table, Written};
use super::item::{Item, Reader, number};
use super::keys;
use super::write::Write;
use crate::db::{DbError, Result};
use crate::domain::{PhotoRecord, PrincipalId};

const DAY_SECONDS: i64 = 86_400;
const DAY: &str = "day";
const OPEN: &str = "open";

/// Which uploader's count of which day, in days since 1970-01-01 UTC.
type Count = (PrincipalId, i64);

fn count_of(record: &PhotoRecord) -> Option<Count> {
    let uploader = record.uploaded_by.clone()?;
    Some((uploader, record.granted_at.as_second().div_euclid(DAY_SECONDS)))
}

fn counts<'a>(records: impl Iterator<Item = &'a PhotoRecord>) -> BTreeMap<Count, u32> {
    let mut counts = BTreeMap::new();
    for count in records.filter_map(count_of) {
        *counts.entry(count).or_default() += 1;
    }
    counts
}

/// Counts new grants, or refuses them all.
pub(super) async fn open<'a>(
    table: &Table,
    records: impl Iterator<Item = &'a PhotoRecord> + Send,
    open_max: u32,
) -> Result<()> {
    for (count, grants) in counts(records) {
        raise(table, &count, grants, open_max).await?;
    }
    Ok(())
}

async fn raise(table: &Table, (uploader, day): &Count, grants: u32, open_max: u32) -> Result<()> {
    let mut contention = table.contention();
    let Some(most_before) = open_max.checked_sub(grants) else {
        return Err(DbError::TooMany("open uploads"));
    };
    while contention.begin().is_some() {
        let write = Write::update(keys::open_grants(uploader))
            .add(OPEN, grants.into())
            .if_equal(DAY, number(*day))
            .if_at_most(OPEN, number(most_before));
        let there = match table.write(write).await? {
            Written::Done(_) => return Ok(()),
            Written::Failed(there) => there,
        };
        if day_of(there.as_ref())? == Some(*day) {
            return Err(DbError::TooMany("open uploads"));
        }
        let write =
            Write::update(keys::open_grants(uploader)).set(OPEN, number(grants)).set(DAY, number(*day));
        let write = match day_of(there.as_ref())? {
            Some(other) => write.if_equal(DAY, number(other)),
            None => write.if_without(DAY),
        };
        if let Written::Done(_) = table.write(write).await? {
            return Ok(());
        }
    }
    Err(DbError::Busy)
}

fn day_of(item: Option<&Item>) -> Result<Option<i64>> {
    item.map_or(Ok(None), |item| Reader(item).optional_number(DAY))
}

/// Takes grants from the count: those that turned out to be known before, or whose objects are stored. What fails is
/// made good by the end of the day.
pub(super) async fn close<'a>(table: &Table, records: impl Iterator<Item = &'a PhotoRecord> + Send) {
    for ((uploader, day), grants) in counts(records) {
        let write = Write::update(keys::open_grants(&uploader))
            .add(OPEN, -i64::from(grants))
            .if_equal(DAY, number(day));
        if let Err(error) = table.write(write).await {
            tracing::warn!(%uploader, %error, "failed to lower the count of open uploads");
        }
    }
}
