//! Writes a command's output to the job's transcript and executes its directives, in the order of the lines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::lease::{Control, HeartbeatTrigger, Lease};
use super::usage::UsageReporter;
use crate::client::{Client, Error};
use crate::domain::approvals::RequestApproval;
use crate::domain::jobs::messages::{Level, MessageKind, MessageRole};
use crate::domain::jobs::work::{NewApp, NewMessage, PostMessages, ReportProgress};
use crate::worker::WorkerContext;
use crate::worker::config::Step;
use crate::worker::directives::{self, Directive};
use crate::worker::output::{Batch, FLUSH_INTERVAL, Line, Output};

/// Number of last lines that a failed job's error includes.
const TAIL_LINES: usize = 20;

/// What later stages and the job's result need from the output of a stage.
#[derive(Debug, Default)]
pub(super) struct StageOutput {
    /// The last reported commit and its message.
    pub(super) commit: Option<(String, Option<String>)>,
    stderr: VecDeque<String>,
    stdout: VecDeque<String>,
}

impl StageOutput {
    /// The last lines of standard error, or of standard output if standard error is empty.
    pub(super) fn tail(&self) -> String {
        let lines = if self.stderr.is_empty() { &self.stdout } else { &self.stderr };
        let text = lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        let from = text.len().saturating_sub(8000);
        text[text.ceil_char_boundary(from)..].trim().to_owned()
    }
}

/// What earlier attempts left in the transcript.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// The last reported commit and its message.
    pub(super) commit: Option<(String, Option<String>)>,
    /// The open session of an agent with its directory, by stage. Ended ones are not listed.
    pub(super) sessions: BTreeMap<Option<String>, (String, String)>,
    /// Approvals whose decisions an agent has received.
    pub(super) received: BTreeSet<String>,
}

impl Earlier {
    /// Reads the steps of a transcript; what cannot be read counts as absent.
    pub(super) async fn read(client: &Client, job: &str) -> Self {
        let mut found = Self::default();
        let mut after = 0;
        loop {
            let Ok(page) = client.job_messages(job, Some("step"), after, 200).await else { return found };
            for message in &page.messages {
                after = message.order;
                found.note(message.stage.as_ref(), &message.metadata);
            }
            if !page.has_more || page.messages.is_empty() {
                return found;
            }
        }
    }

    fn note(&mut self, stage: Option<&String>, metadata: &Value) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(sha) = text(&metadata["commit_sha"]) {
            self.commit = Some((sha, text(&metadata["commit_message"])));
        }
        self.received.extend(text(&metadata["acp"]["approval"]));
        if let Some(session) = text(&metadata["acp"]["session"]) {
            match text(&metadata["acp"]["directory"]) {
                Some(directory) => self.sessions.insert(stage.cloned(), (session, directory)),
                None => self.sessions.remove(&stage.cloned()),
            };
        }
    }
}

pub(super) struct TranscriptWriter {
    client: Client,
    job: String,
    token: String,
    control: watch::Sender<Control>,
    heartbeat: HeartbeatTrigger,
    usage: UsageReporter,
    directory: PathBuf,
    /// The job's progress when the stage begins and ends, in percent.
    progress: (f64, f64),
    output: StageOutput,
}

impl TranscriptWriter {
    pub(super) fn new(context: &WorkerContext, lease: &Lease, step: &Step, output: StageOutput) -> Self {
        Self {
            client: context.client.clone(),
            job: lease.job.clone(),
            token: lease.token.clone(),
            control: lease.control.clone(),
            heartbeat: lease.heartbeat.clone(),
            usage: UsageReporter::new(context, lease),
            directory: step.directory.clone(),
            progress: step.progress,
            output: StageOutput { commit: output.commit, ..StageOutput::default() },
        }
    }

    /// Processes the output of a stage until it ends or the lease is lost.
    pub(super) async fn run(mut self, mut outputs: mpsc::Receiver<Output>) -> StageOutput {
        let mut batch = Batch::default();
        let mut due = Instant::now();
        loop {
            if *self.control.borrow() == Control::LeaseLost {
                return self.output;
            }
            let output = tokio::select! {
                output = outputs.recv() => output,
                () = sleep_until(due), if !batch.is_empty() => {
                    self.post(batch.take()).await;
                    continue;
                }
            };
            if batch.is_empty() {
                due = Instant::now() + FLUSH_INTERVAL;
            }
            let directive = match output {
                None => break,
                Some(Output::Line(line)) if !line.error && directives::parse(&line.text).is_some() => {
                    directives::parse(&line.text)
                }
                Some(Output::Line(line)) => {
                    self.keep_in_tail(&line);
                    batch.push(line);
                    None
                }
                Some(Output::Message(message)) => {
                    batch.push_message(message);
                    None
                }
                Some(Output::Directive(directive)) => Some(directive),
                Some(Output::Written(sender)) => {
                    self.post(batch.take()).await;
                    drop(sender);
                    continue;
                }
                Some(Output::Plan(done, message)) => {
                    let (from, to) = self.progress;
                    Some(Ok(Directive::Progress(from + (to - from) * done.clamp(0.0, 1.0), message)))
                }
            };
            if let Some(directive) = directive {
                self.post(batch.take()).await;
                self.execute(directive).await;
            }
            if batch.is_full() {
                self.post(batch.take()).await;
            }
        }
        self.post(batch.take()).await;
        self.output
    }

    fn keep_in_tail(&mut self, line: &Line) {
        let tail = if line.error { &mut self.output.stderr } else { &mut self.output.stdout };
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(line.text.clone());
    }

    async fn execute(&mut self, directive: Result<Directive, String>) {
        match directive {
            Ok(Directive::Progress(progress, message)) => {
                let input = ReportProgress {
                    lease_token: self.token.clone(),
                    progress: Some(progress),
                    message: message.map(|text| text.chars().take(2000).collect()),
                    agent_id: None,
                };
                let reported = self.client.report_progress(&self.job, &input).await;
                self.check(reported.map(drop), "progress");
            }
            Ok(Directive::Message(text)) => self.post(vec![message(MessageKind::Chat, text, None)]).await,
            Ok(Directive::Commit(sha, text)) => {
                let metadata = json!({"commit_sha": sha, "commit_message": text});
                self.post(vec![message(MessageKind::Step, format!("Commit {sha}"), Some(metadata))]).await;
                self.output.commit = Some((sha, text));
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
                self.check(asked.map(drop), "question");
                // The heartbeat pauses the job before later lines are processed.
                self.heartbeat.now().await;
            }
            Ok(Directive::Usage(report)) => {
                if let Err(why) = self.usage.report(*report).await {
                    self.warn(why).await;
                }
            }
            Ok(Directive::App(spec, prd)) => match self.read_app(&spec, prd.as_deref()).await {
                Ok(app) => {
                    let put = self.client.put_app(&self.job, &app).await;
                    self.check(put.map(drop), "app");
                }
                Err(why) => self.warn(why).await,
            },
            Err(why) => self.warn(why).await,
        }
    }

    async fn read_app(&self, spec: &str, prd: Option<&str>) -> Result<NewApp, String> {
        let read = async |name: &str| {
            let text = tokio::fs::read_to_string(self.directory.join(name)).await;
            text.map_err(|error| format!("The file {name} of the app cannot be read: {error}."))
        };
        let spec = serde_json::from_str(&read(spec).await?)
            .map_err(|error| format!("The file {spec} is not valid JSON: {error}."))?;
        let prd_markdown = match prd {
            Some(name) => Some(read(name).await?),
            None => None,
        };
        Ok(NewApp { title: None, spec, prd_markdown })
    }

    /// Adds a warning to the transcript.
    async fn warn(&mut self, why: String) {
        let mut message = message(MessageKind::Step, why, None);
        message.level = Some(Level::Warning);
        self.post(vec![message]).await;
    }

    /// Posts messages, with retries until the lease is lost. The repetitions have the same idempotency key, so that no
    /// message is stored twice.
    async fn post(&mut self, messages: Vec<NewMessage>) {
        let mut messages = messages.into_iter().peekable();
        while messages.peek().is_some() {
            let part: Vec<NewMessage> = messages.by_ref().take(100).collect();
            let input = PostMessages { lease_token: self.token.clone(), messages: part, agent_id: None };
            let client = self.client.with_idempotency_key(&uuid::Uuid::now_v7().to_string());
            while *self.control.borrow() != Control::LeaseLost {
                match client.post_messages(&self.job, &input).await {
                    Err(error) if error.is_temporary() => tokio::time::sleep(Duration::from_millis(500)).await,
                    posted => {
                        self.check(posted.map(drop), "output");
                        break;
                    }
                }
            }
        }
    }

    /// Handles the result of a write: notes a lost lease, and logs other errors.
    fn check(&self, result: Result<(), Error>, what: &str) {
        match result {
            Ok(()) => {}
            Err(error) if error.code() == Some("lease_lost") => drop(self.control.send_replace(Control::LeaseLost)),
            Err(error) => tracing::warn!(job = self.job, %error, what, "a write to the server failed"),
        }
    }
}

/// A message in the name of the worker.
pub(super) fn message(kind: MessageKind, content: String, metadata: Option<Value>) -> NewMessage {
    NewMessage { kind, content, role: Some(MessageRole::Agent), sender: None, level: None, metadata }
}
