//! Creates, reads and changes workflows, boards and members.

use serde::Serialize;
use serde_json::Value;
use tokio_postgres::types::Json;

use super::{
    BoardConfig, BoardConfigAnswer, CreateWorkflow, MemberList, Role, SetBoard, UpdateWorkflow, Workflow, WorkflowList,
};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Creates a workflow; the caller becomes its owner.
pub async fn create(db: &Db, caller: &Caller, input: &CreateWorkflow) -> Result<Workflow> {
    let config = input.board_config.as_ref().map(to_json).transpose()?;
    db.call(sql_fn!(create_workflow(
        caller: caller.to_sql(),
        name: input.name,
        description: input.description,
        template: input.template,
        board_config: config,
    )))
    .await
}

/// Workflows visible to the caller: at most `limit` rows after `cursor`.
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
        cursor,
    )))
    .await
}

/// The id of a workflow given by its id or name, if the caller can see it.
pub async fn resolve(db: &Db, caller: &Caller, named: &str) -> Result<Option<String>> {
    db.scalar(sql_fn!(resolve_workflow_id(caller: caller.to_sql(), named))).await
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
        provision_agents: input.provision_agents,
        time_zone: input.time_zone,
    )))
    .await
}

/// Turns ticket tracking on or off and sets the board, if one is given, in the same transaction.
pub async fn track_tickets(
    db: &Db,
    caller: &Caller,
    id: &str,
    enabled: bool,
    board: Option<&BoardConfig>,
) -> Result<Workflow> {
    let config = board.map(to_json).transpose()?;
    db.call(sql_fn!(set_ticket_tracking(caller: caller.to_sql(), workflow: id, enabled: enabled, config: config))).await
}

/// Archives or unarchives a workflow.
pub async fn archive(db: &Db, caller: &Caller, id: &str, archived: bool) -> Result<Workflow> {
    db.call(sql_fn!(archive_workflow(caller: caller.to_sql(), workflow: id, archived: archived))).await
}

/// Replaces the board's configuration.
pub async fn set_board(db: &Db, caller: &Caller, id: &str, input: &SetBoard) -> Result<BoardConfigAnswer> {
    let (config, moves) = (to_json(&input.board_config)?, to_json(&input.moves)?);
    let version = input.version.as_deref();
    db.call(sql_fn!(set_board(caller: caller.to_sql(), workflow: id, config: config, moves: moves, version))).await
}

/// The board's configuration.
pub async fn board_config(db: &Db, caller: &Caller, id: &str) -> Result<BoardConfigAnswer> {
    db.call(sql_fn!(get_board_config(caller: caller.to_sql(), workflow: id))).await
}

/// The boards a new workflow can start from, by name.
pub async fn templates(db: &Db) -> Result<std::collections::BTreeMap<String, BoardConfig>> {
    db.call(sql_fn!(board_templates())).await
}

/// The members of a workflow.
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

fn to_json<T: Serialize>(value: &T) -> Result<Json<Value>> {
    serde_json::to_value(value).map(Json).map_err(|e| Error::Internal(e.to_string()))
}
