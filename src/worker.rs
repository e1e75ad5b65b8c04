//! A worker: claims jobs from a server and runs a command for each of their stages. It speaks to the server
//! through the client, with a key, like any program; everything it writes carries the lease of its claim.

pub mod command;
pub mod config;
pub mod directives;
mod drop_folder;
mod job;
mod output;
mod redact;

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Notify, Semaphore, broadcast, watch};
use tokio::task::JoinSet;

use self::config::Config;
use crate::client::{Client, Cursor, Update};
use crate::domain::jobs::leases::ClaimJob;
use crate::{Error, Result};

/// How long the answer to the last claim is waited for.
const LAST_CLAIM: Duration = Duration::from_secs(5);

/// When to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When it is told to.
    Stopped,
    /// After one job, or at once where none is ready.
    Once,
    /// When nothing is ready any more.
    Drained,
}

/// What all jobs of a worker share.
pub(crate) struct Shop {
    client: Client,
    config: Config,
    workflow: Option<String>,
    redact: redact::Secrets,
    key: String,
    stopping: watch::Receiver<bool>,
    /// Which job something has happened to; none: perhaps to any of them.
    news: broadcast::Sender<Option<String>>,
}

/// Works until the end that was asked for, or until `stopping` says true. Answers whether every job went well.
/// With `inbox`, jobs are also made of the files in that folder.
pub async fn run(
    client: Client,
    config: Config,
    key: &str,
    until: Until,
    inbox: Option<&Path>,
    stopping: watch::Receiver<bool>,
) -> Result<bool> {
    if let Some(folder) = inbox {
        drop_folder::prepare(folder)?;
    }
    let Some(workflow) = find_workflow(&client, &config, until, stopping.clone()).await? else { return Ok(true) };
    let redact = redact::Secrets::new(key, &config, std::env::vars());
    let slots = Arc::new(Semaphore::new(config.concurrency));
    let shop = Arc::new(Shop {
        client,
        config,
        workflow,
        redact,
        key: key.to_owned(),
        stopping,
        news: broadcast::channel(64).0,
    });
    let bell = Arc::new(Notify::new());
    let ringer = tokio::spawn(ring(shop.clone(), bell.clone()));
    let waiting = Arc::new(AtomicBool::new(inbox.is_some()));
    let files =
        inbox.map(|folder| tokio::spawn(drop_folder::run(shop.clone(), folder.to_owned(), until, waiting.clone())));
    let outcome = claim(&shop, &slots, &bell, until, &waiting).await;
    ringer.abort();
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

/// The workflow that the settings name, inside: its id. None where the worker was stopped before the server
/// could be reached; one that goes on until it is stopped waits for its server.
async fn find_workflow(
    client: &Client,
    config: &Config,
    until: Until,
    mut stopping: watch::Receiver<bool>,
) -> Result<Option<Option<String>>> {
    let Some(name) = &config.workflow else { return Ok(Some(None)) };
    loop {
        match client.find_workflow(name).await {
            Ok(found) => return Ok(Some(Some(found.id))),
            Err(error) if error.is_temporary() && until == Until::Stopped => {
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

/// Claims jobs while there are free places, and waits for the bell where there are none ready.
async fn claim(
    shop: &Arc<Shop>,
    slots: &Arc<Semaphore>,
    bell: &Notify,
    until: Until,
    inbox: &AtomicBool,
) -> Result<bool> {
    let mut stopping = shop.stopping.clone();
    let mut running = JoinSet::new();
    let mut well = true;
    let input = ClaimJob {
        workflow_id: shop.workflow.clone(),
        job_types: Some(shop.config.jobs.keys().filter(|kind| *kind != "*").cloned().collect())
            .filter(|kinds: &Vec<String>| !kinds.is_empty() && !shop.config.jobs.contains_key("*")),
        worker: Some(shop.config.name.clone()),
        lease_seconds: Some(shop.config.lease_seconds),
        agent_id: None,
    };
    loop {
        let slot = tokio::select! {
            slot = slots.clone().acquire_owned() => slot.map_err(|_| Error::Internal("the places are closed".into()))?,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        while let Some(ended) = running.try_join_next() {
            well &= ended.unwrap_or(false);
        }
        let asked = std::time::Instant::now();
        let mut claim = pin!(shop.client.claim_job(&input));
        let claimed = tokio::select! {
            claimed = &mut claim => claimed,
            // A claim on its way may be granted, and is given back then; a server that is away is not waited for.
            _ = stopping.wait_for(|stop| *stop) => match tokio::time::timeout(LAST_CLAIM, claim).await {
                Ok(claimed) => claimed,
                Err(_) => break,
            },
        };
        match claimed {
            Ok(claimed) => {
                if let (Some(job), Some(token)) = (claimed.job, claimed.lease_token) {
                    let shop = shop.clone();
                    running.spawn(async move {
                        let _slot = slot;
                        job::work(&shop, job, token, asked).await
                    });
                    if until == Until::Once {
                        break;
                    }
                    continue;
                }
            }
            Err(error) if error.is_temporary() && until == Until::Stopped => {
                tracing::warn!(%error, "no job could be claimed");
            }
            Err(error) => {
                while running.join_next().await.is_some() {}
                return Err(error.into());
            }
        }
        drop(slot);
        if until != Until::Stopped && running.is_empty() && !inbox.load(Ordering::SeqCst) {
            break;
        }
        let poll = if until == Until::Stopped { shop.config.poll() } else { Duration::from_millis(500) };
        tokio::select! {
            () = bell.notified() => {}
            () = tokio::time::sleep(poll.mul_f64(0.9 + 0.2 * fastrand::f64())) => {}
            Some(ended) = running.join_next(), if !running.is_empty() => well &= ended.unwrap_or(false),
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    while let Some(ended) = running.join_next().await {
        well &= ended.unwrap_or(false);
    }
    Ok(well)
}

/// Rings whenever something about jobs happens in a workflow the worker may take them from, and passes on what
/// happens to those it holds: people need not wait for the next heartbeat.
async fn ring(shop: Arc<Shop>, bell: Arc<Notify>) {
    let workflows = match &shop.workflow {
        Some(id) => vec![id.clone()],
        None => match shop.client.workflows().await {
            Ok(found) => found.into_iter().map(|workflow| workflow.id).take(50).collect(),
            Err(error) => return tracing::warn!(%error, "new jobs are only found by asking"),
        },
    };
    let mut rooms = JoinSet::new();
    for workflow in workflows {
        let (client, bell, news) = (shop.client.clone(), bell.clone(), shop.news.clone());
        rooms.spawn(async move {
            let since: Option<Cursor> = client.end_of_stream(&workflow).await.ok();
            let mut room = client.watch(&format!("workflow:{workflow}"), since);
            while let Some(Ok(update)) = room.next().await {
                match update {
                    Update::Event(event) if says_nothing_of_ready_jobs(&event.kind) => {}
                    Update::Event(event) => {
                        if let Some(job) = event.job_id {
                            // Without listeners nothing is held.
                            let _ = news.send(Some(job));
                        }
                        bell.notify_one();
                    }
                    Update::Snapshot(..) => {}
                    Update::Live(_) | Update::Resync(..) => {
                        let _ = news.send(None);
                        bell.notify_one();
                    }
                }
            }
        });
    }
    while rooms.join_next().await.is_some() {}
}

/// Ready is also what a ticket that moved, an answer or a change of the board made so: only what is known to
/// be without consequence is left out.
fn says_nothing_of_ready_jobs(kind: &str) -> bool {
    const PARTS: [&str; 7] =
        ["job_progress", "job_message", "job_stage", "comment_", "commit_", "activity", "ticket_progress"];
    PARTS.iter().any(|part| kind.starts_with(part))
}
