//! Links: a token in a URL that opens one page for one role.

use jiff::Timestamp;
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use qrcode::types::QrError;

use crate::domain::{Link, LinkId, Role, Scope, Secret};

/// A link and its token, which from here on only its bearer knows.
pub struct NewLink {
    /// What the database keeps.
    pub link: Link,
    /// What the bearer gets.
    pub token: Secret,
}

/// Makes a link that is not kept anywhere yet.
pub fn mint(role: Role, scope: Scope, may_upload: bool, now: Timestamp, expires_at: Timestamp) -> NewLink {
    let token = Secret::generate("qdn_t_");
    let link = Link {
        link_id: LinkId::generate(now),
        token_hash: token.hash(),
        role,
        scope,
        may_upload,
        created_at: now,
        expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    NewLink { link, token }
}

/// How long a link of this role lives when nobody says, in seconds.
pub fn default_seconds(role: Role) -> u32 {
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
    use crate::domain::{CustomerId, JobId};

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
