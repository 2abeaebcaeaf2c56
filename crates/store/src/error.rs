//! From what went wrong inside to what a client may know. Causes are logged here, once, and never sent.

use std::io;

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

use crate::index::IndexError;

/// An error with one of S3's codes and a sentence for the client.
pub(crate) fn refuse(code: S3ErrorCode, message: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::with_message(code, message)
}

/// 507: the disk has reached its floor. S3 has no code of its own for it.
pub(crate) fn storage_full() -> S3Error {
    let mut error = S3Error::with_message(
        S3ErrorCode::Custom("InsufficientStorage".into()),
        "The disk of this store is full. Nothing was stored.",
    );
    error.set_status_code(StatusCode::INSUFFICIENT_STORAGE);
    error
}

/// Whether this is [`storage_full`].
pub(crate) fn is_full(error: &S3Error) -> bool {
    error.status_code() == Some(StatusCode::INSUFFICIENT_STORAGE)
}

/// What the client learns when the file system failed at doing `action`.
pub(crate) fn from_io(action: &'static str) -> impl Fn(io::Error) -> S3Error {
    move |cause| {
        if is_storage_full(&cause) {
            tracing::warn!(action, %cause, "disk full");
            return storage_full();
        }
        tracing::error!(action, %cause, "file system error");
        S3Error::with_message(
            S3ErrorCode::InternalError,
            "We encountered an internal error. Please try again.",
        )
    }
}

/// An internal error whose cause is a thread that ended early.
pub(crate) fn internal(action: &'static str) -> S3Error {
    tracing::error!(action, "internal error");
    S3Error::with_message(S3ErrorCode::InternalError, "We encountered an internal error. Please try again.")
}

/// `ENOSPC` and `EDQUOT`.
pub(crate) fn is_storage_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

pub(crate) fn no_such_key() -> S3Error {
    refuse(S3ErrorCode::NoSuchKey, "The specified key does not exist.")
}

pub(crate) fn no_such_bucket() -> S3Error {
    refuse(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist.")
}

pub(crate) fn precondition_failed(condition: &str) -> S3Error {
    refuse(
        S3ErrorCode::PreconditionFailed,
        format!("At least one of the pre-conditions you specified did not hold: {condition}."),
    )
}

/// The error of a body that did not arrive whole. `cause` comes from the client's connection or from the checks
/// that s3s makes while a signed body streams through it; those error types are private to s3s, so their texts are
/// what there is to tell them apart (pinned by `=0.14.1` and by tests).
pub(crate) fn from_body(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> S3Error {
    let text = cause.to_string();
    tracing::debug!(cause = text, "upload body failed");
    if text.contains("Sha256Mismatch") {
        let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
        let mut error = S3Error::with_message(
            code,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
        error.set_status_code(StatusCode::BAD_REQUEST);
        error
    } else if text.contains("SignatureMismatch") {
        refuse(S3ErrorCode::SignatureDoesNotMatch, "The signature of a chunk of the body does not match.")
    } else if text.contains("ChunkTooLarge") {
        refuse(S3ErrorCode::InvalidRequest, "A signed chunk of the body is larger than this store accepts.")
    } else {
        refuse(
            S3ErrorCode::IncompleteBody,
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        )
    }
}

/// What a client learns of an error of the index.
pub(crate) fn index_error(action: &'static str) -> impl Fn(IndexError) -> s3s::S3Error {
    move |cause| match cause {
        IndexError::Full => storage_full(),
        IndexError::Unavailable => unavailable(),
        IndexError::Other(cause) => {
            tracing::error!(action, cause, "index error");
            refuse(S3ErrorCode::InternalError, "We encountered an internal error. Please try again.")
        }
    }
}

pub(crate) fn unavailable() -> s3s::S3Error {
    refuse(S3ErrorCode::ServiceUnavailable, "The disk of this store does not answer. Please try again.")
}
