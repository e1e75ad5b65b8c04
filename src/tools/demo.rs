//! The demo: a small workflow on which simulated agents work through the HTTP API like real ones, each with its own
//! API key. They read the board before every step, so a restart continues where the last run stopped, and people can
//! join in.

mod agent_client;
mod agents;
mod job_texts;
mod texts;
mod workers;

use std::future::Future;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use self::agent_client::{AgentClient, RequestError};
use self::agents::{PERSONAS, Persona};
use self::workers::WORKERS;
use crate::db::Db;
use crate::domain::accounts::keys::{self, KeyRequest};
use crate::domain::accounts::{Caller, agents as actors};
use crate::domain::operators;
use crate::domain::workflows::{self, BoardConfig, CreateWorkflow, Role};
use crate::{Error, Result};

/// The name of the demo workflow.
pub const WORKFLOW: &str = "Demo: the bicycle shop";

/// Lifetime of the demo's API keys; a longer run creates new ones.
const KEY_DAYS: i64 = 2;

/// Time after which the agents work ten times slower, so that an unattended demo stays small.
const FULL_SPEED_FOR: Duration = Duration::from_secs(3600);

/// An initial ticket of the demo.
#[derive(Debug, Deserialize)]
struct Idea {
    title: String,
    text: String,
    #[serde(rename = "type")]
    kind: String,
    priority: String,
    tags: Vec<String>,
    points: f64,
    column: String,
    /// Indexes of the tickets that block it.
    after: Vec<usize>,
    comments: Vec<IdeaComment>,
}

/// A comment on an initial ticket.
#[derive(Debug, Deserialize)]
struct IdeaComment {
    by: String,
    text: String,
}

/// A simulated worker for the jobs that a compatibility listener queues.
#[derive(Debug, Clone)]
pub struct ListenerWorker {
    /// The key of the listener's service.
    pub key: SecretString,
    /// The type of the jobs.
    pub job_type: String,
}

/// Works on the jobs of a compatibility listener until its key is no longer valid.
pub async fn work_for_listener(base_url: &str, worker: ListenerWorker) -> Result<()> {
    let client = AgentClient::new(base_url, worker.key.expose_secret().to_owned(), "simulated", "")?;
    client.wait_for_server().await?;
    let started = Instant::now();
    loop {
        let slower = if started.elapsed() > FULL_SPEED_FOR { 10 } else { 1 };
        match workers::step_for_listener(&client, &worker.job_type, slower).await {
            Ok(()) => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(RequestError::Key) => return Err(Error::Setup("The key of a listener is no longer valid.".to_owned())),
            Err(RequestError::Busy) => tokio::time::sleep(Duration::from_secs(5)).await,
            Err(RequestError::Other(why)) => {
                tracing::debug!(job_type = worker.job_type, why, "demo job abandoned");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Runs the demo against the server at `base_url` until `cancel` is ready. The workflow and the agents' keys are
/// created in `db`, the server's database.
pub async fn run(base_url: &str, db: &Db, cancel: impl Future<Output = ()>) -> Result<()> {
    // Fails only if the same provider is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::select! {
        () = cancel => Ok(()),
        outcome = run_agents(base_url.trim_end_matches('/'), db) => outcome,
    }
}

async fn run_agents(base_url: &str, db: &Db) -> Result<()> {
    let started = Instant::now();
    loop {
        let (workflow, clients) = open(base_url, db).await?;
        clients[0].wait_for_server().await?;
        match create_tickets(&clients).await {
            Ok(()) => {}
            Err(RequestError::Key) => continue,
            Err(other) => tracing::warn!(%other, "some of the demo's initial tickets could not be created"),
        }
        tracing::info!(workflow, "demo agents started on {WORKFLOW}");
        let (planners, workers) = clients.split_at(PERSONAS.len());
        let planning =
            PERSONAS.iter().zip(planners).map(|(persona, client)| Box::pin(work_on_tickets(persona, client, started)));
        let working = workers.iter().map(|client| Box::pin(work_on_jobs(client, started)));
        // When one key is no longer valid, all agents get new keys.
        tokio::select! {
            _ = futures_util::future::select_all(planning) => {}
            _ = futures_util::future::select_all(working) => {}
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// Finds or creates the workflow, and creates a client with a new API key for each agent.
async fn open(base_url: &str, db: &Db) -> Result<(String, Vec<AgentClient>)> {
    let caller = operators::operator(db, None).await?;
    let workflow = match operators::find_workflow(db, &caller, WORKFLOW).await {
        Ok(id) => id,
        Err(error) if error.as_problem().status == 404 => create(db, &caller).await?,
        Err(error) => return Err(error),
    };
    let expires_at = Timestamp::now().checked_add(SignedDuration::from_hours(24 * KEY_DAYS)).ok();
    let mut clients = Vec::new();
    let agents = PERSONAS.iter().map(|one| (one.id, one.name)).chain(WORKERS.iter().map(|one| (one.id, one.name)));
    for (id, name) in agents {
        actors::provision(db, id, actors::Kind::Agent, Some(name)).await?;
        workflows::set_member(db, &caller, &workflow, id, Role::Member).await?;
        let request = KeyRequest {
            name: "demo".to_owned(),
            actor_id: Some(id.to_owned()),
            scopes: Some(vec!["read".to_owned(), "write".to_owned()]),
            expires_at,
            workflows: None,
        };
        let created = keys::create(db, &caller, &request).await?;
        clients.push(AgentClient::new(base_url, created.key, id, &workflow)?);
    }
    Ok((workflow, clients))
}

async fn create(db: &Db, caller: &Caller) -> Result<String> {
    let column = |id, name, color, category, limit: Option<i64>| json!({"id": id, "name": name, "color": color, "category": category, "wip_limit": limit});
    let board = json!({
        "name": "Bicycle shop",
        "columns": [
            column("backlog", "Backlog", "#9ca3af", "todo", None),
            column("todo", "To do", "#6b7280", "todo", None),
            column("in_progress", "In progress", "#3b82f6", "active", Some(5)),
            column("review", "Code review", "#f59e0b", "active", Some(4)),
            column("testing", "Testing", "#8b5cf6", "active", Some(4)),
            column("done", "Done", "#10b981", "done", None),
        ],
        "settings": {"track_time": true},
    });
    let board: BoardConfig = serde_json::from_value(board)
        .map_err(|error| Error::Internal(format!("the demo's board cannot be parsed: {error}")))?;
    let input = CreateWorkflow {
        name: WORKFLOW.to_owned(),
        description: Some(
            "An online shop for bicycle parts. Simulated agents work here through the API: four with \
             tickets, two with jobs. Move a card, write a comment or answer a question, and they go on from there."
                .to_owned(),
        ),
        template: Some("development".to_owned()),
        board_config: Some(board),
        agent_id: None,
    };
    Ok(workflows::create(db, caller, &input).await?.id)
}

/// Creates the initial tickets if there are no tickets.
async fn create_tickets(clients: &[AgentClient]) -> Result<(), RequestError> {
    if !clients[0].cards().await?.is_empty() {
        return Ok(());
    }
    let ideas: Vec<Idea> = serde_json::from_str(include_str!("demo/ideas.json"))
        .map_err(|error| RequestError::Other(format!("ideas.json cannot be parsed: {error}")))?;
    let at = |by: &str| PERSONAS.iter().position(|persona| persona.id.ends_with(by)).unwrap_or(0);
    let mut ids: Vec<String> = Vec::new();
    for (index, idea) in ideas.iter().enumerate() {
        let author = &clients[index % PERSONAS.len()];
        let assigned = matches!(idea.column.as_str(), "in_progress" | "review" | "testing" | "done");
        let created = author
            .post(
                "/api/tickets/create",
                json!({
                    "workflow_id": author.workflow, "title": idea.title, "description": idea.text,
                    "ticket_type": idea.kind, "priority": idea.priority, "tags": idea.tags,
                    "story_points": idea.points, "initial_status": idea.column,
                    "assigned_agent_id": assigned.then(|| PERSONAS[index % 2].id),
                    "blocked_by_ticket_ids": idea.after.iter().filter_map(|earlier| ids.get(*earlier)).collect::<Vec<_>>(),
                }),
            )
            .await?;
        let id = created["ticket_id"].as_str().unwrap_or_default().to_owned();
        for comment in &idea.comments {
            let body = json!({"ticket_id": id, "comment_text": comment.text});
            clients[at(&comment.by)].post("/api/tickets/comment", body).await?;
        }
        ids.push(id);
    }
    Ok(())
}

/// Runs one worker until its key is no longer valid.
async fn work_on_jobs(client: &AgentClient, started: Instant) {
    loop {
        let slower = if started.elapsed() > FULL_SPEED_FOR { 10 } else { 1 };
        tokio::time::sleep(Duration::from_millis(slower * fastrand::u64(2000..=6000))).await;
        match workers::step(client, slower).await {
            Ok(()) => {}
            Err(RequestError::Key) => return,
            Err(RequestError::Busy) => tokio::time::sleep(Duration::from_secs(5)).await,
            // The lease was lost or a person ended the job; the next step claims another one.
            Err(RequestError::Other(why)) => tracing::debug!(agent = client.agent, why, "demo job abandoned"),
        }
    }
}

/// Runs one agent until its key is no longer valid.
async fn work_on_tickets(persona: &Persona, client: &AgentClient, started: Instant) {
    loop {
        let slower = if started.elapsed() > FULL_SPEED_FOR { 10 } else { 1 };
        tokio::time::sleep(Duration::from_millis(slower * fastrand::u64(1000..=6000))).await;
        match agents::step(persona, client).await {
            Ok(()) => {}
            Err(RequestError::Key) => return,
            Err(RequestError::Busy) => tokio::time::sleep(Duration::from_secs(5)).await,
            // Another actor was faster, or a rule of the board forbids the step; the next step reads the board again.
            Err(RequestError::Other(why)) => tracing::debug!(agent = persona.id, why, "demo step rejected"),
        }
    }
}
