//! Links to one job: mint, list, revoke. Staff only.

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::extract::{JsonBody, PathIds};
use super::problem::{Problem, ProblemBody};
use super::state::App;
use super::{endpoints, fields};
use crate::domain::{Action, Decision, Link, LinkId, Role, Scope};
use crate::operations::links::{self, LinkRequest, NewLink};

/// A new link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateLink {
    /// `customer` or `crew`.
    role: String,
    /// Seconds it shall live, 60 to 31622400; 90 days for a customer, 30 for a crew when absent.
    expires_in: Option<u32>,
    /// Let a customer upload with it. Crews always may.
    may_upload: Option<bool>,
    /// Give the link as a QR code too.
    qr: Option<bool>,
}

/// A link as it is handed out, this once: the token is kept nowhere.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkCreated {
    /// Its public name.
    link_id: String,
    /// What to send: the token stands in the fragment, which reaches no log.
    url: String,
    /// The token alone, for `Authorization: Bearer`.
    token: String,
    /// When it stops working.
    #[schema(format = DateTime)]
    expires_at: String,
    /// The URL as a QR code in SVG, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_svg: Option<String>,
}

/// A link as staff see it later.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkBody {
    /// Its public name.
    link_id: String,
    /// `staff`, `crew` or `customer`.
    role: String,
    /// Whether one may upload with it.
    may_upload: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stops working.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// When it was taken back.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

/// The links of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkList {
    /// Newest first.
    links: Vec<LinkBody>,
}

/// Makes a link to a job.
#[utoipa::path(post, path = "/jobs/{job_id}/links", request_body = CreateLink, params(("job_id" = String, Path)), responses(
    (status = 201, description = "Made", body = LinkCreated),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn create_link(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(job_id): PathIds<String>,
    headers: HeaderMap,
    JsonBody(wish): JsonBody<CreateLink>,
) -> Result<(StatusCode, Json<LinkCreated>), Problem> {
    let job_id = caller.job_of_path(&app, Action::MintLinks, &job_id).await?.job_id;
    let linkable = |word: &str| Role::parse(word).filter(|role| *role != Role::Staff);
    let role = fields::word("role", &wish.role, linkable, "customer, crew")?;
    let request = LinkRequest {
        role,
        scope: Scope::Job(job_id),
        expires_seconds: wish.expires_in,
        may_upload: wish.may_upload.unwrap_or(false),
    };
    let NewLink { link, token } = links::new_link(request, caller.now)?;
    let url = links::url(&endpoints::api_origin(&app, &headers)?, role, &link.scope, &token);
    let qr_svg = match wish.qr {
        Some(true) => Some(links::qr_svg(&url).map_err(Problem::internal)?),
        _ => None,
    };
    let answer = LinkCreated {
        link_id: link.link_id.to_string(),
        url,
        token: token.reveal().to_owned(),
        expires_at: link.expires_at.to_string(),
        qr_svg,
    };
    // Kept last: a link that cannot be answered with would stay without anybody who has its token.
    app.db.insert_link(link).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Lists the links to a job, dead ones too.
#[utoipa::path(get, path = "/jobs/{job_id}/links", params(("job_id" = String, Path)), responses(
    (status = 200, description = "The links", body = LinkList),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list_links(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(job_id): PathIds<String>,
) -> Result<Json<LinkList>, Problem> {
    let job_id = caller.job_of_path(&app, Action::MintLinks, &job_id).await?.job_id;
    let links = app.db.links_of_job(job_id).await?.iter().map(body).collect();
    Ok(Json(LinkList { links }))
}

fn body(link: &Link) -> LinkBody {
    LinkBody {
        link_id: link.link_id.to_string(),
        role: link.role.as_str().to_owned(),
        may_upload: link.may_upload,
        created_at: link.created_at.to_string(),
        expires_at: link.expires_at.to_string(),
        last_used_at: link.last_used_at.map(|time| time.to_string()),
        revoked_at: link.revoked_at.map(|time| time.to_string()),
    }
}

/// Takes a link back: its token and every session of it are dead at once.
#[utoipa::path(delete, path = "/links/{link_id}", params(("link_id" = String, Path)), responses(
    (status = 204, description = "Taken back"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn revoke_link(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(link_id): PathIds<String>,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "link_not_found", "there is no such link");
    if caller.actor.role != Role::Staff {
        return Err(Problem::forbidden());
    }
    let link_id = LinkId::parse(&link_id).map_err(|_| missing())?;
    let link = app.db.link(link_id.clone()).await?.ok_or_else(missing)?;
    let allowed = match &link.scope {
        Scope::Job(job_id) => match app.db.job(job_id.clone()).await? {
            Some(job) => caller.actor.decide(Action::MintLinks, &job),
            None => caller.actor.decide_general(Action::MintLinks),
        },
        _ => caller.actor.decide_general(Action::MintLinks),
    };
    if allowed != Decision::Allow {
        return Err(missing());
    }
    app.db.revoke_link(link_id, caller.now).await?;
    Ok(StatusCode::NO_CONTENT)
}
