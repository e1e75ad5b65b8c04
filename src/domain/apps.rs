//! Apps: what a job has specified, a JSON document and a product description in Markdown. One a job.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::jobs::JobStatus;
use crate::domain::jobs::work::NewApp;
use crate::{Result, sql_fn};

/// An app without its texts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppSummary {
    /// The same as `app_id`.
    pub id: String,
    /// `app-<uuid>`.
    pub app_id: String,
    /// The job that specified it.
    pub job_id: String,
    /// Its workflow.
    pub workflow_id: String,
    /// The job's ticket.
    pub ticket_id: Option<String>,
    /// What it is called.
    pub title: String,
    /// Who wrote it.
    pub created_by: Option<String>,
    /// When it was written.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// An app.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct App {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// The specification.
    #[schema(value_type = Object)]
    pub spec: Value,
    /// The product description.
    pub prd_markdown: String,
}

/// An app in a list, with its job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ListedApp {
    /// The app.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// What its job is about.
    pub job_title: String,
    /// Where its job stands.
    pub job_status: JobStatus,
}

/// A page of apps, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Apps {
    /// The apps.
    pub apps: Vec<ListedApp>,
    /// Whether more follow.
    pub has_more: bool,
    /// What to ask for the next page with.
    pub next_cursor: Option<String>,
}

/// Which app to read.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// By its own id.
    App(&'a str),
    /// By its job's.
    Job(&'a str),
}

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
