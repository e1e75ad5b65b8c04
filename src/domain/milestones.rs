//! Milestones: what a workflow plans to have done by a day, such as a release or a sprint. The rules are in
//! `sql/logic/22_milestones`.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use crate::domain::tickets::{not_null, nullable};

/// A milestone, and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Milestone {
    /// `milestone-<uuid>`.
    pub milestone_id: String,
    /// Its workflow.
    pub workflow_id: String,
    /// Its name, unique in the workflow regardless of case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The day on which work on it starts.
    #[schema(format = Date)]
    pub starts_on: Option<String>,
    /// The day by which it is to be done.
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// Whether it is closed: it takes no more tickets.
    pub is_closed: bool,
    /// When it was closed.
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
    /// The creator.
    pub created_by: Option<String>,
    /// Creation time.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Whether it is open after its due day, in the workflow's time zone.
    pub is_overdue: bool,
    /// Tickets in it.
    pub ticket_count: i64,
    /// How many of them are resolved.
    pub resolved_count: i64,
    /// The sum of their story points.
    pub story_points: f64,
    /// The story points of the resolved ones.
    pub resolved_points: f64,
}

/// The milestones of a workflow, at most 300.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MilestoneList {
    /// The open ones first, those that are due first.
    pub milestones: Vec<Milestone>,
}

/// `POST /api/workflows/{id}/milestones`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMilestone {
    /// 1 to 200 characters, on one line.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it is for.
    #[schema(max_length = 2000)]
    pub description: Option<String>,
    /// The day on which work on it starts, like `2026-01-05`. Charts begin there.
    #[schema(format = Date)]
    pub starts_on: Option<String>,
    /// The day by which it is to be done, like `2026-01-31`.
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `PATCH /api/milestones/{id}`; omitted fields stay unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateMilestone {
    /// 1 to 200 characters, on one line.
    #[serde(deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, max_length = 2000)]
    pub description: Option<String>,
    /// The day on which work on it starts; null: none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub starts_on: Option<Option<String>>,
    /// The day by which it is to be done; null: none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Option<String>>,
    /// `true` closes it, `false` opens it again.
    #[serde(deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool)]
    pub is_closed: Option<bool>,
    /// The acting agent, where the caller may act for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}

/// The response to deleting a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MilestoneDeleted {
    /// Always true.
    pub success: bool,
    /// The milestone.
    pub milestone_id: String,
    /// How many tickets were in it.
    pub tickets: i64,
    /// Human-readable summary.
    pub message: String,
}

/// A short reference to a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MilestoneRef {
    /// `milestone-<uuid>`.
    pub milestone_id: String,
    /// Its name.
    pub name: String,
    /// The day by which it is to be done.
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// Whether it is closed.
    pub is_closed: bool,
}
