//! `callboard import`: imports a file with a progress bar and reports the result of every line, or an archive.

mod archive;

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::database::DatabaseArgs;
use super::output;
use crate::domain::import::{Batch, Outcome, beads, run};
use crate::domain::operators::operator;
use crate::{Error, Result};

/// Maximum number of bad lines and cycles to print; the rest is counted.
const MAX_SHOWN: usize = 50;

/// Subcommands of `callboard import`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import a JSONL export of the issue tracker beads.
    Beads(BeadsArgs),
    /// Import an archive of a workflow or a server, as `callboard export archive` writes it: completely or not at all.
    Archive(archive::ArchiveArgs),
}

/// Flags of `callboard import beads`.
#[derive(Debug, Args)]
pub struct BeadsArgs {
    /// The file; `-` reads standard input.
    pub file: PathBuf,
    /// The workflow to import into, by id or name; created if it does not exist.
    #[arg(long, value_name = "NAME")]
    pub workflow: String,
    /// Import nothing if any line or value is invalid.
    #[arg(long)]
    pub strict: bool,
    /// Also carry changes of the file over into tickets that were imported before, except those that changed here since.
    #[arg(long)]
    pub update: bool,
    /// The importing actor, by id or e-mail address. Defaults to the first administrator.
    #[arg(long = "as", value_name = "ACTOR")]
    pub actor: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard import …`.
pub async fn command(command: ImportCommand, json: bool) -> Result<ExitCode> {
    let args = match command {
        ImportCommand::Beads(args) => args,
        ImportCommand::Archive(args) => return archive::command(args, json).await,
    };
    let batch = read(&args)?;
    let rejected = args.strict && !(batch.bad.is_empty() && batch.warnings.is_empty());
    let outcome = if rejected || (batch.items.is_empty() && !batch.bad.is_empty()) {
        None
    } else {
        Some(write(&args, &batch).await?)
    };
    if json {
        let report = json!({
            "outcome": outcome, "bad_lines": batch.bad, "warnings": batch.warnings, "skipped": batch.skipped,
            "tombstones": batch.tombstones, "cycles": batch.cycles, "unknown_statuses": batch.unknown_statuses,
        });
        output::line(report);
    } else {
        report(&args, &batch, outcome.as_ref(), rejected);
    }
    Ok(if batch.bad.is_empty() && !rejected { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(args: &BeadsArgs) -> Result<Batch> {
    let unreadable =
        |error: std::io::Error| Error::Setup(format!("The file {} cannot be read: {error}.", args.file.display()));
    let (source, length): (Box<dyn BufRead>, u64) = if args.file.as_os_str() == "-" {
        (Box::new(stdin().lock()), 0)
    } else {
        let file = File::open(&args.file).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        (Box::new(BufReader::with_capacity(1 << 16, file)), length)
    };
    let bar = output::progress_bar(length, "Reading  {bar:40} {bytes}/{total_bytes}");
    let batch = beads::read(source, |bytes| bar.set_position(bytes)).map_err(unreadable)?;
    bar.finish_and_clear();
    Ok(batch)
}

async fn write(args: &BeadsArgs, batch: &Batch) -> Result<Outcome> {
    let open = args.database.open().await?;
    // The import is a single statement, so only the elapsed time can be shown.
    let bar = output::progress_bar(0, "Writing {msg} tickets {spinner} {elapsed}");
    bar.set_message(batch.items.len().to_string());
    bar.enable_steady_tick(Duration::from_millis(100));
    let outcome = async {
        let caller = operator(&open.db, args.actor.as_deref()).await?;
        run(&open.db, &caller, &args.workflow, batch, args.update).await
    }
    .await;
    bar.finish_and_clear();
    open.close().await;
    outcome
}

fn report(args: &BeadsArgs, batch: &Batch, outcome: Option<&Outcome>, rejected: bool) {
    for bad in batch.bad.iter().take(MAX_SHOWN) {
        eprintln!("Line {} {}.", bad.line, bad.reason);
    }
    more(batch.bad.len(), "invalid lines");
    for warning in batch.warnings.iter().take(MAX_SHOWN) {
        eprintln!("Line {} {}; the value is left out.", warning.line, warning.reason);
    }
    more(batch.warnings.len(), "invalid values");
    for cycle in batch.cycles.iter().take(MAX_SHOWN) {
        eprintln!(
            "Line {}: {} as {} of {} would create a cycle; the link is skipped.",
            cycle.line, cycle.to, cycle.kind, cycle.from
        );
    }
    more(batch.cycles.len(), "links that would create a cycle");
    for (status, count) in &batch.unknown_statuses {
        eprintln!("{count} tickets have the unknown status {status:?}; they count as open.");
    }
    match outcome {
        Some(outcome) => output::line(summary(args, batch, outcome).trim_end()),
        None if rejected => {
            eprintln!("Nothing is imported: {} lines and {} values are invalid.", batch.bad.len(), batch.warnings.len())
        }
        None => eprintln!("Nothing is imported: all lines are invalid."),
    }
}

fn more(count: usize, what: &str) {
    if count > MAX_SHOWN {
        eprintln!("… and {} more {what}.", count - MAX_SHOWN);
    }
}

fn summary(args: &BeadsArgs, batch: &Batch, outcome: &Outcome) -> String {
    let mut text = format!("Workflow {} ({})\n", outcome.workflow_name, outcome.workflow_id);
    let unchanged = outcome.existing.saturating_sub(outcome.updated + outcome.kept);
    let rows = [
        (outcome.imported, "tickets imported"),
        (outcome.updated, "tickets updated"),
        (outcome.kept, "kept, because they changed here since"),
        (unchanged, "imported before, left as they are"),
        (
            if args.update { 0 } else { outcome.newer },
            "of these have newer changes in the file; --update takes them over",
        ),
        (batch.tombstones, "tombstones skipped"),
        (batch.bad.len() as u64, "invalid lines"),
        (batch.warnings.len() as u64, "invalid values left out"),
        (outcome.comments, "comments"),
        (outcome.blockers, "open blockers"),
        (outcome.parents, "parents"),
        (outcome.related, "other relations"),
        (outcome.missing_links, "links to missing tickets"),
        (batch.cycles.len() as u64, "links skipped because of a cycle"),
        (outcome.agents, "agents provisioned"),
        (outcome.types_added.len() as u64, "ticket types added"),
    ];
    for (kind, count) in &batch.skipped {
        text.push_str(&format!("{count:>8}  lines of the type {kind:?} skipped\n"));
    }
    for (count, what) in rows {
        if count > 0 || what == "tickets imported" {
            text.push_str(&format!("{count:>8}  {what}\n"));
        }
    }
    if !outcome.types_added.is_empty() {
        text.push_str(&format!("          ({})\n", outcome.types_added.join(", ")));
    }
    text
}
