//! The calls that read findings, change their thresholds and record when they begin and end.

use std::time::Duration;

use super::{FindingKind, FindingThresholds, Findings, SetFindingThresholds};
use crate::db::{Db, Work};
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// The longest time between two looks for due workflows.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);
/// Workflows to look at before the other tasks' work is asked for again.
const BATCH_SIZE: usize = 100;

/// The findings of a workflow, at most `limit`; of all kinds or of some.
pub async fn list(
    db: &Db,
    caller: &Caller,
    workflow: &str,
    kinds: Option<&[FindingKind]>,
    limit: i32,
) -> Result<Findings> {
    let kinds = kinds.map(|kinds| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
    db.call(sql_fn!(list_findings(caller: caller.to_sql(), workflow: workflow, kinds: kinds, max_rows: limit))).await
}

/// The thresholds of a workflow.
pub async fn thresholds(db: &Db, caller: &Caller, workflow: &str) -> Result<FindingThresholds> {
    db.call(sql_fn!(get_finding_thresholds(caller: caller.to_sql(), workflow: workflow))).await
}

/// Changes the given thresholds.
pub async fn set_thresholds(
    db: &Db,
    caller: &Caller,
    workflow: &str,
    input: &SetFindingThresholds,
) -> Result<FindingThresholds> {
    db.call(sql_fn!(set_finding_thresholds(
        caller: caller.to_sql(),
        workflow: workflow,
        stuck_minutes: input.stuck_minutes,
        blocked_minutes: input.blocked_minutes,
        unassigned_minutes: input.unassigned_minutes,
        duplicate_similarity: input.duplicate_similarity,
        max_open_tickets: input.max_open_tickets,
        silent_minutes: input.silent_minutes,
        without_worker_minutes: input.without_worker_minutes,
    )))
    .await
}

/// Records when findings begin and end; a background task. Several servers may run it: each workflow is looked at by one
/// of them, in one transaction.
pub async fn record(db: Db) {
    loop {
        for _ in 0..BATCH_SIZE {
            match db.scalar::<i64>(sql_fn!(update_findings())).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "findings could not be recorded; it will be retried");
                    break;
                }
            }
        }
        db.wait_for_work(Work::Findings, LOOK_INTERVAL).await;
    }
}
