//! Reviews and clarifications of tickets: approvals with the requests and answers of ticket tracking.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::{Approval, Decision, ReportedCheck};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::tickets::ApprovalStatus;
use crate::{Result, sql_fn};

/// `POST /api/tickets/request-review`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReview {
    /// The ticket.
    pub ticket_id: String,
    /// What to review; added as a comment.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
    /// Up to 50 checks that were made, for the person who decides. They replace those of a review that is pending already.
    #[schema(max_items = 50)]
    pub checks: Option<Vec<ReportedCheck>>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// `POST /api/tickets/approve`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveTicket {
    /// The ticket.
    pub ticket_id: String,
    /// Added as a comment.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// `POST /api/tickets/reject`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectTicket {
    /// The ticket.
    pub ticket_id: String,
    /// The reason; added as a comment.
    #[schema(max_length = 20_000)]
    pub rejection_reason: Option<String>,
    /// Added as a second comment.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The answer to a review.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reviewed {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// A sentence for a person.
    pub message: String,
    /// The review.
    pub approval_id: Option<String>,
    /// The state of the ticket's review.
    pub approval_status: ApprovalStatus,
}

/// `POST /api/tickets/request-clarification`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestClarification {
    /// The ticket.
    pub ticket_id: String,
    /// What is unclear, at least 20 characters.
    #[schema(min_length = 20, max_length = 10_000)]
    pub conflict_description: String,
    /// Background for the question.
    #[schema(max_length = 50_000)]
    pub context: Option<String>,
    /// Up to 50 possible solutions; they become the suggested answers.
    #[schema(max_items = 50)]
    pub potential_solutions: Option<Vec<String>>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// The answer to a request for clarification. The question is pending until a person answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClarificationRequested {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// The question as it was added to the ticket, Markdown.
    pub clarification: String,
    /// The comment that holds the question; the answer becomes a reply to it.
    pub comment_id: String,
    /// The approval; wait for its decision with `/api/approvals/{id}?wait=30`.
    pub approval_id: String,
    /// The approval.
    pub approval: Approval,
    /// A sentence for a person.
    pub message: String,
}

/// Tickets that wait for review.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PendingReviews {
    /// Their number.
    pub count: i64,
    /// The 1000 oldest.
    pub ticket_ids: Vec<String>,
}

/// Requests a review of a ticket.
pub async fn request_review(db: &Db, caller: &Caller, input: &RequestReview) -> Result<Reviewed> {
    db.call(sql_fn!(request_review(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        comment: input.comment,
        checks: input.checks.as_ref().map(Json),
    )))
    .await
}

/// Approves or rejects a ticket that waits for review.
pub async fn review(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    decision: Decision,
    reason: Option<&str>,
    comment: Option<&str>,
) -> Result<Reviewed> {
    db.call(sql_fn!(review_ticket(caller: caller.to_sql(), ticket, decision: decision.as_str(), reason, comment))).await
}

/// Requests a clarification of a ticket.
pub async fn request_clarification(
    db: &Db,
    caller: &Caller,
    input: &RequestClarification,
) -> Result<ClarificationRequested> {
    db.call(sql_fn!(request_clarification(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        conflict_description: input.conflict_description,
        context: input.context,
        potential_solutions: input.potential_solutions,
    )))
    .await
}

/// Tickets that wait for review, in one or all of the caller's workflows.
pub async fn pending(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<PendingReviews> {
    db.call(sql_fn!(count_pending_reviews(caller: caller.to_sql(), workflow))).await
}
