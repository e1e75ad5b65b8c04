//! `callboard worker`: runs commands for jobs. It needs the server's address and an API key, but no database access.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::remote::RemoteArgs;
use crate::client::{Client, Credential};
use crate::worker::config::Config;
use crate::worker::{self, DropFolder, Layout, RunMode};
use crate::{Error, Result, telemetry};

/// Exit code for an invalid command line, settings file or key.
const EXIT_USAGE: u8 = 2;

/// Flags of `callboard worker`.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// The worker's settings file (TOML): the commands and agents for each job type and stage.
    // The same id as the global flag, which this flag replaces.
    #[arg(id = "config", long = "config", value_name = "FILE")]
    pub file: PathBuf,
    /// The server and the key, which needs the scopes read and write.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// Exit after one job, or at once if none is ready.
    #[arg(long, conflicts_with_all = ["drain", "inbox"])]
    pub once: bool,
    /// Exit when no more jobs are ready.
    #[arg(long)]
    pub drain: bool,
    /// Create jobs from JSON files that appear in this folder, and write results to its subfolders `done` and `failed`.
    #[arg(long, value_name = "DIR")]
    pub inbox: Option<PathBuf>,
    /// The layout of that folder; with `adw`, it is the folder that holds a workflow board's `adws` and `agents`.
    #[arg(long, requires = "inbox", default_value = "plain", value_name = "LAYOUT", value_parser = layouts())]
    pub inbox_layout: Layout,
    /// Maximum number of concurrent jobs. Defaults to the value in the settings file.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: Option<u16>,
    /// Start each agent of the settings file, agree with it on the protocol, print what it can do, and exit. Needs no server.
    #[arg(long, conflicts_with_all = ["once", "drain", "inbox"])]
    pub check: bool,
    /// Log filter, in the syntax of RUST_LOG.
    #[arg(long, env = "CALLBOARD_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

/// The names of layouts.
fn layouts() -> impl TypedValueParser<Value = Layout> {
    PossibleValuesParser::new(["plain", "adw"]).map(|name| if name == "adw" { Layout::Adw } else { Layout::Plain })
}

impl WorkerArgs {
    fn key(&self) -> Result<String> {
        self.remote.key()?.ok_or_else(|| {
            Error::Setup(
                "A worker needs an API key with the scopes read and write: set CALLBOARD_API_KEY or --key-file. \
                 `callboard key create --actor NAME --scopes read,write --workflow WORKFLOW` creates one."
                    .to_owned(),
            )
        })
    }

    fn prepare(&self) -> Result<(Config, String, Client)> {
        let mut config = Config::read(&self.file)?;
        if let Some(concurrency) = self.concurrency {
            config.concurrency = usize::from(concurrency);
        }
        let key = self.key()?;
        let client = Client::new(&self.remote.address()?, Credential::key(key.clone()))?;
        Ok((config, key, client))
    }
}

/// Runs `callboard worker --check`.
async fn check(file: &std::path::Path) -> Result<ExitCode> {
    let agents = match Config::read(file) {
        Ok(config) => config.agents(),
        Err(error) => {
            eprintln!("{}", super::sentence(&error));
            return Ok(ExitCode::from(EXIT_USAGE));
        }
    };
    if agents.is_empty() {
        println!("{} is valid; it has no agents.", file.display());
    }
    let mut failed = false;
    for (place, step) in agents {
        match worker::acp::check::agent(&step).await {
            Ok(found) => println!("{place}: {found}"),
            Err(why) => {
                failed = true;
                eprintln!("{place}: {why}");
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs `callboard worker`.
pub async fn command(args: WorkerArgs) -> Result<ExitCode> {
    if args.check {
        return check(&args.file).await;
    }
    let (config, key, client) = match args.prepare() {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("{}", super::sentence(&error));
            return Ok(ExitCode::from(EXIT_USAGE));
        }
    };
    telemetry::start(&args.log, None);
    let mode = match (args.once, args.drain) {
        (true, _) => RunMode::Once,
        (_, true) => RunMode::Drain,
        _ => RunMode::Forever,
    };
    let (stop, stopping) = watch::channel(false);
    let signals = stop_on_signals(stop)?;
    tracing::info!(name = config.name, server = client.url(), concurrency = config.concurrency, "worker started");
    let folder = args.inbox.map(|root| DropFolder { root, layout: args.inbox_layout });
    let all_succeeded = worker::run(client, config, &key, mode, folder, stopping).await.map_err(explain)?;
    signals.abort();
    Ok(if all_succeeded || mode == RunMode::Forever { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first ctrl-c or SIGTERM stops the worker gracefully, the second at once. Running commands are terminated either
/// way, and jobs that were not released become claimable when their leases expire.
fn stop_on_signals(stop: watch::Sender<bool>) -> Result<tokio::task::JoinHandle<()>> {
    let listen =
        |kind| signal(kind).map_err(|error| Error::Setup(format!("Signal handlers cannot be installed: {error}.")));
    let (mut terminate, mut interrupt): (Signal, Signal) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(tokio::spawn(async move {
        let mut next_signal = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        next_signal().await;
        tracing::info!("worker stopping; unfinished jobs will be released");
        stop.send_replace(true);
        next_signal().await;
        tracing::warn!("worker stopped at once");
        std::process::exit(130);
    }))
}

/// Replaces an authentication error by a message about the key.
fn explain(error: Error) -> Error {
    match error {
        Error::Problem(problem) if problem.status == 401 => {
            Error::Setup("The server does not accept the key: it is wrong, revoked or expired.".to_owned())
        }
        other => other,
    }
}
