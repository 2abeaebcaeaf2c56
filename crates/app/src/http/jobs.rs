//! Jobs: create, list, read, change.

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Authenticated;
use super::extract::{JsonBody, PathIds, StrictQuery};
use super::problem::{Problem, ProblemBody, require};
use super::state::App;
use super::wire::CustomerBody;
use super::{endpoints, fields};
use crate::db::{Cover, JobFilter, JobRow};
use crate::domain::{
    Action, Actor, Address, CustomerId, JobChange, JobId, JobStatus, ObjectName, Rendition, Role, Title,
};
use crate::operations::{self, NewJob};

const STATUS_WORDS: &str = "scheduled, in_progress, done, cancelled";
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;
const SEARCH_WORDS_MAX: usize = 8;

/// A new job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateJob {
    /// Whom it is for.
    customer_id: String,
    /// What people call it.
    title: String,
    /// Where.
    address: Option<String>,
    /// When, in RFC 3339.
    #[schema(format = DateTime)]
    scheduled_for: Option<String>,
    /// The caller's own id, 1 to 64 of `[A-Za-z0-9_-]`; ours when absent.
    job_id: Option<String>,
}

/// The id of a new job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobCreated {
    /// The id.
    job_id: String,
}

/// A job. What staff and crew see is null for customers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobBody {
    /// The id.
    job_id: String,
    /// What people call it.
    title: String,
    /// `scheduled`, `in_progress`, `done` or `cancelled`.
    status: String,
    /// Where.
    address: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    scheduled_for: Option<String>,
    /// When it was made; not for customers.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// Whom it is for; not for customers.
    customer: Option<CustomerBody>,
    /// Stored photos; not for customers.
    photo_count: Option<u64>,
    /// A signed URL of the 320 px copy of the newest photo that is ready and not hidden; null without one, and for
    /// customers.
    cover_url: Option<String>,
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobPage {
    /// Newest first.
    jobs: Vec<JobBody>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Which jobs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListJobs {
    /// Words that must all stand in the title, address, customer's name or id.
    q: Option<String>,
    /// `scheduled`, `in_progress`, `done` or `cancelled`.
    status: Option<String>,
    /// At most so many, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// A change of a job. Absent fields stay; null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeJob {
    /// What people call it.
    title: Option<String>,
    /// Where, or null.
    #[serde(default, deserialize_with = "fields::nullable")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
    /// When, or null.
    #[serde(default, deserialize_with = "fields::nullable")]
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled_for: Option<Option<String>>,
    /// `scheduled`, `in_progress`, `done` or `cancelled`.
    status: Option<String>,
}

/// Makes a job.
#[utoipa::path(post, path = "/jobs", request_body = CreateJob, responses(
    (status = 201, description = "Made", body = JobCreated),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn create_job(
    State(app): State<App>,
    caller: Authenticated,
    JsonBody(wish): JsonBody<CreateJob>,
) -> Result<(StatusCode, Json<JobCreated>), Problem> {
    require(caller.actor.decide_general(Action::WriteJobs))?;
    let new = NewJob {
        job_id: wish.job_id.map(|text| fields::id("job_id", &text, JobId::parse)).transpose()?,
        customer_id: fields::id("customer_id", &wish.customer_id, CustomerId::parse)?,
        title: fields::typed("title", &wish.title, Title::parse)?,
        address: fields::optional("address", wish.address.as_deref(), Address::parse_optional)?,
        scheduled_for: read_scheduled_for(wish.scheduled_for.as_deref())?,
    };
    let job_id = operations::create_job(app.db.as_ref(), &app.events, new, caller.now).await?;
    Ok((StatusCode::CREATED, Json(JobCreated { job_id: job_id.to_string() })))
}

fn read_scheduled_for(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| fields::time("scheduled_for", text)).transpose()
}

/// Lists the jobs in the caller's scope.
#[utoipa::path(get, path = "/jobs", params(ListJobs), responses(
    (status = 200, description = "A page of jobs", body = JobPage),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list_jobs(
    State(app): State<App>,
    caller: Authenticated,
    headers: HeaderMap,
    StrictQuery(query): StrictQuery<ListJobs>,
) -> Result<Json<JobPage>, Problem> {
    let limit = fields::limit(query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let status = query.status.filter(|word| !word.is_empty());
    let search = query.q.filter(|text| !text.trim().is_empty());
    let search = search.map(|text| fields::text("q", &text, 200)).transpose()?.unwrap_or_default();
    let filter = JobFilter {
        scope: caller.actor.scope.clone(),
        search: search.split_whitespace().take(SEARCH_WORDS_MAX).map(str::to_owned).collect(),
        status: status
            .map(|word| fields::word("status", &word, JobStatus::parse, STATUS_WORDS))
            .transpose()?,
        after: query.cursor.as_deref().map(read_cursor).transpose()?,
        limit: limit + 1,
    };
    let mut rows = app.db.jobs(filter).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|row| {
        fields::encode_cursor(&format!("{}/{}", row.job.created_at.as_millisecond(), row.job.job_id))
    });
    let endpoint = endpoints::store_endpoint(&app, &headers)?;
    let delivery = app.delivery().await?;
    let sign = |key: &str| delivery.url(&endpoint, key, caller.now);
    let jobs = rows.into_iter().map(|row| body(row, &caller.actor, &sign)).collect();
    Ok(Json(JobPage { jobs, next_cursor }))
}

fn read_cursor(cursor: &str) -> Result<(Timestamp, JobId), Problem> {
    let text = fields::decode_cursor(cursor)?;
    let (millis, job_id) = text.split_once('/').ok_or_else(fields::bad_cursor)?;
    let millis = millis.parse().map_err(|_| fields::bad_cursor())?;
    let created_at = Timestamp::from_millisecond(millis).map_err(|_| fields::bad_cursor())?;
    Ok((created_at, JobId::parse(job_id).map_err(|_| fields::bad_cursor())?))
}

/// Reads one job.
#[utoipa::path(get, path = "/jobs/{job_id}", params(("job_id" = String, Path)), responses(
    (status = 200, description = "The job", body = JobBody),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_job(
    State(app): State<App>,
    caller: Authenticated,
    headers: HeaderMap,
    PathIds(job_id): PathIds<String>,
) -> Result<Json<JobBody>, Problem> {
    let job_id = JobId::parse(&job_id).map_err(|_| Problem::job_not_found())?;
    let row = app.db.job_row(job_id).await?.ok_or_else(Problem::job_not_found)?;
    require(caller.actor.decide(Action::ReadJob, &row.job))?;
    Ok(Json(with_cover(&app, &caller, &headers, row).await?))
}

/// Changes a job.
#[utoipa::path(patch, path = "/jobs/{job_id}", request_body = ChangeJob, params(("job_id" = String, Path)), responses(
    (status = 200, description = "The job as it is now", body = JobBody),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn change_job(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(job_id): PathIds<String>,
    headers: HeaderMap,
    JsonBody(wish): JsonBody<ChangeJob>,
) -> Result<Json<JobBody>, Problem> {
    let job_id = caller.job_of_path(&app, Action::WriteJobs, &job_id).await?.job_id;
    let change = JobChange {
        title: wish.title.map(|title| fields::typed("title", &title, Title::parse)).transpose()?,
        address: fields::change("address", wish.address, Address::parse_optional)?,
        scheduled_for: match wish.scheduled_for {
            Some(time) => Some(read_scheduled_for(time.as_deref())?),
            None => None,
        },
        status: wish
            .status
            .map(|word| fields::word("status", &word, JobStatus::parse, STATUS_WORDS))
            .transpose()?,
    };
    operations::change_job(app.db.as_ref(), &app.events, &job_id, change).await?;
    let row = app.db.job_row(job_id).await?.ok_or_else(Problem::job_not_found)?;
    Ok(Json(with_cover(&app, &caller, &headers, row).await?))
}

/// One job as the caller may see it.
async fn with_cover(
    app: &App,
    caller: &Authenticated,
    headers: &HeaderMap,
    row: JobRow,
) -> Result<JobBody, Problem> {
    let endpoint = endpoints::store_endpoint(app, headers)?;
    let delivery = app.delivery().await?;
    let sign = |key: &str| delivery.url(&endpoint, key, caller.now);
    Ok(body(row, &caller.actor, &sign))
}

/// A job as one person may see it.
fn body(row: JobRow, actor: &Actor, sign: &impl Fn(&str) -> String) -> JobBody {
    let inside = actor.role != Role::Customer;
    let cover_url = row.cover.filter(|_| inside).map(|Cover { photo_id, version }| {
        sign(&ObjectName::rendition_key(&row.job.job_id, &photo_id, &version, Rendition::Thumb))
    });
    JobBody {
        job_id: row.job.job_id.to_string(),
        title: row.job.title.into(),
        status: row.job.status.as_str().to_owned(),
        address: row.job.address.map(String::from),
        scheduled_for: row.job.scheduled_for.map(|time| time.to_string()),
        created_at: inside.then(|| row.job.created_at.to_string()),
        customer: inside.then(|| CustomerBody::of(row.customer, actor.role)),
        photo_count: inside.then_some(row.photo_count),
        cover_url,
    }
}
