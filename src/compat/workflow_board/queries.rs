//! The calls behind a workflow board with an address of its own.

use serde_json::{Map, Value};
use tokio_postgres::types::Json;

use super::{Report, TaskFields};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// A job to queue for a task.
#[derive(Debug)]
pub struct Trigger {
    /// The task.
    pub adw_id: String,
    /// The type of the job.
    pub job_type: String,
    /// Its stages.
    pub stages: Vec<String>,
    /// The task, if it does not exist yet: `{title, description, issue_class, fields}`.
    pub issue: Value,
    /// Further data for its worker.
    pub details: Map<String, Value>,
}

/// The tasks of a board.
pub async fn list(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(list_workflow_board(caller: caller.to_sql(), workflow))).await
}

/// Reads a task.
pub async fn get(db: &Db, caller: &Caller, workflow: Option<&str>, adw_id: &str) -> Result<Value> {
    db.call(sql_fn!(get_workflow_board_task(caller: caller.to_sql(), workflow, adw_id))).await
}

/// Creates a task.
pub async fn create(
    db: &Db,
    caller: &Caller,
    workflow: Option<&str>,
    adw_id: &str,
    task: &TaskFields,
) -> Result<Value> {
    db.call(sql_fn!(create_workflow_board_task(
        caller: caller.to_sql(),
        workflow,
        adw_id,
        title: task.title,
        description: task.description,
        issue_class: task.issue_class,
        stage: task.stage,
        fields: Json(&task.kept),
    )))
    .await
}

/// Changes a task.
pub async fn update(
    db: &Db,
    caller: &Caller,
    workflow: Option<&str>,
    adw_id: &str,
    task: &TaskFields,
) -> Result<Value> {
    let texts = [("title", &task.title), ("description", &task.description)];
    let updates: Map<String, Value> =
        texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.as_deref()?.into()))).collect();
    db.call(sql_fn!(update_workflow_board_task(
        caller: caller.to_sql(),
        workflow,
        adw_id,
        stage: task.stage,
        issue_class: task.issue_class,
        updates: Json(updates),
        fields: Json(&task.kept),
    )))
    .await
}

/// Deletes a task.
pub async fn delete(db: &Db, caller: &Caller, workflow: Option<&str>, adw_id: &str) -> Result<Value> {
    db.call(sql_fn!(delete_workflow_board_task(caller: caller.to_sql(), workflow, adw_id))).await
}

/// Reserves the number of a task that is created later.
pub async fn allocate_number(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(allocate_issue_number(caller: caller.to_sql(), workflow))).await
}

/// Queues a job for a task.
pub async fn trigger(db: &Db, caller: &Caller, workflow: Option<&str>, trigger: &Trigger) -> Result<Value> {
    db.call(sql_fn!(trigger_workflow_board_task(
        caller: caller.to_sql(),
        workflow,
        adw_id: trigger.adw_id,
        job_type: trigger.job_type,
        stages: trigger.stages,
        issue: Json(&trigger.issue),
        details: Json(&trigger.details),
    )))
    .await
}

/// Records what a program reports about a task.
pub async fn record_report(db: &Db, caller: &Caller, workflow: Option<&str>, report: &Report) -> Result<Value> {
    db.call(sql_fn!(record_workflow_board_report(
        caller: caller.to_sql(),
        workflow,
        adw_id: report.adw_id,
        state: report.state,
        line: report.line,
        level: report.level,
        report: Json(&report.report),
        fields: Json(&report.fields),
    )))
    .await
}

/// The newest transcript lines of a stage, or of all.
pub async fn lines(
    db: &Db,
    caller: &Caller,
    workflow: Option<&str>,
    adw_id: &str,
    stage: Option<&str>,
) -> Result<Value> {
    let max_rows = 500i64;
    db.call(sql_fn!(list_workflow_board_lines(caller: caller.to_sql(), workflow, adw_id, stage, max_rows))).await
}
