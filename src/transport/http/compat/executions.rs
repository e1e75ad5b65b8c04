//! Boards as definitions, workflows as executions.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Error;
use crate::app::AppState;
use crate::compat::executions::{
    self, CreateDefinition, CreateExecution, Definition, Definitions, Execution, Executions,
};
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(definitions).service(define).service(list).service(create).service(get_one);
}

/// Boards that a workflow can start from: the templates, then the caller's own.
#[utoipa::path(tag = "Compatibility", responses((status = 200, body = Definitions)))]
#[get("/api/workflow-definitions")]
async fn definitions(state: web::Data<AppState>, auth: Auth) -> Result<Reply<Definitions>> {
    Ok(Reply::ok(executions::definitions(&state.db, &auth.caller()).await?))
}

/// Stores a board for new workflows, by the names of its phases or in full.
#[utoipa::path(tag = "Compatibility", request_body = CreateDefinition, responses((status = 201, body = Definition)))]
#[post("/api/workflow-definitions")]
async fn define(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<CreateDefinition>,
) -> Result<Reply<Definition>> {
    Ok(Reply::created(executions::define(&state.db, &auth.caller(), &input).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// active, completed, archived or all. Defaults to all.
    status: Option<String>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The caller's workflows as executions, newest first.
#[utoipa::path(tag = "Compatibility", params(Which), responses((status = 200, body = Executions)))]
#[get("/api/workflow-executions")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(which): Query<Which>) -> Result<Reply<Executions>> {
    let limit = which.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    Ok(Reply::ok(executions::list(&state.db, &auth.caller(), which.status.as_deref(), limit).await?))
}

/// Creates a workflow from a definition or a template; with a prompt, a first job is queued.
#[utoipa::path(tag = "Compatibility", request_body = CreateExecution, responses((status = 201, body = Execution)))]
#[post("/api/workflow-executions")]
async fn create(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<CreateExecution>,
) -> Result<Reply<Execution>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(executions::create(&state.db, &caller, &input).await?))
}

/// One workflow as an execution, with its board and its newest jobs.
#[utoipa::path(tag = "Compatibility", responses((status = 200, body = Execution)))]
#[get("/api/workflow-executions/{id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Execution>> {
    Ok(Reply::ok(executions::get(&state.db, &auth.caller(), &id).await?))
}
