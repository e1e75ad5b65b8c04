//! Workflows and their boards.

pub mod invitations;
#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// What a column means for a ticket in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Not started.
    Todo,
    /// In progress; entering it sets the ticket's start time.
    Active,
    /// Finished; entering it resolves the ticket.
    Done,
}

/// A column of a board; its `id` is a ticket's `status`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// 1 to 50 letters, digits or `_ . -`.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$")]
    pub id: String,
    /// Display name. Defaults to the id.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub name: Option<String>,
    /// Position from the left, starting at 0.
    #[serde(default)]
    pub order: Option<i64>,
    /// A colour like `#3b82f6`.
    #[serde(default)]
    #[schema(pattern = "^#[0-9A-Za-z]{1,20}$")]
    pub color: Option<String>,
    /// Maximum number of tickets in the column (WIP limit).
    #[serde(default)]
    #[schema(minimum = 1)]
    pub wip_limit: Option<i64>,
    /// Defaults to a category derived from id and position.
    #[serde(default)]
    pub category: Option<Category>,
    /// Number of tickets in the column, counted to 10,000; only in responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_count: Option<i64>,
    /// In a request: the previous id of a renamed column, whose tickets are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<String>,
}

/// A ticket type.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketType {
    /// 1 to 50 letters, digits or `_ . -`.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$")]
    pub id: String,
    /// Display name.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub name: Option<String>,
    /// An emoji or icon name.
    #[serde(default)]
    #[schema(max_length = 50)]
    pub icon: Option<String>,
    /// A colour.
    #[serde(default)]
    #[schema(pattern = "^#[0-9A-Za-z]{1,20}$")]
    pub color: Option<String>,
}

/// What happens when a column reaches its WIP limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WipPolicy {
    /// The move succeeds with a warning.
    Warn,
    /// The move is refused.
    Refuse,
}

/// Board settings; omitted fields stay unchanged.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoardSettings {
    /// Assign new tickets to their creator by default.
    pub auto_assign: Option<bool>,
    /// Require a comment of at least 10 characters for a move.
    pub require_comments_on_status_change: Option<bool>,
    /// Allow tickets to leave a done column.
    pub allow_reopen: Option<bool>,
    /// Show estimates and time spent.
    pub track_time: Option<bool>,
    /// What happens when a column reaches its WIP limit.
    pub wip_policy: Option<WipPolicy>,
    /// Tickets created by agents and services require a human review.
    pub human_review: Option<bool>,
    /// New tickets need a description of at least 10 characters.
    pub require_description: Option<bool>,
}

/// An allowed move. A board without transitions allows every move.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The source column.
    pub from: String,
    /// The target column.
    pub to: String,
}

/// A board's configuration. In requests every field is optional and defaults to the template's or the
/// current value.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoardConfig {
    /// Only in responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board_id: Option<String>,
    /// Only in responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// The board's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Columns from left to right, 1 to 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 50)]
    pub columns: Option<Vec<Column>>,
    /// Ticket types, 1 to 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 50)]
    pub ticket_types: Option<Vec<TicketType>>,
    /// The default type of new tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_ticket_type: Option<String>,
    /// The default column of new tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_status: Option<String>,
    /// Settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<BoardSettings>,
    /// Allowed moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// A workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Workflow {
    /// `workflow-<uuid>`.
    pub id: String,
    /// The same as `id`.
    pub workflow_id: String,
    /// Its name.
    pub name: String,
    /// Its purpose.
    pub description: String,
    /// Whether tickets can be created and changed.
    pub ticket_tracking: bool,
    /// The time zone in which its days begin and end.
    #[serde(default)]
    pub time_zone: String,
    /// The git repository on the server whose commits are shown.
    pub repository_path: Option<String>,
    /// Whether every client may assign tickets to agents that do not exist yet, which creates them.
    #[serde(default)]
    pub provision_agents: bool,
    /// The creator.
    pub created_by: Option<String>,
    /// Creation time.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Time of archiving.
    #[schema(format = DateTime)]
    pub archived_at: Option<String>,
    /// The caller's role: viewer, member or owner.
    pub role: Option<String>,
    /// Number of tickets, counted to 10,000; only in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_count: Option<i64>,
    /// Its board; omitted in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_config: Option<BoardConfig>,
    /// The version of its board, on which a change of the board may be based; omitted in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_version: Option<String>,
}

/// A page of workflows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkflowList {
    /// By name.
    pub workflows: Vec<Workflow>,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// `POST /api/workflows`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkflow {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its purpose.
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    /// development (default), sdlc, security or research.
    pub template: Option<String>,
    /// Overrides of the template.
    pub board_config: Option<BoardConfig>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `PATCH /api/workflows/{id}`; omitted fields stay unchanged.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateWorkflow {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Its purpose.
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    /// Whether tickets can be created and changed.
    pub ticket_tracking: Option<bool>,
    /// The time zone in which its days begin and end, like `Europe/Berlin`.
    #[schema(min_length = 1, max_length = 64)]
    pub time_zone: Option<String>,
    /// A git repository under the server's repositories folder; empty detaches it. Administrators only.
    pub repository_path: Option<String>,
    /// Whether MCP and the command line may assign tickets to agents that do not exist yet, as other clients may.
    pub provision_agents: Option<bool>,
}

/// `PUT /api/workflows/{id}/board`: the configuration and the target columns for tickets of removed columns.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetBoard {
    /// The new configuration.
    pub board_config: BoardConfig,
    /// `{"removed_column": "column"}`.
    pub moves: std::collections::BTreeMap<String, String>,
    /// The `board_version` this change is based on; a mismatch is a conflict. Defaults to replacing any version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The response with a board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoardConfigAnswer {
    /// Always true.
    pub success: bool,
    /// The current configuration.
    pub board_config: BoardConfig,
    /// Its version.
    #[serde(default)]
    pub board_version: String,
}

/// A member of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// The actor.
    pub actor_id: String,
    /// Its name.
    pub name: String,
    /// user, agent or service.
    pub kind: String,
    /// A person's e-mail address.
    pub email: Option<String>,
    /// viewer, member or owner.
    pub role: String,
    /// Time of joining.
    #[schema(format = DateTime)]
    pub added_at: String,
}

/// The members of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MemberList {
    /// By name.
    pub members: Vec<Member>,
}

/// A role in a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Read access.
    Viewer,
    /// Can also work on tickets.
    Member,
    /// Can also change the board and the members.
    Owner,
}

impl Role {
    /// The role's name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Owner => "owner",
        }
    }
}
