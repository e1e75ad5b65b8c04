//! `callboard backup` and `callboard restore`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use jiff::Timestamp;

use super::database::DatabaseArgs;
use super::output;
use crate::db::embedded::Options;
use crate::domain::backups::log::Break;
use crate::domain::backups::restore::{self as restoring, Until};
use crate::domain::backups::{Backup, Backups, OnProgress};
use crate::{Error, Result};

/// Bytes from which on the tenths of a step are shown.
const LARGE: u64 = 1 << 30;

/// Flags of `callboard backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The folder of backups; each backup is a folder in it. Created if absent.
    #[arg(env = "CALLBOARD_BACKUP_DIR", value_name = "FOLDER")]
    pub folder: PathBuf,
    /// List the backups instead.
    #[arg(long, conflicts_with_all = ["check", "keep"])]
    pub list: bool,
    /// Check all backups and the archived log instead: compare the files with their checksums, and read the log.
    #[arg(long, conflicts_with = "keep")]
    pub check: bool,
    /// Then remove all but so many of the newest backups, and the archived log that only they need.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub keep: Option<u32>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A folder of backups, to restore the newest state that is archived in it, or one backup in it, to restore that.
    #[arg(value_name = "FOLDER")]
    pub source: PathBuf,
    /// Restore to this time, e.g. 2026-03-01T12:30:00Z; needs a server that archived to the folder (CALLBOARD_BACKUP_DIR).
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// If a segment of the archived log is missing or damaged, restore what is before it, and leave out all later changes.
    #[arg(long, conflicts_with = "to")]
    pub accept_loss: bool,
    /// The data directory to restore into; it must not contain a database.
    #[arg(long, env = "CALLBOARD_DATA_DIR", default_value = ".data")]
    pub data_dir: PathBuf,
    /// Folder of the runtime (Postgres), as `make setup` unpacks it.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
}

/// Runs `callboard backup`.
pub async fn backup(args: BackupArgs, json: bool) -> Result<()> {
    let backups = Backups::of(args.folder);
    if args.list {
        return list(&backups.list()?, json);
    }
    if args.check {
        let options = Options::new(args.database.runtime_dir, args.database.data_dir);
        return check(&backups, &options, json).await;
    }
    backups.require_outside(&args.database.data_dir)?;
    let (url, options, started) = args.database.embedded("callboard backup").await?;
    let (on_progress, bar) = progress();
    let taken = backups.take(&options, &url, on_progress).await;
    bar.finish_and_clear();
    if let Some(postgres) = started {
        postgres.stop().await;
    }
    let taken = taken?;
    let removed = match args.keep {
        Some(keep) => backups.prune(usize::try_from(keep).unwrap_or(usize::MAX))?,
        None => Vec::new(),
    };
    if json {
        return output::json(&serde_json::json!({ "backup": taken, "removed": removed }));
    }
    println!("{}", backups.folder().join(&taken.name).display());
    eprintln!("Backed up {} with {} events.", megabytes(taken.bytes), taken.events);
    for name in removed {
        eprintln!("Removed the backup {name}.");
    }
    Ok(())
}

fn list(found: &[Backup], json: bool) -> Result<()> {
    if json {
        return output::json(&found);
    }
    if found.is_empty() {
        eprintln!("There is no complete backup.");
        return Ok(());
    }
    let rows = found.iter().map(|backup| {
        [
            backup.name.clone(),
            output::time(Some(backup.finished_at)),
            megabytes(backup.bytes),
            backup.events.to_string(),
            backup.callboard.clone(),
            backup.epoch.clone(),
        ]
    });
    output::table(["BACKUP", "FINISHED", "SIZE", "EVENTS", "CALLBOARD", "EPOCH"], rows);
    Ok(())
}

async fn check(backups: &Backups, options: &Options, json: bool) -> Result<()> {
    let found = backups.list()?;
    for backup in &found {
        let (on_progress, bar) = progress();
        let checked = backups.check(options, backup, on_progress).await;
        bar.finish_and_clear();
        checked?;
        if !json {
            println!("{} is undamaged.", backup.name);
        }
    }
    let (on_progress, bar) = progress();
    let logs = backups.check_log(options, on_progress).await;
    bar.finish_and_clear();
    let logs = logs?;
    for log in logs.iter().filter(|log| !json && log.breaks.is_empty() && log.segments > 0) {
        println!("The archived log of {} is whole: {} segments.", log.epoch, log.segments);
    }
    let breaks: Vec<_> = logs.iter().flat_map(|log| &log.breaks).map(describe).collect();
    if !breaks.is_empty() {
        return Err(Error::Setup(format!(
            "The archived log is not whole: {} What is after it can be restored only from a backup that was made after it: make one with `callboard backup`.",
            breaks.join(" ")
        )));
    }
    match (json, found.is_empty()) {
        (true, _) => output::json(&found),
        (false, true) => Err(Error::Setup(format!("There is no complete backup in {}.", backups.folder().display()))),
        (false, false) => Ok(()),
    }
}

/// A place where the archived log breaks off, as a sentence.
fn describe(found: &Break) -> String {
    let last = found.last_change.map_or_else(String::new, |at| format!("; the last change before it is from {at}"));
    format!("{found}{last}.")
}

/// Runs `callboard restore`.
pub async fn restore(args: RestoreArgs, json: bool) -> Result<()> {
    let until = match args.to.as_deref().map(time).transpose()? {
        Some(to) => Until::Time(to),
        None if args.accept_loss => Until::Break,
        None => Until::Latest,
    };
    let options = Options::new(args.runtime_dir, &args.data_dir);
    let (on_progress, bar) = progress();
    let restored = restoring::restore(&options, &args.source, until, on_progress).await;
    bar.finish_and_clear();
    let restored = restored?;
    if json {
        return output::json(&restored);
    }
    let last = restored.restored_to.map_or_else(String::new, |at| format!(" Its last change is from {at}."));
    eprintln!(
        "Restored {} into {}: {} streams with {} events, all complete.{last}",
        restored.backup,
        args.data_dir.display(),
        restored.streams,
        restored.events
    );
    if let Some(end) = &restored.broken_off {
        eprintln!("All later changes are left out: {}", describe(end));
    }
    eprintln!("Clients load it afresh, because it begins a new epoch: {}.", restored.epoch);
    Ok(())
}

/// A time with its zone; with a space instead of the T too.
fn time(text: &str) -> Result<Timestamp> {
    text.trim().replacen(' ', "T", 1).parse().map_err(|_| {
        Error::Setup(format!("--to {text:?} is not a time: write it with its zone, like 2026-03-01T12:30:00Z."))
    })
}

/// Shows progress as a bar on a terminal, and else as a line for each step and, if it is large, each tenth of it.
fn progress() -> (OnProgress, indicatif::ProgressBar) {
    let bar = output::progress_bar(1, "{msg} {wide_bar} {bytes}/{total_bytes} {eta}");
    let (shown, last) = (bar.clone(), Mutex::new(("", 0)));
    let on_progress: OnProgress = Arc::new(move |progress| {
        if !shown.is_hidden() {
            shown.set_message(progress.step);
            shown.set_length(progress.total.max(1));
            shown.set_position(progress.done);
            return;
        }
        let tenth = (progress.done * 10).checked_div(progress.total).unwrap_or_default();
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let (step, shown_tenth) = *last;
        if step != progress.step {
            eprintln!("{} …", progress.step);
        } else if progress.total >= LARGE && shown_tenth != tenth {
            eprintln!("{} … {} of {}", progress.step, megabytes(progress.done), megabytes(progress.total));
        }
        *last = (progress.step, tenth);
    });
    (on_progress, bar)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / f64::from(1 << 20))
}
