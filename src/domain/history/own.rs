//! What happened to an agent's own work: a long poll without holding a database connection.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Maximum events in one answer.
pub const MAX_EVENTS: i32 = 50;
/// Interval between two reads of one waiting request.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Requests of one server that wait at once; further ones are answered at once.
static WAITING: Semaphore = Semaphore::const_new(MAX_WAITING);
const MAX_WAITING: usize = 500;

/// The number of requests of this server that wait.
pub fn waiting() -> usize {
    MAX_WAITING.saturating_sub(WAITING.available_permits())
}

/// Events that concern the caller.
#[derive(Debug, Clone, Deserialize)]
pub struct OwnEvents {
    /// The events, oldest first.
    pub events: Vec<Value>,
    /// Where the next read goes on.
    pub cursor: String,
    /// Whether some events are not listed.
    pub missed: bool,
}

/// The events since a cursor, or without one, since the caller's newest change; waits for the first.
pub async fn wait(
    db: &Db,
    caller: &Caller,
    cursor: Option<String>,
    kinds: Option<&[String]>,
    timeout: Duration,
) -> Result<OwnEvents> {
    let end = tokio::time::Instant::now() + timeout;
    let mut found = read(db, caller, cursor.as_deref(), kinds).await?;
    if timeout.is_zero() {
        return Ok(found);
    }
    let Ok(_permit) = WAITING.try_acquire() else { return Ok(found) };
    while found.events.is_empty() && !found.missed && tokio::time::Instant::now() < end {
        tokio::time::sleep_until(end.min(tokio::time::Instant::now() + POLL_INTERVAL)).await;
        found = read(db, caller, Some(&found.cursor), kinds).await?;
    }
    Ok(found)
}

/// The cursor of now.
pub async fn now(db: &Db, caller: &Caller) -> Result<String> {
    let now: OwnEvents = db.call(sql_fn!(list_own_events(caller: caller.to_sql(), max_events: 0))).await?;
    Ok(now.cursor)
}

async fn read(db: &Db, caller: &Caller, since: Option<&str>, kinds: Option<&[String]>) -> Result<OwnEvents> {
    db.call(sql_fn!(list_own_events(caller: caller.to_sql(), since, kinds, max_events: MAX_EVENTS))).await
}
