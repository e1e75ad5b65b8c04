//! Comments on tickets, and reactions to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Everybody who reacted with one emoji.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// How many.
    pub count: i64,
    /// Who.
    pub agent_ids: Vec<String>,
}

/// A comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Comment {
    /// `comment-<uuid>`.
    pub comment_id: String,
    /// Its ticket.
    pub ticket_id: String,
    /// Who wrote it.
    pub agent_id: Option<String>,
    /// The name of who wrote it.
    pub agent_name: Option<String>,
    /// Markdown.
    pub comment_text: String,
    /// general, status_change, assignment, blocker, resolution, clarification or system.
    pub comment_type: String,
    /// The comment it answers.
    pub parent_id: Option<String>,
    /// Actors and tickets it mentions.
    pub mentions: Vec<String>,
    /// Links and paths.
    pub attachments: Vec<String>,
    /// Whether its text changed.
    pub is_edited: bool,
    /// When it was written.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its text last changed.
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
    /// general where left out.
    pub comment_type: Option<String>,
    /// Actors and tickets to mention besides.
    #[schema(max_items = 100)]
    pub mentions: Option<Vec<String>>,
    /// Links and paths.
    #[schema(max_items = 50)]
    pub attachments: Option<Vec<String>>,
    /// The comment it answers.
    pub parent_id: Option<String>,
}

/// The answer to commenting.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Commented {
    /// Always true.
    pub success: bool,
    /// The comment.
    pub comment_id: String,
    /// Its ticket.
    pub ticket_id: String,
    /// A sentence for a person.
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

/// The answer to deleting a comment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommentDeleted {
    /// Always true.
    pub success: bool,
    /// The comment.
    pub comment_id: String,
    /// Its ticket.
    pub ticket_id: String,
    /// A sentence for a person.
    pub message: String,
}

/// Adds a comment.
pub async fn add(db: &Db, caller: &Caller, input: &AddComment, idempotency_key: Option<&str>) -> Result<Commented> {
    db.call(sql_fn!(add_comment(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        comment_text: input.comment_text,
        comment_type: input.comment_type,
        mentions: input.mentions,
        attachments: input.attachments,
        parent: input.parent_id,
        idempotency_key: idempotency_key,
    )))
    .await
}

/// Changes a comment's text.
pub async fn edit(db: &Db, caller: &Caller, comment: &str, input: &EditComment) -> Result<Comment> {
    db.call(sql_fn!(edit_comment(caller: caller.to_sql(), comment: comment, comment_text: input.comment_text))).await
}

/// Deletes a comment.
pub async fn delete(db: &Db, caller: &Caller, comment: &str) -> Result<CommentDeleted> {
    db.call(sql_fn!(delete_comment(caller: caller.to_sql(), comment: comment))).await
}

/// Sets (`present`) or takes back the caller's reaction.
pub async fn react(db: &Db, caller: &Caller, comment: &str, emoji: &str, present: bool) -> Result<Comment> {
    db.call(sql_fn!(set_reaction(caller: caller.to_sql(), comment: comment, emoji: emoji, present: present))).await
}
