//! Values between rows and the domain. A value that no version of qdn wrote is an error, never a default.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{Error, Row};

use crate::domain::{
    Address, ApplicationName, Caption, CustomerId, CustomerName, Email, IdError, JobId, Phone, Role, Scope,
    SecretHash, Title,
};

pub(super) type Answer<T> = rusqlite::Result<T>;

macro_rules! text_column {
    ($($name:ident)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.as_str().to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                String::column_result(value).map(Self::stored)
            }
        }
    )*};
}

text_column!(Title Address CustomerName Phone Email Caption ApplicationName);

fn strange(column: &str) -> Error {
    Error::FromSqlConversionFailure(0, Type::Text, format!("a strange value in {column}").into())
}

pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(super) fn time(row: &Row<'_>, column: &str) -> Answer<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|_| strange(column))
}

pub(super) fn optional_time(row: &Row<'_>, column: &str) -> Answer<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    millis.map(|millis| Timestamp::from_millisecond(millis).map_err(|_| strange(column))).transpose()
}

pub(super) fn id<T>(row: &Row<'_>, column: &str, parse: fn(&str) -> Result<T, IdError>) -> Answer<T> {
    let text: String = row.get(column)?;
    parse(&text).map_err(|_| strange(column))
}

pub(super) fn word<T>(row: &Row<'_>, column: &str, parse: fn(&str) -> Option<T>) -> Answer<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| strange(column))
}

pub(super) fn optional_word<T>(
    row: &Row<'_>,
    column: &str,
    parse: fn(&str) -> Option<T>,
) -> Answer<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| parse(&text).ok_or_else(|| strange(column))).transpose()
}

pub(super) fn hash(row: &Row<'_>, column: &str) -> Answer<SecretHash> {
    row.get(column).map(SecretHash::from_bytes)
}

pub(super) fn role(row: &Row<'_>) -> Answer<Role> {
    word(row, "role", Role::parse)
}

/// A scope as two columns: its kind and the id it names.
pub(super) fn scope_columns(scope: &Scope) -> (&'static str, Option<&str>) {
    match scope {
        Scope::AllJobs => ("all_jobs", None),
        Scope::Customer(customer_id) => ("customer", Some(customer_id.as_str())),
        Scope::Job(job_id) => ("job", Some(job_id.as_str())),
    }
}

pub(super) fn scope(row: &Row<'_>) -> Answer<Scope> {
    let kind: String = row.get("scope_kind")?;
    match kind.as_str() {
        "all_jobs" => Ok(Scope::AllJobs),
        "customer" => id(row, "scope_id", CustomerId::parse).map(Scope::Customer),
        "job" => id(row, "scope_id", JobId::parse).map(Scope::Job),
        _ => Err(strange("scope_kind")),
    }
}
