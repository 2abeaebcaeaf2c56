//! Why a signed URL is refused, in the CDN's own terms.

use thiserror::Error;

use crate::Timestamp;

/// Why the CDN refuses a URL. The answer is always 403 with [`UrlRefusal::code`] and [`UrlRefusal::answer`]; `Display`
/// tells more, for a log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlRefusal {
    /// Nothing says who signed.
    #[error("there is no Key-Pair-Id")]
    MissingKey,
    /// The key group has no such key.
    #[error("the key group has no key {key_id}")]
    UnknownKey {
        /// What the URL says.
        key_id: String,
    },
    /// No `Signature`.
    #[error("there is no Signature")]
    MissingSignature,
    /// Neither `Expires` nor `Policy`.
    #[error("there is neither Expires nor Policy")]
    MissingPolicy,
    /// A parameter cannot be read.
    #[error("{parameter} is malformed: {reason}")]
    Malformed {
        /// The query parameter, or `URL`.
        parameter: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another key signed, or something was changed.
    #[error("the signature is not this policy's")]
    SignatureDoesNotMatch,
    /// The policy is for other URLs.
    #[error("the policy is for other URLs")]
    OtherResource,
    /// The policy has ended.
    #[error("the policy ended at {expires}")]
    Expired {
        /// When it ended.
        expires: Timestamp,
    },
    /// The policy has not begun.
    #[error("the policy has not begun")]
    NotYetValid,
    /// The policy is for viewers at other addresses.
    #[error("the policy is for other addresses")]
    OtherViewer,
}

impl UrlRefusal {
    /// The code in the CDN's answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingKey => "MissingKey",
            Self::UnknownKey { .. } => "InvalidKey",
            Self::MissingSignature => "MissingSignature",
            Self::MissingPolicy => "MissingPolicy",
            Self::Malformed { parameter: "Policy", .. } => "MalformedPolicy",
            Self::Malformed { parameter: "Signature", .. } => "MalformedSignature",
            Self::Malformed { .. } => "InvalidQueryString",
            Self::SignatureDoesNotMatch
            | Self::OtherResource
            | Self::Expired { .. }
            | Self::NotYetValid
            | Self::OtherViewer => "AccessDenied",
        }
    }

    /// The message in the CDN's answer. Of a policy that does not permit it tells no more than that.
    pub fn answer(&self) -> &'static str {
        match self.code() {
            "MissingKey" => "Missing Key-Pair-Id query parameter or cookie value",
            "InvalidKey" => "Unknown Key",
            "MissingSignature" => "Missing Signature query parameter or cookie value",
            "MissingPolicy" => "Missing Policy or Expires query parameter or cookie value",
            "MalformedPolicy" => "Malformed Policy",
            "MalformedSignature" => "Could not unencode Signature",
            "InvalidQueryString" => "Invalid query string",
            _ => "Access denied",
        }
    }
}
