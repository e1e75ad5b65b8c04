//! The agent and the key with which a tool works.

use serde_json::{Value, json};

use super::files;
use crate::cli::login;
use crate::cli::remote::RemoteArgs;
use crate::client::Client;
use crate::domain::accounts::keys::CreatedKey;
use crate::domain::agent_setup::{Scope, Tool};
use crate::domain::workflows::{Role, Workflow};
use crate::{Error, Result};

/// Upper limit of pages of agents and of workflows that are read.
const MAX_PAGES: usize = 20;
/// Longest name of a key.
const MAX_KEY_NAME: usize = 200;

/// The signed-in person, or the holder of the key that the command uses.
#[derive(Debug)]
pub struct Account {
    /// The client.
    pub client: Client,
    actor_id: String,
    email: Option<String>,
}

/// A key that is to be made.
#[derive(Debug)]
pub struct NewKey {
    /// The agent's name, or its id if it exists.
    pub agent: String,
    /// Whether the agent exists.
    exists: bool,
    /// The workflows that the agent joins.
    pub workflows: Vec<Workflow>,
    /// Names of workflows whose owners could let the agent in.
    pub others: Vec<String>,
    name: String,
    /// Keys that the new one replaces.
    replaced: Vec<String>,
}

impl Account {
    /// Signs in, at the prompt if necessary.
    pub async fn open(remote: &RemoteArgs) -> Result<Self> {
        let client = login::connect_or_sign_in(remote).await?;
        let me = client.me().await?;
        let text = |name: &str| me["user"][name].as_str().map(str::to_owned);
        let actor_id = text("id").ok_or_else(|| Error::Internal("the server names no actor".to_owned()))?;
        Ok(Self { client, actor_id, email: text("email") })
    }

    /// Plans a new key for an agent, which is made too unless it exists.
    pub async fn plan(
        &self,
        tool: &Tool,
        scope: Scope,
        agent: Option<&str>,
        workflows: &[String],
        replaced: Option<&str>,
    ) -> Result<NewKey> {
        let wanted = agent.map_or_else(|| self.default_agent(tool), str::to_owned);
        let existing = self.find_agent(&wanted).await?;
        let mut plan = NewKey {
            agent: existing.clone().unwrap_or(wanted),
            exists: existing.is_some(),
            workflows: Vec::new(),
            others: Vec::new(),
            name: key_name(tool, scope)?,
            replaced: replaced.map(str::to_owned).into_iter().collect(),
        };
        let mut is_member = false;
        if plan.exists {
            plan.replaced.extend(self.keys_named(&plan.agent, &plan.name).await?);
            let memberships = self.client.agent_memberships(&plan.agent).await?;
            is_member = memberships["memberships"].as_array().is_some_and(|all| !all.is_empty());
        }
        if !workflows.is_empty() {
            plan.workflows = self.named_workflows(workflows).await?;
        } else if !is_member {
            for workflow in self.all_workflows().await? {
                match workflow.role.as_deref() {
                    Some("owner") => plan.workflows.push(workflow),
                    Some("member") => plan.others.push(workflow.name),
                    _ => {}
                }
            }
        }
        Ok(plan)
    }

    /// Makes the agent and the key.
    pub async fn create(&self, plan: &NewKey) -> Result<CreatedKey> {
        let mut actor_id = plan.agent.clone();
        if !plan.exists {
            let created = self.client.create_agent(&json!({"id": plan.agent, "kind": "agent"})).await.map_err(
                |error| match error.code() {
                    Some("conflict") => Error::Setup(format!(
                        "There is already an agent {} of somebody else; choose another name with --agent.",
                        plan.agent
                    )),
                    _ => Error::from(error),
                },
            )?;
            // A name that somebody else's agent has gets a suffix.
            actor_id = created["id"].as_str().map_or(actor_id, str::to_owned);
        }
        let workflows: Vec<&str> = plan.workflows.iter().map(|workflow| workflow.id.as_str()).collect();
        let request =
            json!({"name": plan.name, "actor_id": actor_id, "scopes": ["read", "write"], "workflows": workflows});
        let created = self.client.create_key(&request).await?;
        serde_json::from_value(created)
            .map_err(|error| Error::Setup(format!("The server's response cannot be parsed: {error}.")))
    }

    /// Revokes the keys that a new one replaces; a key that is gone already is no failure.
    pub async fn revoke_replaced(&self, plan: &NewKey, kept: &str) -> Result<()> {
        let mut ids: Vec<&String> = plan.replaced.iter().filter(|id| *id != kept).collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            match self.client.revoke_key(id).await {
                Err(error) if error.problem().is_none_or(|problem| problem.status != 404) => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Lets an agent into workflows.
    pub async fn admit(&self, agent: &str, workflows: &[Workflow]) -> Result<()> {
        for workflow in workflows {
            self.client.set_member(&workflow.id, agent, Role::Member).await?;
        }
        Ok(())
    }

    /// Workflows given by id or name.
    pub async fn named_workflows(&self, names: &[String]) -> Result<Vec<Workflow>> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            found.push(self.client.find_workflow(name).await?);
        }
        Ok(found)
    }

    /// Ids of keys of an agent that were made for this tool on this machine.
    pub async fn keys_made_here(&self, tool: &Tool, scope: Scope, agent: Option<&str>) -> Result<Vec<String>> {
        let wanted = agent.map_or_else(|| self.default_agent(tool), str::to_owned);
        match self.find_agent(&wanted).await? {
            Some(agent) => self.keys_named(&agent, &key_name(tool, scope)?).await,
            None => Ok(Vec::new()),
        }
    }

    async fn keys_named(&self, agent: &str, name: &str) -> Result<Vec<String>> {
        let listed = self.client.keys(Some(agent)).await?;
        let keys = listed["keys"].as_array().into_iter().flatten();
        Ok(keys.filter(|key| key["name"] == name).filter_map(|key| key["id"].as_str()).map(str::to_owned).collect())
    }

    async fn all_workflows(&self) -> Result<Vec<Workflow>> {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let page = self.client.workflow_page(false, cursor.as_deref()).await?;
            found.extend(page.workflows.into_iter().filter(|workflow| workflow.archived_at.is_none()));
            match page.next_cursor.filter(|_| page.has_more) {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        Ok(found)
    }

    /// The id of an own agent that has this id, or was asked for under it.
    async fn find_agent(&self, wanted: &str) -> Result<Option<String>> {
        let mut cursor = None::<String>;
        for _ in 0..MAX_PAGES {
            let page = self.client.agent_page(cursor.as_deref()).await?;
            let agents = page["agents"].as_array().into_iter().flatten();
            let mut own =
                agents.filter(|agent| agent["owner_id"] == self.actor_id.as_str() && agent["kind"] == "agent");
            if let Some(agent) = own.find(|agent| agent["id"] == wanted || agent["name"] == wanted) {
                if !agent["disabled_at"].is_null() {
                    return Err(Error::Setup(format!(
                        "The agent {wanted} is disabled; enable it, or choose another name with --agent."
                    )));
                }
                return Ok(agent["id"].as_str().map(str::to_owned));
            }
            match page["next_cursor"].as_str().filter(|_| page["has_more"] == Value::Bool(true)) {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        Ok(None)
    }

    /// `<tool>-<person>`, or `<tool>-<machine>` where no person has signed in.
    fn default_agent(&self, tool: &Tool) -> String {
        let person = self.email.as_deref().and_then(|email| email.split('@').next()).map(name_part);
        let who = person.filter(|name| !name.is_empty()).unwrap_or_else(|| name_part(&machine()));
        format!("{}-{who}", tool.id)
    }
}

impl NewKey {
    /// Whether the agent is made too.
    pub fn is_new_agent(&self) -> bool {
        !self.exists
    }
}

/// The name of the key: the tool, the machine and, for a project, its folder.
fn key_name(tool: &Tool, scope: Scope) -> Result<String> {
    let name = format!("{} on {}", tool.name, machine());
    let name = match scope {
        Scope::User => name,
        Scope::Project => {
            let folder = files::project_folder()?;
            let short = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let whole = crc32fast::hash(folder.as_os_str().as_encoded_bytes());
            format!("{name}, project {short} ({whole:08x})")
        }
    };
    Ok(crate::cli::output::one_line(&name).chars().take(MAX_KEY_NAME).collect())
}

/// A text as a part of an agent's id.
fn name_part(text: &str) -> String {
    let text: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(40).collect()
}

/// The name of this machine.
fn machine() -> String {
    let mut name = [0_u8; 256];
    // SAFETY: writes at most the given number of bytes.
    let failed = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) } != 0;
    let length = name.iter().position(|byte| *byte == 0).unwrap_or(0);
    match String::from_utf8_lossy(&name[..length]).split('.').next() {
        Some(short) if !failed && !short.is_empty() => short.to_owned(),
        _ => "this machine".to_owned(),
    }
}
