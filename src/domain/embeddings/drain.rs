//! The task of every server that takes work from the queue: a batch is claimed in one transaction, embedded
//! in none, and stored in another. A server that dies in between leaves a lease that ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::provider::{Fault, Urgency};
use super::queue::{self, Claim, Claimed};
use super::shared::{Active, Shared};
use crate::Result;

/// How often the queue is looked at while nobody says that something was queued: soon after there was work,
/// seldom when there was none for long.
const SOON: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(2);

/// How often progress is counted while there is work, and while there is none.
const COUNT_BUSY: Duration = Duration::from_secs(5);
const COUNT_IDLE: Duration = Duration::from_secs(60);

/// How often a request looks whether somebody else embedded its ticket.
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// Works for as long as the server runs.
pub(super) async fn run(shared: Arc<Shared>) {
    take_into_use(&shared).await;
    let mut pause = SOON;
    let mut counted: Option<Instant> = None;
    loop {
        let worked = match round(&shared).await {
            Ok(worked) => worked,
            Err(error) => {
                tracing::warn!(%error, "embeddings have to wait");
                false
            }
        };
        if worked {
            shared.changed.store(true, Ordering::Relaxed);
        }
        let changed = shared.changed.load(Ordering::Relaxed);
        let every = match changed {
            // The last batch was stored just now.
            true if !worked && pause == SOON => Duration::ZERO,
            true => COUNT_BUSY,
            false => COUNT_IDLE,
        };
        if counted.is_none_or(|at| at.elapsed() >= every) {
            shared.changed.store(false, Ordering::Relaxed);
            count(&shared).await;
            counted = Some(Instant::now());
        }
        if worked {
            pause = SOON;
            continue;
        }
        let _ = tokio::time::timeout(pause, shared.wake.notified()).await;
        pause = (pause * 2).min(SELDOM);
    }
}

/// Loads the configured model and makes it known; until that succeeds, search goes by words.
async fn take_into_use(shared: &Shared) {
    let Some(configured) = &shared.configured else { return };
    let mut wait = SOON;
    loop {
        let outcome = match configured.provider.prepare().await {
            Ok(dimensions) => queue::register(&shared.db, configured.provider.name(), dimensions)
                .await
                .map(drop)
                .map_err(|error| match error {
                    crate::Error::Problem(problem) => problem.detail,
                    other => format!("{other}."),
                }),
            Err(fault) => Err(fault.to_string()),
        };
        match outcome {
            Ok(()) => break,
            Err(why) => {
                tracing::warn!(model = configured.provider.name(), reason = %why, "the embedding model cannot be used; search goes by words");
                shared.known_mut().trouble = Some(why);
            }
        }
        tokio::time::sleep(wait.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
        wait = (wait * 2).min(Duration::from_secs(30));
    }
    shared.known_mut().trouble = None;
    tracing::info!(model = configured.provider.name(), "the embedding model is in use");
}

/// One look at the queue of each model this server can work for; whether there was any work.
async fn round(shared: &Shared) -> Result<bool> {
    let mut worked = false;
    for active in look(shared).await? {
        if active.health.wait().is_some() {
            continue;
        }
        if active.health.is_open() && !recovered(shared, &active).await? {
            continue;
        }
        let max = active.provider.provider.batch();
        let claim = queue::claim(&shared.db, active.id, max, shared.settings.lease.as_secs_f64(), None).await?;
        worked |= claim.dropped > 0;
        if !claim.tickets.is_empty() {
            worked |= batch(shared, &active, &claim).await?;
        }
    }
    if !worked {
        let tended = queue::tend(&shared.db).await?;
        if let Some(model) = tended.promoted {
            tracing::info!(%model, "every ticket is embedded; search uses this model from now on");
            look(shared).await?;
        }
        worked = tended.removed > 0;
    }
    Ok(worked)
}

/// Which models are wanted, and which of them this server can work for.
async fn look(shared: &Shared) -> Result<Vec<Active>> {
    let models = queue::models(&shared.db).await?;
    let mut active = Vec::new();
    for model in &models {
        let Some(provider) = shared.provider_for(model) else { continue };
        if !matches!(provider.provider.prepare().await, Ok(n) if n == model.dimensions) {
            continue;
        }
        active.push(Active {
            id: model.id,
            name: model.name.clone(),
            dimensions: model.dimensions,
            serving: model.state == "serving",
            provider,
        });
    }
    let mut known = shared.known_mut();
    known.serving = models.into_iter().find(|m| m.state == "serving").map(|m| m.name);
    known.active.clone_from(&active);
    Ok(active)
}

/// Embeds and stores what was claimed; whether anything was stored.
async fn batch(shared: &Shared, active: &Active, claim: &Claim) -> Result<bool> {
    let embedding = embed(active, &claim.tickets, Urgency::Background);
    // Before the lease ends, so that nobody else has begun.
    let patience = shared.settings.lease.mul_f64(0.8);
    let outcome = tokio::time::timeout(patience, embedding).await.unwrap_or_else(|_| {
        let why = format!("It needed more than {} seconds for {} tickets.", patience.as_secs(), claim.tickets.len());
        active.health.hung(&why);
        Err(Fault::Hung(why))
    });
    match outcome {
        Ok(vectors) => {
            queue::store(&shared.db, active.id, claim, &claim.tickets, &vectors).await?;
            Ok(true)
        }
        Err(Fault::Texts(why) | Fault::Nonsense(why)) if claim.tickets.len() > 1 => {
            tracing::debug!(reason = %why, "a batch was refused; its tickets are tried one by one");
            one_by_one(shared, active, claim).await
        }
        Err(fault) => {
            give_back(shared, active, claim, &claim.tickets, &fault).await?;
            Ok(false)
        }
    }
}

/// Finds the ticket that spoils a batch; the others must not wait for it.
async fn one_by_one(shared: &Shared, active: &Active, claim: &Claim) -> Result<bool> {
    let mut stored = false;
    for (place, ticket) in claim.tickets.iter().enumerate() {
        let alone = std::slice::from_ref(ticket);
        match embed(active, alone, Urgency::Background).await {
            Ok(vectors) => {
                queue::store(&shared.db, active.id, claim, alone, &vectors).await?;
                stored = true;
            }
            Err(fault @ (Fault::Texts(_) | Fault::Nonsense(_))) if !active.health.is_open() => {
                give_back(shared, active, claim, alone, &fault).await?;
            }
            // Not this ticket's fault after all.
            Err(fault) => {
                give_back(shared, active, claim, alone, &fault).await?;
                let rest = claim.tickets.get(place + 1..).unwrap_or_default();
                queue::give_back(&shared.db, active.id, claim, rest, None).await?;
                return Ok(stored);
            }
        }
    }
    Ok(stored)
}

async fn give_back(shared: &Shared, active: &Active, claim: &Claim, tickets: &[Claimed], fault: &Fault) -> Result<()> {
    metrics::counter!("callboard_embedding_faults_total", "model" => active.name.clone()).increment(1);
    let why = match fault {
        Fault::Texts(why) | Fault::Nonsense(why) => Some(why.as_str()),
        Fault::Provider(_) | Fault::Hung(_) | Fault::Busy(_) | Fault::Loading => None,
    };
    tracing::warn!(model = %active.name, tickets = tickets.len(), reason = %fault, "tickets were not embedded; they stay in the queue");
    queue::give_back(&shared.db, active.id, claim, tickets, why).await.map(drop)
}

async fn embed(active: &Active, tickets: &[Claimed], urgency: Urgency) -> Result<Vec<Vec<f32>>, Fault> {
    let texts: Vec<String> = tickets.iter().flat_map(|ticket| ticket.texts.iter().cloned()).collect();
    active.embed(&texts, active.dimensions, urgency).await
}

/// Asks a provider that failed for one small vector. If it answers, requests may use it again, and what it
/// failed at need not wait any longer.
async fn recovered(shared: &Shared, active: &Active) -> Result<bool> {
    let text = ["Is anybody there?".to_owned()];
    match active.embed(&text, active.dimensions, Urgency::Background).await {
        Ok(_) => {
            let tickets = queue::resume(&shared.db, active.id).await?;
            tracing::info!(model = %active.name, tickets, "the embedding provider works again");
            Ok(true)
        }
        Err(fault) => {
            tracing::debug!(model = %active.name, reason = %fault, "the embedding provider still fails");
            Ok(false)
        }
    }
}

/// Embeds one ticket ahead of the queue.
pub(super) async fn one(shared: &Shared, active: &Active, ticket: &str, deadline: Instant) -> bool {
    let outcome = async {
        loop {
            let lease = shared.settings.lease.as_secs_f64();
            let claim = queue::claim(&shared.db, active.id, 1, lease, Some(ticket)).await?;
            if !claim.tickets.is_empty() {
                return match embed(active, &claim.tickets, Urgency::Request).await {
                    Ok(vectors) => {
                        active.health.served_request(Instant::now() <= deadline);
                        shared.changed.store(true, Ordering::Relaxed);
                        queue::store(&shared.db, active.id, &claim, &claim.tickets, &vectors).await.map(|n| n == 1)
                    }
                    Err(fault) => give_back(shared, active, &claim, &claim.tickets, &fault).await.map(|()| false),
                };
            }
            // The queue's task was faster, here or on another server.
            if queue::is_embedded(&shared.db, active.id, ticket).await? {
                return Ok(true);
            }
            if Instant::now() + LOOK_AGAIN * 2 >= deadline {
                return Ok(false);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    .await;
    outcome.unwrap_or_else(|error: crate::Error| {
        tracing::debug!(%error, "a ticket was not embedded at once; it stays in the queue");
        false
    })
}

/// Counts how far the models are, for `/ready` and `/metrics`.
async fn count(shared: &Shared) {
    match queue::progress(&shared.db).await {
        Ok(progress) => {
            for model in &progress {
                for (state, number) in [
                    ("embedded", model.embedded),
                    ("total", model.total),
                    ("queued", model.queued),
                    ("failed", model.failed),
                ] {
                    metrics::gauge!("callboard_embeddings", "model" => model.model.clone(), "state" => state)
                        .set(number as f64);
                }
            }
            let mut known = shared.known_mut();
            // A model that is gone is not shown for ever as it was.
            for gone in known.progress.iter().filter(|old| progress.iter().all(|model| model.model != old.model)) {
                for state in ["embedded", "total", "queued", "failed"] {
                    metrics::gauge!("callboard_embeddings", "model" => gone.model.clone(), "state" => state).set(0.0);
                }
            }
            known.progress = progress;
        }
        Err(error) => tracing::debug!(%error, "embeddings were not counted"),
    }
}
