//! Requests and responses for creating, updating and deleting tickets.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use super::{Priority, nullable, text_or_null};
use crate::domain::search::similar::SimilarTicket;

/// `POST /api/tickets/create`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    /// The workflow it belongs to.
    pub workflow_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// 3 to 500 visible characters; a wide one (Chinese, Japanese, Korean) counts as three.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// Markdown: at least 10 characters, counted like the title's. Optional, unless the board requires a description.
    #[serde(default, deserialize_with = "text_or_null")]
    #[schema(max_length = 200_000)]
    pub description: String,
    /// One of the board's ticket types. Defaults to the board's default type.
    pub ticket_type: Option<String>,
    /// Defaults to `medium`.
    pub priority: Option<Priority>,
    /// A column. Defaults to the board's initial column.
    pub initial_status: Option<String>,
    /// The assignee. Unknown agents are provisioned.
    pub assigned_agent_id: Option<String>,
    /// The parent ticket.
    pub parent_ticket_id: Option<String>,
    /// Tickets (ids or keys) of the same workflow that block it.
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Option<Vec<String>>,
    /// Labels.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// Tasks outside Callboard.
    #[schema(max_items = 200)]
    pub related_task_ids: Option<Vec<String>>,
    /// Related tickets.
    #[schema(max_items = 200)]
    pub related_ticket_ids: Option<Vec<String>>,
    /// 0 to 1000.
    #[schema(minimum = 0, maximum = 1000)]
    pub story_points: Option<f64>,
    /// Estimated minutes.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub estimate_minutes: Option<i64>,
    /// The day by which it is to be done, like `2026-01-31`.
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// The milestone that it is in: the id or name of an open one.
    pub milestone_id: Option<String>,
}

impl CreateTicket {
    /// An empty request for a workflow; set at least the title.
    pub fn in_workflow(workflow: &str) -> Self {
        Self { workflow_id: workflow.to_owned(), ..Self::default() }
    }
}

/// The response to creating a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Created {
    /// Always true.
    pub success: bool,
    /// `ticket-<uuid>`.
    pub ticket_id: String,
    /// `TKT-12`.
    pub key: String,
    /// Its column.
    pub status: String,
    /// 1.
    pub version: i64,
    /// Human-readable summary.
    pub message: String,
    /// Whether its embedding was stored within this request.
    pub embedding_created: bool,
    /// Similar tickets, by meaning if the embedding was made in time, else by the words of their titles.
    pub similar_tickets: Vec<SimilarTicket>,
    /// Whether the ticket was compared in meaning with all tickets of the workflow.
    #[serde(default)]
    pub meaning_checked: bool,
    /// What was not compared, if anything.
    #[serde(default)]
    pub notice: Option<String>,
}

/// Fields to change; `null` clears an optional field.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicketUpdates {
    /// 3 to 500 visible characters; a wide one counts as three.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 500)]
    pub title: Option<String>,
    /// Markdown: at least 10 characters, or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200_000)]
    pub description: Option<String>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// One of the board's ticket types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_type: Option<String>,
    /// The assignee; null: unassigned.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub assigned_agent_id: Option<Option<String>>,
    /// The parent ticket; null: none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub parent_ticket_id: Option<Option<String>>,
    /// Labels; replaces the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// Tickets (ids or keys) that block it; replaces the list. Resolved blockers stay, unless the list is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Option<Vec<String>>,
    /// Related tasks; replaces the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub related_task_ids: Option<Vec<String>>,
    /// Related tickets; replaces the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub related_ticket_ids: Option<Vec<String>>,
    /// 0 to 1000; null: not estimated.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1000)]
    pub story_points: Option<Option<f64>>,
    /// Estimated minutes; null: not estimated.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000)]
    pub estimate_minutes: Option<Option<i64>>,
    /// Minutes spent so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub spent_minutes: Option<i64>,
    /// The day by which it is to be done, like `2026-01-31`; null: none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Option<String>>,
    /// The milestone that it is in: the id or name of an open one; null: none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub milestone_id: Option<Option<String>>,
}

/// `POST /api/tickets/update`: fields are given under `updates` or at the top level. At the top level, `null`
/// is the same as absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTicket {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// The fields to change.
    pub updates: Option<TicketUpdates>,
    /// Becomes a comment.
    #[schema(max_length = 100_000)]
    pub update_comment: Option<String>,
    /// The version this change is based on; a mismatch is a conflict.
    pub version: Option<i64>,
    /// See `updates`.
    #[schema(min_length = 1, max_length = 500)]
    pub title: Option<String>,
    /// See `updates`.
    #[schema(max_length = 200_000)]
    pub description: Option<String>,
    /// See `updates`.
    pub priority: Option<Priority>,
    /// See `updates`.
    pub ticket_type: Option<String>,
    /// See `updates`.
    pub assigned_agent_id: Option<String>,
    /// See `updates`.
    pub parent_ticket_id: Option<String>,
    /// See `updates`.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// See `updates`.
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Option<Vec<String>>,
    /// See `updates`.
    #[schema(max_items = 200)]
    pub related_task_ids: Option<Vec<String>>,
    /// See `updates`.
    #[schema(max_items = 200)]
    pub related_ticket_ids: Option<Vec<String>>,
    /// See `updates`.
    #[schema(minimum = 0, maximum = 1000)]
    pub story_points: Option<f64>,
    /// See `updates`.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub estimate_minutes: Option<i64>,
    /// See `updates`.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub spent_minutes: Option<i64>,
    /// See `updates`.
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// See `updates`.
    pub milestone_id: Option<String>,
}

/// The response to updating a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Updated {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// Fields whose value changed.
    pub fields_updated: Vec<String>,
    /// The new version.
    pub version: i64,
    /// Human-readable summary.
    pub message: String,
    /// Whether its embedding was recomputed within this request.
    pub embedding_updated: bool,
}

/// `POST /api/tickets/set-blockers`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBlockers {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// Tickets (ids or keys) that block it; replaces the list. Resolved blockers stay, unless the list is empty.
    #[schema(max_items = 200)]
    pub blocked_by_ticket_ids: Vec<String>,
}

/// The response to setting blockers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BlockersSet {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// Human-readable summary.
    pub message: String,
    /// Tickets that block it now.
    pub blocked_by_ticket_ids: Vec<String>,
}
