//! Customers and jobs in SQLite.

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, ToSql, ffi, params, params_from_iter};

use super::row::{self, Answer, millis};
use crate::db::{Cover, DbError, JobFilter, JobRow, Result};
use crate::domain::{Customer, CustomerChange, CustomerId, Job, JobChange, JobId, JobStatus, PhotoId, Scope};

pub(super) fn insert_customer(db: &Connection, customer: &Customer) -> Result<()> {
    db.prepare_cached("INSERT INTO customers VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        customer.customer_id.as_str(),
        customer.name,
        customer.phone,
        customer.email,
        millis(customer.created_at),
    ])?;
    Ok(())
}

pub(super) fn customer(db: &Connection, customer_id: &CustomerId) -> Result<Option<Customer>> {
    let mut select = db.prepare_cached(
        "SELECT customer_id, name AS customer_name, phone, email, created_at AS customer_created_at
         FROM customers WHERE customer_id = ?1",
    )?;
    Ok(select.query_row([customer_id.as_str()], read_customer).optional()?)
}

pub(super) fn customers(db: &Connection, after: Option<&CustomerId>, limit: usize) -> Result<Vec<Customer>> {
    let mut select = db.prepare_cached(
        "SELECT customer_id, name AS customer_name, phone, email, created_at AS customer_created_at
         FROM customers WHERE customer_id > ?1 ORDER BY customer_id LIMIT ?2",
    )?;
    let after = after.map_or("", CustomerId::as_str);
    Ok(select.query_map(params![after, limit], read_customer)?.collect::<Answer<_>>()?)
}

pub(super) fn change_customer(
    db: &Connection,
    customer_id: &CustomerId,
    change: &CustomerChange,
) -> Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE customers SET name = coalesce(?2, name), phone = iif(?3, ?4, phone), email = iif(?5, ?6, email)
             WHERE customer_id = ?1",
        )?
        .execute(params![
            customer_id.as_str(),
            change.name,
            change.phone.is_some(),
            change.phone.clone().flatten(),
            change.email.is_some(),
            change.email.clone().flatten(),
        ])?;
    Ok(changed == 1)
}

pub(super) fn insert(db: &Connection, job: &Job) -> Result<()> {
    let inserted =
        db.prepare_cached("INSERT INTO jobs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
            job.job_id.as_str(),
            job.customer_id.as_str(),
            job.title,
            job.address,
            job.scheduled_for.map(millis),
            job.status.as_str(),
            millis(job.created_at),
        ]);
    match inserted {
        Err(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == ErrorCode::ConstraintViolation => {
            Err(match failure.extended_code {
                ffi::SQLITE_CONSTRAINT_FOREIGNKEY => DbError::Missing("customer"),
                _ => DbError::Conflict("job"),
            })
        }
        other => Ok(other.map(|_| ())?),
    }
}

pub(super) fn by_id(db: &Connection, job_id: &JobId) -> Result<Option<Job>> {
    let mut select = db.prepare_cached("SELECT * FROM jobs WHERE job_id = ?1")?;
    Ok(select.query_row([job_id.as_str()], read_job).optional()?)
}

/// A job with its customer, the number of its photos and the one that stands for it.
pub(super) const SELECT_ROWS: &str = "SELECT jobs.*, customers.name AS customer_name, phone, email,
        customers.created_at AS customer_created_at,
        (SELECT count(*) FROM photos INDEXED BY photos_stored WHERE photos.job_id = jobs.job_id
         AND stored_at IS NOT NULL AND deleted_at IS NULL) AS photo_count,
        cover.photo_id AS cover_photo_id, cover.rendition_version AS cover_version
    FROM jobs JOIN customers USING (customer_id)
    LEFT JOIN photos AS cover ON cover.job_id = jobs.job_id AND cover.photo_id = (
        SELECT photo_id FROM photos WHERE photos.job_id = jobs.job_id
            AND status = 'ready' AND hidden = 0 AND stored_at IS NOT NULL AND deleted_at IS NULL
        ORDER BY stored_at DESC, photo_id DESC LIMIT 1)";

pub(super) fn row_by_id(db: &Connection, job_id: &JobId) -> Result<Option<JobRow>> {
    let mut select = db.prepare_cached(&format!("{SELECT_ROWS} WHERE jobs.job_id = ?1"))?;
    Ok(select.query_row([job_id.as_str()], read_row).optional()?)
}

pub(super) fn list(db: &Connection, filter: &JobFilter) -> Result<Vec<JobRow>> {
    let mut wheres = vec!["1".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("?{}", values.len())
    };
    match &filter.scope {
        Scope::AllJobs => {}
        Scope::Customer(id) => wheres.push(format!("jobs.customer_id = {}", bind(id.to_string().into()))),
        Scope::Job(id) => wheres.push(format!("jobs.job_id = {}", bind(id.to_string().into()))),
    }
    if let Some(status) = filter.status {
        wheres.push(format!("jobs.status = {}", bind(status.as_str().to_owned().into())));
    }
    for word in &filter.search {
        let word = bind(like_pattern(word).into());
        wheres.push(format!(
            "(title LIKE {word} ESCAPE '\\' OR address LIKE {word} ESCAPE '\\'
              OR customers.name LIKE {word} ESCAPE '\\' OR jobs.job_id LIKE {word} ESCAPE '\\')"
        ));
    }
    if let Some((created_at, job_id)) = &filter.after {
        let (created_at, job_id) = (bind(millis(*created_at).into()), bind(job_id.to_string().into()));
        wheres.push(format!("(jobs.created_at, jobs.job_id) < ({created_at}, {job_id})"));
    }
    let limit = bind(i64::try_from(filter.limit).unwrap_or(i64::MAX).into());
    let sql = format!(
        "{SELECT_ROWS} WHERE {} ORDER BY jobs.created_at DESC, jobs.job_id DESC LIMIT {limit}",
        wheres.join(" AND ")
    );
    let mut select = db.prepare_cached(&sql)?;
    Ok(select.query_map(params_from_iter(values), read_row)?.collect::<Answer<_>>()?)
}

fn like_pattern(word: &str) -> String {
    format!("%{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

pub(super) fn change(db: &Connection, job_id: &JobId, change: &JobChange) -> Result<bool> {
    let mut sets = Vec::new();
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(job_id.to_string())];
    let mut set = |column: &str, value: Box<dyn ToSql>| {
        values.push(value);
        sets.push(format!("{column} = ?{}", values.len()));
    };
    if let Some(title) = &change.title {
        set("title", Box::new(title.clone()));
    }
    if let Some(address) = &change.address {
        set("address", Box::new(address.clone()));
    }
    if let Some(scheduled_for) = change.scheduled_for {
        set("scheduled_for", Box::new(scheduled_for.map(millis)));
    }
    if let Some(status) = change.status {
        set("status", Box::new(status.as_str()));
    }
    if sets.is_empty() {
        return Ok(by_id(db, job_id)?.is_some());
    }
    let sql = format!("UPDATE jobs SET {} WHERE job_id = ?1", sets.join(", "));
    Ok(db.prepare_cached(&sql)?.execute(params_from_iter(values))? == 1)
}

fn read_customer(row: &Row<'_>) -> Answer<Customer> {
    Ok(Customer {
        customer_id: row::id(row, "customer_id", CustomerId::parse)?,
        name: row.get("customer_name")?,
        phone: row.get("phone")?,
        email: row.get("email")?,
        created_at: row::time(row, "customer_created_at")?,
    })
}

fn read_job(row: &Row<'_>) -> Answer<Job> {
    Ok(Job {
        job_id: row::id(row, "job_id", JobId::parse)?,
        customer_id: row::id(row, "customer_id", CustomerId::parse)?,
        title: row.get("title")?,
        address: row.get("address")?,
        scheduled_for: row::optional_time(row, "scheduled_for")?,
        status: row::word(row, "status", JobStatus::parse)?,
        created_at: row::time(row, "created_at")?,
    })
}

fn read_row(row: &Row<'_>) -> Answer<JobRow> {
    let version: Option<String> = row.get("cover_version")?;
    let cover = version
        .map(|version| {
            row::id(row, "cover_photo_id", PhotoId::parse).map(|photo_id| Cover { photo_id, version })
        })
        .transpose()?;
    let photo_count = row.get("photo_count")?;
    Ok(JobRow { job: read_job(row)?, customer: read_customer(row)?, photo_count, cover })
}
