//! `callboard verify` and `callboard history`: proves the history, and exports it with signed checkpoints.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::DatabaseArgs;
use super::output;
use crate::domain::evidence::checkpoint::{self, Checkpoint};
use crate::domain::evidence::{self, BrokenRow, Proof, exported};
use crate::domain::operators;
use crate::{Error, Result};

/// Flags of `callboard verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Also compare with a checkpoint, which `callboard history checkpoint` wrote.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Verify this export instead of a database, against the checkpoint.
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    pub history: Option<PathBuf>,
    /// The public key that must have signed the checkpoint.
    #[arg(long, value_name = "KEY", requires = "checkpoint")]
    pub key: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Subcommands of `callboard history`.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Write a signed checkpoint, to be kept where the database's operators cannot change it.
    Checkpoint(OutputArgs),
    /// Write all events as lines that `callboard verify --history` checks without a database.
    Export(ExportArgs),
}

/// Where to write, and the database.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// The output file. Defaults to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard history export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only the streams of this workflow, by id or name.
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
    /// The output.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Runs `callboard history …`.
pub async fn command(command: HistoryCommand, json: bool) -> Result<()> {
    match command {
        HistoryCommand::Checkpoint(args) => {
            let open = args.database.open().await?;
            let written = match writer(args.output.as_deref()) {
                Ok(mut out) => checkpoint::write(&open.db, &mut out).await,
                Err(error) => Err(error),
            };
            open.close().await;
            let written = written?;
            match json && args.output.is_some() {
                true => output::json(&written)?,
                false => eprintln!("Signed {} streams with the key {}.", written.streams, written.public_key),
            }
        }
        HistoryCommand::Export(args) => {
            let ExportArgs { workflow, output: args } = args;
            let open = args.database.open().await?;
            let bar = output::progress_bar(0, "{spinner} {pos} events");
            let counts = async {
                let id = match &workflow {
                    Some(name) => {
                        let caller = operators::operator(&open.db, None).await?;
                        Some(operators::find_workflow(&open.db, &caller, name).await?)
                    }
                    None => None,
                };
                let mut out = writer(args.output.as_deref())?;
                exported::write(&open.db, id.as_deref(), &mut out, |events| bar.set_position(events)).await
            }
            .await;
            bar.finish_and_clear();
            open.close().await;
            let counts = counts?;
            match json && args.output.is_some() {
                true => output::json(&counts)?,
                false => eprintln!("Wrote {} events of {} streams.", counts.events, counts.streams),
            }
        }
    }
    Ok(())
}

fn writer(file: Option<&Path>) -> Result<Box<dyn Write>> {
    match file {
        Some(path) => match File::create(path) {
            Ok(file) => Ok(Box::new(BufWriter::new(file))),
            Err(error) => Err(Error::Setup(format!("{} cannot be written: {error}.", path.display()))),
        },
        None => Ok(Box::new(BufWriter::new(stdout()))),
    }
}

fn open_file(path: &Path) -> Result<BufReader<File>> {
    let file =
        File::open(path).map_err(|error| Error::Setup(format!("{} cannot be read: {error}.", path.display())))?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// Runs `callboard verify`: exit code 1 if an event is missing or was changed.
pub async fn verify(args: VerifyArgs, json: bool) -> Result<ExitCode> {
    let signed = match &args.checkpoint {
        Some(path) => Some(checkpoint::read(open_file(path)?, args.key.as_deref())?),
        None => None,
    };
    if let (Some(path), Some(signed)) = (&args.history, &signed) {
        return verify_export(path, signed, json);
    }
    let open = args.database.open().await?;
    let bar = output::progress_bar(0, "{spinner} {pos} events verified");
    let found = async {
        let mut proof = evidence::verify(&open.db, |events| bar.set_position(events.unsigned_abs())).await?;
        let mut pruned = 0;
        if let Some(signed) = &signed {
            let (broken, cut) = checkpoint::compare(&open.db, signed).await?;
            proof.broken_rows.extend(broken);
            pruned = cut;
        }
        Ok::<_, Error>((proof, pruned))
    }
    .await;
    bar.finish_and_clear();
    open.close().await;
    let (proof, pruned) = found?;
    match json {
        true => output::json(&proof)?,
        false => show(&proof, signed.as_ref(), pruned),
    }
    Ok(if proof.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(proof: &Proof, signed: Option<&Checkpoint>, pruned: u64) {
    for stream in &proof.numbers.broken {
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
    if proof.numbers.strays > 0 {
        eprintln!("{} history rows belong to no stream.", proof.numbers.strays);
    }
    show_rows(&proof.broken_rows);
    if proof.unprovable > 0 {
        eprintln!(
            "{} events come after a broken place of their stream and cannot be proved, because each is chained to the one before it.",
            proof.unprovable
        );
    }
    let waiting = proof.numbers.events - proof.chained - proof.unprovable;
    if waiting > 0 {
        eprintln!("{waiting} events are not chained yet; a running server chains them within seconds.");
    }
    if let Some(signed) = signed {
        eprintln!("Compared with the checkpoint of {} by the key {}.", signed.at, signed.public_key);
        if pruned > 0 {
            eprintln!("{pruned} of its streams were pruned beyond it; verify those with an export of that time.");
        }
    }
    let verdict = match (proof.holds(), proof.broken_rows.is_empty()) {
        (true, _) => "all complete and unchanged",
        (false, true) => "incomplete",
        (false, false) => "not what was written",
    };
    println!("{} streams with {} events: {verdict}.", proof.numbers.streams, proof.numbers.events);
}

fn show_rows(rows: &[BrokenRow]) {
    for row in rows {
        match row.stream_id.strip_prefix("workflow:") {
            Some(workflow) => eprintln!("Workflow {workflow}, seq {}: {}.", row.seq, row.why),
            None => eprintln!("Stream {}, seq {}: {}.", row.stream_id, row.seq, row.why),
        }
    }
}

fn verify_export(path: &Path, signed: &Checkpoint, json: bool) -> Result<ExitCode> {
    let found = exported::verify(open_file(path)?, signed)?;
    let holds = found.broken_rows.is_empty() && found.proved > 0;
    if json {
        output::json(&found)?;
    } else {
        show_rows(&found.broken_rows);
        eprintln!("Compared with the checkpoint of {} by the key {}.", signed.at, signed.public_key);
        if found.absent > 0 {
            eprintln!("{} streams of the checkpoint are not in the export.", found.absent);
        }
        let verdict = if holds { "what the checkpoint signed" } else { "not proved" };
        println!(
            "{} streams with {} events, {} of the streams signed: {verdict}.",
            found.counts.streams, found.counts.events, found.proved
        );
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
