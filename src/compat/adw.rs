//! Jobs as one kind of existing client knows them: workflows of agents with an `adw_id`, which is the job's
//! id, and statuses in words of their own.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::tickets::Priority;
use crate::{Result, sql_fn};

/// A job as a workflow of agents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Adw {
    /// The job's id.
    pub adw_id: String,
    /// The same.
    pub job_id: String,
    /// The workflow on whose board it is.
    pub workflow_id: String,
    /// Its ticket.
    pub ticket_id: Option<String>,
    /// The ticket's key.
    pub ticket_key: Option<String>,
    /// started, in_progress, completed, failed or cancelled.
    pub status: String,
    /// The job's own status, which says more.
    pub job_status: String,
    /// What it is called.
    pub title: String,
    /// The same.
    pub workflow_name: String,
    /// What is to be done.
    pub description: String,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it goes through.
    pub stages: Vec<String>,
    /// Where it is.
    pub current_stage: Option<String>,
    /// The same.
    pub current_step: Option<String>,
    /// 0 to 100.
    pub progress: f64,
    /// The same.
    pub progress_percent: f64,
    /// What was last said of its progress.
    pub message: String,
    /// How often it was begun.
    pub attempts: i64,
    /// How often it may be.
    pub max_attempts: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether its worker was asked to stop.
    pub cancel_requested: bool,
    /// Where it can be watched.
    pub websocket: String,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it was first begun.
    pub started_at: Option<String>,
    /// When it ended.
    pub completed_at: Option<String>,
    /// The newest 100 lines of its transcript, oldest first: `{message, level, kind, sender, stage, order, timestamp}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub logs: Option<Vec<Value>>,
    /// True in the answer to a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
}

/// `POST /api/v1/workflows/create`. What else is sent is not looked at.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CreateAdw {
    /// 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// What is to be done.
    pub description: Option<String>,
    /// What kind of work it is, e.g. `feature`; workers may ask for kinds. `task` where left out.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it goes through, in order; the ticket goes along where its board has such columns.
    pub stages: Option<Vec<String>>,
    /// medium where left out.
    #[schema(inline)]
    pub priority: Option<Priority>,
    /// The workflow; the one the caller works in by default where left out, made if need be.
    pub workflow_id: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `PUT /api/v1/workflows/{adw_id}/status`. What else is sent is not looked at.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct SetAdwStatus {
    /// started, in_progress, completed, failed, cancelled or paused.
    #[schema(min_length = 1)]
    pub status: String,
    /// What there is to say of it; the reason of a failure.
    pub message: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// Creates a ticket and its job.
pub async fn create(db: &Db, caller: &Caller, input: &CreateAdw, key: Option<&str>) -> Result<Adw> {
    db.call(sql_fn!(create_adw(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        title: input.title,
        description: input.description,
        type: input.kind,
        stages: input.stages,
        priority: input.priority.map(Priority::as_str),
        idempotency_key: key,
    )))
    .await
}

/// One of them.
pub async fn get(db: &Db, caller: &Caller, job: &str) -> Result<Adw> {
    db.call(sql_fn!(get_adw(caller: caller.to_sql(), job))).await
}

/// How the work goes, told by whoever runs it elsewhere.
pub async fn set_status(db: &Db, caller: &Caller, job: &str, input: &SetAdwStatus) -> Result<Adw> {
    db.call(sql_fn!(set_adw_status(caller: caller.to_sql(), job, status: input.status, message: input.message))).await
}

/// Cancels it, or asks its worker to stop.
pub async fn cancel(db: &Db, caller: &Caller, job: &str) -> Result<Adw> {
    db.call(sql_fn!(cancel_adw(caller: caller.to_sql(), job))).await
}
