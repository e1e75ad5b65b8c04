//! `callboard export`: exports a workflow's tickets to a file or standard output.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, stdout};
use std::path::PathBuf;

use clap::Args;

use super::database::DatabaseArgs;
use crate::domain::export::{self, Format};
use crate::domain::operators;
use crate::{Error, Result};

/// Flags of `callboard export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The format.
    #[arg(value_enum)]
    pub format: Format,
    /// The workflow, by id or name.
    #[arg(long, value_name = "NAME")]
    pub workflow: String,
    /// The output file. Defaults to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write CSV without the byte order mark, which Excel needs but some programs take for a part of the first column's
    /// name.
    #[arg(long)]
    pub no_bom: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard export …`.
pub async fn command(args: ExportArgs) -> Result<()> {
    let open = args.database.open().await?;
    let found = async {
        let caller = operators::operator(&open.db, None).await?;
        let workflow = operators::find_workflow(&open.db, &caller, &args.workflow).await?;
        export::read(&open.db, &caller, &workflow).await
    }
    .await;
    open.close().await;
    let found = found?;
    let mark = !args.no_bom;
    let written = match &args.output {
        Some(file) => File::create(file).and_then(|file| found.write(args.format, mark, &mut BufWriter::new(file))),
        None => found.write(args.format, mark, &mut BufWriter::new(stdout().lock())),
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
