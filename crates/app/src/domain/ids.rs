//! Newtypes for the ids that appear in the contract, each valid by construction.

use std::fmt;

use jiff::Timestamp;
use ulid::Ulid;

/// Why a text is not an id. The message names the rule, never the text, which may be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct IdError(&'static str);

/// A fresh ULID for `now`: 48 bits of milliseconds, then 80 random bits (<https://github.com/ulid/spec>).
fn fresh_ulid(now: Timestamp) -> String {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Ulid::from_parts(milliseconds, rand::random::<u128>()).to_string()
}

/// Whether `text` is 1 to 64 of `[A-Za-z0-9_-]`, the alphabet that every id but a photo's keeps to.
fn is_plain_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

macro_rules! plain_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// A fresh id for `now`, a ULID.
            pub fn generate(now: Timestamp) -> Self {
                Self(fresh_ulid(now))
            }

            /// Checks a text that came from outside.
            ///
            /// # Errors
            /// [`IdError`] unless it is 1 to 64 characters of `[A-Za-z0-9_-]`.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if is_plain_id(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError("1 to 64 characters of A-Z, a-z, 0-9, _ and -"))
                }
            }

            /// The id as it stands in JSON, paths and keys.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }
    };
}

plain_id!(
    /// A job: the caller's own id or a ULID.
    JobId
);
plain_id!(
    /// A customer.
    CustomerId
);
plain_id!(
    /// A link: the public name of a token, by which it is listed and revoked.
    LinkId
);
plain_id!(
    /// An application: who calls.
    ApplicationId
);
plain_id!(
    /// The id of a principal, as a photo's record names who uploaded it: a link's or an application's. Both are random, so
    /// no two principals share one.
    PrincipalId
);
plain_id!(
    /// A request, as the log and a problem document name it.
    RequestId
);

impl From<&LinkId> for PrincipalId {
    fn from(id: &LinkId) -> Self {
        Self(id.0.clone())
    }
}

impl From<&ApplicationId> for PrincipalId {
    fn from(id: &ApplicationId) -> Self {
        Self(id.0.clone())
    }
}

/// A photo: a ULID that we gave, or the file name of an object that an older tool put under the job's prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoId(String);

impl PhotoId {
    /// A fresh id for `now`, a ULID, so that ids sort by the time of their upload.
    pub fn generate(now: Timestamp) -> Self {
        Self(fresh_ulid(now))
    }

    /// Checks a text that came from outside.
    ///
    /// # Errors
    /// [`IdError`] unless it is 1 to 1,024 bytes (S3's limit for a key) without control characters.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError("1 to 1024 bytes without control characters"))
        }
    }

    /// Whether we gave this id, so that an upload may have been granted for it.
    pub fn is_ours(&self) -> bool {
        self.0.len() == ulid::ULID_LEN && Ulid::from_string(&self.0).is_ok()
    }

    /// The id as it stands in JSON, paths and keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhotoId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_keep_to_their_alphabet_and_length() {
        for good in ["a", "J-1_b", "01ARZ3NDEKTSV4RRFFQ69G5FAV", &"x".repeat(64)] {
            assert_eq!(JobId::parse(good).map(|id| id.as_str().to_owned()), Ok(good.to_owned()));
        }
        for bad in ["", "a/b", "..", "a b", "é", "a\0", "%2e", &"x".repeat(65)] {
            assert!(JobId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_fill_the_column_they_are_given() {
        assert_eq!(format!("{:<6}|", JobId::parse("attic").unwrap()), "attic |");
    }

    #[test]
    fn generated_photo_ids_sort_by_time_and_are_recognised_as_ours() {
        let early = PhotoId::generate(Timestamp::from_millisecond(1_000_000).unwrap());
        let late = PhotoId::generate(Timestamp::from_millisecond(1_000_001).unwrap());
        assert!(early < late);
        assert!(early.is_ours() && !PhotoId::parse("IMG_0001.jpg").unwrap().is_ours());
    }

    #[test]
    fn photo_ids_refuse_control_characters() {
        assert!(PhotoId::parse("a\nb").is_err());
        assert!(PhotoId::parse("").is_err());
        assert!(PhotoId::parse("old tool/IMG 1.jpg").is_ok());
    }
}
