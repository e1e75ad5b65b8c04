//! Worker for the queue of changed tickets: finds the watched searches that a ticket starts to match.
//!
//! Every server runs one task, and all of them share the queue. A batch is one transaction, so an event for a
//! match is published exactly once, even if a server is killed. The rules are in `sql/logic/60_saved_searches/matching.sql`.

use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::db::{Db, Work};
use crate::domain::embeddings::Embeddings;
use crate::{Result, sql_fn};

/// Maximum number of changed tickets per transaction; halved down to the minimum while batches fail.
const MAX_BATCH_SIZE: i64 = 500;
const MIN_BATCH_SIZE: i64 = 10;
/// Maximum time between two batches.
const BATCH_INTERVAL: Duration = Duration::from_secs(30);
/// Minimum pause between two batches.
const MIN_PAUSE: Duration = Duration::from_millis(20);
/// Time budget for embedding the query of a watched search.
const EMBEDDING_BUDGET: Duration = Duration::from_secs(5);
/// Pause before the next attempt to embed a query.
const EMBEDDING_RETRY_DELAY: Duration = Duration::from_secs(5);

/// Publishes events for tickets that start to match a watched search; [`Matching::run`] is its background task.
pub struct Matching {
    db: Db,
    embeddings: Embeddings,
}

impl std::fmt::Debug for Matching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Matching")
    }
}

#[derive(Deserialize)]
struct Batch {
    taken: i64,
    published: i64,
    #[serde(rename = "wanting")]
    without_vector: Vec<WatchedSearch>,
}

/// A watched search whose query has no vector yet.
#[derive(Deserialize)]
struct WatchedSearch {
    search_id: String,
    query: String,
}

impl Matching {
    /// Creates the worker without starting it.
    pub fn new(db: Db, embeddings: Embeddings) -> Self {
        Self { db, embeddings }
    }

    /// Processes the queue until aborted.
    pub async fn run(&self) {
        let mut next_embedding = Instant::now();
        let mut batch_size = MAX_BATCH_SIZE;
        loop {
            let outcome = process_batch(&self.db, &self.embeddings, batch_size, &mut next_embedding).await;
            batch_size = match &outcome {
                Ok(_) => (batch_size * 2).min(MAX_BATCH_SIZE),
                Err(error) => {
                    tracing::debug!(%error, batch_size, "search matching failed; it will be retried");
                    (batch_size / 2).max(MIN_BATCH_SIZE)
                }
            };
            tokio::time::sleep(MIN_PAUSE).await;
            // The queue may hold more after a batch with work, so only an idle or failed one pauses.
            if !outcome.is_ok_and(|had_work| had_work) {
                self.db.wait_for_work(Work::SearchMatches, BATCH_INTERVAL).await;
            }
        }
    }
}

/// Processes one batch and returns whether there was any work.
async fn process_batch(
    db: &Db,
    embeddings: &Embeddings,
    batch_size: i64,
    next_embedding: &mut Instant,
) -> Result<bool> {
    let batch: Batch = db.call(sql_fn!(process_search_match_queue(max_rows: batch_size))).await?;
    metrics::counter!("callboard_search_matches_told_total").increment(batch.published.unsigned_abs());
    if *next_embedding > Instant::now() {
        return Ok(batch.taken > 0);
    }
    for WatchedSearch { search_id, query } in &batch.without_vector {
        match embeddings.query(query, EMBEDDING_BUDGET).await {
            Ok(found) => {
                db.execute(sql_fn!(set_search_vector(
                    search: search_id,
                    query: query,
                    model: found.model,
                    vector: found.vector,
                )))
                .await?;
            }
            Err(absent) => {
                tracing::debug!(%absent, search_id, "the query of a watched search could not be embedded yet");
                *next_embedding = Instant::now() + EMBEDDING_RETRY_DELAY;
                break;
            }
        }
    }
    Ok(batch.taken > 0 || !batch.without_vector.is_empty())
}
