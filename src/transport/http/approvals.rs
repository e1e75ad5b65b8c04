//! `/api/approvals…`: questions to people.

use std::time::Duration;

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::approvals::{
    self, Approval, ApprovalFilter, ApprovalList, Decide, Decision, RequestApproval, Withdraw,
};
use crate::{Error, Result as CoreResult};

/// Maximum long-poll time, in seconds.
const MAX_WAIT: u64 = 30;

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(ask).service(list).service(get_one);
    cfg.service(approve).service(reject).service(answer).service(withdraw);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// In this workflow. Defaults to all of the caller's workflows.
    workflow_id: Option<String>,
    /// About this ticket.
    ticket_id: Option<String>,
    /// Asked in this job.
    job_id: Option<String>,
    /// pending, approved, rejected, answered, expired, withdrawn; comma-separated.
    status: Option<String>,
    /// question, review, clarification; comma-separated.
    kind: Option<String>,
    /// Only those that the caller requested.
    mine: Option<bool>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wait {
    /// Seconds to wait for a decision, 0 to 30. Defaults to 0.
    #[param(minimum = 0, maximum = 30)]
    wait: Option<u64>,
}

/// The names in a comma-separated list, each a variant of `T`.
fn names<T: serde::de::DeserializeOwned>(field: &str, given: Option<&str>) -> CoreResult<Option<Vec<String>>> {
    let Some(given) = given else { return Ok(None) };
    let names: Vec<String> = given.split(',').map(|name| name.trim().to_owned()).collect();
    for name in &names {
        serde_json::from_value::<T>(name.as_str().into())
            .map_err(|_| Error::invalid(field, format!("must list known names; {name:?} is none")))?;
    }
    Ok(Some(names))
}

/// Requests a decision or an answer from people. It comes later: as an event, or by a read with `?wait=`.
#[utoipa::path(tag = "Approvals", request_body = RequestApproval, responses(
    (status = 202, body = Approval, description = "Pending")))]
#[post("/api/approvals")]
async fn ask(state: web::Data<AppState>, auth: Auth, Json(input): Json<RequestApproval>) -> Result<Reply<Approval>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::with(202, approvals::request(&state.db, &caller, &input).await?))
}

/// Lists approvals, newest first.
#[utoipa::path(tag = "Approvals", params(ListQuery), responses((status = 200, body = ApprovalList)))]
#[get("/api/approvals")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<ApprovalList>> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    let which = ApprovalFilter {
        status: names::<approvals::ApprovalState>("status", query.status.as_deref())?,
        kind: names::<approvals::ApprovalKind>("kind", query.kind.as_deref())?,
        workflow_id: query.workflow_id,
        ticket_id: query.ticket_id,
        job_id: query.job_id,
        mine: query.mine,
    };
    Ok(Reply::ok(approvals::list(&state.db, &auth.caller(), &which, limit, query.cursor.as_deref()).await?))
}

/// One approval. With `wait`, the response waits for a decision or the time limit.
#[utoipa::path(tag = "Approvals", params(Wait), responses((status = 200, body = Approval)))]
#[get("/api/approvals/{id}")]
async fn get_one(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<Wait>,
) -> Result<Reply<Approval>> {
    let wait = query.wait.unwrap_or(0);
    if wait > MAX_WAIT {
        return Err(Error::invalid("wait", format!("must be between 0 and {MAX_WAIT}")).into());
    }
    Ok(Reply::ok(state.decision_waits.wait(&state.db, &auth.caller(), &id, Duration::from_secs(wait)).await?))
}

async fn decide(
    state: &AppState,
    auth: &Auth,
    id: &str,
    decision: Decision,
    input: &Decide,
) -> Result<Reply<Approval>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let decided = approvals::decide(&state.db, &caller, id, decision, input).await?;
    state.decision_waits.wake(id);
    Ok(Reply::ok(decided))
}

/// Approves. Requires a person who is a member, or a key with the scope `approve`; never the requester.
#[utoipa::path(tag = "Approvals", request_body = Decide, responses(
    (status = 200, body = Approval), (status = 409, description = "It has another decision, expired or was withdrawn")))]
#[post("/api/approvals/{id}/approve")]
async fn approve(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Decide>,
) -> Result<Reply<Approval>> {
    decide(&state, &auth, &id, Decision::Approve, &input).await
}

/// Rejects. Nothing is deleted: the requester is notified, and a waiting job continues with this decision.
#[utoipa::path(tag = "Approvals", request_body = Decide, responses(
    (status = 200, body = Approval), (status = 409, description = "It has another decision, expired or was withdrawn")))]
#[post("/api/approvals/{id}/reject")]
async fn reject(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Decide>,
) -> Result<Reply<Approval>> {
    decide(&state, &auth, &id, Decision::Reject, &input).await
}

/// Answers with text; `answer` is required.
#[utoipa::path(tag = "Approvals", request_body = Decide, responses(
    (status = 200, body = Approval), (status = 409, description = "It has another decision, expired or was withdrawn")))]
#[post("/api/approvals/{id}/answer")]
async fn answer(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Decide>,
) -> Result<Reply<Approval>> {
    decide(&state, &auth, &id, Decision::Answer, &input).await
}

/// Withdraws a pending approval. Requires the requester or an owner of the workflow.
#[utoipa::path(tag = "Approvals", request_body = Withdraw, responses(
    (status = 200, body = Approval), (status = 409, description = "It is already decided, or the board requires it")))]
#[post("/api/approvals/{id}/withdraw")]
async fn withdraw(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Withdraw>,
) -> Result<Reply<Approval>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let withdrawn = approvals::withdraw(&state.db, &caller, &id, &input).await?;
    state.decision_waits.wake(&id);
    Ok(Reply::ok(withdrawn))
}
