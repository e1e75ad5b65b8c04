//! The calls that create, read and steer jobs.

use serde_json::Value;
use tokio_postgres::types::Json;

use super::{Action, CreateJob, Job, JobFilter, Jobs, Purged, UpdateJob};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::tickets::Priority;
use crate::{Result, sql_fn};

/// Creates a job.
pub async fn create(db: &Db, caller: &Caller, input: &CreateJob) -> Result<Job> {
    db.call(sql_fn!(create_job(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        ticket: input.ticket_id,
        title: input.title,
        initial_prompt: input.initial_prompt,
        job_type: input.job_type,
        stages: input.stages,
        priority: input.priority.map(Priority::as_str),
        payload: input.payload.as_ref().map(Json),
        max_attempts: input.max_attempts,
        queue: input.queue.unwrap_or(false),
        with_ticket: input.with_ticket,
        delay_seconds: input.delay_seconds,
    )))
    .await
}

/// One job.
pub async fn get(db: &Db, caller: &Caller, id: &str) -> Result<Job> {
    db.call(sql_fn!(get_job(caller: caller.to_sql(), job: id))).await
}

/// Jobs, newest first.
pub async fn list(db: &Db, caller: &Caller, filter: &JobFilter) -> Result<Jobs> {
    db.call(sql_fn!(list_jobs(
        caller: caller.to_sql(),
        workflow: filter.workflow_id,
        ticket: filter.ticket_id,
        statuses: filter.statuses,
        mine: filter.mine,
        title: filter.title,
        max_rows: filter.limit,
        cursor: filter.cursor,
    )))
    .await
}

/// Changes a job.
pub async fn update(db: &Db, caller: &Caller, id: &str, input: &UpdateJob) -> Result<Job> {
    db.call(sql_fn!(update_job(
        caller: caller.to_sql(),
        job: id,
        title: input.title,
        initial_prompt: input.initial_prompt,
        priority: input.priority.map(Priority::as_str),
        payload: input.payload.as_ref().map(Json),
        stages: input.stages,
    )))
    .await
}

/// Deletes a job; an open one is cancelled first.
pub async fn delete(db: &Db, caller: &Caller, id: &str) -> Result<()> {
    let _: Value = db.call(sql_fn!(delete_job(caller: caller.to_sql(), job: id))).await?;
    Ok(())
}

/// Permanently deletes the caller's own jobs.
pub async fn purge(db: &Db, caller: &Caller) -> Result<Purged> {
    db.call(sql_fn!(purge_jobs(caller: caller.to_sql()))).await
}

/// Continues, pauses, resumes or retries a job.
pub async fn act(db: &Db, caller: &Caller, id: &str, action: Action) -> Result<Job> {
    let caller = caller.to_sql();
    match action {
        Action::Continue => db.call(sql_fn!(continue_job(caller, job: id))).await,
        Action::Pause => db.call(sql_fn!(pause_job(caller, job: id))).await,
        Action::Resume => db.call(sql_fn!(resume_job(caller, job: id))).await,
        Action::Retry => db.call(sql_fn!(retry_job(caller, job: id))).await,
    }
}

/// Cancels a job, or asks its worker to stop if it is running.
pub async fn cancel(db: &Db, caller: &Caller, id: &str, reason: Option<&str>) -> Result<Job> {
    db.call(sql_fn!(cancel_job(caller: caller.to_sql(), job: id, reason))).await
}
