//! Creating, updating, deleting tickets.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::{Done, Priority, nullable};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::Embeddings;
use crate::domain::search::similar::{self, SimilarTicket};
use crate::{Error, Result, sql_fn};

/// `POST /api/tickets/create`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    /// The workflow it belongs to.
    pub workflow_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// 3 to 500 characters.
    #[schema(min_length = 3, max_length = 500)]
    pub title: String,
    /// Markdown, at least 10 characters.
    #[schema(min_length = 10, max_length = 200_000)]
    pub description: String,
    /// One of the board's ticket types; its default where left out.
    pub ticket_type: Option<String>,
    /// medium where left out.
    pub priority: Option<Priority>,
    /// A column; the board's initial one where left out.
    pub initial_status: Option<String>,
    /// Who shall work on it. Agents seen for the first time are provisioned.
    pub assigned_agent_id: Option<String>,
    /// The ticket it is a part of.
    pub parent_ticket_id: Option<String>,
    /// Tickets (ids or keys) of the same workflow it waits for.
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Option<Vec<String>>,
    /// Labels.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// Tasks outside Callboard.
    #[schema(max_items = 200)]
    pub related_task_ids: Option<Vec<String>>,
    /// Tickets worth reading with it.
    #[schema(max_items = 200)]
    pub related_ticket_ids: Option<Vec<String>>,
    /// 0 to 1000.
    #[schema(minimum = 0, maximum = 1000)]
    pub story_points: Option<f64>,
    /// Minutes it should take.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub estimate_minutes: Option<i64>,
}

impl CreateTicket {
    /// Nothing yet but where it belongs; title and description are still to be given.
    pub fn in_workflow(workflow: &str) -> Self {
        Self { workflow_id: workflow.to_owned(), ..Self::default() }
    }
}

/// The answer to creating a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Created {
    /// Always true.
    pub success: bool,
    /// `ticket-<uuid>`.
    pub ticket_id: String,
    /// `TKT-12`.
    pub key: String,
    /// The column it is in.
    pub status: String,
    /// 1.
    pub version: i64,
    /// A sentence for a person.
    pub message: String,
    /// Whether its meaning was indexed at once.
    pub embedding_created: bool,
    /// Tickets that resemble it.
    pub similar_tickets: Vec<SimilarTicket>,
}

/// Fields to change; `null` clears those that can be empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicketUpdates {
    /// 3 to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 500)]
    pub title: Option<String>,
    /// Markdown, at least 10 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 10, max_length = 200_000)]
    pub description: Option<String>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// One of the board's ticket types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_type: Option<String>,
    /// Who works on it; null: nobody.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub assigned_agent_id: Option<Option<String>>,
    /// The ticket it is a part of; null: none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub parent_ticket_id: Option<Option<String>>,
    /// All labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// All tickets (ids or keys) it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Option<Vec<String>>,
    /// All related tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub related_task_ids: Option<Vec<String>>,
    /// All related tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub related_ticket_ids: Option<Vec<String>>,
    /// 0 to 1000; null: none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1000)]
    pub story_points: Option<Option<f64>>,
    /// Minutes it should take; null: unknown.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000)]
    pub estimate_minutes: Option<Option<i64>>,
    /// Minutes it took so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub spent_minutes: Option<i64>,
}

/// `POST /api/tickets/update`: the fields stand under `updates` or beside `ticket_id`. Beside it, `null`
/// is the same as absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTicket {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// The fields to change.
    pub updates: Option<TicketUpdates>,
    /// Becomes a comment.
    #[schema(max_length = 100_000)]
    pub update_comment: Option<String>,
    /// The version the change is based on.
    pub version: Option<i64>,
    /// See `updates`.
    #[schema(min_length = 3, max_length = 500)]
    pub title: Option<String>,
    /// See `updates`.
    #[schema(min_length = 10, max_length = 200_000)]
    pub description: Option<String>,
    /// See `updates`.
    pub priority: Option<Priority>,
    /// See `updates`.
    pub ticket_type: Option<String>,
    /// See `updates`.
    pub assigned_agent_id: Option<String>,
    /// See `updates`.
    pub parent_ticket_id: Option<String>,
    /// See `updates`.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// See `updates`.
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Option<Vec<String>>,
    /// See `updates`.
    #[schema(max_items = 200)]
    pub related_task_ids: Option<Vec<String>>,
    /// See `updates`.
    #[schema(max_items = 200)]
    pub related_ticket_ids: Option<Vec<String>>,
    /// See `updates`.
    #[schema(minimum = 0, maximum = 1000)]
    pub story_points: Option<f64>,
    /// See `updates`.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub estimate_minutes: Option<i64>,
    /// See `updates`.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub spent_minutes: Option<i64>,
}

impl UpdateTicket {
    /// Both spellings as one set of changes; what stands under `updates` wins.
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
        }
    }
}

/// The answer to updating a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Updated {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// Fields whose value changed.
    pub fields_updated: Vec<String>,
    /// The version now.
    pub version: i64,
    /// A sentence for a person.
    pub message: String,
    /// Whether its meaning was indexed anew at once.
    pub embedding_updated: bool,
}

/// `POST /api/tickets/set-blockers`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBlockers {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// All tickets (ids or keys) it waits for.
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Vec<String>,
}

/// The answer to setting blockers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BlockersSet {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// A sentence for a person.
    pub message: String,
    /// What it waits for now.
    pub blocked_by_ticket_ids: Vec<String>,
}

/// How long a writer waits, in all, to be told what its ticket resembles; then it is answered without.
const BUDGET: Duration = Duration::from_millis(300);

/// Creates a ticket, and says what it resembles if that is known in time.
pub async fn create(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    input: &CreateTicket,
    idempotency_key: Option<&str>,
) -> Result<Created> {
    let began = Instant::now();
    let mut created: Created = insert(db, caller, input, idempotency_key).await?;
    let left = || BUDGET.saturating_sub(began.elapsed());
    if embeddings.embed_now(&created.ticket_id, left()).await {
        created.embedding_created = true;
        // The ticket is there; not to know its like is no reason to say it is not.
        let found = tokio::time::timeout(left(), similar::related(db, caller, &created.ticket_id, None)).await;
        created.similar_tickets = found.ok().and_then(Result::ok).map(|found| found.related).unwrap_or_default();
    }
    Ok(created)
}

async fn insert(db: &Db, caller: &Caller, input: &CreateTicket, idempotency_key: Option<&str>) -> Result<Created> {
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
        idempotency_key: idempotency_key,
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
        let left = BUDGET.saturating_sub(began.elapsed());
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

/// Deletes a ticket; `restore` takes it back.
pub async fn delete(db: &Db, caller: &Caller, ticket: &str) -> Result<Done> {
    db.call(sql_fn!(delete_ticket(caller: caller.to_sql(), ticket: ticket))).await
}

/// Takes a deletion back.
pub async fn restore(db: &Db, caller: &Caller, ticket: &str) -> Result<Done> {
    db.call(sql_fn!(restore_ticket(caller: caller.to_sql(), ticket: ticket))).await
}

/// Changes as the parameter `updates` of SQL.
pub(super) fn to_json(changes: &TicketUpdates) -> Result<Json<Value>> {
    serde_json::to_value(changes).map(Json).map_err(|e| Error::Internal(e.to_string()))
}
