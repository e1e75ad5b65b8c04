//! Adds, edits and deletes comments and reactions.

use super::{AddComment, Comment, CommentDeleted, Commented, EditComment};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Adds a comment.
pub async fn add(db: &Db, caller: &Caller, input: &AddComment) -> Result<Commented> {
    db.call(sql_fn!(add_comment(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        comment_text: input.comment_text,
        comment_type: input.comment_type,
        mentions: input.mentions,
        attachments: input.attachments,
        parent: input.parent_id,
    )))
    .await
}

/// Changes a comment's text.
pub async fn edit(db: &Db, caller: &Caller, comment: &str, input: &EditComment) -> Result<Comment> {
    db.call(sql_fn!(edit_comment(caller: caller.to_sql(), comment: comment, comment_text: input.comment_text))).await
}

/// Soft-deletes a comment.
pub async fn delete(db: &Db, caller: &Caller, comment: &str) -> Result<CommentDeleted> {
    db.call(sql_fn!(delete_comment(caller: caller.to_sql(), comment: comment))).await
}

/// Adds (`present`) or removes the caller's reaction.
pub async fn react(db: &Db, caller: &Caller, comment: &str, emoji: &str, present: bool) -> Result<Comment> {
    db.call(sql_fn!(set_reaction(caller: caller.to_sql(), comment: comment, emoji: emoji, present: present))).await
}
