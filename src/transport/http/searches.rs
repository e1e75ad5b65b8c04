//! `/api/searches…`: saved and recent searches.

use actix_web::{delete, get, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Json, NoContent, Path, Query, Reply, Result, ServiceConfig};
use crate::Error;
use crate::app::AppState;
use crate::domain::saved_searches::{
    self, NoteSearch, RecentSearches, SaveSearch, SavedSearch, SavedSearches, UpdateSearch,
};
use crate::domain::search::SearchAnswer;

/// Registers the handlers; literal paths come before `/api/searches/{id}`.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(recent).service(note).service(forget);
    cfg.service(list).service(save).service(get_one).service(update).service(remove).service(results);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InWorkflow {
    /// The workflow.
    #[param(min_length = 1)]
    workflow_id: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Limit {
    /// 1 to 50. Defaults to 10.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<i32>,
}

/// Searches of the caller and those shared in the workflow, by name.
#[utoipa::path(tag = "Searches", params(InWorkflow), responses((status = 200, body = SavedSearches)))]
#[get("/api/searches")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(which): Query<InWorkflow>) -> Result<Reply<SavedSearches>> {
    Ok(Reply::ok(saved_searches::list(&state.db, &auth.caller(), &which.workflow_id).await?))
}

/// Saves a search. With `notify`, each ticket that starts to match from now on is an event in its stream.
#[utoipa::path(tag = "Searches", request_body = SaveSearch, responses(
    (status = 201, body = SavedSearch), (status = 409, description = "The name is taken, or the limit of 100 is reached")))]
#[post("/api/searches")]
async fn save(state: web::Data<AppState>, auth: Auth, Json(input): Json<SaveSearch>) -> Result<Reply<SavedSearch>> {
    Ok(Reply::created(saved_searches::save(&state.db, &auth.caller(), &input).await?))
}

/// One saved search.
#[utoipa::path(tag = "Searches", responses((status = 200, body = SavedSearch)))]
#[get("/api/searches/{id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<SavedSearch>> {
    Ok(Reply::ok(saved_searches::get(&state.db, &auth.caller(), &id).await?))
}

/// Updates the given fields of a saved search.
#[utoipa::path(tag = "Searches", request_body = UpdateSearch, responses((status = 200, body = SavedSearch)))]
#[patch("/api/searches/{id}")]
async fn update(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<UpdateSearch>,
) -> Result<Reply<SavedSearch>> {
    Ok(Reply::ok(saved_searches::update(&state.db, &auth.caller(), &id, &input).await?))
}

/// Deletes a saved search.
#[utoipa::path(tag = "Searches", responses((status = 204, description = "Deleted")))]
#[delete("/api/searches/{id}")]
async fn remove(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<NoContent> {
    saved_searches::delete(&state.db, &auth.caller(), &id).await?;
    Ok(NoContent)
}

/// The current results of a saved search.
#[utoipa::path(tag = "Searches", params(Limit), responses((status = 200, body = SearchAnswer)))]
#[get("/api/searches/{id}/results")]
async fn results(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(page): Query<Limit>,
) -> Result<Reply<SearchAnswer>> {
    let limit = page.limit.unwrap_or(10);
    if !(1..=50).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 50").into());
    }
    Ok(Reply::ok(saved_searches::results(&state.db, &state.embeddings, &auth.caller(), &id, limit).await?))
}

/// The caller's 20 most recent distinct searches in a workflow.
#[utoipa::path(tag = "Searches", params(InWorkflow), responses((status = 200, body = RecentSearches)))]
#[get("/api/searches/recent")]
async fn recent(
    state: web::Data<AppState>,
    auth: Auth,
    Query(which): Query<InWorkflow>,
) -> Result<Reply<RecentSearches>> {
    Ok(Reply::ok(saved_searches::recent(&state.db, &auth.caller(), &which.workflow_id).await?))
}

/// Adds a recent search of the caller; returns the new list.
#[utoipa::path(tag = "Searches", request_body = NoteSearch, responses((status = 200, body = RecentSearches)))]
#[post("/api/searches/recent")]
async fn note(state: web::Data<AppState>, auth: Auth, Json(input): Json<NoteSearch>) -> Result<Reply<RecentSearches>> {
    Ok(Reply::ok(saved_searches::note(&state.db, &auth.caller(), &input).await?))
}

/// Clears the caller's recent searches.
#[utoipa::path(tag = "Searches", params(InWorkflow), responses((status = 204, description = "Cleared")))]
#[delete("/api/searches/recent")]
async fn forget(state: web::Data<AppState>, auth: Auth, Query(which): Query<InWorkflow>) -> Result<NoContent> {
    saved_searches::forget(&state.db, &auth.caller(), &which.workflow_id).await?;
    Ok(NoContent)
}
