//! `/api/workflows…`: workflows, their boards and their members.

use actix_web::{delete, get, patch, post, put, web};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};
use crate::Error;
use crate::app::AppState;
use crate::domain::workflows::{
    self, BoardConfig, BoardConfigAnswer, CreateWorkflow, MemberList, Role, SetBoard, UpdateWorkflow, Workflow,
    WorkflowList,
};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(templates)
        .service(create)
        .service(list)
        .service(get_one)
        .service(update)
        .service(archive)
        .service(restore)
        .service(set_board)
        .service(ticket_tracking)
        .service(members)
        .service(set_member)
        .service(remove_member);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Whether to include archived workflows. Defaults to false.
    include_archived: Option<bool>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Tracking {
    /// Whether tickets can be created and changed.
    enabled: bool,
    /// The configuration of the board; only the given fields change.
    board_config: Option<BoardConfig>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Membership {
    /// viewer, member or owner.
    role: Role,
}

/// Board templates for new workflows, by name.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = std::collections::BTreeMap<String, BoardConfig>)))]
#[get("/api/board-templates")]
async fn templates(
    state: web::Data<AppState>,
    _auth: Auth,
) -> Result<Reply<std::collections::BTreeMap<String, BoardConfig>>> {
    Ok(Reply::ok(workflows::templates(&state.db).await?))
}

/// Creates a workflow; the caller becomes its owner.
#[utoipa::path(tag = "Workflows", request_body = CreateWorkflow, responses((status = 201, body = Workflow)))]
#[post("/api/workflows")]
async fn create(state: web::Data<AppState>, auth: Auth, Json(input): Json<CreateWorkflow>) -> Result<Reply<Workflow>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(workflows::create(&state.db, &caller, &input).await?))
}

/// Workflows that the caller can see, by name.
#[utoipa::path(tag = "Workflows", params(Page), responses((status = 200, body = WorkflowList)))]
#[get("/api/workflows")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(page): Query<Page>) -> Result<Reply<WorkflowList>> {
    let limit = page.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    let archived = page.include_archived.unwrap_or(false);
    Ok(Reply::ok(workflows::list(&state.db, &auth.caller(), archived, limit, page.cursor.as_deref()).await?))
}

/// One workflow with its board.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = Workflow)))]
#[get("/api/workflows/{id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Workflow>> {
    Ok(Reply::ok(workflows::get(&state.db, &auth.caller(), &id).await?))
}

/// Updates the given fields of a workflow.
#[utoipa::path(tag = "Workflows", request_body = UpdateWorkflow, responses((status = 200, body = Workflow)))]
#[patch("/api/workflows/{id}")]
async fn update(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<UpdateWorkflow>,
) -> Result<Reply<Workflow>> {
    Ok(Reply::ok(workflows::update(&state.db, &auth.caller(), &id, &input).await?))
}

/// Archives a workflow; it can be restored.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = Workflow)))]
#[delete("/api/workflows/{id}")]
async fn archive(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Workflow>> {
    Ok(Reply::ok(workflows::archive(&state.db, &auth.caller(), &id, true).await?))
}

/// Restores an archived workflow.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = Workflow)))]
#[post("/api/workflows/{id}/restore")]
async fn restore(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Workflow>> {
    Ok(Reply::ok(workflows::archive(&state.db, &auth.caller(), &id, false).await?))
}

/// Replaces the board's configuration.
///
/// With `version`, which every answer with a board has as `board_version`, a board that was changed since is refused with 409
/// (`stale_version`).
#[utoipa::path(tag = "Workflows", request_body = SetBoard, responses((status = 200, body = BoardConfigAnswer)))]
#[put("/api/workflows/{id}/board")]
async fn set_board(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<SetBoard>,
) -> Result<Reply<BoardConfigAnswer>> {
    Ok(Reply::ok(workflows::set_board(&state.db, &auth.caller(), &id, &input).await?))
}

/// Turns ticket tracking on (with a board, if one is given) or off.
#[utoipa::path(tag = "Workflows", request_body = Tracking, responses((status = 200, body = Workflow)))]
#[post("/api/workflows/{id}/ticket-tracking")]
async fn ticket_tracking(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<Tracking>,
) -> Result<Reply<Workflow>> {
    let board = input.board_config.as_ref();
    Ok(Reply::ok(workflows::track_tickets(&state.db, &auth.caller(), &id, input.enabled, board).await?))
}

/// The members of a workflow.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = MemberList)))]
#[get("/api/workflows/{id}/members")]
async fn members(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<MemberList>> {
    Ok(Reply::ok(workflows::members(&state.db, &auth.caller(), &id).await?))
}

/// Adds a member (an actor id, or a person's e-mail) or changes its role.
///
/// An agent of somebody else, and a person with whom the caller shares no workflow, is invited instead: 202, and the same
/// answer if there is no such actor.
#[utoipa::path(tag = "Workflows", request_body = Membership, responses(
    (status = 200, body = Value), (status = 202, description = "Invited", body = Value)))]
#[put("/api/workflows/{id}/members/{actor}")]
async fn set_member(
    state: web::Data<AppState>,
    auth: Auth,
    Path((id, actor)): Path<(String, String)>,
    Json(input): Json<Membership>,
) -> Result<Reply<Value>> {
    let set = workflows::set_member(&state.db, &auth.caller(), &id, &actor, input.role).await?;
    Ok(Reply::with(if set["status"] == "invited" { 202 } else { 200 }, set))
}

/// Removes a member. Requires an owner, the member, or the owner of a member that is an agent.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = Value)))]
#[delete("/api/workflows/{id}/members/{actor}")]
async fn remove_member(
    state: web::Data<AppState>,
    auth: Auth,
    Path((id, actor)): Path<(String, String)>,
) -> Result<Reply<Value>> {
    Ok(Reply::ok(workflows::remove_member(&state.db, &auth.caller(), &id, &actor).await?))
}
