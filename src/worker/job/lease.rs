//! The lease of a claim, kept by heartbeats on a task of its own, and what the server says in answer.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::client::Client;
use crate::domain::jobs::leases::{Heartbeat, HeartbeatAnswer};
use crate::domain::jobs::{Job, JobStatus};
use crate::worker::Shop;

/// What the work has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orders {
    /// Go on.
    Go,
    /// Rest, until told otherwise.
    Rest,
    /// Stop, then say so.
    Cancel,
    /// Stop at once: the job is somebody else's.
    Lost,
}

/// A held job.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) job: String,
    pub(crate) token: String,
    pub(crate) orders: watch::Sender<Orders>,
    /// Where the command finds what people have answered.
    pub(crate) answers: PathBuf,
    /// Where it finds what was asked for.
    pub(crate) prompt: PathBuf,
    pub(crate) hurry: Hurry,
    beating: JoinHandle<()>,
}

/// Asks for heartbeats that do not wait for their time.
#[derive(Debug, Clone)]
pub(crate) struct Hurry(mpsc::Sender<oneshot::Sender<()>>);

impl Hurry {
    /// Until a heartbeat that began after this call has been answered and heeded, or has failed.
    pub(crate) async fn beat(&self) {
        let (told, answered) = oneshot::channel();
        if self.0.send(told).await.is_ok() {
            let _ = answered.await;
        }
    }
}

impl Lease {
    /// Begins the heartbeats. The lease counts from before the claim was asked for: then ours never lasts longer
    /// than the server's.
    pub(super) fn hold(shop: &Shop, job: &Job, token: &str, asked: std::time::Instant) -> Self {
        let (orders, _) = watch::channel(Orders::Go);
        let (hurry, hurried) = mpsc::channel(4);
        let folder = std::env::temp_dir().join(format!("callboard-{}-{}", std::process::id(), uuid::Uuid::new_v4()));
        let (answers, prompt) = (folder.join("answers.json"), folder.join("prompt.txt"));
        let made = std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&folder);
        if let Err(error) = made.and_then(|()| std::fs::write(&prompt, &job.initial_prompt)) {
            tracing::warn!(%error, "the prompt and answers of people cannot be handed to the command");
        }
        let lease = Duration::from_secs_f64(shop.config.lease_seconds);
        let heart = Heart {
            client: shop.client.clone(),
            job: job.id.clone(),
            beat: Heartbeat {
                lease_token: token.to_owned(),
                lease_seconds: Some(shop.config.lease_seconds),
                ..Heartbeat::default()
            },
            lease,
            until: Instant::from_std(asked) + lease,
            orders: orders.clone(),
            answers: answers.clone(),
            hurried,
            news: shop.news.subscribe(),
        };
        let beating = tokio::spawn(heart.beat());
        let (job, token) = (job.id.clone(), token.to_owned());
        Self { job, token, orders, answers, prompt, hurry: Hurry(hurry), beating }
    }

    /// Waits while the job rests.
    pub(super) async fn may_go_on(&self, shop: &Shop) -> Orders {
        let mut orders = self.orders.subscribe();
        let mut stopping = shop.stopping.clone();
        tokio::select! {
            order = orders.wait_for(|order| *order != Orders::Rest) => order.map_or(Orders::Lost, |order| *order),
            _ = stopping.wait_for(|stop| *stop) => *self.orders.borrow(),
        }
    }

    /// The lease is gone, as an answer of the server said.
    pub(super) async fn end(self) {
        self.beating.abort();
        if let Some(folder) = self.answers.parent() {
            let _ = tokio::fs::remove_dir_all(folder).await;
        }
    }
}

struct Heart {
    client: Client,
    job: String,
    beat: Heartbeat,
    lease: Duration,
    until: Instant,
    orders: watch::Sender<Orders>,
    answers: PathBuf,
    hurried: mpsc::Receiver<oneshot::Sender<()>>,
    news: broadcast::Receiver<Option<String>>,
}

impl Heart {
    async fn beat(mut self) {
        let mut missed = false;
        loop {
            let resting = *self.orders.borrow() == Orders::Rest;
            let pause = match (missed, resting) {
                (true, _) => (self.lease / 10).min(Duration::from_secs(1)),
                (_, true) => (self.lease / 3).min(Duration::from_secs(2)),
                _ => self.lease / 3,
            };
            // Those who asked are told by dropping their senders, when this beat is over.
            let _asked = tokio::select! {
                () = tokio::time::sleep(pause) => None,
                asked = self.hurried.recv() => asked,
                () = about(&mut self.news, &self.job) => None,
            };
            let at = Instant::now();
            match timeout_at(self.until, self.client.heartbeat(&self.job, &self.beat)).await {
                Ok(Ok(answer)) => {
                    missed = false;
                    self.until = at + self.lease;
                    self.heed(&answer).await;
                }
                Ok(Err(error)) if error.is_temporary() => {
                    tracing::debug!(%error, job = self.job, "a heartbeat did not arrive");
                    missed = true;
                }
                Ok(Err(_)) | Err(_) => return self.order(Orders::Lost),
            }
        }
    }

    async fn heed(&self, answer: &HeartbeatAnswer) {
        if !answer.approvals.is_empty() {
            // Written beside and renamed: a command never reads half of it.
            let text = serde_json::to_vec(&answer.approvals).unwrap_or_default();
            let beside = self.answers.with_extension("new");
            if tokio::fs::write(&beside, text).await.is_ok() {
                let _ = tokio::fs::rename(&beside, &self.answers).await;
            }
        }
        let rests = answer.pause_requested || matches!(answer.status, JobStatus::Paused | JobStatus::Waiting);
        self.order(match (answer.cancel_requested, rests) {
            (true, _) => Orders::Cancel,
            (_, true) => Orders::Rest,
            _ => Orders::Go,
        });
    }

    fn order(&self, order: Orders) {
        self.orders.send_if_modified(|now| {
            let changes = *now != order && *now != Orders::Lost;
            if changes {
                *now = order;
            }
            changes
        });
    }
}

/// Until something has happened to a job, or may have.
async fn about(news: &mut broadcast::Receiver<Option<String>>, job: &str) {
    loop {
        match news.recv().await {
            Ok(Some(other)) if other != job => {}
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
