//! Who calls (the application key) and who acts (the token): the two layers in front of every handler.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::StrictQuery;
use super::fields;
use super::problem::Problem;
use super::state::App;
use crate::clock;
use crate::db::DbError;
use crate::domain::{Action, Actor, Application, ApplicationKind, Job, JobId, Link, Principal, Role, Secret};
use crate::operations::authorize_job;
use crate::peer::PeerAddr;

/// The header that names the application.
pub(super) const APPLICATION_KEY_HEADER: &str = "x-api-key";
/// The header by which a page says which of its sessions it means; a form of another site cannot send it.
pub(super) const ROLE_HEADER: &str = "x-qdn-role";
/// Longest token or key that is looked at.
const SECRET_BYTES_MAX: usize = 200;
/// A link's last use is noted at most this often.
const TOUCH_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// Somebody who acts: a token's bearer, a session, or an application with a secret key.
pub(super) struct Authenticated {
    /// Who.
    pub(super) actor: Actor,
    /// The link behind it; an application with a secret key has none.
    pub(super) link: Option<Link>,
    /// The application that called.
    pub(super) application: Application,
    /// When the request came, for everything that it does.
    pub(super) now: Timestamp,
}

impl Authenticated {
    /// Returns the job, if the caller may do that in it.
    pub(super) async fn job(&self, app: &App, action: Action, job_id: &JobId) -> Result<Job, Problem> {
        Ok(authorize_job(app.db.as_ref(), &self.actor, action, job_id).await?)
    }

    /// The same for a job that a path names: a text that is no id names no job.
    pub(super) async fn job_of_path(&self, app: &App, action: Action, text: &str) -> Result<Job, Problem> {
        let job_id = JobId::parse(text).map_err(|_| Problem::job_not_found())?;
        self.job(app, action, &job_id).await
    }
}

impl FromRequestParts<App> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match authenticate(parts, app).await {
            Ok(caller) => {
                // The key of a page is public: only those who are known use up its rate.
                app.take_request(&caller.application).map_err(too_many)?;
                Ok(caller)
            }
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
                if let Some(PeerAddr(peer)) = parts.extensions.get::<PeerAddr>() {
                    app.take_stranger(peer.ip()).map_err(too_many)?;
                }
                Err(problem)
            }
            Err(problem) => Err(problem),
        }
    }
}

/// What a download says in its query, since it is a navigation, which sends no headers of a page's own.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DownloadQuery {
    /// The publishable application key, in the place of `x-api-key`. Secret keys are refused here.
    application_key: Option<String>,
    /// Whose session is meant: `staff`, `crew` or `customer`.
    role: Option<String>,
}

/// Somebody who downloads. The person is known by the session's cookie, or by headers as everywhere; a cookie of ours is
/// sent along with no other site's request.
pub(super) struct Downloader(pub(super) Authenticated);

impl FromRequestParts<App> for Downloader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let StrictQuery(query) = StrictQuery::<DownloadQuery>::from_request_parts(parts, app).await?;
        let by_query = query.application_key.is_some();
        if let Some(role) = query.role {
            let role = fields::word("role", &role, Role::parse, "staff, crew, customer")?;
            put_header(parts, ROLE_HEADER, "role", role.as_str())?;
        }
        if let Some(key) = query.application_key {
            put_header(parts, APPLICATION_KEY_HEADER, "application_key", &key)?;
        }
        let caller = Authenticated::from_request_parts(parts, app).await?;
        if by_query && caller.application.kind != ApplicationKind::Publishable {
            let detail = "a secret application key belongs into the header x-api-key, never into a URL";
            return Err(Problem::unauthenticated("application_key_secret", detail));
        }
        Ok(Self(caller))
    }
}

fn put_header(parts: &mut Parts, name: &'static str, field: &str, value: &str) -> Result<(), Problem> {
    if parts.headers.contains_key(name) {
        return Err(Problem::field(field, format!("must not be given when there is a header {name}")));
    }
    let value =
        HeaderValue::from_str(value).map_err(|_| Problem::field(field, "must hold plain characters"))?;
    parts.headers.insert(name, value);
    Ok(())
}

fn too_many(seconds: u64) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many requests; wait and try again")
        .with_header(header::RETRY_AFTER, seconds)
}

async fn authenticate(parts: &Parts, app: &App) -> Result<Authenticated, Problem> {
    let application = application(parts, app).await?;
    let now = clock::now();
    if let Some(token) = bearer(&parts.headers)? {
        return by_token(app, application, &token, now).await;
    }
    if let ApplicationKind::Secret { role, scope } = &application.kind {
        let principal = Principal::Application(application.application_id.clone());
        let may_upload = *role != Role::Customer;
        let actor = Actor { principal, role: *role, scope: scope.clone(), may_upload };
        return Ok(Authenticated { actor, link: None, application, now });
    }
    match session(parts, is_secure(app, &parts.headers))? {
        Some(token) => by_token(app, application, &token, now).await,
        None => Err(Problem::unauthenticated("token_missing", "show a token: Authorization: Bearer …")),
    }
}

/// The application that the key names. It opens nothing alone.
async fn application(parts: &Parts, app: &App) -> Result<Application, Problem> {
    let Some(key) = parts.headers.get(APPLICATION_KEY_HEADER) else {
        let detail = "the header x-api-key must hold an application key";
        return Err(Problem::unauthenticated("application_key_missing", detail));
    };
    let unknown = || Problem::unauthenticated("application_key_unknown", "x-api-key holds no known key");
    let key = read_secret(key).ok_or_else(unknown)?;
    let application = app.db.application_by_key(key.hash()).await?.ok_or_else(unknown)?;
    if !application.key_hash.verify(&key) || application.revoked_at.is_some() {
        return Err(unknown());
    }
    check_origin(app, &parts.headers, &application)?;
    Ok(application)
}

async fn by_token(
    app: &App,
    application: Application,
    token: &Secret,
    now: Timestamp,
) -> Result<Authenticated, Problem> {
    let refuse = || {
        Problem::unauthenticated("token_invalid", "this token is not known, has expired or was taken back")
    };
    let link = app.db.link_by_token(token.hash()).await?.ok_or_else(refuse)?;
    if !link.token_hash.verify(token) || !link.is_live(now) {
        return Err(refuse());
    }
    note_use(app, &link, now).await;
    let actor = Actor {
        principal: Principal::Link(link.link_id.clone()),
        role: link.role,
        scope: link.scope.clone(),
        may_upload: link.may_upload,
    };
    Ok(Authenticated { actor, link: Some(link), application, now })
}

/// Whether somebody who was let in a while ago still would be: neither their key nor their token was taken back.
pub(super) async fn is_still_valid(app: &App, caller: &Authenticated) -> Result<bool, DbError> {
    let application = app.db.application_by_key(caller.application.key_hash).await?;
    if application.is_none_or(|application| application.revoked_at.is_some()) {
        return Ok(false);
    }
    let Some(link) = &caller.link else { return Ok(true) };
    let link = app.db.link(link.link_id.clone()).await?;
    Ok(link.is_some_and(|link| link.is_live(clock::now())))
}

/// Notes the use of a link beside the request: nobody waits for it, and on a full disk it is simply not noted.
async fn note_use(app: &App, link: &Link, now: Timestamp) {
    if link.last_used_at.is_some_and(|last| now.duration_since(last) < TOUCH_INTERVAL) {
        return;
    }
    // One at a time: with many links in use on a slow disk, what is not noted now is noted at the next use.
    let Ok(turn) = Arc::clone(&app.touch_turn).try_acquire_owned() else { return };
    let (db, link_id) = (Arc::clone(&app.db), link.link_id.clone());
    let noted = async move {
        let _turn = turn;
        if let Err(error) = db.touch_link(link_id, now).await {
            tracing::warn!(%error, "the use of a link was not noted");
        }
    };
    app.background.run(noted).await;
}

fn read_secret(value: &HeaderValue) -> Option<Secret> {
    let text = value.to_str().ok()?.trim();
    (!text.is_empty() && text.len() <= SECRET_BYTES_MAX).then(|| Secret::from_caller(text))
}

/// The bearer token (RFC 6750), if one is shown.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<Secret>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let refuse = || Problem::unauthenticated("token_invalid", "Authorization must be `Bearer` and a token");
    let text = value.to_str().map_err(|_| refuse())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(refuse)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        // Another scheme is a proxy's own affair.
        return Ok(None);
    }
    if token.is_empty() || token.len() > SECRET_BYTES_MAX {
        return Err(refuse());
    }
    Ok(Some(Secret::from_caller(token)))
}

/// A page of another origin may call only with a key that names its origin.
fn check_origin(app: &App, headers: &HeaderMap, application: &Application) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // The scheme is not compared: a proxy in front may speak TLS for us.
    let same = origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
    let public = app.config.network.public_url.as_deref().is_some_and(|url| url.eq_ignore_ascii_case(origin));
    if same || public || origin_allowed(origin, &application.allowed_origins) {
        return Ok(());
    }
    let detail = "this application's key may not be used by pages of this origin";
    Err(Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail))
}

/// Whether `origin` is in an application's list.
pub(super) fn origin_allowed(origin: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|entry| entry == "*" || entry.eq_ignore_ascii_case(origin))
}

/// The name of a role's session cookie. `__Host-` binds it to this host and to TLS; plain HTTP, as on a LAN, cannot
/// have it. Each role has its own, so that staff who look at a customer's link stay signed in.
pub(super) fn cookie_name(role: Role, secure: bool) -> String {
    let prefix = if secure { "__Host-" } else { "" };
    format!("{prefix}qdn-{}", role.as_str())
}

/// Whether the browser reached us by TLS: ours, or, as the public URL or its header says, a proxy's.
pub(super) fn is_secure(app: &App, headers: &HeaderMap) -> bool {
    match &app.config.network.public_url {
        Some(url) => url.starts_with("https://"),
        None if app.config.network.tls.is_some() => true,
        None => headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https"),
    }
}

/// The session's token: of the role that the page names, or, on a plain visit, of the first that there is.
fn session(parts: &Parts, secure: bool) -> Result<Option<Secret>, Problem> {
    let named = match parts.headers.get(ROLE_HEADER) {
        Some(value) => Some(value.to_str().ok().and_then(Role::parse).ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid_header",
                "x-qdn-role must be staff, crew or customer",
            )
        })?),
        None => None,
    };
    // Without the header a request could come from another site's form: it may read, never change.
    if named.is_none() && !matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(None);
    }
    let roles = named.map_or_else(|| vec![Role::Staff, Role::Crew, Role::Customer], |role| vec![role]);
    // Only the name that fits the connection: without its prefix a cookie could be another host's.
    Ok(roles.into_iter().find_map(|role| cookie(&parts.headers, &cookie_name(role, secure))))
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<Secret> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty() && value.len() <= SECRET_BYTES_MAX)
        .map(|(_, value)| Secret::from_caller(value))
}
