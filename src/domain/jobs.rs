//! Jobs: units of work that a worker executes, from the prompt to the result.
//!
//! Creating and steering jobs is here, claiming them in `jobs::leases`, reporting work in `jobs::work`, transcripts in
//! `jobs::messages`.

pub mod leases;
pub mod messages;
#[cfg(feature = "server")]
mod queries;
pub mod work;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::tickets::Priority;
use crate::domain::usage::UsageTotals;

#[cfg(feature = "server")]
pub use self::queries::*;

/// The state of a job: collecting → queued → running ⇄ paused or waiting → succeeded, failed or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// A draft: its prompt is still being written, and workers cannot claim it.
    Collecting,
    /// Ready to be claimed.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Paused until it is resumed.
    Paused,
    /// Waits until a person has decided a blocking approval.
    Waiting,
    /// Completed.
    Succeeded,
    /// Failed with no attempt left.
    Failed,
    /// Cancelled on request.
    Cancelled,
}

impl JobStatus {
    /// Whether the state is final; only a retry leaves it.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// The fields of a job that boards and events show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobSummary {
    /// `job-<uuid>`.
    pub job_id: String,
    /// Its workflow.
    pub workflow_id: String,
    /// The ticket that it works on.
    pub ticket_id: Option<String>,
    /// The title.
    pub title: String,
    /// The type, by which workers select jobs.
    pub job_type: String,
    /// Its state.
    pub status: JobStatus,
    /// Its stages, in order.
    pub stages: Vec<String>,
    /// The current stage.
    pub stage: Option<String>,
    /// Percent, 0 to 100.
    pub progress: f64,
    /// What the worker is doing, in a sentence.
    pub progress_message: String,
    /// The number of claims; released ones do not count.
    pub attempt: i64,
    /// The maximum number of attempts.
    pub max_attempts: i64,
    /// The name of its current or last worker.
    pub worker: Option<String>,
    /// The actor that claimed it.
    pub agent_id: Option<String>,
    /// The error of the last failed attempt.
    pub error: Option<String>,
    /// Whether it is queued and no live worker takes its type.
    #[serde(default)]
    pub no_worker: bool,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// The same as `job_id`.
    pub id: String,
    /// The fields that boards show.
    #[serde(flatten)]
    pub summary: JobSummary,
    /// Why it is queued and not handed out, in a sentence.
    #[serde(default)]
    pub waiting_reason: Option<String>,
    /// The ticket's key, `TKT-12`.
    pub ticket_key: Option<String>,
    /// The prompt.
    pub initial_prompt: String,
    /// The priority.
    pub priority: Priority,
    /// Further input for the worker.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// When the lease expires; null when there is none.
    #[schema(format = DateTime)]
    pub lease_expires_at: Option<String>,
    /// The time of the last heartbeat.
    #[schema(format = DateTime)]
    pub heartbeat_at: Option<String>,
    /// The earliest time at which it can be claimed.
    #[schema(format = DateTime)]
    pub not_before: String,
    /// Whether its worker was asked to stop.
    pub cancel_requested: bool,
    /// The result.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// The commit it ended with.
    pub commit_sha: Option<String>,
    /// The app that it specified.
    pub app_id: Option<String>,
    /// Who created it.
    pub created_by: Option<String>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last queued.
    #[schema(format = DateTime)]
    pub queued_at: Option<String>,
    /// When it was first claimed.
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
    /// What it used. Only when one job is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageTotals>,
}

/// `POST /api/jobs`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreateJob {
    /// The workflow. Defaults to that of the ticket, else to the caller's default workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// The ticket (id or key) that it works on. Required when ticket tracking is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The title. Defaults to the first line of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub title: Option<String>,
    /// The prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200_000)]
    pub initial_prompt: Option<String>,
    /// The type, by which workers select jobs. Defaults to `task`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub job_type: Option<String>,
    /// Its stages, in order. The ticket moves along if its board has columns of these names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub stages: Option<Vec<String>>,
    /// The priority. Defaults to that of the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Further input for the worker: an object of at most 256 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Value>,
    /// The maximum number of attempts, 1 to 100. Defaults to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub max_attempts: Option<i64>,
    /// Whether it can be claimed immediately. Otherwise it is `collecting` until it is continued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<bool>,
    /// Whether to create a ticket for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_ticket: Option<bool>,
    /// Seconds before it can be claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 31_536_000)]
    pub delay_seconds: Option<f64>,
}

/// `PATCH /api/jobs/{id}`; omitted fields keep their values.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateJob {
    /// The acting agent, if the caller may act on behalf of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 500)]
    pub title: Option<String>,
    /// The prompt; only while the job is collecting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200_000)]
    pub initial_prompt: Option<String>,
    /// The priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Further input for the worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Value>,
    /// Its stages; only before it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub stages: Option<Vec<String>>,
}

/// Selects jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// In this workflow. Defaults to all of the caller's workflows.
    pub workflow_id: Option<String>,
    /// Of this ticket.
    pub ticket_id: Option<String>,
    /// In one of these states.
    pub statuses: Option<Vec<String>>,
    /// Created or claimed by the caller.
    pub mine: bool,
    /// Whose title contains this.
    pub title: Option<String>,
    /// The maximum number of jobs.
    pub limit: i64,
    /// Start after this job.
    pub cursor: Option<String>,
}

/// A page of jobs, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Jobs {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Whether more follow.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// A transition of a job that a person or program requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Queue a collecting job; resume a paused one.
    Continue,
    /// Pause it.
    Pause,
    /// Resume a paused job.
    Resume,
    /// Queue a finished job again.
    Retry,
}

/// The answer to purging.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Purged {
    /// Always true.
    pub success: bool,
    /// The number of deleted jobs.
    pub deleted: i64,
}
