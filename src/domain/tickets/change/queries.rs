//! Creates, updates and deletes tickets.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::types::Json;

use super::{BlockersSet, CreateTicket, Created, SetBlockers, TicketUpdates, UpdateTicket, Updated};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::Embeddings;
use crate::domain::search::similar;
use crate::domain::tickets::{Done, Priority};
use crate::{Error, Result, sql_fn};

impl UpdateTicket {
    /// Merges both forms into one set of changes; fields under `updates` take precedence.
    fn changes(self) -> TicketUpdates {
        let given = self.updates.unwrap_or_default();
        TicketUpdates {
            title: given.title.or(self.title),
            description: given.description.or(self.description),
            priority: given.priority.or(self.priority),
            ticket_type: given.ticket_type.or(self.ticket_type),
            assigned_agent_id: given.assigned_agent_id.or(self.assigned_agent_id.map(Some)),
            parent_ticket_id: given.parent_ticket_id.or(self.parent_ticket_id.map(Some)),
            tags: given.tags.or(self.tags),
            blocked_by_ticket_ids: given.blocked_by_ticket_ids.or(self.blocked_by_ticket_ids),
            related_task_ids: given.related_task_ids.or(self.related_task_ids),
            related_ticket_ids: given.related_ticket_ids.or(self.related_ticket_ids),
            story_points: given.story_points.or(self.story_points.map(Some)),
            estimate_minutes: given.estimate_minutes.or(self.estimate_minutes.map(Some)),
            spent_minutes: given.spent_minutes.or(self.spent_minutes),
            due_on: given.due_on.or(self.due_on.map(Some)),
            milestone_id: given.milestone_id.or(self.milestone_id.map(Some)),
        }
    }
}

/// Time budget for embedding the ticket, so that a write stays fast.
const EMBEDDING_BUDGET: Duration = Duration::from_millis(300);
/// Time budget for finding similar tickets afterwards. The database needs some milliseconds.
const SIMILAR_BUDGET: Duration = Duration::from_secs(2);

/// Creates a ticket and adds similar tickets to the response: by meaning if the embedding is made within its budget,
/// else by the words of their titles.
pub async fn create(db: &Db, embeddings: &Embeddings, caller: &Caller, input: &CreateTicket) -> Result<Created> {
    let began = Instant::now();
    let mut created: Created = insert(db, caller, input).await?;
    let left = EMBEDDING_BUDGET.saturating_sub(began.elapsed());
    created.embedding_created = embeddings.embed_now(&created.ticket_id, left).await;
    // The ticket is committed, so a failed similarity search must not fail the request.
    match tokio::time::timeout(SIMILAR_BUDGET, similar::related(db, caller, &created.ticket_id, None)).await {
        Ok(Ok(found)) => {
            created.similar_tickets = found.related;
            created.meaning_checked = found.meaning_checked;
            created.notice = found.notice;
        }
        Ok(Err(_)) | Err(_) => created.notice = Some("Similar tickets could not be looked up.".to_owned()),
    }
    Ok(created)
}

async fn insert(db: &Db, caller: &Caller, input: &CreateTicket) -> Result<Created> {
    db.call(sql_fn!(create_ticket(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        title: input.title,
        description: input.description,
        ticket_type: input.ticket_type,
        priority: input.priority.map(Priority::as_str),
        initial_status: input.initial_status,
        assigned_agent_id: input.assigned_agent_id,
        parent_ticket_id: input.parent_ticket_id,
        blocked_by_ticket_ids: input.blocked_by_ticket_ids,
        tags: input.tags,
        related_task_ids: input.related_task_ids,
        related_ticket_ids: input.related_ticket_ids,
        story_points: input.story_points,
        estimate_minutes: input.estimate_minutes,
        due_on: input.due_on,
        milestone: input.milestone_id,
    )))
    .await
}

/// Changes fields of a ticket.
pub async fn update(db: &Db, embeddings: &Embeddings, caller: &Caller, input: UpdateTicket) -> Result<Updated> {
    let began = Instant::now();
    let (ticket, comment, version) = (input.ticket_id.clone(), input.update_comment.clone(), input.version);
    let updates = to_json(&input.changes())?;
    let mut updated: Updated = db
        .call(sql_fn!(update_ticket(
            caller: caller.to_sql(),
            ticket: ticket,
            updates: updates,
            update_comment: comment,
            version: version,
        )))
        .await?;
    if updated.fields_updated.iter().any(|field| matches!(field.as_str(), "title" | "description" | "tags")) {
        let left = EMBEDDING_BUDGET.saturating_sub(began.elapsed());
        updated.embedding_updated = embeddings.embed_now(&updated.ticket_id, left).await;
    }
    Ok(updated)
}

/// Replaces the tickets that block one.
pub async fn set_blockers(db: &Db, caller: &Caller, input: &SetBlockers) -> Result<BlockersSet> {
    db.call(sql_fn!(set_blockers(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        blocked_by_ticket_ids: input.blocked_by_ticket_ids,
    )))
    .await
}

/// Soft-deletes a ticket; `deleted::restore` undoes it.
pub async fn delete(db: &Db, caller: &Caller, ticket: &str) -> Result<Done> {
    db.call(sql_fn!(delete_ticket(caller: caller.to_sql(), ticket: ticket))).await
}

/// Encodes changes as the SQL parameter `updates`.
pub(in crate::domain::tickets) fn to_json(changes: &TicketUpdates) -> Result<Json<Value>> {
    serde_json::to_value(changes).map(Json).map_err(|e| Error::Internal(e.to_string()))
}
