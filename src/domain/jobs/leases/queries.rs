//! The calls that take, extend and return leases.

use std::time::{Duration, Instant};

use super::{ClaimJob, ClaimedJob, Heartbeat, HeartbeatAnswer, LeaseReleased, ReleaseLease};
use crate::db::{Db, Work};
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Claims the next ready job.
pub async fn claim(db: &Db, caller: &Caller, input: &ClaimJob) -> Result<ClaimedJob> {
    db.call(sql_fn!(claim_job(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        job_types: input.job_types,
        worker: input.worker,
        lease_seconds: input.lease_seconds,
    )))
    .await
}

/// Extends the lease.
pub async fn heartbeat(db: &Db, caller: &Caller, id: &str, input: &Heartbeat) -> Result<HeartbeatAnswer> {
    db.call(sql_fn!(record_heartbeat(
        caller: caller.to_sql(),
        job: id,
        token: input.lease_token,
        lease_seconds: input.lease_seconds,
        progress: input.progress,
        message: input.message,
    )))
    .await
}

/// Releases the job; the attempt does not count.
pub async fn release(db: &Db, caller: &Caller, id: &str, input: &ReleaseLease) -> Result<LeaseReleased> {
    db.call(sql_fn!(release_job(caller: caller.to_sql(), job: id, token: input.lease_token, reason: input.reason)))
        .await
}

/// Confirms that a job whose cancellation was requested has stopped.
pub async fn confirm_cancel(db: &Db, caller: &Caller, id: &str, input: &ReleaseLease) -> Result<LeaseReleased> {
    db.call(sql_fn!(confirm_job_cancel(caller: caller.to_sql(), job: id, token: input.lease_token))).await
}

/// How often jobs that no worker takes are looked for; it reads the whole queue.
const MARK_INTERVAL: Duration = Duration::from_secs(15);

/// Leases to expire in one transaction.
const BATCH_SIZE: i64 = 100;

/// Queues or fails jobs whose lease has expired, returns tickets whose lease has expired, and marks jobs that no worker
/// takes; a background task. Several servers may run it: each skips the rows that another has locked.
pub async fn expire_leases(db: Db) {
    let mut marked_at: Option<Instant> = None;
    loop {
        match db.scalar::<i64>(sql_fn!(expire_leases(max_jobs: BATCH_SIZE))).await {
            Ok(0) => {}
            Ok(expired) => tracing::info!(expired, "leases expired"),
            Err(error) => tracing::debug!(%error, "expired leases could not be checked; it will be retried"),
        }
        match db.scalar::<i64>(sql_fn!(expire_ticket_leases(max_tickets: BATCH_SIZE))).await {
            Ok(0) => {}
            Ok(expired) => tracing::info!(expired, "leases of tickets expired"),
            Err(error) => tracing::debug!(%error, "leases of tickets could not be checked; it will be retried"),
        }
        if marked_at.is_none_or(|at| at.elapsed() >= MARK_INTERVAL) {
            marked_at = Some(Instant::now());
            if let Err(error) = db.scalar::<i64>(sql_fn!(mark_jobs_without_worker(max_jobs: BATCH_SIZE))).await {
                tracing::debug!(%error, "jobs without a worker could not be marked; it will be retried");
            }
        }
        db.wait_for_work(Work::Leases, MARK_INTERVAL).await;
    }
}
