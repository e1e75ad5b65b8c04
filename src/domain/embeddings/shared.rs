//! State shared by requests and the background task: providers, models in use, and the cache of query vectors.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use lru::LruCache;
use pgvector::HalfVector;
use tokio::sync::{Notify, Semaphore};

use super::circuit_breaker::CircuitBreaker;
use super::local::{self, Local};
use super::provider::{Provider, ProviderError, Urgency, normalized};
use super::queue::Model;
use super::remote::Remote;
use super::{Absent, Progress, QueryVector, Settings, Status};
use crate::Result;
use crate::config::EmbeddingProvider;
use crate::db::Db;

/// Number of query vectors kept in the cache.
const MAX_CACHED_QUERIES: NonZeroUsize = NonZeroUsize::new(1000).expect("not zero");

/// Maximum number of tickets embedded ahead of the queue at once.
const MAX_INLINE_TICKETS: usize = 2;

/// Writes in a second of which each may be embedded ahead of the queue. Of a faster stream none is: one that waits for the
/// model would be among the slowest of its hundred.
const MAX_WRITES_PER_SECOND: usize = 3;

/// Maximum number of requests waiting for the provider; more would miss their deadlines.
const MAX_WAITING_REQUESTS: usize = 16;

/// The times of the last writes.
#[derive(Debug, Default)]
pub(super) struct WriteRate(Mutex<[Option<Instant>; MAX_WRITES_PER_SECOND]>);

impl WriteRate {
    /// Counts a write now and returns whether there were few in the last second.
    pub fn count(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.rotate_left(1);
        let oldest = last[MAX_WRITES_PER_SECOND - 1].replace(now);
        oldest.is_none_or(|oldest| now.saturating_duration_since(oldest) >= Duration::from_secs(1))
    }
}

/// A provider with its circuit breaker.
pub(super) struct GuardedProvider {
    pub provider: Box<dyn Provider>,
    pub breaker: CircuitBreaker,
}

impl GuardedProvider {
    /// Returns validated vectors of length 1 and reports the outcome to the breaker.
    pub async fn embed(
        &self,
        texts: &[String],
        dimensions: i64,
        urgency: Urgency,
    ) -> Result<Vec<Vec<f32>>, ProviderError> {
        let answer = self.provider.embed(texts, urgency).await;
        let outcome = answer.and_then(|vectors| normalized(vectors, texts.len(), dimensions));
        match &outcome {
            Ok(_) if urgency == Urgency::Background => self.breaker.background_succeeded(),
            Ok(_) => {}
            Err(ProviderError::Unavailable(why) | ProviderError::InvalidResponse(why)) => self.breaker.failed(why),
            Err(ProviderError::TimedOut(why)) => self.breaker.timed_out(why),
            Err(ProviderError::RateLimited(seconds)) => self.breaker.rate_limited(*seconds),
            // A rejected text does not count as a provider failure.
            Err(ProviderError::RejectedInput(_) | ProviderError::Loading) => {}
        }
        outcome
    }
}

/// A model in use and the provider that makes its vectors.
#[derive(Clone)]
pub(super) struct Active {
    pub id: i64,
    pub name: String,
    pub dimensions: i64,
    pub serving: bool,
    pub provider: Arc<GuardedProvider>,
}

impl std::ops::Deref for Active {
    type Target = GuardedProvider;

    fn deref(&self) -> &GuardedProvider {
        &self.provider
    }
}

/// Cached state of the models in use.
#[derive(Default)]
pub(super) struct Known {
    /// Models that this server has a provider for.
    pub active: Vec<Active>,
    /// The name of the serving model, even if this server has no provider for it.
    pub serving: Option<String>,
    /// Why the configured provider could not be activated.
    pub failure: Option<String>,
    pub progress: Vec<Progress>,
}

pub(super) struct Shared {
    pub db: Db,
    pub settings: Settings,
    pub configured: Option<Arc<GuardedProvider>>,
    known: RwLock<Known>,
    cache: Mutex<LruCache<(i64, String), HalfVector>>,
    /// Whether vectors were stored since progress was last counted.
    pub changed: AtomicBool,
    /// Notified when a ticket was embedded ahead of the queue.
    pub stored: Notify,
    pub inline_permits: Arc<Semaphore>,
    pub write_rate: WriteRate,
    request_permits: Arc<Semaphore>,
}

impl Shared {
    pub fn new(db: Db, settings: Settings) -> Result<Self> {
        let provider: Option<Box<dyn Provider>> = match settings.provider {
            EmbeddingProvider::Local => Some(Box::new(Local::new(local::folder(&settings.runtime_dir))?)),
            EmbeddingProvider::Openai => Some(Box::new(Remote::new(&settings)?)),
            EmbeddingProvider::None => None,
        };
        Ok(Self {
            db,
            settings,
            configured: provider
                .map(|provider| Arc::new(GuardedProvider { provider, breaker: CircuitBreaker::default() })),
            known: RwLock::default(),
            cache: Mutex::new(LruCache::new(MAX_CACHED_QUERIES)),
            changed: AtomicBool::new(false),
            stored: Notify::new(),
            inline_permits: Arc::new(Semaphore::new(MAX_INLINE_TICKETS)),
            write_rate: WriteRate::default(),
            request_permits: Arc::new(Semaphore::new(MAX_WAITING_REQUESTS)),
        })
    }

    pub fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn cache(&self) -> MutexGuard<'_, LruCache<(i64, String), HalfVector>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The serving model, if this server has a provider for it.
    pub fn serving(&self) -> Option<Active> {
        self.known().active.iter().find(|active| active.serving).cloned()
    }

    /// A provider for a configured or previously configured model, if the current settings allow one.
    pub fn provider_for(&self, model: &Model) -> Option<Arc<GuardedProvider>> {
        if let Some(configured) = self.configured.as_ref().filter(|c| c.provider.name() == model.name) {
            return Some(configured.clone());
        }
        if let Some(active) = self.known().active.iter().find(|active| active.name == model.name) {
            return Some(active.provider.clone());
        }
        let provider: Box<dyn Provider> = if model.name == local::NAME {
            Box::new(Local::new(local::folder(&self.settings.runtime_dir)).ok()?)
        } else if self.settings.provider == EmbeddingProvider::Openai {
            Box::new(Remote::named(&self.settings, &model.name)?)
        } else {
            return None;
        };
        Some(Arc::new(GuardedProvider { provider, breaker: CircuitBreaker::default() }))
    }

    /// Why no vector is available for requests.
    fn absent(&self) -> Absent {
        let Some(configured) = &self.configured else { return Absent::Off };
        let known = self.known();
        if let Some(why) = known.failure.clone().or_else(|| configured.breaker.request_rejection()) {
            return Absent::Failing(why);
        }
        match &known.serving {
            Some(name) if known.active.iter().all(|active| active.name != *name) => Absent::Failing(format!(
                "the vectors that search uses were made by {name}, which this server is not configured for; the vectors of its own model are being computed."
            )),
            _ => Absent::Loading,
        }
    }

    /// The vector of a text for a request, within a time budget.
    pub async fn vector(
        self: &Arc<Self>,
        text: &str,
        budget: Duration,
        use_cache: bool,
    ) -> Result<QueryVector, Absent> {
        let Some(active) = self.serving() else { return Err(self.absent()) };
        let text = if use_cache { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text.to_owned() };
        let key = (active.id, text);
        if use_cache && let Some(vector) = self.cache().get(&key) {
            return Ok(QueryVector { model: active.id, vector: vector.clone() });
        }
        if let Some(why) = active.breaker.request_rejection() {
            return Err(Absent::Failing(why));
        }
        let Ok(permit) = self.request_permits.clone().try_acquire_owned() else { return Err(Absent::Late) };
        let shared = self.clone();
        let provider = active.provider.clone();
        // A separate task, so that a result that misses the deadline is cached for the next request.
        let work = tokio::spawn(async move {
            let _permit = permit;
            let started = Instant::now();
            let outcome = active.embed(std::slice::from_ref(&key.1), active.dimensions, Urgency::Request).await;
            let vectors = outcome?;
            active.breaker.request_succeeded(started.elapsed() <= budget);
            let vector = HalfVector::from_f32_slice(vectors.first().map_or(&[], Vec::as_slice));
            if use_cache {
                shared.cache().put(key, vector.clone());
            }
            Ok(QueryVector { model: active.id, vector })
        });
        match tokio::time::timeout(budget, work).await {
            Ok(Ok(Ok(vector))) => Ok(vector),
            Ok(Ok(Err(ProviderError::Loading))) => Err(Absent::Loading),
            Ok(Ok(Err(error))) => Err(Absent::Failing(error.to_string())),
            Ok(Err(_)) => Err(Absent::Failing("it stopped unexpectedly.".to_owned())),
            Err(_) => {
                provider.breaker.missed_deadline();
                Err(Absent::Late)
            }
        }
    }

    /// Status of embeddings on this server, without a query.
    pub fn status(&self) -> Status {
        let known = self.known();
        let rejection = self.configured.as_ref().and_then(|c| c.breaker.request_rejection());
        let (state, detail) = match (&self.configured, known.failure.clone().or(rejection)) {
            (None, _) => ("off", None),
            (Some(_), Some(why)) => ("failing", Some(Absent::Failing(why).to_string())),
            (Some(_), None) if known.active.is_empty() => ("loading", None),
            (Some(_), None) => ("working", None),
        };
        Status {
            provider: self.settings.provider.as_str().to_owned(),
            state: state.to_owned(),
            detail,
            models: known.progress.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_fast_stream_of_writes_only_the_first_are_few() {
        let (rate, start) = (WriteRate::default(), Instant::now());
        let few = |milliseconds: u64| rate.count(start + Duration::from_millis(milliseconds));
        assert_eq!(
            [0, 0, 0, 1, 300, 600, 900, 1200, 1500].map(few),
            [true, true, true].into_iter().chain([false; 6]).collect::<Vec<_>>()[..]
        );
        // The last three are older than a second, then two of them.
        assert_eq!([2600, 2600, 2601, 2602].map(few), [true, true, true, false]);
    }
}
