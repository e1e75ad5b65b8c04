//! Keeps the lease of a claimed job with heartbeats on a separate task, and passes on the requests in their responses.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::client::Client;
use crate::domain::jobs::leases::{Heartbeat, HeartbeatAnswer};
use crate::domain::jobs::{Job, JobStatus};
use crate::worker::WorkerContext;

/// What the running job has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// Keep running.
    Continue,
    /// Pause until the next change.
    Pause,
    /// The job waits for a decision of people. A command pauses; an agent may go on.
    Wait,
    /// Stop, then confirm the cancellation.
    Cancel,
    /// Stop at once: another worker may hold the job.
    LeaseLost,
}

impl Control {
    /// Whether the job is paused, or waits for people.
    pub(crate) fn is_pause(self) -> bool {
        matches!(self, Self::Pause | Self::Wait)
    }
}

/// A held job.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) job: String,
    pub(crate) token: String,
    pub(crate) control: watch::Sender<Control>,
    /// File with the answers of people, for the command.
    pub(crate) answers: PathBuf,
    /// File with the job's prompt, for the command.
    pub(crate) prompt: PathBuf,
    pub(crate) heartbeat: HeartbeatTrigger,
    heartbeats: JoinHandle<()>,
}

/// Triggers a heartbeat before it is due.
#[derive(Debug, Clone)]
pub(crate) struct HeartbeatTrigger(mpsc::Sender<oneshot::Sender<()>>);

impl HeartbeatTrigger {
    /// Waits until a heartbeat that started after this call was processed or has failed.
    pub(crate) async fn now(&self) {
        let (done, processed) = oneshot::channel();
        if self.0.send(done).await.is_ok() {
            let _ = processed.await;
        }
    }
}

impl Lease {
    /// Starts the heartbeats. The lease counts from before the claim was sent, so that it never outlasts the server's.
    pub(super) fn hold(context: &WorkerContext, job: &Job, token: &str, claimed_at: std::time::Instant) -> Self {
        let (control, _) = watch::channel(Control::Continue);
        let (trigger, triggered) = mpsc::channel(4);
        let folder = std::env::temp_dir().join(format!("callboard-{}-{}", std::process::id(), uuid::Uuid::new_v4()));
        let (answers, prompt) = (folder.join("answers.json"), folder.join("prompt.txt"));
        let created = std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&folder);
        if let Err(error) = created.and_then(|()| std::fs::write(&prompt, &job.initial_prompt)) {
            tracing::warn!(%error, "the files for the prompt and the answers could not be created");
        }
        let lease = Duration::from_secs_f64(context.config.lease_seconds);
        let heartbeats = HeartbeatLoop {
            client: context.client.clone(),
            job: job.id.clone(),
            request: Heartbeat {
                lease_token: token.to_owned(),
                lease_seconds: Some(context.config.lease_seconds),
                ..Heartbeat::default()
            },
            lease,
            expires_at: Instant::from_std(claimed_at) + lease,
            control: control.clone(),
            answers: answers.clone(),
            triggered,
            job_events: context.job_events.subscribe(),
        };
        let heartbeats = tokio::spawn(heartbeats.run());
        let (job, token) = (job.id.clone(), token.to_owned());
        Self { job, token, control, answers, prompt, heartbeat: HeartbeatTrigger(trigger), heartbeats }
    }

    /// Waits while the job is paused, unless the worker is stopped; returns the current request.
    pub(super) async fn wait_while_paused(&self, context: &WorkerContext) -> Control {
        let mut control = self.control.subscribe();
        let mut stopping = context.stopping.clone();
        tokio::select! {
            request = control.wait_for(|request| !request.is_pause()) => request.map_or(Control::LeaseLost, |request| *request),
            _ = stopping.wait_for(|stop| *stop) => *self.control.borrow(),
        }
    }

    /// Stops the heartbeats and removes the files, after the outcome was reported.
    pub(super) async fn end(self) {
        self.heartbeats.abort();
        if let Some(folder) = self.answers.parent() {
            let _ = tokio::fs::remove_dir_all(folder).await;
        }
    }
}

struct HeartbeatLoop {
    client: Client,
    job: String,
    request: Heartbeat,
    lease: Duration,
    expires_at: Instant,
    control: watch::Sender<Control>,
    answers: PathBuf,
    triggered: mpsc::Receiver<oneshot::Sender<()>>,
    job_events: broadcast::Receiver<Option<String>>,
}

impl HeartbeatLoop {
    async fn run(mut self) {
        let mut missed = false;
        loop {
            let paused = self.control.borrow().is_pause();
            let delay = match (missed, paused) {
                (true, _) => (self.lease / 10).min(Duration::from_secs(1)),
                (_, true) => (self.lease / 3).min(Duration::from_secs(2)),
                _ => self.lease / 3,
            };
            // Dropping the sender after this heartbeat notifies the caller of `HeartbeatTrigger::now`.
            let _waiting = tokio::select! {
                () = tokio::time::sleep(delay) => None,
                waiting = self.triggered.recv() => waiting,
                () = next_event(&mut self.job_events, &self.job) => None,
            };
            let sent_at = Instant::now();
            match timeout_at(self.expires_at, self.client.heartbeat(&self.job, &self.request)).await {
                Ok(Ok(answer)) => {
                    missed = false;
                    self.expires_at = sent_at + self.lease;
                    self.apply(&answer).await;
                }
                Ok(Err(error)) if error.is_temporary() => {
                    tracing::debug!(%error, job = self.job, "heartbeat failed; will retry");
                    missed = true;
                }
                Ok(Err(_)) | Err(_) => return self.set(Control::LeaseLost),
            }
        }
    }

    async fn apply(&self, answer: &HeartbeatAnswer) {
        if !answer.approvals.is_empty() {
            // Written to a temporary file and renamed, so that a command never reads a partial file.
            let text = serde_json::to_vec(&answer.approvals).unwrap_or_default();
            let temporary = self.answers.with_extension("new");
            if tokio::fs::write(&temporary, text).await.is_ok() {
                let _ = tokio::fs::rename(&temporary, &self.answers).await;
            }
        }
        self.set(match answer.status {
            _ if answer.cancel_requested => Control::Cancel,
            _ if answer.pause_requested => Control::Pause,
            JobStatus::Paused => Control::Pause,
            JobStatus::Waiting => Control::Wait,
            _ => Control::Continue,
        });
    }

    fn set(&self, request: Control) {
        self.control.send_if_modified(|current| {
            let changed = *current != request && *current != Control::LeaseLost;
            if changed {
                *current = request;
            }
            changed
        });
    }
}

/// Waits until the job has, or may have, a new event.
async fn next_event(job_events: &mut broadcast::Receiver<Option<String>>, job: &str) {
    loop {
        match job_events.recv().await {
            Ok(Some(other)) if other != job => {}
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
