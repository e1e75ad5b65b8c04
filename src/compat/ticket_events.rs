//! Events that programs report about a ticket: states of their own, progress, pull requests, activities. Each is stored
//! as a row and as an event of the history.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// `POST /api/internal/ticket-event`. Unknown fields are stored and sent unchanged.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketEvent {
    /// The ticket's id or key; `ticket_id` is the same.
    #[serde(rename = "ticketId")]
    pub ticket: Option<String>,
    /// The ticket's id or key.
    pub ticket_id: Option<String>,
    /// state_change, progress, pr_created or activity.
    #[schema(min_length = 1)]
    pub event: String,
    /// state_change: the new state. The ticket moves to the corresponding column.
    pub state: Option<String>,
    /// state_change, progress: the current phase of the work.
    pub phase: Option<String>,
    /// A sentence for people.
    pub message: Option<String>,
    /// activity: the category, e.g. `execution`, `agent`, `git`, `review`.
    pub category: Option<String>,
    /// pr_created: the URL of the pull request; `pr_url` is the same.
    #[serde(rename = "prUrl")]
    pub pr: Option<String>,
    /// pr_created: the URL of the pull request.
    pub pr_url: Option<String>,
    /// pr_created: its branch.
    pub branch: Option<String>,
    /// activity: who did it, as the program names them; `actor_id` is the same.
    #[serde(rename = "actorId")]
    pub subject: Option<String>,
    /// activity: who did it.
    #[serde(rename = "actor_id")]
    pub actor: Option<String>,
    /// Further data.
    pub metadata: Option<Value>,
    /// The unknown fields.
    #[serde(flatten)]
    #[schema(ignore)]
    pub more: Map<String, Value>,
}

/// The answer to a reported event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketEventRecorded {
    /// Always true.
    pub success: bool,
    /// The event.
    pub event: String,
    /// The ticket's id.
    #[serde(rename = "ticketId")]
    pub ticket: String,
    /// The ticket's id.
    pub ticket_id: String,
    /// state_change: the state as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// state_change: whether the ticket moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<bool>,
    /// state_change: the column of the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// state_change: why the ticket did not move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// Records an event that a program reports about a ticket.
pub async fn record(db: &Db, caller: &Caller, event: &TicketEvent) -> Result<TicketEventRecorded> {
    let ticket = event.ticket.as_ref().or(event.ticket_id.as_ref()).ok_or_else(|| {
        let mut problem = Error::invalid("ticketId", "is required").as_problem();
        problem.errors.extend(Error::invalid("ticket_id", "is the same, and may be sent instead").as_problem().errors);
        Error::Problem(Box::new(problem))
    })?;
    db.call(sql_fn!(record_ticket_event(caller: caller.to_sql(), ticket, event: event.event, payload: Json(event))))
        .await
}
