//! Changing tickets.

use actix_web::web;
use serde_json::Value;

use super::{Listener, acting, input, input_of, value_of, workflow_of};
use crate::app::AppState;
use crate::compat::tracker;
use crate::domain::accounts::Caller;
use crate::domain::approvals::Decision;
use crate::domain::approvals::reviews::{self, ApproveTicket, RejectTicket, RequestClarification};
use crate::domain::comments::{self, AddComment};
use crate::domain::commits;
use crate::domain::tickets::change::{self, CreateTicket};
use crate::domain::tickets::moves::{self, ChangeStatus, LinkCommit, ResolveTicket};
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Reply, Result};

pub(super) fn configure(routes: &mut Routes) {
    routes.post("/tickets/create", create).post("/tickets/update", update);
    routes.post("/tickets/change-status", change_status).post("/tickets/comment", comment);
    routes.post("/tickets/resolve", resolve).post("/tickets/link-commit", link_commit);
    routes.post("/tickets/approve", approve).post("/tickets/reject", reject);
    routes.post("/tickets/request-clarification", request_clarification);
}

/// The names of the fields of a new ticket.
const NEW_TICKET: [&str; 14] = [
    "workflow_id",
    "agent_id",
    "title",
    "description",
    "ticket_type",
    "priority",
    "initial_status",
    "assigned_agent_id",
    "parent_ticket_id",
    "blocked_by_ticket_ids",
    "tags",
    "related_task_ids",
    "related_ticket_ids",
    "story_points",
];

async fn create(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Json(mut body): Json<Value>,
) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    if body.is_object() && !body["workflow_id"].is_string() {
        body["workflow_id"] = workflow_of(&state, &listener, &caller, None).await?.into();
    }
    let new: CreateTicket = input(&body, &NEW_TICKET)?;
    Ok(Reply::ok(value_of(&change::create(&state.db, &state.embeddings, &caller, &new).await?)?))
}

async fn update(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let updated = change::update(&state.db, &state.embeddings, &caller, input_of(&tracker::update(&body))?).await?;
    Ok(Reply::ok(tracker::updated(&body, &value_of(&updated)?)))
}

/// The data of a commit from the workflow's repository, if it has one with that commit.
pub(super) async fn described(
    state: &AppState,
    caller: &Caller,
    ticket: &str,
    sha: Option<&String>,
) -> crate::Result<Option<Value>> {
    match sha {
        Some(sha) => commits::describe(&state.db, &state.config, caller, ticket, sha).await,
        None => Ok(None),
    }
}

async fn change_status(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let wanted: ChangeStatus =
        input(&body, &["ticket_id", "agent_id", "new_status", "comment", "commit_sha", "version"])?;
    let git = described(&state, &caller, &wanted.ticket_id, wanted.commit_sha.as_ref()).await?;
    Ok(Reply::ok(value_of(&moves::change_status(&state.db, &caller, &wanted, git).await?)?))
}

async fn comment(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let new: AddComment =
        input(&body, &["ticket_id", "agent_id", "comment_text", "comment_type", "mentions", "attachments"])?;
    Ok(Reply::ok(value_of(&comments::add(&state.db, &caller, &new).await?)?))
}

async fn resolve(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let wanted: ResolveTicket =
        input(&body, &["ticket_id", "agent_id", "resolution_comment", "resolution", "commit_sha"])?;
    let git = described(&state, &caller, &wanted.ticket_id, wanted.commit_sha.as_ref()).await?;
    Ok(Reply::ok(value_of(&moves::resolve(&state.db, &caller, &wanted, git).await?)?))
}

async fn link_commit(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let commit: LinkCommit = input(&body, &["ticket_id", "agent_id", "commit_sha", "commit_message"])?;
    let git = described(&state, &caller, &commit.ticket_id, Some(&commit.commit_sha)).await?;
    Ok(Reply::ok(value_of(&moves::link_commit(&state.db, &caller, &commit, git).await?)?))
}

/// Decides a review, and wakes requests that wait for the decision.
async fn decide(
    state: &AppState,
    caller: &Caller,
    ticket: &str,
    decision: Decision,
    reason: Option<&str>,
    comment: Option<&str>,
) -> Result<Reply<Value>> {
    let reviewed = reviews::review(&state.db, caller, ticket, decision, reason, comment).await?;
    if let Some(id) = &reviewed.approval_id {
        state.decision_waits.wake(id);
    }
    Ok(Reply::ok(value_of(&reviewed)?))
}

async fn approve(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let wanted: ApproveTicket = input(&body, &["ticket_id", "agent_id", "comment"])?;
    decide(&state, &caller, &wanted.ticket_id, Decision::Approve, None, wanted.comment.as_deref()).await
}

async fn reject(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let wanted: RejectTicket = input(&body, &["ticket_id", "agent_id", "rejection_reason", "comment"])?;
    let reason = wanted.rejection_reason.as_deref();
    decide(&state, &caller, &wanted.ticket_id, Decision::Reject, reason, wanted.comment.as_deref()).await
}

async fn request_clarification(
    state: web::Data<AppState>,
    auth: Auth,
    Json(body): Json<Value>,
) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let names = ["ticket_id", "agent_id", "conflict_description", "context", "potential_solutions"];
    let wanted: RequestClarification = input(&body, &names)?;
    Ok(Reply::ok(value_of(&reviews::request_clarification(&state.db, &caller, &wanted).await?)?))
}
