//! The calls behind a job builder's address.

use serde_json::Value;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Creates a job from a prompt, and queues it at once as a job of the type `queue_type`, if that is given.
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

/// Pauses a job, or lets it go on.
pub async fn set_paused(db: &Db, caller: &Caller, job: &str, paused: bool) -> Result<Value> {
    db.call(sql_fn!(set_builder_job_paused(caller: caller.to_sql(), job, paused))).await
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
