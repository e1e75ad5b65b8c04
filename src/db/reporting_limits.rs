//! Ends sessions of the reporting role that exceed its limits. The role can unset its time limit and its read-only mode, so
//! only the server can enforce them.

use std::time::{Duration, Instant};

use super::Db;
use super::due_work::Work;
use crate::Result;

/// Time between two checks while the role has a session.
const INTERVAL: Duration = Duration::from_secs(2);
/// The longest time between two checks, also if none was seen.
const MAX_INTERVAL: Duration = Duration::from_secs(10);
/// Time between two checks for large objects without a session that exceeded its limits.
const LARGE_OBJECTS_INTERVAL: Duration = Duration::from_secs(60);
/// How long a statement or transaction of the role may run.
pub const MAX_SECONDS: f64 = 60.0;
/// The statement; it needs no function of `logic`, so that migrations can run it too.
pub const END_SESSIONS: &str = include_str!("../../sql/queries/reporting/end_sessions.sql");

const BUSY_SESSIONS: &str = include_str!("../../sql/queries/reporting/busy_sessions.sql");
const END_SESSION: &str = include_str!("../../sql/queries/reporting/end_session.sql");
/// The most memory of a session of an embedded Postgres: `work_mem` can be raised by every role.
pub const MAX_MEMORY_BYTES: u64 = 512 << 20;

const REMOVE_LARGE_OBJECTS: &str = include_str!("../../sql/queries/reporting/remove_large_objects.sql");

/// Ends the sessions that run longer than `max_seconds`, write or hold an advisory lock; if there were any, it also removes the
/// role's large objects;
/// returns how many sessions there were.
pub async fn end_sessions(db: &Db, max_seconds: f64) -> Result<usize> {
    let rows = db.rows(END_SESSIONS, &[&max_seconds]).await?;
    for row in &rows {
        let (pid, reason, ended): (i32, String, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if ended {
            tracing::warn!(pid, reason, "a session of an analyst was ended");
        } else {
            tracing::warn!(
                pid,
                reason,
                "a session of an analyst exceeds its limits and may not be ended; grant the analyst's role or pg_signal_backend to the server's role"
            );
        }
    }
    if !rows.is_empty() {
        db.rows(REMOVE_LARGE_OBJECTS, &[]).await?;
    }
    Ok(rows.len())
}

/// Ends the sessions that hold more than `max_bytes` of memory of their own; returns how many there were. Only where Postgres runs on this
/// machine, and where the system tells.
pub async fn end_large_sessions(db: &Db, max_bytes: u64) -> Result<usize> {
    let mut ended = 0;
    for row in db.rows(BUSY_SESSIONS, &[]).await? {
        let pid: i32 = row.try_get(0)?;
        if own_memory(pid).is_some_and(|bytes| bytes > max_bytes) {
            db.rows(END_SESSION, &[&pid]).await?;
            tracing::warn!(pid, "a session of an analyst took too much memory and was ended");
            ended += 1;
        }
    }
    Ok(ended)
}

/// The memory of a process of Postgres that it does not share, in bytes.
fn own_memory(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("Name:") != Some("postgres") {
        return None;
    }
    field("RssAnon:")?.strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Checks every two seconds while the role has sessions, and for large objects every minute; a background task. `is_local` says that
/// Postgres runs on this machine.
pub async fn run(db: Db, is_local: bool) {
    let mut removed = None::<Instant>;
    loop {
        let mut outcome = end_sessions(&db, MAX_SECONDS).await.map(drop);
        if outcome.is_ok() && removed.is_none_or(|at| at.elapsed() >= LARGE_OBJECTS_INTERVAL) {
            outcome = db.rows(REMOVE_LARGE_OBJECTS, &[]).await.map(drop);
            removed = Some(Instant::now());
        }
        if outcome.is_ok() && is_local {
            outcome = end_large_sessions(&db, MAX_MEMORY_BYTES).await.map(drop);
        }
        if let Err(error) = outcome {
            tracing::debug!(%error, "sessions of the reporting role were not checked");
        }
        tokio::time::sleep(INTERVAL).await;
        db.wait_for_work(Work::ReportingSessions, MAX_INTERVAL - INTERVAL).await;
    }
}
