//! Sessions of people, invitations to workflows, security events, and approvals.

use reqwest::Method;
use serde_json::{Value, json};

use super::send::{Repeat, decode};
use super::tickets::path_segment;
use super::{Client, Result, Tokens};
use crate::domain::approvals::{Approval, ApprovalFilter, ApprovalList, Decide, Decision, RequestApproval, Withdraw};
use crate::domain::security_events::{SecurityEventFilter, SecurityEvents};
use crate::domain::workflows::invitations::{InvitationDecided, MembershipInvitations};

impl Client {
    /// Signs in and returns the tokens.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Tokens> {
        let body = json!({"email": email, "password": password, "token_mode": "json"});
        // There is no caller yet to whom a key could belong.
        decode(&self.send(Method::POST, "/api/auth/login", Some(body), Repeat::Never).await?)
    }

    /// Ends the session of some tokens.
    pub async fn end_session(url: &str, tokens: &Tokens) -> Result<()> {
        let client = Self::new(url, super::Credential::None)?;
        let body = json!({"refresh": tokens.refresh});
        client.send(Method::POST, "/api/auth/logout", Some(body), Repeat::Freely).await.map(drop)
    }

    /// The authenticated actor and its scopes.
    pub async fn me(&self) -> Result<Value> {
        self.get("/api/auth/me", &[]).await
    }

    /// The invitations to workflows that the caller decides, for itself and its agents.
    pub async fn membership_invitations(&self) -> Result<MembershipInvitations> {
        self.get("/api/membership-invitations", &[]).await
    }

    /// Accepts or declines such an invitation.
    pub async fn decide_membership_invitation(&self, id: &str, accept: bool) -> Result<InvitationDecided> {
        let what = if accept { "accept" } else { "decline" };
        let path = format!("/api/membership-invitations/{}/{what}", path_segment(id));
        self.post(&path, &json!({})).await
    }

    /// A page of security events, newest first; `cursor` is the `next_cursor` of the previous page.
    pub async fn security_events(
        &self,
        which: &SecurityEventFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<SecurityEvents> {
        let parameters = [
            ("workflow_id", which.workflow_id.clone()),
            ("kind", which.kinds.as_ref().map(|kinds| kinds.join(","))),
            ("actor", which.actor.clone()),
            ("since", which.since.map(|time| time.to_string())),
            ("until", which.until.map(|time| time.to_string())),
            ("limit", Some(limit.to_string())),
            ("cursor", cursor.map(str::to_owned)),
        ];
        let query: Vec<_> = parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get("/api/security-events", &query).await
    }

    /// Creates an approval request; its answer can be read with [`Client::approval`].
    pub async fn ask(&self, input: &RequestApproval) -> Result<Approval> {
        self.post("/api/approvals", input).await
    }

    /// One approval. With `wait`, the server holds the response until the decision, at most this many seconds.
    pub async fn approval(&self, id: &str, wait: Option<u32>) -> Result<Approval> {
        let query: Vec<_> = wait.map(|seconds| ("wait", seconds.min(30).to_string())).into_iter().collect();
        self.get(&format!("/api/approvals/{}", path_segment(id)), &query).await
    }

    /// A page of approvals, newest first.
    pub async fn approvals(&self, which: &ApprovalFilter, limit: u32) -> Result<ApprovalList> {
        let join = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(","));
        let parameters = [
            ("workflow_id", which.workflow_id.clone()),
            ("ticket_id", which.ticket_id.clone()),
            ("job_id", which.job_id.clone()),
            ("status", join(&which.status)),
            ("kind", join(&which.kind)),
            ("mine", which.mine.map(|mine| mine.to_string())),
            ("limit", Some(limit.to_string())),
        ];
        let query: Vec<_> = parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get("/api/approvals", &query).await
    }

    /// Decides an approval.
    pub async fn decide(&self, id: &str, decision: Decision, input: &Decide) -> Result<Approval> {
        self.post(&format!("/api/approvals/{}/{}", path_segment(id), decision.as_str()), input).await
    }

    /// Withdraws an approval request.
    pub async fn withdraw(&self, id: &str, input: &Withdraw) -> Result<Approval> {
        self.post(&format!("/api/approvals/{}/withdraw", path_segment(id)), input).await
    }
}
