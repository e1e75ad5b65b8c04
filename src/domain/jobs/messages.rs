//! A job's transcript as people and programs read and write it.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// What a line of the transcript is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Somebody says something.
    Chat,
    /// What the work has come to.
    Step,
    /// Output of a command.
    Log,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// A person.
    User,
    /// A model.
    Assistant,
    /// A worker or agent.
    Agent,
    /// The machinery.
    System,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Details.
    Debug,
    /// The usual.
    Info,
    /// Worth a look.
    Warning,
    /// Something failed.
    Error,
}

/// The word of one of these enums, as the database and clients know it.
macro_rules! as_str {
    ($($name:ident { $($variant:ident => $word:literal),+ })+) => {$(
        impl $name {
            /// The word of it.
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

/// A line of a transcript, in both spellings that clients know.
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
    /// What it is.
    pub kind: MessageKind,
    /// Who speaks.
    pub role: MessageRole,
    /// Their name.
    pub sender: Option<String>,
    /// The same as `sender`.
    pub agent: Option<String>,
    /// How bad it is.
    pub level: Level,
    /// Its text.
    pub content: String,
    /// The same as `content`.
    pub message: String,
    /// 1, 2, 3… in the job.
    pub order: i64,
    /// The stage the job was in.
    pub stage: Option<String>,
    /// The attempt it belongs to.
    pub attempt: i64,
    /// Anything else.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// The actor that wrote it.
    pub agent_id: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Which part of a transcript to read.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// The job.
    pub job_id: String,
    /// Only these kinds.
    pub kinds: Option<Vec<String>>,
    /// After this place.
    pub after: i64,
    /// Before this place: the last of them, still in order.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// A page of a transcript, in order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Messages {
    /// The lines.
    pub messages: Vec<Message>,
    /// Whether more follow (or, read backwards, come before).
    pub has_more: bool,
    /// The `after` (read backwards: `before`) of the next page.
    pub next_cursor: Option<String>,
}

/// `POST /api/job-messages`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostMessage {
    /// The job.
    pub job_id: String,
    /// Its text, at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 65_536)]
    pub content: Option<String>,
    /// Another spelling of `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 65_536)]
    pub message: Option<String>,
    /// `chat` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<MessageKind>,
    /// `user` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<MessageRole>,
    /// The caller's name where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub sender: Option<String>,
    /// `info` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Anything else, at most 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// The acting agent, where the caller may act for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}
