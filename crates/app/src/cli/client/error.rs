//! Why a call did not work, in sentences.

use std::error::Error;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{retry_after, shown, status_words};

/// Why a call of the API did not work.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum CallError {
    /// Nobody answers at that address.
    #[error("{0}")]
    Unreachable(String),
    /// It may go better the next time.
    #[error("{reason}")]
    Passing {
        /// What happened.
        reason: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The server says no, and would again.
    #[error("{0}")]
    Refused(Box<Refusal>),
}

impl CallError {
    /// Reads an answer that is no success.
    pub(super) fn of_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let refusal = Refusal::read(status, body);
        if is_passing(status) {
            Self::Passing { reason: refusal.to_string(), retry_after: retry_after(headers) }
        } else {
            Self::Refused(Box::new(refusal))
        }
    }

    /// Which photo of a batch is refused.
    pub(in crate::cli) fn photo_index(&self) -> Option<usize> {
        match self {
            Self::Refused(refusal) => refusal.photo_field().map(|(index, _)| index),
            Self::Unreachable(_) | Self::Passing { .. } => None,
        }
    }

    /// `Some` if another try makes sense; within, how long the server asks to wait.
    pub(in crate::cli) fn retry_after(&self) -> Option<Option<Duration>> {
        match self {
            Self::Unreachable(_) => Some(None),
            Self::Passing { retry_after, .. } => Some(*retry_after),
            Self::Refused(_) => None,
        }
    }
}

/// Whether the same request may be answered otherwise a little later.
pub(in crate::cli) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// A problem document (RFC 9457) as a person reads it, or what is known where there was none.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.sentence())]
pub(in crate::cli) struct Refusal {
    /// The HTTP status.
    pub(in crate::cli) status: StatusCode,
    /// The problem's stable code; empty where the answer was no problem document.
    pub(in crate::cli) code: String,
    /// The sentence.
    detail: String,
    /// The field that is wrong.
    field: Option<String>,
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct ProblemDocument {
    detail: String,
    code: String,
    field: Option<String>,
    request_id: Option<String>,
}

impl Refusal {
    fn read(status: StatusCode, body: &[u8]) -> Self {
        let Ok(problem) = serde_json::from_slice::<ProblemDocument>(body) else {
            let hint = if status.is_server_error() { "" } else { "; is the address right?" };
            return Self::plain(status, format!("the server answered {}{hint}", status_words(status)));
        };
        Self {
            status,
            code: shown(&problem.code),
            detail: shown(&problem.detail),
            field: problem.field.as_deref().map(shown),
            request_id: problem.request_id.as_deref().map(shown),
        }
    }

    /// A refusal that we put into words ourselves.
    pub(in crate::cli) fn plain(status: StatusCode, detail: String) -> Self {
        Self { status, code: String::new(), detail, field: None, request_id: None }
    }

    /// Which of several photos is refused, and by which of its fields: `photos[3].size` is `(3, "size")`.
    pub(in crate::cli) fn photo_field(&self) -> Option<(usize, &str)> {
        let (index, field) = self.field.as_deref()?.strip_prefix("photos[")?.split_once(']')?;
        Some((index.parse().ok()?, field.trim_start_matches('.')))
    }

    fn sentence(&self) -> String {
        // Of a batch the person has only one photo in mind: its place in the batch says nothing.
        let detail = match (self.photo_field(), self.field.as_deref()) {
            (Some((_, short)), Some(long)) => self.detail.replace(long, short),
            _ => self.detail.clone(),
        };
        let known = [
            (!self.code.is_empty()).then(|| self.code.clone()),
            self.request_id.as_ref().map(|id| format!("request {id}")),
        ];
        let known: Vec<_> = known.into_iter().flatten().collect();
        if known.is_empty() { detail } else { format!("{detail} ({})", known.join(", ")) }
    }
}

/// The innermost cause of a failed request, without the address, which may carry a signature.
pub(in crate::cli) fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn Error = match error.source() {
        Some(source) => source,
        None => return "the request failed".to_owned(),
    };
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    shown(&innermost.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> Refusal {
        Refusal::read(StatusCode::BAD_REQUEST, body.as_bytes())
    }

    #[test]
    fn a_problem_document_becomes_a_sentence() {
        let refusal = refusal(
            r#"{"detail":"`photos[3].size` may be at most 5 bytes","code":"photo_too_large","field":"photos[3].size","request_id":"01J","status":413}"#,
        );
        assert_eq!(refusal.to_string(), "`size` may be at most 5 bytes (photo_too_large, request 01J)");
        assert_eq!(refusal.photo_field(), Some((3, "size")));
    }

    #[test]
    fn an_answer_of_something_else_is_still_a_sentence() {
        assert_eq!(
            refusal("<html>").to_string(),
            "the server answered 400 Bad Request; is the address right?"
        );
        assert_eq!(refusal("<html>").photo_field(), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let error =
            |status: u16| CallError::of_answer(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), b"");
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(error(status).retry_after().is_some(), "{status}");
        }
        for status in [301, 400, 401, 403, 404, 409, 410, 413, 507] {
            assert!(error(status).retry_after().is_none(), "{status}");
        }
    }
}
