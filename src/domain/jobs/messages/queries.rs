//! The calls that read and write transcripts.

use serde_json::Value;
use tokio_postgres::types::Json;

use super::{Level, Message, MessageFilter, MessageKind, MessageRole, Messages, PostMessage};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// A page of a job's transcript.
pub async fn list(db: &Db, caller: &Caller, filter: &MessageFilter) -> Result<Messages> {
    db.call(sql_fn!(list_job_messages(
        caller: caller.to_sql(),
        job: filter.job_id,
        kinds: filter.kinds,
        after: filter.after,
        before: filter.before,
        max_rows: filter.limit,
    )))
    .await
}

/// Adds a message of a workflow member.
pub async fn post(db: &Db, caller: &Caller, input: &PostMessage) -> Result<Message> {
    let content = input.content.as_ref().or(input.message.as_ref());
    let content = content.filter(|text| !text.trim().is_empty());
    let content = content.ok_or_else(|| Error::invalid("content", "must be given and not be empty"))?;
    db.call(sql_fn!(post_job_message(
        caller: caller.to_sql(),
        job: input.job_id,
        content,
        kind: input.kind.map(MessageKind::as_str),
        role: input.role.map(MessageRole::as_str),
        sender: input.sender,
        level: input.level.map(Level::as_str),
        metadata: input.metadata.as_ref().map(Json),
    )))
    .await
}

/// Deletes a message.
pub async fn delete(db: &Db, caller: &Caller, id: &str) -> Result<()> {
    let _: Value = db.call(sql_fn!(delete_job_message(caller: caller.to_sql(), message: id))).await?;
    Ok(())
}
