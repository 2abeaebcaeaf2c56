//! Links: a token in a URL that opens one page for one role.

use jiff::{SignedDuration, Timestamp};
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use qrcode::types::QrError;

use super::OperationError;
use crate::db::Db;
use crate::domain::{JobId, Link, LinkId, Role, Scope, Secret};

/// Links are listed for so long after they stopped working.
pub const DEAD_LINKS_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The seconds that a link may live: a minute to a year.
pub const EXPIRES_SECONDS: std::ops::RangeInclusive<u32> = 60..=366 * 86_400;

/// A link and its token, which from here on only its bearer knows.
pub struct NewLink {
    /// What the database keeps.
    pub link: Link,
    /// What the bearer gets.
    pub token: Secret,
}

/// A link to be made.
#[derive(Debug, Clone)]
pub struct LinkRequest {
    /// Whom it is for.
    pub role: Role,
    /// What it opens; a customer's link is for one job.
    pub scope: Scope,
    /// Seconds it lives; the role's own time when absent.
    pub expires_seconds: Option<u32>,
    /// Whether a customer may upload with it. Staff and crew always may.
    pub may_upload: bool,
}

/// Makes a link that is kept nowhere yet.
///
/// # Errors
/// [`OperationError::Field`] names `job` or `expires_in`.
pub fn new_link(request: LinkRequest, now: Timestamp) -> Result<NewLink, OperationError> {
    let LinkRequest { role, scope, expires_seconds, may_upload } = request;
    if role == Role::Customer && scope == Scope::AllJobs {
        return Err(OperationError::field("job", "is missing: a customer's link is for one job"));
    }
    let seconds = expires_seconds.unwrap_or(default_seconds(role));
    if !EXPIRES_SECONDS.contains(&seconds) {
        let rule = format!("must be {} to {}", EXPIRES_SECONDS.start(), EXPIRES_SECONDS.end());
        return Err(OperationError::field("expires_in", rule));
    }
    let expires_at = now
        .checked_add(SignedDuration::from_secs(seconds.into()))
        .map_err(|error| OperationError::Internal(error.to_string()))?;
    let token = Secret::generate("qdn_t_");
    let link = Link {
        link_id: LinkId::generate(now),
        token_hash: token.hash(),
        role,
        scope,
        may_upload: role != Role::Customer || may_upload,
        created_at: now,
        expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    Ok(NewLink { link, token })
}

/// Makes a link and keeps it. The token is given this once.
///
/// # Errors
/// Those of [`new_link`], and the database's.
pub async fn create_link(
    db: &dyn Db,
    request: LinkRequest,
    now: Timestamp,
) -> Result<NewLink, OperationError> {
    let new = new_link(request, now)?;
    db.insert_link(new.link.clone()).await?;
    Ok(new)
}

/// The scope of one job that exists, or of all.
///
/// # Errors
/// [`OperationError::Field`] names `job`; or the database's.
pub async fn scope_of(db: &dyn Db, job: Option<&str>) -> Result<Scope, OperationError> {
    let Some(text) = job else { return Ok(Scope::AllJobs) };
    let job_id = JobId::parse(text).map_err(|error| OperationError::field("job", error))?;
    match db.job(job_id.clone()).await? {
        Some(_) => Ok(Scope::Job(job_id)),
        None => Err(OperationError::field("job", format!("{job_id} does not exist"))),
    }
}

/// How long a link of this role lives when nobody says, in seconds.
fn default_seconds(role: Role) -> u32 {
    match role {
        Role::Staff | Role::Crew => 30 * 86_400,
        Role::Customer => 90 * 86_400,
    }
}

/// The URL to send. The token stands in the fragment, which browsers send to nobody.
///
/// A customer's link to one job names it behind the token, so that the page asks for the photos without asking first
/// which job it is. The token alone decides what is answered.
pub fn url(origin: &str, role: Role, scope: &Scope, token: &Secret) -> String {
    let token = token.reveal();
    match (role, scope) {
        (Role::Staff, _) => format!("{origin}/dashboard/#t={token}"),
        (Role::Crew, _) => format!("{origin}/capture/#t={token}"),
        // A job's id needs no escaping: letters, digits, `_` and `-`.
        (Role::Customer, Scope::Job(job_id)) => format!("{origin}/track/#t={token}&j={job_id}"),
        (Role::Customer, _) => format!("{origin}/track/#t={token}"),
    }
}

/// The URL as a QR code in SVG.
///
/// # Errors
/// [`QrError`] for a URL of more than about 2,900 bytes.
pub fn qr_svg(url: &str) -> Result<String, QrError> {
    Ok(QrCode::new(url)?.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}

/// The URL as a QR code for a terminal, two modules per character, dark on light whatever the terminal's colours.
///
/// # Errors
/// [`QrError`] for a URL of more than about 2,900 bytes.
pub fn qr_terminal(url: &str) -> Result<String, QrError> {
    let code = QrCode::with_error_correction_level(url, qrcode::EcLevel::L)?;
    let light_on_dark = code
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build();
    Ok(light_on_dark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CustomerId;

    #[test]
    fn only_a_customers_link_to_one_job_names_the_job_and_always_in_the_fragment() {
        let token = Secret::generate("qdn_t_");
        let job = Scope::Job(JobId::parse("job_01-A").unwrap());
        let all = Scope::Customer(CustomerId::generate(Timestamp::UNIX_EPOCH));
        let link = |role, scope: &Scope| {
            let url = url("https://photos.example.com", role, scope, &token);
            let (page, fragment) = url.split_once('#').unwrap();
            let named = fragment.strip_prefix(&format!("t={}", token.reveal())).unwrap().to_owned();
            (page.rsplit('/').nth(1).unwrap().to_owned(), named)
        };
        assert_eq!(link(Role::Customer, &job), ("track".into(), "&j=job_01-A".into()));
        assert_eq!(link(Role::Customer, &all), ("track".into(), String::new()));
        assert_eq!(link(Role::Crew, &job), ("capture".into(), String::new()));
        assert_eq!(link(Role::Staff, &Scope::AllJobs), ("dashboard".into(), String::new()));
    }
}
