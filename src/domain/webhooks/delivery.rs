//! Delivery of events to webhooks.
//!
//! One task per server claims webhooks with pending events. A lease makes one server at a time deliver a webhook, one
//! event after the other; no transaction is open during a request. When a server dies, its leases expire after half a
//! minute and another server continues from the cursor: an event that was accepted but not recorded is sent twice, none
//! is skipped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::{Notify, Semaphore};

use super::sender::{Outcome, REQUEST_TIMEOUT, Sender};
use super::{Envelope, Target};
use crate::db::{Db, Work};
use crate::domain::history::Event;
use crate::{Result, sql_fn};

/// Lease of a claim; each delivered event extends it.
const LEASE: Duration = Duration::from_secs(30);
/// Events to read in one claim.
const BATCH_SIZE: i32 = 50;
/// Webhooks that one server delivers concurrently.
const MAX_CONCURRENT: usize = 16;
/// Maximum interval between two claims.
const CLAIM_INTERVAL: Duration = Duration::from_secs(30);
/// Delay after a failure of the database.
const RETRY_DELAY: Duration = Duration::from_secs(2);
/// Maximum time that stopping waits for running requests.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The delivery of this server; [`Deliveries::run`] is its background task.
#[derive(Debug)]
pub struct Deliveries {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    permits: Arc<Semaphore>,
    stopping: AtomicBool,
    stop: Notify,
}

/// A claimed webhook with its pending events.
#[derive(Deserialize)]
struct Claim {
    token: String,
    epoch: String,
    last_seq: i64,
    events: VecDeque<Event>,
    webhook: Target,
}

impl Default for Deliveries {
    /// A delivery without claims.
    fn default() -> Self {
        let shared = Arc::new(Shared {
            permits: Arc::new(Semaphore::new(MAX_CONCURRENT)),
            stopping: AtomicBool::new(false),
            stop: Notify::new(),
        });
        Self { shared }
    }
}

impl Deliveries {
    /// Claims webhooks and delivers their events until stopped or aborted.
    pub async fn run(&self, db: Db, sender: Sender, envelope: Envelope) {
        run(db, sender, envelope, self.shared.clone()).await;
    }

    /// Starts no further requests and waits for running ones, so that their claims are released.
    pub async fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.shared.stop.notify_waiters();
        let all = u32::try_from(MAX_CONCURRENT).unwrap_or(1);
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.shared.permits.acquire_many(all)).await;
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }
}

async fn run(db: Db, sender: Sender, envelope: Envelope, shared: Arc<Shared>) {
    while !shared.stopping.load(Ordering::Relaxed) {
        let Ok(permit) = shared.permits.clone().acquire_owned().await else { return };
        match claim(&db).await {
            Ok(Some(claim)) => {
                let (db, sender, shared) = (db.clone(), sender.clone(), shared.clone());
                tokio::spawn(async move {
                    let webhook = claim.webhook.id.clone();
                    if let Err(error) = deliver(&db, &sender, envelope, claim, &shared.stopping).await {
                        tracing::debug!(%error, webhook, "a webhook delivery failed; it will be retried after its lease");
                    }
                    drop(permit);
                });
            }
            Ok(None) => {
                drop(permit);
                tokio::select! {
                    () = db.wait_for_work(Work::Webhooks, CLAIM_INTERVAL) => {}
                    () = shared.stop.notified() => {}
                }
            }
            Err(error) => {
                drop(permit);
                tracing::debug!(%error, "no webhook could be claimed; it will be retried");
                let _ = tokio::time::timeout(RETRY_DELAY, shared.stop.notified()).await;
            }
        }
    }
}

async fn claim(db: &Db) -> Result<Option<Claim>> {
    db.call(sql_fn!(claim_webhook(lease_seconds: LEASE.as_secs_f64(), max_events: BATCH_SIZE))).await
}

/// Sends the events of a claim in order, until a delivery fails or the lease is lost.
async fn deliver(db: &Db, sender: &Sender, envelope: Envelope, claim: Claim, stopping: &AtomicBool) -> Result<()> {
    let Claim { token, epoch, last_seq: mut cursor, mut events, webhook } = claim;
    let mut held_since = Instant::now();
    while let Some(event) = events.pop_front() {
        let (kind, body) = envelope(&event, &epoch);
        if !webhook.wants(&kind) {
            cursor = event.seq;
            continue;
        }
        // A request must not outlive the lease.
        if stopping.load(Ordering::Relaxed) || held_since.elapsed() + REQUEST_TIMEOUT * 2 > LEASE {
            break;
        }
        let id = webhook.message_id(&epoch, event.seq);
        let now = jiff::Timestamp::now().as_second();
        let Outcome { status, error, retry_after, duration } =
            sender.send(&webhook.url, &webhook.secrets(), &id, now, body).await;
        let outcome = if error.is_none() { "taken" } else { "failed" };
        metrics::counter!("callboard_webhook_requests_total", "outcome" => outcome).increment(1);
        let status = status.map(i64::from);
        let duration_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        if let Some(error) = error {
            db.call::<bool>(sql_fn!(record_webhook_failure(
                webhook: webhook.id,
                token,
                passed: cursor,
                seq: event.seq,
                message_id: id,
                event_type: kind,
                status_code: status,
                error,
                duration_ms,
                retry_after,
            )))
            .await?;
            return Ok(());
        }
        let lease = LEASE.as_secs_f64();
        let still_leased: bool = db
            .call(sql_fn!(record_webhook_success(
                webhook: webhook.id,
                token,
                lease_seconds: lease,
                seq: event.seq,
                message_id: id,
                event_type: kind,
                status_code: status,
                duration_ms,
            )))
            .await?;
        if !still_leased {
            return Ok(());
        }
        cursor = event.seq;
        held_since = Instant::now();
    }
    db.call::<bool>(sql_fn!(release_webhook(webhook: webhook.id, token, passed: cursor))).await.map(drop)
}
