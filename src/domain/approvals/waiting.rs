//! Waiting for decisions without holding a connection of the database, and letting time run out.
//!
//! One task a server asks, four times a second and only while somebody waits, which of all the approvals
//! waited for are settled: a thousand who wait cost one statement. A decision made through this server
//! wakes them at once. Once a second it ends questions that ran out, by the database's clock; of several
//! servers one does it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::{Approval, ApprovalState, get};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Between two looks for those who wait.
const LOOK: Duration = Duration::from_millis(250);
/// Between two looks for what ran out.
const TICK: Duration = Duration::from_secs(1);
/// Questions ended in one transaction.
const BATCH: i32 = 100;
/// Approvals asked about in one statement.
const MOST: usize = 10_000;

/// Requests of this server that wait for approvals to be decided; [`DecisionWaits::run`] is its background task.
#[derive(Debug)]
pub struct DecisionWaits {
    db: Db,
    shared: Shared,
}

#[derive(Debug, Default)]
struct Shared {
    /// Who waits, by approval: how many, and what wakes them.
    waiting: Mutex<HashMap<String, (usize, Arc<Notify>)>>,
    /// Says that somebody has begun to wait.
    somebody: Notify,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, HashMap<String, (usize, Arc<Notify>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, id: &str) {
        if let Some((_, wake)) = self.waiting().get(id) {
            wake.notify_waiters();
        }
    }
}

/// One who waits; leaves when dropped.
struct Place<'a> {
    shared: &'a Shared,
    id: &'a str,
    wake: Arc<Notify>,
}

impl<'a> Place<'a> {
    fn take(shared: &'a Shared, id: &'a str) -> Self {
        let mut waiting = shared.waiting();
        let (count, wake) = waiting.entry(id.to_owned()).or_default();
        *count += 1;
        let wake = wake.clone();
        drop(waiting);
        shared.somebody.notify_one();
        Self { shared, id, wake }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.shared.waiting();
        if let Some((count, _)) = waiting.get_mut(self.id) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(self.id);
            }
        }
    }
}

impl DecisionWaits {
    /// Prepares an empty list of waiting requests.
    pub fn new(db: Db) -> Self {
        Self { db, shared: Shared::default() }
    }

    /// The approval as soon as it is no longer pending, or as it is when patience ends.
    pub async fn wait(&self, db: &Db, caller: &Caller, id: &str, patience: Duration) -> Result<Approval> {
        let end = tokio::time::Instant::now() + patience;
        let approval = get(db, caller, id).await?;
        if patience.is_zero() || approval.status != ApprovalState::Pending {
            return Ok(approval);
        }
        let place = Place::take(&self.shared, id);
        loop {
            // Listening begins before the look, so that nothing falls in between.
            let mut woken = std::pin::pin!(place.wake.notified());
            woken.as_mut().enable();
            let approval = get(db, caller, id).await?;
            if approval.status != ApprovalState::Pending || tokio::time::Instant::now() >= end {
                return Ok(approval);
            }
            let _ = tokio::time::timeout_at(end, woken).await;
        }
    }

    /// Wakes the requests that wait for an approval which was decided through this server.
    pub fn wake(&self, id: &str) {
        self.shared.wake(id);
    }

    /// Expires approvals and wakes requests whose approval was settled, until aborted.
    pub async fn run(&self) {
        let Self { db, shared } = self;
        let mut expired_at: Option<Instant> = None;
        loop {
            if expired_at.is_none_or(|at| at.elapsed() >= TICK) {
                expired_at = Some(Instant::now());
                match expire(db).await {
                    // A full batch may leave more behind.
                    Ok(ended) if ended >= i64::from(BATCH) => expired_at = None,
                    Ok(_) => {}
                    Err(error) => tracing::debug!(%error, "approvals could not be expired; it will be retried"),
                }
            }
            let ids: Vec<String> = shared.waiting().keys().take(MOST).cloned().collect();
            if ids.is_empty() {
                let _ = tokio::time::timeout(TICK, shared.somebody.notified()).await;
                continue;
            }
            match settled(db, &ids).await {
                Ok(ids) => ids.iter().for_each(|id| shared.wake(id)),
                Err(error) => tracing::debug!(%error, "settled approvals could not be read; it will be retried"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn expire(db: &Db) -> Result<i64> {
    db.scalar(sql_fn!(expire_approvals(max_rows: BATCH))).await
}

async fn settled(db: &Db, ids: &[String]) -> Result<Vec<String>> {
    db.call(sql_fn!(list_settled_approvals(ids))).await
}
