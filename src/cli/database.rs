//! Database access of operator commands: DATABASE_URL, the embedded Postgres of a running server, or an embedded
//! Postgres that is started for the duration of the command.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::db::embedded::{self, Embedded, Options, StartError};
use crate::db::{Db, migrate, pool, pooler, restored};
use crate::{Error, Result};

/// Pool size of a command.
const POOL_SIZE: usize = 4;

/// Longer than for requests, because an import is one statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(3600);

/// The database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// Data directory of the embedded Postgres.
    #[arg(long, env = "CALLBOARD_DATA_DIR", default_value = DATA_DIR)]
    pub data_dir: PathBuf,
    /// Folder of the runtime (Postgres), as `make setup` unpacks it.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// Connection string of an external Postgres 16 or newer with pgvector. Defaults to the embedded one.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Direct connection string of the same Postgres, if DATABASE_URL uses a connection pooler.
    #[arg(long, env = "DATABASE_LISTEN_URL", hide_env_values = true)]
    pub database_listen_url: Option<String>,
}

/// A database opened for one command.
#[derive(Debug)]
pub struct OpenDatabase {
    /// The connection pool.
    pub db: Db,
    /// The connection string.
    pub url: String,
    /// The embedded Postgres, if the command started it.
    embedded: Option<Embedded>,
}

impl OpenDatabase {
    /// Closes the pool, and stops the embedded Postgres if the command started it.
    pub async fn close(self) {
        drop(self.db);
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// The default data directory.
const DATA_DIR: &str = ".data";

impl DatabaseArgs {
    /// Whether a flag, the environment or the settings file names a database.
    pub fn is_chosen(&self) -> bool {
        let data_dir = std::env::var_os("CALLBOARD_DATA_DIR").is_some_and(|folder| !folder.is_empty());
        self.external().is_some() || data_dir || self.data_dir.as_os_str() != DATA_DIR
    }

    /// DATABASE_URL; an empty value, as set by compose files, counts as unset.
    fn external(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.trim().is_empty())
    }

    /// DATABASE_LISTEN_URL, which bypasses a pooler.
    fn direct(&self) -> Option<&str> {
        self.database_listen_url.as_deref().filter(|url| !url.trim().is_empty())
    }

    /// The connection string of a running database.
    pub fn running_url(&self) -> Result<String> {
        match self.external() {
            Some(url) => Ok(url.to_owned()),
            None => embedded::database_url(&self.data_dir).map_err(setup),
        }
    }

    /// Connects and applies migrations. Starts the embedded Postgres if no server is running it.
    pub async fn open(&self) -> Result<OpenDatabase> {
        let (url, embedded, _) = self.prepare().await?;
        let db = match self.external() {
            Some(url) => Db::open(url, self.direct().unwrap_or(url), POOL_SIZE, STATEMENT_TIMEOUT).await?,
            None => Db::new(pool::pool(&url, POOL_SIZE, STATEMENT_TIMEOUT)?),
        };
        Ok(OpenDatabase { db, url, embedded })
    }

    /// The connection string of the embedded Postgres, which is started if no server runs it. Nothing is migrated, so that
    /// the database can be backed up before an upgrade.
    pub async fn embedded(&self, task: &str) -> Result<(String, Options, Option<Embedded>)> {
        if self.external().is_some() {
            return Err(Error::Setup(format!(
                "{task} works on the embedded Postgres only, and DATABASE_URL names another: use the backups of its provider, pgBackRest or pg_basebackup, or pg_dump and pg_restore as docs/backup.md shows."
            )));
        }
        let options = Options::new(&self.runtime_dir, &self.data_dir);
        match embedded::database_url(&self.data_dir) {
            Ok(url) => Ok((url, options, None)),
            Err(StartError::NotRunning { .. }) if self.data_dir.join("postgres/PG_VERSION").exists() => {
                let started = Embedded::start(options.clone()).await.map_err(setup)?;
                Ok((started.url().to_owned(), options, Some(started)))
            }
            Err(error) => Err(setup(error)),
        }
    }

    async fn prepare(&self) -> Result<(String, Option<Embedded>, migrate::Outcome)> {
        let (url, embedded) = match self.external() {
            Some(url) => {
                pool::check_server(url).await?;
                pooler::check_listen(self.direct().unwrap_or(url)).await?;
                (url.to_owned(), None)
            }
            None => match embedded::database_url(&self.data_dir) {
                Ok(url) => (url, None),
                Err(StartError::NotRunning { .. }) => {
                    let started =
                        Embedded::start(Options::new(&self.runtime_dir, &self.data_dir)).await.map_err(setup)?;
                    (started.url().to_owned(), Some(started))
                }
                Err(error) => return Err(setup(error)),
            },
        };
        // Migrations hold a session lock, so they bypass a pooler.
        let direct = self.direct().filter(|_| self.external().is_some());
        let outcome = migrate::run(direct.unwrap_or(&url)).await?;
        if embedded.is_some() && restored::record_start(&url, &self.data_dir).await? {
            eprintln!("The data directory is a copy; a new epoch starts, so that clients load it afresh.");
        }
        Ok((url, embedded, outcome))
    }
}

fn setup(error: StartError) -> Error {
    Error::Setup(error.to_string())
}

/// Runs `callboard migrate`.
pub async fn migrate(args: &DatabaseArgs, json: bool) -> Result<()> {
    let (_, embedded, outcome) = args.prepare().await?;
    if json {
        println!("{}", json!({ "applied": outcome.applied, "rebuilt": outcome.rebuilt }));
    } else if outcome.applied.is_empty() && !outcome.rebuilt {
        println!("The database schema is up to date.");
    } else {
        for name in &outcome.applied {
            println!("Applied {name}.");
        }
        if outcome.rebuilt {
            println!("Rebuilt the schemas logic and reporting.");
        }
    }
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    Ok(())
}
