//! `callboard export`: exports a workflow's tickets to a file or standard output, or a workflow or server as an archive.

mod archive;

use std::fs::File;
use std::io::{BufWriter, ErrorKind, stdout};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::database::DatabaseArgs;
use crate::domain::export::{self, Format};
use crate::domain::operators;
use crate::{Error, Result};

/// What `callboard export` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The tickets as one document with all fields and comments.
    Json,
    /// The tickets as a table, one line per ticket.
    Csv,
    /// The tickets as a readable document.
    Markdown,
    /// Everything except secrets, in one file that `callboard import archive` takes: board, tickets, history, jobs,
    /// members.
    Archive,
}

/// Flags of `callboard export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The format.
    #[arg(value_enum)]
    pub format: ExportFormat,
    /// The workflow, by id or name. For an archive it can be given several times.
    #[arg(long, value_name = "NAME", required_unless_present = "all")]
    pub workflow: Vec<String>,
    /// The whole server, with everybody on it; only as an archive.
    #[arg(long, conflicts_with = "workflow")]
    pub all: bool,
    /// The output file. Defaults to standard output. An archive is written beside it first; the same command goes on with
    /// one that was interrupted.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write CSV without the byte order mark, which Excel needs but some programs take for a part of the first column's
    /// name.
    #[arg(long)]
    pub no_bom: bool,
    /// The exporting actor, by id or e-mail address. Defaults to the first administrator.
    #[arg(long = "as", value_name = "ACTOR")]
    pub actor: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard export …`.
pub async fn command(args: ExportArgs, json: bool) -> Result<()> {
    let format = match args.format {
        ExportFormat::Json => Format::Json,
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Markdown => Format::Markdown,
        ExportFormat::Archive => return archive::command(args, json).await,
    };
    let [workflow] = args.workflow.as_slice() else {
        return Err(Error::Setup("Only an archive holds several workflows: give --workflow once.".to_owned()));
    };
    let open = args.database.open().await?;
    let found = async {
        let caller = operators::operator(&open.db, args.actor.as_deref()).await?;
        let workflow = operators::find_workflow(&open.db, &caller, workflow).await?;
        export::read(&open.db, &caller, &workflow).await
    }
    .await;
    open.close().await;
    let found = found?;
    let mark = !args.no_bom;
    let written = match &args.output {
        Some(file) => File::create(file).and_then(|file| found.write(format, mark, &mut BufWriter::new(file))),
        None => found.write(format, mark, &mut BufWriter::new(stdout().lock())),
    };
    match written {
        // The reader (e.g. `head`) has closed the pipe.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::Setup(format!("The export cannot be written: {error}."))),
        Ok(()) => {
            if let Some(file) = &args.output {
                eprintln!("Wrote {} tickets to {}.", found.tickets.len(), file.display());
            }
            Ok(())
        }
    }
}
