//! The addresses of the board's document: jobs as workflows, `/api/v1/workflows`, with a socket for each.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{Listener, caller_and_workflow};
use crate::app::AppState;
use crate::compat::adw::{self, Adw, CreateAdw, SetAdwStatus};
use crate::domain::history::Room;
use crate::transport::http::listeners::Routes;
use crate::transport::http::listeners::{Watch, open_socket};
use crate::transport::http::ws::Credential;
use crate::transport::http::{Auth, Json, Path, Reply, Result};
use crate::transport::live::dialects::Dialect;

pub(super) fn configure(routes: &mut Routes) {
    routes.post("/v1/workflows/create", create).get("/v1/workflows/{id}", get_one);
    routes.put("/v1/workflows/{id}/status", set_status).delete("/v1/workflows/{id}", cancel);
    routes.get("/ws/workflows/{id}", ws);
}

async fn create(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Json(mut input): Json<CreateAdw>,
) -> Result<Reply<Adw>> {
    let (_, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    input.workflow_id = input.workflow_id.or(workflow);
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(adw::create(&state.db, &caller, &input).await?))
}

async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Adw>> {
    Ok(Reply::ok(adw::get(&state.db, &auth.caller(), &id).await?))
}

async fn set_status(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<SetAdwStatus>,
) -> Result<Reply<Adw>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(adw::set_status(&state.db, &caller, &id, &input).await?))
}

async fn cancel(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Adw>> {
    Ok(Reply::with(202, adw::cancel(&state.db, &auth.caller(), &id).await?))
}

async fn ws(
    request: HttpRequest,
    body: web::Payload,
    Path(id): Path<String>,
    auth: Credential,
) -> Result<HttpResponse> {
    open_socket(&request, body, auth, Dialect::Adw, Watch::Rooms(vec![Room::Job(id)]), None).await
}
