//! `callboard maintenance` and `callboard verify`: maintains and checks the database.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::DatabaseArgs;
use super::output;
use crate::Result;
use crate::db::maintenance;
use crate::domain::operators;

/// Subcommands of `callboard maintenance`.
#[derive(Debug, Subcommand)]
pub enum MaintenanceCommand {
    /// Start a new epoch after the database was restored from a backup: clients reload snapshots instead of resuming
    /// from their old cursors.
    Restored(DatabaseArgs),
    /// Remove history older than a number of months.
    Prune(PruneArgs),
    /// Create the partitions of the coming months and remove expired data; a server does this every hour.
    Partitions(DatabaseArgs),
}

/// Flags of `callboard maintenance prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Full months of history to keep besides the current one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub months: u32,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard maintenance …`.
pub async fn command(command: MaintenanceCommand, json: bool) -> Result<()> {
    let (database, months) = match &command {
        MaintenanceCommand::Restored(database) | MaintenanceCommand::Partitions(database) => (database, 0),
        MaintenanceCommand::Prune(args) => (&args.database, args.months),
    };
    let open = database.open().await?;
    let outcome = async {
        if let MaintenanceCommand::Restored(_) = command {
            let epoch = operators::record_restore(&open.db).await?;
            return Ok(serde_json::json!({ "epoch": epoch }));
        }
        let retention = maintenance::Retention { history_months: months, security_event_days: 0 };
        maintenance::once(&open.db, retention).await
    }
    .await;
    open.close().await;
    let done = outcome?;
    if json {
        return output::json(&done);
    }
    match done.get("epoch").and_then(|epoch| epoch.as_str()) {
        Some(epoch) => eprintln!("Started a new epoch: {epoch}."),
        None => eprintln!("Created {} partitions and removed {}.", done["partitions_made"], done["partitions_pruned"]),
    }
    Ok(())
}

/// Runs `callboard verify`: exit code 1 if a stream is incomplete.
pub async fn verify(database: &DatabaseArgs, json: bool) -> Result<ExitCode> {
    let open = database.open().await?;
    let found = operators::verify_streams(&open.db).await;
    open.close().await;
    let found = found?;
    let complete = found.broken.is_empty() && found.strays == 0;
    if json {
        output::json(&found)?;
    } else {
        for stream in &found.broken {
            eprintln!(
                "{}: {} rows with {} numbers from {} to {}, expected {} to {}.",
                stream.stream_id,
                stream.events,
                stream.numbers,
                stream.first_seq.unwrap_or_default(),
                stream.top_seq.unwrap_or_default(),
                stream.pruned_seq + 1,
                stream.last_seq
            );
        }
        if found.strays > 0 {
            eprintln!("{} history rows belong to no stream.", found.strays);
        }
        let verdict = if complete { "all complete" } else { "incomplete" };
        println!("{} streams with {} events: {verdict}.", found.streams, found.events);
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
