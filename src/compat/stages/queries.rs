//! The calls behind the boards that follow stages.

use serde_json::{Map, Value};
use tokio_postgres::types::Json;

use super::{CreateStaged, MoveToStage, StageMoved, StageSession, StageStatus, StagedTicket};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::history::{Cursor, Snapshot};
use crate::domain::tickets::Priority;
use crate::{Result, sql_fn};

/// The tickets of a board as JSON text, with the cursor of its stream.
pub async fn list(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Snapshot> {
    let row = db.call_row(sql_fn!(list_staged_tickets(caller: caller.to_sql(), workflow))).await?;
    let cursor = Cursor { epoch: row.try_get("epoch")?, seq: row.try_get("seq")? };
    Ok(Snapshot { cursor, body: row.try_get("body")? })
}

/// Reads a ticket by id or key.
pub async fn get(db: &Db, caller: &Caller, ticket: &str, workflow: Option<&str>) -> Result<StagedTicket> {
    db.call(sql_fn!(get_staged_ticket(caller: caller.to_sql(), ticket, workflow))).await
}

/// Creates a ticket.
pub async fn create(db: &Db, caller: &Caller, input: &CreateStaged) -> Result<StagedTicket> {
    db.call(sql_fn!(create_staged_ticket(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        title: input.title,
        description: input.description,
        stage: input.stage,
        priority: input.priority.map(Priority::as_str),
        ticket_type: input.ticket_type,
        tags: input.tags,
        assigned_agent_id: input.assigned_agent_id,
    )))
    .await
}

/// Moves a ticket to a stage.
pub async fn move_to(db: &Db, caller: &Caller, ticket: &str, input: &MoveToStage) -> Result<StageMoved> {
    let call = sql_fn!(owned move_ticket_to_stage(
        caller: caller.to_sql(),
        ticket: ticket.to_owned(),
        stage: input.stage.clone(),
        comment: input.comment.clone(),
        workflow: input.workflow_id.clone(),
    ));
    db.call_grouped(ticket.to_owned(), call).await
}

/// The jobs in progress on a board.
pub async fn status(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<StageStatus> {
    db.call(sql_fn!(get_stage_status(caller: caller.to_sql(), workflow))).await
}

/// The authenticated caller and its board.
pub async fn session(db: &Db, caller: &Caller) -> Result<StageSession> {
    db.call(sql_fn!(get_stage_session(caller: caller.to_sql()))).await
}

/// The tickets of a stage board with an address of its own, as a JSON array, with the cursor of its stream.
pub async fn list_board(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Snapshot> {
    let row = db.call_row(sql_fn!(list_stage_board(caller: caller.to_sql(), workflow))).await?;
    let cursor = Cursor { epoch: row.try_get("epoch")?, seq: row.try_get("seq")? };
    Ok(Snapshot { cursor, body: row.try_get("body")? })
}

/// Reads a ticket of such a board by id or number.
pub async fn get_on_board(db: &Db, caller: &Caller, ticket: &str, workflow: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(get_stage_board_ticket(caller: caller.to_sql(), ticket, workflow))).await
}

/// Creates a ticket on such a board, with its request and further fields.
pub async fn create_on_board(
    db: &Db,
    caller: &Caller,
    workflow: Option<&str>,
    title: &str,
    request: Option<String>,
    fields: &Map<String, Value>,
) -> Result<Value> {
    let fields = Json(fields);
    db.call(sql_fn!(create_stage_board_ticket(caller: caller.to_sql(), workflow, title, request, fields))).await
}

/// Moves a ticket of such a board, and queues a job of the type `queue_type` for one that enters its first active stage.
pub async fn move_on_board(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    stage: &str,
    workflow: Option<&str>,
    queue_type: Option<&str>,
) -> Result<Value> {
    db.call(sql_fn!(move_stage_board_ticket(caller: caller.to_sql(), ticket, stage, workflow, queue_type))).await
}
