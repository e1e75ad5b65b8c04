//! Jobs: executions of work, from the prompt to the result. People and programs create and steer them here;
//! how workers take them is in `jobs::leases`, what they tell on the way in `jobs::work`, transcripts in
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

#[cfg(feature = "server")]
pub use self::queries::*;

/// Where a job stands: collecting → queued → running ⇄ paused or waiting → succeeded, failed or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Its prompt is still being written; nobody works on it.
    Collecting,
    /// Ready to be claimed.
    Queued,
    /// A worker holds it.
    Running,
    /// It rests until somebody resumes it.
    Paused,
    /// It rests until a person has answered.
    Waiting,
    /// Done.
    Succeeded,
    /// Not done, and no attempt is left.
    Failed,
    /// Stopped by somebody.
    Cancelled,
}

impl JobStatus {
    /// Whether nothing more will happen to it by itself.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// A job in short, as boards and events show it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobSummary {
    /// `job-<uuid>`.
    pub job_id: String,
    /// Where it belongs.
    pub workflow_id: String,
    /// The ticket it works on.
    pub ticket_id: Option<String>,
    /// What it is about.
    pub title: String,
    /// A word workers choose by.
    pub job_type: String,
    /// Where it stands.
    pub status: JobStatus,
    /// What it goes through, in order.
    pub stages: Vec<String>,
    /// What it is in.
    pub stage: Option<String>,
    /// Percent, 0 to 100.
    pub progress: f64,
    /// What it is doing, in a sentence.
    pub progress_message: String,
    /// How often it was claimed; a claim given back does not count.
    pub attempt: i64,
    /// How often it may be.
    pub max_attempts: i64,
    /// The name of the worker that holds or held it.
    pub worker: Option<String>,
    /// The actor that claimed it.
    pub agent_id: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// The same as `job_id`.
    pub id: String,
    /// What boards show of it.
    #[serde(flatten)]
    pub summary: JobSummary,
    /// The ticket's key, `TKT-12`.
    pub ticket_key: Option<String>,
    /// What was asked for.
    pub initial_prompt: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Whatever its worker needs to know besides.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// Until when its worker's claim holds; null where nobody holds it.
    #[schema(format = DateTime)]
    pub lease_expires_at: Option<String>,
    /// When its worker was last heard of.
    #[schema(format = DateTime)]
    pub heartbeat_at: Option<String>,
    /// Not handed out before.
    #[schema(format = DateTime)]
    pub not_before: String,
    /// Whether its worker was asked to stop.
    pub cancel_requested: bool,
    /// What it came to.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// The commit it ended with.
    pub commit_sha: Option<String>,
    /// The app it specified.
    pub app_id: Option<String>,
    /// Who created it.
    pub created_by: Option<String>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last came into the queue.
    #[schema(format = DateTime)]
    pub queued_at: Option<String>,
    /// When it was first claimed.
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}

/// `POST /api/jobs`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreateJob {
    /// Where it belongs; left out together with `ticket_id`, the caller's default workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// The ticket (id or key) it works on; required where ticket tracking is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<String>,
    /// The acting agent, where the caller may act for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What it is about; the first line of the prompt where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub title: Option<String>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200_000)]
    pub initial_prompt: Option<String>,
    /// A word workers choose by; `task` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub job_type: Option<String>,
    /// What it goes through, in order. A ticket goes along where its board has columns of these names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub stages: Option<Vec<String>>,
    /// The ticket's where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Whatever its worker needs to know besides; an object of at most 256 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Value>,
    /// How often it is tried, 1 to 100; 3 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub max_attempts: Option<i64>,
    /// Whether it may be claimed at once; else it is `collecting` until it is continued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<bool>,
    /// Whether a ticket is made along with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_ticket: Option<bool>,
    /// Not handed out for so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 31_536_000)]
    pub delay_seconds: Option<f64>,
}

/// `PATCH /api/jobs/{id}`; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateJob {
    /// The acting agent, where the caller may act for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 500)]
    pub title: Option<String>,
    /// What is asked for; only while the job is collecting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200_000)]
    pub initial_prompt: Option<String>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Whatever its worker needs to know besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Value>,
    /// What it goes through; only before it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub stages: Option<Vec<String>>,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Of this workflow; of all the caller is in where left out.
    pub workflow_id: Option<String>,
    /// Of this ticket.
    pub ticket_id: Option<String>,
    /// In one of these states.
    pub statuses: Option<Vec<String>>,
    /// Created or claimed by the caller.
    pub mine: bool,
    /// Whose title contains this.
    pub title: Option<String>,
    /// At most so many.
    pub limit: i64,
    /// After this job.
    pub cursor: Option<String>,
}

/// A page of jobs, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Jobs {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Whether more follow.
    pub has_more: bool,
    /// What to ask for the next page with.
    pub next_cursor: Option<String>,
}

/// What a person does to a job as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Queue what was collecting; let what rests go on.
    Continue,
    /// Let it rest.
    Pause,
    /// Let what rests go on.
    Resume,
    /// Begin an ended one anew.
    Retry,
}

/// The answer to purging.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Purged {
    /// Always true.
    pub success: bool,
    /// How many jobs are gone.
    pub deleted: i64,
}
