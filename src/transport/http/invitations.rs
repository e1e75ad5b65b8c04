//! `/api/membership-invitations` and `/api/workflows/{id}/invitations`: memberships that wait for consent.

use actix_web::{delete, get, post, web};

use crate::app::AppState;
use crate::domain::workflows::invitations::{self, InvitationDecided, MembershipInvitations, SentInvitations};
use crate::transport::http::{Auth, NoContent, Path, Reply, Result, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(to_decide).service(accept).service(decline).service(sent).service(withdraw);
}

/// Invitations of workflows to the caller and to its agents and services, which the caller decides; the newest 200.
#[utoipa::path(tag = "invites", responses((status = 200, body = MembershipInvitations)))]
#[get("/api/membership-invitations")]
async fn to_decide(auth: Auth, state: web::Data<AppState>) -> Result<Reply<MembershipInvitations>> {
    Ok(Reply::ok(invitations::to_decide(&state.db, &auth.caller()).await?))
}

/// Accepts an invitation: the invited becomes a member.
#[utoipa::path(tag = "invites", responses(
    (status = 200, body = InvitationDecided), (status = 410, description = "The sender no longer owns the workflow")))]
#[post("/api/membership-invitations/{id}/accept")]
async fn accept(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<InvitationDecided>> {
    Ok(Reply::ok(invitations::decide(&state.db, &auth.caller(), &id.0, true).await?))
}

/// Declines an invitation. Its sender does not learn of it, and the same invitation does not come back until it has expired.
#[utoipa::path(tag = "invites", responses((status = 200, body = InvitationDecided)))]
#[post("/api/membership-invitations/{id}/decline")]
async fn decline(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<InvitationDecided>> {
    Ok(Reply::ok(invitations::decide(&state.db, &auth.caller(), &id.0, false).await?))
}

/// The pending invitations of a workflow, for its owners.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = SentInvitations)))]
#[get("/api/workflows/{id}/invitations")]
async fn sent(auth: Auth, state: web::Data<AppState>, id: Path<String>) -> Result<Reply<SentInvitations>> {
    Ok(Reply::ok(invitations::sent(&state.db, &auth.caller(), &id.0).await?))
}

/// Withdraws an invitation.
#[utoipa::path(tag = "Workflows", responses((status = 204, description = "Withdrawn")))]
#[delete("/api/workflows/{id}/invitations/{invitation}")]
async fn withdraw(auth: Auth, state: web::Data<AppState>, path: Path<(String, String)>) -> Result<NoContent> {
    let (id, invitation) = path.0;
    invitations::withdraw(&state.db, &auth.caller(), &id, &invitation).await?;
    Ok(NoContent)
}
