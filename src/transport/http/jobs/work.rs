//! Endpoints for workers: claiming, and what requires the lease token.

use actix_web::{post, web};

use crate::app::AppState;
use crate::domain::commits;
use crate::domain::jobs;
use crate::domain::jobs::leases::{
    self, ClaimJob, ClaimedJob, Heartbeat, HeartbeatAnswer, LeaseReleased, ReleaseLease,
};
use crate::domain::jobs::work::{
    self, CompleteJob, EnterStage, FailJob, JobCompleted, JobFailed, MessagesPosted, PostMessages, ProgressReported,
    ReportProgress, StageEntered,
};
use crate::transport::http::{Auth, Json, Path, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(claim).service(heartbeat).service(stage).service(progress).service(post_messages);
    cfg.service(complete).service(fail).service(release).service(cancelled);
}

/// Claims the most urgent ready job, then the oldest. Each job goes to one claimer; blockers and WIP limits are respected.
/// If nothing is ready, `job` is null.
#[utoipa::path(tag = "Workers", request_body = ClaimJob, responses((status = 200, body = ClaimedJob)))]
#[post("/api/jobs/claim")]
async fn claim(state: web::Data<AppState>, auth: Auth, Json(input): Json<ClaimJob>) -> Result<Reply<ClaimedJob>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(leases::claim(&state.db, &caller, &input).await?))
}

/// Extends the lease. The response has requests to cancel or pause, and decided approvals.
#[utoipa::path(tag = "Workers", request_body = Heartbeat, responses(
    (status = 200, body = HeartbeatAnswer), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/heartbeat")]
async fn heartbeat(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Heartbeat>,
) -> Result<Reply<HeartbeatAnswer>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(leases::heartbeat(&state.db, &caller, &id, &input).await?))
}

/// Enters a stage. The job's ticket moves to the column of that name, if the board has one and its rules allow it.
#[utoipa::path(tag = "Workers", request_body = EnterStage, responses(
    (status = 200, body = StageEntered), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/stage")]
async fn stage(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<EnterStage>,
) -> Result<Reply<StageEntered>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(work::enter_stage(&state.db, &caller, &id, &input).await?))
}

/// Reports progress.
#[utoipa::path(tag = "Workers", request_body = ReportProgress, responses(
    (status = 200, body = ProgressReported), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/progress")]
async fn progress(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<ReportProgress>,
) -> Result<Reply<ProgressReported>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(work::report_progress(&state.db, &caller, &id, &input).await?))
}

/// Adds up to 100 lines to the transcript.
#[utoipa::path(tag = "Workers", request_body = PostMessages, responses(
    (status = 200, body = MessagesPosted), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/messages")]
async fn post_messages(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<PostMessages>,
) -> Result<Reply<MessagesPosted>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(work::post_messages(&state.db, &caller, &id, &input).await?))
}

/// Completes a job: links its commit, resolves its ticket and unblocks dependent tickets. Idempotent for the same token.
#[utoipa::path(tag = "Workers", request_body = CompleteJob, responses(
    (status = 200, body = JobCompleted), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/complete")]
async fn complete(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<CompleteJob>,
) -> Result<Reply<JobCompleted>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    let git = match &input.commit_sha {
        Some(sha) => match jobs::get(&state.db, &caller, &id).await?.summary.ticket_id {
            Some(ticket) => commits::describe(&state.db, &state.config, &caller, &ticket, sha).await?,
            None => None,
        },
        None => None,
    };
    Ok(Reply::ok(work::complete(&state.db, &caller, &id, &input, git).await?))
}

/// Fails an attempt. While attempts are left, the job is queued again with backoff. Idempotent for the same token.
#[utoipa::path(tag = "Workers", request_body = FailJob, responses(
    (status = 200, body = JobFailed), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/fail")]
async fn fail(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<FailJob>,
) -> Result<Reply<JobFailed>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(work::fail(&state.db, &caller, &id, &input).await?))
}

/// Releases a job to the queue, e.g. when a worker shuts down. The attempt does not count.
#[utoipa::path(tag = "Workers", request_body = ReleaseLease, responses(
    (status = 200, body = LeaseReleased), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/release")]
async fn release(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<ReleaseLease>,
) -> Result<Reply<LeaseReleased>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(leases::release(&state.db, &caller, &id, &input).await?))
}

/// Confirms that a job with a requested cancellation has stopped.
#[utoipa::path(tag = "Workers", request_body = ReleaseLease, responses(
    (status = 200, body = LeaseReleased), (status = 409, description = "The lease is lost")))]
#[post("/api/jobs/{id}/cancelled")]
async fn cancelled(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<ReleaseLease>,
) -> Result<Reply<LeaseReleased>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(leases::confirm_cancel(&state.db, &caller, &id, &input).await?))
}
