//! A write with its condition, as the single calls and the transactions take it.

use serde_json::{Map, Value, json};

use super::item::{Fill as _, Item, Key, number};
use super::table::{PARTITION_KEY, SORT_KEY};

enum Kind {
    Put(Item),
    Update,
    Delete,
    Check,
}

/// A write, or only a check, of one item. Whoever's condition fails is told the item as it is.
pub(super) struct Write {
    kind: Kind,
    key: Key,
    sets: Vec<String>,
    removes: Vec<String>,
    adds: Vec<String>,
    conditions: Vec<String>,
    names: Map<String, Value>,
    values: Map<String, Value>,
}

impl Write {
    fn new(kind: Kind, key: Key) -> Self {
        Self {
            kind,
            key,
            sets: Vec::new(),
            removes: Vec::new(),
            adds: Vec::new(),
            conditions: Vec::new(),
            names: Map::new(),
            values: Map::new(),
        }
    }

    /// Puts an item in the place of what is there. The item has its keys.
    pub(super) fn put(key: Key, item: Item) -> Self {
        Self::new(Kind::Put(item), key)
    }

    /// Changes some attributes; an item that is not there is made, unless a condition is against it.
    pub(super) fn update(key: Key) -> Self {
        Self::new(Kind::Update, key)
    }

    pub(super) fn delete(key: Key) -> Self {
        Self::new(Kind::Delete, key)
    }

    /// Writes nothing; only in a transaction.
    pub(super) fn check(key: Key) -> Self {
        Self::new(Kind::Check, key)
    }

    /// Every name is written as a placeholder: many of ours are reserved words.
    fn name(&mut self, attribute: &str) -> String {
        let placeholder = format!("#{attribute}");
        self.names.insert(placeholder.clone(), attribute.into());
        placeholder
    }

    fn value(&mut self, value: Value) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    pub(super) fn set(mut self, attribute: &str, value: Value) -> Self {
        let set = format!("{} = {}", self.name(attribute), self.value(value));
        self.sets.push(set);
        self
    }

    pub(super) fn remove(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        self.removes.push(name);
        self
    }

    /// Sets the attribute, or removes it when there is no value.
    pub(super) fn set_or_remove(self, attribute: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove(attribute),
        }
    }

    /// Adds to a number; one that is not there is 0.
    pub(super) fn add(mut self, attribute: &str, amount: i64) -> Self {
        let add = format!("{} {}", self.name(attribute), self.value(number(amount)));
        self.adds.push(add);
        self
    }

    pub(super) fn if_absent(self) -> Self {
        self.if_without(PARTITION_KEY)
    }

    pub(super) fn if_present(mut self) -> Self {
        let condition = format!("attribute_exists({})", self.name(PARTITION_KEY));
        self.conditions.push(condition);
        self
    }

    pub(super) fn if_without(mut self, attribute: &str) -> Self {
        let condition = format!("attribute_not_exists({})", self.name(attribute));
        self.conditions.push(condition);
        self
    }

    pub(super) fn if_equal(self, attribute: &str, value: Value) -> Self {
        self.compare(attribute, "=", value)
    }

    pub(super) fn if_at_most(self, attribute: &str, value: Value) -> Self {
        self.compare(attribute, "<=", value)
    }

    fn compare(mut self, attribute: &str, operator: &str, value: Value) -> Self {
        let condition = format!("{} {operator} {}", self.name(attribute), self.value(value));
        self.conditions.push(condition);
        self
    }

    /// Whether it would change nothing.
    pub(super) fn is_empty(&self) -> bool {
        let expressions = [&self.sets, &self.removes, &self.adds];
        matches!(self.kind, Kind::Update) && expressions.iter().all(|parts| parts.is_empty())
    }

    /// What a transaction calls it.
    pub(super) fn member(&self) -> &'static str {
        match self.kind {
            Kind::Put(_) => "Put",
            Kind::Update => "Update",
            Kind::Delete => "Delete",
            Kind::Check => "ConditionCheck",
        }
    }

    /// The operation that does it alone.
    pub(super) fn operation(&self) -> &'static str {
        match self.kind {
            Kind::Put(_) => "PutItem",
            Kind::Update => "UpdateItem",
            Kind::Delete => "DeleteItem",
            Kind::Check => "ConditionCheckItem",
        }
    }

    /// The document that both forms share.
    pub(super) fn into_document(self, table: &str) -> Map<String, Value> {
        let mut document = Map::new();
        document.set("TableName", table.into());
        match self.kind {
            Kind::Put(item) => document.set("Item", item.into()),
            _ => document.set("Key", self.key.to_item().into()),
        }
        let parts = [("SET", self.sets), ("REMOVE", self.removes), ("ADD", self.adds)];
        let parts: Vec<_> = parts
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(word, list)| format!("{word} {}", list.join(", ")))
            .collect();
        if !parts.is_empty() {
            document.set("UpdateExpression", parts.join(" ").into());
        }
        if !self.conditions.is_empty() {
            document.set("ConditionExpression", self.conditions.join(" AND ").into());
            document.set("ReturnValuesOnConditionCheckFailure", "ALL_OLD".into());
        }
        if !self.names.is_empty() {
            document.set("ExpressionAttributeNames", self.names.into());
        }
        if !self.values.is_empty() {
            document.set("ExpressionAttributeValues", self.values.into());
        }
        document
    }
}

/// More items than 1 MB, where every page ends, holds of ours.
const PAGE_ITEMS_MAX: usize = 100_000;

/// Which items of a partition, of the table or of an index, in the order of the sort key.
pub(super) struct Query {
    document: Map<String, Value>,
    condition: String,
    sort_key: &'static str,
}

impl Query {
    fn new(partition_key: &str, sort_key: &'static str, partition: &str) -> Self {
        let mut document = Map::new();
        document.insert("ExpressionAttributeNames".to_owned(), json!({ "#partition": partition_key }));
        document.insert("ExpressionAttributeValues".to_owned(), json!({ ":partition": { "S": partition } }));
        Self { document, condition: "#partition = :partition".to_owned(), sort_key }
    }

    /// Of the table, as it is now.
    pub(super) fn table(partition: &str) -> Self {
        let mut query = Self::new(PARTITION_KEY, SORT_KEY, partition);
        query.document.insert("ConsistentRead".to_owned(), true.into());
        query
    }

    /// Of an index, as it was moments ago.
    pub(super) fn index(index: super::table::Index, partition: &str) -> Self {
        let mut query = Self::new(index.partition_key, index.sort_key, partition);
        query.document.insert("IndexName".to_owned(), index.name.into());
        query
    }

    fn bind(&mut self, kind: &str, placeholder: &str, value: Value) {
        if let Some(map) = self.document.get_mut(kind).and_then(Value::as_object_mut) {
            map.insert(placeholder.to_owned(), value);
        }
    }

    fn sorted(mut self, condition: &str, value: impl Into<String>) -> Self {
        self.bind("ExpressionAttributeNames", "#sort", self.sort_key.into());
        self.bind("ExpressionAttributeValues", ":sort", json!({ "S": value.into() }));
        self.condition = format!("{} AND {condition}", self.condition);
        self
    }

    pub(super) fn beginning(self, prefix: &str) -> Self {
        self.sorted("begins_with(#sort, :sort)", prefix)
    }

    pub(super) fn below(self, bound: impl Into<String>) -> Self {
        self.sorted("#sort < :sort", bound)
    }

    pub(super) fn at_most(self, bound: impl Into<String>) -> Self {
        self.sorted("#sort <= :sort", bound)
    }

    pub(super) fn above(self, bound: impl Into<String>) -> Self {
        self.sorted("#sort > :sort", bound)
    }

    pub(super) fn at_least(self, bound: impl Into<String>) -> Self {
        self.sorted("#sort >= :sort", bound)
    }

    /// From the one bound to the other, both included.
    pub(super) fn between(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.bind("ExpressionAttributeValues", ":to", json!({ "S": to.into() }));
        self.sorted("#sort BETWEEN :sort AND :to", from)
    }

    pub(super) fn newest_first(mut self) -> Self {
        self.document.insert("ScanIndexForward".to_owned(), false.into());
        self
    }

    /// Looks at so many items for each page, at most: a filter leaves fewer. None and very many are no limits of DynamoDB's.
    pub(super) fn page(mut self, items: usize) -> Self {
        self.document.insert("Limit".to_owned(), items.clamp(1, PAGE_ITEMS_MAX).into());
        self
    }

    /// Leaves out, at the server, what has not this value.
    pub(super) fn only_equal(mut self, attribute: &str, value: Value) -> Self {
        self.bind("ExpressionAttributeNames", "#filter", attribute.into());
        self.bind("ExpressionAttributeValues", ":filter", value);
        self.document.insert("FilterExpression".to_owned(), "#filter = :filter".into());
        self
    }

    /// Leaves out, at the server, what has no such attribute.
    pub(super) fn only_with(mut self, attribute: &str) -> Self {
        self.bind("ExpressionAttributeNames", "#filter", attribute.into());
        self.document.insert("FilterExpression".to_owned(), "attribute_exists(#filter)".into());
        self
    }

    /// Counts instead of reading.
    pub(super) fn count(mut self) -> Self {
        self.document.insert("Select".to_owned(), "COUNT".into());
        self
    }

    pub(super) fn document(&self, table: &str, after: Option<&Value>) -> Value {
        let mut document = self.document.clone();
        document.insert("TableName".to_owned(), table.into());
        document.insert("KeyConditionExpression".to_owned(), self.condition.clone().into());
        if let Some(after) = after {
            document.insert("ExclusiveStartKey".to_owned(), after.clone());
        }
        document.into()
    }
}
