//! `callboard connect` and `disconnect`: connect coding agents to the board, by an entry in their own configuration.

mod account;
mod args;
mod changes;
mod disconnect;
mod files;

use console::Term;
use serde_json::json;

use self::account::{Account, NewKey};
pub use self::args::{ConnectArgs, DisconnectArgs, ScopeArg, known_tools};
use self::changes::{Change, Edit};
pub use self::disconnect::disconnect;
use super::login::ask;
use super::output;
use crate::client::{Client, Credential};
use crate::domain::agent_setup::{self, Document, Entry, Fill, KEY_VARIABLE, Scope, TOOLS, Tool, secrets};
use crate::domain::workflows::Workflow;
use crate::{Error, Result};

/// Where the key comes from.
enum KeySource {
    /// The tool's key works: its holder, and the tools that it sees.
    Kept { key: String, agent: String, tools: usize },
    /// A new one is made.
    New(Box<(Account, NewKey)>),
    /// It was made before and is in an environment variable that is not set here.
    Elsewhere,
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
    if args.print {
        return print(tool, scope, &endpoint);
    }
    let changes = changes(tool, scope, &endpoint, &args)?;
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
    let joins = match &source {
        KeySource::Kept { agent, .. } if !args.workflows.is_empty() => {
            let account = Account::open(&args.remote).await?;
            let workflows = account.named_workflows(&args.workflows).await?;
            Some((account, agent.clone(), workflows))
        }
        _ => None,
    };
    announce(tool, &source, joins.as_ref().map(|(_, _, workflows)| workflows.as_slice()));
    confirm(&previews, matches!(source, KeySource::New(_)) || joins.is_some(), args.yes)?;

    let outcome = match source {
        KeySource::Kept { key, agent, tools } => {
            write(&changes, &key)?;
            Connected {
                agent: Some(agent),
                tools: Some(tools),
                key: None,
                key_id: secrets::key_id(&key).map(str::to_owned),
            }
        }
        KeySource::Elsewhere => {
            write(&changes, "")?;
            Connected::default()
        }
        KeySource::New(new) => connect_with_new_key(&new.0, &new.1, &url, &changes).await?,
    };
    if let Some((account, agent, workflows)) = &joins {
        account.admit(agent, workflows).await?;
    }
    report(tool, scope, &url, &changes, outcome, !previews.is_empty(), json)
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
    if let Err(error) = account.revoke_replaced(plan, &created.info.id).await {
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
        changes.push(Change { path, edit: Edit::AddInstructions });
    }
    if args.hooks {
        let hooks = tool.hooks.as_ref().ok_or_else(|| {
            Error::Setup(format!("{} has no hooks that Callboard knows; leave --hooks out.", tool.name))
        })?;
        let (path, program) = match scope {
            Scope::User => {
                let program = std::env::current_exe().map(|path| path.to_string_lossy().into_owned());
                (files::of_user(&hooks.place)?, program.unwrap_or_else(|_| "callboard".to_owned()))
            }
            // The project's files name no program of this machine.
            Scope::Project => (files::project_folder()?.join(hooks.project), "callboard".to_owned()),
        };
        changes.push(Change { path, edit: Edit::AddHooks(tool, hooks, scope, program) });
    }
    changes.push(Change { path: configuration(tool, scope)?, edit: Edit::Connect { tool, scope, endpoint } });
    Ok(changes)
}

/// The configuration file of a tool.
pub fn configuration(tool: &Tool, scope: Scope) -> Result<std::path::PathBuf> {
    match (scope, tool.project) {
        (Scope::User, _) => files::of_user(&tool.place),
        (Scope::Project, Some(project)) => files::of_project(project.files),
        (Scope::Project, None) => Err(Error::Setup(format!(
            "{} reads no key from the environment, so a project's configuration cannot name one; leave --scope out.",
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
        && let Some((agent, tools)) = holder(url, &key).await?
        && args.agent.as_ref().is_none_or(|wanted| *wanted == agent)
    {
        return Ok(KeySource::Kept { key, agent, tools });
    }
    let account = Account::open(&args.remote).await?;
    if scope == Scope::Project
        && known.is_none()
        && entry.is_some()
        && !args.new_key
        && !account.keys_made_here(tool, scope, args.agent.as_deref()).await?.is_empty()
    {
        return Ok(KeySource::Elsewhere);
    }
    let replaced = known.as_deref().and_then(secrets::key_id);
    let plan = account.plan(tool, scope, args.agent.as_deref(), &args.workflows, replaced).await?;
    Ok(KeySource::New(Box::new((account, plan))))
}

/// The holder of a key and the number of tools that it sees; none if the key does not work.
async fn holder(url: &str, key: &str) -> Result<Option<(String, usize)>> {
    let client = Client::new(url, Credential::key(key))?;
    match client.mcp_tools().await {
        Ok(tools) => {
            let me = client.me().await?;
            Ok(Some((me["user"]["id"].as_str().unwrap_or_default().to_owned(), tools.len())))
        }
        Err(error) if error.problem().is_some_and(|problem| problem.status == 401) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Says what is going to happen.
fn announce(tool: &Tool, source: &KeySource, joins: Option<&[Workflow]>) {
    let names = |workflows: &[Workflow]| {
        workflows.iter().map(|workflow| output::one_line(&workflow.name)).collect::<Vec<_>>().join(", ")
    };
    match source {
        KeySource::Kept { agent, .. } => eprintln!("{} works as the agent {agent}; its key is kept.", tool.name),
        KeySource::Elsewhere => {
            eprintln!(
                "The key in {KEY_VARIABLE} is not checked, because the variable is not set here. --new-key makes a new key."
            );
        }
        KeySource::New(new) => {
            let plan = &new.1;
            let kind = if plan.is_new_agent() { "new agent" } else { "agent" };
            eprintln!("{} works as the {kind} {}, with a new key (read, write).", tool.name, plan.agent);
            if !plan.workflows.is_empty() {
                eprintln!("It joins: {}.", names(&plan.workflows));
            }
            if plan.is_new_agent() && plan.workflows.is_empty() {
                eprintln!(
                    "It is in no workflow yet; an owner can add it as a member, and --workflow does so for your own."
                );
            }
            if !plan.others.is_empty() {
                let others: Vec<String> = plan.others.iter().take(10).map(|name| output::one_line(name)).collect();
                eprintln!("Only an owner can let it into: {}.", others.join(", "));
            }
        }
    }
    if let Some(joined) = joins {
        eprintln!("It joins: {}.", names(joined));
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
    for change in changes {
        if change.write(key)?
            && matches!(change.edit, Edit::Connect { scope: Scope::User, .. })
            && files::is_readable_by_others(&change.path)
        {
            eprintln!("{} holds the key and is readable by others: `chmod 600` it.", change.path.display());
        }
    }
    Ok(())
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

/// Prints the configuration of an otherwise empty file.
fn print(tool: &Tool, scope: Scope, endpoint: &str) -> Result<()> {
    let path = configuration(tool, scope)?;
    let fill = Fill { url: endpoint, key: "YOUR_KEY", command: "" };
    let text = tool.example(scope, &fill).map_err(|error| Error::Internal(error.what))?;
    eprintln!("{}:", path.display());
    output::write(text.as_bytes());
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
