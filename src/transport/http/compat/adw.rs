//! Jobs as workflows of agents: `/api/v1/workflows/…`.

use actix_web::{delete, get, post, put, web};

use crate::app::AppState;
use crate::compat::adw::{self, Adw, CreateAdw, SetAdwStatus};
use crate::transport::http::{Auth, IdempotencyKey, Json, Path, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create).service(get_one).service(set_status).service(cancel);
}

/// Creates a ticket and queues the job that works on it, in one step.
#[utoipa::path(tag = "Doors", request_body = CreateAdw, params(IdempotencyKey), responses((status = 201, body = Adw)))]
#[post("/api/v1/workflows/create")]
async fn create(
    state: web::Data<AppState>,
    auth: Auth,
    key: IdempotencyKey,
    Json(input): Json<CreateAdw>,
) -> Result<Reply<Adw>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(adw::create(&state.db, &caller, &input, key.as_deref()).await?))
}

/// How it stands, with the newest lines of its transcript.
#[utoipa::path(tag = "Doors", responses((status = 200, body = Adw)))]
#[get("/api/v1/workflows/{adw_id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Adw>> {
    Ok(Reply::ok(adw::get(&state.db, &auth.caller(), &id).await?))
}

/// Tells how the work goes, where it is run elsewhere.
///
/// `in_progress` claims the job for whoever calls, for an hour from each call on; `completed` and `failed` end it
/// as a worker would. What a worker holds, only that worker ends: 409. `started` queues it (anew, if it had
/// failed).
#[utoipa::path(tag = "Doors", request_body = SetAdwStatus, responses((status = 200, body = Adw)))]
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

/// Cancels it: at once where nobody works on it, else its worker is asked to stop.
#[utoipa::path(tag = "Doors", responses((status = 202, body = Adw, description = "Cancelled, or about to be")))]
#[delete("/api/v1/workflows/{adw_id}")]
async fn cancel(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Adw>> {
    Ok(Reply::with(202, adw::cancel(&state.db, &auth.caller(), &id).await?))
}
