//! What a starting server tells programs: the ready file for whoever started it, the address for the command line.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::keys::write_private;
use super::names::{Names, local_ip};
use super::{Keys, READY_TOKENS_SECONDS, address_path, link_request};
use crate::clock;
use crate::config::Config;
use crate::db::Db;
use crate::domain::{JobId, Role};
use crate::operations::links;

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
    names: &Names,
) -> anyhow::Result<()> {
    let now = clock::now();
    let mut tokens = serde_json::Map::new();
    for role in [Role::Staff, Role::Crew, Role::Customer] {
        let token =
            links::create_link(db, link_request(role, sample_job, READY_TOKENS_SECONDS), now).await?.token;
        tokens.insert(role.as_str().to_owned(), token.reveal().into());
    }
    let network = &config.network;
    let ready = json!({
        "api": network.public_url.clone().unwrap_or_else(|| names.local_origin(names.api)),
        "store": network.store_public_url.clone().unwrap_or_else(|| names.local_origin(names.store)),
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

/// Where a server of this machine answers.
#[derive(Serialize, Deserialize)]
pub struct Address {
    /// The origin of the API.
    pub api: String,
    /// The address behind the origin's host name, which this machine need not be able to look up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<IpAddr>,
}

/// Notes where the API answers.
pub(super) fn write_address(data: &Path, config: &Config, names: &Names) -> anyhow::Result<()> {
    let address = match &config.network.public_url {
        Some(url) => Address { api: url.clone(), connect: None },
        None => Address {
            api: names.reachable_origin(),
            connect: names.host.as_ref().map(|_| local_ip(names.api)),
        },
    };
    write_private(&address_path(data), &serde_json::to_vec_pretty(&address)?)
}
