//! People: signing in, and the questions that they are asked.

use serde_json::{Value, json};

use super::send::Again;
use super::tickets::part;
use super::{Client, Result, Tokens};
use crate::domain::approvals::{Approval, ApprovalFilter, ApprovalList, Decide, Decision, RequestApproval, Withdraw};

impl Client {
    /// Signs in; the tokens are the caller's to keep.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Tokens> {
        let body = json!({"email": email, "password": password, "token_mode": "json"});
        self.post("/api/auth/login", &body, Again::Refused).await
    }

    /// Ends the session of a sign-in.
    pub async fn end_session(url: &str, tokens: &Tokens) -> Result<()> {
        let client = Self::new(url, super::Credential::None)?;
        let body = json!({"refresh": tokens.refresh});
        client.send(reqwest::Method::POST, "/api/auth/logout", Some(body), Again::Safe, None).await.map(drop)
    }

    /// Who the server takes the caller for.
    pub async fn me(&self) -> Result<Value> {
        self.get("/api/auth/me", &[]).await
    }

    /// Asks a person; the answer comes when somebody has decided.
    pub async fn ask(&self, input: &RequestApproval) -> Result<Approval> {
        self.post("/api/approvals", input, Again::Keyed).await
    }

    /// One question; with `wait`, the answer comes when it is decided, or after so many seconds.
    pub async fn approval(&self, id: &str, wait: Option<u32>) -> Result<Approval> {
        let query: Vec<_> = wait.map(|seconds| ("wait", seconds.min(30).to_string())).into_iter().collect();
        self.get(&format!("/api/approvals/{}", part(id)), &query).await
    }

    /// Questions, newest first.
    pub async fn approvals(&self, which: &ApprovalFilter, limit: u32) -> Result<ApprovalList> {
        let join = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(","));
        let given = [
            ("workflow_id", which.workflow_id.clone()),
            ("ticket_id", which.ticket_id.clone()),
            ("job_id", which.job_id.clone()),
            ("status", join(&which.status)),
            ("kind", join(&which.kind)),
            ("mine", which.mine.map(|mine| mine.to_string())),
            ("limit", Some(limit.to_string())),
        ];
        let query: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get("/api/approvals", &query).await
    }

    /// Decides a question.
    pub async fn decide(&self, id: &str, decision: Decision, input: &Decide) -> Result<Approval> {
        self.post(&format!("/api/approvals/{}/{}", part(id), decision.as_str()), input, Again::Refused).await
    }

    /// Takes a question back.
    pub async fn withdraw(&self, id: &str, input: &Withdraw) -> Result<Approval> {
        self.post(&format!("/api/approvals/{}/withdraw", part(id)), input, Again::Refused).await
    }
}
