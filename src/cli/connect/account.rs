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
/// Longest id of an agent.
const MAX_AGENT_NAME: usize = 128;
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
    /// The workflows that the agent joins, or does not.
    pub joins: Joins,
    /// Keys of the agent with the same name, which this configuration does not hold and which stay.
    pub others: Vec<String>,
    name: String,
    /// The key that the new one replaces.
    replaced: Option<String>,
}

/// What becomes of an agent's memberships.
#[derive(Debug, Default)]
pub struct Joins {
    /// The workflows that the agent joins.
    pub joined: Vec<Workflow>,
    /// Names of workflows that it is a member of.
    pub current: Vec<String>,
    /// Names of workflows that the person could let it into.
    pub possible: Vec<String>,
    /// Names of workflows whose owners could let it in.
    pub others: Vec<String>,
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
        if existing.is_none() {
            check_agent_name(&wanted)?;
        }
        let mut plan = NewKey {
            agent: existing.clone().unwrap_or(wanted),
            exists: existing.is_some(),
            joins: Joins::default(),
            others: Vec::new(),
            name: key_name(tool, scope)?,
            replaced: replaced.map(str::to_owned),
        };
        if plan.exists {
            plan.others = self.keys_named(&plan.agent, &plan.name).await?;
            plan.others.retain(|id| Some(id) != plan.replaced.as_ref());
        }
        plan.joins = self.joins(plan.exists.then_some(&plan.agent), workflows).await?;
        Ok(plan)
    }

    /// The workflows that an agent joins: the named ones, or else all own ones if it is in none.
    pub async fn joins(&self, agent: Option<&str>, named: &[String]) -> Result<Joins> {
        let memberships = match agent {
            Some(agent) => match self.client.agent_memberships(agent).await {
                // The agent of somebody else, whose owner is asked.
                Err(error) if error.problem().is_some_and(|problem| matches!(problem.status, 403 | 404)) => Value::Null,
                other => other?,
            },
            None => Value::Null,
        };
        let memberships = memberships["memberships"].as_array().map(Vec::as_slice).unwrap_or_default();
        let name = |membership: &Value| membership["workflow_name"].as_str().map(str::to_owned);
        let mut joins = Joins { current: memberships.iter().filter_map(name).collect(), ..Joins::default() };
        let candidates = match named.is_empty() {
            true => self.all_workflows().await?,
            false => self.named_workflows(named).await?,
        };
        for workflow in candidates {
            let is_member = memberships.iter().any(|membership| membership["workflow_id"] == workflow.id.as_str());
            match workflow.role.as_deref() {
                _ if is_member => {}
                Some("owner") if named.is_empty() && !memberships.is_empty() => joins.possible.push(workflow.name),
                Some("owner") => joins.joined.push(workflow),
                // An administrator's, perhaps; the server decides.
                None if !named.is_empty() => joins.joined.push(workflow),
                None => {}
                Some("viewer") if named.is_empty() => {}
                _ => joins.others.push(workflow.name),
            }
        }
        Ok(joins)
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
        let workflows: Vec<&str> = plan.joins.joined.iter().map(|workflow| workflow.id.as_str()).collect();
        let request =
            json!({"name": plan.name, "actor_id": actor_id, "scopes": ["read", "write"], "workflows": workflows});
        let created = self.client.create_key(&request).await?;
        serde_json::from_value(created)
            .map_err(|error| Error::Setup(format!("The server's response cannot be parsed: {error}.")))
    }

    /// Revokes the key that a new one replaces; one that is gone already is no failure.
    pub async fn revoke_replaced(&self, plan: &NewKey) -> Result<()> {
        let Some(id) = &plan.replaced else { return Ok(()) };
        match self.client.revoke_key(id).await {
            Err(error) if error.problem().is_none_or(|problem| problem.status != 404) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Lets an agent into workflows.
    pub async fn admit(&self, agent: &str, workflows: &[Workflow]) -> Result<()> {
        for workflow in workflows {
            self.client.set_member(&workflow.id, agent, Role::Member).await?;
        }
        Ok(())
    }

    /// Workflows given by id or name.
    async fn named_workflows(&self, names: &[String]) -> Result<Vec<Workflow>> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            found.push(self.client.find_workflow(name).await?);
        }
        Ok(found)
    }

    /// Whether a key of an own agent is valid.
    pub async fn is_valid(&self, agent: &str, key_id: &str) -> Result<bool> {
        match self.client.keys(Some(agent)).await {
            Ok(listed) => Ok(listed["keys"].as_array().into_iter().flatten().any(|key| key["id"] == key_id)),
            Err(error) if error.problem().is_some_and(|problem| matches!(problem.status, 403 | 404)) => Ok(false),
            Err(error) => Err(error.into()),
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

    /// The key that the new one replaces.
    pub fn replaced(&self) -> Option<&str> {
        self.replaced.as_deref()
    }
}

/// Refuses what the server would refuse as an agent's id, before anything is shown.
fn check_agent_name(name: &str) -> Result<()> {
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_./:@+-".contains(c);
    let is_reserved =
        name.starts_with("user-") || ["db", "system", "callboard"].contains(&name.to_lowercase().as_str());
    let is_address = name.matches('@').count() == 1 && !name.ends_with('@');
    if begins_well && name.len() <= MAX_AGENT_NAME && name.chars().all(is_part) && !is_reserved && !is_address {
        return Ok(());
    }
    Err(Error::Setup(format!(
        "No agent can be named “{}”: --agent takes 1 to {MAX_AGENT_NAME} letters, digits or _ . / : @ + -, no e-mail address, \
         and nothing that begins with user-.",
        crate::cli::output::one_line(name)
    )))
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
