//! What all handlers of one server share: the database, the settings, the parts that keep state, and the limits
//! on requests. Each transport receives it; none owns it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;

use crate::config::Config;
use crate::db::Db;
pub use crate::db::idempotency;
use crate::db::idempotency::KeyedRequest;
use crate::domain::accounts::Accounts;
use crate::domain::accounts::throttle::network;
use crate::domain::approvals::waiting::DecisionWaits;
use crate::domain::embeddings::{self, Embeddings};
use crate::domain::saved_searches::matching::Matching;
use crate::domain::webhooks::{Envelope, WebhookDispatcher};
use crate::{Error, Result};

/// A check that `/ready` runs: `Err` says what is wrong, in a sentence.
pub type ReadyCheck = Box<dyn Fn() -> std::result::Result<(), String> + Send + Sync>;

/// The shared state of one server. Handlers take `web::Data<AppState>`.
pub struct AppState {
    /// The database.
    pub db: Db,
    /// The settings.
    pub config: Config,
    /// Credentials: verifying, signing, hashing.
    pub accounts: Accounts,
    /// Vectors of texts, for search by meaning.
    pub embeddings: Embeddings,
    /// Finds the tickets that start to match a watched search.
    pub matching: Matching,
    /// Requests that wait for an approval to be decided.
    pub decision_waits: DecisionWaits,
    /// Sends events to registered URLs.
    pub webhooks: WebhookDispatcher,
    /// Rate limits.
    pub limits: RequestLimits,
    /// When this server started.
    pub started_at: Timestamp,
    ready_checks: RwLock<Vec<(String, ReadyCheck)>>,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppState")
    }
}

impl AppState {
    /// Loads what serving needs from a migrated database. Starts no task; `serve::BackgroundTasks` does.
    ///
    /// `envelope` makes the body of a webhook request from an event.
    pub async fn load(config: Config, db: Db, envelope: Envelope) -> Result<Self> {
        let accounts = Accounts::load(&db, &config).await?;
        let embeddings = Embeddings::new(db.clone(), embeddings::Settings::of(&config)?)?;
        let matching = Matching::new(db.clone(), embeddings.clone());
        let decision_waits = DecisionWaits::new(db.clone());
        let webhooks = WebhookDispatcher::new(db.clone(), config.webhook_allow_private, envelope)?;
        let limits = RequestLimits::new(config.request_rate);
        let (started_at, ready_checks) = (Timestamp::now(), RwLock::default());
        Ok(Self {
            db,
            config,
            accounts,
            embeddings,
            matching,
            decision_waits,
            webhooks,
            limits,
            started_at,
            ready_checks,
        })
    }

    /// A request with an idempotency key; `content` tells it apart from others.
    pub fn keyed_request(&self, key: &str, content: &[&str]) -> Result<Arc<KeyedRequest>> {
        KeyedRequest::new(key, &self.accounts.tokens().idempotency_secret(), content)
    }

    /// Adds a check to `/ready`, e.g. that the relay follows the database.
    pub fn add_ready_check(&self, name: &str, check: ReadyCheck) {
        self.ready_checks.write().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), check));
    }

    /// The added checks, with their names.
    pub fn ready_checks(&self) -> RwLockReadGuard<'_, Vec<(String, ReadyCheck)>> {
        self.ready_checks.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every minute: drops counters that are no longer needed; every hour: loads the signing keys again.
    pub async fn expire_memory(&self) {
        for minute in 0_u64.. {
            self.limits.expire();
            if minute % 60 == 0
                && let Err(error) = self.accounts.reload_keys().await
            {
                tracing::warn!(%error, "signing keys could not be reloaded");
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }
}

/// Requests that one actor or one address may make; kept in memory, for this server.
pub struct RequestLimits {
    actors: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl std::fmt::Debug for RequestLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestLimits")
    }
}

impl RequestLimits {
    /// `rate` requests a second for each, in bursts of ten times as many.
    pub fn new(rate: u32) -> Self {
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(9)));
        Self { actors: RateLimiter::keyed(quota), addresses: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Counts a request of an actor.
    pub fn count_actor(&self, actor: &str) -> Result<()> {
        self.actors.check_key(&actor.to_owned()).map_err(|until| self.refusal(&until))
    }

    /// Counts a request without a credential; IPv6 addresses count by their /64 network.
    pub fn count_address(&self, address: IpAddr) -> Result<()> {
        self.addresses.check_key(&network(address)).map_err(|until| self.refusal(&until))
    }

    fn refusal(&self, until: &governor::NotUntil<governor::clock::QuantaInstant>) -> Error {
        let wait = until.wait_time_from(self.clock.now());
        Error::too_many_requests(wait.as_secs() + 1, "Too many requests; wait as long as Retry-After says.")
    }

    /// Drops counters that have refilled; called every minute.
    fn expire(&self) {
        self.actors.retain_recent();
        self.actors.shrink_to_fit();
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
    }
}
