//! Flags of `callboard connect` and `disconnect`.

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::cli::remote::RemoteArgs;
use crate::domain::agent_setup::{Scope, TOOLS};

/// Flags of `callboard connect`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The coding agent. Without it, the known ones are listed.
    #[arg(value_parser = known_tools())]
    pub tool: Option<String>,
    /// The agent's name on the board; created unless it is yours already. Defaults to the tool and your name.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// A workflow of yours, by id or name, that the agent joins; repeatable. An agent that is in none joins all that you own.
    #[arg(long = "workflow", short = 'w', value_name = "WORKFLOW")]
    pub workflows: Vec<String>,
    /// Whose configuration is written. That of a project names an environment variable instead of the key.
    #[arg(long, value_enum, default_value = "user")]
    pub scope: ScopeArg,
    /// Write without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// Print what would be written, and change nothing.
    #[arg(long)]
    pub print: bool,
    /// Make a new key and revoke the one in the configuration.
    #[arg(long)]
    pub new_key: bool,
    /// Also write instructions about the board into the project's AGENTS.md, or the file that the tool reads instead.
    #[arg(long)]
    pub instructions: bool,
    /// Also add hooks: a session begins with what is assigned to the agent, and each stop reports progress on the ticket in
    /// progress.
    #[arg(long)]
    pub hooks: bool,
    /// Remove the entry and revoke the key, as `callboard disconnect` does.
    #[arg(long, conflicts_with_all = ["print", "new_key", "agent", "workflows"])]
    pub remove: bool,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Flags of `callboard disconnect`.
#[derive(Debug, Args)]
pub struct DisconnectArgs {
    /// The coding agent.
    #[arg(value_parser = known_tools())]
    pub tool: String,
    /// Whose configuration is changed.
    #[arg(long, value_enum, default_value = "user")]
    pub scope: ScopeArg,
    /// Write without asking.
    #[arg(long, short)]
    pub yes: bool,
    /// Also remove the instructions about the board from the project.
    #[arg(long)]
    pub instructions: bool,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Whose configuration is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScopeArg {
    /// Yours, for all projects; it holds the key.
    User,
    /// The project's, which is usually committed.
    Project,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::User => Self::User,
            ScopeArg::Project => Self::Project,
        }
    }
}

/// The names of the known tools, as values of a flag.
pub fn known_tools() -> PossibleValuesParser {
    PossibleValuesParser::new(TOOLS.iter().map(|tool| tool.id))
}
