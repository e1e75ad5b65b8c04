//! The calls that read Home and record visits.

use serde_json::json;

use super::{Home, MarkVisited, Visited};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Home, with at most `limit` items of each section; of all workflows or of one.
pub async fn get(db: &Db, caller: &Caller, workflow: Option<&str>, limit: i32) -> Result<Home> {
    db.call(sql_fn!(get_home(caller: caller.to_sql(), workflow, max_rows: limit))).await
}

/// Records what the caller has seen and dealt with.
pub async fn mark_visited(db: &Db, caller: &Caller, input: &MarkVisited) -> Result<Visited> {
    db.call(sql_fn!(mark_visited(
        caller: caller.to_sql(),
        epoch: input.epoch,
        visits: json!(input.workflows),
        handled: input.handled,
        items: input.items,
    )))
    .await
}
