//! Checks of single fields, each of which names the field it refuses.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::problem::Problem;
use crate::domain::{IdError, TextError, checked_text};

/// An id.
pub(super) fn id<T>(field: &str, text: &str, parse: fn(&str) -> Result<T, IdError>) -> Result<T, Problem> {
    parse(text).map_err(|error| Problem::field(field, error.to_string()))
}

/// One of a few words.
pub(super) fn word<T>(
    field: &str,
    text: &str,
    parse: fn(&str) -> Option<T>,
    words: &str,
) -> Result<T, Problem> {
    parse(text).ok_or_else(|| Problem::field(field, format!("must be one of {words}")))
}

/// A text for people of at most `characters_max`.
pub(super) fn text(field: &str, text: &str, characters_max: usize) -> Result<String, Problem> {
    checked_text(text, characters_max)
        .map(str::to_owned)
        .map_err(|error| Problem::field(field, error.to_string()))
}

/// A text with rules of its own.
pub(super) fn typed<T>(
    field: &str,
    text: &str,
    parse: fn(&str) -> Result<T, TextError>,
) -> Result<T, Problem> {
    parse(text).map_err(|error| Problem::field(field, error.to_string()))
}

/// The same, where nothing or an empty text is as good as none.
pub(super) fn optional<T>(
    field: &str,
    given: Option<&str>,
    parse: fn(Option<&str>) -> Result<Option<T>, TextError>,
) -> Result<Option<T>, Problem> {
    parse(given).map_err(|error| Problem::field(field, error.to_string()))
}

/// The same for a change: an absent field stays absent, null takes away.
pub(super) fn change<T>(
    field: &str,
    given: Option<Option<String>>,
    parse: fn(Option<&str>) -> Result<Option<T>, TextError>,
) -> Result<Option<Option<T>>, Problem> {
    given.map(|text| optional(field, text.as_deref(), parse)).transpose()
}

/// A time in RFC 3339.
pub(super) fn time(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let parsed: Result<Timestamp, _> = text.parse();
    let millis = parsed.ok().and_then(|time| Timestamp::from_millisecond(time.as_millisecond()).ok());
    millis.ok_or_else(|| Problem::field(field, "must be a time in RFC 3339, such as 2026-05-04T09:30:00Z"))
}

/// A SHA-256: 64 hexadecimal digits, or base64.
pub(super) fn sha256(field: &str, text: &str) -> Result<[u8; 32], Problem> {
    let refuse = || Problem::field(field, "must be a SHA-256 in 64 hexadecimal digits or in base64");
    if text.len() == 64 {
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| refuse())?;
            if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(refuse());
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refuse())?;
        }
        return Ok(hash);
    }
    let bytes = STANDARD.decode(text).map_err(|_| refuse())?;
    bytes.try_into().map_err(|_| refuse())
}

/// A page's size.
pub(super) fn limit(given: Option<u32>, default: usize, max: usize) -> Result<usize, Problem> {
    match given.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)) {
        None => Ok(default),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::field("limit", format!("must be 1 to {max}"))),
    }
}

/// A cursor is opaque to callers: base64url of whatever the list needs to go on.
pub(super) fn encode_cursor(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Reads a cursor back. The caller checks that its text makes sense.
pub(super) fn decode_cursor(cursor: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(bad_cursor)
}

/// A cursor that no list gave.
pub(super) fn bad_cursor() -> Problem {
    Problem::field("cursor", "must be a next_cursor of an earlier answer")
}

/// Tells a field that is `null` (`Some(None)`) from one that is absent (`None`, by `#[serde(default)]`).
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sha256_is_read_in_hex_and_in_base64() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(sha256("sha256", hex).unwrap(), sha256("sha256", base64).unwrap());
        for bad in ["", "zz", &hex[1..], &format!("+{}", &hex[1..]), "47DE", &"é".repeat(32)] {
            assert!(sha256("sha256", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cursors_come_back_and_strange_ones_are_refused() {
        assert_eq!(decode_cursor(&encode_cursor("jobs/1/é")).unwrap(), "jobs/1/é");
        assert!(decode_cursor("%%%").is_err());
        assert!(decode_cursor("_w").is_err());
    }
}
