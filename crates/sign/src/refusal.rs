//! Why a form is refused, in S3's own terms.

use thiserror::Error;

use crate::{
    Timestamp,
    policy::{Condition, PolicyError},
};

/// Why an upload form is refused. The message names the field; [`PostRefusal::code`] and [`PostRefusal::status`] are
/// those of AWS, "S3 Error responses".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PostRefusal {
    /// Neither policy nor signature.
    #[error("Access Denied: a form must be signed")]
    Anonymous,
    /// A field that every signed form has is not there.
    #[error("Bucket POST must contain a field named '{field}'.")]
    MissingField {
        /// Its name, in lower case.
        field: &'static str,
    },
    /// A field stands in the form twice.
    #[error("The field '{field}' is given twice.")]
    DuplicateField {
        /// Its name, in lower case.
        field: String,
    },
    /// A field's value cannot be used.
    #[error("The field '{field}' is invalid: {reason}.")]
    InvalidField {
        /// Its name, in lower case.
        field: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The key has more than 1,024 bytes.
    #[error("The field 'key' is invalid: it has more than 1024 bytes.")]
    KeyTooLong,
    /// Nobody has that access key id.
    #[error("The AWS access key Id you provided does not exist in our records (x-amz-credential).")]
    InvalidAccessKeyId {
        /// What the form says.
        access_key_id: String,
    },
    /// The session token is not the one of these credentials.
    #[error("The provided token is malformed or otherwise invalid (x-amz-security-token).")]
    InvalidToken,
    /// The form was signed by another secret, or its policy was changed.
    #[error(
        "The request signature we calculated does not match the signature you provided (x-amz-signature)."
    )]
    SignatureDoesNotMatch,
    /// `x-amz-date` is more than 15 minutes in the future.
    #[error("The difference between the request time and the server's time is too large (x-amz-date).")]
    RequestTimeTooSkewed,
    /// The policy cannot be read.
    #[error("Invalid Policy: {0}")]
    InvalidPolicyDocument(#[from] PolicyError),
    /// The policy has ended.
    #[error("Invalid according to Policy: Policy expired at {expiration}.")]
    PolicyExpired {
        /// When it ended.
        expiration: Timestamp,
    },
    /// A field is not what the policy says.
    #[error("Invalid according to Policy: Policy Condition failed: {condition}")]
    ConditionFailed {
        /// The rule that is broken.
        condition: Condition,
    },
    /// A field that the policy does not mention.
    #[error("Invalid according to Policy: Extra input fields: {field}")]
    ExtraField {
        /// Its name, in lower case.
        field: String,
    },
    /// The file has more bytes than the policy permits.
    #[error("Your proposed upload exceeds the maximum allowed size of {max} bytes (content-length-range).")]
    EntityTooLarge {
        /// The largest length in bytes.
        max: u64,
    },
    /// The file has fewer bytes than the policy demands.
    #[error(
        "Your proposed upload is smaller than the minimum allowed size of {min} bytes (content-length-range)."
    )]
    EntityTooSmall {
        /// The smallest length in bytes.
        min: u64,
    },
}

impl PostRefusal {
    /// The `Code` of S3's error document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Anonymous
            | Self::PolicyExpired { .. }
            | Self::ConditionFailed { .. }
            | Self::ExtraField { .. } => "AccessDenied",
            Self::MissingField { .. } | Self::DuplicateField { .. } | Self::InvalidField { .. } => {
                "InvalidArgument"
            }
            Self::KeyTooLong => "KeyTooLongError",
            Self::InvalidAccessKeyId { .. } => "InvalidAccessKeyId",
            Self::InvalidToken => "InvalidToken",
            Self::SignatureDoesNotMatch => "SignatureDoesNotMatch",
            Self::RequestTimeTooSkewed => "RequestTimeTooSkewed",
            Self::InvalidPolicyDocument(_) => "InvalidPolicyDocument",
            Self::EntityTooLarge { .. } => "EntityTooLarge",
            Self::EntityTooSmall { .. } => "EntityTooSmall",
        }
    }

    /// The HTTP status of the answer: 400 or 403.
    pub fn status(&self) -> u16 {
        match self.code() {
            "AccessDenied" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "RequestTimeTooSkewed" => 403,
            _ => 400,
        }
    }

    pub(crate) fn invalid(field: &str, reason: &'static str) -> Self {
        Self::InvalidField { field: field.to_ascii_lowercase(), reason }
    }
}
