//! The background task that processes the queue: a batch is claimed in one transaction, embedded outside of any, and
//! stored in another. If a server dies in between, its lease expires.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::provider::{ProviderError, Urgency};
use super::queue::{self, Claim, Claimed};
use super::shared::{Active, Shared};
use crate::Result;
use crate::db::Work;

/// Maximum time between two looks at the queue and the models.
const BATCH_INTERVAL: Duration = Duration::from_secs(10);
/// Delay before the first retry of loading a model; it doubles.
const LOAD_RETRY_DELAY: Duration = Duration::from_secs(1);

/// Interval of counting progress while there is work, and while idle.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
const IDLE_PROGRESS_INTERVAL: Duration = Duration::from_secs(60);

/// Interval at which a request checks whether another task has embedded its ticket.
const RECHECK_INTERVAL: Duration = Duration::from_millis(15);

/// Processes the queue until aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    activate_model(&shared).await;
    let mut had_work = false;
    let mut counted: Option<Instant> = None;
    loop {
        let worked = match run_once(&shared).await {
            Ok(worked) => worked,
            Err(error) => {
                tracing::warn!(%error, "embedding queue could not be processed; it will be retried");
                false
            }
        };
        if worked {
            shared.changed.store(true, Ordering::Relaxed);
        }
        let changed = shared.changed.load(Ordering::Relaxed);
        let every = match changed {
            // The last batch of a run: count now.
            true if !worked && had_work => Duration::ZERO,
            true => PROGRESS_INTERVAL,
            false => IDLE_PROGRESS_INTERVAL,
        };
        if counted.is_none_or(|at| at.elapsed() >= every) {
            shared.changed.store(false, Ordering::Relaxed);
            update_progress(&shared).await;
            counted = Some(Instant::now());
        }
        had_work = worked;
        if !worked {
            // What is not counted yet is counted soon.
            let limit = if shared.changed.load(Ordering::Relaxed) { PROGRESS_INTERVAL } else { BATCH_INTERVAL };
            tokio::select! {
                () = shared.db.wait_for_work(Work::Embeddings, limit) => {}
                () = shared.stored.notified() => {}
            }
        }
    }
}

/// Loads and registers the configured model; until that succeeds, search uses keywords only.
async fn activate_model(shared: &Shared) {
    let Some(configured) = &shared.configured else { return };
    let mut wait = LOAD_RETRY_DELAY;
    loop {
        let outcome = match configured.provider.prepare().await {
            Ok(dimensions) => queue::register(&shared.db, configured.provider.name(), dimensions)
                .await
                .map(drop)
                .map_err(|error| match error {
                    crate::Error::Problem(problem) => problem.detail,
                    other => format!("{other}."),
                }),
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(()) => break,
            Err(why) => {
                tracing::warn!(model = configured.provider.name(), reason = %why, "embedding model unavailable; using keyword search");
                shared.known_mut().failure = Some(why);
            }
        }
        tokio::time::sleep(wait.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
        wait = (wait * 2).min(Duration::from_secs(30));
    }
    shared.known_mut().failure = None;
    tracing::info!(model = configured.provider.name(), "embedding model ready");
}

/// Processes one batch for each model this server supports and returns whether there was any work.
async fn run_once(shared: &Shared) -> Result<bool> {
    let mut worked = false;
    for active in refresh_models(shared).await? {
        if active.breaker.wait().is_some() {
            continue;
        }
        if active.breaker.is_open() && !probe(shared, &active).await? {
            continue;
        }
        let max = active.provider.provider.batch_size();
        let claim = queue::claim(&shared.db, active.id, max, shared.settings.lease.as_secs_f64(), None).await?;
        worked |= claim.dropped > 0;
        if !claim.tickets.is_empty() {
            worked |= embed_batch(shared, &active, &claim).await?;
        }
    }
    if !worked {
        let maintenance = queue::maintain(&shared.db).await?;
        if let Some(model) = maintenance.promoted {
            tracing::info!(%model, "all tickets embedded; model promoted to serving");
            refresh_models(shared).await?;
        }
        worked = maintenance.removed > 0;
    }
    Ok(worked)
}

/// Reloads the models in use and returns those this server has a provider for.
async fn refresh_models(shared: &Shared) -> Result<Vec<Active>> {
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

/// Embeds and stores the claimed tickets and returns whether any was stored.
async fn embed_batch(shared: &Shared, active: &Active, claim: &Claim) -> Result<bool> {
    let embedding = embed(active, &claim.tickets, Urgency::Background);
    // Ends before the lease expires, so that no other server starts on the same tickets.
    let time_limit = shared.settings.lease.mul_f64(0.8);
    let outcome = tokio::time::timeout(time_limit, embedding).await.unwrap_or_else(|_| {
        let why = format!("It needed more than {} seconds for {} tickets.", time_limit.as_secs(), claim.tickets.len());
        active.breaker.timed_out(&why);
        Err(ProviderError::TimedOut(why))
    });
    match outcome {
        Ok(vectors) => {
            queue::store(&shared.db, active.id, claim, &claim.tickets, &vectors).await?;
            Ok(true)
        }
        Err(ProviderError::RejectedInput(why) | ProviderError::InvalidResponse(why)) if claim.tickets.len() > 1 => {
            tracing::debug!(reason = %why, "batch rejected; embedding its tickets individually");
            embed_individually(shared, active, claim).await
        }
        Err(error) => {
            release(shared, active, claim, &claim.tickets, &error).await?;
            Ok(false)
        }
    }
}

/// Embeds tickets one at a time, so that one rejected text does not block the rest of its batch.
async fn embed_individually(shared: &Shared, active: &Active, claim: &Claim) -> Result<bool> {
    let mut stored = false;
    for (index, ticket) in claim.tickets.iter().enumerate() {
        let alone = std::slice::from_ref(ticket);
        match embed(active, alone, Urgency::Background).await {
            Ok(vectors) => {
                queue::store(&shared.db, active.id, claim, alone, &vectors).await?;
                stored = true;
            }
            Err(error @ (ProviderError::RejectedInput(_) | ProviderError::InvalidResponse(_)))
                if !active.breaker.is_open() =>
            {
                release(shared, active, claim, alone, &error).await?;
            }
            // A provider failure, not a rejected text: release the rest too.
            Err(error) => {
                release(shared, active, claim, alone, &error).await?;
                let rest = claim.tickets.get(index + 1..).unwrap_or_default();
                queue::release(&shared.db, active.id, claim, rest, None).await?;
                return Ok(stored);
            }
        }
    }
    Ok(stored)
}

async fn release(
    shared: &Shared,
    active: &Active,
    claim: &Claim,
    tickets: &[Claimed],
    error: &ProviderError,
) -> Result<()> {
    metrics::counter!("callboard_embedding_faults_total", "model" => active.name.clone()).increment(1);
    let why = match error {
        ProviderError::RejectedInput(why) | ProviderError::InvalidResponse(why) => Some(why.as_str()),
        ProviderError::Unavailable(_)
        | ProviderError::TimedOut(_)
        | ProviderError::RateLimited(_)
        | ProviderError::Loading => None,
    };
    tracing::warn!(model = %active.name, tickets = tickets.len(), reason = %error, "embedding failed; tickets stay in the queue");
    queue::release(&shared.db, active.id, claim, tickets, why).await.map(drop)
}

async fn embed(active: &Active, tickets: &[Claimed], urgency: Urgency) -> Result<Vec<Vec<f32>>, ProviderError> {
    let texts: Vec<String> = tickets.iter().flat_map(|ticket| ticket.texts.iter().cloned()).collect();
    active.embed(&texts, active.dimensions, urgency).await
}

/// Probes a provider whose breaker is open with one short text. On success requests use it again, and the tickets it
/// failed on can be claimed immediately.
async fn probe(shared: &Shared, active: &Active) -> Result<bool> {
    let text = ["ping".to_owned()];
    match active.embed(&text, active.dimensions, Urgency::Background).await {
        Ok(_) => {
            let tickets = queue::resume(&shared.db, active.id).await?;
            tracing::info!(model = %active.name, tickets, "embedding provider recovered");
            Ok(true)
        }
        Err(error) => {
            tracing::debug!(model = %active.name, reason = %error, "embedding provider still failing");
            Ok(false)
        }
    }
}

/// Embeds one ticket ahead of the queue.
pub(super) async fn embed_ticket(shared: &Shared, active: &Active, ticket: &str, deadline: Instant) -> bool {
    let outcome = async {
        loop {
            let lease = shared.settings.lease.as_secs_f64();
            let claim = queue::claim(&shared.db, active.id, 1, lease, Some(ticket)).await?;
            if !claim.tickets.is_empty() {
                let is_local = active.provider.provider.is_local();
                let work = embed(active, &claim.tickets, Urgency::Write);
                let outcome =
                    if is_local { tokio::time::timeout_at(deadline.into(), work).await } else { Ok(work.await) };
                let Ok(outcome) = outcome else {
                    // No core is free any more. The queue's task gets one in the end.
                    queue::release(&shared.db, active.id, &claim, &claim.tickets, None).await?;
                    shared.db.wake_due_work();
                    return Ok(false);
                };
                return match outcome {
                    Ok(vectors) => {
                        if !is_local {
                            active.breaker.request_succeeded(Instant::now() <= deadline);
                        }
                        shared.changed.store(true, Ordering::Relaxed);
                        shared.stored.notify_one();
                        queue::store(&shared.db, active.id, &claim, &claim.tickets, &vectors).await.map(|n| n == 1)
                    }
                    Err(error) => release(shared, active, &claim, &claim.tickets, &error).await.map(|()| false),
                };
            }
            // Another task, here or on another server, may have embedded it.
            if queue::is_embedded(&shared.db, active.id, ticket).await? {
                return Ok(true);
            }
            if Instant::now() + RECHECK_INTERVAL * 2 >= deadline {
                return Ok(false);
            }
            tokio::time::sleep(RECHECK_INTERVAL).await;
        }
    }
    .await;
    outcome.unwrap_or_else(|error: crate::Error| {
        tracing::debug!(%error, "ticket not embedded within the request; it stays in the queue");
        false
    })
}

/// Counts the progress of the models for `/ready` and `/metrics`.
async fn update_progress(shared: &Shared) {
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
            // Resets the gauges of removed models, which would otherwise keep their last values.
            for removed in known.progress.iter().filter(|old| progress.iter().all(|model| model.model != old.model)) {
                for state in ["embedded", "total", "queued", "failed"] {
                    metrics::gauge!("callboard_embeddings", "model" => removed.model.clone(), "state" => state)
                        .set(0.0);
                }
            }
            known.progress = progress;
        }
        Err(error) => tracing::debug!(%error, "embedding progress could not be counted"),
    }
}
