//! Working off the queue of changed tickets: which watched searches do they match now?
//!
//! One task a server. Any server works off what any other left, also what a killed one left: a batch is
//! one transaction, so a ticket that starts to match is told exactly once. Busy, it goes on at once; idle,
//! it looks once a second, and a change made through this server wakes it. The rules are in
//! `sql/logic/60_saved_searches/matching.sql`.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Notify;

use crate::db::Db;
use crate::domain::embeddings::Embeddings;
use crate::{Result, sql_fn};

/// Changed tickets in one transaction: at most, and where more could not be done in time.
const BATCH: i64 = 500;
const SMALLEST_BATCH: i64 = 10;
/// Between two looks while nothing happens.
const IDLE: Duration = Duration::from_secs(1);
/// Between two looks at least, however much is going on elsewhere.
const PACE: Duration = Duration::from_millis(20);
/// How long the vector of a query may take, and how long until one that is not to be had is asked for again.
const BUDGET: Duration = Duration::from_secs(5);
const LATER: Duration = Duration::from_secs(5);

/// Finds the tickets that start to match a watched search; [`Matching::run`] is its background task.
pub struct Matching {
    db: Db,
    embeddings: Embeddings,
    changed: Notify,
}

impl std::fmt::Debug for Matching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Matching")
    }
}

#[derive(Deserialize)]
struct Worked {
    taken: i64,
    told: i64,
    wanting: Vec<Wanting>,
}

/// A watched search without the vector of its query.
#[derive(Deserialize)]
struct Wanting {
    search_id: String,
    query: String,
}

impl Matching {
    /// Prepares the queue's worker.
    pub fn new(db: Db, embeddings: Embeddings) -> Self {
        Self { db, embeddings, changed: Notify::new() }
    }

    /// Wakes the task after a change made through this server, instead of at its next poll.
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// Works the queue off until aborted.
    pub async fn run(&self) {
        let mut ask_again = Instant::now();
        let mut batch = BATCH;
        loop {
            let worked = round(&self.db, &self.embeddings, batch, &mut ask_again).await;
            batch = match &worked {
                Ok(_) => (batch * 2).min(BATCH),
                Err(error) => {
                    tracing::debug!(%error, batch, "matching failed; it will be retried");
                    (batch / 2).max(SMALLEST_BATCH)
                }
            };
            tokio::time::sleep(PACE).await;
            // A full round may leave more behind.
            if !worked.is_ok_and(|taken| taken) {
                let _ = tokio::time::timeout(IDLE, self.changed.notified()).await;
            }
        }
    }
}

/// Works off a batch; answers whether there was anything.
async fn round(db: &Db, embeddings: &Embeddings, batch: i64, ask_again: &mut Instant) -> Result<bool> {
    let worked: Worked = db.call(sql_fn!(process_search_match_queue(max_rows: batch))).await?;
    metrics::counter!("callboard_search_matches_told_total").increment(worked.told.unsigned_abs());
    if *ask_again > Instant::now() {
        return Ok(worked.taken > 0);
    }
    for Wanting { search_id, query } in &worked.wanting {
        match embeddings.query(query, BUDGET).await {
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
                tracing::debug!(%absent, search_id, "the meaning of a watched search is not known yet");
                *ask_again = Instant::now() + LATER;
                break;
            }
        }
    }
    Ok(worked.taken > 0 || !worked.wanting.is_empty())
}
