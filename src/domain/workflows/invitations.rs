//! Invitations to become a member, which the person or the agent's owner accepts or declines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An invitation that the caller decides.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MembershipInvitation {
    /// The id.
    pub invitation_id: String,
    /// The workflow to join.
    pub workflow_id: String,
    /// Its name.
    pub workflow_name: String,
    /// Who is invited: the caller, or an agent or service of the caller.
    pub actor_id: String,
    /// Its name.
    pub actor_name: String,
    /// `user`, `agent` or `service`.
    pub actor_kind: String,
    /// `viewer`, `member` or `owner`.
    pub role: String,
    /// Who sent it.
    pub invited_by: String,
    /// The sender's name.
    pub invited_by_name: String,
    /// When it was sent.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it expires.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// The invitations that the caller decides, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MembershipInvitations {
    /// The invitations.
    pub invitations: Vec<MembershipInvitation>,
}

/// An invitation as its sender sees it, which is the same whether or not it names somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SentInvitation {
    /// The id.
    pub invitation_id: String,
    /// The id or e-mail address that was invited.
    pub actor_id: String,
    /// `viewer`, `member` or `owner`.
    pub role: String,
    /// Who sent it.
    pub invited_by: String,
    /// When it was sent.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it expires.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// The pending invitations of a workflow, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SentInvitations {
    /// The invitations.
    pub invitations: Vec<SentInvitation>,
}

/// The result of deciding an invitation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvitationDecided {
    /// Who was invited.
    pub actor_id: String,
    /// The workflow.
    pub workflow_id: String,
    /// Whether the actor is a member now.
    pub accepted: bool,
}

#[cfg(feature = "server")]
pub use self::queries::*;

#[cfg(feature = "server")]
mod queries {
    use super::{InvitationDecided, MembershipInvitations, SentInvitations};
    use crate::db::Db;
    use crate::domain::accounts::Caller;
    use crate::{Result, sql_fn};

    /// The invitations that the caller decides.
    pub async fn to_decide(db: &Db, caller: &Caller) -> Result<MembershipInvitations> {
        db.call(sql_fn!(list_invitations_to_decide(caller: caller.to_sql()))).await
    }

    /// Accepts or declines an invitation.
    pub async fn decide(db: &Db, caller: &Caller, invitation: &str, accepted: bool) -> Result<InvitationDecided> {
        db.call(sql_fn!(decide_invitation(caller: caller.to_sql(), invitation: invitation, accepted: accepted))).await
    }

    /// The pending invitations of a workflow.
    pub async fn sent(db: &Db, caller: &Caller, workflow: &str) -> Result<SentInvitations> {
        db.call(sql_fn!(list_sent_invitations(caller: caller.to_sql(), workflow: workflow))).await
    }

    /// Withdraws an invitation of a workflow.
    pub async fn withdraw(db: &Db, caller: &Caller, workflow: &str, invitation: &str) -> Result<()> {
        let _: serde_json::Value = db
            .call(sql_fn!(withdraw_invitation(caller: caller.to_sql(), workflow: workflow, invitation: invitation)))
            .await?;
        Ok(())
    }
}
