//! The simulated agents: each step is one look at the board and one thing done about it.

use serde_json::json;

use super::agent_client::{Desk, Refused};
use super::texts::{self, about, any};
use super::workers::is_worked_on;
use crate::domain::tickets::Card;

/// Tickets that the demo's board holds at most; then nothing new is thought of.
const MOST_TICKETS: usize = 45;
/// Tickets in the last column at which old ones are taken up again.
const MOST_DONE: usize = 14;

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Claims tickets and works on them.
    Build,
    /// Reads what others have built.
    Review,
    /// Tests, resolves, and fills the queue.
    TestAndPlan,
}

/// One agent.
#[derive(Debug)]
pub struct Persona {
    pub id: &'static str,
    pub name: &'static str,
    task: Task,
}

/// The agents of the demo.
pub const PERSONAS: [Persona; 4] = [
    Persona { id: "demo/ada", name: "Ada (builds)", task: Task::Build },
    Persona { id: "demo/brook", name: "Brook (builds)", task: Task::Build },
    Persona { id: "demo/cass", name: "Cass (reviews)", task: Task::Review },
    Persona { id: "demo/dot", name: "Dot (tests and plans)", task: Task::TestAndPlan },
];

/// Looks at the board and does one thing.
pub async fn step(persona: &Persona, desk: &Desk) -> Result<(), Refused> {
    let mut cards = desk.cards().await?;
    cards.retain(|card| !is_worked_on(card));
    let board = Board(cards);
    match persona.task {
        Task::Build => build(desk, &board).await,
        Task::Review => review(desk, &board).await,
        Task::TestAndPlan => {
            if board.free("testing").is_some() && fastrand::u8(..100) < 60 {
                test(desk, &board).await
            } else {
                plan(desk, &board).await
            }
        }
    }
}

/// The cards, the longest untouched first.
struct Board(Vec<Card>);

impl Board {
    fn column<'a>(&'a self, status: &'a str) -> impl Iterator<Item = &'a Card> {
        self.0.iter().filter(move |card| card.status == status)
    }

    /// The longest waiting card of a column that nothing blocks.
    fn free<'a>(&'a self, status: &'a str) -> Option<&'a Card> {
        self.column(status).find(|card| !card.is_blocked)
    }

    fn has_room(&self) -> bool {
        self.0.len() < MOST_TICKETS
    }
}

async fn build(desk: &Desk, board: &Board) -> Result<(), Refused> {
    let mine: Vec<&Card> =
        board.column("in_progress").filter(|card| card.assigned_agent_id.as_ref() == Some(&desk.agent)).collect();
    let Some(card) = mine.iter().find(|card| !card.is_blocked) else {
        // Nothing to do, or all of it waits: take something new, but do not hoard.
        if mine.len() < 3 {
            let answer = desk.post("/api/tickets/claim", json!({"workflow_id": desk.workflow})).await?;
            if let Some(id) = answer["ticket_id"].as_str() {
                let body = json!({"ticket_id": id, "comment_text": "On it."});
                desk.post("/api/tickets/comment", body).await?;
            }
        }
        return Ok(());
    };
    match fastrand::u8(..100) {
        0..40 => {
            let spent = card.spent_minutes + fastrand::i64(1..=6) * 5;
            let body = json!({"ticket_id": card.ticket_id, "updates": {"spent_minutes": spent}});
            desk.post("/api/tickets/update", body).await?;
            desk.say(card, any(texts::PROGRESS).to_owned()).await
        }
        40..84 => desk.shift(card, "review", any(texts::TO_REVIEW)).await,
        84..92 if board.has_room() => {
            let (title, text) = any(texts::FOLLOW_UPS);
            create(
                desk,
                card,
                (title, text),
                json!({"blocked_by_ticket_ids": [card.ticket_id], "initial_status": "backlog"}),
            )
            .await
            .map(drop)
        }
        92.. if board.has_room() => {
            let (title, text) = any(texts::OBSTACLES);
            if let Some(id) =
                create(desk, card, (title, text), json!({"priority": "high", "initial_status": "todo"})).await?
            {
                let body = json!({"ticket_id": card.ticket_id, "blocked_by_ticket_ids": [id]});
                desk.post("/api/tickets/set-blockers", body).await?;
            }
            Ok(())
        }
        _ => desk.say(card, any(texts::PROGRESS).to_owned()).await,
    }
}

/// Makes a ticket that came up while working on another; none if there is one of that name.
async fn create(
    desk: &Desk,
    from: &Card,
    (title, text): (&str, &str),
    more: serde_json::Value,
) -> Result<Option<String>, Refused> {
    let title = about(from, title);
    if desk.cards().await?.iter().any(|card| card.title == title) {
        return Ok(None);
    }
    let mut body = json!({
        "workflow_id": desk.workflow, "title": title, "description": about(from, text), "ticket_type": "task",
        "priority": "medium", "tags": from.tags, "related_ticket_ids": [from.ticket_id],
    });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    let made = desk.post("/api/tickets/create", body).await?;
    Ok(made["ticket_id"].as_str().map(str::to_owned))
}

async fn review(desk: &Desk, board: &Board) -> Result<(), Refused> {
    let Some(card) = board.free("review") else { return join_in(desk, board).await };
    match fastrand::u8(..100) {
        0..65 => desk.shift(card, "testing", any(texts::APPROVED)).await,
        65..80 => desk.shift(card, "in_progress", any(texts::REJECTED)).await,
        _ => {
            let who = card.assigned_agent_id.as_deref().unwrap_or("demo/ada");
            desk.say(card, any(texts::QUESTIONS).replace("{who}", who)).await
        }
    }
}

/// With nothing to review: reacts to what others have written.
async fn join_in(desk: &Desk, board: &Board) -> Result<(), Refused> {
    let talked: Vec<&Card> = board.0.iter().filter(|card| card.comment_count > 0 && !card.is_resolved).collect();
    if talked.is_empty() {
        return Ok(());
    }
    let card = talked[fastrand::usize(..talked.len())];
    let ticket = desk.ticket(&card.ticket_id).await?;
    let others = |comment: &&serde_json::Value| comment["agent_id"].as_str() != Some(&desk.agent);
    let last = ticket["comments"].as_array().and_then(|comments| comments.iter().rev().find(others));
    match last.and_then(|comment| comment["comment_id"].as_str()) {
        Some(comment) => desk.react(comment, any(texts::ANSWERS)).await.map(drop),
        None => Ok(()),
    }
}

async fn test(desk: &Desk, board: &Board) -> Result<(), Refused> {
    let Some(card) = board.free("testing") else { return Ok(()) };
    if fastrand::u8(..100) < 25 {
        return desk.shift(card, "in_progress", any(texts::FAILED)).await;
    }
    let body = json!({"ticket_id": card.ticket_id, "resolution_comment": any(texts::RESOLVED)});
    desk.post("/api/tickets/resolve", body).await.map(drop)
}

async fn plan(desk: &Desk, board: &Board) -> Result<(), Refused> {
    if board.column("done").count() > MOST_DONE
        && let Some(card) = board.column("done").next()
    {
        // An old one comes back instead of a new one being made: the board stays as large as it is.
        desk.shift(card, "backlog", any(texts::REOPENED)).await?;
        let body = json!({"ticket_id": card.ticket_id, "updates": {"assigned_agent_id": null, "spent_minutes": 0}});
        return desk.post("/api/tickets/update", body).await.map(drop);
    }
    if board.column("todo").filter(|card| !card.is_blocked).count() < 5
        && let Some(card) = board.free("backlog")
    {
        return desk.shift(card, "todo", any(texts::PLANNED)).await;
    }
    let queue: Vec<&Card> = board.column("backlog").collect();
    if queue.len() < 2 {
        return Ok(());
    }
    let (one, other) = (queue[fastrand::usize(..queue.len())], queue[fastrand::usize(..queue.len())]);
    if fastrand::bool() && one.ticket_id != other.ticket_id {
        let body = json!({"ticket_id": one.ticket_id, "before": other.ticket_id});
        desk.post("/api/tickets/reorder", body).await.map(drop)
    } else {
        let priority = any(&["low", "medium", "medium", "high"]);
        let body = json!({"ticket_id": one.ticket_id, "updates": {"priority": priority}});
        desk.post("/api/tickets/update", body).await.map(drop)
    }
}
