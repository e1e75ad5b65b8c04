//! `/api/invites`: invitations to register or to join a workflow.

use actix_web::{post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::accounts::invites::{self, Accepted, Invite, NewInvite};
use crate::transport::http::{Auth, Json, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create).service(accept);
}

/// Creates an invitation: into a workflow by its owner, to the installation by an administrator.
#[utoipa::path(tag = "invites", responses((status = 201, body = Invite)))]
#[post("/api/invites")]
async fn create(auth: Auth, state: web::Data<AppState>, body: Json<NewInvite>) -> Result<Reply<Invite>> {
    Ok(Reply::created(invites::create(&state.db, &state.config, &auth.caller(), &body.0).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Accept {
    /// The token of the invitation.
    invite: String,
}

/// Accepts an invitation with an existing account.
#[utoipa::path(tag = "invites", responses((status = 200, body = Accepted)))]
#[post("/api/invites/accept")]
async fn accept(auth: Auth, state: web::Data<AppState>, body: Json<Accept>) -> Result<Reply<Accepted>> {
    Ok(Reply::ok(invites::accept(&state.db, &auth.caller(), &body.0.invite).await?))
}
