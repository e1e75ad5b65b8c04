//! What a command says: output becomes log messages, directives become what they ask for, in the order of the
//! lines.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::lease::{Hurry, Lease, Orders};
use crate::client::{Client, Error};
use crate::domain::approvals::RequestApproval;
use crate::domain::jobs::messages::{Level, MessageKind, MessageRole};
use crate::domain::jobs::work::{NewApp, NewMessage, PostMessages, ReportProgress};
use crate::worker::Shop;
use crate::worker::config::Step;
use crate::worker::lines::{self, Directive};
use crate::worker::output::{Batch, FLUSH, Line};

const TAIL: usize = 20;

/// What is left of what was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The last commit that was named, and its message.
    pub(super) commit: Option<(String, Option<String>)>,
    /// How far the transcript is known.
    place: i64,
    errors: VecDeque<String>,
    output: VecDeque<String>,
}

impl Said {
    /// The last lines of standard error, or of the output where there are none.
    pub(super) fn tail(&self) -> String {
        let lines = if self.errors.is_empty() { &self.output } else { &self.errors };
        let text = lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        let from = text.len().saturating_sub(8000);
        text[text.ceil_char_boundary(from)..].trim().to_owned()
    }
}

/// The commit that an earlier attempt named.
pub(super) async fn earlier_commit(client: &Client, job: &str) -> Option<(String, Option<String>)> {
    let mut after = 0;
    let mut found = None;
    loop {
        let page = client.job_messages(job, Some("step"), after, 200).await.ok()?;
        for message in &page.messages {
            after = message.order;
            if let Some(sha) = message.metadata["commit_sha"].as_str() {
                found = Some((sha.to_owned(), message.metadata["commit_message"].as_str().map(str::to_owned)));
            }
        }
        if !page.has_more || page.messages.is_empty() {
            return found;
        }
    }
}

pub(super) struct Talk {
    client: Client,
    job: String,
    token: String,
    orders: watch::Sender<Orders>,
    hurry: Hurry,
    directory: PathBuf,
    said: Said,
    /// How this talk is told from others in the transcript, and how many batches it has sent.
    voice: String,
    batches: u64,
}

impl Talk {
    pub(super) fn new(shop: &Shop, lease: &Lease, step: &Step, said: Said) -> Self {
        Self {
            client: shop.client.clone(),
            job: lease.job.clone(),
            token: lease.token.clone(),
            orders: lease.orders.clone(),
            hurry: lease.hurry.clone(),
            directory: step.directory.clone(),
            said: Said { commit: said.commit, place: said.place, ..Said::default() },
            voice: uuid::Uuid::new_v4().simple().to_string().split_off(20),
            batches: 0,
        }
    }

    /// Until the output ends, or the lease is lost.
    pub(super) async fn run(mut self, mut lines: mpsc::Receiver<Line>) -> Said {
        let mut batch = Batch::default();
        let mut due = Instant::now();
        loop {
            if *self.orders.borrow() == Orders::Lost {
                return self.said;
            }
            let line = tokio::select! {
                line = lines.recv() => line,
                () = sleep_until(due), if !batch.is_empty() => {
                    self.post(batch.take()).await;
                    continue;
                }
            };
            let Some(line) = line else { break };
            if let (false, Some(directive)) = (line.error, lines::parse(&line.text)) {
                self.post(batch.take()).await;
                self.follow(directive).await;
                continue;
            }
            let kept = if line.error { &mut self.said.errors } else { &mut self.said.output };
            if kept.len() == TAIL {
                kept.pop_front();
            }
            kept.push_back(line.text.clone());
            if batch.is_empty() {
                due = Instant::now() + FLUSH;
            }
            batch.push(line);
            if batch.is_full() {
                self.post(batch.take()).await;
            }
        }
        self.post(batch.take()).await;
        self.said
    }

    async fn follow(&mut self, directive: Result<Directive, String>) {
        match directive {
            Ok(Directive::Progress(progress, message)) => {
                let input = ReportProgress {
                    lease_token: self.token.clone(),
                    progress: Some(progress),
                    message: message.map(|text| text.chars().take(2000).collect()),
                    agent_id: None,
                };
                let told = self.client.report_progress(&self.job, &input).await;
                self.heed(told.map(drop), "progress");
            }
            Ok(Directive::Message(text)) => self.post(vec![message(MessageKind::Chat, text, None)]).await,
            Ok(Directive::Commit(sha, text)) => {
                let about = json!({"commit_sha": sha, "commit_message": text});
                self.post(vec![message(MessageKind::Step, format!("Commit {sha}"), Some(about))]).await;
                self.said.commit = Some((sha, text));
            }
            Ok(Directive::Ask(question, options)) => {
                let ask = RequestApproval {
                    job_id: Some(self.job.clone()),
                    question,
                    options: (!options.is_empty()).then_some(options),
                    blocks_job: Some(true),
                    lease_token: Some(self.token.clone()),
                    ..RequestApproval::default()
                };
                let asked = self.client.ask(&ask).await;
                self.heed(asked.map(drop), "a question");
                // Nothing that was printed after the question is heeded before the job rests.
                self.hurry.beat().await;
            }
            Ok(Directive::App(spec, prd)) => match self.read_app(&spec, prd.as_deref()).await {
                Ok(app) => {
                    let put = self.client.put_app(&self.job, &app).await;
                    self.heed(put.map(drop), "an app");
                }
                Err(why) => self.complain(why).await,
            },
            Err(why) => self.complain(why).await,
        }
    }

    async fn read_app(&self, spec: &str, prd: Option<&str>) -> Result<NewApp, String> {
        let read = async |name: &str| {
            let text = tokio::fs::read_to_string(self.directory.join(name)).await;
            text.map_err(|error| format!("The file {name} of the app cannot be read: {error}."))
        };
        let spec = serde_json::from_str(&read(spec).await?)
            .map_err(|error| format!("The file {spec} is no JSON: {error}."))?;
        let prd_markdown = match prd {
            Some(name) => Some(read(name).await?),
            None => None,
        };
        Ok(NewApp { title: None, spec, prd_markdown })
    }

    async fn complain(&mut self, why: String) {
        let mut message = message(MessageKind::Step, why, None);
        message.level = Some(Level::Warning);
        self.post(vec![message]).await;
    }

    /// Adds lines; a server that is away is waited for as long as the lease holds. Where the answer was lost, the
    /// transcript tells whether the lines have arrived, so that they do not come twice.
    async fn post(&mut self, messages: Vec<NewMessage>) {
        let mut messages = messages.into_iter().peekable();
        while messages.peek().is_some() {
            self.batches += 1;
            let batch = format!("{}-{}", self.voice, self.batches);
            let mut part: Vec<NewMessage> = messages.by_ref().take(100).collect();
            for message in &mut part {
                message.metadata.get_or_insert_with(|| json!({}))["batch"] = json!(batch);
            }
            let input = PostMessages { lease_token: self.token.clone(), messages: part, agent_id: None };
            let mut unsure = false;
            while *self.orders.borrow() != Orders::Lost && !(unsure && self.has_arrived(&batch).await) {
                match self.client.post_messages(&self.job, &input).await {
                    Err(error) if error.is_temporary() => {
                        unsure = true;
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                    told => {
                        let last = told.as_ref().ok().and_then(|posted| posted.messages.last());
                        self.said.place = last.map_or(self.said.place, |message| message.order);
                        self.heed(told.map(drop), "output");
                        break;
                    }
                }
            }
        }
    }

    /// Whether the transcript holds a batch.
    async fn has_arrived(&mut self, batch: &str) -> bool {
        loop {
            let page = match self.client.job_messages(&self.job, None, self.said.place, 200).await {
                Ok(page) => page,
                Err(error) if error.is_temporary() && *self.orders.borrow() != Orders::Lost => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
                Err(_) => return false,
            };
            if page.messages.iter().any(|message| message.metadata["batch"] == batch) {
                return true;
            }
            let Some(last) = page.messages.last().filter(|_| page.has_more) else { return false };
            self.said.place = last.order;
        }
    }

    fn heed(&self, told: Result<(), Error>, what: &str) {
        match told {
            Ok(()) => {}
            Err(error) if error.code() == Some("lease_lost") => drop(self.orders.send_replace(Orders::Lost)),
            Err(error) => tracing::warn!(job = self.job, %error, what, "was not told"),
        }
    }
}

fn message(kind: MessageKind, content: String, metadata: Option<Value>) -> NewMessage {
    NewMessage { kind, content, role: Some(MessageRole::Agent), sender: None, level: None, metadata }
}
