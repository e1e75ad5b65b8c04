//! Moving: columns, order, resolving, claiming, bulk updates, commits.

use actix_web::{post, web};
use serde_json::Value;

use crate::app::AppState;
use crate::domain::accounts::Caller;
use crate::domain::commits;
use crate::domain::tickets::moves::{
    self, BulkUpdate, BulkUpdated, ChangeStatus, Claim, Claimed, CommitLinked, LinkCommit, Reorder, Reordered,
    ResolveTicket, Resolved, StatusChanged,
};
use crate::transport::http::{Auth, Json, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(change_status)
        .service(reorder)
        .service(resolve)
        .service(claim)
        .service(bulk_update)
        .service(link_commit);
}

/// The data of a commit from the workflow's repository, if it has one with that commit.
async fn described(
    state: &AppState,
    caller: &Caller,
    ticket: &str,
    commit_sha: Option<&String>,
) -> crate::Result<Option<Value>> {
    match commit_sha {
        Some(sha) => commits::describe(&state.db, &state.config, caller, ticket, sha).await,
        None => Ok(None),
    }
}

/// Moves a ticket to another column. A blocked ticket stays: `success` is false, with the reason.
#[utoipa::path(tag = "Tickets", request_body = ChangeStatus, responses((status = 200, body = StatusChanged)))]
#[post("/api/tickets/change-status")]
async fn change_status(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<ChangeStatus>,
) -> Result<Reply<StatusChanged>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let git = described(&state, &caller, &input.ticket_id, input.commit_sha.as_ref()).await?;
    Ok(Reply::ok(moves::change_status(&state.db, &caller, &input, git).await?))
}

/// Moves a ticket inside its column.
#[utoipa::path(tag = "Tickets", request_body = Reorder, responses((status = 200, body = Reordered)))]
#[post("/api/tickets/reorder")]
async fn reorder(state: web::Data<AppState>, auth: Auth, Json(input): Json<Reorder>) -> Result<Reply<Reordered>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(moves::reorder(&state.db, &caller, &input).await?))
}

/// Resolves a ticket and unblocks the tickets that waited for it.
#[utoipa::path(tag = "Tickets", request_body = ResolveTicket, responses((status = 200, body = Resolved)))]
#[post("/api/tickets/resolve")]
async fn resolve(state: web::Data<AppState>, auth: Auth, Json(input): Json<ResolveTicket>) -> Result<Reply<Resolved>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let git = described(&state, &caller, &input.ticket_id, input.commit_sha.as_ref()).await?;
    Ok(Reply::ok(moves::resolve(&state.db, &caller, &input, git).await?))
}

/// Claims the next ready ticket: unblocked, unassigned, in a todo column. Two callers never get the same.
#[utoipa::path(tag = "Tickets", request_body = Claim, responses((status = 200, body = Claimed)))]
#[post("/api/tickets/claim")]
async fn claim(state: web::Data<AppState>, auth: Auth, Json(input): Json<Claim>) -> Result<Reply<Claimed>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(moves::claim(&state.db, &caller, &input).await?))
}

/// Applies the same change to up to 500 tickets, in one transaction.
#[utoipa::path(tag = "Tickets", request_body = BulkUpdate, responses((status = 200, body = BulkUpdated)))]
#[post("/api/tickets/bulk-update")]
async fn bulk_update(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<BulkUpdate>,
) -> Result<Reply<BulkUpdated>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(moves::bulk_update(&state.db, &caller, &input).await?))
}

/// Links a commit to a ticket.
#[utoipa::path(tag = "Commits", request_body = LinkCommit, responses((status = 200, body = CommitLinked)))]
#[post("/api/tickets/link-commit")]
async fn link_commit(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<LinkCommit>,
) -> Result<Reply<CommitLinked>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let git = described(&state, &caller, &input.ticket_id, Some(&input.commit_sha)).await?;
    Ok(Reply::ok(moves::link_commit(&state.db, &caller, &input, git).await?))
}
