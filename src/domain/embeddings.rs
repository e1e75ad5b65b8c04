//! Embeddings: vectors of texts for semantic search.
//!
//! Triggers add tickets whose text changed to `embedding_queue`, in the transaction of the change. A background
//! task of every server (`drain`) claims them in batches, calls the provider and stores the vectors. No transaction
//! is open during the call, and no write waits for a provider. Requests get the vector of a query or a draft within
//! a time budget, or the reason for its absence; search then falls back to keywords. The rules of the queue are in
//! `sql/logic/55_embeddings/`.

mod circuit_breaker;
mod drain;
mod local;
mod provider;
mod queue;
mod remote;
mod settings;
mod shared;

use std::sync::Arc;
use std::time::{Duration, Instant};

use pgvector::HalfVector;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::local::Bert;
pub use self::provider::{Provider, ProviderError, Urgency};
pub use self::queue::{progress, retry};
pub use self::settings::Settings;
use self::shared::Shared;
use crate::Result;
use crate::db::Db;

/// The vector of a text and its model; only vectors of the same model can be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryVector {
    /// `embedding_models.id`; search compares this model's vectors.
    pub model: i64,
    /// Normalized to length 1.
    pub vector: HalfVector,
}

/// Why there is no vector. Shown to users as the reason for a keyword search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// No provider is configured.
    #[error("Search by meaning is switched off on this server.")]
    Off,
    /// The model is being loaded.
    #[error("The embedding model is still being loaded.")]
    Loading,
    /// The provider failed recently; it is retried in the background.
    #[error("The embedding provider does not work: {0}")]
    Failing(String),
    /// The provider did not respond within the time budget.
    #[error("The embedding provider did not answer in time.")]
    Late,
}

/// Progress of embedding all tickets with a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// `embedding_models.id`.
    pub model_id: i64,
    /// Provider and model, e.g. `local/all-MiniLM-L6-v2`.
    pub model: String,
    /// Dimensions of a vector.
    pub dimensions: i64,
    /// `building`, `serving` or `retired`.
    pub state: String,
    /// Whether search uses it.
    pub serving: bool,
    /// Number of tickets with a vector.
    pub embedded: i64,
    /// Number of all tickets.
    pub total: i64,
    /// Number of tickets in the queue.
    pub queued: i64,
    /// Number of queued tickets whose last attempt failed.
    pub failed: i64,
    /// When the oldest queued ticket was queued.
    #[schema(format = DateTime)]
    pub oldest: Option<String>,
}

/// Status of embeddings on this server, without a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// `local`, `openai` or `none`.
    pub provider: String,
    /// `off`, `loading`, `working` or `failing`.
    #[schema(example = "working")]
    pub state: String,
    /// Human-readable description of the problem, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
    /// Progress per model; counted some seconds ago.
    pub models: Vec<Progress>,
}

/// The server's embeddings; cheap to clone.
#[derive(Clone)]
pub struct Embeddings {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Embeddings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embeddings")
    }
}

impl Embeddings {
    /// Creates the configured provider and returns immediately; [`Embeddings::run`] loads the model.
    pub fn new(db: Db, settings: Settings) -> Result<Self> {
        Ok(Self { shared: Arc::new(Shared::new(db, settings)?) })
    }

    /// Loads the model and processes the queue until aborted; returns immediately without a provider.
    pub async fn run(&self) {
        if self.shared.configured.is_some() {
            drain::run(self.shared.clone()).await;
        }
    }

    /// The vector of a search query; results are cached.
    pub async fn query(&self, text: &str, budget: Duration) -> Result<QueryVector, Absent> {
        self.shared.vector(text, budget, true).await
    }

    /// The vector of a draft, whose text comes from `logic.embedding_text`; not cached.
    pub async fn document(&self, text: &str, budget: Duration) -> Result<QueryVector, Absent> {
        self.shared.vector(text, budget, false).await
    }

    /// Embeds a ticket that was just written, ahead of the queue. Returns whether its vector was stored within the
    /// budget. Tickets stay in the queue if two are being embedded this way, if several were written in this second, or if
    /// the model would need a core that others use. A remote provider's work is finished even after the budget has expired.
    pub async fn embed_now(&self, ticket: &str, budget: Duration) -> bool {
        let deadline = Instant::now() + budget;
        let shared = &self.shared;
        let few = shared.write_rate.count(Instant::now());
        let Some(active) = shared.serving() else { return false };
        if active.breaker.request_rejection().is_some() {
            return false;
        }
        let permit = if few { shared.inline_permits.clone().try_acquire_owned().ok() } else { None };
        let Some(permit) = permit else { return false };
        if !active.provider.provider.is_free().await {
            return false;
        }
        let (shared, ticket, provider) = (shared.clone(), ticket.to_owned(), active.provider.clone());
        let work = tokio::spawn(async move {
            let _permit = permit;
            drain::embed_ticket(&shared, &active, &ticket, deadline).await
        });
        match tokio::time::timeout_at(deadline.into(), work).await {
            Ok(Ok(stored)) => stored,
            Ok(Err(_)) => false,
            Err(_) => {
                if !provider.provider.is_local() {
                    provider.breaker.missed_deadline();
                }
                false
            }
        }
    }

    /// Status of embeddings on this server.
    pub fn status(&self) -> Status {
        self.shared.status()
    }
}
