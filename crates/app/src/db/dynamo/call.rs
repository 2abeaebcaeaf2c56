//! The few operations of DynamoDB that we use, each safe to be carried out twice: the connection may break after the
//! server has acted.
//!
//! - A transaction carries a token, by which DynamoDB knows it again for ten minutes.
//! - A single write with a condition leaves a [`super::item::REV`] of its own in the item: whoever is told that the condition
//!   failed, and finds its own there, has succeeded before. Other single writes set what they would set again.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::{Map, Value, json};

use super::item::{Fill as _, Item, Key};
use super::write::{Query, Write};
use crate::aws::{ApiError, JsonApi, is_throttling};
use crate::client::Patience;
use crate::db::{DbError, Result};

/// How often a call is tried when others write the same items.
const CONTENTION_TRIES: u32 = 100;
/// DynamoDB's limit for one `BatchGetItem`.
const BATCH_MAX: usize = 100;
/// DynamoDB's limit for one `TransactWriteItems`.
pub(super) const TRANSACTION_MAX: usize = 100;

impl From<ApiError> for DbError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Throttled(..) => Self::Busy,
            error => Self::Broken(error.to_string()),
        }
    }
}

/// How a single write ended.
pub(super) enum Written {
    /// It is there. An update tells the item as it is now.
    Done(Item),
    /// Its condition failed: the item as it is, if there is one.
    Failed(Option<Item>),
}

/// How a transaction ended.
pub(super) enum Transacted {
    /// All of it is there.
    Done,
    /// Nothing is, because of these: for each write whose condition failed its place and the item as it is.
    Failed(Vec<(usize, Option<Item>)>),
}

/// A page of a query.
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    pub(super) count: u64,
    /// Where the next one begins.
    pub(super) next: Option<Value>,
}

/// The table, and who calls it.
pub(super) struct Table {
    pub(super) api: JsonApi,
    pub(super) name: String,
}

impl Table {
    /// Patience with others that write the same items: as long as with one call.
    pub(super) fn contention(&self) -> Patience {
        Patience::new(CONTENTION_TRIES, self.api.limits().total)
    }

    /// One item, as it is now.
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let input = json!({ "TableName": self.name, "Key": key.to_item(), "ConsistentRead": true });
        let answer = self.api.call("GetItem", &input).await?;
        Ok(member(answer, "Item"))
    }

    /// Many items, as they are now, each on its own: those that there are.
    pub(super) async fn get_many(&self, mut keys: Vec<Key>) -> Result<BTreeMap<Key, Item>> {
        keys.sort();
        keys.dedup();
        let batches = try_join_all(keys.chunks(BATCH_MAX).map(|keys| self.get_batch(keys))).await?;
        Ok(batches.into_iter().flatten().collect())
    }

    async fn get_batch(&self, keys: &[Key]) -> Result<Vec<(Key, Item)>> {
        let keys: Vec<_> = keys.iter().map(Key::to_item).collect();
        let mut wanted = json!({ self.name.clone(): { "Keys": keys, "ConsistentRead": true } });
        let (mut found, mut patience) = (Vec::new(), self.contention());
        while patience.begin().is_some() {
            let mut answer = self.api.call("BatchGetItem", &json!({ "RequestItems": wanted })).await?;
            let items = answer.pointer_mut(&format!("/Responses/{}", self.name)).map(Value::take);
            for item in items_of(items) {
                found.push((Key::of(&item)?, item));
            }
            // What did not fit into 16 MB, or was throttled.
            match answer.get_mut("UnprocessedKeys").map(Value::take) {
                Some(Value::Object(left)) if !left.is_empty() => wanted = left.into(),
                _ => return Ok(found),
            }
            patience.pause().await;
        }
        Err(DbError::Busy)
    }

    /// A page of a query: at most 1 MB.
    pub(super) async fn page(&self, query: &Query, after: Option<&Value>) -> Result<Page> {
        let mut answer = self.api.call("Query", &query.document(&self.name, after)).await?;
        Ok(Page {
            items: items_of(answer.get_mut("Items").map(Value::take)),
            count: answer.get("Count").and_then(Value::as_u64).unwrap_or_default(),
            next: answer.get_mut("LastEvaluatedKey").map(Value::take).filter(|next| !next.is_null()),
        })
    }

    /// The items of a query, until there are `limit`.
    pub(super) async fn items(&self, query: &Query, limit: usize) -> Result<Vec<Item>> {
        let (mut items, mut after) = (Vec::new(), None);
        while items.len() < limit {
            let page = self.page(query, after.as_ref()).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        items.truncate(limit);
        Ok(items)
    }

    /// A write of one item.
    pub(super) async fn write(&self, write: Write) -> Result<Written> {
        let operation = write.operation();
        let mut input = write.into_document(&self.name);
        if operation == "UpdateItem" {
            input.set("ReturnValues", "ALL_NEW".into());
        }
        let (input, mut patience) = (input.into(), self.contention());
        while patience.begin().is_some() {
            match self.api.call(operation, &input).await {
                Ok(answer) => return Ok(Written::Done(member(answer, "Attributes").unwrap_or_default())),
                Err(ApiError::Refused { code, answer, .. }) if code == "ConditionalCheckFailedException" => {
                    return Ok(Written::Failed(member(answer, "Item")));
                }
                // Someone's transaction has the item, for milliseconds.
                Err(ApiError::Refused { code, .. }) if code == "TransactionConflictException" => {}
                Err(error) => return Err(error.into()),
            }
            patience.pause().await;
        }
        Err(DbError::Busy)
    }

    /// Several writes, all or none of them: at most [`TRANSACTION_MAX`], each of another item.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Transacted> {
        let members: Vec<_> = writes
            .into_iter()
            .map(|write| json!({ write.member(): write.into_document(&self.name) }))
            .collect();
        let token = format!("{:032x}", rand::random::<u128>());
        let input = json!({ "TransactItems": members, "ClientRequestToken": token });
        let mut patience = self.contention();
        while patience.begin().is_some() {
            match self.api.call("TransactWriteItems", &input).await {
                Ok(_) => return Ok(Transacted::Done),
                Err(ApiError::Refused { code, message, answer, operation })
                    if code == "TransactionCanceledException" =>
                {
                    let cancelled = Cancelled::read(answer);
                    if !cancelled.failed.is_empty() {
                        return Ok(Transacted::Failed(cancelled.failed));
                    }
                    if !cancelled.passes {
                        return Err(DbError::Broken(format!("{operation} was cancelled: {message}")));
                    }
                }
                Err(error) => return Err(error.into()),
            }
            patience.pause().await;
        }
        Err(DbError::Busy)
    }
}

/// Why a transaction was cancelled.
struct Cancelled {
    /// The writes whose condition failed.
    failed: Vec<(usize, Option<Item>)>,
    /// Whether it is worth another try: nothing but conflicts with other transactions, and throttling.
    passes: bool,
}

impl Cancelled {
    fn read(mut answer: Value) -> Self {
        let Some(Value::Array(reasons)) = answer.get_mut("CancellationReasons").map(Value::take) else {
            return Self { failed: Vec::new(), passes: false };
        };
        let (mut failed, mut passes) = (Vec::new(), true);
        for (place, reason) in reasons.into_iter().enumerate() {
            let code = reason.get("Code").and_then(Value::as_str).unwrap_or("None");
            if code == "ConditionalCheckFailed" {
                failed.push((place, member(reason, "Item")));
            } else {
                passes &= matches!(code, "None" | "TransactionConflict") || is_throttling(code);
            }
        }
        Self { failed, passes }
    }
}

fn items_of(list: Option<Value>) -> Vec<Item> {
    let Some(Value::Array(items)) = list else { return Vec::new() };
    items
        .into_iter()
        .filter_map(|item| if let Value::Object(item) = item { Some(item) } else { None })
        .collect()
}

fn member(mut answer: Value, name: &str) -> Option<Map<String, Value>> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Object(item)) if !item.is_empty() => Some(item),
        _ => None,
    }
}
