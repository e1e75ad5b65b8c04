//! Two more agents, who work as workers do: they claim jobs, go through stages, tell what they do, and ask
//! a person now and then. Where no job waits, they ask for one themselves.

use std::time::Duration;

use serde_json::{Value, json};

use super::agent_client::{Desk, Refused};
use super::job_texts as texts;
use super::texts::any;
use crate::domain::tickets::Card;

/// A worker of the demo.
#[derive(Debug)]
pub struct Worker {
    pub id: &'static str,
    pub name: &'static str,
}

/// The workers of the demo. What they are assigned, the other agents leave alone.
pub const WORKERS: [Worker; 2] = [Worker { id: "demo/echo", name: "Echo" }, Worker { id: "demo/finch", name: "Finch" }];

/// The columns a job of the demo goes through.
const STAGES: [&str; 3] = ["in_progress", "review", "testing"];

/// Whether a ticket is a worker's.
pub fn is_worked_on(card: &Card) -> bool {
    card.assigned_agent_id.as_deref().is_some_and(|id| WORKERS.iter().any(|worker| worker.id == id))
}

/// Takes a job and does it to its end, or makes one where none waits. `slower` stretches every pause.
pub async fn step(desk: &Desk, slower: u64) -> Result<(), Refused> {
    let name = WORKERS.iter().find(|worker| worker.id == desk.agent).map_or("worker", |worker| worker.name);
    let claim = json!({"workflow_id": desk.workflow, "worker": name, "lease_seconds": 600});
    let mut claimed = desk.post("/api/jobs/claim", claim).await?;
    let (Some(id), Some(token)) = (claimed["job"]["job_id"].as_str(), claimed["lease_token"].as_str()) else {
        return ask_for_work(desk).await;
    };
    let (id, token) = (id.to_owned(), token.to_owned());
    Lease { desk, id, token, slower, job: claimed["job"].take() }.work().await
}

/// Makes a job of the ticket that waits longest.
async fn ask_for_work(desk: &Desk) -> Result<(), Refused> {
    let cards = desk.cards().await?;
    let waits = |card: &&Card| {
        matches!(card.status.as_str(), "todo" | "backlog") && !card.is_blocked && card.assigned_agent_id.is_none()
    };
    let Some(card) = cards.iter().filter(waits).max_by_key(|card| card.status == "todo") else { return Ok(()) };
    let body = json!({
        "ticket_id": card.ticket_id, "title": card.title, "job_type": "build", "stages": STAGES, "queue": true,
        "initial_prompt": format!("Do what {} asks for. Keep the change small, and prove it with a test.", card.key),
    });
    desk.post("/api/jobs", body).await.map(drop)
}

/// How a worker's report was taken.
enum Go {
    On,
    /// A person has stopped the job.
    Stopped,
}

struct Lease<'a> {
    desk: &'a Desk,
    id: String,
    token: String,
    slower: u64,
    job: Value,
}

impl Lease<'_> {
    async fn work(&self) -> Result<(), Refused> {
        self.say(any(texts::HELLO)).await?;
        let from = self.job["stage"].as_str().and_then(|at| STAGES.iter().position(|stage| *stage == at)).unwrap_or(0);
        for (place, stage) in STAGES.iter().enumerate().skip(from) {
            self.post("stage", json!({"stage": stage})).await?;
            for beat in 0..texts::STEPS[place].len() {
                if let Go::Stopped = self.beat(place, beat).await? {
                    return self.post("cancelled", json!({"reason": "A person said so."})).await.map(drop);
                }
            }
            if place == 0 && fastrand::u8(..100) < 45 {
                self.ask().await?;
            }
        }
        self.finish().await
    }

    /// A little work: some output, what it came to, how far it is.
    async fn beat(&self, place: usize, beat: usize) -> Result<Go, Refused> {
        self.pause().await;
        let (step, output) = texts::STEPS[place][beat];
        let lines: Vec<Value> = output
            .lines()
            .map(|line| json!({"kind": "log", "content": line}))
            .chain([json!({"kind": "step", "content": step})])
            .collect();
        self.post("messages", json!({"messages": lines})).await?;
        let before: usize = texts::STEPS[..place].iter().map(|steps| steps.len()).sum();
        let all: usize = texts::STEPS.iter().map(|steps| steps.len()).sum();
        let done = (before + beat + 1) * 100 / all;
        self.post("progress", json!({"progress": done.min(99), "message": step})).await?;
        self.rest().await
    }

    /// While a person lets the job rest, so does its worker.
    async fn rest(&self) -> Result<Go, Refused> {
        loop {
            let told = self.post("heartbeat", json!({"lease_seconds": 600})).await?;
            if told["cancel_requested"] == true {
                return Ok(Go::Stopped);
            }
            if told["status"] == "running" {
                return Ok(Go::On);
            }
            self.pause().await;
        }
    }

    /// Asks a person, and waits for the answer as long as one may be expected.
    async fn ask(&self) -> Result<(), Refused> {
        let (question, context, options) = any(texts::QUESTIONS);
        let body = json!({
            "job_id": self.id, "question": question, "context": context, "options": options,
            "blocks_job": true, "expires_in_seconds": 180, "lease_token": self.token,
        });
        let asked = self.desk.post("/api/approvals", body).await?;
        self.say(&format!("I need a person here: {question}")).await?;
        if let Go::Stopped = self.rest().await? {
            return Ok(());
        }
        let told = self.post("heartbeat", json!({"lease_seconds": 600})).await?;
        let answer = told["approvals"]
            .as_array()
            .and_then(|decided| decided.iter().find(|one| one["id"] == asked["id"]))
            .and_then(|one| one["answer"].as_str().or(one["status"].as_str()));
        match answer {
            Some("expired") | None => self.say(texts::NO_ANSWER).await,
            Some(answer) => self.say(&format!("Thank you. I go on with: {answer}")).await,
        }
    }

    async fn finish(&self) -> Result<(), Refused> {
        if fastrand::u8(..100) < 12 {
            return self.post("fail", json!({"error": any(texts::FAILURES)})).await.map(drop);
        }
        self.say(any(texts::DONE)).await?;
        let title = self.job["title"].as_str().unwrap_or("The change");
        let mut body = json!({
            "result": {"tests": {"passed": fastrand::u32(12..200), "failed": 0}, "files_changed": fastrand::u32(1..9)},
            "resolution_comment": "Built, reviewed and tested in one job; its transcript tells how.",
        });
        if fastrand::u8(..100) < 35 {
            body["app"] =
                json!({"title": title, "spec": texts::spec(title), "prd_markdown": texts::description(title)});
        }
        self.post("complete", body).await.map(drop)
    }

    async fn say(&self, content: &str) -> Result<(), Refused> {
        let message = json!({"kind": "chat", "role": "assistant", "content": content});
        self.post("messages", json!({"messages": [message]})).await.map(drop)
    }

    async fn post(&self, what: &str, mut body: Value) -> Result<Value, Refused> {
        body["lease_token"] = self.token.as_str().into();
        self.desk.post(&format!("/api/jobs/{}/{what}", self.id), body).await
    }

    async fn pause(&self) {
        tokio::time::sleep(Duration::from_millis(self.slower * fastrand::u64(1500..=4500))).await;
    }
}
