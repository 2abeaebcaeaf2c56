//! Items and their values. A value that no version of qdn wrote is an error that names the item, never a default.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::table::{Index, PARTITION_KEY, SORT_KEY};
use crate::db::{DbError, Result};
use crate::domain::{CustomerId, IdError, JobId, Role, Scope, SecretHash};

/// An item as DynamoDB's JSON has it: names, and values that each say their type.
pub(super) type Item = Map<String, Value>;

/// What tells one writing of an item from another: a writer whose answer was lost knows its own by it.
pub(super) const REV: &str = "rev";

/// A new value of [`REV`].
pub(super) fn fresh_rev() -> String {
    format!("{:016x}", rand::random::<u64>())
}

pub(super) fn text(value: impl Into<String>) -> Value {
    json!({ "S": value.into() })
}

pub(super) fn number(value: impl Display) -> Value {
    json!({ "N": value.to_string() })
}

pub(super) fn bytes(value: &[u8]) -> Value {
    json!({ "B": STANDARD.encode(value) })
}

pub(super) fn flag(value: bool) -> Value {
    json!({ "BOOL": value })
}

pub(super) fn time(value: Timestamp) -> Value {
    number(value.as_millisecond())
}

/// Far below any time that can be told, so that sums of it and milliseconds have no sign.
const ERA_MILLIS: i64 = 1_000_000_000_000_000;

/// A time as a part of a key: texts in the order of the times, to the millisecond.
pub(super) fn sortable(time: Timestamp) -> String {
    format!("{:016}", ERA_MILLIS + time.as_millisecond())
}

/// The two keys of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    pub(super) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The key of an item that was read.
    pub(super) fn of(item: &Item) -> Result<Self> {
        let read = Reader(item);
        Ok(Self::new(read.text(PARTITION_KEY)?, read.text(SORT_KEY)?))
    }

    pub(super) fn to_item(&self) -> Item {
        let mut item = Item::new();
        item.set(PARTITION_KEY, text(&self.pk));
        item.set(SORT_KEY, text(&self.sk));
        item
    }
}

/// Writing values into an item; an absent value takes no place.
pub(super) trait Fill {
    fn set(&mut self, name: &str, value: Value);
    fn set_some(&mut self, name: &str, value: Option<Value>);
    fn index(&mut self, index: Index, partition: impl Into<String>, sort: impl Into<String>);
}

impl Fill for Item {
    fn set(&mut self, name: &str, value: Value) {
        self.insert(name.to_owned(), value);
    }

    fn set_some(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn index(&mut self, index: Index, partition: impl Into<String>, sort: impl Into<String>) {
        self.set(index.partition_key, text(partition));
        self.set(index.sort_key, text(sort));
    }
}

/// Reads values of an item.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a Item);

impl<'a> Reader<'a> {
    fn value(self, name: &str, kind: &str) -> Result<Option<&'a Value>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => value.get(kind).map(Some).ok_or_else(|| self.strange(name)),
        }
    }

    /// What is said of an item that cannot be read.
    pub(super) fn strange(self, name: &str) -> DbError {
        let key = |name: &str| {
            let text = self.0.get(name).and_then(|value| value.get("S")).and_then(Value::as_str);
            match text.unwrap_or_default().split_once('#') {
                // Hashes of tokens stand in no log.
                Some((kind @ ("token" | "key"), hash)) => {
                    format!("{kind}#{}…", hash.chars().take(8).collect::<String>())
                }
                _ => text.unwrap_or("?").to_owned(),
            }
        };
        DbError::Broken(format!(
            "the item {:?} {:?} has a strange value in {name}",
            key(PARTITION_KEY),
            key(SORT_KEY)
        ))
    }

    fn needed<T>(self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.strange(name))
    }

    pub(super) fn optional_text(self, name: &str) -> Result<Option<&'a str>> {
        let value = self.value(name, "S")?;
        value.map(|value| self.needed(name, value.as_str())).transpose()
    }

    pub(super) fn text(self, name: &str) -> Result<&'a str> {
        self.needed(name, self.optional_text(name)?)
    }

    pub(super) fn optional_owned(self, name: &str) -> Result<Option<String>> {
        Ok(self.optional_text(name)?.map(str::to_owned))
    }

    pub(super) fn optional_number<T: FromStr>(self, name: &str) -> Result<Option<T>> {
        let value = self.value(name, "N")?;
        value.map(|value| self.needed(name, value.as_str().and_then(|text| text.parse().ok()))).transpose()
    }

    pub(super) fn number<T: FromStr>(self, name: &str) -> Result<T> {
        self.needed(name, self.optional_number(name)?)
    }

    pub(super) fn optional_time(self, name: &str) -> Result<Option<Timestamp>> {
        let millis = self.optional_number(name)?;
        millis.map(|millis| Timestamp::from_millisecond(millis).map_err(|_| self.strange(name))).transpose()
    }

    pub(super) fn time(self, name: &str) -> Result<Timestamp> {
        self.needed(name, self.optional_time(name)?)
    }

    pub(super) fn optional_flag(self, name: &str) -> Result<Option<bool>> {
        let value = self.value(name, "BOOL")?;
        value.map(|value| self.needed(name, value.as_bool())).transpose()
    }

    pub(super) fn flag(self, name: &str) -> Result<bool> {
        self.needed(name, self.optional_flag(name)?)
    }

    pub(super) fn optional_bytes(self, name: &str) -> Result<Option<Vec<u8>>> {
        let value = self.value(name, "B")?;
        value
            .map(|value| self.needed(name, value.as_str().and_then(|text| STANDARD.decode(text).ok())))
            .transpose()
    }

    pub(super) fn bytes(self, name: &str) -> Result<Vec<u8>> {
        self.needed(name, self.optional_bytes(name)?)
    }

    pub(super) fn parsed<T>(
        self,
        name: &str,
        parse: impl Fn(&str) -> std::result::Result<T, IdError>,
    ) -> Result<T> {
        parse(self.text(name)?).map_err(|_| self.strange(name))
    }

    pub(super) fn optional_parsed<T>(
        self,
        name: &str,
        parse: impl Fn(&str) -> std::result::Result<T, IdError>,
    ) -> Result<Option<T>> {
        let text = self.optional_text(name)?;
        text.map(|text| parse(text).map_err(|_| self.strange(name))).transpose()
    }

    pub(super) fn optional_word<T>(self, name: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>> {
        let text = self.optional_text(name)?;
        text.map(|text| self.needed(name, parse(text))).transpose()
    }

    pub(super) fn word<T>(self, name: &str, parse: fn(&str) -> Option<T>) -> Result<T> {
        self.needed(name, self.optional_word(name, parse)?)
    }

    pub(super) fn hash(self, name: &str) -> Result<SecretHash> {
        let bytes = self.bytes(name)?.try_into().map_err(|_| self.strange(name))?;
        Ok(SecretHash::from_bytes(bytes))
    }

    pub(super) fn role(self) -> Result<Role> {
        self.word("role", Role::parse)
    }

    pub(super) fn scope(self) -> Result<Scope> {
        match self.text("scope_kind")? {
            "all_jobs" => Ok(Scope::AllJobs),
            "customer" => self.parsed("scope_id", CustomerId::parse).map(Scope::Customer),
            "job" => self.parsed("scope_id", JobId::parse).map(Scope::Job),
            _ => Err(self.strange("scope_kind")),
        }
    }
}

/// A scope as two attributes: its kind and the id that it names.
pub(super) fn set_scope(item: &mut Item, scope: &Scope) {
    let (kind, id) = match scope {
        Scope::AllJobs => ("all_jobs", None),
        Scope::Customer(customer_id) => ("customer", Some(customer_id.as_str())),
        Scope::Job(job_id) => ("job", Some(job_id.as_str())),
    };
    item.set("scope_kind", text(kind));
    item.set_some("scope_id", id.map(text));
}

/// Bytes as a part of a key.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        for nibble in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(nibble.into(), 16));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_keys_sort_as_times_do() {
        let times = [Timestamp::MIN, Timestamp::from_millisecond(-1).unwrap(), Timestamp::UNIX_EPOCH];
        let times = [&times[..], &[Timestamp::from_millisecond(999).unwrap(), Timestamp::MAX]].concat();
        let keys: Vec<_> = times.into_iter().map(sortable).collect();
        assert!(keys.is_sorted() && keys.iter().all(|key| key.len() == 16), "{keys:?}");
    }

    #[test]
    fn a_strange_value_names_the_item_and_the_attribute_but_no_whole_hash() {
        let mut item = Key::new(format!("token#{}", "ab".repeat(32)), "link").to_item();
        item.set("expires_at", text("soon"));
        let error = Reader(&item).time("expires_at").unwrap_err().to_string();
        assert!(error.contains("token#abababab…") && error.contains("expires_at"), "{error}");
        assert!(!error.contains("ababababab"), "{error}");
        item.set("expires_at", number("99999999999999999999"));
        assert!(Reader(&item).time("expires_at").is_err());
        assert!(Reader(&item).time("created_at").is_err());
    }
}
