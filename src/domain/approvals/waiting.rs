//! Long polling for decisions without holding a database connection, and expiry of approvals.
//!
//! One task per server polls which of the awaited approvals are settled, four times a second and only while requests
//! wait, so that a thousand waiting requests cost one statement. A decision made through this server wakes them
//! immediately. The task also expires overdue approvals by the clock of the database; of several servers, one at a time
//! does so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::{Approval, ApprovalState, get};
use crate::db::{Db, Work};
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Interval between two polls while requests wait.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Interval between two checks for overdue approvals while requests wait, and the maximum while none does.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);
const IDLE_EXPIRY_INTERVAL: Duration = Duration::from_secs(30);
/// Approvals to expire in one transaction.
const BATCH_SIZE: i32 = 100;
/// Maximum number of approvals in one poll.
const MAX_POLLED: usize = 10_000;

/// Requests of this server that wait for approvals to be decided; [`DecisionWaits::run`] is its background task.
#[derive(Debug)]
pub struct DecisionWaits {
    db: Db,
    shared: Shared,
}

#[derive(Debug, Default)]
struct Shared {
    /// By approval: the number of waiting requests, and what wakes them.
    waiting: Mutex<HashMap<String, (usize, Arc<Notify>)>>,
    /// Notified when a request starts to wait.
    started: Notify,
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

/// A waiting request; removed when dropped.
struct Waiter<'a> {
    shared: &'a Shared,
    id: &'a str,
    wake: Arc<Notify>,
}

impl<'a> Waiter<'a> {
    fn register(shared: &'a Shared, id: &'a str) -> Self {
        let mut waiting = shared.waiting();
        let (count, wake) = waiting.entry(id.to_owned()).or_default();
        *count += 1;
        let wake = wake.clone();
        drop(waiting);
        shared.started.notify_one();
        Self { shared, id, wake }
    }
}

impl Drop for Waiter<'_> {
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

    /// Returns the approval when it is no longer pending, or as it is after the timeout.
    pub async fn wait(&self, db: &Db, caller: &Caller, id: &str, timeout: Duration) -> Result<Approval> {
        let end = tokio::time::Instant::now() + timeout;
        let approval = get(db, caller, id).await?;
        if timeout.is_zero() || approval.status != ApprovalState::Pending {
            return Ok(approval);
        }
        let waiter = Waiter::register(&self.shared, id);
        loop {
            // Registered before the read, so that no wake-up is missed in between.
            let mut woken = std::pin::pin!(waiter.wake.notified());
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
            if expired_at.is_none_or(|at| at.elapsed() >= EXPIRY_INTERVAL) {
                expired_at = Some(Instant::now());
                match expire(db).await {
                    // After a full batch more may be overdue.
                    Ok(ended) if ended >= i64::from(BATCH_SIZE) => expired_at = None,
                    Ok(_) => {}
                    Err(error) => tracing::debug!(%error, "approvals could not be expired; it will be retried"),
                }
            }
            let ids: Vec<String> = shared.waiting().keys().take(MAX_POLLED).cloned().collect();
            if ids.is_empty() {
                tokio::select! {
                    () = db.wait_for_work(Work::Approvals, IDLE_EXPIRY_INTERVAL) => expired_at = None,
                    () = shared.started.notified() => {}
                }
                continue;
            }
            match list_settled(db, &ids).await {
                Ok(ids) => ids.iter().for_each(|id| shared.wake(id)),
                Err(error) => tracing::debug!(%error, "settled approvals could not be read; it will be retried"),
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

async fn expire(db: &Db) -> Result<i64> {
    db.scalar(sql_fn!(expire_approvals(max_rows: BATCH_SIZE))).await
}

async fn list_settled(db: &Db, ids: &[String]) -> Result<Vec<String>> {
    db.call(sql_fn!(list_settled_approvals(ids))).await
}
