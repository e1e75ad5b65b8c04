//! Workflows and their boards.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// What a column means for a ticket in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Not begun.
    Todo,
    /// Under way; entering it starts the ticket's clock.
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
    /// What people read; the id where it is left out.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub name: Option<String>,
    /// Place from the left, counting from 0.
    #[serde(default)]
    pub order: Option<i64>,
    /// A colour like `#3b82f6`.
    #[serde(default)]
    #[schema(pattern = "^#[0-9A-Za-z]{1,20}$")]
    pub color: Option<String>,
    /// The most tickets that should be here at once.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub wip_limit: Option<i64>,
    /// Guessed from id and place where it is left out.
    #[serde(default)]
    pub category: Option<Category>,
    /// Tickets in the column; only in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_count: Option<i64>,
    /// In a change: the id this column had; its tickets come along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<String>,
}

/// A kind of ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketType {
    /// 1 to 50 letters, digits or `_ . -`.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$")]
    pub id: String,
    /// What people read.
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

/// What happens when a column is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WipPolicy {
    /// The answer says so.
    Warn,
    /// The move is refused.
    Refuse,
}

/// Rules of a board; what is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoardSettings {
    /// A new ticket without an assignee goes to its creator.
    pub auto_assign: Option<bool>,
    /// A move needs a comment of at least 10 characters.
    pub require_comments_on_status_change: Option<bool>,
    /// A ticket may leave a done column.
    pub allow_reopen: Option<bool>,
    /// Show estimates and time spent.
    pub track_time: Option<bool>,
    /// What happens when a column is full.
    pub wip_policy: Option<WipPolicy>,
    /// Tickets that agents and services make wait for a person's review.
    pub human_review: Option<bool>,
}

/// An allowed move; a board that lists none allows all.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The column left.
    pub from: String,
    /// The column entered.
    pub to: String,
}

/// A board's configuration. In requests every field may be left out: it is taken from the template or
/// stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoardConfig {
    /// Only in answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board_id: Option<String>,
    /// Only in answers.
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
    /// Kinds of tickets, 1 to 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 50)]
    pub ticket_types: Option<Vec<TicketType>>,
    /// The type of a ticket that states none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_ticket_type: Option<String>,
    /// The column of a ticket that states none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_status: Option<String>,
    /// Rules.
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
    /// What it is about.
    pub description: String,
    /// Whether tickets can be made and changed.
    pub ticket_tracking: bool,
    /// A git repository on the server whose commits are shown.
    pub repository_path: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it was archived.
    #[schema(format = DateTime)]
    pub archived_at: Option<String>,
    /// The caller's role: viewer, member or owner.
    pub role: Option<String>,
    /// Live tickets; in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_count: Option<i64>,
    /// Its board; not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board_config: Option<BoardConfig>,
}

/// A page of workflows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkflowList {
    /// By name.
    pub workflows: Vec<Workflow>,
    /// Whether there are more.
    pub has_more: bool,
    /// Give it as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// `POST /api/workflows`
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkflow {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it is about.
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    /// development (default), sdlc, security or research.
    pub template: Option<String>,
    /// What differs from the template.
    pub board_config: Option<BoardConfig>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `PATCH /api/workflows/{id}`; what is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateWorkflow {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// What it is about.
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    /// Whether tickets can be made and changed.
    pub ticket_tracking: Option<bool>,
    /// A git repository under the server's repositories folder; empty detaches it. Administrators only.
    pub repository_path: Option<String>,
}

/// `PUT /api/workflows/{id}/board`: the configuration, and where tickets of removed columns go.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetBoard {
    /// The board as it shall be.
    pub board_config: BoardConfig,
    /// `{"removed_column": "column"}`.
    pub moves: std::collections::BTreeMap<String, String>,
}

/// The answer to reading or changing a board.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoardConfigAnswer {
    /// Always true.
    pub success: bool,
    /// The board as it is.
    pub board_config: BoardConfig,
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
    /// Since when.
    #[schema(format = DateTime)]
    pub added_at: String,
}

/// Who is in a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MemberList {
    /// By name.
    pub members: Vec<Member>,
}

/// A role in a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works on tickets.
    Member,
    /// Also changes the board and the members.
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

/// Creates a workflow; the caller becomes its owner.
pub async fn create(
    db: &Db,
    caller: &Caller,
    input: &CreateWorkflow,
    idempotency_key: Option<&str>,
) -> Result<Workflow> {
    let config = input.board_config.as_ref().map(json).transpose()?;
    db.call(sql_fn!(create_workflow(
        caller: caller.to_sql(),
        name: input.name,
        description: input.description,
        template: input.template,
        board_config: config,
        idempotency_key: idempotency_key,
    )))
    .await
}

/// Workflows the caller may see; `limit` rows after `cursor`.
pub async fn list(
    db: &Db,
    caller: &Caller,
    include_archived: bool,
    limit: i32,
    cursor: Option<&str>,
) -> Result<WorkflowList> {
    db.call(sql_fn!(list_workflows(
        caller: caller.to_sql(),
        include_archived: include_archived,
        max_rows: limit,
        after: cursor,
    )))
    .await
}

/// One workflow with its board.
pub async fn get(db: &Db, caller: &Caller, id: &str) -> Result<Workflow> {
    db.call(sql_fn!(get_workflow(caller: caller.to_sql(), workflow: id))).await
}

/// Changes fields of a workflow.
pub async fn update(db: &Db, caller: &Caller, id: &str, input: &UpdateWorkflow) -> Result<Workflow> {
    db.call(sql_fn!(update_workflow(
        caller: caller.to_sql(),
        workflow: id,
        name: input.name,
        description: input.description,
        ticket_tracking: input.ticket_tracking,
        repository_path: input.repository_path,
    )))
    .await
}

/// Turns ticket tracking on or off, with a board if one is given: both or neither.
pub async fn track_tickets(
    db: &Db,
    caller: &Caller,
    id: &str,
    enabled: bool,
    board: Option<&BoardConfig>,
) -> Result<Workflow> {
    let config = board.map(json).transpose()?;
    db.call(sql_fn!(set_ticket_tracking(caller: caller.to_sql(), workflow: id, enabled: enabled, config: config))).await
}

/// Archives a workflow, or takes it back.
pub async fn archive(db: &Db, caller: &Caller, id: &str, archived: bool) -> Result<Workflow> {
    db.call(sql_fn!(archive_workflow(caller: caller.to_sql(), workflow: id, archived: archived))).await
}

/// Replaces the board.
pub async fn set_board(db: &Db, caller: &Caller, id: &str, input: &SetBoard) -> Result<BoardConfigAnswer> {
    let (config, moves) = (json(&input.board_config)?, json(&input.moves)?);
    db.call(sql_fn!(set_board(caller: caller.to_sql(), workflow: id, config: config, moves: moves))).await
}

/// The board.
pub async fn board_config(db: &Db, caller: &Caller, id: &str) -> Result<BoardConfigAnswer> {
    db.call(sql_fn!(get_board_config(caller: caller.to_sql(), workflow: id))).await
}

/// The boards a new workflow can start from, by name.
pub async fn templates(db: &Db) -> Result<std::collections::BTreeMap<String, BoardConfig>> {
    db.call(sql_fn!(board_templates())).await
}

/// Who is in a workflow.
pub async fn members(db: &Db, caller: &Caller, id: &str) -> Result<MemberList> {
    db.call(sql_fn!(list_members(caller: caller.to_sql(), workflow: id))).await
}

/// Adds a member (an actor id, or a person's e-mail) or changes its role.
pub async fn set_member(db: &Db, caller: &Caller, id: &str, actor: &str, role: Role) -> Result<Value> {
    db.call(sql_fn!(set_member(caller: caller.to_sql(), workflow: id, actor: actor, role: role.as_str()))).await
}

/// Removes a member.
pub async fn remove_member(db: &Db, caller: &Caller, id: &str, actor: &str) -> Result<Value> {
    db.call(sql_fn!(remove_member(caller: caller.to_sql(), workflow: id, actor: actor))).await
}

fn json<T: Serialize>(value: &T) -> Result<Json<Value>> {
    serde_json::to_value(value).map(Json).map_err(|e| Error::Internal(e.to_string()))
}
