//! `callboard export archive`: writes beside the output file, and moves the archive there once it is complete.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, IsTerminal, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::json;

use super::ExportArgs;
use crate::cli::output;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::archive::{self, Gap, Kept, Progress, Scope, Written};
use crate::domain::operators;
use crate::{Error, Result};

/// Runs `callboard export archive …`.
pub(super) async fn command(args: ExportArgs, json: bool) -> Result<()> {
    if args.output.is_none() && std::io::stdout().is_terminal() {
        return Err(Error::Setup(
            "An archive is a compressed file, not text for a terminal: name it with --output.".to_owned(),
        ));
    }
    let open = args.database.open().await?;
    let outcome = run(&args, &open.db).await;
    open.close().await;
    let (written, scope) = outcome?;
    let rows: u64 = written.sections.iter().map(|section| section.lines).sum();
    let file = args.output.as_ref().map(|file| file.display().to_string());
    let report = json!({"file": file, "sha256": written.digest, "workflows": scope.workflows, "rows": rows, "sections": written.sections, "gaps": written.gaps});
    match (json, file) {
        (true, Some(_)) => output::json(&report)?,
        (true, None) => eprintln!("{report}"),
        (false, file) => {
            let what = match scope.workflows.len() {
                _ if scope.server => "the whole server".to_owned(),
                1 => "1 workflow".to_owned(),
                count => format!("{count} workflows"),
            };
            eprintln!("Wrote {what}, {rows} rows, to {}.", file.as_deref().unwrap_or("standard output"));
            eprintln!("SHA-256 {}; `callboard import archive --sha256` compares it.", written.digest);
        }
    }
    complete(&written.gaps)
}

/// Fails if the archive, which holds what there is, cannot be imported.
fn complete(gaps: &[Gap]) -> Result<()> {
    let Some(first) = gaps.first() else { return Ok(()) };
    for gap in gaps {
        eprintln!("{}: number {} is missing or repeated.", gap.stream_id, gap.seq);
    }
    Err(Error::Setup(format!(
        "The archive holds all that is there, and cannot be imported, because the history of {} is not complete from number {} on: export from a restored backup that has it (`callboard verify` checks one).",
        first.stream_id, first.seq
    )))
}

async fn run(args: &ExportArgs, db: &Db) -> Result<(Written, Scope)> {
    let caller = operators::operator(db, args.actor.as_deref()).await?;
    let scope = if args.all {
        Scope::whole_server(db, &caller).await?
    } else {
        Scope::of(operators::find_workflows(db, &caller, &args.workflow).await?)
    };
    let bar = output::progress_bar(1, "{msg:30!} {bar:40} {human_pos}/{human_len} rows, {elapsed}");
    let written = match &args.output {
        Some(file) => to_file(db, &caller, &scope, file, &bar).await,
        None => {
            let mut out = std::io::stdout();
            let sink = async |bytes: Vec<u8>| match out.write_all(&bytes) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
                outcome => outcome.map_err(unwritable),
            };
            archive::write(db, &caller, &scope, None, sink, |progress| show(&bar, &progress)).await
        }
    };
    bar.finish_and_clear();
    Ok((written?, scope))
}

fn show(bar: &ProgressBar, progress: &Progress<'_>) {
    bar.set_length(progress.of.max(1));
    bar.set_position(progress.rows);
    bar.set_message(format!("{}: {}", output::one_line(progress.name), progress.section));
}

async fn to_file(db: &Db, caller: &Caller, scope: &Scope, output: &Path, bar: &ProgressBar) -> Result<Written> {
    let beside = partial_path(output);
    // What is in it is not for everybody on the machine.
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&beside)
        .map_err(|error| Error::Setup(format!("The file {} cannot be written: {error}.", beside.display())))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            return Err(Error::Setup(format!("Another export is writing {}; wait for its end.", beside.display())));
        }
        // Some file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let kept = resume(db, caller, scope, &mut file).await?;
    if let Some(kept) = &kept {
        eprintln!("Going on with an interrupted export: {} of it still holds.", bytes(kept.length));
    }
    let length = kept.as_ref().map_or(0, |kept| kept.length);
    file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length))).map_err(unwritable)?;
    let sink = async |bytes: Vec<u8>| file.write_all(&bytes).map_err(unwritable);
    let written = archive::write(db, caller, scope, kept, sink, |progress| show(bar, &progress)).await?;
    file.sync_all().and_then(|()| std::fs::rename(&beside, output)).map_err(unwritable)?;
    Ok(written)
}

async fn resume(db: &Db, caller: &Caller, scope: &Scope, file: &mut File) -> Result<Option<Kept>> {
    let scan = archive::scan(file).map_err(unwritable)?;
    archive::keep(db, caller, scope, archive::schema(db).await?, &scan, file).await
}

/// `FILE.partial`.
fn partial_path(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}

fn unwritable(error: std::io::Error) -> Error {
    Error::Setup(format!("The archive cannot be written: {error}."))
}
