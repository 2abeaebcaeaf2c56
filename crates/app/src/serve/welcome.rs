//! What a starting server tells the person who started it: the links to open, one as a QR code for the phone.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use super::link_request;
use super::names::Names;
use crate::clock;
use crate::config::Config;
use crate::db::Db;
use crate::domain::{JobId, Role};
use crate::operations::links::{self, NewLink};

/// Links that the terminal shows live for a week.
const WELCOME_LINKS_SECONDS: u32 = 7 * 86_400;

/// Prints the three links: on the first start always, later only to a terminal, so that no log collects them.
pub(super) async fn print(
    config: &Config,
    db: &dyn Db,
    sample_job: &JobId,
    names: &Names,
    first_start: bool,
) -> anyhow::Result<()> {
    let terminal = std::io::stdout().is_terminal();
    if !first_start && !terminal {
        let address = config.network.public_url.clone().unwrap_or_else(|| names.reachable_origin());
        let _ = writeln!(
            std::io::stdout(),
            "qdn is running at {address}; `qdn link staff` makes a link to sign in with"
        );
        return Ok(());
    }
    let text = compose(config, db, sample_job, names).await?;
    let mut stdout = std::io::stdout().lock();
    // Whoever closed the pipe does not want to read it.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    Ok(())
}

async fn compose(config: &Config, db: &dyn Db, sample_job: &JobId, names: &Names) -> anyhow::Result<String> {
    let now = clock::now();
    let origin = config.network.public_url.clone().unwrap_or_else(|| names.reachable_origin());
    let mut text = format!("\nqdn is running at {origin}  (photos in {})\n\n", config.storage.data.display());
    let mut crew_url = String::new();
    for (role, label) in [
        (Role::Staff, "Dashboard, for staff"),
        (Role::Crew, "Sample job, for the crew"),
        (Role::Customer, "Sample job, for its customer"),
    ] {
        let request = link_request(role, sample_job, WELCOME_LINKS_SECONDS);
        let NewLink { link, token } = links::create_link(db, request, now).await?;
        let url = links::url(&origin, role, &link.scope, &token);
        writeln!(text, "  {label}:\n    {url}\n")?;
        if role == Role::Crew {
            crew_url = url;
        }
    }
    let code = links::qr_terminal(&crew_url)?;
    if names.api.ip().is_loopback() && config.network.public_url.is_none() {
        writeln!(
            text,
            "Only this machine can open them. For a phone on the same network: qdn serve --host\n"
        )?;
    } else {
        writeln!(text, "The crew's link, for a phone's camera:\n\n{code}\n")?;
    }
    writeln!(text, "These links work for a week; `qdn link` makes more. Stop with Ctrl-C.")?;
    Ok(text)
}
