//! Merging duplicates.

use actix_web::{post, web};

use crate::app::AppState;
use crate::domain::tickets::merge::{self, MergeTickets, Merged, UnmergeTicket, Unmerged};
use crate::transport::http::{Auth, Json, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(merge_one).service(unmerge);
}

/// Merges a duplicate into its original.
///
/// Comments, commits, blockers, sub-tickets, tags and relations move to the original; the duplicate is resolved and leaves
/// the board. Its `merged_into` names the original, and `/api/tickets/unmerge` undoes the merge.
#[utoipa::path(tag = "Tickets", request_body = MergeTickets, responses((status = 200, body = Merged)))]
#[post("/api/tickets/merge")]
async fn merge_one(state: web::Data<AppState>, auth: Auth, Json(input): Json<MergeTickets>) -> Result<Reply<Merged>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(merge::merge(&state.db, &caller, &input).await?))
}

/// Undoes a merge: what moved returns, except what was deleted or changed since.
#[utoipa::path(tag = "Tickets", request_body = UnmergeTicket, responses((status = 200, body = Unmerged)))]
#[post("/api/tickets/unmerge")]
async fn unmerge(state: web::Data<AppState>, auth: Auth, Json(input): Json<UnmergeTicket>) -> Result<Reply<Unmerged>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(merge::unmerge(&state.db, &caller, &input).await?))
}
