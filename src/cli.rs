//! The command line: a door like HTTP. Commands for daily work speak to a server through the typed client, as
//! whoever signed in or holds the key; commands of operators open the database and call the nouns. Either way
//! they translate flags and print answers. A refusal is one sentence on stderr (with `--json` the problem as the
//! server states it) and exit code 1; wrong flags are exit code 2.

mod approvals;
mod commits;
mod credentials;
mod database;
mod embeddings;
mod export;
mod import;
mod jobs;
mod keys;
mod login;
mod maintenance;
mod output;
mod people;
mod remote;
mod settings;
mod tickets;
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

/// A live work board for teams of AI agents and the people who watch over them.
#[derive(Debug, Parser)]
#[command(name = "callboard", version, arg_required_else_help = true)]
pub struct Cli {
    /// A TOML file of settings: the keys are the names of the flags of `serve`, with underscores.
    /// The environment wins over the file, and flags win over both.
    #[arg(long, env = "CALLBOARD_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    Serve(ServeArgs),
    /// Sign in to a server; the commands that follow work in your name.
    Login(login::LoginArgs),
    /// End the sign-in.
    Logout(RemoteArgs),
    /// Say whom the server takes you for.
    Whoami(RemoteArgs),
    /// Work on tickets.
    Ticket(tickets::TicketArgs),
    /// Ask for work and see how it goes.
    Job(jobs::JobArgs),
    /// Ask people, and decide what others ask.
    Approval(approvals::ApprovalArgs),
    /// Print the board.
    Board(watch::BoardArgs),
    /// Print what happens, live.
    Watch(watch::WatchArgs),
    /// Bring the database to this version's schema; `serve` does it too.
    Migrate(DatabaseArgs),
    /// Print the connection string of the database, usable by psql while the server runs.
    DatabaseUrl(DatabaseArgs),
    /// Make tickets of what another tracker exported.
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Write a workflow's tickets as JSON, CSV or Markdown.
    Export(export::ExportArgs),
    /// Accounts of people.
    #[command(subcommand)]
    User(people::UserCommand),
    /// API keys of agents and services.
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Workflows and their members.
    #[command(subcommand)]
    Workflow(workflows::WorkflowCommand),
    /// Tell the server of commits.
    #[command(subcommand)]
    Commits(commits::CommitsCommand),
    /// Print a git hook that tells the server of each new commit, so that tickets named in messages get them.
    CommitHook(commits::HookArgs),
    /// The vectors for search by meaning.
    #[command(subcommand)]
    Embeddings(embeddings::EmbeddingsCommand),
    /// Look after the database.
    #[command(subcommand)]
    Maintenance(maintenance::MaintenanceCommand),
    /// Run commands for the jobs of a server, until stopped.
    Worker(worker::WorkerArgs),
    /// Let simulated agents work on a demo workflow of a running server, until stopped.
    Demo(DemoArgs),
    /// Measure the server beside bare Postgres; prints ratios.
    Bench(bench::BenchArgs),
    /// Check that every stream holds each of its numbers once.
    Verify(DatabaseArgs),
    /// Print a script that completes commands and flags, e.g. `source <(callboard completions bash)`.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// Flags of `callboard serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Settings of the server.
    #[command(flatten)]
    pub config: Box<Config>,
    /// Make a demo workflow and let simulated agents work on it.
    #[arg(long, env = "CALLBOARD_DEMO", default_value_t = false, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub demo: bool,
}

/// Flags of `callboard demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The server's address.
    #[arg(long, env = "CALLBOARD_DEMO_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// The server's database, where the agents' keys are made.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Parses the command line, runs the command, and tells what went wrong in one sentence.
pub fn main() -> ExitCode {
    let parsed = settings::apply(std::env::args_os()).map(|command| {
        let matches = command.get_matches();
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    });
    let json = parsed.as_ref().is_ok_and(|cli| cli.json);
    let outcome = parsed.and_then(|cli| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Setup(format!("The threads of the program cannot be started: {error}.")))?;
        let outcome = runtime.block_on(run(cli));
        // A blocking task (reading a terminal, hashing) must not keep a finished command alive.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            match &error {
                Error::Problem(problem) if json => eprintln!("{}", output::problem(problem)),
                error => eprintln!("{}", sentence(error)),
            }
            ExitCode::FAILURE
        }
    }
}

/// What a person is told about an error.
fn sentence(error: &Error) -> String {
    match error {
        Error::Problem(problem) => problem.detail.clone(),
        Error::Setup(text) => text.clone(),
        Error::Database(_) => {
            let problem = error.as_problem();
            if problem.status == 500 { format!("{error}.") } else { problem.detail }
        }
        Error::Unavailable(why) => format!("The database cannot be reached: {why}."),
        Error::Internal(why) => format!("A defect of Callboard: {why}."),
    }
}

async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(*args.config, args.demo).await?,
        Command::Login(args) => login::login(args, cli.json).await?,
        Command::Logout(remote) => login::logout(remote).await?,
        Command::Whoami(remote) => login::whoami(remote, cli.json).await?,
        Command::Ticket(args) => tickets::command(args, cli.json).await?,
        Command::Job(args) => return Ok(code(jobs::command(args, cli.json).await?)),
        Command::Approval(args) => return Ok(code(approvals::command(args, cli.json).await?)),
        Command::Board(args) => watch::board(args, cli.json).await?,
        Command::Watch(args) => watch::watch(args, cli.json).await?,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "callboard", &mut std::io::stdout());
        }
        Command::Migrate(args) => database::migrate(&args, cli.json).await?,
        Command::Export(args) => export::command(args).await?,
        Command::User(command) => people::command(command, cli.json).await?,
        Command::Key(command) => keys::command(command, cli.json).await?,
        Command::Workflow(command) => workflows::command(command, cli.json).await?,
        Command::Commits(command) => commits::command(command, cli.json).await?,
        Command::CommitHook(args) => commits::hook(&args)?,
        Command::Embeddings(command) => embeddings::command(command, cli.json).await?,
        Command::Maintenance(command) => maintenance::command(command, cli.json).await?,
        Command::Demo(args) => {
            telemetry::start("info");
            let open = args.database.open().await?;
            eprintln!("Simulated agents work on “{}” at {}; ctrl-c ends it.", demo::WORKFLOW, args.url);
            let outcome = demo::run(&args.url, &open.db, interrupted()).await;
            open.close().await;
            outcome?;
        }
        Command::Bench(args) => bench::run(args).await?,
        Command::Worker(args) => return worker::command(args).await,
        Command::Verify(database) => return maintenance::verify(&database, cli.json).await,
        Command::Import(command) => return import::command(command, cli.json).await,
        Command::DatabaseUrl(args) => println!("{}", args.running_url()?),
    }
    Ok(ExitCode::SUCCESS)
}

/// The exit code of a command that ran, but may not have ended as was hoped for.
fn code(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
