//! Moves, orders, resolves and claims tickets.

use serde_json::Value;
use tokio_postgres::types::Json;

use super::{
    BulkUpdate, BulkUpdated, CancelJobs, ChangeStatus, Claim, Claimed, CommitLinked, LinkCommit, Reorder, Reordered,
    ResolveTicket, Resolved, StatusChanged,
};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::tickets::change::to_json;
use crate::{Result, sql_fn};

/// Moves a ticket to a column. `git` is the description of `commit_sha` from the repository, if found.
pub async fn change_status(
    db: &Db,
    caller: &Caller,
    input: &ChangeStatus,
    git: Option<Value>,
) -> Result<StatusChanged> {
    let position = input.position.clone().unwrap_or_default();
    let call = sql_fn!(owned change_status(
        caller: caller.to_sql(),
        ticket: input.ticket_id.clone(),
        new_status: input.new_status.clone(),
        comment: input.comment.clone(),
        commit_sha: input.commit_sha.clone(),
        version: input.version,
        before: position.before,
        after: position.after,
        git: git.map(Json),
    ));
    db.call_grouped(input.ticket_id.clone(), call).await
}

/// Moves a ticket inside its column.
pub async fn reorder(db: &Db, caller: &Caller, input: &Reorder) -> Result<Reordered> {
    db.call(sql_fn!(reorder_ticket(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        before: input.before,
        after: input.after,
    )))
    .await
}

/// Resolves a ticket and unblocks the tickets it blocked.
pub async fn resolve(db: &Db, caller: &Caller, input: &ResolveTicket, git: Option<Value>) -> Result<Resolved> {
    let comment = input.resolution_comment.as_ref().or(input.resolution.as_ref());
    db.call(sql_fn!(resolve_ticket(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        resolution_comment: comment,
        commit_sha: input.commit_sha,
        git: git.map(Json),
        cancel_jobs: input.cancel_jobs.map(CancelJobs::as_str),
    )))
    .await
}

/// Assigns the next ready ticket to the caller.
pub async fn claim(db: &Db, caller: &Caller, input: &Claim) -> Result<Claimed> {
    let priorities = input.priorities.as_ref().map(|all| all.iter().map(|p| p.as_str()).collect::<Vec<_>>());
    db.call(sql_fn!(claim_ticket(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        ticket_types: input.ticket_types,
        tags: input.tags,
        priorities: priorities,
        lease_seconds: input.lease_seconds,
    )))
    .await
}

/// Applies the same change to many tickets.
pub async fn bulk_update(db: &Db, caller: &Caller, input: &BulkUpdate) -> Result<BulkUpdated> {
    let updates = input.updates.as_ref().map(to_json).transpose()?;
    db.call(sql_fn!(bulk_update_tickets(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        ticket_ids: input.ticket_ids,
        updates: updates,
        new_status: input.new_status,
        comment: input.comment,
    )))
    .await
}

/// Links a commit to a ticket.
pub async fn link_commit(db: &Db, caller: &Caller, input: &LinkCommit, git: Option<Value>) -> Result<CommitLinked> {
    db.call(sql_fn!(link_commit(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        commit_sha: input.commit_sha,
        commit_message: input.commit_message,
        git: git.map(Json),
    )))
    .await
}
