//! The demo: a small workflow on which simulated agents work through the HTTP API, as real ones would,
//! each with an API key of its own. They read the board before every step, so a restart goes on where
//! the last run stopped, and people may join in.

mod agent_client;
mod agents;
mod job_texts;
mod texts;
mod workers;

use std::future::Future;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use self::agent_client::{Desk, Refused};
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

/// Keys of the demo end by themselves; a run that lasts longer makes new ones.
const KEY_DAYS: i64 = 2;

/// After this time the agents work ten times slower, so that a demo left alone stays small.
const LIVELY: Duration = Duration::from_secs(3600);

/// A ticket the demo begins with.
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
    /// Places in the list of what blocks it.
    after: Vec<usize>,
    comments: Vec<Saying>,
}

/// A comment the demo begins with.
#[derive(Debug, Deserialize)]
struct Saying {
    by: String,
    text: String,
}

/// Runs the demo against the server at `base_url` until `cancel` is ready. `db` is the server's database:
/// the workflow and the agents' keys are made there.
pub async fn run(base_url: &str, db: &Db, cancel: impl Future<Output = ()>) -> Result<()> {
    // Another part of the program may have chosen already; it is the same choice.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::select! {
        () = cancel => Ok(()),
        outcome = work(base_url.trim_end_matches('/'), db) => outcome,
    }
}

async fn work(base_url: &str, db: &Db) -> Result<()> {
    let started = Instant::now();
    loop {
        let (workflow, desks) = open(base_url, db).await?;
        desks[0].wait_for_server().await?;
        match seed(&desks).await {
            Ok(()) => {}
            Err(Refused::Key) => continue,
            Err(other) => tracing::warn!(%other, "the demo's first tickets could not all be made"),
        }
        tracing::info!(workflow, "simulated agents work on {WORKFLOW}");
        let (planners, workers) = desks.split_at(PERSONAS.len());
        let lives = PERSONAS.iter().zip(planners).map(|(persona, desk)| Box::pin(live(persona, desk, started)));
        let works = workers.iter().map(|desk| Box::pin(work_on_jobs(desk, started)));
        // The first whose key no longer holds ends the round; then all get new ones.
        tokio::select! {
            _ = futures_util::future::select_all(lives) => {}
            _ = futures_util::future::select_all(works) => {}
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// The workflow, and for each agent a place to work with a fresh key.
async fn open(base_url: &str, db: &Db) -> Result<(String, Vec<Desk>)> {
    let caller = operators::operator(db, None).await?;
    let workflow = match operators::find_workflow(db, &caller, WORKFLOW).await {
        Ok(id) => id,
        Err(error) if error.as_problem().status == 404 => create(db, &caller).await?,
        Err(error) => return Err(error),
    };
    let expires_at = Timestamp::now().checked_add(SignedDuration::from_hours(24 * KEY_DAYS)).ok();
    let mut desks = Vec::new();
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
        let made = keys::create(db, &caller, &request).await?;
        desks.push(Desk::new(base_url, made.key, id, &workflow)?);
    }
    Ok((workflow, desks))
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
    let board: BoardConfig =
        serde_json::from_value(board).map_err(|error| Error::Internal(format!("the demo's board: {error}")))?;
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
    Ok(workflows::create(db, caller, &input, None).await?.id)
}

/// Makes the first tickets, if there are none.
async fn seed(desks: &[Desk]) -> Result<(), Refused> {
    if !desks[0].cards().await?.is_empty() {
        return Ok(());
    }
    let ideas: Vec<Idea> = serde_json::from_str(include_str!("demo/ideas.json"))
        .map_err(|error| Refused::Other(format!("the list of ideas: {error}")))?;
    let at = |by: &str| PERSONAS.iter().position(|persona| persona.id.ends_with(by)).unwrap_or(0);
    let mut ids: Vec<String> = Vec::new();
    for (place, idea) in ideas.iter().enumerate() {
        let author = &desks[place % PERSONAS.len()];
        let working = matches!(idea.column.as_str(), "in_progress" | "review" | "testing" | "done");
        let made = author
            .post(
                "/api/tickets/create",
                json!({
                    "workflow_id": author.workflow, "title": idea.title, "description": idea.text,
                    "ticket_type": idea.kind, "priority": idea.priority, "tags": idea.tags,
                    "story_points": idea.points, "initial_status": idea.column,
                    "assigned_agent_id": working.then(|| PERSONAS[place % 2].id),
                    "blocked_by_ticket_ids": idea.after.iter().filter_map(|earlier| ids.get(*earlier)).collect::<Vec<_>>(),
                }),
            )
            .await?;
        let id = made["ticket_id"].as_str().unwrap_or_default().to_owned();
        for saying in &idea.comments {
            let body = json!({"ticket_id": id, "comment_text": saying.text});
            desks[at(&saying.by)].post("/api/tickets/comment", body).await?;
        }
        ids.push(id);
    }
    Ok(())
}

/// One worker; ends when its key no longer holds.
async fn work_on_jobs(desk: &Desk, started: Instant) {
    loop {
        let slower = if started.elapsed() > LIVELY { 10 } else { 1 };
        tokio::time::sleep(Duration::from_millis(slower * fastrand::u64(2000..=6000))).await;
        match workers::step(desk, slower).await {
            Ok(()) => {}
            Err(Refused::Key) => return,
            Err(Refused::Busy) => tokio::time::sleep(Duration::from_secs(5)).await,
            // The lease is lost, or somebody has ended the job: there is another one.
            Err(Refused::Other(why)) => tracing::debug!(agent = desk.agent, why, "a job of the demo was dropped"),
        }
    }
}

/// One agent at work; ends when its key no longer holds.
async fn live(persona: &Persona, desk: &Desk, started: Instant) {
    loop {
        let slower = if started.elapsed() > LIVELY { 10 } else { 1 };
        tokio::time::sleep(Duration::from_millis(slower * fastrand::u64(1000..=6000))).await;
        match agents::step(persona, desk).await {
            Ok(()) => {}
            Err(Refused::Key) => return,
            Err(Refused::Busy) => tokio::time::sleep(Duration::from_secs(5)).await,
            // Somebody else was faster, or a rule of the board says no: the next look shows how it is.
            Err(Refused::Other(why)) => tracing::debug!(agent = persona.id, why, "a step of the demo was refused"),
        }
    }
}
