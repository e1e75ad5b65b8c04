//! `callboard worker`: runs commands for the jobs of a server. It needs an address and a key, never the database.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::remote::RemoteArgs;
use crate::client::{Client, Credential};
use crate::worker::config::Config;
use crate::worker::{self, Until};
use crate::{Error, Result, telemetry};

/// The command line is wrong, or the worker's file or key.
const USAGE: u8 = 2;

/// Flags of `callboard worker`.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// The worker's file: which command runs for which stage of which type of jobs.
    // Its id is that of the program's own flag, so that it takes its place.
    #[arg(id = "config", long = "config", value_name = "FILE")]
    pub file: PathBuf,
    /// Where the server is, and the key, whose scopes are read and write.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// End after one job, or at once where none is ready.
    #[arg(long, conflicts_with_all = ["drain", "inbox"])]
    pub once: bool,
    /// End when no job is ready any more.
    #[arg(long)]
    pub drain: bool,
    /// Make jobs of the JSON files that appear in this folder, and put the results into its `done` and `failed`.
    #[arg(long, value_name = "DIR")]
    pub inbox: Option<PathBuf>,
    /// Jobs at once; otherwise what the file says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: Option<u16>,
    /// What to log, in the syntax of RUST_LOG.
    #[arg(long, env = "CALLBOARD_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

impl WorkerArgs {
    fn key(&self) -> Result<String> {
        self.remote.key()?.ok_or_else(|| {
            Error::Setup(
                "A worker needs an API key with the scopes read and write: set CALLBOARD_API_KEY or --key-file. \
                 `callboard key create --actor NAME --scopes read,write --workflow WORKFLOW` makes one."
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

/// Runs `callboard worker`.
pub async fn command(args: WorkerArgs) -> Result<ExitCode> {
    let (config, key, client) = match args.prepare() {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("{}", super::sentence(&error));
            return Ok(ExitCode::from(USAGE));
        }
    };
    telemetry::start(&args.log);
    let until = match (args.once, args.drain) {
        (true, _) => Until::Once,
        (_, true) => Until::Drained,
        _ => Until::Stopped,
    };
    let (stop, stopping) = watch::channel(false);
    let patient = heed_signals(stop)?;
    tracing::info!(name = config.name, server = client.url(), concurrency = config.concurrency, "the worker starts");
    let well = worker::run(client, config, &key, until, args.inbox.as_deref(), stopping).await.map_err(told)?;
    patient.abort();
    Ok(if well || until == Until::Stopped { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first ctrl-c or SIGTERM asks the worker to end; the second ends it. What runs ends with it either way, and
/// jobs that were not given back go to others when their leases expire.
fn heed_signals(stop: watch::Sender<bool>) -> Result<tokio::task::JoinHandle<()>> {
    let listen = |kind| signal(kind).map_err(|error| Error::Setup(format!("Signals cannot be heard: {error}.")));
    let (mut terminate, mut interrupt): (Signal, Signal) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(tokio::spawn(async move {
        let mut either = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        either().await;
        tracing::info!("the worker ends; jobs that do not end in time are given back");
        stop.send_replace(true);
        either().await;
        tracing::warn!("the worker ends at once");
        std::process::exit(130);
    }))
}

/// What a person is told when the server does not let the worker work.
fn told(error: Error) -> Error {
    match error {
        Error::Problem(problem) if problem.status == 401 => {
            Error::Setup("The server does not accept the key: it is wrong, was revoked, or has expired.".to_owned())
        }
        other => other,
    }
}
