//! What a starting server tells programs: the ready file for whoever started it, the address for the command line.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::json;

use super::keys::write_private;
use super::welcome::reachable_origin;
use super::{Keys, READY_TOKENS_AGE, address_path, mint, scope_of};
use crate::config::Config;
use crate::db::Db;
use crate::domain::{JobId, Role};

/// Takes away the ready file of an earlier run: whoever waits for it must not read dead ports.
pub(super) fn remove_stale(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing the old {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes the ready file, with fresh tokens that live for a day.
pub(super) async fn write(
    path: &Path,
    config: &Config,
    keys: &Keys,
    db: &dyn Db,
    sample_job: &JobId,
    api: SocketAddr,
    store: SocketAddr,
) -> anyhow::Result<()> {
    let now = crate::http::now();
    let mut tokens = serde_json::Map::new();
    for role in [Role::Staff, Role::Crew, Role::Customer] {
        let token = mint(db, role, scope_of(role, sample_job), now, READY_TOKENS_AGE).await?;
        tokens.insert(role.as_str().to_owned(), token.reveal().into());
    }
    let network = &config.network;
    let ready = json!({
        "api": network.public_url.clone().unwrap_or_else(|| origin(api)),
        "store": network.store_public_url.clone().unwrap_or_else(|| origin(store)),
        "bucket": config.storage.bucket,
        "region": config.storage.region,
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "application_key": keys.application_key,
        "tokens": tokens,
        "sample_job_id": sample_job.as_str(),
    });
    write_private(path, &serde_json::to_vec_pretty(&ready)?)
}

#[derive(Serialize)]
struct Address {
    api: String,
}

/// Notes where the API answers.
pub(super) fn write_address(data: &Path, config: &Config, api: SocketAddr) -> anyhow::Result<()> {
    let api = config.network.public_url.clone().unwrap_or_else(|| reachable_origin(api));
    write_private(&address_path(data), &serde_json::to_vec_pretty(&Address { api })?)
}

/// The origin at which a program on this machine reaches a port: one that listens everywhere answers on loopback.
pub(super) fn origin(address: SocketAddr) -> String {
    let host = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => "127.0.0.1".to_owned(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => "[::1]".to_owned(),
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    };
    format!("http://{host}:{}", address.port())
}
