//! Boards with stages. Some of these paths are also pages of the dashboard: a request that accepts HTML gets the page.

use actix_web::guard::GuardContext;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, VARY};
use actix_web::{HttpRequest, HttpResponse, Responder, get, post, put, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::compat::stages::{
    self, CreateStaged, MoveToStage, StageMoved, StageSession, StageStatus, StagedCard, StagedTicket,
};
use crate::transport::http::{Auth, Json, Path, Query, RawReply, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(get_one).service(move_to).service(move_to_again);
    cfg.service(session).service(status);
}

/// Whether a request comes from a program: browsers that open a page accept HTML.
fn wants_data(request: &GuardContext<'_>) -> bool {
    !request.head().headers().get_all(ACCEPT).any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InWorkflow {
    /// The workflow. Defaults to the caller's default workflow.
    workflow_id: Option<String>,
}

/// Keeps caches from mixing the data with the page at the same path.
fn uncached(request: &HttpRequest, reply: impl Responder) -> HttpResponse {
    let mut response = reply.respond_to(request).map_into_boxed_body();
    let headers = response.headers_mut();
    headers.insert(VARY, actix_web::http::header::HeaderValue::from_static("accept, authorization"));
    headers.insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("private, no-cache"));
    response
}

/// The tickets of a board with their `stage`: all that are not done, and the last 200 of each done column. The ETag is the
/// board's position in its stream: with `If-None-Match`, a client learns whether it missed anything.
#[utoipa::path(tag = "Compatibility", params(InWorkflow), responses(
    (status = 200, body = Vec<StagedCard>),
    (status = 304, description = "Nothing has changed since the ETag in If-None-Match")))]
#[get("/tickets", guard = "wants_data")]
async fn list(
    request: HttpRequest,
    state: web::Data<AppState>,
    auth: Auth,
    Query(which): Query<InWorkflow>,
) -> Result<HttpResponse> {
    let board = stages::list(&state.db, &auth.caller(), which.workflow_id.as_deref()).await?;
    let etag = format!("W/\"{}:{}\"", board.cursor.epoch, board.cursor.seq);
    Ok(uncached(&request, RawReply::ok(board.body).etag(etag)))
}

/// Creates a ticket in a stage.
#[utoipa::path(tag = "Compatibility", request_body = CreateStaged, responses((status = 201, body = StagedTicket)))]
#[post("/tickets")]
async fn create(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<CreateStaged>,
) -> Result<Reply<StagedTicket>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(stages::create(&state.db, &caller, &input).await?))
}

/// One ticket with its `stage`, by id or key. The ETag is its version.
#[utoipa::path(tag = "Compatibility", params(InWorkflow), responses(
    (status = 200, body = StagedTicket),
    (status = 304, description = "Nothing has changed since the ETag in If-None-Match")))]
#[get("/tickets/{id}", guard = "wants_data")]
async fn get_one(
    request: HttpRequest,
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(which): Query<InWorkflow>,
) -> Result<HttpResponse> {
    let ticket = stages::get(&state.db, &auth.caller(), &id, which.workflow_id.as_deref()).await?;
    let last = ticket.detail.history.last().map_or(0, |entry| entry.seq);
    let etag = format!("W/\"{}:{last}:{}\"", ticket.detail.fields.card.version, ticket.workflow_active);
    Ok(uncached(&request, Reply::ok(ticket).etag(etag)))
}

/// Moves a ticket to a stage. A blocked ticket stays: 409, with its blockers.
#[utoipa::path(tag = "Compatibility", request_body = MoveToStage, responses((status = 200, body = StageMoved)))]
#[put("/api/tickets/{id}/stage")]
async fn move_to(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<MoveToStage>,
) -> Result<Reply<StageMoved>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(stages::move_to(&state.db, &caller, &id, &input).await?))
}

/// The same as `PUT /api/tickets/{id}/stage`.
#[utoipa::path(tag = "Compatibility", request_body = MoveToStage, responses((status = 200, body = StageMoved)))]
#[put("/tickets/{id}/stage")]
async fn move_to_again(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<MoveToStage>,
) -> Result<Reply<StageMoved>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(stages::move_to(&state.db, &caller, &id, &input).await?))
}

/// The caller and its board.
#[utoipa::path(tag = "Compatibility", responses((status = 200, body = StageSession)))]
#[get("/session", guard = "wants_data")]
async fn session(request: HttpRequest, state: web::Data<AppState>, auth: Auth) -> Result<HttpResponse> {
    Ok(uncached(&request, Reply::ok(stages::session(&state.db, &auth.caller()).await?)))
}

/// Work in progress by ticket, with the completed stages.
#[utoipa::path(tag = "Compatibility", params(InWorkflow), responses((status = 200, body = StageStatus)))]
#[get("/workflows/status", guard = "wants_data")]
async fn status(
    request: HttpRequest,
    state: web::Data<AppState>,
    auth: Auth,
    Query(which): Query<InWorkflow>,
) -> Result<HttpResponse> {
    let status = stages::status(&state.db, &auth.caller(), which.workflow_id.as_deref()).await?;
    Ok(uncached(&request, Reply::ok(status)))
}
