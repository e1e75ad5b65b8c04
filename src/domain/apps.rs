//! Apps: what a job has specified, a JSON document and a product description in Markdown. One a job.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::jobs::JobStatus;

#[cfg(feature = "server")]
pub use self::queries::*;

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
