//! Reports of the worker that holds a job's lease: stages, progress, messages, completion, failure.

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
    /// The token from the claim.
    pub lease_token: String,
    /// One of the job's stages; any name if the job lists none.
    #[schema(min_length = 1, max_length = 64)]
    pub stage: String,
    /// What the worker is doing.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The answer to entering a stage.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StageEntered {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job: Job,
    /// Whether its ticket moved to the column of this name.
    pub ticket_moved: bool,
    /// Why it did not, if the board rejected the move.
    pub notice: Option<String>,
}

/// `POST /api/jobs/{id}/progress`: one of `progress` and `message`, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportProgress {
    /// The token from the claim.
    pub lease_token: String,
    /// Percent, 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    pub progress: Option<f64>,
    /// What the worker is doing.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
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
    /// What the worker is doing.
    pub message: String,
}

/// A message to add to the transcript.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// The kind.
    pub kind: MessageKind,
    /// The text, at most 64 KiB.
    #[schema(min_length = 1, max_length = 65_536)]
    pub content: String,
    /// The role of the author. Defaults to `agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<MessageRole>,
    /// The name of the author. Defaults to the worker's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub sender: Option<String>,
    /// The severity. Defaults to `info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Further data, at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
}

/// `POST /api/jobs/{id}/messages`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessages {
    /// The token from the claim.
    pub lease_token: String,
    /// The messages, in order.
    #[schema(min_items = 1, max_items = 100)]
    pub messages: Vec<NewMessage>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The number of an added message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Posted {
    /// The message.
    pub message_id: String,
    /// Its number in the job: 1, 2, 3…
    pub order: i64,
}

/// The answer to adding messages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessagesPosted {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job_id: String,
    /// One for each message, in order.
    pub messages: Vec<Posted>,
}

/// A specification to store as an app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// The title. Defaults to that of the job.
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
    /// The token from the claim.
    pub lease_token: String,
    /// The result, at most 256 KiB.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// The final commit; it is linked to the ticket.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: Option<String>,
    /// That commit's message.
    #[schema(max_length = 20_000)]
    pub commit_message: Option<String>,
    /// The comment that resolves the ticket.
    #[schema(max_length = 100_000)]
    pub resolution_comment: Option<String>,
    /// The app that it specified.
    pub app: Option<NewApp>,
    /// The acting agent, if the caller may act on behalf of others.
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
    /// Tickets that are no longer blocked by its ticket.
    pub unblocked_tickets: Vec<String>,
    /// Why the ticket was not resolved.
    pub notice: Option<String>,
}

/// `POST /api/jobs/{id}/fail`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailJob {
    /// The token from the claim.
    pub lease_token: String,
    /// The error.
    #[schema(min_length = 1, max_length = 20_000)]
    pub error: String,
    /// Whether a retry can succeed. Defaults to true.
    pub retry: Option<bool>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The answer to failing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobFailed {
    /// Always true.
    pub success: bool,
    /// The job.
    pub job: Job,
    /// Whether it was queued for another attempt.
    pub will_retry: bool,
    /// The earliest time of the next attempt.
    #[schema(format = DateTime)]
    pub retry_at: Option<String>,
}
