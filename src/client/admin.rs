//! Workflows, their members, agents and API keys.

use reqwest::Method;
use serde_json::{Value, json};

use super::send::Repeat;
use super::tickets::path_segment;
use super::{Client, Result};
use crate::domain::workflows::{Role, UpdateWorkflow, Workflow, WorkflowList};

impl Client {
    /// A page of the workflows that the actor can see, by name, after the `next_cursor` of the previous page.
    pub async fn workflow_page(&self, include_archived: bool, cursor: Option<&str>) -> Result<WorkflowList> {
        let mut query = vec![("include_archived", include_archived.to_string()), ("limit", "200".to_owned())];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        self.get("/api/workflows", &query).await
    }

    /// Changes the given fields of a workflow.
    pub async fn update_workflow(&self, id: &str, input: &UpdateWorkflow) -> Result<Workflow> {
        self.call(Method::PATCH, &format!("/api/workflows/{}", path_segment(id)), input).await
    }

    /// Adds a member (an actor's id, or a person's e-mail address), or changes its role.
    pub async fn set_member(&self, workflow: &str, actor: &str, role: Role) -> Result<Value> {
        let path = format!("/api/workflows/{}/members/{}", path_segment(workflow), path_segment(actor));
        self.call(Method::PUT, &path, &json!({"role": role})).await
    }

    /// Removes a member.
    pub async fn remove_member(&self, workflow: &str, actor: &str) -> Result<Value> {
        let path = format!("/api/workflows/{}/members/{}", path_segment(workflow), path_segment(actor));
        self.call(Method::DELETE, &path, &Value::Null).await
    }

    /// Creates an agent or service: `{id, kind, name, workflows}`.
    pub async fn create_agent(&self, input: &Value) -> Result<Value> {
        self.post("/api/agents", input).await
    }

    /// A page of the agents and services that the actor owns or shares a workflow with, after the `next_cursor` of the
    /// previous page: `{agents, has_more, next_cursor}`.
    pub async fn agent_page(&self, cursor: Option<&str>) -> Result<Value> {
        let mut query = vec![("limit", "500".to_owned())];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        self.get("/api/agents", &query).await
    }

    /// The workflows that an agent of the actor is a member of: `{memberships}`.
    pub async fn agent_memberships(&self, agent: &str) -> Result<Value> {
        self.get(&format!("/api/agents/{}/memberships", path_segment(agent)), &[]).await
    }

    /// API keys of the actor and of its agents and services, or of one of them: `{keys}`.
    pub async fn keys(&self, actor: Option<&str>) -> Result<Value> {
        let query: Vec<_> = actor.map(|id| ("actor_id", id.to_owned())).into_iter().collect();
        self.get("/api/keys", &query).await
    }

    /// Creates an API key: `{name, actor_id, scopes, expires_at, workflows}`. Only the answer shows it, as `key`.
    pub async fn create_key(&self, input: &Value) -> Result<Value> {
        self.post("/api/keys", input).await
    }

    /// Revokes an API key.
    pub async fn revoke_key(&self, id: &str) -> Result<()> {
        self.send(Method::DELETE, &format!("/api/keys/{}", path_segment(id)), None, Repeat::WithKey).await.map(drop)
    }
}
