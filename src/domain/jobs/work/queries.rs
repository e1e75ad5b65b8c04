//! The calls with which the holder of a lease reports its work.

use serde_json::Value;
use tokio_postgres::types::Json;

use super::{
    CompleteJob, EnterStage, FailJob, JobCompleted, JobFailed, MessagesPosted, PostMessages, ProgressReported,
    ReportProgress, StageEntered,
};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Enters a stage; the ticket moves along.
pub async fn enter_stage(db: &Db, caller: &Caller, id: &str, input: &EnterStage) -> Result<StageEntered> {
    db.call(sql_fn!(enter_stage(
        caller: caller.to_sql(),
        job: id,
        token: input.lease_token,
        stage: input.stage,
        message: input.message,
    )))
    .await
}

/// Records progress.
pub async fn report_progress(db: &Db, caller: &Caller, id: &str, input: &ReportProgress) -> Result<ProgressReported> {
    db.call(sql_fn!(report_progress(
        caller: caller.to_sql(),
        job: id,
        token: input.lease_token,
        progress: input.progress,
        message: input.message,
    )))
    .await
}

/// Adds messages to the transcript.
pub async fn post_messages(db: &Db, caller: &Caller, id: &str, input: &PostMessages) -> Result<MessagesPosted> {
    db.call(sql_fn!(post_job_messages(
        caller: caller.to_sql(),
        job: id,
        token: input.lease_token,
        messages: Json(&input.messages),
    )))
    .await
}

/// Completes the job. `git` describes the commit as the workflow's repository has it.
pub async fn complete(
    db: &Db,
    caller: &Caller,
    id: &str,
    input: &CompleteJob,
    git: Option<Value>,
) -> Result<JobCompleted> {
    db.call(sql_fn!(complete_job(
        caller: caller.to_sql(),
        job: id,
        token: input.lease_token,
        result: input.result.as_ref().map(Json),
        commit_sha: input.commit_sha,
        commit_message: input.commit_message,
        resolution_comment: input.resolution_comment,
        app: input.app.as_ref().map(Json),
        git: git.map(Json),
    )))
    .await
}

/// Fails the attempt.
pub async fn fail(db: &Db, caller: &Caller, id: &str, input: &FailJob) -> Result<JobFailed> {
    db.call(sql_fn!(fail_job(
        caller: caller.to_sql(),
        job: id,
        token: input.lease_token,
        error: input.error,
        retry: input.retry.unwrap_or(true),
    )))
    .await
}
