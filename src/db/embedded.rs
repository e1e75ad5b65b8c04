//! The embedded Postgres: a supervised child process, so that Callboard runs with nothing installed.
//!
//! The data directory contains `postgres/`, the cluster; `postgres.log`, its log; and `callboard.lock`, which a server
//! locks with flock while it uses the directory. The child listens on a Unix socket in the cluster directory, which only
//! its owner and root can enter, so there is neither a port nor a password. It may also listen on a port, where only
//! the roles of analysts are accepted, with a password.
//!
//! Invariants:
//! - The cluster directory is complete or absent: initdb works in a temporary directory, which is renamed at the end.
//! - Postgres does not outlive its server: the kernel sends it SIGINT when the supervising thread dies, even by kill -9,
//!   and the next server waits for that shutdown.
//! - After a crash Postgres is restarted until it runs again, even if that takes long (e.g. with a full disk);
//!   [`Embedded::state`] shows it.
//! - Only processes that provably belong to this cluster are signalled.
//! - If the server runs as root, Postgres runs as another account, also when that account cannot reach the data
//!   directory: the child inherits its working directory.

mod cluster;
mod data_dir;
mod owner;
mod process;
mod programs;
pub mod staging;
mod supervisor;
pub mod tools;
pub mod upgrade;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use tokio::sync::{oneshot, watch};

use self::data_dir::DataDir;
use self::supervisor::Command;

/// The user and the database of every connection to the embedded Postgres.
pub const NAME: &str = "callboard";

/// Failed attempts after which the first start is given up.
const MAX_FIRST_ATTEMPTS: u32 = 5;

/// The programs, the data directory and the settings of the embedded Postgres.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that `make setup` fills, with `postgres-18/bin/postgres`.
    pub runtime_dir: PathBuf,
    /// The folder of the cluster, its lock and its log. Created if absent.
    pub data_dir: PathBuf,
    /// The major version to run: 18, or 16 in tests.
    pub major: u32,
    /// Address and port on which analysts are accepted too, with a password. Defaults to none.
    pub listen: Option<SocketAddr>,
    /// Settings that replace or extend the default ones, such as `("fsync", "off")` in tests.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// The usual options: Postgres 18 with the default settings.
    pub fn new(runtime_dir: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            runtime_dir: runtime_dir.into(),
            data_dir: data_dir.into(),
            major: 18,
            listen: None,
            settings: Vec::new(),
        }
    }
}

/// The state of the embedded Postgres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is starting, or its predecessor is still shutting down; it does not accept connections yet.
    Starting,
    /// It accepts connections.
    Ready,
    /// It has exited and will be restarted.
    Down {
        /// Why it exited: the last fatal line of its log, else its exit status.
        why: String,
        /// The number of exits since it was last ready.
        attempts: u32,
    },
    /// It was stopped by request.
    Stopped,
}

/// Why the embedded Postgres cannot run. Each message states what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The runtime was not downloaded.
    #[error(
        "The embedded Postgres is not at {0}: run `make setup`, or set DATABASE_URL to a Postgres 16 or newer with pgvector."
    )]
    NoRuntime(PathBuf),
    /// The account of Postgres cannot reach the runtime.
    #[error(
        "Postgres does not run as root, and the account {account} cannot reach {path} ({why}): set CALLBOARD_RUNTIME_DIR to a folder every user may enter."
    )]
    HiddenRuntime {
        /// The account of Postgres.
        account: String,
        /// The folder that it cannot reach.
        path: PathBuf,
        /// Why no reachable copy could be created.
        why: String,
    },
    /// Another server uses the data directory.
    #[error(
        "The data directory {path} is in use by another Callboard server{pid}: stop that one, or set CALLBOARD_DATA_DIR to another folder."
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// The process of the other server as ` (process 123)`, if known.
        pid: String,
    },
    /// The data directory belongs to another major version of Postgres.
    #[error(
        "The data directory {path} was created by Postgres {found}, but this Callboard runs Postgres {wanted}: run `callboard maintenance upgrade-postgres`, or set CALLBOARD_DATA_DIR to another folder."
    )]
    OtherVersion {
        /// The cluster directory.
        path: PathBuf,
        /// The version that created it.
        found: String,
        /// The version of this server.
        wanted: u32,
    },
    /// The data directory contains something else.
    #[error("{0} contains something that is not a Callboard database: set CALLBOARD_DATA_DIR to an empty folder.")]
    Foreign(PathBuf),
    /// pg_upgrade failed.
    #[error(
        "The database in {path} could not be upgraded ({why}): nothing was changed, and the old version still runs it."
    )]
    Upgrade {
        /// The data directory.
        path: PathBuf,
        /// The error message of pg_upgrade.
        why: String,
    },
    /// The data directory of a restore holds a database.
    #[error(
        "The data directory {0} already contains a database, which a restore never replaces: choose another folder with --data-dir, or move this one away first."
    )]
    Used(PathBuf),
    /// A restore into the data directory did not finish.
    #[error(
        "A restore into {0} was interrupted, and the database is not whole: run `callboard restore` again, which starts over, or remove the folder restore.unfinished to start with an empty database."
    )]
    Unfinished(PathBuf),
    /// The cluster belongs to an account to which this process cannot switch.
    #[error("{path} belongs to {owner}: {remedy}, or set CALLBOARD_DATA_DIR to another folder.")]
    OtherOwner {
        /// The cluster directory.
        path: PathBuf,
        /// Its owner.
        owner: String,
        /// What to do about it.
        remedy: String,
    },
    /// There is no account for Postgres.
    #[error("{0}")]
    NoAccount(String),
    /// The data directory cannot be used.
    #[error(
        "The data directory {path} cannot be used ({why}): make it writable and free some space, or set CALLBOARD_DATA_DIR to another folder."
    )]
    Unusable {
        /// The data directory.
        path: PathBuf,
        /// The error of the operating system.
        why: String,
    },
    /// A new cluster could not be created.
    #[error(
        "A new database could not be created in {path} ({why}): free some space there, or set CALLBOARD_DATA_DIR to another folder."
    )]
    Init {
        /// The data directory.
        path: PathBuf,
        /// The error message of initdb.
        why: String,
    },
    /// Postgres repeatedly exited before it was ready.
    #[error("The embedded Postgres does not start ({why}): read its log {log}.")]
    Postgres {
        /// The last fatal line of its log.
        why: String,
        /// The log to read.
        log: PathBuf,
    },
    /// No server runs on the data directory.
    #[error(
        "No Callboard server is running on the data directory {path} ({why}): start one with `callboard serve`, or set CALLBOARD_DATA_DIR to the folder of a running one."
    )]
    NotRunning {
        /// The data directory.
        path: PathBuf,
        /// What was found instead.
        why: String,
    },
}

/// A running embedded Postgres. Dropping it requests the stop; [`Embedded::stop`] also waits for it.
#[derive(Debug)]
pub struct Embedded {
    url: String,
    log: PathBuf,
    commands: mpsc::Sender<Command>,
    state: watch::Receiver<State>,
}

impl Embedded {
    /// Starts Postgres on the data directory, with a new cluster if there is none, and returns when it accepts
    /// connections.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let embedded = Self::launch(options).await?;
        embedded.ready().await?;
        Ok(embedded)
    }

    /// Like [`Embedded::start`], but returns when the cluster exists and Postgres is starting: recovery after a crash can
    /// take a while, during which a server can report its state.
    pub async fn launch(options: Options) -> Result<Self, StartError> {
        let (commands, received) = mpsc::channel();
        let (state_tx, state) = watch::channel(State::Starting);
        let (opened_tx, opened) = oneshot::channel();
        let data_dir = options.data_dir.clone();
        let echo = commands.clone();
        // A dedicated thread: the kernel's parent-death signal is bound to the thread that forked, and threads of an
        // async runtime are not permanent.
        let spawned = std::thread::Builder::new().name("postgres".into()).spawn(move || {
            let opened = DataDir::open(&options).and_then(|dir| cluster::ensure(&dir).map(|()| dir));
            match opened {
                Ok(dir) => {
                    if opened_tx.send(Ok((dir.url(), dir.log()))).is_ok() {
                        supervisor::run(&dir, &received, &echo, &state_tx);
                    }
                    drop(dir);
                }
                Err(error) => drop(opened_tx.send(Err(error))),
            }
            state_tx.send_replace(State::Stopped);
        });
        let opened = match spawned {
            Ok(_) => opened.await.map_err(|_| "its supervisor has ended".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let (url, log) = opened.map_err(|why| StartError::Unusable { path: data_dir, why })??;
        Ok(Self { url, log, commands, state })
    }

    /// Waits until Postgres accepts connections; fails when it repeatedly exits before that.
    pub async fn ready(&self) -> Result<(), StartError> {
        let mut state = self.state.clone();
        let settled = state
            .wait_for(|state| match state {
                State::Ready | State::Stopped => true,
                State::Down { attempts, .. } => *attempts >= MAX_FIRST_ATTEMPTS,
                State::Starting => false,
            })
            .await
            .map(|state| state.clone());
        let why = match settled {
            Ok(State::Ready) => return Ok(()),
            Ok(State::Down { why, .. }) => why,
            Ok(_) | Err(_) => "it was stopped".into(),
        };
        Err(StartError::Postgres { why, log: self.log.clone() })
    }

    /// The connection string, for tokio-postgres and psql. Valid across restarts.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The state of Postgres and its changes.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Requests the stop of Postgres without waiting.
    pub fn begin_stop(&self) {
        let _ = self.commands.send(Command::Stop);
    }

    /// Stops Postgres and waits until it has exited; after a timeout it is killed.
    pub async fn stop(&self) {
        self.begin_stop();
        let _ = self.state.clone().wait_for(|state| *state == State::Stopped).await;
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.begin_stop();
    }
}

/// The connection string of a Postgres that another process runs on this data directory.
pub fn database_url(data_dir: &Path) -> Result<String, StartError> {
    data_dir::running_url(data_dir)
}
