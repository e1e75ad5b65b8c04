//! The calls that request, list and decide approvals.

use tokio_postgres::types::Json;

use super::{Approval, ApprovalFilter, ApprovalKind, ApprovalList, Decide, Decision, RequestApproval, Withdraw};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Requests an approval.
pub async fn request(db: &Db, caller: &Caller, input: &RequestApproval) -> Result<Approval> {
    db.call(sql_fn!(request_approval(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        ticket: input.ticket_id,
        job: input.job_id,
        kind: input.kind.map(ApprovalKind::as_str),
        question: input.question,
        context: input.context,
        options: input.options,
        blocks_job: input.blocks_job,
        expires_in_seconds: input.expires_in_seconds,
        lease_token: input.lease_token,
        checks: input.checks.as_ref().map(Json),
    )))
    .await
}

/// One approval.
pub async fn get(db: &Db, caller: &Caller, id: &str) -> Result<Approval> {
    db.call(sql_fn!(get_approval(caller: caller.to_sql(), approval: id))).await
}

/// Approvals, newest first, after `cursor`.
pub async fn list(
    db: &Db,
    caller: &Caller,
    filter: &ApprovalFilter,
    limit: i32,
    cursor: Option<&str>,
) -> Result<ApprovalList> {
    db.call(sql_fn!(list_approvals(
        caller: caller.to_sql(),
        workflow: filter.workflow_id,
        ticket: filter.ticket_id,
        job: filter.job_id,
        statuses: filter.status,
        kinds: filter.kind,
        mine: filter.mine,
        max_rows: limit,
        cursor,
    )))
    .await
}

/// Decides. Idempotent: the same decision again returns the same answer; a different one is rejected.
pub async fn decide(db: &Db, caller: &Caller, id: &str, decision: Decision, input: &Decide) -> Result<Approval> {
    db.call(sql_fn!(decide_approval(
        caller: caller.to_sql(),
        approval: id,
        decision: decision.as_str(),
        answer: input.answer,
        reason: input.reason,
        comment: input.comment,
    )))
    .await
}

/// Withdraws an approval.
pub async fn withdraw(db: &Db, caller: &Caller, id: &str, input: &Withdraw) -> Result<Approval> {
    db.call(sql_fn!(withdraw_approval(caller: caller.to_sql(), approval: id, reason: input.reason))).await
}
