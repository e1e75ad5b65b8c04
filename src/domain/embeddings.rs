//! Embeddings: texts as vectors, so that search finds what is meant and not only what is written.
//!
//! Triggers note in `embedding_queue` which tickets were reworded, in the transaction that reworded them.
//! A task of every server (`drain`) takes them in batches, asks the provider, and stores the vectors; no
//! transaction is open meanwhile, and no write ever waits for a provider. Requests ask for the vector of
//! a query or a draft within a budget, and get a reason instead when there is none in time: search then
//! goes by words and says so. The rules of the queue are in `sql/logic/55_embeddings/`.

mod drain;
mod health;
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
pub use self::provider::{Fault, Provider, Urgency};
pub use self::queue::{progress, retry};
pub use self::settings::Settings;
use self::shared::Shared;
use crate::Result;
use crate::db::Db;

/// The vector of a text, and whose it is: only vectors of one model can be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryVector {
    /// `embedding_models.id`; search asks this model's vectors.
    pub model: i64,
    /// Its length is 1.
    pub vector: HalfVector,
}

/// Why there is no vector. Shown to people as the reason why a search went by words only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// No provider is configured.
    #[error("Search by meaning is switched off on this server.")]
    Off,
    /// The model is being loaded.
    #[error("The embedding model is still being loaded.")]
    Loading,
    /// The provider failed lately; it is tried again in the background.
    #[error("The embedding provider does not work: {0}")]
    Failing(String),
    /// The provider needed longer than the request may wait.
    #[error("The embedding provider did not answer in time.")]
    Late,
}

/// How far a model's vectors are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// `embedding_models.id`.
    pub model_id: i64,
    /// Provider and model, e.g. `local/all-MiniLM-L6-v2`.
    pub model: String,
    /// Numbers in one vector.
    pub dimensions: i64,
    /// `building`, `serving` or `retired`.
    pub state: String,
    /// Whether search uses it.
    pub serving: bool,
    /// Tickets that have a vector.
    pub embedded: i64,
    /// Tickets there are.
    pub total: i64,
    /// Tickets that wait for their first or a new vector.
    pub queued: i64,
    /// Of these, tickets whose last attempt failed.
    pub failed: i64,
    /// Since when the oldest waits.
    #[schema(format = DateTime)]
    pub oldest: Option<String>,
}

/// What this server knows about embeddings, without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// `local`, `openai` or `none`.
    pub provider: String,
    /// `off`, `loading`, `working` or `failing`.
    #[schema(example = "working")]
    pub state: String,
    /// What is wrong, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
    /// The models whose vectors are kept, as counted some seconds ago.
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
    /// Prepares the configured provider. Returns at once: [`Embeddings::run`] loads the model.
    pub fn new(db: Db, settings: Settings) -> Result<Self> {
        Ok(Self { shared: Arc::new(Shared::new(db, settings)?) })
    }

    /// Loads the model and works the queue off, until aborted; ends at once without a provider.
    pub async fn run(&self) {
        if self.shared.configured.is_some() {
            drain::run(self.shared.clone()).await;
        }
    }

    /// The vector of what somebody searches for. Answers are remembered.
    pub async fn query(&self, text: &str, budget: Duration) -> Result<QueryVector, Absent> {
        self.shared.vector(text, budget, true).await
    }

    /// The vector of a text that is no ticket yet (`logic.embedding_text` composes it).
    pub async fn document(&self, text: &str, budget: Duration) -> Result<QueryVector, Absent> {
        self.shared.vector(text, budget, false).await
    }

    /// Embeds a ticket that was just written, ahead of the queue; true when its vector is stored within the
    /// budget. At most two are embedded in this way at once: others wait in the queue. Work that has begun
    /// is finished also when the budget is over.
    pub async fn embed_now(&self, ticket: &str, budget: Duration) -> bool {
        let deadline = Instant::now() + budget;
        let shared = &self.shared;
        let Some(active) = shared.serving() else { return false };
        if active.health.closed_to_requests().is_some() {
            return false;
        }
        let Ok(place) = shared.ahead.clone().try_acquire_owned() else {
            self.wake();
            return false;
        };
        let (shared, ticket, provider) = (shared.clone(), ticket.to_owned(), active.provider.clone());
        let work = tokio::spawn(async move {
            let _place = place;
            drain::one(&shared, &active, &ticket, deadline).await
        });
        match tokio::time::timeout_at(deadline.into(), work).await {
            Ok(Ok(stored)) => stored,
            Ok(Err(_)) => false,
            Err(_) => {
                provider.health.was_late();
                false
            }
        }
    }

    /// Wakes the queue's task after something was queued, instead of at its next poll.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// What this server knows about embeddings.
    pub fn status(&self) -> Status {
        self.shared.status()
    }
}
