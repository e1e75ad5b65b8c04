//! `/api/invites` and `/api/workflows/{id}/invite-links`: invitations to register or to join a workflow.

use actix_web::{delete, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::accounts::invites::{self, Accepted, Invite, InviteLinks, InviteOffer, NewInvite};
use crate::transport::http::{Auth, Json, NoContent, Path, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create).service(look_up).service(accept).service(links).service(withdraw);
}

/// Creates an invitation: into a workflow by its owner, to the installation by an administrator.
#[utoipa::path(tag = "invites", responses((status = 201, body = Invite)))]
#[post("/api/invites")]
async fn create(auth: Auth, state: web::Data<AppState>, body: Json<NewInvite>) -> Result<Reply<Invite>> {
    Ok(Reply::created(invites::create(&state.db, &state.config, &auth.caller(), &body.0).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InviteToken {
    /// The token of the invitation.
    invite: String,
}

/// What an invitation is for, to everyone who holds its token. The token is in the body so that no log has it.
#[utoipa::path(tag = "invites", security(()), responses((status = 200, body = InviteOffer)))]
#[post("/api/invites/look-up")]
async fn look_up(state: web::Data<AppState>, body: Json<InviteToken>) -> Result<Reply<InviteOffer>> {
    Ok(Reply::ok(invites::find(&state.db, &body.0.invite).await?))
}

/// Accepts an invitation with an existing account.
#[utoipa::path(tag = "invites", responses((status = 200, body = Accepted)))]
#[post("/api/invites/accept")]
async fn accept(auth: Auth, state: web::Data<AppState>, body: Json<InviteToken>) -> Result<Reply<Accepted>> {
    Ok(Reply::ok(invites::accept(&state.db, &auth.caller(), &body.0.invite).await?))
}

/// The invite links of a workflow, also those that ended in the last month, for its owners.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = InviteLinks)))]
#[get("/api/workflows/{id}/invite-links")]
async fn links(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<InviteLinks>> {
    Ok(Reply::ok(invites::links(&state.db, &auth.caller(), &id.0).await?))
}

/// Withdraws an invite link that was not used yet.
#[utoipa::path(tag = "Workflows", responses((status = 204, description = "Withdrawn")))]
#[delete("/api/workflows/{id}/invite-links/{invite}")]
async fn withdraw(auth: Auth, state: web::Data<AppState>, path: Path<(String, String)>) -> Result<NoContent> {
    let (id, invite) = path.0;
    invites::withdraw(&state.db, &auth.caller(), &id, &invite).await?;
    Ok(NoContent)
}
