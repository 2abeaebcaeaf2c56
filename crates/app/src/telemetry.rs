//! Structured logs on standard error: JSON lines for machines, plain ones for a terminal.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging. `QDN_LOG` filters, as `info` or `qdn=debug`.
pub fn start() {
    let filter =
        EnvFilter::try_from_env("QDN_LOG").unwrap_or_else(|_| EnvFilter::new("warn,qdn=info,qdn_store=info"));
    // The protocol's library logs requests whole at `debug`: signed URLs, and cookies that a browser sends along.
    let filter = ["s3s=info", "hyper=info"]
        .into_iter()
        .filter_map(|cap| cap.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        logs.init();
    } else {
        logs.json().flatten_event(true).init();
    }
}
