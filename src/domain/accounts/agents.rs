//! Agents and services: the actors that work with API keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Caller;
use super::people::Actor;
use crate::db::Db;
use crate::{Result, sql_fn};

/// What kind of actor a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Works on tickets in its own name.
    #[default]
    Agent,
    /// May act for agents.
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
    /// The id; without one it is made up.
    #[schema(example = "agent-builder", max_length = 128)]
    pub id: Option<String>,
    /// `agent` (default) or `service`.
    pub kind: Option<Kind>,
    /// What people call it; without one, the id.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Workflows of the caller's own that it becomes a member of.
    pub workflows: Option<Vec<String>>,
}

/// What can change about an agent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentChange {
    /// The new name.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// `true` stops its credentials at once, `false` lets them work again.
    pub disabled: Option<bool>,
}

/// A page of agents and services, ordered by id.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Agents {
    /// The agents.
    pub agents: Vec<Actor>,
    /// Whether there are more.
    pub has_more: bool,
    /// What to pass as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// Makes an agent or service of the caller's own.
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

/// The agents that the caller may see.
pub async fn list(db: &Db, caller: &Caller, limit: i32, cursor: Option<&str>) -> Result<Agents> {
    db.call(sql_fn!(list_agents(caller: caller.to_sql(), max_rows: limit, after: cursor))).await
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

/// Makes an agent or service if it does not exist, for whoever holds the database (command line).
pub async fn provision(db: &Db, id: &str, kind: Kind, name: Option<&str>) -> Result<Actor> {
    db.call(sql_fn!(provision_actor(actor: id, actor_kind: kind.name(), actor_name: name))).await
}
