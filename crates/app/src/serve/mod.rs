//! `qdn serve`: both ports, the database and the store in one process, from first start to drained shutdown.

mod comparison;
mod compression;
mod keys;
mod names;
mod ready;
mod sample;
mod welcome;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::Body;
use http::Request;
use jiff::SignedDuration;
use qdn_sign::{Credentials, Signer};
use qdn_store::{CorsConfig, OriginList, Store, StoreConfig, StoredKey};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::clock;
use crate::config::Config;
use crate::db::{Db, Sqlite};
use crate::delivery::{Delivery, DeliverySource};
use crate::domain::{JobId, Role, Scope};
use crate::events::Events;
use crate::http::App;
use crate::listener::{self, Certificate, LimitedBody, ListenerLimits, Port};
use crate::operations::links::{self, LinkRequest};
use crate::process::{Processor, Queue};
use crate::s3::Bucket;
use comparison::Comparison;
use names::Names;

pub use keys::Keys;
pub use ready::Address;
pub use sample::ensure_applications;

/// How often the store learns of origins that applications were given.
const ORIGINS_READ_EVERY: Duration = Duration::from_secs(2);
/// Stored photos that the processor has not heard of yet; more are found by the listing.
const COMMITS_KEPT: usize = 4_096;
/// How far the clocks of servers may be apart, and a form that was begun in time may be late.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);
/// The tokens of the ready file live so long.
const READY_TOKENS_SECONDS: u32 = 24 * 3_600;

/// The database's file within the data folder.
pub fn database_path(data: &Path) -> PathBuf {
    data.join("qdn.sqlite")
}

/// The store's folder within the data folder.
pub fn store_path(data: &Path) -> PathBuf {
    data.join("store")
}

/// Where a running server notes its own address, for the command line.
pub fn address_path(data: &Path) -> PathBuf {
    data.join("server.json")
}

/// Serves until a signal ends it, then drains. `ready_file` is written once both ports answer.
///
/// # Errors
/// A sentence for the operator, when it cannot start or a port dies.
pub async fn run(config: Config, ready_file: Option<PathBuf>) -> anyhow::Result<()> {
    let problems = config.problems();
    if !problems.is_empty() {
        bail!("the configuration cannot be used:\n  {}", problems.join("\n  "));
    }
    let stop = stop_on_signal()?;
    let data = config.storage.data.clone();
    if let Some(path) = &ready_file {
        ready::remove_stale(path)?;
    }
    let lock = keys::lock_folder(&data)?;
    let store_listener = bind(config.network.store_listen).await?;
    let api_listener = bind(config.network.listen).await?;
    let certificate = config.network.tls.clone().map(Certificate::load).transpose()?;
    let names = Names {
        scheme: config.network.scheme(),
        host: certificate.as_ref().and_then(|certificate| certificate.host_name()),
        api: api_listener.local_addr()?,
        store: store_listener.local_addr()?,
    };

    let (keys, first_start) = Keys::load_or_create(&data)?;
    let (sqlite, log_damage) = open_database(&config, &lock).await?;
    let db: Arc<dyn Db> = Arc::new(sqlite.clone());
    let now = clock::now();
    ensure_applications(db.as_ref(), &config, &keys, now).await?;
    db.prune_links(now.checked_sub(links::DEAD_LINKS_KEPT)?).await?;
    let sample_job = sample::ensure_sample_job(db.as_ref(), now).await?;
    let origins = OriginList::default();
    let (tell_commit, commits) = mpsc::channel(COMMITS_KEPT);
    let store = open_store(&config, &keys, names.api, origins.clone(), tell_commit).await?;
    tokio::spawn(follow_origins(db.clone(), config.network.public_url.clone(), origins, stop.clone()));
    let app = assemble(&config, &keys, db.clone(), store.clone(), names.store.port(), stop.clone())?;
    let work = begin_work(&config, &app, sqlite.clone(), commits, &stop);
    if log_damage {
        app.metrics.database_log_damaged();
    }

    let limits =
        ListenerLimits { connections_max: config.network.connections_max, ..ListenerLimits::default() };
    let drain = config.network.drain_seconds;
    let api_port = port(api_listener, certificate.as_ref())?;
    let store_port = port(store_listener, certificate.as_ref())?;
    if let Some(certificate) = certificate {
        tokio::spawn(certificate.follow(stop.clone()));
    }
    let api = tokio::spawn(serve_api(api_port, limits.clone(), app, stop.clone(), drain));
    let objects = tokio::spawn(serve_store(store_port, limits, store.clone(), stop.clone(), drain));

    if let Err(error) = ready::write_address(&data, &config, &names) {
        tracing::warn!(error = format!("{error:#}"), "the command line will not find this server by itself");
    }
    if let Some(path) = ready_file {
        ready::write(&path, &config, &keys, db.as_ref(), &sample_job, &names).await?;
    }
    if let Err(error) = welcome::print(&config, db.as_ref(), &sample_job, &names, first_start).await {
        tracing::warn!(error = format!("{error:#}"), "the welcome links could not be made; see `qdn link`");
    }
    tracing::info!(api_address = %names.api, store_address = %names.store, scheme = names.scheme, "ready");

    let ended = tokio::try_join!(until_stop(api, &stop, "API"), until_stop(objects, &stop, "photo store"));
    end_work(work).await;
    store.shutdown().await;
    close_database(&sqlite, &lock).await;
    tracing::info!("stopped");
    ended.map(|_| ())
}

/// Opens the database, and tells whether committed changes are known to be lost with its log. Refuses to start where the
/// database or the bucket is missing while the other one holds photos: an empty one in its place would hide them.
async fn open_database(config: &Config, lock: &File) -> anyhow::Result<(Sqlite, bool)> {
    let (data, storage) = (&config.storage.data, &config.storage);
    let (path, store) = (database_path(data), store_path(data));
    let is_empty = std::fs::metadata(&path).map_or(true, |file| file.len() == 0);
    if is_empty && store.join("buckets").exists() && !storage.new_database {
        bail!(
            "{} holds photos but no database: jobs, links and what is hidden from customers stood there. Restore \
             qdn.sqlite from a backup, or begin a new one with --new-database",
            data.display()
        );
    }
    let damage = if is_empty { None } else { Sqlite::check_log(&path, keys::was_in_use(lock)).await? };
    if let Some(damage) = &damage {
        tracing::error!(
            damage,
            "changes of the database are lost: photos may be visible to customers that were hidden, links may work that \
             were revoked; compare with the last backup"
        );
    }
    let sqlite = Sqlite::open(&path, storage.disk_floor_bytes).await.context("opening the database")?;
    let bucket = store.join("buckets").join(&storage.bucket);
    if !bucket.is_dir() && !storage.new_store && sqlite.knows_photos().await? {
        bail!(
            "the database knows photos, but {} is not there: mount its disk or restore it from a backup, or begin an \
             empty one with --new-store",
            bucket.display()
        );
    }
    if let Err(error) = keys::mark_in_use(lock, true) {
        tracing::warn!(%error, "failed to mark the data folder as in use; a lost log would not be noticed");
    }
    Ok((sqlite, damage.is_some()))
}

/// Leaves nothing in the database's log, and says so in the folder's lock.
async fn close_database(sqlite: &Sqlite, lock: &File) {
    let closed = sqlite.close().await.map_err(anyhow::Error::from);
    if let Err(error) = closed.and_then(|()| Ok(keys::mark_in_use(lock, false)?)) {
        tracing::warn!(
            error = format!("{error:#}"),
            "failed to close the database; the next start reads its log"
        );
    }
}

/// Waits for a port to be drained. One that ends before it was told to takes the other with it: half a server would
/// go unnoticed.
async fn until_stop(port: JoinHandle<()>, stop: &CancellationToken, name: &str) -> anyhow::Result<()> {
    let ended = port.await;
    let early = !stop.is_cancelled();
    stop.cancel();
    match ended {
        Ok(()) if !early => Ok(()),
        Ok(()) => bail!("the port of the {name} ended early"),
        Err(error) => Err(error).with_context(|| format!("the port of the {name} ended early")),
    }
}

/// Keeps the store's list of allowed origins at what the applications allow: a page that may ask for an upload must
/// also be able to send it.
async fn follow_origins(
    db: Arc<dyn Db>,
    public_url: Option<String>,
    origins: OriginList,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        match db.applications().await {
            Ok(applications) => {
                let live = applications.into_iter().filter(|application| application.revoked_at.is_none());
                let allowed = live.flat_map(|application| application.allowed_origins);
                origins.replace(public_url.iter().cloned().chain(allowed).collect());
            }
            Err(error) => tracing::warn!(%error, "the allowed origins cannot be read"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(ORIGINS_READ_EVERY) => {}
        }
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    listener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}; is another program using it? Choose with --listen and --store-listen"
        )
    })
}

fn port(listener: TcpListener, certificate: Option<&Arc<Certificate>>) -> anyhow::Result<Port> {
    Ok(match certificate {
        Some(certificate) => Port::with_tls(listener, certificate.acceptor()?),
        None => Port::from(listener),
    })
}

async fn open_store(
    config: &Config,
    keys: &Keys,
    api: SocketAddr,
    allowed_origins: OriginList,
    commits: mpsc::Sender<StoredKey>,
) -> anyhow::Result<Store> {
    let credentials = Credentials::new(keys.access_key_id.as_str(), keys.secret_access_key.as_str());
    let mut store = StoreConfig::new(store_path(&config.storage.data), vec![credentials]);
    store.region.clone_from(&config.storage.region);
    store.disk_floor_bytes = config.storage.disk_floor_bytes;
    store.write_once_bytes_max = config.uploads.photo_bytes_max;
    store.commits = Some(commits);
    store.cors = CorsConfig { allowed_origins, same_host_port: Some(api.port()) };
    let store = Store::open(store).await.context("opening the photo store")?;
    store.create_bucket_if_missing(&config.storage.bucket).await.context("making the bucket")?;
    Ok(store)
}

fn assemble(
    config: &Config,
    keys: &Keys,
    db: Arc<dyn Db>,
    store: Store,
    store_port: u16,
    stop: CancellationToken,
) -> anyhow::Result<App> {
    let credentials = Credentials::new(keys.access_key_id.as_str(), keys.secret_access_key.as_str());
    let signer = Arc::new(Signer::new(credentials, &config.storage.region));
    let bucket = Bucket::embedded(store, Arc::clone(&signer), &config.storage.bucket)?;
    let delivery = DeliverySource::Ready(Delivery::new(config, signer)?);
    let queue = Queue::new(db, Events::default());
    Ok(App::new(config.clone(), queue, bucket, delivery, keys.application_key.clone(), store_port, stop))
}

/// Begins what goes on beside the two ports, until `stop`.
fn begin_work(
    config: &Config,
    app: &App,
    db: Sqlite,
    commits: mpsc::Receiver<StoredKey>,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let comparison = Comparison { db, bucket: app.bucket.clone(), metrics: Arc::clone(&app.metrics) };
    let mut work = JoinSet::new();
    work.spawn(processor(config, app).run(commits, stop.clone()));
    work.spawn(comparison.run(stop.clone()));
    work
}

/// Waits for its end: it writes to the store until then.
async fn end_work(mut work: JoinSet<()>) {
    while let Some(ended) = work.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a part of the server's work ended early");
        }
    }
}

fn processor(config: &Config, app: &App) -> Processor {
    Processor {
        config: config.photos.clone(),
        queue: app.photos.queue.clone(),
        bucket: app.bucket.clone(),
        metrics: Arc::clone(&app.metrics),
        photo_bytes_max: config.uploads.photo_bytes_max,
        grants_live: SignedDuration::from_secs(config.uploads.upload_expires_seconds.into()) + CLOCKS_DIFFER,
    }
}

async fn serve_api(
    port: Port,
    limits: ListenerLimits,
    app: App,
    stop: CancellationToken,
    drain_seconds: u64,
) {
    let router = crate::http::router(app).layer(compression::compression());
    let handler = move |request: Request<LimitedBody>| {
        let router = router.clone();
        async move {
            match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    };
    let report = listener::serve(port, limits, handler, stop, drain_seconds).await;
    tracing::info!(?report, "the API is drained");
}

async fn serve_store(
    port: Port,
    limits: ListenerLimits,
    store: Store,
    stop: CancellationToken,
    drain_seconds: u64,
) {
    let handler = move |mut request: Request<LimitedBody>| {
        // Cookies ignore ports: a browser sends the session along with every picture. It is not the store's.
        request.headers_mut().remove(http::header::COOKIE);
        let store = store.clone();
        async move { store.handle(request).await }
    };
    let report = listener::serve(port, limits, handler, stop, drain_seconds).await;
    tracing::info!(?report, "the store is drained");
}

/// Cancelled by the first SIGINT or SIGTERM; the second ends the process at once.
fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        let mut signalled = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        signalled().await;
        tracing::info!(
            "stopping: no new requests, those in flight may finish; a second signal cuts them off"
        );
        cancel.cancel();
        signalled().await;
        std::process::exit(130);
    });
    Ok(stop)
}

/// A link of this role to the sample job; staff see every one.
fn link_request(role: Role, job_id: &JobId, expires_seconds: u32) -> LinkRequest {
    let scope = if role == Role::Staff { Scope::AllJobs } else { Scope::Job(job_id.clone()) };
    LinkRequest { role, scope, expires_seconds: Some(expires_seconds), may_upload: false }
}
