//! What requests and the queue's task share: the providers, the models that are in use, what was remembered.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use lru::LruCache;
use pgvector::HalfVector;
use tokio::sync::{Notify, Semaphore};

use super::health::Health;
use super::local::{self, Local};
use super::provider::{Fault, Provider, Urgency, normalized};
use super::queue::Model;
use super::remote::Remote;
use super::{Absent, Progress, QueryVector, Settings, Status};
use crate::Result;
use crate::config::EmbeddingProvider;
use crate::db::Db;

/// Queries whose vectors are remembered.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1000).expect("not zero");

/// Tickets that are embedded ahead of the queue at once.
const AHEAD: usize = 2;

/// Requests that may wait for the provider at once; more would only be late.
const ASKING: usize = 16;

/// A provider with its breaker.
pub(super) struct Guarded {
    pub provider: Box<dyn Provider>,
    pub health: Health,
}

impl Guarded {
    /// Checked vectors of length 1; notes how the provider did.
    pub async fn embed(&self, texts: &[String], dimensions: i64, urgency: Urgency) -> Result<Vec<Vec<f32>>, Fault> {
        let answer = self.provider.embed(texts, urgency).await;
        let outcome = answer.and_then(|vectors| normalized(vectors, texts.len(), dimensions));
        match &outcome {
            Ok(_) if urgency == Urgency::Background => self.health.served_queue(),
            Ok(_) => {}
            Err(Fault::Provider(why) | Fault::Nonsense(why)) => self.health.failed(why),
            Err(Fault::Hung(why)) => self.health.hung(why),
            Err(Fault::Busy(seconds)) => self.health.asked_to_wait(*seconds),
            // A text that is refused says nothing about the next.
            Err(Fault::Texts(_) | Fault::Loading) => {}
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
    pub provider: Arc<Guarded>,
}

impl std::ops::Deref for Active {
    type Target = Guarded;

    fn deref(&self) -> &Guarded {
        &self.provider
    }
}

/// What is known of the models in use.
#[derive(Default)]
pub(super) struct Known {
    /// Those this server has a provider for.
    pub active: Vec<Active>,
    /// The name of the model that serves, whoever makes its vectors.
    pub serving: Option<String>,
    /// Why the configured provider could not be taken into use.
    pub trouble: Option<String>,
    pub progress: Vec<Progress>,
}

pub(super) struct Shared {
    pub db: Db,
    pub settings: Settings,
    pub configured: Option<Arc<Guarded>>,
    known: RwLock<Known>,
    remembered: Mutex<LruCache<(i64, String), HalfVector>>,
    pub wake: Notify,
    /// Whether vectors were stored since they were counted.
    pub changed: AtomicBool,
    pub ahead: Arc<Semaphore>,
    asking: Arc<Semaphore>,
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
            configured: provider.map(|provider| Arc::new(Guarded { provider, health: Health::default() })),
            known: RwLock::default(),
            remembered: Mutex::new(LruCache::new(REMEMBERED)),
            wake: Notify::new(),
            changed: AtomicBool::new(false),
            ahead: Arc::new(Semaphore::new(AHEAD)),
            asking: Arc::new(Semaphore::new(ASKING)),
        })
    }

    pub fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> MutexGuard<'_, LruCache<(i64, String), HalfVector>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model that search asks, if this server can make its vectors.
    pub fn serving(&self) -> Option<Active> {
        self.known().active.iter().find(|active| active.serving).cloned()
    }

    /// A provider for a model that somebody configured earlier, where there can be one with today's settings.
    pub fn provider_for(&self, model: &Model) -> Option<Arc<Guarded>> {
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
        Some(Arc::new(Guarded { provider, health: Health::default() }))
    }

    /// Why there is no vector for a request at all.
    fn absent(&self) -> Absent {
        let Some(configured) = &self.configured else { return Absent::Off };
        let known = self.known();
        if let Some(why) = known.trouble.clone().or_else(|| configured.health.closed_to_requests()) {
            return Absent::Failing(why);
        }
        match &known.serving {
            Some(name) if known.active.iter().all(|active| active.name != *name) => Absent::Failing(format!(
                "the vectors that search uses were made by {name}, which this server is not set up for; those of its own model are being made."
            )),
            _ => Absent::Loading,
        }
    }

    /// The vector of a text for a request.
    pub async fn vector(self: &Arc<Self>, text: &str, budget: Duration, remember: bool) -> Result<QueryVector, Absent> {
        let Some(active) = self.serving() else { return Err(self.absent()) };
        let text = if remember { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text.to_owned() };
        let key = (active.id, text);
        if remember && let Some(vector) = self.remembered().get(&key) {
            return Ok(QueryVector { model: active.id, vector: vector.clone() });
        }
        if let Some(why) = active.health.closed_to_requests() {
            return Err(Absent::Failing(why));
        }
        let Ok(place) = self.asking.clone().try_acquire_owned() else { return Err(Absent::Late) };
        let shared = self.clone();
        let provider = active.provider.clone();
        // A task of its own: an answer that comes too late for this request is remembered for the next.
        let work = tokio::spawn(async move {
            let _place = place;
            let started = std::time::Instant::now();
            let outcome = active.embed(std::slice::from_ref(&key.1), active.dimensions, Urgency::Request).await;
            let vectors = outcome?;
            active.health.served_request(started.elapsed() <= budget);
            let vector = HalfVector::from_f32_slice(vectors.first().map_or(&[], Vec::as_slice));
            if remember {
                shared.remembered().put(key, vector.clone());
            }
            Ok(QueryVector { model: active.id, vector })
        });
        match tokio::time::timeout(budget, work).await {
            Ok(Ok(Ok(vector))) => Ok(vector),
            Ok(Ok(Err(Fault::Loading))) => Err(Absent::Loading),
            Ok(Ok(Err(fault))) => Err(Absent::Failing(fault.to_string())),
            Ok(Err(_)) => Err(Absent::Failing("it stopped unexpectedly.".to_owned())),
            Err(_) => {
                provider.health.was_late();
                Err(Absent::Late)
            }
        }
    }

    /// What this server knows, without asking anybody.
    pub fn status(&self) -> Status {
        let known = self.known();
        let trouble = self.configured.as_ref().and_then(|c| c.health.closed_to_requests());
        let (state, detail) = match (&self.configured, known.trouble.clone().or(trouble)) {
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
