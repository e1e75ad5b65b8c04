//! The transcript of a job: messages of people and programs, steps and logs.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// The kind of a message in the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A chat message.
    Chat,
    /// A step of the work.
    Step,
    /// Output of a command.
    Log,
}

/// The role of the author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// A person.
    User,
    /// A model.
    Assistant,
    /// A worker or agent.
    Agent,
    /// Callboard itself.
    System,
}

/// The severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Details.
    Debug,
    /// Normal operation.
    Info,
    /// Something unexpected.
    Warning,
    /// Something failed.
    Error,
}

/// The names of these enums in SQL and JSON.
macro_rules! as_str {
    ($($name:ident { $($variant:ident => $word:literal),+ })+) => {$(
        impl $name {
            /// Its name in SQL and JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    )+};
}

as_str! {
    MessageKind { Chat => "chat", Step => "step", Log => "log" }
    MessageRole { User => "user", Assistant => "assistant", Agent => "agent", System => "system" }
    Level { Debug => "debug", Info => "info", Warning => "warning", Error => "error" }
}

/// A message of a transcript, with the field names of both kinds of clients.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// The same as `message_id`.
    pub id: String,
    /// `message-<uuid>`.
    pub message_id: String,
    /// The job.
    pub job_id: String,
    /// Its workflow.
    pub workflow_id: String,
    /// The kind.
    pub kind: MessageKind,
    /// The role of the author.
    pub role: MessageRole,
    /// The name of the author.
    pub sender: Option<String>,
    /// The same as `sender`.
    pub agent: Option<String>,
    /// The severity.
    pub level: Level,
    /// The text.
    pub content: String,
    /// The same as `content`.
    pub message: String,
    /// Its number in the job: 1, 2, 3…
    pub order: i64,
    /// The stage of the job at that time.
    pub stage: Option<String>,
    /// The attempt to which it belongs.
    pub attempt: i64,
    /// Further data.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// The actor that wrote it.
    pub agent_id: Option<String>,
    /// When it was posted.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Selects messages of a transcript.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// The job.
    pub job_id: String,
    /// Only these kinds.
    pub kinds: Option<Vec<String>>,
    /// After this number.
    pub after: i64,
    /// Before this number: the last of them, in order.
    pub before: Option<i64>,
    /// The maximum number of messages.
    pub limit: i64,
}

/// A page of a transcript, in order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Messages {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether more follow; with `before`, whether more precede.
    pub has_more: bool,
    /// The `after` of the next page; with `before`, its `before`.
    pub next_cursor: Option<String>,
}

/// `POST /api/job-messages`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostMessage {
    /// The job.
    pub job_id: String,
    /// The text, at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 65_536)]
    pub content: Option<String>,
    /// The same as `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 65_536)]
    pub message: Option<String>,
    /// The kind. Defaults to `chat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<MessageKind>,
    /// The role of the author. Defaults to `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<MessageRole>,
    /// The name of the author. Defaults to the caller's name.
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
    /// The acting agent, if the caller may act on behalf of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}
