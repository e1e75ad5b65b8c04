//! `callboard maintenance` and `callboard verify`: looking after the database.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::DatabaseArgs;
use super::output;
use crate::Result;
use crate::db::maintenance;
use crate::domain::operators;

/// What to look after.
#[derive(Debug, Subcommand)]
pub enum MaintenanceCommand {
    /// Tell Callboard that the database was restored from a backup: clients then start from fresh
    /// snapshots instead of trusting old cursors.
    Restored(DatabaseArgs),
    /// Remove history older than some months.
    Prune(PruneArgs),
    /// Make the partitions of the coming months, and remove what is past its time; a server does it hourly.
    Partitions(DatabaseArgs),
}

/// Flags of `callboard maintenance prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Whole months of history to keep beside the current one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub months: u32,
    /// Where the database is.
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
        maintenance::once(&open.db, months).await
    }
    .await;
    open.close().await;
    let done = outcome?;
    if json {
        return output::json(&done);
    }
    match done.get("epoch").and_then(|epoch| epoch.as_str()) {
        Some(epoch) => eprintln!("A new epoch has begun: {epoch}."),
        None => eprintln!("Made {} partitions and removed {}.", done["partitions_made"], done["partitions_pruned"]),
    }
    Ok(())
}

/// `callboard verify`: exit code 1 if a stream is not whole.
pub async fn verify(database: &DatabaseArgs, json: bool) -> Result<ExitCode> {
    let open = database.open().await?;
    let found = operators::verify_streams(&open.db).await;
    open.close().await;
    let found = found?;
    let whole = found.broken.is_empty() && found.strays == 0;
    if json {
        output::json(&found)?;
    } else {
        for stream in &found.broken {
            eprintln!(
                "{}: {} rows with {} numbers from {} to {}, where {} to {} are due.",
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
            eprintln!("{} rows of history belong to no stream.", found.strays);
        }
        let verdict = if whole { "all whole" } else { "not whole" };
        println!("{} streams with {} events: {verdict}.", found.streams, found.events);
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
