//! Texts that people write, each valid by construction.

use std::fmt;

/// Why a text is refused. The message names the rule, never the text, which may be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Longer than the maximum, in characters.
    #[error("may have at most {0} characters")]
    TooLong(usize),
    /// A control character other than a line end or a tab.
    #[error("must not hold control characters")]
    Control,
}

/// Checks a text for people: not empty, `characters_max` at most, no control characters but line ends and tabs.
/// Returns it without white space around it.
///
/// # Errors
/// [`TextError`].
pub fn checked_text(text: &str, characters_max: usize) -> Result<&str, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > characters_max {
        return Err(TextError::TooLong(characters_max));
    }
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Err(TextError::Control);
    }
    Ok(text)
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $characters_max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Checks a text that came from outside.
            ///
            /// # Errors
            /// [`TextError`].
            pub fn parse(text: &str) -> Result<Self, TextError> {
                checked_text(text, $characters_max).map(|text| Self(text.to_owned()))
            }

            /// The same, where nothing or an empty text is as good as none.
            ///
            /// # Errors
            /// [`TextError`].
            pub fn parse_optional(text: Option<&str>) -> Result<Option<Self>, TextError> {
                text.filter(|text| !text.trim().is_empty()).map(Self::parse).transpose()
            }

            /// A text that the database returned. It was checked when it was written, by the rules of that time.
            pub fn stored(text: String) -> Self {
                Self(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl From<&$name> for String {
            fn from(text: &$name) -> Self {
                text.0.clone()
            }
        }
    };
}

text!(
    /// What people call a job, 200 characters at most.
    Title,
    200
);
text!(
    /// Where a job is, 500 characters at most.
    Address,
    500
);
text!(
    /// The name of a person or company, 200 characters at most.
    CustomerName,
    200
);
text!(
    /// A phone number as typed, 50 characters at most.
    Phone,
    50
);
text!(
    /// An e-mail address as typed, 254 characters at most (RFC 5321, section 4.5.3.1.3).
    Email,
    254
);
text!(
    /// A text about a photo, 2,000 characters at most.
    Caption,
    2_000
);
text!(
    /// What an application's key is for, 100 characters at most.
    ApplicationName,
    100
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_bounded_and_clean() {
        assert_eq!(Title::parse(" Garage ").unwrap().as_str(), "Garage");
        assert_eq!(Title::parse("  "), Err(TextError::Empty));
        assert_eq!(Title::parse("a\x1b[2Jb"), Err(TextError::Control));
        assert_eq!(Caption::parse("two\nlines\there").unwrap().as_str(), "two\nlines\there");
        assert_eq!(Phone::parse_optional(Some(" ")), Ok(None));
        assert_eq!(Phone::parse_optional(None), Ok(None));
    }

    #[test]
    fn lengths_are_counted_in_characters_to_the_last_one() {
        assert!(Title::parse(&"é".repeat(200)).is_ok());
        assert_eq!(Title::parse(&"é".repeat(201)), Err(TextError::TooLong(200)));
        assert!(Address::parse(&"a".repeat(500)).is_ok() && Address::parse(&"a".repeat(501)).is_err());
        assert!(
            CustomerName::parse(&"a".repeat(200)).is_ok() && CustomerName::parse(&"a".repeat(201)).is_err()
        );
        assert!(Phone::parse(&"1".repeat(50)).is_ok() && Phone::parse(&"1".repeat(51)).is_err());
        assert!(Email::parse(&"a".repeat(254)).is_ok() && Email::parse(&"a".repeat(255)).is_err());
        assert!(Caption::parse(&"a".repeat(2_000)).is_ok() && Caption::parse(&"a".repeat(2_001)).is_err());
        assert!(ApplicationName::parse(&"a".repeat(100)).is_ok());
        assert!(ApplicationName::parse(&"a".repeat(101)).is_err());
    }
}
