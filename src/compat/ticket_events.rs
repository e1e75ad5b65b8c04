//! What programs outside tell about a ticket they work on: states in words of their own, progress, pull
//! requests, lines of its timeline. Each becomes a row, and history.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// `POST /api/internal/ticket-event`. What else is sent is kept and told as it is.
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
    /// state_change: the state that is reached. The ticket moves to the column it means.
    pub state: Option<String>,
    /// state_change, progress: what is being done.
    pub phase: Option<String>,
    /// A sentence for people.
    pub message: Option<String>,
    /// activity: what it is about, e.g. `execution`, `agent`, `git`, `review`.
    pub category: Option<String>,
    /// pr_created: the pull request's address; `pr_url` is the same.
    #[serde(rename = "prUrl")]
    pub pr: Option<String>,
    /// pr_created: the pull request's address.
    pub pr_url: Option<String>,
    /// pr_created: its branch.
    pub branch: Option<String>,
    /// activity: who did it, in the program's words; `actor_id` is the same.
    #[serde(rename = "actorId")]
    pub subject: Option<String>,
    /// activity: who did it.
    #[serde(rename = "actor_id")]
    pub actor: Option<String>,
    /// Whatever belongs to it.
    pub metadata: Option<Value>,
    /// Everything else.
    #[serde(flatten)]
    #[schema(ignore)]
    pub more: Map<String, Value>,
}

/// The answer to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketEventTold {
    /// Always true; what could not be noted is a problem instead.
    pub success: bool,
    /// The event.
    pub event: String,
    /// The ticket's id.
    #[serde(rename = "ticketId")]
    pub ticket: String,
    /// The ticket's id.
    pub ticket_id: String,
    /// state_change: the state as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// state_change: whether the ticket moved for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<bool>,
    /// state_change: the column in which the ticket is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// state_change: why it stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// Notes what a program tells about a ticket.
pub async fn tell(db: &Db, caller: &Caller, told: &TicketEvent) -> Result<TicketEventTold> {
    let ticket = told.ticket.as_ref().or(told.ticket_id.as_ref()).ok_or_else(|| {
        let mut problem = Error::invalid("ticketId", "is required").as_problem();
        problem.errors.extend(Error::invalid("ticket_id", "is the same, and may be sent instead").as_problem().errors);
        Error::Problem(Box::new(problem))
    })?;
    db.call(sql_fn!(record_ticket_event(caller: caller.to_sql(), ticket, event: told.event, payload: Json(told)))).await
}
