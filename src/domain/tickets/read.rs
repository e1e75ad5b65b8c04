//! Filters and responses for reading tickets: details, lists, statistics.

#[cfg(feature = "server")]
mod queries;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use super::{Card, Priority, TicketRef};
use crate::domain::comments::Comment;
use crate::domain::milestones::MilestoneRef;
use crate::domain::usage::UsageTotals;
use crate::domain::workflows::BoardConfig;

/// Ticket filters; an omitted filter matches every ticket.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Any of these columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Vec<String>>,
    /// Any of these priorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Vec<Priority>>,
    /// Any of these types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_type: Option<Vec<String>>,
    /// This assignee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_agent_id: Option<String>,
    /// Only tickets without an assignee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unassigned: Option<bool>,
    /// At least one of these tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Created at this time or later: RFC 3339, or a date, which begins at midnight in `tz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<String>,
    /// Created at this time or earlier: RFC 3339, or a date, the whole of which is included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<String>,
    /// The time zone of dates, like `Europe/Berlin`. Defaults to the workflow's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub tz: Option<String>,
    /// Whether the ticket is blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_blocked: Option<bool>,
    /// `false` excludes resolved tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_completed: Option<bool>,
    /// Open tickets whose assigned agent did nothing about them for so many minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 525_600)]
    pub silent_minutes: Option<f64>,
    /// In this milestone, by id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_id: Option<String>,
    /// Only tickets without a milestone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_milestone: Option<bool>,
    /// Due on this day or later, like `2026-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub due_after: Option<String>,
    /// Due on this day or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub due_before: Option<String>,
    /// Whether the ticket is open after its due day, in `tz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue: Option<bool>,
}

/// Sort key of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// Creation time.
    #[default]
    CreatedAt,
    /// Time of the last change.
    UpdatedAt,
    /// Priority.
    Priority,
    /// Order of the column.
    Status,
    /// Order of people within their columns, as on the board.
    Rank,
    /// Due date; tickets without one come last in both orders.
    DueOn,
}

/// Direction of a sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// Smallest first.
    Asc,
    /// Largest first.
    #[default]
    Desc,
}

/// A page of tickets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketList {
    /// Always true.
    pub success: bool,
    /// The page.
    pub tickets: Vec<Card>,
    /// Number of tickets that match the filters, counted to 10,000.
    pub total_count: i64,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// One entry of a ticket's history.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// Sequence number in the workflow's event stream.
    pub seq: i64,
    /// created, status_changed, assigned, commented, field_updated, commit_linked, …
    pub change_type: String,
    /// The changed field, if any.
    pub field_name: Option<String>,
    /// Its value before.
    pub old_value: Option<String>,
    /// Its value after.
    pub new_value: Option<String>,
    /// Human-readable description of the change.
    pub change_description: String,
    /// When.
    #[schema(format = DateTime)]
    pub changed_at: String,
    /// The actor as shown on boards: the agent acted for, else the caller.
    pub agent_id: String,
    /// The authenticated actor.
    pub actor_id: String,
    /// The agent acted for, if any.
    pub on_behalf_of: Option<String>,
    /// Additional data.
    pub metadata: Value,
}

/// A page of a ticket's comments.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommentPage {
    /// Oldest first.
    pub comments: Vec<Comment>,
    /// Whether older entries exist.
    pub has_more: bool,
    /// The cursor of the next older page.
    pub next_cursor: Option<String>,
}

/// A page of a ticket's changes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangePage {
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
    /// Whether older entries exist.
    pub has_more: bool,
    /// The cursor of the next older page.
    pub next_cursor: Option<String>,
}

/// A page of a ticket's commits.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommitPage {
    /// In the order in which they were linked.
    pub commits: Vec<LinkedCommit>,
    /// Whether older entries exist.
    pub has_more: bool,
    /// The cursor of the next older page.
    pub next_cursor: Option<String>,
}

/// A commit linked to a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LinkedCommit {
    /// Its id.
    pub commit_sha: String,
    /// Its message.
    pub commit_message: String,
    /// Creation time.
    #[schema(format = DateTime)]
    pub commit_timestamp: Option<String>,
    /// The author as recorded by git.
    pub author: Option<String>,
    /// Web address of the commit.
    pub url: Option<String>,
    /// Number of changed files.
    pub files_changed: Option<i64>,
    /// Added lines.
    pub insertions: Option<i64>,
    /// Removed lines.
    pub deletions: Option<i64>,
    /// Changed paths.
    pub files_list: Vec<String>,
    /// The actor that linked it.
    pub agent_id: Option<String>,
    /// `manual`, `job` (reported by a finished job) or `reference` (the commit message names the ticket).
    pub link_method: String,
    /// When it was linked.
    #[schema(format = DateTime)]
    pub linked_at: String,
}

/// A task outside Callboard.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskRef {
    /// Its id.
    pub task_id: String,
}

/// A ticket's own fields.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketFields {
    /// The card.
    #[serde(flatten)]
    pub card: Card,
    /// The same as `ticket_id`.
    pub id: String,
    /// When it was resolved.
    #[schema(format = DateTime)]
    pub resolved_at: Option<String>,
    /// Its id in the tracker it was imported from.
    pub external_ref: Option<String>,
    /// Tasks outside Callboard.
    pub related_task_ids: Vec<String>,
    /// Related tickets.
    pub related_ticket_ids: Vec<String>,
}

/// The claim of a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketClaim {
    /// The agent that claimed it.
    pub agent_id: String,
    /// When.
    #[schema(format = DateTime)]
    pub claimed_at: String,
    /// When the agent last changed or read it.
    #[schema(format = DateTime)]
    pub seen_at: String,
    /// The length of the lease; null without one.
    pub lease_seconds: Option<f64>,
    /// When the lease ends.
    #[schema(format = DateTime)]
    pub lease_expires_at: Option<String>,
}

/// Where the lists of a ticket's details go on with older entries: the `cursor` of the next page of each; null for a list that
/// is complete.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct NextCursors {
    /// For `GET /api/tickets/{id}/comments`.
    pub comments: Option<String>,
    /// For `GET /api/tickets/{id}/history`.
    pub history: Option<String>,
    /// For `GET /api/tickets/{id}/commits`.
    pub commits: Option<String>,
}

/// Everything about one ticket. Its fields are at the top level and repeated under `ticket`. Lists of tickets hold at most 200.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketDetail {
    /// Always true.
    pub success: bool,
    /// The ticket's fields.
    #[serde(flatten)]
    pub fields: TicketFields,
    /// The same fields again.
    pub ticket: TicketFields,
    /// The newest 500, oldest first.
    pub comments: Vec<Comment>,
    /// The newest 200 changes, oldest first.
    pub history: Vec<HistoryEntry>,
    /// The newest 200 linked commits, oldest first.
    pub commits: Vec<LinkedCommit>,
    /// How to read older comments, changes and commits.
    #[serde(default)]
    pub next_cursors: NextCursors,
    /// Related tickets.
    pub related_tickets: Vec<TicketRef>,
    /// Tasks outside Callboard.
    pub related_tasks: Vec<TaskRef>,
    /// The parent ticket.
    pub parent_ticket: Option<TicketRef>,
    /// The ticket it was merged into.
    pub merged_into: Option<TicketRef>,
    /// Tickets merged into it.
    pub duplicates: Vec<TicketRef>,
    /// Its sub-tickets.
    pub sub_tickets: Vec<TicketRef>,
    /// Tickets that block it.
    pub blocked_by: Vec<TicketRef>,
    /// Tickets that blocked it and are resolved or deleted; they block again when they are reopened or restored.
    #[serde(default)]
    pub resolved_blockers: Vec<TicketRef>,
    /// The claim of its agent, if it was claimed.
    #[serde(default)]
    pub claim: Option<TicketClaim>,
    /// What was used for it, by its jobs and without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageTotals>,
    /// The milestone that it is in.
    #[serde(default)]
    pub milestone: Option<MilestoneRef>,
    /// Tickets that it blocks.
    pub blocks: Vec<TicketRef>,
    /// Names of the lists of tickets that have more than are here.
    #[serde(default)]
    pub cut_lists: Vec<String>,
}

/// Statistics of a workflow's tickets. Days are those of the requested time zone, or of the workflow's.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketStats {
    /// Tickets that are not deleted.
    pub total_tickets: i64,
    /// By column.
    pub by_status: BTreeMap<String, i64>,
    /// By type.
    pub by_type: BTreeMap<String, i64>,
    /// By priority.
    pub by_priority: BTreeMap<String, i64>,
    /// By assignee.
    pub by_agent: BTreeMap<String, i64>,
    /// Number of blocked tickets.
    pub blocked_count: i64,
    /// Number of resolved tickets.
    pub resolved_count: i64,
    /// Average number of comments per ticket.
    pub avg_comments_per_ticket: f64,
    /// Average number of commits per ticket.
    pub avg_commits_per_ticket: f64,
    /// Tickets created today, also if they were deleted since.
    pub created_today: i64,
    /// Completions today, also of tickets that were reopened or deleted since.
    pub completed_today: i64,
    /// Completions in the last seven days.
    pub velocity_last_7_days: i64,
}

/// The response with statistics.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StatsAnswer {
    /// Always true.
    pub success: bool,
    /// The workflow.
    pub workflow_id: String,
    /// The statistics.
    pub stats: TicketStats,
    /// The time zone of `created_today` and `completed_today`.
    pub time_zone: String,
    /// The board's configuration.
    pub board_config: BoardConfig,
}
