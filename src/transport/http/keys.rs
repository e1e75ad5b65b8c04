//! `/api/keys`: API keys of the caller and of its agents and services.

use actix_web::{delete, get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::domain::accounts::keys::{self, ApiKeys, CreatedKey, KeyRequest};
use crate::transport::http::{Auth, Json, NoContent, Path, Query, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(create).service(revoke);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only the keys of this actor.
    actor_id: Option<String>,
}

/// Keys that are not revoked, newest first.
#[utoipa::path(tag = "keys", params(Which), responses((status = 200, body = ApiKeys)))]
#[get("/api/keys")]
async fn list(auth: Auth, state: web::Data<AppState>, which: Query<Which>) -> Result<Reply<ApiKeys>> {
    Ok(Reply::ok(keys::list(&state.db, &auth.caller(), which.0.actor_id.as_deref()).await?))
}

/// Creates a key. Only this response shows it.
#[utoipa::path(tag = "keys", responses((status = 201, body = CreatedKey)))]
#[post("/api/keys")]
async fn create(auth: Auth, state: web::Data<AppState>, body: Json<KeyRequest>) -> Result<Reply<CreatedKey>> {
    Ok(Reply::created(keys::create(&state.db, &auth.caller(), &body.0).await?))
}

/// Revokes a key and those that were created with it. A key cannot revoke one with more scopes than its own.
#[utoipa::path(tag = "keys", responses((status = 204, description = "Revoked")))]
#[delete("/api/keys/{id}")]
async fn revoke(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<NoContent> {
    state.accounts.keys().revoke(&state.db, &auth.caller(), &id.0).await?;
    Ok(NoContent)
}
