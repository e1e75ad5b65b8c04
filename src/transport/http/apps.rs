//! `/api/apps…`: the specifications that jobs produced.

use actix_web::{get, put, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::jobs::page_size;
use super::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::apps::{self, App, AppSelector, Apps};
use crate::domain::jobs::work::NewApp;

/// Registers the handlers; literal paths come before `/api/apps/{id}`.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(of_job).service(write).service(list).service(get_one);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// In this workflow. Defaults to all of the caller's workflows.
    workflow_id: Option<String>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// Apps, newest first, without their texts.
#[utoipa::path(tag = "Apps", params(ListQuery), responses((status = 200, body = Apps)))]
#[get("/api/apps")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<Apps>> {
    let limit = page_size(query.limit, 50)?;
    let found =
        apps::list(&state.db, &auth.caller(), query.workflow_id.as_deref(), limit, query.cursor.as_deref()).await?;
    Ok(Reply::ok(found))
}

/// One app.
#[utoipa::path(tag = "Apps", responses((status = 200, body = App)))]
#[get("/api/apps/{id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<App>> {
    Ok(Reply::ok(apps::get(&state.db, &auth.caller(), AppSelector::App(&id)).await?))
}

/// The app of a job.
#[utoipa::path(tag = "Apps", responses((status = 200, body = App)))]
#[get("/api/apps/by-job/{job_id}")]
async fn of_job(state: web::Data<AppState>, auth: Auth, Path(job_id): Path<String>) -> Result<Reply<App>> {
    Ok(Reply::ok(apps::get(&state.db, &auth.caller(), AppSelector::Job(&job_id)).await?))
}

/// Creates or replaces a job's app.
#[utoipa::path(tag = "Apps", request_body = NewApp, responses((status = 200, body = App)))]
#[put("/api/apps/by-job/{job_id}")]
async fn write(
    state: web::Data<AppState>,
    auth: Auth,
    Path(job_id): Path<String>,
    Json(input): Json<NewApp>,
) -> Result<Reply<App>> {
    Ok(Reply::ok(apps::put(&state.db, &auth.caller(), &job_id, &input).await?))
}
