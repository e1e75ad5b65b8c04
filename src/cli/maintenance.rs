//! `callboard maintenance`: maintains the database.

use clap::{Args, Subcommand};

use std::path::PathBuf;

use super::database::DatabaseArgs;
use super::output;
use crate::Result;
use crate::db::embedded::Options;
use crate::db::maintenance;
use crate::domain::{operators, postgres_upgrade};

/// Subcommands of `callboard maintenance`.
#[derive(Debug, Subcommand)]
pub enum MaintenanceCommand {
    /// Start a new epoch after the database was restored from a backup: clients reload snapshots instead of resuming
    /// from their old cursors.
    Restored(DatabaseArgs),
    /// Remove old history and transcripts, and archive completed tickets.
    Prune(PruneArgs),
    /// Create the partitions of the coming months and remove expired data; a server does this every hour.
    Partitions(DatabaseArgs),
    /// Move the embedded Postgres to the newest major version in the runtime, while no server runs. The old data are kept until
    /// they are removed with --confirm.
    UpgradePostgres(UpgradeArgs),
}

/// Flags of `callboard maintenance upgrade-postgres`.
#[derive(Debug, Args)]
pub struct UpgradeArgs {
    /// Remove the data of the old version, which earlier upgrades have kept.
    #[arg(long)]
    pub confirm: bool,
    /// Data directory of the embedded Postgres.
    #[arg(long, env = "CALLBOARD_DATA_DIR", default_value = ".data")]
    pub data_dir: PathBuf,
    /// Folder of the runtime (Postgres), as `make setup` unpacks it.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
}

/// Flags of `callboard maintenance prune`.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = true, args = ["months", "transcript_days", "archive_days"])]
pub struct PruneArgs {
    /// Full months of history to keep besides the current one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub months: Option<u32>,
    /// Remove the transcripts of jobs that ended so many days ago.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub transcript_days: Option<u32>,
    /// Archive tickets that were completed and not changed for so many days; `callboard ticket restore` brings one back.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub archive_days: Option<u32>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard maintenance …`.
pub async fn command(command: MaintenanceCommand, json: bool) -> Result<()> {
    let mut retention = maintenance::Retention::default();
    let database = match &command {
        MaintenanceCommand::Restored(database) | MaintenanceCommand::Partitions(database) => database,
        MaintenanceCommand::Prune(args) => {
            retention.history_months = args.months.unwrap_or_default();
            retention.transcript_days = args.transcript_days.unwrap_or_default();
            retention.archive_days = args.archive_days.unwrap_or_default();
            &args.database
        }
        MaintenanceCommand::UpgradePostgres(args) => return upgrade(args, json).await,
    };
    let open = database.open().await?;
    let outcome = async {
        if let MaintenanceCommand::Restored(_) = command {
            let epoch = operators::record_restore(&open.db).await?;
            return Ok(serde_json::json!({ "epoch": epoch }));
        }
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
        None => {
            eprintln!("Created {} partitions and removed {}.", done["partitions_made"], done["partitions_pruned"]);
            if retention.transcript_days > 0 {
                eprintln!("Removed the transcripts of {} jobs.", done["transcripts_pruned"]);
            }
            if retention.archive_days > 0 {
                eprintln!("Archived {} tickets.", done["tickets_archived"]);
            }
        }
    }
    Ok(())
}

/// Runs `callboard maintenance upgrade-postgres`.
async fn upgrade(args: &UpgradeArgs, json: bool) -> Result<()> {
    let options = Options::new(&args.runtime_dir, &args.data_dir);
    if args.confirm {
        let removed = postgres_upgrade::confirm(&options)?;
        match json {
            true => output::json(&serde_json::json!({ "removed": removed }))?,
            false if removed.is_empty() => eprintln!("No data of an old version are kept."),
            false => removed.iter().for_each(|folder| eprintln!("Removed {}.", folder.display())),
        }
        return Ok(());
    }
    let done = postgres_upgrade::upgrade(&options, std::sync::Arc::new(|step| eprintln!("{step} …"))).await?;
    if json {
        return output::json(&done);
    }
    eprintln!(
        "Upgraded from Postgres {} to {}: {} tables with {} rows are the same. The old data are kept in {}; when everything works, remove them with --confirm.",
        done.from,
        done.to,
        done.tables,
        done.rows,
        done.kept.display()
    );
    Ok(())
}
