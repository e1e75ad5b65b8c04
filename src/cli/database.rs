//! How commands reach the database: DATABASE_URL, the Postgres of a running server, or one started for
//! the time of the command.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::db::embedded::{self, Embedded, Options, StartError};
use crate::db::{Db, migrate, pool};
use crate::{Error, Result};

/// Connections of a command; most need one.
const CONNECTIONS: usize = 4;

/// A command may work longer than a request: an import is one statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(3600);

/// Where the database is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// Where the embedded Postgres keeps its data.
    #[arg(long, env = "CALLBOARD_DATA_DIR", default_value = ".data")]
    pub data_dir: PathBuf,
    /// Where the fetched runtime (Postgres) is unpacked.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// An external Postgres 16 or newer with pgvector; unset: the embedded one.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A direct address of the same Postgres, where DATABASE_URL goes through a pooler.
    #[arg(long, env = "DATABASE_LISTEN_URL", hide_env_values = true)]
    pub database_listen_url: Option<String>,
}

/// A database that is open for one command.
#[derive(Debug)]
pub struct Open {
    /// The pool.
    pub db: Db,
    /// Its connection string.
    pub url: String,
    /// Postgres, where the command itself runs it.
    embedded: Option<Embedded>,
}

impl Open {
    /// Ends what the command has started.
    pub async fn close(self) {
        drop(self.db);
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

impl DatabaseArgs {
    /// DATABASE_URL; an empty one, as compose files pass it on, counts as none.
    fn external(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.trim().is_empty())
    }

    /// The connection string of a database that runs already.
    pub fn running_url(&self) -> Result<String> {
        match self.external() {
            Some(url) => Ok(url.to_owned()),
            None => embedded::database_url(&self.data_dir).map_err(setup),
        }
    }

    /// Connects, and brings the database to this version's schema. The embedded Postgres is started
    /// where no server runs it.
    pub async fn open(&self) -> Result<Open> {
        let (url, embedded, _) = self.prepare().await?;
        let db = Db::new(pool::pool(&url, CONNECTIONS, STATEMENT_TIMEOUT)?);
        Ok(Open { db, url, embedded })
    }

    async fn prepare(&self) -> Result<(String, Option<Embedded>, migrate::Outcome)> {
        let (url, embedded) = match self.external() {
            Some(url) => {
                pool::check_server(url).await?;
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
        // Past a pooler: migrations hold a lock of their session.
        let direct = self.database_listen_url.as_deref().filter(|_| embedded.is_none() && self.external().is_some());
        let outcome = migrate::run(direct.filter(|url| !url.trim().is_empty()).unwrap_or(&url)).await?;
        Ok((url, embedded, outcome))
    }
}

fn setup(error: StartError) -> Error {
    Error::Setup(error.to_string())
}

/// `callboard migrate`
pub async fn migrate(args: &DatabaseArgs, json: bool) -> Result<()> {
    let (_, embedded, outcome) = args.prepare().await?;
    if json {
        println!("{}", json!({ "applied": outcome.applied, "rebuilt": outcome.rebuilt }));
    } else if outcome.applied.is_empty() && !outcome.rebuilt {
        println!("The database is at this version's schema already.");
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
