//! Tickets: the types shared by every transport. `change` writes fields, `moves` changes columns and order,
//! `merge` merges duplicates, `deleted` restores, `read` queries.

pub mod change;
pub mod deleted;
pub mod merge;
pub mod moves;
pub mod read;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// The default.
    Medium,
    /// Soon.
    High,
    /// Now.
    Critical,
}

impl Priority {
    /// The priority's name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The state of a ticket's human review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    /// Not reviewed yet; the ticket can be neither moved nor claimed.
    PendingReview,
    /// Work may continue.
    Approved,
    /// Work may not continue; another review can be requested.
    Rejected,
}

/// A ticket as shown on boards and in lists. Cards of a column are ordered by `rank` (bytewise), then `number`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// `ticket-<uuid>`.
    pub ticket_id: String,
    /// `TKT-12`, unique in the workflow.
    pub key: String,
    /// The number in the key.
    pub number: i64,
    /// Its workflow.
    pub workflow_id: String,
    /// Up to 500 characters.
    pub title: String,
    /// Markdown; not on boards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// One of the board's ticket types.
    pub ticket_type: String,
    /// How urgent it is.
    pub priority: Priority,
    /// The id of its column.
    pub status: String,
    /// Sort key within the column.
    pub rank: String,
    /// The assignee.
    pub assigned_agent_id: Option<String>,
    /// The creator.
    pub created_by_agent_id: Option<String>,
    /// The parent ticket.
    pub parent_ticket_id: Option<String>,
    /// The ticket it was merged into; a merged ticket is not on the board.
    pub merged_into_ticket_id: Option<String>,
    /// State of the human review; null if none is required.
    #[serde(default)]
    pub approval_status: Option<ApprovalStatus>,
    /// Labels.
    pub tags: Vec<String>,
    /// Open tickets that block it.
    pub blocked_by_ticket_ids: Vec<String>,
    /// Whether any ticket blocks it.
    pub is_blocked: bool,
    /// Whether it is resolved.
    pub is_resolved: bool,
    /// Live comments.
    pub comment_count: i64,
    /// Linked commits.
    pub commit_count: i64,
    /// 0 to 1000.
    pub story_points: Option<f64>,
    /// Minutes it should take.
    pub estimate_minutes: Option<i64>,
    /// Minutes it took so far.
    pub spent_minutes: i64,
    /// The day by which it is to be done.
    #[serde(default)]
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// The milestone that it is in.
    #[serde(default)]
    pub milestone_id: Option<String>,
    /// Incremented by every change; send it with a change to detect conflicting updates (optimistic locking).
    pub version: i64,
    /// Creation time.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it first entered an active column.
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    /// When it was finished.
    #[schema(format = DateTime)]
    pub completed_at: Option<String>,
}

/// A short reference to a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketRef {
    /// `ticket-<uuid>`.
    pub ticket_id: String,
    /// `TKT-12`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its column.
    pub status: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether it is resolved.
    pub is_resolved: bool,
    /// Whether it was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// The response to a change that returns nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// Human-readable summary.
    pub message: String,
}

/// Deserializes a text for which `null` is the same as absent. Use with `#[serde(default)]`.
fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Deserializes a field that may be absent, but not `null`, which would look like a change that is not made. Use with
/// `#[serde(default)]`.
pub(in crate::domain) fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Deserializes a field for which `null` differs from absent: absent → `None`, `null` → `Some(None)`.
/// Use with `#[serde(default)]`.
pub(in crate::domain) fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
