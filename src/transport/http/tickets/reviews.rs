//! Reviews and clarifications of tickets.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::domain::approvals::Decision;
use crate::domain::approvals::reviews::{
    self, ApproveTicket, ClarificationRequested, PendingReviews, RejectTicket, RequestClarification, RequestReview,
    Reviewed,
};
use crate::transport::http::{Auth, Json, Query, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(request_review).service(approve).service(reject).service(request_clarification).service(pending);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InWorkflow {
    /// The workflow. Defaults to all of the caller's workflows.
    workflow_id: Option<String>,
}

/// Wakes requests that wait for the decision.
fn decided(state: &AppState, reviewed: Reviewed) -> Reply<Reviewed> {
    if let Some(id) = &reviewed.approval_id {
        state.decision_waits.wake(id);
    }
    Reply::ok(reviewed)
}

/// Requests a review of a ticket by people. Until it is decided, the ticket cannot be moved or claimed.
#[utoipa::path(tag = "Approvals", request_body = RequestReview, responses((status = 200, body = Reviewed)))]
#[post("/api/tickets/request-review")]
async fn request_review(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<RequestReview>,
) -> Result<Reply<Reviewed>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(reviews::request_review(&state.db, &caller, &input).await?))
}

/// Approves a ticket in review; it can be moved and claimed again.
#[utoipa::path(tag = "Approvals", request_body = ApproveTicket, responses((status = 200, body = Reviewed)))]
#[post("/api/tickets/approve")]
async fn approve(state: web::Data<AppState>, auth: Auth, Json(input): Json<ApproveTicket>) -> Result<Reply<Reviewed>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let comment = input.comment.as_deref();
    Ok(decided(&state, reviews::review(&state.db, &caller, &input.ticket_id, Decision::Approve, None, comment).await?))
}

/// Rejects a ticket in review. The ticket stays where it is, open for comments and for another review.
#[utoipa::path(tag = "Approvals", request_body = RejectTicket, responses((status = 200, body = Reviewed)))]
#[post("/api/tickets/reject")]
async fn reject(state: web::Data<AppState>, auth: Auth, Json(input): Json<RejectTicket>) -> Result<Reply<Reviewed>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let (reason, comment) = (input.rejection_reason.as_deref(), input.comment.as_deref());
    Ok(decided(&state, reviews::review(&state.db, &caller, &input.ticket_id, Decision::Reject, reason, comment).await?))
}

/// Requests a clarification of a ticket from people. Question and answer become comments of the ticket.
#[utoipa::path(tag = "Approvals", request_body = RequestClarification, responses(
    (status = 200, body = ClarificationRequested)))]
#[post("/api/tickets/request-clarification")]
async fn request_clarification(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<RequestClarification>,
) -> Result<Reply<ClarificationRequested>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(reviews::request_clarification(&state.db, &caller, &input).await?))
}

/// The tickets that wait for review, and their number.
#[utoipa::path(tag = "Approvals", params(InWorkflow), responses((status = 200, body = PendingReviews)))]
#[get("/api/tickets/pending-review-count")]
async fn pending(
    state: web::Data<AppState>,
    auth: Auth,
    Query(query): Query<InWorkflow>,
) -> Result<Reply<PendingReviews>> {
    Ok(Reply::ok(reviews::pending(&state.db, &auth.caller(), query.workflow_id.as_deref()).await?))
}
