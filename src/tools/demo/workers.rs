//! Two more agents that act as workers: they claim jobs, run their stages, report progress and sometimes ask a person.
//! If no job is queued, they create one. Others take what the clients of other systems send to compatibility listeners.

use std::time::Duration;

use serde_json::{Value, json};

use super::agent_client::{AgentClient, RequestError};
use super::job_texts as texts;
use super::texts::pick;
use crate::domain::tickets::Card;

/// A simulated worker.
#[derive(Debug)]
pub struct Worker {
    pub id: &'static str,
    pub name: &'static str,
}

/// The simulated workers. The other agents skip tickets that are assigned to them.
pub const WORKERS: [Worker; 2] = [Worker { id: "demo/echo", name: "Echo" }, Worker { id: "demo/finch", name: "Finch" }];

/// The stages of a demo job.
const STAGES: [&str; 3] = ["in_progress", "review", "testing"];

/// Whether a ticket is assigned to a worker.
pub fn is_worked_on(card: &Card) -> bool {
    card.assigned_agent_id.as_deref().is_some_and(|id| WORKERS.iter().any(|worker| worker.id == id))
}

/// Claims a job and runs it to its end, or creates one if none is queued. `slower` multiplies every pause.
pub async fn step(client: &AgentClient, slower: u64) -> Result<(), RequestError> {
    let name = WORKERS.iter().find(|worker| worker.id == client.agent).map_or("worker", |worker| worker.name);
    let claim = json!({"workflow_id": client.workflow, "worker": name, "lease_seconds": 600});
    let mut claimed = client.post("/api/jobs/claim", claim).await?;
    let (Some(id), Some(token)) = (claimed["job"]["job_id"].as_str(), claimed["lease_token"].as_str()) else {
        return create_job(client).await;
    };
    let (id, token) = (id.to_owned(), token.to_owned());
    let stages = STAGES.map(str::to_owned).into();
    Lease { client, id, token, slower, job: claimed["job"].take(), stages, for_listener: false }.work().await
}

/// Claims a job that arrived through a compatibility listener, in any workflow of the client's key, and runs its stages.
pub async fn step_for_listener(client: &AgentClient, job_type: &str, slower: u64) -> Result<(), RequestError> {
    let claim = json!({"job_types": [job_type], "worker": "simulated worker", "lease_seconds": 600});
    let mut claimed = client.post("/api/jobs/claim", claim).await?;
    let (Some(id), Some(token)) = (claimed["job"]["job_id"].as_str(), claimed["lease_token"].as_str()) else {
        return Ok(());
    };
    let (id, token) = (id.to_owned(), token.to_owned());
    let job = claimed["job"].take();
    let named = job["stages"].as_array().into_iter().flatten().filter_map(|stage| stage.as_str().map(str::to_owned));
    let mut stages: Vec<String> = named.collect();
    if stages.is_empty() {
        stages.push("build".to_owned());
    }
    Lease { client, id, token, slower, job, stages, for_listener: true }.work().await
}

/// Creates a job for a ready ticket, preferably one in the column `todo`.
async fn create_job(client: &AgentClient) -> Result<(), RequestError> {
    let cards = client.cards().await?;
    let is_ready = |card: &&Card| {
        matches!(card.status.as_str(), "todo" | "backlog") && !card.is_blocked && card.assigned_agent_id.is_none()
    };
    let Some(card) = cards.iter().filter(is_ready).max_by_key(|card| card.status == "todo") else { return Ok(()) };
    let body = json!({
        "ticket_id": card.ticket_id, "title": card.title, "job_type": "build", "stages": STAGES, "queue": true,
        "initial_prompt": format!("Do what {} asks for. Keep the change small, and prove it with a test.", card.key),
    });
    client.post("/api/jobs", body).await.map(drop)
}

/// Whether a job may continue.
enum Control {
    Continue,
    /// A person has cancelled the job.
    Cancelled,
}

/// The steps of a stage; the last ones repeat.
fn steps(stage_index: usize) -> &'static [(&'static str, &'static str)] {
    texts::STEPS[stage_index.min(texts::STEPS.len() - 1)]
}

struct Lease<'a> {
    client: &'a AgentClient,
    id: String,
    token: String,
    slower: u64,
    job: Value,
    stages: Vec<String>,
    /// Whether the job's client cannot answer questions, and shows what was made.
    for_listener: bool,
}

impl Lease<'_> {
    async fn work(&self) -> Result<(), RequestError> {
        self.post_chat(pick(texts::HELLO)).await?;
        let from =
            self.job["stage"].as_str().and_then(|at| self.stages.iter().position(|stage| stage == at)).unwrap_or(0);
        for (stage_index, stage) in self.stages.iter().enumerate().skip(from) {
            self.post("stage", json!({"stage": stage})).await?;
            for step in 0..steps(stage_index).len() {
                if let Control::Cancelled = self.run_step(stage_index, step).await? {
                    return self.post("cancelled", json!({"reason": "Cancelled by a person."})).await.map(drop);
                }
            }
            if stage_index == 0 && !self.for_listener && fastrand::u8(..100) < 45 {
                self.ask().await?;
            }
        }
        self.finish().await
    }

    /// Simulates one step: posts output, a summary and the progress.
    async fn run_step(&self, stage_index: usize, step: usize) -> Result<Control, RequestError> {
        self.pause().await;
        let (summary, output) = steps(stage_index)[step];
        let lines: Vec<Value> = output
            .lines()
            .map(|line| json!({"kind": "log", "content": line}))
            .chain([json!({"kind": "step", "content": summary, "metadata": {"type": "tool_use"}})])
            .collect();
        self.post("messages", json!({"messages": lines})).await?;
        let before: usize = (0..stage_index).map(|index| steps(index).len()).sum();
        let all: usize = (0..self.stages.len()).map(|index| steps(index).len()).sum();
        let done = (before + step + 1) * 100 / all;
        self.post("progress", json!({"progress": done.min(99), "message": summary})).await?;
        self.wait_while_paused().await
    }

    /// Waits while the job is paused or waits for an answer.
    async fn wait_while_paused(&self) -> Result<Control, RequestError> {
        loop {
            let beat = self.post("heartbeat", json!({"lease_seconds": 600})).await?;
            if beat["cancel_requested"] == true {
                return Ok(Control::Cancelled);
            }
            if beat["status"] == "running" {
                return Ok(Control::Continue);
            }
            self.pause().await;
        }
    }

    /// Asks a person and waits for the answer until the question expires.
    async fn ask(&self) -> Result<(), RequestError> {
        let (question, context, options) = pick(texts::QUESTIONS);
        let body = json!({
            "job_id": self.id, "question": question, "context": context, "options": options,
            "blocks_job": true, "expires_in_seconds": 180, "lease_token": self.token,
        });
        let asked = self.client.post("/api/approvals", body).await?;
        self.post_chat(&format!("I need a person here: {question}")).await?;
        if let Control::Cancelled = self.wait_while_paused().await? {
            return Ok(());
        }
        let beat = self.post("heartbeat", json!({"lease_seconds": 600})).await?;
        let answer = beat["approvals"]
            .as_array()
            .and_then(|decided| decided.iter().find(|one| one["id"] == asked["id"]))
            .and_then(|one| one["answer"].as_str().or(one["status"].as_str()));
        match answer {
            Some("expired") | None => self.post_chat(texts::NO_ANSWER).await,
            Some(answer) => self.post_chat(&format!("Thank you. I continue with: {answer}")).await,
        }
    }

    async fn finish(&self) -> Result<(), RequestError> {
        if fastrand::u8(..100) < 12 {
            return self.post("fail", json!({"error": pick(texts::FAILURES)})).await.map(drop);
        }
        self.post_chat(pick(texts::DONE)).await?;
        let title = self.job["title"].as_str().unwrap_or("The change");
        let mut body = json!({
            "result": {"tests": {"passed": fastrand::u32(12..200), "failed": 0}, "files_changed": fastrand::u32(1..9)},
            "resolution_comment": "Built, reviewed and tested in one job; see its transcript.",
        });
        if self.for_listener || fastrand::u8(..100) < 35 {
            body["app"] =
                json!({"title": title, "spec": texts::spec(title), "prd_markdown": texts::description(title)});
        }
        self.post("complete", body).await.map(drop)
    }

    async fn post_chat(&self, content: &str) -> Result<(), RequestError> {
        let message = json!({"kind": "chat", "role": "assistant", "content": content});
        self.post("messages", json!({"messages": [message]})).await.map(drop)
    }

    async fn post(&self, what: &str, mut body: Value) -> Result<Value, RequestError> {
        body["lease_token"] = self.token.as_str().into();
        self.client.post(&format!("/api/jobs/{}/{what}", self.id), body).await
    }

    async fn pause(&self) {
        tokio::time::sleep(Duration::from_millis(self.slower * fastrand::u64(1500..=4500))).await;
    }
}
