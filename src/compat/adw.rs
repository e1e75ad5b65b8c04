//! Jobs for clients that call them agent workflows: the `adw_id` is the job's id, and the statuses have other names.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::tickets::Priority;
use crate::{Result, sql_fn};

/// A job as an agent workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Adw {
    /// The job's id.
    pub adw_id: String,
    /// The same as `adw_id`.
    pub job_id: String,
    /// The workflow of its board.
    pub workflow_id: String,
    /// Its ticket.
    pub ticket_id: Option<String>,
    /// The ticket's key.
    pub ticket_key: Option<String>,
    /// started, in_progress, completed, failed or cancelled.
    pub status: String,
    /// The status of the job, which is more precise.
    pub job_status: String,
    /// The title.
    pub title: String,
    /// The same as `title`.
    pub workflow_name: String,
    /// The description.
    pub description: String,
    /// The type of work.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its stages.
    pub stages: Vec<String>,
    /// The current stage.
    pub current_stage: Option<String>,
    /// The same as `current_stage`.
    pub current_step: Option<String>,
    /// Percent, 0 to 100.
    pub progress: f64,
    /// The same as `progress`.
    pub progress_percent: f64,
    /// The last progress message.
    pub message: String,
    /// The number of attempts.
    pub attempts: i64,
    /// The maximum number of attempts.
    pub max_attempts: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether its worker was asked to stop.
    pub cancel_requested: bool,
    /// The path of the socket that streams its events.
    pub websocket: String,
    /// When it was created.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it was first started.
    pub started_at: Option<String>,
    /// When it ended.
    pub completed_at: Option<String>,
    /// The newest 100 messages of its transcript, oldest first: `{message, level, kind, sender, stage, order, timestamp}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub logs: Option<Vec<Value>>,
    /// True in the answer to a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
}

/// `POST /api/v1/workflows/create`. Unknown fields are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CreateAdw {
    /// 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// The description.
    pub description: Option<String>,
    /// The type of work, e.g. `feature`, by which workers select jobs. Defaults to `task`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its stages, in order. The ticket moves along if its board has columns of these names.
    pub stages: Option<Vec<String>>,
    /// Defaults to `medium`.
    #[schema(inline)]
    pub priority: Option<Priority>,
    /// The workflow. Defaults to the caller's default workflow, which is created if missing.
    pub workflow_id: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// `PUT /api/v1/workflows/{adw_id}/status`. Unknown fields are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct SetAdwStatus {
    /// started, in_progress, completed, failed, cancelled or paused.
    #[schema(min_length = 1)]
    pub status: String,
    /// The progress message; for a failure, the error.
    pub message: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// Creates a ticket and its job.
pub async fn create(db: &Db, caller: &Caller, input: &CreateAdw) -> Result<Adw> {
    db.call(sql_fn!(create_adw(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        title: input.title,
        description: input.description,
        type: input.kind,
        stages: input.stages,
        priority: input.priority.map(Priority::as_str),
    )))
    .await
}

/// Reads a job as an agent workflow.
pub async fn get(db: &Db, caller: &Caller, job: &str) -> Result<Adw> {
    db.call(sql_fn!(get_adw(caller: caller.to_sql(), job))).await
}

/// Sets the status of a job that a program outside Callboard executes.
pub async fn set_status(db: &Db, caller: &Caller, job: &str, input: &SetAdwStatus) -> Result<Adw> {
    db.call(sql_fn!(set_adw_status(caller: caller.to_sql(), job, status: input.status, message: input.message))).await
}

/// Cancels the job, or asks its worker to stop if it is running.
pub async fn cancel(db: &Db, caller: &Caller, job: &str) -> Result<Adw> {
    db.call(sql_fn!(cancel_adw(caller: caller.to_sql(), job))).await
}
