//! Structured logs on standard error: JSON lines for machines, plain ones for a terminal.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is logged unless `QDN_LOG` says otherwise.
const DEFAULT: [(&str, LevelFilter); 2] = [("qdn", LevelFilter::INFO), ("qdn_store", LevelFilter::INFO)];
/// Libraries that log requests whole at `debug`: signed URLs, and cookies that a browser sends along.
const CAPPED: [(&str, LevelFilter); 2] = [("s3s", LevelFilter::INFO), ("hyper", LevelFilter::INFO)];

/// Starts logging. `QDN_LOG` filters, as `info` or `qdn=debug`; one that cannot be read is as good as none.
pub fn start() {
    let wanted = std::env::var("QDN_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let standard = || Targets::new().with_default(LevelFilter::WARN).with_targets(DEFAULT);
    let filter = wanted.unwrap_or_else(standard).with_targets(CAPPED);
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        tracing_subscriber::registry().with(logs.with_filter(filter)).init();
    } else {
        tracing_subscriber::registry().with(logs.json().flatten_event(true).with_filter(filter)).init();
    }
}
