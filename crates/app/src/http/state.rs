//! What every handler can reach.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::problem::Problem;
use crate::config::Config;
use crate::db::Db;
use crate::delivery::{Delivery, DeliverySource};
use crate::domain::{Application, ApplicationId};
use crate::events::Events;
use crate::operations::{Background, Photos};
use crate::process::{Metrics, Queue};
use crate::s3::Bucket;

/// Failed attempts of one address in a minute.
const STRANGER_REQUESTS_PER_MINUTE_MAX: NonZeroU32 = NonZeroU32::new(600).unwrap();
/// Pages that may listen for changes at once, whatever the number of connections.
const EVENT_STREAMS_MAX: usize = 256;
/// Archives of photos that may be sent at once: each keeps a disk busy.
const ARCHIVES_MAX: usize = 16;
/// Addresses remembered before those that have been quiet are dropped.
const STRANGERS_MAX: usize = 10_000;

/// The state of the API. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// What [`App`] points to.
pub struct Inner {
    /// The configuration, checked.
    pub config: Config,
    /// Jobs, customers, links, applications, photo records.
    pub db: Arc<dyn Db>,
    /// The bytes.
    pub bucket: Bucket,
    /// How signed URLs are made.
    pub delivery: DeliverySource,
    /// Who tells of changes.
    pub events: Events,
    /// Pages that may listen for changes at once.
    pub event_slots: Arc<Semaphore>,
    /// Archives of photos that may be sent at once.
    pub archive_slots: Arc<Semaphore>,
    /// Cancelled when no further requests are wanted: what would go on ends.
    pub stop: CancellationToken,
    /// The operations on photos.
    pub photos: Photos,
    /// Where work runs that a response need not wait for.
    pub background: Background,
    /// What this process counts.
    pub metrics: Arc<Metrics>,
    /// The publishable key of the pages, which stands in `/config.json`.
    pub pages_application_key: String,
    /// The store's own port, for callers who reach it by the host name of the API.
    pub store_port: u16,
    /// At most one note of a link's use is on its way to the database.
    pub touch_turn: Arc<Semaphore>,
    limiters: Mutex<HashMap<ApplicationId, Arc<DefaultDirectRateLimiter>>>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(
        config: Config,
        queue: Queue,
        bucket: Bucket,
        delivery: DeliverySource,
        pages_application_key: String,
        store_port: u16,
        stop: CancellationToken,
    ) -> Self {
        // Most connections stay for those who ask and go.
        let event_streams_max = (config.network.connections_max / 4).clamp(1, EVENT_STREAMS_MAX);
        let background = if config.network.function { Background::Awaited } else { Background::Spawned };
        let (db, events) = (queue.db(), queue.events());
        let photos = Photos {
            db: Arc::clone(&db),
            bucket: bucket.clone(),
            events: events.clone(),
            queue,
            limits: config.uploads.clone(),
            background,
        };
        let inner = Inner {
            config,
            photos,
            db,
            events,
            background,
            event_slots: Arc::new(Semaphore::new(event_streams_max)),
            archive_slots: Arc::new(Semaphore::new(ARCHIVES_MAX)),
            stop,
            metrics: Arc::default(),
            bucket,
            delivery,
            pages_application_key,
            store_port,
            touch_turn: Arc::new(Semaphore::new(1)),
            limiters: Mutex::default(),
            strangers: RateLimiter::keyed(Quota::per_minute(STRANGER_REQUESTS_PER_MINUTE_MAX)),
        };
        Self { inner: Arc::new(inner) }
    }

    /// How signed URLs are made. Whoever asks is ready to wait for the key.
    pub(super) async fn delivery(&self) -> Result<&Delivery, Problem> {
        let delivery = self.inner.delivery.get().await;
        delivery.map_err(|error| Problem::internal(format!("{error:#}")))
    }

    /// Takes one failed attempt from the rate of an address, so that nobody can guess for long, nor use up the rate
    /// of an application by its public key. `Err` holds the seconds to wait.
    pub fn take_stranger(&self, peer: IpAddr) -> Result<(), u64> {
        if self.strangers.len() > STRANGERS_MAX {
            self.strangers.retain_recent();
        }
        self.strangers.check_key(&peer).map_err(|not_until| seconds_until(&not_until))
    }

    /// Takes one request from an application's rate. `Err` holds the seconds to wait. There is one limiter per
    /// application that exists, so that their number is bounded.
    pub fn take_request(&self, application: &Application) -> Result<(), u64> {
        let limiter = {
            let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
            let id = application.application_id.clone();
            Arc::clone(limiters.entry(id).or_insert_with(|| {
                let rate = NonZeroU32::new(application.requests_per_minute_max).unwrap_or(NonZeroU32::MIN);
                Arc::new(RateLimiter::direct(Quota::per_minute(rate)))
            }))
        };
        limiter.check().map_err(|not_until| seconds_until(&not_until))
    }
}

fn seconds_until(not_until: &NotUntil<<DefaultClock as Clock>::Instant>) -> u64 {
    not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1
}
