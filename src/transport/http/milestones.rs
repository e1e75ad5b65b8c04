//! `/api/workflows/{id}/milestones` and `/api/milestones/{id}`.

use actix_web::{delete, get, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::milestones::{self, CreateMilestone, Milestone, MilestoneDeleted, MilestoneList, UpdateMilestone};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(get_one).service(update).service(remove);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Whether to include closed ones. Defaults to true.
    include_closed: Option<bool>,
}

/// The milestones of a workflow, at most 300: the open ones first, those that are due first.
#[utoipa::path(tag = "Milestones", params(ListQuery), responses((status = 200, body = MilestoneList)))]
#[get("/api/workflows/{id}/milestones")]
async fn list(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Reply<MilestoneList>> {
    let closed = query.include_closed.unwrap_or(true);
    Ok(Reply::ok(milestones::list(&state.db, &auth.caller(), &id, closed).await?))
}

/// Creates a milestone. Its name must be new in the workflow.
#[utoipa::path(tag = "Milestones", request_body = CreateMilestone, responses((status = 201, body = Milestone)))]
#[post("/api/workflows/{id}/milestones")]
async fn create(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<CreateMilestone>,
) -> Result<Reply<Milestone>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(milestones::create(&state.db, &caller, &id, &input).await?))
}

/// One milestone, and how far it is.
#[utoipa::path(tag = "Milestones", responses((status = 200, body = Milestone)))]
#[get("/api/milestones/{id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Milestone>> {
    Ok(Reply::ok(milestones::get(&state.db, &auth.caller(), &id).await?))
}

/// Changes the given fields of a milestone; `is_closed` closes and reopens it. A closed one keeps its tickets and takes no more.
#[utoipa::path(tag = "Milestones", request_body = UpdateMilestone, responses((status = 200, body = Milestone)))]
#[patch("/api/milestones/{id}")]
async fn update(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<UpdateMilestone>,
) -> Result<Reply<Milestone>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(milestones::update(&state.db, &caller, &id, &input).await?))
}

/// Deletes a milestone. Its tickets stay and leave it. Requires an owner. To keep its figures, close it instead.
#[utoipa::path(tag = "Milestones", responses((status = 200, body = MilestoneDeleted)))]
#[delete("/api/milestones/{id}")]
async fn remove(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<MilestoneDeleted>> {
    Ok(Reply::ok(milestones::delete(&state.db, &auth.caller(), &id).await?))
}
