//! Links and applications: each stands where the hash of its token or key leads, so that who shows one is known after one
//! read that is never stale. Its public name is an item beside it.

use futures::future::try_join_all;
use jiff::Timestamp;

use super::call::{Table, Transacted, Written};
use super::item::{Fill as _, Item, Key, Reader, bytes, flag, number, set_scope, sortable, text, time};
use super::keys;
use super::table::{FIRST_INDEX, SECOND_INDEX, TTL_ATTRIBUTE};
use super::write::{Query, Write};
use crate::db::{DbError, Result};
use crate::domain::{
    Application, ApplicationId, ApplicationKind, ApplicationName, JobId, Link, LinkId, SecretHash,
};

/// How long a link is kept after it has expired, in seconds: 90 days, so that its holder is told what became of it.
const DEAD_LINK_SECONDS_KEPT: i64 = 90 * 24 * 3_600;
/// Links that are dropped at once.
const PRUNED_AT_ONCE: usize = 25;

fn ended_at(link: &Link) -> Timestamp {
    link.revoked_at.map_or(link.expires_at, |revoked_at| revoked_at.min(link.expires_at))
}

fn vanishes_at(link: &Link) -> i64 {
    link.expires_at.as_second().saturating_add(DEAD_LINK_SECONDS_KEPT)
}

fn link_item(link: &Link) -> Item {
    let mut item = keys::token(&link.token_hash).to_item();
    let listed = format!("{}#{}", sortable(link.created_at), link.link_id);
    item.index(FIRST_INDEX, keys::links_with(link), listed);
    item.index(SECOND_INDEX, keys::LINKS, sortable(ended_at(link)));
    item.set(TTL_ATTRIBUTE, number(vanishes_at(link)));
    item.set("link_id", text(link.link_id.as_str()));
    item.set("token_hash", bytes(link.token_hash.as_bytes()));
    item.set("role", text(link.role.as_str()));
    set_scope(&mut item, &link.scope);
    item.set("may_upload", flag(link.may_upload));
    item.set("created_at", time(link.created_at));
    item.set("expires_at", time(link.expires_at));
    item.set_some("revoked_at", link.revoked_at.map(time));
    item.set_some("last_used_at", link.last_used_at.map(time));
    item
}

fn read_link(item: &Item) -> Result<Link> {
    let read = Reader(item);
    Ok(Link {
        link_id: read.parsed("link_id", LinkId::parse)?,
        token_hash: read.hash("token_hash")?,
        role: read.role()?,
        scope: read.scope()?,
        may_upload: read.flag("may_upload")?,
        created_at: read.time("created_at")?,
        expires_at: read.time("expires_at")?,
        revoked_at: read.optional_time("revoked_at")?,
        last_used_at: read.optional_time("last_used_at")?,
    })
}

/// Keeps a record and its public name.
async fn insert(table: &Table, record: (Key, Item), name: (Key, Item), what: &'static str) -> Result<()> {
    let writes = [record, name].map(|(key, item)| Write::put(key, item).if_absent());
    match table.transact(writes.into()).await? {
        Transacted::Done => Ok(()),
        Transacted::Failed(_) => Err(DbError::Conflict(what)),
    }
}

pub(super) async fn insert_link(table: &Table, link: &Link) -> Result<()> {
    let key = keys::link(&link.link_id);
    let mut name = key.to_item();
    name.set("token_hash", bytes(link.token_hash.as_bytes()));
    name.set(TTL_ATTRIBUTE, number(vanishes_at(link)));
    insert(table, (keys::token(&link.token_hash), link_item(link)), (key, name), "link").await
}

pub(super) async fn link_by_token(table: &Table, token_hash: SecretHash) -> Result<Option<Link>> {
    table.get(&keys::token(&token_hash)).await?.map(|item| read_link(&item)).transpose()
}

/// Where the name leads.
async fn token_of(table: &Table, link_id: &LinkId) -> Result<Option<SecretHash>> {
    table.get(&keys::link(link_id)).await?.map(|item| Reader(&item).hash("token_hash")).transpose()
}

pub(super) async fn link(table: &Table, link_id: &LinkId) -> Result<Option<Link>> {
    match token_of(table, link_id).await? {
        Some(token_hash) => link_by_token(table, token_hash).await,
        None => Ok(None),
    }
}

async fn listed(table: &Table, partition: &str) -> Result<Vec<Link>> {
    let query = Query::index(FIRST_INDEX, partition).newest_first();
    table.items(&query, usize::MAX).await?.iter().map(read_link).collect()
}

pub(super) async fn links_of_job(table: &Table, job_id: &JobId) -> Result<Vec<Link>> {
    listed(table, &keys::links_of_job(job_id)).await
}

pub(super) async fn links_of_many_jobs(table: &Table) -> Result<Vec<Link>> {
    listed(table, keys::LINKS).await
}

pub(super) async fn prune_links(table: &Table, before: Timestamp) -> Result<()> {
    let query = Query::index(SECOND_INDEX, keys::LINKS).below(sortable(before));
    let mut after = None;
    loop {
        let page = table.page(&query, after.as_ref()).await?;
        for dead in page.items.chunks(PRUNED_AT_ONCE) {
            try_join_all(dead.iter().map(|item| drop_link(table, item))).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Drops a link and its name; done twice, it is gone as well. A dead link never lives again, so what the index says holds.
async fn drop_link(table: &Table, item: &Item) -> Result<()> {
    let link = read_link(item)?;
    let keys = [keys::token(&link.token_hash), keys::link(&link.link_id)];
    table.transact(keys.map(Write::delete).into()).await.map(|_| ())
}

pub(super) async fn revoke_link(table: &Table, link_id: &LinkId, now: Timestamp) -> Result<bool> {
    let Some(mut link) = link(table, link_id).await? else { return Ok(false) };
    if link.revoked_at.is_some() {
        return Ok(true);
    }
    link.revoked_at = Some(now);
    let write = Write::update(keys::token(&link.token_hash))
        .set("revoked_at", time(now))
        .set(SECOND_INDEX.sort_key, text(sortable(ended_at(&link))))
        .if_present()
        .if_without("revoked_at");
    match table.write(write).await? {
        Written::Done(_) => Ok(true),
        // Revoked by somebody else meanwhile, or by this very call before its answer was lost.
        Written::Failed(left) => Ok(left.is_some()),
    }
}

pub(super) async fn touch_link(table: &Table, link_id: &LinkId, now: Timestamp) -> Result<()> {
    let Some(token_hash) = token_of(table, link_id).await? else { return Ok(()) };
    let write = Write::update(keys::token(&token_hash)).set("last_used_at", time(now)).if_present();
    table.write(write).await.map(|_| ())
}

fn application_item(application: &Application) -> Result<Item> {
    let origins = serde_json::to_string(&application.allowed_origins)
        .map_err(|error| DbError::Broken(error.to_string()))?;
    let mut item = keys::application_key(&application.key_hash).to_item();
    item.set("application_id", text(application.application_id.as_str()));
    item.set("name", text(&application.name));
    if let ApplicationKind::Secret { role, scope } = &application.kind {
        item.set("role", text(role.as_str()));
        set_scope(&mut item, scope);
    }
    item.set("key_hash", bytes(application.key_hash.as_bytes()));
    item.set("allowed_origins", text(origins));
    item.set("requests_per_minute_max", number(application.requests_per_minute_max));
    item.set("created_at", time(application.created_at));
    item.set_some("revoked_at", application.revoked_at.map(time));
    Ok(item)
}

fn read_application(item: &Item) -> Result<Application> {
    let read = Reader(item);
    let kind = match read.optional_text("role")? {
        Some(_) => ApplicationKind::Secret { role: read.role()?, scope: read.scope()? },
        None => ApplicationKind::Publishable,
    };
    let origins = read.text("allowed_origins")?;
    Ok(Application {
        application_id: read.parsed("application_id", ApplicationId::parse)?,
        name: ApplicationName::stored(read.text("name")?.to_owned()),
        kind,
        key_hash: read.hash("key_hash")?,
        allowed_origins: serde_json::from_str(origins).map_err(|_| read.strange("allowed_origins"))?,
        requests_per_minute_max: read.number("requests_per_minute_max")?,
        created_at: read.time("created_at")?,
        revoked_at: read.optional_time("revoked_at")?,
    })
}

pub(super) async fn insert_application(table: &Table, application: &Application) -> Result<()> {
    let key = keys::application(&application.application_id);
    let mut name = key.to_item();
    name.set("key_hash", bytes(application.key_hash.as_bytes()));
    let record = (keys::application_key(&application.key_hash), application_item(application)?);
    insert(table, record, (key, name), "application").await
}

pub(super) async fn application_by_key(table: &Table, key_hash: SecretHash) -> Result<Option<Application>> {
    table.get(&keys::application_key(&key_hash)).await?.map(|item| read_application(&item)).transpose()
}

pub(super) async fn applications(table: &Table) -> Result<Vec<Application>> {
    let names = table.items(&Query::table(keys::APPLICATIONS), usize::MAX).await?;
    let keys: Result<Vec<_>> =
        names.iter().map(|name| Ok(keys::application_key(&Reader(name).hash("key_hash")?))).collect();
    let items = table.get_many(keys?).await?;
    let mut applications: Vec<_> = items.values().map(read_application).collect::<Result<_>>()?;
    applications.sort_by(|left, right| {
        right.created_at.cmp(&left.created_at).then_with(|| left.application_id.cmp(&right.application_id))
    });
    Ok(applications)
}

pub(super) async fn revoke_application(
    table: &Table,
    application_id: &ApplicationId,
    now: Timestamp,
) -> Result<bool> {
    let Some(name) = table.get(&keys::application(application_id)).await? else { return Ok(false) };
    let write = Write::update(keys::application_key(&Reader(&name).hash("key_hash")?))
        .set("revoked_at", time(now))
        .if_present()
        .if_without("revoked_at");
    match table.write(write).await? {
        Written::Done(_) => Ok(true),
        Written::Failed(left) => Ok(left.is_some()),
    }
}
