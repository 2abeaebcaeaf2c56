//! The tables, one step per version; `user_version` says how many were taken.

use rusqlite::{Connection, TransactionBehavior};

use crate::db::{DbError, Result};

/// The steps, never changed once released: a new shape is a new step.
const STEPS: &[&str] = &[
    include_str!("001_first.sql"),
    include_str!("002_renditions.sql"),
    include_str!("003_covers.sql"),
    include_str!("004_blame.sql"),
    include_str!("005_damaged.sql"),
    include_str!("006_open_grants.sql"),
];

/// Takes the steps that are missing, each in a transaction of its own together with its number.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken: usize =
            transaction.query_row("SELECT user_version FROM pragma_user_version", [], |row| row.get(0))?;
        if taken > STEPS.len() {
            return Err(DbError::Broken(format!(
                "the file is of version {taken}, newer than this program's {}; use the newer program",
                STEPS.len()
            )));
        }
        let Some(step) = STEPS.get(taken) else { return Ok(()) };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", taken + 1)?;
        transaction.commit()?;
    }
}
