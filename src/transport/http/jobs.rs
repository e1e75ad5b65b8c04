//! `/api/jobs…`: creating, reading and controlling jobs. Endpoints for workers are in `work`, transcripts in `messages`.

mod messages;
mod work;

use actix_web::{delete, get, patch, post, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Auth, Json, NoContent, Path, Query, Reply, Result, ServiceConfig};
use crate::Error;
use crate::app::AppState;
use crate::domain::jobs::{self, Action, CreateJob, Job, JobFilter, Jobs, Purged, UpdateJob};

/// Registers the handlers; literal paths come before `/api/jobs/{id}`.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(purge).service(purge_by_delete);
    work::configure(cfg);
    messages::configure(cfg);
    cfg.service(create).service(list).service(get_one).service(update).service(remove);
    cfg.service(continue_job).service(pause).service(resume).service(retry).service(cancel);
}

/// A page size within its bounds.
pub(super) fn page_size(limit: Option<i64>, default: i64) -> Result<i64> {
    let limit = limit.unwrap_or(default);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    Ok(limit)
}

/// The words of a comma-separated list.
pub(super) fn words(text: Option<&String>) -> Option<Vec<String>> {
    text.map(|text| text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
}

/// Creates a job: `collecting`, or `queued` if `queue` is true. Without a workflow and a ticket, it gets a new ticket in
/// the caller's default workflow.
#[utoipa::path(tag = "Jobs", request_body = CreateJob, responses((status = 201, body = Job)))]
#[post("/api/jobs")]
async fn create(state: web::Data<AppState>, auth: Auth, Json(input): Json<CreateJob>) -> Result<Reply<Job>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(jobs::create(&state.db, &caller, &input).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// In this workflow. Defaults to all of the caller's workflows.
    workflow_id: Option<String>,
    /// Of this ticket (id, or key with `workflow_id`).
    ticket_id: Option<String>,
    /// Statuses, comma-separated.
    status: Option<String>,
    /// Only those that the caller created or claimed.
    mine: Option<bool>,
    /// Only those whose title contains this.
    #[param(max_length = 200)]
    title: Option<String>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// Jobs, newest first.
#[utoipa::path(tag = "Jobs", params(ListQuery), responses((status = 200, body = Jobs)))]
#[get("/api/jobs")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<Jobs>> {
    let filter = JobFilter {
        statuses: words(query.status.as_ref()),
        workflow_id: query.workflow_id,
        ticket_id: query.ticket_id,
        mine: query.mine.unwrap_or(false),
        title: query.title,
        limit: page_size(query.limit, 50)?,
        cursor: query.cursor,
    };
    Ok(Reply::ok(jobs::list(&state.db, &auth.caller(), &filter).await?))
}

/// One job.
#[utoipa::path(tag = "Jobs", responses((status = 200, body = Job)))]
#[get("/api/jobs/{id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Job>> {
    Ok(Reply::ok(jobs::get(&state.db, &auth.caller(), &id).await?))
}

/// Updates the given fields of a job. The prompt can change only while the job is collecting.
#[utoipa::path(tag = "Jobs", request_body = UpdateJob, responses(
    (status = 200, body = Job), (status = 409, description = "Not possible in the current status")))]
#[patch("/api/jobs/{id}")]
async fn update(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<UpdateJob>,
) -> Result<Reply<Job>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(jobs::update(&state.db, &caller, &id, &input).await?))
}

/// Deletes a job. An open job is cancelled first, and its worker's lease is lost.
#[utoipa::path(tag = "Jobs", responses((status = 204, description = "Deleted")))]
#[delete("/api/jobs/{id}")]
async fn remove(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<NoContent> {
    jobs::delete(&state.db, &auth.caller(), &id).await?;
    Ok(NoContent)
}

/// Deletes the caller's own jobs permanently, with transcripts and apps. Only in development mode.
#[utoipa::path(tag = "Jobs", responses((status = 200, body = Purged), (status = 403, description = "Not in development mode")))]
#[post("/api/jobs/purge")]
async fn purge(state: web::Data<AppState>, auth: Auth) -> Result<Reply<Purged>> {
    only_in_development(&state)?;
    Ok(Reply::ok(jobs::purge(&state.db, &auth.caller()).await?))
}

/// The same as `POST /api/jobs/purge`.
#[utoipa::path(tag = "Jobs", responses((status = 200, body = Purged), (status = 403, description = "Not in development mode")))]
#[delete("/api/jobs/purge")]
async fn purge_by_delete(state: web::Data<AppState>, auth: Auth) -> Result<Reply<Purged>> {
    only_in_development(&state)?;
    Ok(Reply::ok(jobs::purge(&state.db, &auth.caller()).await?))
}

fn only_in_development(state: &AppState) -> Result<()> {
    if state.config.dev_mode {
        return Ok(());
    }
    let detail = "Jobs can be purged only on a server in development mode (CALLBOARD_DEV_MODE=true).";
    Err(Error::problem(403, "forbidden", detail).into())
}

/// The acting agent and a reason.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Acting {
    /// The acting agent, if the caller may act for others.
    agent_id: Option<String>,
    /// Why; stored with a cancelled job.
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

async fn act(state: &AppState, auth: &Auth, id: &str, input: &Acting, action: Action) -> Result<Reply<Job>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(jobs::act(&state.db, &caller, id, action).await?))
}

/// Queues a collecting job; resumes a paused one.
#[utoipa::path(tag = "Jobs", request_body = Acting, responses((status = 200, body = Job), (status = 409, description = "It has ended")))]
#[post("/api/jobs/{id}/continue")]
async fn continue_job(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Acting>,
) -> Result<Reply<Job>> {
    act(&state, &auth, &id, &input, Action::Continue).await
}

/// Pauses a queued or running job. Its worker gets `pause_requested` with the next heartbeat.
#[utoipa::path(tag = "Jobs", request_body = Acting, responses((status = 200, body = Job), (status = 409, description = "It cannot be paused now")))]
#[post("/api/jobs/{id}/pause")]
async fn pause(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Acting>,
) -> Result<Reply<Job>> {
    act(&state, &auth, &id, &input, Action::Pause).await
}

/// Resumes a paused job: with its worker while the lease is valid, otherwise from the queue.
#[utoipa::path(tag = "Jobs", request_body = Acting, responses((status = 200, body = Job), (status = 409, description = "It is not paused")))]
#[post("/api/jobs/{id}/resume")]
async fn resume(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Acting>,
) -> Result<Reply<Job>> {
    act(&state, &auth, &id, &input, Action::Resume).await
}

/// Queues a failed or cancelled job again, with all its attempts.
#[utoipa::path(tag = "Jobs", request_body = Acting, responses((status = 200, body = Job), (status = 409, description = "It is open")))]
#[post("/api/jobs/{id}/retry")]
async fn retry(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Acting>,
) -> Result<Reply<Job>> {
    act(&state, &auth, &id, &input, Action::Retry).await
}

/// Cancels a job. A running job gets `cancel_requested`; its worker stops and confirms.
#[utoipa::path(tag = "Jobs", request_body = Acting, responses((status = 200, body = Job), (status = 409, description = "It has ended")))]
#[post("/api/jobs/{id}/cancel")]
async fn cancel(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Acting>,
) -> Result<Reply<Job>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(jobs::cancel(&state.db, &caller, &id, input.reason.as_deref()).await?))
}
