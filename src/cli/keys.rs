//! `callboard key`: manages API keys of agents and services.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::database::{DatabaseArgs, OpenDatabase};
use super::output;
use crate::domain::accounts::agents::{self, Kind};
use crate::domain::accounts::keys::{self, CreatedKey, KeyCache, KeyRequest};
use crate::domain::operators;
use crate::{Error, Result};

/// Subcommands of `callboard key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create a key and print it; it cannot be shown again.
    Create(CreateArgs),
    /// List keys that are not revoked.
    List(ListArgs),
    /// Revoke a key.
    Revoke(RevokeArgs),
}

/// Flags of `callboard key create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Id of the agent or service; created if it does not exist.
    #[arg(long)]
    pub actor: String,
    /// Kind of a new actor: an agent acts for itself, a service may act for agents.
    #[arg(long, value_enum, default_value = "agent")]
    pub kind: Kind,
    /// Scopes, comma-separated: read, write, manage, approve (decide approvals), act_for (services only) or *.
    #[arg(long, value_delimiter = ',')]
    pub scopes: Option<Vec<String>>,
    /// Workflow, by id or name, to add the actor to; repeatable.
    #[arg(long = "workflow", value_name = "WORKFLOW")]
    pub workflows: Vec<String>,
    /// Days until the key expires. Defaults to no expiry.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub expires_days: Option<u32>,
    /// The key's name.
    #[arg(long, default_value = "command line")]
    pub name: String,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard key list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only keys of this actor.
    #[arg(long)]
    pub actor: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard key revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The key's id, from `callboard key list`.
    pub id: String,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard key …`.
pub async fn command(command: KeyCommand, json: bool) -> Result<()> {
    match command {
        KeyCommand::Create(args) => {
            let open = args.database.open().await?;
            let created = create(&open, &args).await;
            open.close().await;
            let created = created?;
            if json {
                return output::json(&created);
            }
            eprintln!(
                "Created a key for {} {} with the scopes {}. It cannot be shown again:",
                created.info.actor_kind,
                created.info.actor_id,
                created.info.scopes.join(", ")
            );
            println!("{}", created.key);
        }
        KeyCommand::List(args) => {
            let open = args.database.open().await?;
            let listed = operators::list_keys(&open.db, args.actor.as_deref()).await;
            open.close().await;
            let listed = listed?;
            if json {
                return output::json(&listed);
            }
            let rows = listed.into_iter().map(|key| {
                let (ends, used) = (output::time(key.expires_at), output::time(key.last_used_at));
                [key.actor_id, key.actor_kind, key.name, key.scopes.join(","), used, ends, key.id]
            });
            output::table(["ACTOR", "KIND", "NAME", "SCOPES", "LAST USED", "EXPIRES", "ID"], rows);
        }
        KeyCommand::Revoke(args) => {
            let open = args.database.open().await?;
            let revoked = async {
                let caller = operators::operator(&open.db, None).await?;
                KeyCache::default().revoke(&open.db, &caller, &args.id).await
            }
            .await;
            open.close().await;
            revoked?;
            eprintln!("Revoked the key {}.", args.id);
        }
    }
    Ok(())
}

async fn create(open: &OpenDatabase, args: &CreateArgs) -> Result<CreatedKey> {
    let caller = operators::operator(&open.db, None).await?;
    let workflows = operators::find_workflows(&open.db, &caller, &args.workflows).await?;
    let expires_at = args
        .expires_days
        .map(|days| Timestamp::now().checked_add(SignedDuration::from_hours(24 * i64::from(days))))
        .transpose()
        .map_err(|_| Error::Setup("The flag --expires-days is too large.".to_owned()))?;
    agents::provision(&open.db, &args.actor, args.kind, None).await?;
    let request = KeyRequest {
        name: args.name.clone(),
        actor_id: Some(args.actor.clone()),
        scopes: args.scopes.clone(),
        expires_at,
        workflows: Some(workflows),
    };
    keys::create(&open.db, &caller, &request).await
}
