//! `callboard reporting-url` and `callboard analysts`: connection strings for reports in SQL.

use clap::{Args, Subcommand};
use serde_json::json;

use super::database::{DatabaseArgs, OpenDatabase};
use super::output;
use crate::domain::analysts::{self, NewPassword, REPORTING_ROLE};
use crate::domain::operators;
use crate::{Error, Result};

/// Flags of `callboard reporting-url`.
#[derive(Debug, Args)]
pub struct ReportingUrlArgs {
    /// Workflow, by id or name, to which the connection is limited; repeatable. Each call sets a new password. Defaults to
    /// all workflows.
    #[arg(long = "workflow", value_name = "WORKFLOW")]
    pub workflows: Vec<String>,
    /// Set a new password; connections with the one before can no longer be opened.
    #[arg(long)]
    pub new_password: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Subcommands of `callboard analysts`.
#[derive(Debug, Subcommand)]
pub enum AnalystsCommand {
    /// Add an analyst and print a connection string; for one that is there, change workflows and password.
    Add(AddArgs),
    /// List analysts and their workflows.
    List(DatabaseArgs),
    /// Remove an analyst and end the sessions.
    Remove(RemoveArgs),
}

/// Flags of `callboard analysts add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The name: a to z, 0 to 9 and _.
    pub name: String,
    /// Workflow, by id or name, that the analyst may read; repeatable. Defaults to all workflows for a new analyst, and to those of
    /// before for one that is there.
    #[arg(long = "workflow", value_name = "WORKFLOW")]
    pub workflows: Vec<String>,
    /// Let the analyst read all workflows.
    #[arg(long, conflicts_with = "workflows")]
    pub all: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard analysts remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The name.
    pub name: String,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard reporting-url`.
pub async fn reporting_url(args: ReportingUrlArgs, json: bool) -> Result<()> {
    let open = args.database.open().await?;
    let outcome = async {
        if !args.workflows.is_empty() {
            let workflows = resolve(&open, &args.workflows).await?;
            return print(
                &open,
                analysts::add(&open.db, &analysts::name_for_workflows(&workflows), Some(&workflows)).await?,
                json,
            )
            .await;
        }
        let access = analysts::access(&open.db).await?;
        let by_socket = access.listen_addresses.is_empty();
        if args.new_password || (!by_socket && access.has_password == Some(false)) {
            return print(&open, analysts::set_reporting_password(&open.db).await?, json).await;
        }
        if !by_socket {
            eprintln!("The password is that of the last call that set one; --new-password sets another.");
        }
        line(&analysts::connection_string(&open.url, &access, REPORTING_ROLE, None)?, REPORTING_ROLE, json)
    }
    .await;
    open.close().await;
    outcome
}

/// Runs `callboard analysts …`.
pub async fn command(command: AnalystsCommand, json: bool) -> Result<()> {
    let args = match &command {
        AnalystsCommand::Add(args) => &args.database,
        AnalystsCommand::List(args) => args,
        AnalystsCommand::Remove(args) => &args.database,
    };
    let open = args.open().await?;
    let outcome = async {
        match &command {
            AnalystsCommand::Add(args) => {
                let workflows = resolve(&open, &args.workflows).await?;
                let given = (args.all || !workflows.is_empty()).then_some(&workflows[..]);
                let added = analysts::add(&open.db, &args.name, given).await?;
                if given.is_none() && added.change.is_limited {
                    eprintln!("{} still reads only the workflows of before; --all lets it read all.", args.name);
                }
                print(&open, added, json).await
            }
            AnalystsCommand::List(_) => list(&open, json).await,
            AnalystsCommand::Remove(args) => {
                let removed = analysts::remove(&open.db, &args.name).await?;
                if let Some(sql) = removed.sql {
                    return Err(by_hand(&removed.role, &sql));
                }
                if json {
                    output::json(&json!({ "removed": args.name }))?;
                } else {
                    println!("Removed {}.", args.name);
                }
                Ok(())
            }
        }
    }
    .await;
    open.close().await;
    outcome
}

async fn list(open: &OpenDatabase, json: bool) -> Result<()> {
    let found = analysts::list(&open.db).await?;
    if json {
        return output::json(&found);
    }
    output::table(
        ["NAME", "WORKFLOWS", "ADDED"],
        found.into_iter().map(|one| {
            let workflows = match one.workflows {
                None => "all".to_owned(),
                Some(some) if some.is_empty() => "none".to_owned(),
                Some(some) => some.into_iter().map(|workflow| workflow.name).collect::<Vec<_>>().join(", "),
            };
            let name = if one.exists { one.name } else { format!("{} (no role; add it again)", one.name) };
            [name, workflows, output::time(Some(one.created_at))]
        }),
    );
    Ok(())
}

/// The ids of workflows given by id or name.
async fn resolve(open: &OpenDatabase, names: &[String]) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let caller = operators::operator(&open.db, None).await?;
    operators::find_workflows(&open.db, &caller, names).await
}

/// Prints a connection string, or what an administrator has to run first.
async fn print(open: &OpenDatabase, new: NewPassword, json: bool) -> Result<()> {
    let NewPassword { change, password } = new;
    if let Some(sql) = change.sql.filter(|_| !change.created) {
        return Err(by_hand(&change.role, &sql));
    }
    let access = analysts::access(&open.db).await?;
    line(&analysts::connection_string(&open.url, &access, &change.role, Some(&password))?, &change.role, json)
}

fn line(url: &str, role: &str, json: bool) -> Result<()> {
    if json {
        return output::json(&json!({ "role": role, "url": url }));
    }
    println!("{url}");
    Ok(())
}

fn by_hand(role: &str, sql: &str) -> Error {
    Error::Setup(format!(
        "The role {role} may not be changed by this role of the database. As an administrator of the database run the statements below, then repeat this command.\n\n{sql}"
    ))
}
