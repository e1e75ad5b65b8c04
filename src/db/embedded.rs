//! The embedded Postgres: a supervised child process, so that Callboard runs with nothing installed.
//!
//! One directory holds everything: `postgres/` is the cluster, `postgres.log` its log, `callboard.lock`
//! is held with flock while a server uses it. The child listens on a Unix socket inside the cluster
//! directory, which only its owner and root can enter, so there is no port and no password.
//!
//! What holds:
//! - The cluster directory is complete or absent: initdb works beside it and renames at the end.
//! - Postgres never outlives its server: the kernel sends it SIGINT when the supervising thread dies,
//!   even by kill -9, and the next server waits for that shutdown to end.
//! - A crash is restarted, for as long as it takes (a full disk included); [`Embedded::state`] tells.
//! - Only processes proven to be this cluster's are ever signalled.
//! - Started by root, Postgres runs as another account, also when the data lies where that account
//!   could not walk to: the child inherits the directory instead of looking it up.

mod cluster;
mod data_dir;
mod owner;
mod process;
mod programs;
mod supervisor;

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use tokio::sync::{oneshot, watch};

use self::data_dir::DataDir;
use self::supervisor::Order;

/// The account and the database that every connection to the embedded Postgres uses.
pub const NAME: &str = "callboard";

/// Attempts after which a server that has never been ready is given up.
const FIRST_ATTEMPTS: u32 = 5;

/// Where the embedded Postgres comes from, where its data lives and how it differs from the default.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that `make setup` fills: `postgres-18/bin/postgres` and so on.
    pub runtime_dir: PathBuf,
    /// The folder that holds the cluster, its lock and its log. Created when absent.
    pub data_dir: PathBuf,
    /// The major version to run: 18, or 16 in tests.
    pub major: u32,
    /// Settings that replace or extend the default ones, such as `("fsync", "off")` in tests.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// The usual options: Postgres 18 with the default settings.
    pub fn new(runtime_dir: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self { runtime_dir: runtime_dir.into(), data_dir: data_dir.into(), major: 18, settings: Vec::new() }
    }
}

/// What the embedded Postgres is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has been started, or its predecessor is still ending, and takes no connections yet.
    Starting,
    /// It takes connections.
    Ready,
    /// It has ended and will be started again.
    Down {
        /// Why it ended, in its own words where there are any.
        why: String,
        /// How often it has ended since it was last ready.
        attempts: u32,
    },
    /// It was stopped on purpose and stays so.
    Stopped,
}

/// Why the embedded Postgres cannot run. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The runtime was never fetched.
    #[error(
        "The embedded Postgres is not at {0}: run `make setup`, or set DATABASE_URL to a Postgres 16 or newer with pgvector."
    )]
    NoRuntime(PathBuf),
    /// The account that Postgres runs as cannot reach the runtime.
    #[error(
        "Postgres does not run as root, and the account {account} cannot reach {path} ({why}): set CALLBOARD_RUNTIME_DIR to a folder every user may enter."
    )]
    HiddenRuntime {
        /// The account Postgres would run as.
        account: String,
        /// The folder it cannot reach.
        path: PathBuf,
        /// Why no reachable copy could be made.
        why: String,
    },
    /// Another server holds the data directory.
    #[error(
        "The data directory {path} is in use by another Callboard server{pid}: stop that one, or set CALLBOARD_DATA_DIR to another folder."
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// The other server's process, as ` (process 123)`, where it is known.
        pid: String,
    },
    /// The data directory was made by another major version of Postgres.
    #[error(
        "The data directory {path} was made by Postgres {found}, and this Callboard runs Postgres {wanted}: set CALLBOARD_DATA_DIR to another folder, or bring the data over with pg_dump and psql."
    )]
    OtherVersion {
        /// The cluster directory.
        path: PathBuf,
        /// The version that made it.
        found: String,
        /// The version that would run.
        wanted: u32,
    },
    /// The data directory holds something else.
    #[error("{0} holds something that is not a Callboard database: set CALLBOARD_DATA_DIR to an empty folder.")]
    Foreign(PathBuf),
    /// The cluster belongs to an account this process cannot become.
    #[error("{path} belongs to {owner}: {remedy}, or set CALLBOARD_DATA_DIR to another folder.")]
    OtherOwner {
        /// The cluster directory.
        path: PathBuf,
        /// Who owns it.
        owner: String,
        /// What to do about it.
        remedy: String,
    },
    /// No account to run Postgres as.
    #[error("{0}")]
    NoAccount(String),
    /// The data directory cannot be used.
    #[error(
        "The data directory {path} cannot be used ({why}): make it writable with some space free, or set CALLBOARD_DATA_DIR to another folder."
    )]
    Unusable {
        /// The data directory.
        path: PathBuf,
        /// The operating system's reason.
        why: String,
    },
    /// A new cluster could not be made.
    #[error(
        "A new database could not be made in {path} ({why}): make room there, or set CALLBOARD_DATA_DIR to another folder."
    )]
    Init {
        /// The data directory.
        path: PathBuf,
        /// The last words of initdb.
        why: String,
    },
    /// Postgres ended again and again before it was ever ready.
    #[error("The embedded Postgres does not start ({why}): its log is {log}.")]
    Postgres {
        /// The last words of Postgres.
        why: String,
        /// The log to read.
        log: PathBuf,
    },
    /// Nothing is running on the data directory.
    #[error(
        "No Callboard server is running on the data directory {path} ({why}): start one with `callboard serve`, or set CALLBOARD_DATA_DIR to the folder of the one that runs."
    )]
    NotRunning {
        /// The data directory.
        path: PathBuf,
        /// What was found there instead.
        why: String,
    },
}

/// A running embedded Postgres. Dropping it asks Postgres to stop; [`Embedded::stop`] also waits.
#[derive(Debug)]
pub struct Embedded {
    url: String,
    log: PathBuf,
    orders: mpsc::Sender<Order>,
    state: watch::Receiver<State>,
}

impl Embedded {
    /// Starts Postgres on the data directory, making a new cluster there if there is none, and returns
    /// once it takes connections.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let embedded = Self::launch(options).await?;
        embedded.ready().await?;
        Ok(embedded)
    }

    /// Like [`Embedded::start`], but returns when the cluster exists and Postgres is being started:
    /// recovery after a crash can take a while, and a server may want to say so meanwhile.
    pub async fn launch(options: Options) -> Result<Self, StartError> {
        let (orders, received) = mpsc::channel();
        let (state_tx, state) = watch::channel(State::Starting);
        let (opened_tx, opened) = oneshot::channel();
        let data_dir = options.data_dir.clone();
        let echo = orders.clone();
        // One thread of its own for the whole life: the kernel's "parent died" signal follows the
        // thread that forked, and threads of an async runtime come and go.
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
            Ok(_) => opened.await.map_err(|_| "its supervisor ended".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let (url, log) = opened.map_err(|why| StartError::Unusable { path: data_dir, why })??;
        Ok(Self { url, log, orders, state })
    }

    /// Waits until Postgres takes connections; fails when it keeps ending without ever being ready.
    pub async fn ready(&self) -> Result<(), StartError> {
        let mut state = self.state.clone();
        let settled = state
            .wait_for(|state| match state {
                State::Ready | State::Stopped => true,
                State::Down { attempts, .. } => *attempts >= FIRST_ATTEMPTS,
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

    /// The connection string, for tokio-postgres and psql alike. Valid across restarts.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What Postgres is doing, now and from now on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Asks Postgres to stop and does not wait.
    pub fn begin_stop(&self) {
        let _ = self.orders.send(Order::Stop);
    }

    /// Stops Postgres and waits until it has ended: gently first, with force after some time.
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

/// The connection string of the Postgres that another process runs on this data directory.
pub fn database_url(data_dir: &Path) -> Result<String, StartError> {
    data_dir::running_url(data_dir)
}
