//! `callboard key`: manages API keys of agents and services.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::output;
use super::target::{Target, TargetArgs};
use crate::domain::accounts::agents::{self, Kind};
use crate::domain::accounts::keys::{self, ApiKey, CreatedKey, KeyCache, KeyRequest};
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
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Flags of `callboard key list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only keys of this actor. At a server the default is your own and those of your agents.
    #[arg(long)]
    pub actor: Option<String>,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Flags of `callboard key revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The key's id, from `callboard key list`.
    pub id: String,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Runs `callboard key …`.
pub async fn command(command: KeyCommand, json: bool) -> Result<()> {
    let args = match &command {
        KeyCommand::Create(args) => &args.target,
        KeyCommand::List(args) => &args.target,
        KeyCommand::Revoke(args) => &args.target,
    };
    let target = args.open(None).await?;
    let outcome = run(&target, &command, json).await;
    target.close().await;
    outcome
}

async fn run(target: &Target, command: &KeyCommand, json: bool) -> Result<()> {
    match command {
        KeyCommand::Create(args) => {
            let created = create(target, args).await?;
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
            let listed: Vec<ApiKey> = match target {
                Target::Server(client) => read(client.keys(args.actor.as_deref()).await?["keys"].take())?,
                Target::Database(open, _) => operators::list_keys(&open.db, args.actor.as_deref()).await?,
            };
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
            match target {
                Target::Server(client) => client.revoke_key(&args.id).await?,
                Target::Database(open, caller) => KeyCache::default().revoke(&open.db, caller, &args.id).await?,
            }
            eprintln!("Revoked the key {}.", args.id);
        }
    }
    Ok(())
}

async fn create(target: &Target, args: &CreateArgs) -> Result<CreatedKey> {
    let mut workflows = Vec::with_capacity(args.workflows.len());
    for name in &args.workflows {
        workflows.push(target.find_workflow(name).await?);
    }
    let expires_at = args
        .expires_days
        .map(|days| Timestamp::now().checked_add(SignedDuration::from_hours(24 * i64::from(days))))
        .transpose()
        .map_err(|_| Error::Setup("The flag --expires-days is too large.".to_owned()))?;
    let request = KeyRequest {
        name: args.name.clone(),
        actor_id: Some(args.actor.clone()),
        scopes: args.scopes.clone(),
        expires_at,
        workflows: Some(workflows),
    };
    match target {
        Target::Server(client) => {
            // An id that is taken may be one's own agent; the request for the key decides. A new agent has another id than
            // asked for if a stranger's has that one.
            let actor_id = match client.create_agent(&json!({"id": args.actor, "kind": args.kind})).await {
                Ok(created) => created["id"].as_str().map(str::to_owned),
                Err(error) if error.code() == Some("conflict") => request.actor_id.clone(),
                Err(error) => return Err(error.into()),
            };
            read(client.create_key(&json!(KeyRequest { actor_id, ..request })).await?)
        }
        Target::Database(open, caller) => {
            agents::provision(&open.db, &args.actor, args.kind, None).await?;
            keys::create(&open.db, caller, &request).await
        }
    }
}

/// A server's answer as a type of the accounts.
fn read<T: DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer)
        .map_err(|error| Error::Setup(format!("The server's response cannot be parsed: {error}.")))
}
