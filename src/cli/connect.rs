//! `callboard connect` and `disconnect`: connect coding agents to the board, by an entry in their own configuration.

mod account;
mod announce;
mod args;
mod changes;
mod disconnect;
mod files;
mod noted;

use std::path::PathBuf;

use console::Term;
use serde_json::json;

use self::account::{Account, NewKey};
pub use self::args::{ConnectArgs, DisconnectArgs, ScopeArg, known_tools};
use self::changes::{Change, Edit};
pub use self::disconnect::disconnect;
use self::noted::{Noted, ProjectKey};
use super::login::ask;
use super::output;
use crate::client::{Client, Credential};
use crate::domain::agent_setup::{self, Document, Entry, Hooks, KEY_VARIABLE, Scope, TOOLS, Tool, secrets};
use crate::domain::workflows::Workflow;
use crate::{Error, Result};

/// Where the key comes from.
enum KeySource {
    /// The tool's key works.
    Kept { key: String, holder: Holder },
    /// A new one is made.
    New(Box<(Account, NewKey)>),
    /// It was made before for this agent, and is in an environment variable that is not set here.
    Elsewhere(String),
}

/// The holder of a key.
struct Holder {
    agent: String,
    name: String,
    /// How many tools it sees.
    tools: usize,
    workflows: Vec<Workflow>,
}

/// Runs `callboard connect`.
pub async fn connect(args: ConnectArgs, json: bool) -> Result<()> {
    let Some(tool) = args.tool.as_deref().and_then(agent_setup::find) else { return list(json) };
    let scope = Scope::from(args.scope);
    if args.remove {
        let ConnectArgs { scope, yes, instructions, remote, .. } = args;
        return disconnect(DisconnectArgs { tool: tool.id.to_owned(), scope, yes, instructions, remote }, json).await;
    }
    let url = args.remote.address()?;
    let endpoint = format!("{url}/mcp");
    let changes = changes(tool, scope, &endpoint, &args)?;
    if args.print {
        return print(&changes);
    }
    // What cannot be edited is refused before anything is created.
    for change in &changes {
        change.preview("")?;
    }
    let mut entry = entry(tool, scope)?;
    let other = entry.take_if(|entry| entry.url.as_deref() != Some(&endpoint));
    if let Some(Entry { url: Some(url), key: Some(_) }) = other {
        eprintln!("{} was connected to {}; its key there is not revoked.", tool.name, output::one_line(&url));
    }
    let source = choose_key(tool, scope, &args, &url, entry.as_ref()).await?;
    let shown_key = match &source {
        KeySource::Kept { key, .. } => key.as_str(),
        _ => "cb_…",
    };
    let previews: Vec<String> =
        changes.iter().filter_map(|change| change.preview(shown_key).transpose()).collect::<Result<_>>()?;
    let joining = match &source {
        KeySource::Kept { holder, .. } if args.workflows.iter().any(|name| !holder.is_in(name)) => Some(&holder.agent),
        KeySource::Elsewhere(agent) if !args.workflows.is_empty() => Some(agent),
        _ => None,
    };
    let joins = match joining {
        Some(agent) => {
            let account = Account::open(&args.remote).await?;
            let joins = account.joins(Some(agent), &args.workflows).await?;
            Some((account, agent.clone(), joins))
        }
        None => None,
    };
    announce::source(tool, &source, joins.as_ref().map(|(_, _, joins)| joins));
    let is_joining = joins.as_ref().is_some_and(|(_, _, joins)| !joins.joined.is_empty());
    confirm(&previews, matches!(source, KeySource::New(_)) || is_joining, args.yes)?;

    let outcome = match source {
        KeySource::Kept { key, holder } => {
            write(&changes, &key)?;
            Connected {
                agent: Some(holder.agent),
                tools: Some(holder.tools),
                key: None,
                key_id: secrets::key_id(&key).map(str::to_owned),
            }
        }
        KeySource::Elsewhere(agent) => {
            write(&changes, "")?;
            Connected { agent: Some(agent), ..Connected::default() }
        }
        KeySource::New(new) => connect_with_new_key(&new.0, &new.1, &url, &changes).await?,
    };
    if let (Scope::Project, Some(agent), Some(key_id), Some(_)) = (scope, &outcome.agent, &outcome.key_id, &outcome.key)
    {
        let (tool, folder) = (tool.id.to_owned(), files::project_folder()?);
        noted::keep_key(ProjectKey { url: url.clone(), tool, folder, agent: agent.clone(), key_id: key_id.clone() });
    }
    if let Some((account, agent, joins)) = &joins {
        account.admit(agent, &joins.joined).await?;
    }
    report(tool, scope, &url, &changes, outcome, !previews.is_empty(), json)
}

impl Holder {
    /// Whether it is a member of a workflow that is named by id or name.
    fn is_in(&self, name: &str) -> bool {
        self.workflows.iter().any(|workflow| workflow.id == name || workflow.name == name)
    }

    fn is_named(&self, name: &str) -> bool {
        self.agent == name || self.name == name
    }
}

/// What `connect` has done.
#[derive(Default)]
struct Connected {
    agent: Option<String>,
    tools: Option<usize>,
    /// A new key.
    key: Option<String>,
    key_id: Option<String>,
}

/// Makes a key, checks it and writes the files. Nothing is left behind if that fails.
async fn connect_with_new_key(
    account: &Account,
    plan: &NewKey,
    url: &str,
    changes: &[Change<'_>],
) -> Result<Connected> {
    let created = account.create(plan).await?;
    let done = async {
        let tools = Client::new(url, Credential::key(created.key.clone()))?.mcp_tools().await?.len();
        write(changes, &created.key)?;
        Ok::<_, Error>(tools)
    }
    .await;
    let tools = match done {
        Ok(tools) => tools,
        Err(error) => {
            if account.client.revoke_key(&created.info.id).await.is_err() {
                eprintln!("The new key {} could not be revoked; use `callboard key revoke`.", created.info.id);
            }
            return Err(error);
        }
    };
    if let Err(error) = account.revoke_replaced(plan).await {
        eprintln!("The key that was used before could not be revoked: {}", super::sentence(&error));
    }
    Ok(Connected {
        agent: Some(created.info.actor_id),
        tools: Some(tools),
        key: Some(created.key),
        key_id: Some(created.info.id),
    })
}

/// The files to change. The entry comes last, so that a tool finds everything when it takes it up.
fn changes<'a>(tool: &'a Tool, scope: Scope, endpoint: &'a str, args: &ConnectArgs) -> Result<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    if args.instructions {
        let path = files::project_folder()?.join(tool.instructions);
        Change::add(&mut changes, path, Edit::AddInstructions);
    }
    if args.hooks {
        let hooks = tool.hooks.as_ref().ok_or_else(|| {
            Error::Setup(format!("{} has no hooks that Callboard knows; leave --hooks out.", tool.name))
        })?;
        let program = match scope {
            Scope::User => std::env::current_exe().ok().map(|path| path.to_string_lossy().into_owned()),
            // The project's files name no program of this machine.
            Scope::Project => None,
        };
        let program = program.unwrap_or_else(|| "callboard".to_owned());
        Change::add(&mut changes, hooks_file(hooks, scope)?, Edit::AddHooks(tool, hooks, scope, program));
    }
    Change::add(&mut changes, configuration(tool, scope)?, Edit::Connect { tool, scope, endpoint });
    Ok(changes)
}

/// The file of a tool's hooks.
fn hooks_file(hooks: &Hooks, scope: Scope) -> Result<PathBuf> {
    match scope {
        Scope::User => files::of_user(&hooks.place),
        Scope::Project => Ok(files::project_folder()?.join(hooks.project)),
    }
}

/// The configuration file of a tool.
pub fn configuration(tool: &Tool, scope: Scope) -> Result<PathBuf> {
    match (scope, tool.project) {
        (Scope::User, _) => files::of_user(&tool.place),
        (Scope::Project, Some(project)) => files::of_project(project.files),
        (Scope::Project, None) => Err(Error::Setup(format!(
            "For {}, only the configuration of the user is written; leave --scope out.",
            tool.name
        ))),
    }
}

/// Callboard's entry in the configuration of a tool.
pub fn entry(tool: &Tool, scope: Scope) -> Result<Option<Entry>> {
    let Some(text) = files::read(&configuration(tool, scope)?)? else { return Ok(None) };
    Ok(Document::parse(tool.format, &text).ok().and_then(|document| tool.entry(&document)))
}

/// The key of an entry: in it, or in the environment.
pub fn key_of(entry: &Entry) -> Option<String> {
    let from_environment = || std::env::var(KEY_VARIABLE).ok().map(|key| key.trim().to_owned());
    entry.key.clone().or_else(|| from_environment().filter(|key| !key.is_empty()))
}

async fn choose_key(
    tool: &Tool,
    scope: Scope,
    args: &ConnectArgs,
    url: &str,
    entry: Option<&Entry>,
) -> Result<KeySource> {
    let known = match (scope, entry) {
        (Scope::User, entry) => entry.and_then(|entry| entry.key.clone()),
        (Scope::Project, _) => key_of(&Entry { url: None, key: None }),
    };
    if let Some(key) = known.clone().filter(|_| !args.new_key)
        && let Some(holder) = holder(url, &key).await?
        && args.agent.as_ref().is_none_or(|wanted| holder.is_named(wanted))
    {
        return Ok(KeySource::Kept { key, holder });
    }
    let account = Account::open(&args.remote).await?;
    // Several tools can share the key in the environment, so one of a project is replaced only if it was made for the tool.
    let replaced = match scope {
        Scope::User => known.as_deref().and_then(secrets::key_id).map(str::to_owned),
        Scope::Project => {
            let noted = Noted::read().key(url, tool.id, &files::project_folder()?).cloned();
            if let Some(noted) = &noted
                && known.is_none()
                && entry.is_some()
                && !args.new_key
                && args.agent.as_ref().is_none_or(|wanted| *wanted == noted.agent)
                && account.is_valid(&noted.agent, &noted.key_id).await?
            {
                return Ok(KeySource::Elsewhere(noted.agent.clone()));
            }
            noted.map(|noted| noted.key_id)
        }
    };
    let plan = account.plan(tool, scope, args.agent.as_deref(), &args.workflows, replaced.as_deref()).await?;
    Ok(KeySource::New(Box::new((account, plan))))
}

/// The holder of a key; none if the key does not work.
async fn holder(url: &str, key: &str) -> Result<Option<Holder>> {
    let client = Client::new(url, Credential::key(key))?;
    match client.mcp_tools().await {
        Ok(tools) => {
            let me = client.me().await?;
            let text = |field: &str| me["user"][field].as_str().unwrap_or_default().to_owned();
            let workflows = client.workflows().await?;
            Ok(Some(Holder { agent: text("id"), name: text("name"), tools: tools.len(), workflows }))
        }
        Err(error) if error.problem().is_some_and(|problem| problem.status == 401) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Shows the differences and asks, if anything is going to change.
fn confirm(previews: &[String], more: bool, yes: bool) -> Result<()> {
    for preview in previews {
        eprintln!("\n{}", preview.trim_end());
    }
    if yes || previews.is_empty() && !more {
        return Ok(());
    }
    let question = if previews.is_empty() { "\nContinue? [y/N] " } else { "\nWrite this? [y/N] " };
    let answer = ask(question, "add --yes to write, or --print to see the configuration only", Term::read_line)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::Setup("Nothing was changed.".to_owned())),
    }
}

fn write(changes: &[Change<'_>], key: &str) -> Result<()> {
    changes.iter().try_for_each(|change| change.write(key))
}

fn report(
    tool: &Tool,
    scope: Scope,
    url: &str,
    changes: &[Change<'_>],
    done: Connected,
    changed: bool,
    as_json: bool,
) -> Result<()> {
    if as_json {
        let paths: Vec<String> = changes.iter().map(|change| change.path.display().to_string()).collect();
        return output::json(
            &json!({"tool": tool.id, "url": url, "files": paths, "changed": changed, "agent_id": done.agent,
            "key_id": done.key_id, "tools": done.tools, "key": done.key.filter(|_| scope == Scope::Project)}),
        );
    }
    if let (Some(agent), Some(tools)) = (&done.agent, done.tools) {
        eprintln!("Connected {} to {url} as {agent}: it sees {tools} tools.", tool.name);
    }
    if let (Scope::Project, Some(key)) = (scope, &done.key) {
        eprintln!(
            "The project names the key by a variable. Set it, for example in ~/.profile; it cannot be shown again:"
        );
        println!("export {KEY_VARIABLE}={key}");
    }
    eprintln!("{}, then ask it: what is on my board?", tool.next_step);
    Ok(())
}

/// Prints the files as they would be if nothing else were in them.
fn print(changes: &[Change<'_>]) -> Result<()> {
    for change in changes {
        let text = change.apply(None, "YOUR_KEY")?.unwrap_or_default();
        eprintln!("{}:", change.path.display());
        output::write(text.as_bytes());
    }
    Ok(())
}

/// Lists the known tools.
fn list(as_json: bool) -> Result<()> {
    if as_json {
        return output::json(agent_setup::agent_setup());
    }
    let rows = TOOLS.iter().map(|tool| {
        let file = files::of_user(&tool.place).map(|path| path.display().to_string()).unwrap_or_default();
        [tool.id.to_owned(), tool.name.to_owned(), file]
    });
    output::table(["TOOL", "NAME", "CONFIGURATION"], rows);
    eprintln!("Connect one with `callboard connect TOOL`.");
    Ok(())
}
