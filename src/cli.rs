//! The command line. Everyday commands call a server through the typed client, with an API key or a saved sign-in.
//! Operator commands open the database and call the domain modules. Commands only translate flags and print results.
//! An error is one sentence on stderr (with `--json` a problem document) and exit code 1; invalid flags are exit code 2.

// The standard macros panic if the reader has closed the pipe, as `head` does. These shadow them in every command below.
macro_rules! println {
    ($($text:tt)*) => { $crate::cli::output::line(format_args!($($text)*)) };
}
macro_rules! eprintln {
    ($($text:tt)*) => { $crate::cli::output::note(format_args!($($text)*)) };
}

mod agents;
mod analysts;
mod approvals;
mod backup;
mod changes;
mod commit_hook;
mod commits;
mod connect;
mod credentials;
mod database;
mod embeddings;
mod export;
mod findings;
mod history;
mod import;
mod invitations;
mod jobs;
mod keys;
mod login;
mod maintenance;
mod milestones;
mod output;
mod people;
mod remote;
mod security_events;
mod settings;
mod target;
mod tickets;
mod usage;
mod watch;
mod worker;
mod workflows;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::database::DatabaseArgs;
use self::remote::RemoteArgs;
use crate::config::Config;
use crate::tools::{bench, demo};
use crate::{Error, Result, serve, telemetry};

/// Printed after the list of commands.
const AFTER_HELP: &str =
    "The commands from serve to history are for operators; most of them need access to the database.";
/// The long help also names the hidden commands.
const AFTER_LONG_HELP: &str = "\
The commands from serve to history are for operators; most of them need access to the database.

Developer commands: `callboard help bench` (benchmarks) and `callboard help demo` (simulated agents).";

/// A live work board for teams of AI agents and the people who watch over them.
#[derive(Debug, Parser)]
#[command(name = "callboard", version, arg_required_else_help = true)]
#[command(after_help = AFTER_HELP, after_long_help = AFTER_LONG_HELP)]
pub struct Cli {
    /// Settings file (TOML). Its keys are the flags of `serve`, with underscores instead of hyphens.
    /// Flags take precedence over environment variables, and those over the file.
    #[arg(long, env = "CALLBOARD_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of `--help`: everyday work, then workers and repositories, then operators.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in to a server; later commands use this sign-in.
    Login(login::LoginArgs),
    /// Sign out of a server.
    Logout(RemoteArgs),
    /// Show the authenticated actor.
    Whoami(RemoteArgs),
    /// Connect a coding agent, such as Claude Code, Codex, Gemini CLI or Cursor.
    Connect(connect::ConnectArgs),
    /// Disconnect a coding agent: remove its entry and revoke its key.
    Disconnect(connect::DisconnectArgs),
    /// Create, find and change tickets.
    Ticket(tickets::TicketArgs),
    /// Show the board, now or as it was.
    Board(watch::BoardArgs),
    /// Show what changed on the board between two times.
    Changes(changes::ChangesArgs),
    /// List and change milestones.
    #[command(alias = "milestones")]
    Milestone(milestones::MilestoneArgs),
    /// Show what needs attention: stuck, blocked and unassigned work, silent agents.
    Findings(findings::FindingsArgs),
    /// Show what work cost: tokens and money by agent, day, model, ticket or job.
    Usage(usage::UsageArgs),
    /// Show events live.
    Watch(watch::WatchArgs),
    /// Create, follow and control jobs.
    Job(jobs::JobArgs),
    /// Ask people for decisions, and decide.
    Approval(approvals::ApprovalArgs),
    /// List, accept and decline invitations to workflows.
    Invitation(invitations::InvitationArgs),
    /// Print what an agent should know, and report its progress; called by hooks of coding agents.
    #[command(subcommand)]
    Agent(agents::AgentCommand),
    /// Run a worker: claim jobs and run commands for them.
    Worker(worker::WorkerArgs),
    /// Link commits to tickets.
    #[command(subcommand)]
    Commits(commits::CommitsCommand),
    /// Print a git hook that links each new commit to the tickets named in its message.
    CommitHook(commit_hook::HookArgs),
    /// Print a shell completion script, e.g. `source <(callboard completions bash)`.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Run the server.
    Serve(ServeArgs),
    /// Manage user accounts.
    #[command(subcommand)]
    User(people::UserCommand),
    /// Manage API keys of agents and services.
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Manage workflows and their members.
    #[command(subcommand)]
    Workflow(workflows::WorkflowCommand),
    /// Import tickets from another tracker, or an archive.
    Import(Box<import::ImportArgs>),
    /// Export a workflow's tickets as JSON, CSV or Markdown, or everything as an archive.
    Export(export::ExportArgs),
    /// Show and retry the embedding of tickets.
    #[command(subcommand)]
    Embeddings(embeddings::EmbeddingsCommand),
    /// Back up the embedded Postgres, also while a server runs.
    Backup(backup::BackupArgs),
    /// Restore a backup into a new data directory, also to a chosen second.
    Restore(backup::RestoreArgs),
    /// Apply database migrations; `serve` also applies them.
    Migrate(DatabaseArgs),
    /// Print the connection string of the database, e.g. for psql.
    DatabaseUrl(DatabaseArgs),
    /// Print a connection string for reports, e.g. for psql or Grafana.
    ReportingUrl(analysts::ReportingUrlArgs),
    /// Manage analysts: roles of the database that read reports.
    #[command(subcommand)]
    Analysts(analysts::AnalystsCommand),
    /// Show security events: sign-ins, keys, members, exports.
    SecurityEvents(security_events::SecurityEventsArgs),
    /// Maintain the database.
    #[command(subcommand)]
    Maintenance(maintenance::MaintenanceCommand),
    /// Prove that no event of the history is missing or was changed.
    Verify(history::VerifyArgs),
    /// Export the history with signed checkpoints, to verify it elsewhere.
    #[command(subcommand)]
    History(history::HistoryCommand),
    /// Run simulated agents on a demo workflow of a running server, until stopped.
    #[command(hide = true)]
    Demo(DemoArgs),
    /// Benchmark the server against plain Postgres.
    #[command(hide = true)]
    Bench(bench::BenchArgs),
}

/// Flags of `callboard serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Server settings.
    #[command(flatten)]
    pub config: Box<Config>,
    /// Create a demo workflow and run simulated agents on it.
    #[arg(long, env = "CALLBOARD_DEMO", default_value_t = false, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub demo: bool,
}

/// Flags of `callboard demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The server's address.
    #[arg(long, env = "CALLBOARD_DEMO_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// The server's database, in which the agents' keys are created.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Parses the command line, runs the command, and prints an error as one sentence.
pub fn main() -> ExitCode {
    let parsed = settings::apply(std::env::args_os()).map(|command| {
        let parsed = command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
        parsed.unwrap_or_else(|error| exit_with_usage(&error))
    });
    let json = parsed.as_ref().is_ok_and(|cli| cli.json);
    let outcome = parsed.and_then(|cli| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Setup(format!("The async runtime cannot be started: {error}.")))?;
        let outcome = runtime.block_on(run(cli));
        // Do not wait for blocking tasks, such as reading from a terminal.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            if json {
                eprintln!("{}", output::error(&error, sentence(&error)));
            } else {
                eprintln!("{}", sentence(&error));
            }
            ExitCode::FAILURE
        }
    }
}

/// Prints help, the version, or what is wrong with the flags, and ends the program. With `--json`, which was not parsed
/// then, an error is a document too.
fn exit_with_usage(error: &clap::Error) -> ! {
    let is_json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if !(is_json && error.use_stderr()) {
        error.exit();
    }
    let text = error.render().to_string();
    let detail = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ").trim_end();
    eprintln!("{}", serde_json::json!({"code": "usage", "detail": detail}));
    std::process::exit(error.exit_code());
}

/// An error as one sentence for a user.
fn sentence(error: &Error) -> String {
    match error {
        Error::Problem(problem) => problem.detail.clone(),
        Error::Setup(text) => text.clone(),
        Error::Database(_) => {
            let problem = error.as_problem();
            if problem.status == 500 { format!("{error}.") } else { problem.detail }
        }
        Error::Unavailable(why) => format!("The database cannot be reached: {why}."),
        Error::OutcomeUnknown(why) => format!("{why}."),
        Error::Internal(why) => format!("Internal error: {why}."),
    }
}

async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(*args.config, args.demo).await?,
        Command::Login(args) => login::login(args, cli.json).await?,
        Command::Logout(remote) => login::logout(remote).await?,
        Command::Whoami(remote) => login::whoami(remote, cli.json).await?,
        Command::Connect(args) => connect::connect(args, cli.json).await?,
        Command::Disconnect(args) => connect::disconnect(args, cli.json).await?,
        Command::Agent(command) => agents::command(command, cli.json).await?,
        Command::Ticket(args) => tickets::command(args, cli.json).await?,
        Command::Job(args) => return Ok(code(jobs::command(args, cli.json).await?)),
        Command::Approval(args) => return Ok(code(approvals::command(args, cli.json).await?)),
        Command::Invitation(args) => invitations::command(args, cli.json).await?,
        Command::Board(args) => watch::board(args, cli.json).await?,
        Command::Changes(args) => changes::command(args, cli.json).await?,
        Command::Milestone(args) => milestones::command(args, cli.json).await?,
        Command::Findings(args) => findings::command(args, cli.json).await?,
        Command::Usage(args) => usage::command(args, cli.json).await?,
        Command::Watch(args) => watch::watch(args, cli.json).await?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "callboard", &mut script);
            output::write(&script);
        }
        Command::Backup(args) => backup::backup(args, cli.json).await?,
        Command::Restore(args) => backup::restore(args, cli.json).await?,
        Command::Migrate(args) => database::migrate(&args, cli.json).await?,
        Command::Export(args) => export::command(args, cli.json).await?,
        Command::User(command) => people::command(command, cli.json).await?,
        Command::Key(command) => keys::command(command, cli.json).await?,
        Command::Workflow(command) => workflows::command(command, cli.json).await?,
        Command::Commits(command) => commits::command(command, cli.json).await?,
        Command::CommitHook(args) => commit_hook::command(&args)?,
        Command::Embeddings(command) => embeddings::command(command, cli.json).await?,
        Command::ReportingUrl(args) => analysts::reporting_url(args, cli.json).await?,
        Command::Analysts(command) => analysts::command(command, cli.json).await?,
        Command::SecurityEvents(args) => security_events::command(args, cli.json).await?,
        Command::Maintenance(command) => maintenance::command(command, cli.json).await?,
        Command::Demo(args) => {
            telemetry::start("info", None);
            let open = args.database.open().await?;
            eprintln!("Simulated agents are working on “{}” at {}; press ctrl-c to stop.", demo::WORKFLOW, args.url);
            let outcome = demo::run(&args.url, &open.db, interrupted()).await;
            open.close().await;
            outcome?;
        }
        Command::Bench(args) => bench::run(args).await?,
        Command::Worker(args) => return worker::command(args).await,
        Command::Verify(database) => return history::verify(database, cli.json).await,
        Command::History(command) => history::command(command, cli.json).await?,
        Command::Import(args) => return import::command(*args, cli.json).await,
        Command::DatabaseUrl(args) => println!("{}", args.running_url()?),
    }
    Ok(ExitCode::SUCCESS)
}

/// The exit code of a command that ran but may not have succeeded.
fn code(success: bool) -> ExitCode {
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Waits for ctrl-c or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
