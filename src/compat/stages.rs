//! Boards for existing clients that use stages: the `stage` of a ticket is its column, and the workflow defaults to the
//! caller's default workflow.

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
    /// The full description.
    pub description: String,
    /// Whether a job of the ticket is running, paused or waiting.
    pub workflow_active: bool,
}

/// A ticket with all details and its stage.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StagedTicket {
    /// The details of the ticket, including `id`.
    #[serde(flatten)]
    pub detail: TicketDetail,
    /// The same as `status`.
    pub stage: String,
    /// Whether a job of the ticket is running, paused or waiting.
    pub workflow_active: bool,
    /// The epoch of the database, to which `seq` belongs.
    pub epoch: String,
    /// The last number of the board's stream; later events are not included.
    pub seq: i64,
}

/// The answer to a move.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StageMoved {
    /// The card as it is now.
    #[serde(flatten)]
    pub card: StagedCard,
    /// The epoch of the database, to which `seq` belongs.
    pub epoch: String,
    /// The last number of the board's stream; the move is included.
    pub seq: i64,
    /// Always true; a refused move is an error.
    pub success: bool,
    /// The stage it left.
    pub old_stage: String,
    /// The stage it entered.
    pub new_stage: String,
    /// A sentence for a person.
    pub message: String,
}

/// `POST /tickets`. Unknown fields are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CreateStaged {
    /// 3 to 500 visible characters; a wide one counts as three.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// The description; the title is added to a short one.
    pub description: Option<String>,
    /// The initial stage. Defaults to the board's first.
    pub stage: Option<String>,
    /// Defaults to `medium`.
    #[schema(inline)]
    pub priority: Option<Priority>,
    /// Defaults to the board's default type.
    pub ticket_type: Option<String>,
    /// Labels.
    pub tags: Option<Vec<String>>,
    /// Who works on it.
    pub assigned_agent_id: Option<String>,
    /// The workflow. Defaults to the caller's default workflow, which is created if missing.
    pub workflow_id: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// `PUT /api/tickets/{id}/stage`. Unknown fields are ignored.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct MoveToStage {
    /// The id or name of a column, or a common word for its purpose.
    #[schema(min_length = 1)]
    pub stage: String,
    /// The reason; some boards require at least 10 characters.
    pub comment: Option<String>,
    /// The workflow, if the ticket is given by its key.
    pub workflow_id: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The jobs in progress on a board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StageStatus {
    /// The workflow; null if the caller has none.
    pub workflow_id: Option<String>,
    /// The epoch of the database, to which `seq` belongs.
    pub epoch: String,
    /// The last number of the board's stream.
    pub seq: i64,
    /// By ticket: `{job_id, status, current_stage, progress, start_time, stages_completed[{stage, completed_at}]}`.
    #[schema(value_type = Object)]
    pub active_workflows: Value,
    /// The number of jobs that a worker holds.
    pub active_count: i64,
}

/// The authenticated caller and its board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StageSession {
    /// The session, if the caller authenticated with one.
    pub session_id: Option<String>,
    /// `{id, name, kind}` of the acting user or agent.
    #[schema(value_type = Object)]
    pub user: Value,
    /// The workflow; null if the caller has none yet.
    pub workflow_id: Option<String>,
    /// Its name.
    pub workflow_name: Option<String>,
    /// Its stages in order.
    pub stages: Vec<String>,
    /// The epoch of the database, to which `seq` belongs.
    pub epoch: String,
    /// The last number of the board's stream.
    pub seq: i64,
}
