//! Comments on tickets, and reactions to them.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// The reactions with one emoji.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Number of reactions.
    pub count: i64,
    /// The actors that reacted, at most the first 100.
    pub agent_ids: Vec<String>,
}

/// A comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Comment {
    /// `comment-<uuid>`.
    pub comment_id: String,
    /// Its ticket.
    pub ticket_id: String,
    /// The author.
    pub agent_id: Option<String>,
    /// The author's name.
    pub agent_name: Option<String>,
    /// Markdown.
    pub comment_text: String,
    /// general, status_change, assignment, blocker, resolution, clarification or system.
    pub comment_type: String,
    /// The comment it replies to.
    pub parent_id: Option<String>,
    /// Actors and tickets it mentions.
    pub mentions: Vec<String>,
    /// Links and paths.
    pub attachments: Vec<String>,
    /// Whether its text was edited.
    pub is_edited: bool,
    /// Creation time.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last edit.
    #[schema(format = DateTime)]
    pub updated_at: Option<String>,
    /// Reactions, the oldest emoji first.
    pub reactions: Vec<Reaction>,
}

/// `POST /api/tickets/comment`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddComment {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// Markdown; `@agent` and `#TKT-1` become mentions.
    #[schema(min_length = 1, max_length = 100_000)]
    pub comment_text: String,
    /// Defaults to `general`.
    pub comment_type: Option<String>,
    /// Additional actors and tickets to mention.
    #[schema(max_items = 100)]
    pub mentions: Option<Vec<String>>,
    /// Links and paths.
    #[schema(max_items = 50)]
    pub attachments: Option<Vec<String>>,
    /// The comment it replies to.
    pub parent_id: Option<String>,
}

/// The response to adding a comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Commented {
    /// Always true.
    pub success: bool,
    /// The comment.
    pub comment_id: String,
    /// Its ticket.
    pub ticket_id: String,
    /// Human-readable summary.
    pub message: String,
}

/// `PATCH /api/comments/{id}`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditComment {
    /// The new text.
    #[schema(min_length = 1, max_length = 100_000)]
    pub comment_text: String,
}

/// The response to deleting a comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommentDeleted {
    /// Always true.
    pub success: bool,
    /// The comment.
    pub comment_id: String,
    /// Its ticket.
    pub ticket_id: String,
    /// Human-readable summary.
    pub message: String,
}
