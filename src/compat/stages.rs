//! Boards that follow stages, as one kind of existing client knows them: a ticket's `stage` is its column,
//! and whoever names no workflow means the one they work in by default.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::tickets::read::TicketDetail;
use crate::domain::tickets::{Card, Priority};

#[cfg(feature = "server")]
pub use self::queries::*;

/// A ticket of a board with its stage.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StagedCard {
    /// The ticket's fields.
    #[serde(flatten)]
    pub card: Card,
    /// The same as `ticket_id`.
    pub id: String,
    /// The same as `status`.
    pub stage: String,
    /// The whole text.
    pub description: String,
    /// Whether work on it is under way.
    pub workflow_active: bool,
}

/// A ticket with everything about it and its stage.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StagedTicket {
    /// Everything about it; `id` is there already.
    #[serde(flatten)]
    pub detail: TicketDetail,
    /// The same as `status`.
    pub stage: String,
    /// Whether work on it is under way.
    pub workflow_active: bool,
    /// The life of the database that `seq` belongs to.
    pub epoch: String,
    /// The last number of the board's stream: events after it are not in here.
    pub seq: i64,
    /// The stage it left, in the answer to a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_stage: Option<String>,
    /// The stage it entered, in the answer to a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_stage: Option<String>,
    /// What was done, in the answer to a move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `POST /tickets`. What else is sent is not looked at.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CreateStaged {
    /// 3 to 500 characters.
    #[schema(min_length = 3, max_length = 500)]
    pub title: String,
    /// What is to be done; a short one is filled up with the title.
    pub description: Option<String>,
    /// The stage it begins in; the board's first where left out.
    pub stage: Option<String>,
    /// medium where left out.
    #[schema(inline)]
    pub priority: Option<Priority>,
    /// The board's default where left out.
    pub ticket_type: Option<String>,
    /// Labels.
    pub tags: Option<Vec<String>>,
    /// Who works on it.
    pub assigned_agent_id: Option<String>,
    /// The workflow; the one the caller works in by default where left out, made if need be.
    pub workflow_id: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `PUT /api/tickets/{id}/stage`. What else is sent is not looked at.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct MoveToStage {
    /// A column's id or name, or a usual word for what it is for.
    #[schema(min_length = 1)]
    pub stage: String,
    /// Why; some boards ask for at least 10 characters.
    pub comment: Option<String>,
    /// The workflow, where the ticket is given by its key.
    pub workflow_id: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// What is being worked on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StageStatus {
    /// The workflow; null where the caller has none.
    pub workflow_id: Option<String>,
    /// The life of the database that `seq` belongs to.
    pub epoch: String,
    /// The last number of the board's stream.
    pub seq: i64,
    /// By ticket: `{job_id, status, current_stage, progress, start_time, stages_completed[{stage, completed_at}]}`.
    #[schema(value_type = Object)]
    pub active_workflows: Value,
    /// How many of them a worker holds.
    pub active_count: i64,
}

/// Who is connected, and to which board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StageSession {
    /// The session that authenticated, if it was one.
    pub session_id: Option<String>,
    /// `{id, name, kind}` of whoever acts.
    #[schema(value_type = Object)]
    pub user: Value,
    /// The workflow; null where the caller has none yet.
    pub workflow_id: Option<String>,
    /// Its name.
    pub workflow_name: Option<String>,
    /// Its stages in order.
    pub stages: Vec<String>,
    /// The life of the database that `seq` belongs to.
    pub epoch: String,
    /// The last number of the board's stream.
    pub seq: i64,
}
