//! Tickets: the shapes every door shares. Changing is in `change`, moving in `moves`, reading in `read`.

pub mod change;
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

/// What people have said about a ticket they were asked to review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    /// Nobody has looked yet; it can be neither moved nor claimed.
    PendingReview,
    /// It may go on.
    Approved,
    /// It may not; another review can be asked for.
    Rejected,
}

/// A ticket as boards and lists show it. Cards of a column are ordered by `rank` (by byte), then `number`.
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
    /// 3 to 500 characters.
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
    /// Its place in the column.
    pub rank: String,
    /// Who works on it.
    pub assigned_agent_id: Option<String>,
    /// Who made it.
    pub created_by_agent_id: Option<String>,
    /// The ticket it is a part of.
    pub parent_ticket_id: Option<String>,
    /// The ticket it was merged into; such a card is on no board.
    pub merged_into_ticket_id: Option<String>,
    /// Whether people have to look at it first; null where nobody has to.
    #[serde(default)]
    pub approval_status: Option<ApprovalStatus>,
    /// Labels.
    pub tags: Vec<String>,
    /// Unresolved tickets it waits for.
    pub blocked_by_ticket_ids: Vec<String>,
    /// Whether it waits for any.
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
    /// Counts changes; state it in a change to be refused if it moved on.
    pub version: i64,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it first entered an active column.
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    /// When it was finished.
    #[schema(format = DateTime)]
    pub completed_at: Option<String>,
}

/// A ticket mentioned inside another answer.
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
}

/// The answer to a change that has nothing else to say.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// A sentence for a person.
    pub message: String,
}

/// Reads a field whose `null` means something else than its absence: absent → `None`, `null` →
/// `Some(None)`. Use with `#[serde(default)]`.
fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
