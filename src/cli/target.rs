//! Where a command of administration runs: at a server, through the client and with the rights of the signed-in actor, or
//! in the database, with all rights.

use clap::Args;

use super::database::{DatabaseArgs, OpenDatabase};
use super::remote::RemoteArgs;
use crate::client::Client;
use crate::domain::accounts::Caller;
use crate::domain::operators;
use crate::{Error, Result};

/// The server or the database.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Open the database instead of calling a server. Default if a database is named by a flag, DATABASE_URL,
    /// CALLBOARD_DATA_DIR or the settings file, or if nobody is signed in.
    #[arg(long, conflicts_with_all = ["url", "key_file"])]
    pub local: bool,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Where a command runs.
#[derive(Debug)]
pub enum Target {
    /// At a server.
    Server(Client),
    /// In the database, as an actor.
    Database(Box<OpenDatabase>, Caller),
}

impl TargetArgs {
    /// Whether the command calls a server. Flags of this command come first, then the environment of an operator, then a
    /// sign-in.
    fn is_remote(&self) -> Result<bool> {
        if self.local || self.remote.is_chosen_by_flag() {
            return Ok(!self.local);
        }
        Ok(!self.database.is_chosen() && self.remote.is_configured()?)
    }

    /// Connects to the server, or opens the database to act as `actor` (by default the first administrator) in it.
    pub async fn open(&self, actor: Option<&str>) -> Result<Target> {
        if self.is_remote()? {
            return Ok(Target::Server(self.remote.connect()?));
        }
        let open = self.database.open().await?;
        match operators::operator(&open.db, actor).await {
            Ok(caller) => Ok(Target::Database(Box::new(open), caller)),
            Err(error) => {
                open.close().await;
                Err(error)
            }
        }
    }

    /// Opens the database for a command that servers do not offer.
    pub async fn open_database(&self, what: &str) -> Result<OpenDatabase> {
        if self.is_remote()? {
            return Err(Error::Setup(format!(
                "{what} only beside the server: run this there, with --local and CALLBOARD_DATA_DIR or DATABASE_URL."
            )));
        }
        self.database.open().await
    }
}

impl Target {
    /// Closes the database, if one is open.
    pub async fn close(self) {
        if let Self::Database(open, _) = self {
            open.close().await;
        }
    }

    /// The id of a workflow given by id or name.
    pub async fn find_workflow(&self, name: &str) -> Result<String> {
        match self {
            Self::Server(client) => Ok(client.find_workflow(name).await?.id),
            Self::Database(open, caller) => operators::find_workflow(&open.db, caller, name).await,
        }
    }
}
