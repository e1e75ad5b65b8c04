//! Apps: the specification that a job produced, as a JSON document and a product description in Markdown. A job has at
//! most one.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::jobs::JobStatus;

#[cfg(feature = "server")]
pub use self::queries::*;

/// The fields of an app without its documents.
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
    /// The title.
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
    /// The fields that lists show.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// The specification.
    #[schema(value_type = Object)]
    pub spec: Value,
    /// The product description, Markdown.
    pub prd_markdown: String,
}

/// An app in a list, with its job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ListedApp {
    /// The app.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// The title of its job.
    pub job_title: String,
    /// The state of its job.
    pub job_status: JobStatus,
}

/// A page of apps, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Apps {
    /// The apps.
    pub apps: Vec<ListedApp>,
    /// Whether more follow.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// Identifies an app.
#[derive(Debug, Clone, Copy)]
pub enum AppSelector<'a> {
    /// By its own id.
    App(&'a str),
    /// By its job's id.
    Job(&'a str),
}
