//! Requests and responses for moving, reordering, resolving, claiming and bulk-updating tickets.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use super::change::TicketUpdates;
use super::{Card, Priority};

/// A position in a column, relative to another ticket.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Position)]
#[serde(deny_unknown_fields, default)]
pub struct CardPosition {
    /// Directly before this ticket.
    pub before: Option<String>,
    /// Directly after this ticket.
    pub after: Option<String>,
}

/// `POST /api/tickets/change-status`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStatus {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// The column to move to.
    #[schema(min_length = 1)]
    pub new_status: String,
    /// The reason; some boards require at least 10 characters. Kept also if the ticket is in the column already.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
    /// A commit to link.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: Option<String>,
    /// The version this change is based on; a mismatch is a conflict.
    pub version: Option<i64>,
    /// The position in the column. Defaults to the end.
    pub position: Option<CardPosition>,
}

/// The response to moving a ticket. A blocked ticket is not moved and `success` is false.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StatusChanged {
    /// Whether it moved.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// The column it was in.
    pub old_status: String,
    /// Its column.
    pub new_status: String,
    /// Human-readable summary, with a warning if the column exceeds its WIP limit.
    pub message: String,
    /// Whether it is blocked.
    pub blocked: bool,
    /// The tickets that block it.
    pub blocking_ticket_ids: Vec<String>,
    /// The new version.
    pub version: i64,
}

/// `POST /api/tickets/reorder`: one of `before` and `after`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reorder {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// Directly before this ticket of the same column.
    pub before: Option<String>,
    /// Directly after this ticket of the same column.
    pub after: Option<String>,
}

/// The response to reordering.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reordered {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// Its new sort key within the column.
    pub rank: String,
    /// Human-readable summary.
    pub message: String,
}

/// `POST /api/tickets/resolve`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveTicket {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// What was done: at least 10 visible characters; a wide one (Chinese, Japanese, Korean) counts as three.
    #[schema(min_length = 1, max_length = 100_000)]
    pub resolution_comment: Option<String>,
    /// Alias of `resolution_comment`.
    #[schema(min_length = 1, max_length = 100_000)]
    pub resolution: Option<String>,
    /// The commit that resolved it.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: Option<String>,
    /// Which of its jobs end with it: queued ones (default), all, or none. Running jobs are asked to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub cancel_jobs: Option<CancelJobs>,
}

/// Which jobs of a ticket end when it is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelJobs {
    /// Those that no worker has begun.
    Queued,
    /// Also running ones, which are asked to stop.
    All,
    /// None; they are not handed out while the ticket is resolved.
    None,
}

impl CancelJobs {
    /// The choice's name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// The response to resolving.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Resolved {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// Human-readable summary.
    pub message: String,
    /// Tickets that are no longer blocked by it. They are blocked again if it is reopened.
    pub unblocked_tickets: Vec<String>,
    /// Its jobs that were cancelled or asked to stop.
    #[serde(default)]
    pub cancelled_jobs: Vec<String>,
    /// Its column.
    pub status: String,
    /// The new version.
    pub version: i64,
}

/// `POST /api/tickets/claim`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The workflow to work in.
    pub workflow_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// Only these types.
    pub ticket_types: Option<Vec<String>>,
    /// Only with one of these tags.
    pub tags: Option<Vec<String>>,
    /// Only these priorities.
    pub priorities: Option<Vec<Priority>>,
    /// A lease: if the agent neither changes nor reads the ticket for so many seconds (5 to 86400), it goes back to the
    /// queue. Defaults to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 5, maximum = 86_400)]
    pub lease_seconds: Option<f64>,
}

/// The response to claiming. `ticket_id` and `ticket` are null if no ticket is ready.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Claimed {
    /// Always true.
    pub success: bool,
    /// The ticket now assigned to the caller.
    pub ticket_id: Option<String>,
    /// The ticket with its fields.
    pub ticket: Option<Card>,
    /// When the lease ends, if one was requested; every change and read of the ticket extends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub lease_expires_at: Option<String>,
    /// Human-readable summary.
    pub message: String,
}

/// `POST /api/tickets/bulk-update`
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkUpdate {
    /// The workflow of the tickets.
    pub workflow_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// 1 to 500 tickets (ids or keys).
    #[schema(min_items = 1, max_items = 500)]
    pub ticket_ids: Vec<String>,
    /// Fields to change in every ticket.
    pub updates: Option<TicketUpdates>,
    /// The column to move every ticket to.
    pub new_status: Option<String>,
    /// The reason for the move.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
}

/// The response to a bulk update.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkUpdated {
    /// Always true.
    pub success: bool,
    /// Number of changed tickets.
    pub updated: i64,
    /// One entry per ticket with `ticket_id` and `success`, and with `blocked` and `message` if it was not moved.
    pub results: Vec<Value>,
    /// Human-readable summary.
    pub message: String,
}

/// `POST /api/tickets/link-commit`
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkCommit {
    /// The ticket.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// 4 to 64 hexadecimal digits.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub commit_sha: String,
    /// Defaults to the message in the workflow's repository.
    #[schema(max_length = 20_000)]
    pub commit_message: Option<String>,
}

/// The response to linking a commit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommitLinked {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// The full id, if the repository contains the commit.
    pub commit_sha: String,
    /// Human-readable summary.
    pub message: String,
}
