//! The calls that read boards of the past.

use jiff::Timestamp;

use super::BoardChanges;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::history::{Cursor, Snapshot};
use crate::{Result, sql_fn};

/// The board of a workflow as it was at a time; the cursor is that moment's position in the stream.
pub async fn board_at(db: &Db, caller: &Caller, workflow: &str, at: Timestamp) -> Result<Snapshot> {
    let row = db.call_row(sql_fn!(get_board_at(caller: caller.to_sql(), workflow, at))).await?;
    let cursor = Cursor { epoch: row.try_get("epoch")?, seq: row.try_get("seq")? };
    Ok(Snapshot { cursor, body: row.try_get("body")? })
}

/// How the board of a workflow changed from a time to another, or to now.
pub async fn changes(
    db: &Db,
    caller: &Caller,
    workflow: &str,
    from_time: Timestamp,
    to_time: Option<Timestamp>,
) -> Result<BoardChanges> {
    db.call(sql_fn!(get_board_changes(caller: caller.to_sql(), workflow, from_time, to_time))).await
}
