//! `/api/server`: the whole server, for administrators.

use actix_web::{get, patch, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::agents::ActorPage;
use super::users::check_words;
use super::{Auth, Json, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::administration::{self, ActorsWithKeys, RegistrationPolicy, Server, ServerWebhooks};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(server).service(list_actors_with_keys).service(list_server_webhooks).service(set_registration);
}

/// The state of the server: version, database, storage, backups, search by meaning, and who may sign up. For administrators.
#[utoipa::path(tag = "server", responses((status = 200, body = Server)))]
#[get("/api/server")]
async fn server(auth: Auth, state: web::Data<AppState>) -> Result<Reply<Server>> {
    let embeddings = state.embeddings.status();
    let caller = auth.caller();
    let server = administration::server(&state.db, &state.config, state.started_at, embeddings, &caller).await?;
    Ok(Reply::ok(server))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The agents and services of this actor. Defaults to people, and agents and services that belong to nobody.
    owner_id: Option<String>,
    /// Only those whose name, id, e-mail address or key's name contains this, on any level. At most 200 characters.
    #[param(max_length = 200)]
    search: Option<String>,
    /// 1 to 500. Defaults to 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// People, agents and services with their keys: one level of the tree of owners, people first, by name. For administrators.
#[utoipa::path(tag = "server", params(Which), responses((status = 200, body = ActorsWithKeys)))]
#[get("/api/server/agents")]
async fn list_actors_with_keys(
    auth: Auth,
    state: web::Data<AppState>,
    which: Query<Which>,
) -> Result<Reply<ActorsWithKeys>> {
    let Query(Which { owner_id, search, limit, cursor }) = which;
    check_words(search.as_deref())?;
    let page = ActorPage { limit, cursor };
    let (limit, cursor) = (page.limit()?, page.cursor.as_deref());
    let (owner, words) = (owner_id.as_deref(), search.as_deref());
    let found = administration::actors_with_keys(&state.db, &auth.caller(), owner, words, limit, cursor).await?;
    Ok(Reply::ok(found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WebhookPage {
    /// Only those that are `working`, `failing` or `paused`.
    state: Option<String>,
    /// 1 to 500. Defaults to 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// The webhooks of all workflows, newest first. For administrators.
#[utoipa::path(tag = "server", params(WebhookPage), responses((status = 200, body = ServerWebhooks)))]
#[get("/api/server/webhooks")]
async fn list_server_webhooks(
    auth: Auth,
    app: web::Data<AppState>,
    which: Query<WebhookPage>,
) -> Result<Reply<ServerWebhooks>> {
    let Query(WebhookPage { state, limit, cursor }) = which;
    let page = ActorPage { limit, cursor };
    let (limit, cursor) = (page.limit()?, page.cursor.as_deref());
    let found = administration::webhooks(&app.db, &auth.caller(), state.as_deref(), limit, cursor).await?;
    Ok(Reply::ok(found))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegistrationChange {
    /// `open`: anybody who reaches the server; `invite`: people with an invitation; `off`: nobody. Not wider than
    /// CALLBOARD_REGISTRATION allows.
    #[schema(example = "invite")]
    registration: String,
}

/// Chooses who may create an account, at once and on every server of the database. For administrators.
#[utoipa::path(tag = "server", responses((status = 200, body = RegistrationPolicy)))]
#[patch("/api/server/registration")]
async fn set_registration(
    auth: Auth,
    state: web::Data<AppState>,
    body: Json<RegistrationChange>,
) -> Result<Reply<RegistrationPolicy>> {
    let policy = body.0.registration;
    let changed = administration::set_registration(&state.db, &state.config, &auth.caller(), &policy).await?;
    Ok(Reply::ok(changed))
}
