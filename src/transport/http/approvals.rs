//! `/api/approvals…`: parked questions to people.

use std::time::Duration;

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, IdempotencyKey, Json, Path, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::approvals::{
    self, Approval, ApprovalFilter, ApprovalList, Decide, Decision, RequestApproval, Withdraw,
};
use crate::{Error, Result as CoreResult};

/// Longest that an answer is held back, in seconds.
const LONGEST_WAIT: u64 = 30;

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(ask).service(list).service(get_one);
    cfg.service(approve).service(reject).service(answer).service(withdraw);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of this workflow; of all of the caller's where left out.
    workflow_id: Option<String>,
    /// About this ticket.
    ticket_id: Option<String>,
    /// Asked in this job.
    job_id: Option<String>,
    /// pending, approved, rejected, answered, expired, withdrawn; comma-separated.
    status: Option<String>,
    /// question, review, clarification; comma-separated.
    kind: Option<String>,
    /// Only what the caller asked.
    mine: Option<bool>,
    /// 1 to 200; 50 where left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wait {
    /// Seconds to hold the answer back while nobody has decided, 0 to 30.
    #[param(minimum = 0, maximum = 30)]
    wait: Option<u64>,
}

/// The names of a comma-separated list, each among those that `T` knows.
fn names<T: serde::de::DeserializeOwned>(field: &str, given: Option<&str>) -> CoreResult<Option<Vec<String>>> {
    let Some(given) = given else { return Ok(None) };
    let names: Vec<String> = given.split(',').map(|name| name.trim().to_owned()).collect();
    for name in &names {
        serde_json::from_value::<T>(name.as_str().into())
            .map_err(|_| Error::invalid(field, format!("must list known names; {name:?} is none")))?;
    }
    Ok(Some(names))
}

/// Asks people something. The answer comes later: the stream tells, and `?wait=` waits for it.
#[utoipa::path(tag = "Approvals", request_body = RequestApproval, params(IdempotencyKey), responses(
    (status = 202, body = Approval, description = "Parked; nobody has decided yet")))]
#[post("/api/approvals")]
async fn ask(
    state: web::Data<AppState>,
    auth: Auth,
    key: IdempotencyKey,
    Json(input): Json<RequestApproval>,
) -> Result<Reply<Approval>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::with(202, approvals::request(&state.db, &caller, &input, key.as_deref()).await?))
}

/// Lists approvals, the newest first.
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

/// One approval. With `wait`, the answer is held back until somebody has decided or the time is over.
#[utoipa::path(tag = "Approvals", params(Wait), responses((status = 200, body = Approval)))]
#[get("/api/approvals/{id}")]
async fn get_one(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<Wait>,
) -> Result<Reply<Approval>> {
    let wait = query.wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        return Err(Error::invalid("wait", format!("must be between 0 and {LONGEST_WAIT}")).into());
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

/// Says yes. A person who is a member may, or a key with the scope `approve`; never who asked.
#[utoipa::path(tag = "Approvals", request_body = Decide, responses(
    (status = 200, body = Approval), (status = 409, description = "It was decided otherwise, ran out or was taken back")))]
#[post("/api/approvals/{id}/approve")]
async fn approve(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Decide>,
) -> Result<Reply<Approval>> {
    decide(&state, &auth, &id, Decision::Approve, &input).await
}

/// Says no. Nothing is deleted: who asked is told, and a job that waits goes on with this answer.
#[utoipa::path(tag = "Approvals", request_body = Decide, responses(
    (status = 200, body = Approval), (status = 409, description = "It was decided otherwise, ran out or was taken back")))]
#[post("/api/approvals/{id}/reject")]
async fn reject(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Decide>,
) -> Result<Reply<Approval>> {
    decide(&state, &auth, &id, Decision::Reject, &input).await
}

/// Answers in words; `answer` is needed.
#[utoipa::path(tag = "Approvals", request_body = Decide, responses(
    (status = 200, body = Approval), (status = 409, description = "It was decided otherwise, ran out or was taken back")))]
#[post("/api/approvals/{id}/answer")]
async fn answer(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Decide>,
) -> Result<Reply<Approval>> {
    decide(&state, &auth, &id, Decision::Answer, &input).await
}

/// Takes a question back: who asked may, or an owner of the workflow.
#[utoipa::path(tag = "Approvals", request_body = Withdraw, responses(
    (status = 200, body = Approval), (status = 409, description = "It was decided already, or the board asks for it")))]
#[post("/api/approvals/{id}/withdraw")]
async fn withdraw(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Withdraw>,
) -> Result<Reply<Approval>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let taken = approvals::withdraw(&state.db, &caller, &id, &input).await?;
    state.decision_waits.wake(&id);
    Ok(Reply::ok(taken))
}
