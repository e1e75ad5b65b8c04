//! Requests and responses for merging a duplicate into its original and undoing a merge.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// `POST /api/tickets/merge`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeTickets {
    /// The duplicate.
    pub ticket_id: String,
    /// Its original, in the same workflow.
    pub into_ticket_id: String,
    /// The reason; it is included in the comment added to the original.
    #[schema(max_length = 10_000)]
    pub comment: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `POST /api/tickets/unmerge`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmergeTicket {
    /// The ticket that was merged.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// What was moved between the two tickets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// Comments that are not deleted.
    pub comments: i64,
    /// Linked commits.
    pub commits: i64,
    /// Blockers, in both directions.
    pub blockers: i64,
    /// Sub-tickets.
    pub sub_tickets: i64,
}

/// The response to a merge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Merged {
    /// Always true.
    pub success: bool,
    /// The duplicate; it is no longer on the board.
    pub ticket_id: String,
    /// Its original.
    pub into_ticket_id: String,
    /// Human-readable summary.
    pub message: String,
    /// What was moved to the original.
    pub moved: Moved,
    /// Tickets that the duplicate blocked and that are no longer blocked.
    pub unblocked_tickets: Vec<String>,
}

/// The response to undoing a merge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Unmerged {
    /// Always true.
    pub success: bool,
    /// The ticket; it is back on its board.
    pub ticket_id: String,
    /// The ticket it had been merged into.
    pub into_ticket_id: String,
    /// Human-readable summary.
    pub message: String,
    /// What was moved back.
    pub moved: Moved,
    /// Human-readable notes on what was not moved back because it has changed since.
    pub kept: Vec<String>,
    /// Its column.
    pub status: String,
}
