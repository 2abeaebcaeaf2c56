//! POST policies, read strictly.
//!
//! Source: AWS, "POST Policy". Where that page is silent, what S3 itself does is followed: operators and field names
//! are read without regard to case, values with it.

use std::{fmt, ops::RangeInclusive};

use base64_simd::STANDARD as BASE64;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use thiserror::Error;

use crate::{Timestamp, encode::push_json_string};

/// The longest `policy` field that is read, in bytes of base64.
pub const POLICY_LEN_MAX: usize = 64 * 1024;

/// The largest object that one POST can make: S3's limit of 5 GiB, in bytes.
pub const POST_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// What a form may say, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
}

/// One rule of a policy. Field names are in lower case and without `$`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The field is there and has exactly this value.
    Equals {
        /// The form field.
        field: String,
        /// Its one permitted value.
        value: String,
    },
    /// The field's value starts with this prefix. A field that is not there counts as empty.
    StartsWith {
        /// The form field.
        field: String,
        /// What its value starts with; empty permits everything.
        prefix: String,
    },
    /// The file's length in bytes lies in this range.
    ContentLengthRange(RangeInclusive<u64>),
}

/// Why a text is not a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Longer than [`POLICY_LEN_MAX`].
    #[error("it is longer than {POLICY_LEN_MAX} bytes")]
    TooLarge,
    /// Not standard base64 with padding.
    #[error("it is not base64")]
    Base64,
    /// Not JSON, or not of a policy's form.
    #[error("{0}")]
    Json(String),
    /// Not a UTC time.
    #[error("expiration: {0:?} is not a UTC time such as 2015-12-30T12:00:00.000Z")]
    Expiration(String),
    /// An empty list of conditions.
    #[error("conditions: there are none")]
    NoConditions,
    /// Length ranges that no file can meet, alone or together.
    #[error("content-length-range: no length lies in all ranges")]
    EmptyLengthRange,
}

impl Policy {
    /// Reads the text of a form's `policy` field.
    pub fn decode(base64: &str) -> Result<Self, PolicyError> {
        if base64.len() > POLICY_LEN_MAX {
            return Err(PolicyError::TooLarge);
        }
        Self::parse(&BASE64.decode_to_vec(base64).map_err(|_| PolicyError::Base64)?)
    }

    /// Reads a policy's JSON. Unknown, missing and repeated members are refused.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        let raw: RawPolicy =
            serde_json::from_slice(json).map_err(|error| PolicyError::Json(error.to_string()))?;
        let Ok(expiration) = Timestamp::parse_expiration(&raw.expiration) else {
            return Err(PolicyError::Expiration(raw.expiration));
        };
        if raw.conditions.is_empty() {
            return Err(PolicyError::NoConditions);
        }
        let policy = Self { expiration, conditions: raw.conditions };
        if policy.content_length().is_empty() {
            return Err(PolicyError::EmptyLengthRange);
        }
        Ok(policy)
    }

    /// When the policy ends.
    pub fn expiration(&self) -> Timestamp {
        self.expiration
    }

    /// The rules, in the order in which they are written.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The lengths in bytes that all ranges permit, at most [`POST_BYTES_MAX`].
    pub fn content_length(&self) -> RangeInclusive<u64> {
        let ranges = self.conditions.iter().filter_map(|condition| match condition {
            Condition::ContentLengthRange(range) => Some(range),
            _ => None,
        });
        ranges.fold(0..=POST_BYTES_MAX, |all, range| {
            *all.start().max(range.start())..=*all.end().min(range.end())
        })
    }
}

impl Condition {
    /// The form field it is about; none for the file's length.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Equals { field, .. } | Self::StartsWith { field, .. } => Some(field),
            Self::ContentLengthRange(_) => None,
        }
    }
}

/// As it stands in a policy: `["eq", "$key", "a.jpg"]`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operator, field, value) = match self {
            Self::Equals { field, value } => ("eq", field, value),
            Self::StartsWith { field, prefix } => ("starts-with", field, prefix),
            Self::ContentLengthRange(range) => {
                return write!(f, "[\"content-length-range\", {}, {}]", range.start(), range.end());
            }
        };
        let mut operands = String::new();
        push_json_string(&mut operands, &format!("${field}"));
        operands.push_str(", ");
        push_json_string(&mut operands, value);
        write!(f, "[\"{operator}\", {operands}]")
    }
}

/// A policy's members before their values are read.
struct RawPolicy {
    expiration: String,
    conditions: Vec<Condition>,
}

impl<'de> Deserialize<'de> for RawPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawPolicyVisitor)
    }
}

struct RawPolicyVisitor;

impl<'de> Visitor<'de> for RawPolicyVisitor {
    type Value = RawPolicy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with expiration and conditions")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawPolicy, A::Error> {
        let (mut expiration, mut conditions) = (None, None);
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "expiration" if expiration.is_none() => expiration = Some(map.next_value()?),
                "conditions" if conditions.is_none() => conditions = Some(map.next_value()?),
                "expiration" | "conditions" => return Err(A::Error::custom(format!("{name}: given twice"))),
                _ => return Err(A::Error::custom(format!("unexpected member {name:?}"))),
            }
        }
        Ok(RawPolicy {
            expiration: expiration.ok_or_else(|| A::Error::missing_field("expiration"))?,
            conditions: conditions.ok_or_else(|| A::Error::missing_field("conditions"))?,
        })
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ConditionVisitor)
    }
}

struct ConditionVisitor;

impl<'de> Visitor<'de> for ConditionVisitor {
    type Value = Condition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition: an object with one property, or an array of operator and operands")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Condition, A::Error> {
        let Some((name, value)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::custom("conditions: an object must have exactly one property"));
        };
        if map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("conditions: an object must have exactly one property"));
        }
        if name.is_empty() {
            return Err(A::Error::custom("conditions: a field has no name"));
        }
        Ok(Condition::Equals { field: name.to_ascii_lowercase(), value })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Condition, A::Error> {
        let operator: String = operand(&mut seq, "an operator")?;
        let condition = match operator.to_ascii_lowercase().as_str() {
            "eq" => {
                Condition::Equals { field: field_operand(&mut seq)?, value: operand(&mut seq, "a value")? }
            }
            "starts-with" => Condition::StartsWith {
                field: field_operand(&mut seq)?,
                prefix: operand(&mut seq, "a prefix")?,
            },
            "content-length-range" => {
                let Length(min) = operand(&mut seq, "a smallest length")?;
                let Length(max) = operand(&mut seq, "a largest length")?;
                if min > max {
                    let message =
                        format!("content-length-range: the smallest length {min} is above the largest {max}");
                    return Err(A::Error::custom(message));
                }
                Condition::ContentLengthRange(min..=max)
            }
            _ => return Err(A::Error::custom(format!("conditions: unknown operator {operator:?}"))),
        };
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(condition),
            Some(_) => Err(A::Error::custom(format!("conditions: {operator} has too many operands"))),
        }
    }
}

fn operand<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(seq: &mut A, what: &str) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| A::Error::custom(format!("conditions: {what} is missing")))
}

fn field_operand<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<String, A::Error> {
    let field: String = operand(seq, "a field")?;
    match field.strip_prefix('$') {
        Some(name) if !name.is_empty() => Ok(name.to_ascii_lowercase()),
        _ => Err(A::Error::custom(format!("conditions: {field:?} is not a field: it must start with $"))),
    }
}

/// A number of bytes: an integer, or a string of decimal digits.
struct Length(u64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LengthVisitor)
    }
}

struct LengthVisitor;

impl Visitor<'_> for LengthVisitor {
    type Value = Length;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of bytes")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Length, E> {
        Ok(Length(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Length, E> {
        // `u64::from_str` would accept a sign.
        if !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(E::invalid_value(serde::de::Unexpected::Str(value), &self));
        }
        value.parse().map(Length).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(value), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_canonical_base64_of_a_policy_is_read() {
        let json = br#"{"expiration": "2015-12-30T12:00:00Z", "conditions": [{"acl": "abcd"}]}"#;
        let base64 = BASE64.encode_to_string(json);
        assert!(base64.ends_with("0="));
        assert!(Policy::decode(&base64).is_ok());
        let unpadded = base64.trim_end_matches('=');
        let spare_bits = base64.replace("0=", "1=");
        for text in [
            unpadded,
            &spare_bits,
            &format!("{base64}="),
            &format!("{base64}\n"),
            &format!(" {base64}"),
            &base64.replacen('I', "I\r\n", 1),
            &base64.replacen('I', "-", 1),
            "=",
            "\u{e9}",
        ] {
            assert_eq!(Policy::decode(text), Err(PolicyError::Base64), "{text:?}");
        }
    }
}
