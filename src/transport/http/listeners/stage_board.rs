//! A stage board's language: bare tickets with a `stage`, without a sign-in.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Listener, Watch, caller_and_workflow, open_socket};
use crate::Error;
use crate::app::AppState;
use crate::compat::{stage_board, stages};
use crate::transport::http::listeners::Routes;
use crate::transport::http::ws::Credential;
use crate::transport::http::{Auth, Json, Path, Reply, Result};
use crate::transport::live::dialects::Dialect;

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/tickets", list).post("/tickets", create);
    routes.get("/tickets/{id}", get_one).put("/tickets/{id}/stage", move_to);
    routes.get("/session", session).get("/ws", ws);
    routes.get("/workflows/status", status);
}

async fn list(state: web::Data<AppState>, listener: web::Data<Listener>, auth: Auth) -> Result<Reply<Vec<Value>>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let board = stages::list_board(&state.db, &caller, workflow.as_deref()).await?;
    let etag = format!("W/\"{}:{}\"", board.cursor.epoch, board.cursor.seq);
    let rows: Vec<Value> = serde_json::from_str(&board.body).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Reply::ok(rows.iter().map(stage_board::ticket).collect()).etag(etag))
}

/// A new ticket; other fields are kept with it.
#[derive(Deserialize)]
struct NewTicket {
    title: String,
    content_user_request_prompt: Option<String>,
    description: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The fields of a new ticket that are kept.
const KEPT: [&str; 3] = ["model", "parent_codebase_path", "plan_path"];

async fn create(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Json(mut new): Json<NewTicket>,
) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let request = new.content_user_request_prompt.or(new.description);
    new.others.retain(|name, value| KEPT.contains(&name.as_str()) && value.is_string());
    let made =
        stages::create_on_board(&state.db, &caller, workflow.as_deref(), &new.title, request, &new.others).await?;
    Ok(Reply::created(stage_board::ticket(&made)))
}

async fn get_one(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let row = stages::get_on_board(&state.db, &caller, &id, workflow.as_deref()).await?;
    Ok(Reply::ok(stage_board::ticket(&row)))
}

#[derive(Deserialize)]
struct NewStage {
    stage: String,
}

async fn move_to(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
    Json(new): Json<NewStage>,
) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let queue = listener.auto_queue();
    let row = stages::move_on_board(&state.db, &caller, &id, &new.stage, workflow.as_deref(), queue).await?;
    Ok(Reply::ok(stage_board::ticket(&row)))
}

async fn session(state: web::Data<AppState>, auth: Auth) -> Result<Reply<stages::StageSession>> {
    Ok(Reply::ok(stages::session(&state.db, &auth.caller()).await?))
}

/// The work in progress, with the number of jobs that a worker holds.
async fn status(state: web::Data<AppState>, listener: web::Data<Listener>, auth: Auth) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let status = stages::status(&state.db, &caller, workflow.as_deref()).await?;
    Ok(Reply::ok(json!({"running_count": status.active_count, "workflows": status.active_workflows})))
}

async fn ws(request: HttpRequest, body: web::Payload, auth: Credential) -> Result<HttpResponse> {
    open_socket(&request, body, auth, Dialect::StageBoard, Watch::Workflow, None).await
}
