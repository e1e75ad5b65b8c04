//! The calls behind a job builder's address.

use serde_json::Value;
use tokio_postgres::types::Json;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Creates a job from a prompt. With `queue_type` it becomes a job of that type, which the first answer in its chat queues.
pub async fn create(
    db: &Db,
    caller: &Caller,
    workflow: Option<&str>,
    prompt: &str,
    queue_type: Option<&str>,
) -> Result<Value> {
    db.call(sql_fn!(create_builder_job(caller: caller.to_sql(), workflow, prompt, queue_type))).await
}

/// A job with the newest lines of its transcript.
pub async fn get(db: &Db, caller: &Caller, job: &str) -> Result<Value> {
    db.call(sql_fn!(get_builder_job(caller: caller.to_sql(), job))).await
}

/// A line for a job's chat.
#[derive(Debug, Default)]
pub struct Line<'a> {
    /// The job.
    pub job: &'a str,
    /// The text.
    pub content: &'a str,
    /// The role that the client claims.
    pub role: Option<&'a str>,
    /// Further data.
    pub metadata: Option<&'a Value>,
}

/// Writes a line of the caller into a job's chat. The first line of a person queues a job of the type `queue_type`.
pub async fn post_line(db: &Db, caller: &Caller, line: &Line<'_>, queue_type: Option<&str>) -> Result<Value> {
    if line.content.trim().is_empty() {
        return Err(Error::invalid("content", "must be given and not be empty"));
    }
    db.call(sql_fn!(post_builder_line(
        caller: caller.to_sql(),
        job: line.job,
        content: line.content,
        role: line.role,
        metadata: line.metadata.map(Json),
        queue_type,
    )))
    .await
}

/// Pauses a job, or lets it go on. Resuming queues a job of the type `queue_type` that has been answered.
pub async fn set_paused(db: &Db, caller: &Caller, job: &str, paused: bool, queue_type: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(set_builder_job_paused(caller: caller.to_sql(), job, paused, queue_type))).await
}

/// Queues a job whose prompt is complete, or one that has ended and is to do more.
pub async fn continue_job(db: &Db, caller: &Caller, job: &str, requirements: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(continue_builder_job(caller: caller.to_sql(), job, requirements))).await
}

/// The ticket of a job and those below it.
pub async fn tickets(db: &Db, caller: &Caller, job: &str) -> Result<Vec<Value>> {
    db.call(sql_fn!(list_builder_tickets(caller: caller.to_sql(), job))).await
}

/// The newest apps with their documents.
pub async fn apps(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Vec<Value>> {
    db.call(sql_fn!(list_builder_apps(caller: caller.to_sql(), workflow))).await
}
