//! What the holder of a job's lease tells of its work: stages, progress, lines of the transcript, the end.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Job;
use super::messages::{Level, MessageKind, MessageRole};

#[cfg(feature = "server")]
pub use self::queries::*;

/// `POST /api/jobs/{id}/stage`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterStage {
    /// From the claim.
    pub lease_token: String,
    /// One of the job's stages; any name where it lists none.
    #[schema(min_length = 1, max_length = 64)]
    pub stage: String,
    /// What it is doing.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// The answer to entering a stage.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StageEntered {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job: Job,
    /// Whether its ticket went along.
    pub ticket_moved: bool,
    /// Why it did not, where the board forbade it.
    pub notice: Option<String>,
}

/// `POST /api/jobs/{id}/progress`: one of `progress` and `message`, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportProgress {
    /// From the claim.
    pub lease_token: String,
    /// Percent, 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    pub progress: Option<f64>,
    /// What it is doing.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// The answer to reporting progress.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProgressReported {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job_id: String,
    /// Percent.
    pub progress: f64,
    /// What it is doing.
    pub message: String,
}

/// A line of the transcript on its way in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// What it is.
    pub kind: MessageKind,
    /// Its text, at most 64 KiB.
    #[schema(min_length = 1, max_length = 65_536)]
    pub content: String,
    /// Who speaks; `agent` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<MessageRole>,
    /// Their name; the worker's where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub sender: Option<String>,
    /// How bad it is; `info` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Anything else, at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
}

/// `POST /api/jobs/{id}/messages`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessages {
    /// From the claim.
    pub lease_token: String,
    /// In their order.
    #[schema(min_items = 1, max_items = 100)]
    pub messages: Vec<NewMessage>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// A line's place in the transcript.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Posted {
    /// The message.
    pub message_id: String,
    /// 1, 2, 3… in the job.
    pub order: i64,
}

/// The answer to adding lines.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessagesPosted {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job_id: String,
    /// One for each line.
    pub messages: Vec<Posted>,
}

/// A finished specification on its way in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// The job's title where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub title: Option<String>,
    /// The specification: an object of at most 1 MiB.
    #[schema(value_type = Object)]
    pub spec: Value,
    /// The product description, Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1_048_576)]
    pub prd_markdown: Option<String>,
}

/// `POST /api/jobs/{id}/complete`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteJob {
    /// From the claim.
    pub lease_token: String,
    /// What it came to; at most 256 KiB.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// The commit it ended with; it is linked to the ticket.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: Option<String>,
    /// That commit's message.
    #[schema(max_length = 20_000)]
    pub commit_message: Option<String>,
    /// The comment that resolves the ticket.
    #[schema(max_length = 100_000)]
    pub resolution_comment: Option<String>,
    /// What it specified.
    pub app: Option<NewApp>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// The answer to completing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobCompleted {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job: Job,
    /// Whether its ticket is resolved.
    pub ticket_resolved: bool,
    /// Tickets that wait for it no longer.
    pub unblocked_tickets: Vec<String>,
    /// Why the ticket was not resolved.
    pub notice: Option<String>,
}

/// `POST /api/jobs/{id}/fail`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailJob {
    /// From the claim.
    pub lease_token: String,
    /// What went wrong.
    #[schema(min_length = 1, max_length = 20_000)]
    pub error: String,
    /// Whether trying again can help; true where left out.
    pub retry: Option<bool>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// The answer to failing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobFailed {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job: Job,
    /// Whether it is in the queue again.
    pub will_retry: bool,
    /// Not handed out before.
    #[schema(format = DateTime)]
    pub retry_at: Option<String>,
}
