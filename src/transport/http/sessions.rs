//! `/api/auth/sessions`, and tickets for opening sockets.

use actix_web::{delete, get, post, web};

use crate::app::AppState;
use crate::domain::accounts::sessions::{self, Revoked, Sessions, WsTicket};
use crate::transport::http::{Auth, NoContent, Path, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(revoke_others).service(revoke).service(ws_ticket);
}

/// The caller's sessions.
#[utoipa::path(tag = "auth", responses((status = 200, body = Sessions)))]
#[get("/api/auth/sessions")]
async fn list(auth: Auth, state: web::Data<AppState>) -> Result<Reply<Sessions>> {
    Ok(Reply::ok(sessions::list(&state.db, &auth.caller()).await?))
}

/// Ends all the caller's sessions but the current one. A key needs the scope `*`.
#[utoipa::path(tag = "auth", responses((status = 200, body = Revoked)))]
#[delete("/api/auth/sessions")]
async fn revoke_others(auth: Auth, state: web::Data<AppState>) -> Result<Reply<Revoked>> {
    Ok(Reply::ok(sessions::revoke(&state.db, &auth.caller(), None).await?))
}

/// Ends one of the caller's sessions. A key needs the scope `*`.
#[utoipa::path(tag = "auth", responses((status = 204, description = "Ended")))]
#[delete("/api/auth/sessions/{id}")]
async fn revoke(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<NoContent> {
    sessions::revoke(&state.db, &auth.caller(), Some(&id.0)).await?;
    Ok(NoContent)
}

/// Creates a single-use ticket with which a browser can open a socket within 30 seconds.
#[utoipa::path(tag = "auth", responses((status = 200, body = WsTicket)))]
#[post("/api/auth/ws-ticket")]
async fn ws_ticket(auth: Auth, state: web::Data<AppState>) -> Result<Reply<WsTicket>> {
    Ok(Reply::ok(state.accounts.issue_ws_ticket(&auth.0).await?))
}
