//! The calls that read and write apps.

use tokio_postgres::types::Json;

use super::{App, Apps, Which};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::jobs::work::NewApp;
use crate::{Result, sql_fn};

/// One app.
pub async fn get(db: &Db, caller: &Caller, which: Which<'_>) -> Result<App> {
    let (app, job) = match which {
        Which::App(id) => (Some(id), None),
        Which::Job(id) => (None, Some(id)),
    };
    db.call(sql_fn!(get_app(caller: caller.to_sql(), app, job))).await
}

/// Apps of a workflow, or of all the caller is in.
pub async fn list(db: &Db, caller: &Caller, workflow: Option<&str>, limit: i64, cursor: Option<&str>) -> Result<Apps> {
    db.call(sql_fn!(list_apps(caller: caller.to_sql(), workflow, max_rows: limit, after: cursor))).await
}

/// Writes a job's app.
pub async fn put(db: &Db, caller: &Caller, job: &str, input: &NewApp) -> Result<App> {
    db.call(sql_fn!(put_app(
        caller: caller.to_sql(),
        job,
        title: input.title,
        spec: Json(&input.spec),
        prd_markdown: input.prd_markdown,
    )))
    .await
}
