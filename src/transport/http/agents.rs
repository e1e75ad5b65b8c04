//! `/api/agents`: agents and services; `/api/agent-setup`: how coding agents are connected.

use actix_web::{get, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Error;
use crate::app::AppState;
use crate::domain::accounts::agents::{self, AgentChange, AgentMemberships, Agents, NewAgent};
use crate::domain::accounts::people::Actor;
use crate::domain::agent_setup::{self, AgentSetup};
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(update).service(memberships).service(setup);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ActorPage {
    /// 1 to 500. Defaults to 100.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<i32>,
    /// `next_cursor` of the previous page.
    pub(super) cursor: Option<String>,
}

impl ActorPage {
    /// The page size within its bounds.
    pub(super) fn limit(&self) -> Result<i32> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=500).contains(&limit) {
            return Err(Error::invalid("limit", "must be between 1 and 500").into());
        }
        Ok(limit)
    }
}

/// Agents and services that the caller owns or shares a workflow with.
#[utoipa::path(tag = "agents", params(ActorPage), responses((status = 200, body = Agents)))]
#[get("/api/agents")]
async fn list(auth: Auth, state: web::Data<AppState>, page: Query<ActorPage>) -> Result<Reply<Agents>> {
    Ok(Reply::ok(agents::list(&state.db, &auth.caller(), page.0.limit()?, page.0.cursor.as_deref()).await?))
}

/// Creates an agent or a service that the caller owns.
#[utoipa::path(tag = "agents", responses((status = 201, body = Actor)))]
#[post("/api/agents")]
async fn create(auth: Auth, state: web::Data<AppState>, body: Json<NewAgent>) -> Result<Reply<Actor>> {
    Ok(Reply::created(agents::create(&state.db, &auth.caller(), &body.0).await?))
}

/// The workflows that an agent of the caller is a member of. Its owner may end each with
/// `DELETE /api/workflows/{id}/members/{actor}`.
#[utoipa::path(tag = "agents", responses((status = 200, body = AgentMemberships)))]
#[get("/api/agents/{id}/memberships")]
async fn memberships(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<AgentMemberships>> {
    Ok(Reply::ok(agents::memberships(&state.db, &auth.caller(), &id.0).await?))
}

/// Renames or disables an agent that the caller owns.
#[utoipa::path(tag = "agents", responses((status = 200, body = Actor)))]
#[patch("/api/agents/{id}")]
async fn update(
    auth: Auth,
    state: web::Data<AppState>,
    id: Path<String>,
    body: Json<AgentChange>,
) -> Result<Reply<Actor>> {
    let actor = agents::update(&state.db, &auth.caller(), &id.0, &body.0).await?;
    state.accounts.keys().clear();
    Ok(Reply::ok(actor))
}

/// The configuration that connects coding agents over MCP, for each known one.
#[utoipa::path(tag = "agents", responses((status = 200, body = AgentSetup)))]
#[get("/api/agent-setup")]
async fn setup(_auth: Auth) -> Result<Reply<&'static AgentSetup>> {
    Ok(Reply::ok(agent_setup::agent_setup()))
}
