//! Reads of security events.

use super::{SecurityEventFilter, SecurityEvents};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// A page of events, newest first; `cursor` is the `next_cursor` of the previous page.
pub async fn list(
    db: &Db,
    caller: &Caller,
    filter: &SecurityEventFilter,
    limit: i32,
    cursor: Option<&str>,
) -> Result<SecurityEvents> {
    db.call(sql_fn!(list_security_events(
        caller: caller.to_sql(),
        workflow: filter.workflow_id,
        kinds: filter.kinds,
        actor: filter.actor,
        since: filter.since,
        until: filter.until,
        max_rows: limit,
        cursor,
    )))
    .await
}
