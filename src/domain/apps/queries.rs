//! The calls that read and write apps.

use tokio_postgres::types::Json;

use super::{App, AppSelector, Apps};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::jobs::work::NewApp;
use crate::{Result, sql_fn};

/// One app.
pub async fn get(db: &Db, caller: &Caller, selector: AppSelector<'_>) -> Result<App> {
    let (app, job) = match selector {
        AppSelector::App(id) => (Some(id), None),
        AppSelector::Job(id) => (None, Some(id)),
    };
    db.call(sql_fn!(get_app(caller: caller.to_sql(), app, job))).await
}

/// The apps of a workflow, or of all of the caller's workflows.
pub async fn list(db: &Db, caller: &Caller, workflow: Option<&str>, limit: i64, cursor: Option<&str>) -> Result<Apps> {
    db.call(sql_fn!(list_apps(caller: caller.to_sql(), workflow, max_rows: limit, cursor))).await
}

/// Creates or replaces the app of a job.
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
