//! The calls behind a ticket tracker with an address of its own.

use serde_json::Value;
use tokio_postgres::types::Json;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// A task to queue.
#[derive(Debug)]
pub struct NewTask {
    /// The workflow, if no ticket is named. Defaults to the caller's default workflow.
    pub workflow: Option<String>,
    /// Its ticket.
    pub ticket: Option<String>,
    /// The title.
    pub title: String,
    /// What to do.
    pub prompt: String,
    /// low, medium, high or critical.
    pub priority: Option<String>,
    /// The type of the job.
    pub job_type: Option<String>,
    /// Further data for its worker.
    pub details: Value,
    /// Whether it needs no ticket.
    pub exempt: bool,
}

/// A new status of a task.
#[derive(Debug)]
pub struct TaskStatus {
    /// The task.
    pub task: String,
    /// done, failed, in_progress, …
    pub status: String,
    /// What was done, or why it failed.
    pub message: Option<String>,
    /// The commit of what was done.
    pub commit_sha: Option<String>,
    /// Its data from the repository.
    pub git: Option<Value>,
    /// The result of the job.
    pub details: Value,
}

/// Tasks, newest first, of one workflow or of all.
pub async fn list_tasks(
    db: &Db,
    caller: &Caller,
    workflow: Option<&str>,
    statuses: Option<Vec<&str>>,
    max_rows: i64,
    skip: i64,
) -> Result<Value> {
    db.call(sql_fn!(list_tracker_tasks(caller: caller.to_sql(), workflow, statuses, max_rows, skip))).await
}

/// Reads a task.
pub async fn get_task(db: &Db, caller: &Caller, task: &str) -> Result<Value> {
    db.call(sql_fn!(get_tracker_task(caller: caller.to_sql(), task))).await
}

/// Queues a task.
pub async fn create_task(db: &Db, caller: &Caller, new: &NewTask) -> Result<Value> {
    db.call(sql_fn!(create_tracker_task(
        caller: caller.to_sql(),
        workflow: new.workflow,
        ticket: new.ticket,
        title: new.title,
        prompt: new.prompt,
        priority: new.priority,
        job_type: new.job_type,
        details: Json(&new.details),
        exempt: new.exempt,
    )))
    .await
}

/// Sets the status of a task.
pub async fn set_task_status(db: &Db, caller: &Caller, new: &TaskStatus) -> Result<Value> {
    db.call(sql_fn!(set_tracker_task_status(
        caller: caller.to_sql(),
        task: new.task,
        status: new.status,
        message: new.message,
        commit_sha: new.commit_sha,
        git: new.git.as_ref().map(Json),
        details: Json(&new.details),
    )))
    .await
}

/// The agents that the caller sees, with what they work on.
pub async fn list_agents(db: &Db, caller: &Caller) -> Result<Value> {
    db.call(sql_fn!(list_tracker_agents(caller: caller.to_sql()))).await
}

/// The open findings about an agent and its tickets.
pub async fn list_findings(db: &Db, caller: &Caller, agent: &str, max_rows: i64) -> Result<Vec<Value>> {
    db.call(sql_fn!(list_tracker_findings(caller: caller.to_sql(), agent, max_rows))).await
}

/// Numbers of tasks and the last changes, of one workflow or of all.
pub async fn overview(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(get_tracker_overview(caller: caller.to_sql(), workflow))).await
}

/// Workflows as executions; `workflow`, else the caller's default one, is first.
pub async fn list_executions(db: &Db, caller: &Caller, status: Option<&str>, workflow: Option<&str>) -> Result<Value> {
    let max_rows = 200i64;
    db.call(sql_fn!(list_tracker_executions(caller: caller.to_sql(), status, max_rows, workflow))).await
}

/// Reads a workflow as an execution.
pub async fn get_execution(db: &Db, caller: &Caller, workflow: &str) -> Result<Value> {
    db.call(sql_fn!(get_tracker_execution(caller: caller.to_sql(), workflow))).await
}
