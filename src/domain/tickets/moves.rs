//! Moving tickets: columns, order, resolving, claiming, many at once.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::change::{TicketUpdates, to_json};
use super::{Card, Priority};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// A place in a column: right before or right after another ticket.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Position {
    /// Right before this ticket.
    pub before: Option<String>,
    /// Right after this ticket.
    pub after: Option<String>,
}

/// `POST /api/tickets/change-status`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStatus {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// The column to move to.
    #[schema(min_length = 1)]
    pub new_status: String,
    /// Why; some boards ask for at least 10 characters.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
    /// A commit to link.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: Option<String>,
    /// The version the change is based on.
    pub version: Option<i64>,
    /// Where in the column; its end where left out.
    pub position: Option<Position>,
}

/// The answer to moving a ticket. A blocked ticket stays where it is: `success` is false.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StatusChanged {
    /// Whether it moved.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// The column it was in.
    pub old_status: String,
    /// The column it is in.
    pub new_status: String,
    /// A sentence for a person; also a warning where a column is too full.
    pub message: String,
    /// Whether it waits for others.
    pub blocked: bool,
    /// What it waits for.
    pub blocking_ticket_ids: Vec<String>,
    /// The version now.
    pub version: i64,
}

/// `POST /api/tickets/reorder`: one of `before` and `after`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reorder {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// Right before this ticket of the same column.
    pub before: Option<String>,
    /// Right after this ticket of the same column.
    pub after: Option<String>,
}

/// The answer to reordering.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reordered {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// Its place now.
    pub rank: String,
    /// A sentence for a person.
    pub message: String,
}

/// `POST /api/tickets/resolve`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveTicket {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// What was done, at least 10 characters.
    #[schema(min_length = 10, max_length = 100_000)]
    pub resolution_comment: Option<String>,
    /// Another spelling of `resolution_comment`.
    #[schema(min_length = 10, max_length = 100_000)]
    pub resolution: Option<String>,
    /// The commit that did it.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: Option<String>,
}

/// The answer to resolving.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Resolved {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// A sentence for a person.
    pub message: String,
    /// Tickets it no longer blocks.
    pub unblocked_tickets: Vec<String>,
    /// The column it is in.
    pub status: String,
    /// The version now.
    pub version: i64,
}

/// `POST /api/tickets/claim`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The workflow to work in.
    pub workflow_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// Only these types.
    pub ticket_types: Option<Vec<String>>,
    /// Only with one of these tags.
    pub tags: Option<Vec<String>>,
    /// Only these priorities.
    pub priorities: Option<Vec<Priority>>,
}

/// The answer to claiming; without a ready ticket both are null.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Claimed {
    /// Always true.
    pub success: bool,
    /// The ticket that is now the caller's.
    pub ticket_id: Option<String>,
    /// The same with its fields.
    pub ticket: Option<Card>,
    /// A sentence for a person.
    pub message: String,
}

/// `POST /api/tickets/bulk-update`
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkUpdate {
    /// The workflow of all of them.
    pub workflow_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// 1 to 500 tickets (ids or keys).
    #[schema(min_items = 1, max_items = 500)]
    pub ticket_ids: Vec<String>,
    /// Fields to change in each.
    pub updates: Option<TicketUpdates>,
    /// A column to move each to.
    pub new_status: Option<String>,
    /// Why they move.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
}

/// The answer to a bulk change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkUpdated {
    /// Always true.
    pub success: bool,
    /// How many changed.
    pub updated: i64,
    /// One entry for each ticket, with `ticket_id`, `success` and, where it did not move, `blocked` and `message`.
    pub results: Vec<Value>,
    /// A sentence for a person.
    pub message: String,
}

/// `POST /api/tickets/link-commit`
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkCommit {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// 4 to 64 hexadecimal digits.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: String,
    /// Taken from the workflow's repository where left out.
    #[schema(max_length = 20_000)]
    pub commit_message: Option<String>,
}

/// The answer to linking a commit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommitLinked {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// The whole id where the repository knows it.
    pub commit_sha: String,
    /// A sentence for a person.
    pub message: String,
}

/// Moves a ticket. `git` is what the repository says of `commit_sha`, if it knows it.
pub async fn change_status(
    db: &Db,
    caller: &Caller,
    input: &ChangeStatus,
    git: Option<Value>,
) -> Result<StatusChanged> {
    let position = input.position.clone().unwrap_or_default();
    db.call(sql_fn!(change_status(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        new_status: input.new_status,
        comment: input.comment,
        commit_sha: input.commit_sha,
        version: input.version,
        before: position.before,
        after: position.after,
        git: git.map(Json),
    )))
    .await
}

/// Moves a ticket inside its column.
pub async fn reorder(db: &Db, caller: &Caller, input: &Reorder) -> Result<Reordered> {
    db.call(sql_fn!(reorder_ticket(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        before: input.before,
        after: input.after,
    )))
    .await
}

/// Resolves a ticket and releases what it blocked.
pub async fn resolve(db: &Db, caller: &Caller, input: &ResolveTicket, git: Option<Value>) -> Result<Resolved> {
    let comment = input.resolution_comment.as_ref().or(input.resolution.as_ref());
    db.call(sql_fn!(resolve_ticket(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        resolution_comment: comment,
        commit_sha: input.commit_sha,
        git: git.map(Json),
    )))
    .await
}

/// Takes the next ready ticket.
pub async fn claim(db: &Db, caller: &Caller, input: &Claim) -> Result<Claimed> {
    let priorities = input.priorities.as_ref().map(|all| all.iter().map(|p| p.as_str()).collect::<Vec<_>>());
    db.call(sql_fn!(claim_ticket(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        ticket_types: input.ticket_types,
        tags: input.tags,
        priorities: priorities,
    )))
    .await
}

/// Makes the same change in many tickets.
pub async fn bulk_update(db: &Db, caller: &Caller, input: &BulkUpdate) -> Result<BulkUpdated> {
    let updates = input.updates.as_ref().map(to_json).transpose()?;
    db.call(sql_fn!(bulk_update_tickets(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        ticket_ids: input.ticket_ids,
        updates: updates,
        new_status: input.new_status,
        comment: input.comment,
    )))
    .await
}

/// Links a commit to a ticket.
pub async fn link_commit(db: &Db, caller: &Caller, input: &LinkCommit, git: Option<Value>) -> Result<CommitLinked> {
    db.call(sql_fn!(link_commit(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        commit_sha: input.commit_sha,
        commit_message: input.commit_message,
        git: git.map(Json),
    )))
    .await
}
