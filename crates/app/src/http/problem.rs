//! Errors as RFC 9457 problem documents: a stable code and a sentence for the client, the cause for the log.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::db::DbError;
use crate::domain::Decision;
use crate::operations::{self, OperationError};
use crate::s3::S3Error;

/// A refusal or a failure.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

/// `cause` is logged and never sent.
#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    field: Option<String>,
    cause: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// What the client reads.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// A URI reference that names the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/job_not_found")]
    kind: String,
    /// The HTTP status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A sentence for the caller's developer.
    detail: String,
    /// Stable: branch on this.
    code: String,
    /// Names this request in the server's log.
    request_id: String,
    /// The field that is wrong, as a path: `photos[2].size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl Problem {
    /// A problem of the caller's.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Parts { status, code, detail, field: None, cause: None, header: None }))
    }

    /// A field that holds what it may not.
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let (field, detail) = (field.into(), detail.into());
        let detail = format!("`{field}` {detail}");
        Self::new(StatusCode::BAD_REQUEST, "invalid_field", detail).about(field)
    }

    /// The same problem, blamed on a field.
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// The same problem with a cause for the log.
    fn because(mut self, cause: String) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// The same problem with a header on its answer.
    pub fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.0.header = Some((name, value.into()));
        self
    }

    /// Nobody showed who they are.
    pub fn unauthenticated(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"qdn\""))
    }

    /// Known, but not allowed.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "this role may not do that")
    }

    /// A job that does not exist, or one of someone else: the same answer.
    pub fn job_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "job_not_found", "there is no such job")
    }

    /// A photo that does not exist in the job.
    pub fn photo_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "photo_not_found", "there is no such photo")
    }

    /// Something of ours failed. The client learns nothing but the request id.
    #[expect(clippy::needless_pass_by_value, reason = "so that it can be handed to `map_err`")]
    pub fn internal(cause: impl ToString) -> Self {
        let detail = "something failed on our side; nothing was changed";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).because(cause.to_string())
    }

    /// The status it will be answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What only the log may know.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The answer for one request.
    pub fn render(&self, request_id: &str) -> Response {
        let body = ProblemBody {
            kind: format!("/problems/{}", self.0.code),
            title: self.0.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
            code: self.0.code.to_owned(),
            request_id: request_id.to_owned(),
            field: self.0.field.clone(),
        };
        let mut response = (self.0.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = &self.0.header {
            headers.insert(name.clone(), value.clone());
        }
        response
    }
}

/// The body is written by the outermost layer, which knows the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict(what) => {
                Self::new(StatusCode::CONFLICT, "conflict", format!("this {what} exists already"))
            }
            DbError::Missing(what) => {
                let detail = format!("there is no such {what}");
                Self::new(StatusCode::NOT_FOUND, "reference_not_found", detail).about(format!("{what}_id"))
            }
            DbError::Full => {
                let detail = "the server's disk is full; nothing was changed";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", detail)
            }
            DbError::Busy => {
                let detail = "the server is busy; nothing was changed, try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_busy", detail)
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("2"))
            }
            DbError::TooMany(what) => {
                let detail = format!(
                    "too many {what}: send the photos that uploads were granted for before asking for more; grants \
                     that are never used are dropped a day after they expire"
                );
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_open_uploads", detail)
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("60"))
            }
            DbError::Unavailable(_) => {
                let detail = "the server's database does not answer; try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", detail)
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
            }
            DbError::Broken(cause) => Self::internal(cause),
        }
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        let detail = error.to_string();
        match error {
            OperationError::Field { field, rule } => Self::field(field, rule),
            OperationError::JobExists => {
                Self::new(StatusCode::CONFLICT, "job_exists", detail).about("job_id")
            }
            OperationError::JobNotFound => Self::job_not_found(),
            OperationError::PhotoNotFound => Self::photo_not_found(),
            OperationError::Forbidden => Self::forbidden(),
            OperationError::PhotoDeleted(_) => {
                Self::new(StatusCode::GONE, "photo_deleted", detail).about("idempotency_key")
            }
            OperationError::IdempotencyKeyReused(_) => {
                Self::new(StatusCode::CONFLICT, "idempotency_key_reused", detail).about("idempotency_key")
            }
            OperationError::Db(error) => error.into(),
            OperationError::Bucket(error) => error.into(),
            OperationError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<S3Error> for Problem {
    fn from(error: S3Error) -> Self {
        let detail = "the photo storage does not answer; try again";
        Self::new(StatusCode::BAD_GATEWAY, "storage_unavailable", detail).because(error.to_string())
    }
}

/// Turns a decision about a job into a refusal.
pub(super) fn require(decision: Decision) -> Result<(), Problem> {
    Ok(operations::require(decision)?)
}
