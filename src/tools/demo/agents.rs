//! The simulated agents: each step reads the board and takes one action.

use serde_json::json;

use super::agent_client::{AgentClient, RequestError};
use super::texts::{self, fill_in, pick};
use super::workers::is_worked_on;
use crate::domain::tickets::Card;

/// Maximum number of tickets; at this number no new ones are created.
const MAX_TICKETS: usize = 45;
/// Maximum number of tickets in the last column; above it old ones are reopened.
const MAX_DONE: usize = 14;

/// The role of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentRole {
    /// Claims tickets and implements them.
    Build,
    /// Reviews what others have implemented.
    Review,
    /// Tests and resolves tickets, and plans the next ones.
    TestAndPlan,
}

/// A simulated agent.
#[derive(Debug)]
pub struct Persona {
    pub id: &'static str,
    pub name: &'static str,
    role: AgentRole,
}

/// The agents of the demo.
pub const PERSONAS: [Persona; 4] = [
    Persona { id: "demo/ada", name: "Ada (builds)", role: AgentRole::Build },
    Persona { id: "demo/brook", name: "Brook (builds)", role: AgentRole::Build },
    Persona { id: "demo/cass", name: "Cass (reviews)", role: AgentRole::Review },
    Persona { id: "demo/dot", name: "Dot (tests and plans)", role: AgentRole::TestAndPlan },
];

/// Reads the board and takes one action.
pub async fn step(persona: &Persona, client: &AgentClient) -> Result<(), RequestError> {
    let mut cards = client.cards().await?;
    cards.retain(|card| !is_worked_on(card));
    let board = Board(cards);
    match persona.role {
        AgentRole::Build => build(client, &board).await,
        AgentRole::Review => review(client, &board).await,
        AgentRole::TestAndPlan => {
            if board.next_free("testing").is_some() && fastrand::u8(..100) < 60 {
                test(client, &board).await
            } else {
                plan(client, &board).await
            }
        }
    }
}

/// The cards, least recently updated first.
struct Board(Vec<Card>);

impl Board {
    fn column<'a>(&'a self, status: &'a str) -> impl Iterator<Item = &'a Card> {
        self.0.iter().filter(move |card| card.status == status)
    }

    /// The least recently updated card of a column that is not blocked.
    fn next_free<'a>(&'a self, status: &'a str) -> Option<&'a Card> {
        self.column(status).find(|card| !card.is_blocked)
    }

    fn has_capacity(&self) -> bool {
        self.0.len() < MAX_TICKETS
    }
}

async fn build(client: &AgentClient, board: &Board) -> Result<(), RequestError> {
    let mine: Vec<&Card> =
        board.column("in_progress").filter(|card| card.assigned_agent_id.as_ref() == Some(&client.agent)).collect();
    let Some(card) = mine.iter().find(|card| !card.is_blocked) else {
        // No open ticket, or all are blocked: claim another one, up to three.
        if mine.len() < 3 {
            let answer = client.post("/api/tickets/claim", json!({"workflow_id": client.workflow})).await?;
            if let Some(id) = answer["ticket_id"].as_str() {
                let body = json!({"ticket_id": id, "comment_text": "On it."});
                client.post("/api/tickets/comment", body).await?;
            }
        }
        return Ok(());
    };
    match fastrand::u8(..100) {
        0..40 => {
            let spent = card.spent_minutes + fastrand::i64(1..=6) * 5;
            let body = json!({"ticket_id": card.ticket_id, "updates": {"spent_minutes": spent}});
            client.post("/api/tickets/update", body).await?;
            client.comment(card, pick(texts::PROGRESS).to_owned()).await
        }
        40..84 => client.move_card(card, "review", pick(texts::TO_REVIEW)).await,
        84..92 if board.has_capacity() => {
            let (title, text) = pick(texts::FOLLOW_UPS);
            create(
                client,
                card,
                (title, text),
                json!({"blocked_by_ticket_ids": [card.ticket_id], "initial_status": "backlog"}),
            )
            .await
            .map(drop)
        }
        92.. if board.has_capacity() => {
            let (title, text) = pick(texts::OBSTACLES);
            if let Some(id) =
                create(client, card, (title, text), json!({"priority": "high", "initial_status": "todo"})).await?
            {
                let body = json!({"ticket_id": card.ticket_id, "blocked_by_ticket_ids": [id]});
                client.post("/api/tickets/set-blockers", body).await?;
            }
            Ok(())
        }
        _ => client.comment(card, pick(texts::PROGRESS).to_owned()).await,
    }
}

/// Creates a ticket that came up while working on `from`, unless one with this title exists.
async fn create(
    client: &AgentClient,
    from: &Card,
    (title, text): (&str, &str),
    more: serde_json::Value,
) -> Result<Option<String>, RequestError> {
    let title = fill_in(from, title);
    if client.cards().await?.iter().any(|card| card.title == title) {
        return Ok(None);
    }
    let mut body = json!({
        "workflow_id": client.workflow, "title": title, "description": fill_in(from, text), "ticket_type": "task",
        "priority": "medium", "tags": from.tags, "related_ticket_ids": [from.ticket_id],
    });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    let created = client.post("/api/tickets/create", body).await?;
    Ok(created["ticket_id"].as_str().map(str::to_owned))
}

async fn review(client: &AgentClient, board: &Board) -> Result<(), RequestError> {
    let Some(card) = board.next_free("review") else { return react(client, board).await };
    match fastrand::u8(..100) {
        0..65 => client.move_card(card, "testing", pick(texts::APPROVED)).await,
        65..80 => client.move_card(card, "in_progress", pick(texts::REJECTED)).await,
        _ => {
            let who = card.assigned_agent_id.as_deref().unwrap_or("demo/ada");
            client.comment(card, pick(texts::QUESTIONS).replace("{who}", who)).await
        }
    }
}

/// Reacts to the latest comment on some ticket, when there is nothing to review.
async fn react(client: &AgentClient, board: &Board) -> Result<(), RequestError> {
    let discussed: Vec<&Card> = board.0.iter().filter(|card| card.comment_count > 0 && !card.is_resolved).collect();
    if discussed.is_empty() {
        return Ok(());
    }
    let card = discussed[fastrand::usize(..discussed.len())];
    let ticket = client.ticket(&card.ticket_id).await?;
    let others = |comment: &&serde_json::Value| comment["agent_id"].as_str() != Some(&client.agent);
    let last = ticket["comments"].as_array().and_then(|comments| comments.iter().rev().find(others));
    match last.and_then(|comment| comment["comment_id"].as_str()) {
        Some(comment) => client.react(comment, pick(texts::ANSWERS)).await.map(drop),
        None => Ok(()),
    }
}

async fn test(client: &AgentClient, board: &Board) -> Result<(), RequestError> {
    let Some(card) = board.next_free("testing") else { return Ok(()) };
    if fastrand::u8(..100) < 25 {
        return client.move_card(card, "in_progress", pick(texts::FAILED)).await;
    }
    let body = json!({"ticket_id": card.ticket_id, "resolution_comment": pick(texts::RESOLVED)});
    client.post("/api/tickets/resolve", body).await.map(drop)
}

async fn plan(client: &AgentClient, board: &Board) -> Result<(), RequestError> {
    if board.column("done").count() > MAX_DONE
        && let Some(card) = board.column("done").next()
    {
        // An old ticket is reopened instead of a new one being created, which keeps the size of the board.
        client.move_card(card, "backlog", pick(texts::REOPENED)).await?;
        let body = json!({"ticket_id": card.ticket_id, "updates": {"assigned_agent_id": null, "spent_minutes": 0}});
        return client.post("/api/tickets/update", body).await.map(drop);
    }
    if board.column("todo").filter(|card| !card.is_blocked).count() < 5
        && let Some(card) = board.next_free("backlog")
    {
        return client.move_card(card, "todo", pick(texts::PLANNED)).await;
    }
    let queue: Vec<&Card> = board.column("backlog").collect();
    if queue.len() < 2 {
        return Ok(());
    }
    let (one, other) = (queue[fastrand::usize(..queue.len())], queue[fastrand::usize(..queue.len())]);
    if fastrand::bool() && one.ticket_id != other.ticket_id {
        let body = json!({"ticket_id": one.ticket_id, "before": other.ticket_id});
        client.post("/api/tickets/reorder", body).await.map(drop)
    } else {
        let priority = pick(&["low", "medium", "medium", "high"]);
        let body = json!({"ticket_id": one.ticket_id, "updates": {"priority": priority}});
        client.post("/api/tickets/update", body).await.map(drop)
    }
}
