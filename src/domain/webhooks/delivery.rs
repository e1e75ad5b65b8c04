//! Delivering: one task a server claims webhooks that have something to send and sends it, each webhook by
//! one server at a time and one event after the other. No transaction is open during a request. A server
//! that dies loses its claims after half a minute, and the next sends on from the cursor: what had been
//! taken but not noted comes twice, nothing is left out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::{Notify, Semaphore};

use super::sender::{Outcome, PATIENCE, Sender};
use super::{Envelope, Target};
use crate::db::Db;
use crate::domain::history::Event;
use crate::{Result, sql_fn};

/// How long a claim holds; each event that was taken extends it.
const LEASE: Duration = Duration::from_secs(30);
/// Events read at once.
const PAGE: i32 = 50;
/// Webhooks that are delivered at the same time by one server.
const AT_ONCE: usize = 16;
/// Between two looks while nothing happens, and after a failure of the database.
const IDLE: Duration = Duration::from_millis(500);
const LATER: Duration = Duration::from_secs(2);
/// Longest that stopping waits for requests under way.
const FAREWELL: Duration = Duration::from_secs(5);

/// The delivery of this server; [`Deliveries::run`] is its background task.
#[derive(Debug)]
pub struct Deliveries {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    places: Arc<Semaphore>,
    stopping: AtomicBool,
    stop: Notify,
}

/// A webhook that this server has claimed.
#[derive(Deserialize)]
struct Claim {
    token: String,
    epoch: String,
    last_seq: i64,
    events: VecDeque<Event>,
    webhook: Target,
}

impl Deliveries {
    /// Prepares a delivery that nothing has been claimed for yet.
    pub fn new() -> Self {
        let shared = Arc::new(Shared {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            stopping: AtomicBool::new(false),
            stop: Notify::new(),
        });
        Self { shared }
    }

    /// Claims webhooks that have something to send, and sends it, until stopped or aborted.
    pub async fn run(&self, db: Db, sender: Sender, envelope: Envelope) {
        run(db, sender, envelope, self.shared.clone()).await;
    }

    /// Begins no more requests, and waits a moment for those under way, so that their claims are given back.
    pub async fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.shared.stop.notify_waiters();
        let all = u32::try_from(AT_ONCE).unwrap_or(1);
        let _ = tokio::time::timeout(FAREWELL, self.shared.places.acquire_many(all)).await;
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }
}

async fn run(db: Db, sender: Sender, envelope: Envelope, shared: Arc<Shared>) {
    while !shared.stopping.load(Ordering::Relaxed) {
        let Ok(place) = shared.places.clone().acquire_owned().await else { return };
        let pause = match claim(&db).await {
            Ok(Some(claim)) => {
                let (db, sender, shared) = (db.clone(), sender.clone(), shared.clone());
                tokio::spawn(async move {
                    let webhook = claim.webhook.id.clone();
                    if let Err(error) = deliver(&db, &sender, envelope, claim, &shared.stopping).await {
                        tracing::debug!(%error, webhook, "a webhook will be delivered when its claim has ended");
                    }
                    drop(place);
                });
                continue;
            }
            Ok(None) => IDLE,
            Err(error) => {
                tracing::debug!(%error, "webhooks will be looked for again");
                LATER
            }
        };
        drop(place);
        let _ = tokio::time::timeout(pause, shared.stop.notified()).await;
    }
}

async fn claim(db: &Db) -> Result<Option<Claim>> {
    db.call(sql_fn!(claim_webhook(lease_seconds: LEASE.as_secs_f64(), max_events: PAGE))).await
}

/// Sends the events of a claim, one after the other, until one is not taken or the claim is lost.
async fn deliver(db: &Db, sender: &Sender, envelope: Envelope, claim: Claim, stopping: &AtomicBool) -> Result<()> {
    let Claim { token, epoch, last_seq: mut passed, mut events, webhook } = claim;
    let mut held_since = Instant::now();
    while let Some(event) = events.pop_front() {
        let (kind, body) = envelope(&event, &epoch);
        if !webhook.wants(&kind) {
            passed = event.seq;
            continue;
        }
        // A claim that could end during the request is not used any more.
        if stopping.load(Ordering::Relaxed) || held_since.elapsed() + PATIENCE * 2 > LEASE {
            break;
        }
        let id = webhook.message_id(&epoch, event.seq);
        let now = jiff::Timestamp::now().as_second();
        let Outcome { status, error, retry_after, duration } =
            sender.send(&webhook.url, &webhook.secret(), &id, now, body).await;
        let taken = if error.is_none() { "taken" } else { "failed" };
        metrics::counter!("callboard_webhook_requests_total", "outcome" => taken).increment(1);
        let status = status.map(i64::from);
        let took = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        if let Some(error) = error {
            db.call::<bool>(sql_fn!(record_webhook_failure(
                webhook: webhook.id,
                token,
                passed,
                seq: event.seq,
                message_id: id,
                event_type: kind,
                status_code: status,
                error,
                duration_ms: took,
                retry_after,
            )))
            .await?;
            return Ok(());
        }
        let lease = LEASE.as_secs_f64();
        let ours: bool = db
            .call(sql_fn!(record_webhook_success(
                webhook: webhook.id,
                token,
                lease_seconds: lease,
                seq: event.seq,
                message_id: id,
                event_type: kind,
                status_code: status,
                duration_ms: took,
            )))
            .await?;
        if !ours {
            return Ok(());
        }
        passed = event.seq;
        held_since = Instant::now();
    }
    db.call::<bool>(sql_fn!(release_webhook(webhook: webhook.id, token, passed))).await.map(drop)
}

impl Target {
    fn secret(&self) -> SecretString {
        SecretString::from(self.secret.as_str())
    }
}
