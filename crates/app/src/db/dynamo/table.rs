//! The one table: its keys and indexes, written down once. `infra/template.yaml` says the same.

use serde_json::{Value, json};

/// What the table is called unless somebody says otherwise.
pub const DEFAULT_NAME: &str = "qdn";
/// The partition key, a string.
pub const PARTITION_KEY: &str = "pk";
/// The sort key, a string.
pub const SORT_KEY: &str = "sk";
/// When DynamoDB may drop an item by itself, in seconds since 1970. Only links that died long ago have it.
pub const TTL_ATTRIBUTE: &str = "vanishes_at";

/// A global secondary index. All attributes are projected, both keys are strings, and an item without them is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// As queries name it.
    pub name: &'static str,
    /// Its partition key.
    pub partition_key: &'static str,
    /// Its sort key.
    pub sort_key: &'static str,
}

/// Lists by age, and the processor's queue by when a photo is due.
pub const FIRST_INDEX: Index = Index { name: "gsi1", partition_key: "gsi1pk", sort_key: "gsi1sk" };
/// The jobs of a customer; links by when they stop working; photos without an outcome; photos to sweep.
pub const SECOND_INDEX: Index = Index { name: "gsi2", partition_key: "gsi2pk", sort_key: "gsi2sk" };
/// All of them.
pub const INDEXES: [Index; 2] = [FIRST_INDEX, SECOND_INDEX];

/// The table as `CreateTable` takes it. A table for work is made by the template; `UpdateTimeToLive` is a call of its own.
pub fn definition(table: &str) -> Value {
    let keys = |partition: &str, sort: &str| {
        json!([
            { "AttributeName": partition, "KeyType": "HASH" },
            { "AttributeName": sort, "KeyType": "RANGE" },
        ])
    };
    let names = INDEXES.iter().flat_map(|index| [index.partition_key, index.sort_key]);
    let attributes: Vec<_> = [PARTITION_KEY, SORT_KEY]
        .into_iter()
        .chain(names)
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
        .collect();
    let indexes = INDEXES.map(|index| {
        json!({
            "IndexName": index.name,
            "KeySchema": keys(index.partition_key, index.sort_key),
            "Projection": { "ProjectionType": "ALL" },
        })
    });
    json!({
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": keys(PARTITION_KEY, SORT_KEY),
        "GlobalSecondaryIndexes": indexes,
    })
}
