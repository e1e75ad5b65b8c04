//! `callboard import`: reads a file with a progress bar, imports it, and says what came of every line.

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

/// Bad lines and circles that are shown one by one; the rest is counted.
const SHOWN: usize = 50;

/// What to import.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// The JSONL export of the issue tracker beads.
    Beads(BeadsArgs),
}

/// Flags of `callboard import beads`.
#[derive(Debug, Args)]
pub struct BeadsArgs {
    /// The file; - reads standard input.
    pub file: PathBuf,
    /// The workflow to import into, by id or name; made if there is none of that name.
    #[arg(long, value_name = "NAME")]
    pub workflow: String,
    /// Import nothing if any line is bad.
    #[arg(long)]
    pub strict: bool,
    /// Who imports: an actor's id or e-mail address; otherwise the first administrator.
    #[arg(long = "as", value_name = "ACTOR")]
    pub actor: Option<String>,
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard import …`.
pub async fn command(command: ImportCommand, json: bool) -> Result<ExitCode> {
    let ImportCommand::Beads(args) = command;
    let batch = read(&args)?;
    let refused = args.strict && !batch.bad.is_empty();
    let outcome = if refused || (batch.items.is_empty() && !batch.bad.is_empty()) {
        None
    } else {
        Some(write(&args, &batch).await?)
    };
    if json {
        let report = json!({
            "outcome": outcome, "bad_lines": batch.bad, "tombstones": batch.tombstones,
            "cycles": batch.cycles, "unknown_statuses": batch.unknown_statuses,
        });
        println!("{report}");
    } else {
        report(&batch, outcome.as_ref(), refused);
    }
    Ok(if batch.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(args: &BeadsArgs) -> Result<Batch> {
    let refuse =
        |error: std::io::Error| Error::Setup(format!("The file {} cannot be read: {error}.", args.file.display()));
    let (source, length): (Box<dyn BufRead>, u64) = if args.file.as_os_str() == "-" {
        (Box::new(stdin().lock()), 0)
    } else {
        let file = File::open(&args.file).map_err(refuse)?;
        let length = file.metadata().map_err(refuse)?.len();
        (Box::new(BufReader::with_capacity(1 << 16, file)), length)
    };
    let bar = output::progress_bar(length, "Reading  {bar:40} {bytes}/{total_bytes}");
    let batch = beads::read(source, |bytes| bar.set_position(bytes)).map_err(refuse)?;
    bar.finish_and_clear();
    Ok(batch)
}

async fn write(args: &BeadsArgs, batch: &Batch) -> Result<Outcome> {
    let open = args.database.open().await?;
    // One statement writes everything, so there is only its time to show.
    let bar = output::progress_bar(0, "Writing {msg} tickets {spinner} {elapsed}");
    bar.set_message(batch.items.len().to_string());
    bar.enable_steady_tick(Duration::from_millis(100));
    let outcome = async {
        let caller = operator(&open.db, args.actor.as_deref()).await?;
        run(&open.db, &caller, &args.workflow, batch).await
    }
    .await;
    bar.finish_and_clear();
    open.close().await;
    outcome
}

fn report(batch: &Batch, outcome: Option<&Outcome>, refused: bool) {
    for bad in batch.bad.iter().take(SHOWN) {
        eprintln!("Line {} {}.", bad.line, bad.reason);
    }
    more(batch.bad.len(), "bad lines");
    for cycle in batch.cycles.iter().take(SHOWN) {
        eprintln!(
            "Line {}: {} as {} of {} would close a circle; this link is left out.",
            cycle.line, cycle.to, cycle.kind, cycle.from
        );
    }
    more(batch.cycles.len(), "links that would close a circle");
    for (status, count) in &batch.unknown_statuses {
        eprintln!("{count} tickets have the unknown status {status:?}; they count as open.");
    }
    match outcome {
        Some(outcome) => print!("{}", summary(batch, outcome)),
        None if refused => eprintln!("Nothing is imported: {} of the lines are bad.", batch.bad.len()),
        None => eprintln!("Nothing is imported: no line is good."),
    }
}

fn more(count: usize, what: &str) {
    if count > SHOWN {
        eprintln!("… and {} more {what}.", count - SHOWN);
    }
}

fn summary(batch: &Batch, outcome: &Outcome) -> String {
    let mut text = format!("Workflow {} ({})\n", outcome.workflow_name, outcome.workflow_id);
    let rows = [
        (outcome.imported, "tickets imported"),
        (outcome.existing, "imported before, left as they are"),
        (outcome.newer, "of those changed in the file since"),
        (batch.tombstones, "tombstones skipped"),
        (batch.bad.len() as u64, "bad lines"),
        (outcome.comments, "comments"),
        (outcome.blockers, "blockers that still hold something up"),
        (outcome.parents, "parents"),
        (outcome.related, "other relations"),
        (outcome.missing_links, "links to tickets that are not here"),
        (batch.cycles.len() as u64, "links left out because of a circle"),
        (outcome.agents, "agents provisioned"),
        (outcome.types_added.len() as u64, "ticket types added"),
    ];
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
