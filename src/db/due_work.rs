//! Which background work is due. Each background task would otherwise ask the database for its own rows every second;
//! here one statement a second asks for all of them, and a task runs its own statements only when there is work.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::{Mutex, Notify};

use super::Db;
use crate::{Result, sql_fn};

/// Time between two questions without a wake-up.
const INTERVAL: Duration = Duration::from_secs(1);
/// Age up to which an answer serves the other tasks, whose timers fire a little later.
const FRESH: Duration = Duration::from_millis(900);
/// Minimum time between two questions.
const MIN_PAUSE: Duration = Duration::from_millis(50);

/// Work of a background task, as `logic.find_due_work` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Events that a webhook waits for.
    Webhooks,
    /// Leases of jobs and tickets that have expired.
    Leases,
    /// Approvals that are overdue.
    Approvals,
    /// Changed tickets to compare with watched searches, and searches without a vector.
    SearchMatches,
    /// Tickets to embed, and models that have changed.
    Embeddings,
    /// Workflows whose findings are to be looked for.
    Findings,
    /// Rows of history to chain.
    Seals,
    /// Sessions of the reporting role, whose limits are to be checked.
    ReportingSessions,
}

#[derive(Deserialize)]
struct Answer {
    due: HashSet<Work>,
    models: String,
}

/// What is known of the work; shared by the tasks of one server.
#[derive(Default)]
pub(super) struct DueWork {
    known: Mutex<Known>,
    /// Set by a wake-up until the next question.
    changed: AtomicBool,
    wake: Notify,
}

#[derive(Default)]
struct Known {
    asked: Option<Instant>,
    /// Work that was found and that its task has not taken yet.
    due: HashSet<Work>,
    models: String,
}

impl Db {
    /// Waits until there is work, or at most for `limit`. Where the database does not answer, there is none until it does.
    pub async fn wait_for_work(&self, work: Work, limit: Duration) {
        let end = Instant::now() + limit;
        loop {
            let mut woken = pin!(self.due_work.wake.notified());
            // Registered before the question, so that no wake-up is missed.
            woken.as_mut().enable();
            if self.is_due(work).await {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if !self.due_work.changed.load(Ordering::Acquire) {
                let _ = tokio::time::timeout(INTERVAL.min(left), woken).await;
            }
        }
    }

    /// Makes the tasks look soon, after a change made through this server.
    pub fn wake_due_work(&self) {
        self.due_work.changed.store(true, Ordering::Release);
        self.due_work.wake.notify_waiters();
    }

    /// Takes the work if it is due; asks the database if the last answer is old.
    async fn is_due(&self, work: Work) -> bool {
        let mut known = self.due_work.known.lock().await;
        let is_old = |known: &Known| known.asked.is_none_or(|at| at.elapsed() >= FRESH);
        if self.due_work.changed.load(Ordering::Acquire) || is_old(&known) {
            if let Some(at) = known.asked {
                tokio::time::sleep(MIN_PAUSE.saturating_sub(at.elapsed())).await;
            }
            self.due_work.changed.store(false, Ordering::Release);
            let answer: Result<Answer> = self.call(sql_fn!(find_due_work())).await;
            known.asked = Some(Instant::now());
            match answer {
                Ok(answer) => {
                    known.due.extend(answer.due);
                    if known.models != answer.models {
                        known.models = answer.models;
                        known.due.insert(Work::Embeddings);
                    }
                }
                Err(error) => tracing::debug!(%error, "due work could not be read; it will be retried"),
            }
        }
        known.due.remove(&work)
    }
}
