//! The calls that take, extend and return leases.

use std::time::Duration;

use super::{ClaimJob, ClaimedJob, GiveBack, GivenBack, Heartbeat, HeartbeatAnswer};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Takes the next ready job.
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

/// Gives the job back; the attempt does not count.
pub async fn release(db: &Db, caller: &Caller, id: &str, input: &GiveBack) -> Result<GivenBack> {
    db.call(sql_fn!(release_job(caller: caller.to_sql(), job: id, token: input.lease_token, reason: input.reason)))
        .await
}

/// Confirms that a job that was to be cancelled has stopped.
pub async fn confirm_cancel(db: &Db, caller: &Caller, id: &str, input: &GiveBack) -> Result<GivenBack> {
    db.call(sql_fn!(confirm_job_cancel(caller: caller.to_sql(), job: id, token: input.lease_token))).await
}

/// How often a server looks for silent workers.
const WATCH: Duration = Duration::from_secs(1);

/// Takes back what silent workers hold, for as long as the server lives. Several servers do no harm: each
/// passes over the jobs that another is taking back.
pub async fn expire_leases(db: Db) {
    loop {
        match db.scalar::<i64>(sql_fn!(expire_leases(max_jobs: 100_i64))).await {
            Ok(0) => {}
            Ok(expired) => tracing::info!(expired, "jobs were taken back from silent workers"),
            Err(error) => tracing::debug!(%error, "leases were not looked at"),
        }
        tokio::time::sleep(WATCH).await;
    }
}
