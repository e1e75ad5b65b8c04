//! `callboard agent`: what the hooks of coding agents call. With `--tool` a command uses the key in the configuration of
//! that tool, keeps a time limit, and always succeeds, because a failing hook disturbs the tool.

mod brief;
mod progress;

use std::time::Duration;

use clap::{Args, Subcommand};

use super::connect::{ScopeArg, entry, key_of, known_tools};
use super::remote::RemoteArgs;
use crate::client::{Client, Credential};
use crate::domain::agent_setup::{self, Scope, Tool};
use crate::{Error, Result};

/// Time limit of a hook.
const HOOK_TIMEOUT: Duration = Duration::from_secs(8);

/// Subcommands of `callboard agent`.
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Print what is assigned to the agent, and the answers to its questions.
    Brief(HookArgs),
    /// Comment on the ticket in progress with the agent's last message, which is read from standard input as the tool's hook
    /// sends it. At most every ten minutes, and only if exactly one ticket is in progress.
    Report(HookArgs),
}

/// Flags of `callboard agent …`.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// The coding agent whose hook this is. Defaults to the credential of the other commands, and plain text.
    #[arg(long, value_parser = known_tools())]
    pub tool: Option<String>,
    /// Whose configuration holds the key.
    #[arg(long, value_enum, default_value = "user", requires = "tool")]
    pub scope: ScopeArg,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Runs `callboard agent …`.
pub async fn command(command: AgentCommand, json: bool) -> Result<()> {
    let (AgentCommand::Brief(args) | AgentCommand::Report(args)) = &command;
    let tool = args.tool.as_deref().and_then(agent_setup::find);
    let outcome = tokio::time::timeout(HOOK_TIMEOUT, run(&command, args, tool, json)).await;
    match (outcome, tool) {
        (Ok(Ok(())), _) => Ok(()),
        (Ok(Err(error)), Some(_)) => {
            eprintln!("{}", super::sentence(&error));
            Ok(())
        }
        (Ok(Err(error)), None) => Err(error),
        (Err(_), Some(_)) => Ok(()),
        (Err(_), None) => Err(Error::Setup("The server did not answer in time.".to_owned())),
    }
}

async fn run(command: &AgentCommand, args: &HookArgs, tool: Option<&Tool>, json: bool) -> Result<()> {
    let client = match tool {
        Some(tool) => client_of(tool, args.scope.into())?.map_or_else(|| args.remote.connect(), Ok)?,
        None => args.remote.connect()?,
    };
    match command {
        AgentCommand::Brief(_) => brief::brief(&client, tool, json).await,
        AgentCommand::Report(_) => progress::report(&client).await,
    }
}

/// A client with the address and key in the configuration of a tool. A hook of the user never reads the configuration of a
/// project, which could name another server for the key in the environment.
fn client_of(tool: &Tool, scope: Scope) -> Result<Option<Client>> {
    let Some(entry) = entry(tool, scope)? else { return Ok(None) };
    let (Some(url), Some(key)) = (&entry.url, key_of(&entry)) else { return Ok(None) };
    let url = url.trim_end_matches('/').trim_end_matches("/mcp");
    Ok(Some(Client::new(url, Credential::key(key))?))
}
