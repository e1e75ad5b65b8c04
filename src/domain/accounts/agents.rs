//! Agents and services: actors that authenticate with API keys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Caller;
use super::people::Actor;
use crate::db::Db;
use crate::{Result, sql_fn};

/// The kind of a non-human actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Works on tickets as itself.
    #[default]
    Agent,
    /// May also act for agents.
    Service,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Service => "service",
        }
    }
}

/// A new agent or service.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    /// The id. Defaults to a generated one. An id that somebody else's agent has gets a suffix; the response has the result.
    #[schema(example = "agent-builder", max_length = 128)]
    pub id: Option<String>,
    /// `agent` (default) or `service`.
    pub kind: Option<Kind>,
    /// Display name. Defaults to the id.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Workflows owned by the caller that it joins as a member.
    pub workflows: Option<Vec<String>>,
}

/// Changes to an agent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentChange {
    /// The new name.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// `true` disables its credentials immediately, `false` enables them again.
    pub disabled: Option<bool>,
}

/// A page of agents and services, ordered by id.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Agents {
    /// The agents.
    pub agents: Vec<Actor>,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// Creates an agent or service owned by the caller.
pub async fn create(db: &Db, caller: &Caller, new: &NewAgent) -> Result<Actor> {
    let kind = new.kind.unwrap_or_default().name();
    db.call(sql_fn!(create_agent(
        caller: caller.to_sql(),
        agent_id: new.id,
        agent_kind: kind,
        agent_name: new.name,
        in_workflows: new.workflows,
    )))
    .await
}

/// Agents and services visible to the caller.
pub async fn list(db: &Db, caller: &Caller, limit: i32, cursor: Option<&str>) -> Result<Agents> {
    db.call(sql_fn!(list_agents(caller: caller.to_sql(), max_rows: limit, cursor))).await
}

/// A membership of an agent or of the caller.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentMembership {
    /// The workflow.
    pub workflow_id: String,
    /// Its name.
    pub workflow_name: String,
    /// The member.
    pub actor_id: String,
    /// `viewer`, `member` or `owner`.
    pub role: String,
    /// Who added it.
    pub added_by: Option<String>,
    /// When it became a member.
    #[schema(value_type = String, format = DateTime)]
    pub added_at: Timestamp,
}

/// The memberships of an actor, by workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentMemberships {
    /// The memberships.
    pub memberships: Vec<AgentMembership>,
}

/// The workflows that an actor of the caller is a member of.
pub async fn memberships(db: &Db, caller: &Caller, agent: &str) -> Result<AgentMemberships> {
    db.call(sql_fn!(list_memberships(caller: caller.to_sql(), actor: agent))).await
}

/// Renames or disables an agent.
pub async fn update(db: &Db, caller: &Caller, agent: &str, change: &AgentChange) -> Result<Actor> {
    db.call(sql_fn!(update_agent(
        caller: caller.to_sql(),
        agent: agent,
        agent_name: change.name,
        disabled: change.disabled,
    )))
    .await
}

/// Creates an agent or service if it does not exist; for the command line, which has direct database access.
pub async fn provision(db: &Db, id: &str, kind: Kind, name: Option<&str>) -> Result<Actor> {
    db.call(sql_fn!(provision_actor(actor: id, actor_kind: kind.name(), actor_name: name))).await
}
