//! A worker: claims jobs and runs a command or an agent for each of their stages. It uses the public API through the client, with
//! an API key. Every write carries the lease token of its claim (fencing).

pub mod acp;
pub mod command;
pub mod config;
pub mod directives;
mod drop_folder;
mod job;
mod output;
mod redact;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Notify, Semaphore, broadcast, watch};
use tokio::task::JoinSet;

use self::config::Config;
pub use self::drop_folder::{DropFolder, Layout};
use crate::client::{Client, Cursor, Outcome, Update};
use crate::domain::jobs::leases::ClaimJob;
use crate::{Error, Result};

/// How long a stopping worker waits for the response to its last claim.
const LAST_CLAIM_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// Until it is stopped.
    Forever,
    /// For one job; ends at once if none is ready.
    Once,
    /// Until no job is ready.
    Drain,
}

/// State shared by all jobs of a worker.
pub(crate) struct WorkerContext {
    client: Client,
    config: Config,
    workflow: Option<String>,
    redact: redact::Secrets,
    key: String,
    stopping: watch::Receiver<bool>,
    /// Ids of jobs with new events; `None` if any job may have changed.
    job_events: broadcast::Sender<Option<String>>,
}

/// Runs a worker as `mode` says, or until `stopping` is true. Returns whether all jobs succeeded.
/// With `drop_folder`, jobs are also created from the files in that folder.
pub async fn run(
    client: Client,
    config: Config,
    key: &str,
    mode: RunMode,
    drop_folder: Option<DropFolder>,
    stopping: watch::Receiver<bool>,
) -> Result<bool> {
    if let Some(folder) = &drop_folder {
        drop_folder::prepare(folder)?;
    }
    let Some(workflow) = find_workflow(&client, &config, mode, stopping.clone()).await? else { return Ok(true) };
    let redact = redact::Secrets::new(key, &config, std::env::vars());
    let slots = Arc::new(Semaphore::new(config.concurrency));
    let context = Arc::new(WorkerContext {
        client,
        config,
        workflow,
        redact,
        key: key.to_owned(),
        stopping,
        job_events: broadcast::channel(64).0,
    });
    let wake_up = Arc::new(Notify::new());
    let subscriber = tokio::spawn(follow_events(context.clone(), wake_up.clone()));
    let files_pending = Arc::new(AtomicBool::new(drop_folder.is_some()));
    let files =
        drop_folder.map(|folder| tokio::spawn(drop_folder::run(context.clone(), folder, mode, files_pending.clone())));
    let outcome = claim_jobs(&context, &slots, &wake_up, mode, &files_pending).await;
    subscriber.abort();
    let files = match files {
        Some(task) if outcome.is_ok() => task.await.unwrap_or(false),
        Some(task) => {
            task.abort();
            false
        }
        None => true,
    };
    Ok(outcome? && files)
}

/// Resolves the workflow of the settings to its id (the inner option). In `RunMode::Forever`, waits for an unavailable
/// server; returns `None` if the worker was stopped meanwhile.
async fn find_workflow(
    client: &Client,
    config: &Config,
    mode: RunMode,
    mut stopping: watch::Receiver<bool>,
) -> Result<Option<Option<String>>> {
    let Some(name) = &config.workflow else { return Ok(Some(None)) };
    loop {
        match client.find_workflow(name).await {
            Ok(found) => return Ok(Some(Some(found.id))),
            Err(error) if error.is_temporary() && mode == RunMode::Forever => {
                tracing::warn!(%error, "waiting for the server");
            }
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            _ = stopping.wait_for(|stop| *stop) => return Ok(None),
        }
    }
}

/// A claim and its repetitions.
struct ClaimAttempt {
    key: String,
    /// When it was first sent; its lease is counted from then.
    sent_at: Option<std::time::Instant>,
}

impl ClaimAttempt {
    fn new() -> Self {
        Self { key: uuid::Uuid::now_v7().to_string(), sent_at: None }
    }
}

/// Claims jobs while slots are free. If none is ready, waits for an event or for the poll interval.
async fn claim_jobs(
    context: &Arc<WorkerContext>,
    slots: &Arc<Semaphore>,
    wake_up: &Notify,
    mode: RunMode,
    files_pending: &AtomicBool,
) -> Result<bool> {
    let mut stopping = context.stopping.clone();
    let mut running = JoinSet::new();
    let mut all_succeeded = true;
    let input = ClaimJob {
        workflow_id: context.workflow.clone(),
        job_types: Some(context.config.jobs.keys().filter(|kind| *kind != "*").cloned().collect())
            .filter(|kinds: &Vec<String>| !kinds.is_empty() && !context.config.jobs.contains_key("*")),
        worker: Some(context.config.name.clone()),
        lease_seconds: Some(context.config.lease_seconds),
        agent_id: None,
    };
    let mut attempt = ClaimAttempt::new();
    loop {
        let slot = tokio::select! {
            slot = slots.clone().acquire_owned() => slot.map_err(|_| Error::Internal("the semaphore of slots is closed".into()))?,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        while let Some(ended) = running.try_join_next() {
            all_succeeded &= ended.unwrap_or(false);
        }
        if attempt.sent_at.is_some_and(|sent| sent.elapsed().as_secs_f64() > context.config.lease_seconds / 2.0) {
            // A lease that an earlier claim may have taken is left to expire.
            attempt = ClaimAttempt::new();
        }
        let claimed_at = *attempt.sent_at.get_or_insert_with(std::time::Instant::now);
        let client = context.client.with_idempotency_key(&attempt.key);
        let mut claim = pin!(client.claim_job(&input));
        let claimed = tokio::select! {
            claimed = &mut claim => claimed,
            // A claim in flight may still succeed; the job is then released.
            _ = stopping.wait_for(|stop| *stop) => match tokio::time::timeout(LAST_CLAIM_TIMEOUT, claim).await {
                Ok(claimed) => claimed,
                Err(_) => break,
            },
        };
        // While it is unknown whether a job was claimed, the same claim is repeated.
        let unknown = claimed.as_ref().is_err_and(|error| error.outcome() != Outcome::NotDone);
        if !unknown {
            attempt = ClaimAttempt::new();
        }
        match claimed {
            Ok(claimed) => {
                if let (Some(job), Some(token)) = (claimed.job, claimed.lease_token) {
                    let context = context.clone();
                    running.spawn(async move {
                        let _slot = slot;
                        job::work(&context, job, token, claimed_at).await
                    });
                    if mode == RunMode::Once {
                        break;
                    }
                    continue;
                }
            }
            Err(error) if error.is_temporary() && mode == RunMode::Forever => {
                tracing::warn!(%error, "claiming a job failed; will retry");
            }
            Err(error) if error.code() == Some("lease_lost") => {
                tracing::warn!("the lease of a claim whose response was lost has expired");
            }
            Err(error) => {
                while running.join_next().await.is_some() {}
                return Err(error.into());
            }
        }
        drop(slot);
        if mode != RunMode::Forever && running.is_empty() && !files_pending.load(Ordering::SeqCst) {
            break;
        }
        let poll =
            if mode == RunMode::Forever && !unknown { context.config.poll() } else { Duration::from_millis(500) };
        tokio::select! {
            () = wake_up.notified() => {}
            () = tokio::time::sleep(poll.mul_f64(0.9 + 0.2 * fastrand::f64())) => {}
            Some(ended) = running.join_next(), if !running.is_empty() => all_succeeded &= ended.unwrap_or(false),
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    while let Some(ended) = running.join_next().await {
        all_succeeded &= ended.unwrap_or(false);
    }
    Ok(all_succeeded)
}

/// Subscribes to the worker's workflows. Events wake up the claim loop and trigger an early heartbeat of the job
/// concerned, so that a pause, a cancellation or an answer takes effect at once.
async fn follow_events(context: Arc<WorkerContext>, wake_up: Arc<Notify>) {
    let workflows = match &context.workflow {
        Some(id) => vec![id.clone()],
        None => match context.client.workflows().await {
            Ok(found) => found.into_iter().map(|workflow| workflow.id).take(50).collect(),
            Err(error) => {
                return tracing::warn!(%error, "event subscription failed; new jobs are found by polling only");
            }
        },
    };
    let mut rooms = JoinSet::new();
    for workflow in workflows {
        let (client, wake_up, job_events) = (context.client.clone(), wake_up.clone(), context.job_events.clone());
        rooms.spawn(async move {
            let since: Option<Cursor> = client.end_of_stream(&workflow).await.ok();
            let mut room = client.watch(&format!("workflow:{workflow}"), since);
            while let Some(Ok(update)) = room.next().await {
                match update {
                    Update::Event(event) if cannot_make_a_job_ready(&event.kind) => {}
                    Update::Event(event) => {
                        if let Some(job) = event.job_id {
                            // Fails only if no job is running.
                            let _ = job_events.send(Some(job));
                        }
                        wake_up.notify_one();
                    }
                    Update::Snapshot(..) => {}
                    Update::Live(_) | Update::Resync(..) => {
                        let _ = job_events.send(None);
                        wake_up.notify_one();
                    }
                }
            }
        });
    }
    while rooms.join_next().await.is_some() {}
}

/// A job can become ready through a moved ticket, an answer or a board change too, so only event types that certainly
/// have no effect are skipped.
fn cannot_make_a_job_ready(kind: &str) -> bool {
    const PREFIXES: [&str; 8] =
        ["job_progress", "job_message", "job_stage", "usage_", "comment_", "commit_", "activity", "ticket_progress"];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix))
}
