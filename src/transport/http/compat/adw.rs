//! Jobs as workflows of agents: `/api/v1/workflows/…`.

use actix_web::{delete, get, post, put, web};

use crate::app::AppState;
use crate::compat::adw::{self, Adw, CreateAdw, SetAdwStatus};
use crate::transport::http::{Auth, Json, Path, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create).service(get_one).service(set_status).service(cancel);
}

/// Creates a ticket and queues a job for it, in one step.
#[utoipa::path(tag = "Compatibility", request_body = CreateAdw, responses((status = 201, body = Adw)))]
#[post("/api/v1/workflows/create")]
async fn create(state: web::Data<AppState>, auth: Auth, Json(input): Json<CreateAdw>) -> Result<Reply<Adw>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(adw::create(&state.db, &caller, &input).await?))
}

/// The state of a job, with the newest lines of its transcript.
#[utoipa::path(tag = "Compatibility", responses((status = 200, body = Adw)))]
#[get("/api/v1/workflows/{adw_id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Adw>> {
    Ok(Reply::ok(adw::get(&state.db, &auth.caller(), &id).await?))
}

/// Reports the status of work that runs elsewhere.
///
/// `in_progress` claims the job for the caller, for an hour from each call; `completed` and `failed` end it like a worker
/// does. A job leased by another worker is refused with 409. `started` queues the job, also after a failure.
#[utoipa::path(tag = "Compatibility", request_body = SetAdwStatus, responses((status = 200, body = Adw)))]
#[put("/api/v1/workflows/{adw_id}/status")]
async fn set_status(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<SetAdwStatus>,
) -> Result<Reply<Adw>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(adw::set_status(&state.db, &caller, &id, &input).await?))
}

/// Cancels a job: at once if no worker has it, otherwise the worker is requested to stop.
#[utoipa::path(tag = "Compatibility", responses((status = 202, body = Adw, description = "Cancelled, or about to be")))]
#[delete("/api/v1/workflows/{adw_id}")]
async fn cancel(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Adw>> {
    Ok(Reply::with(202, adw::cancel(&state.db, &auth.caller(), &id).await?))
}
