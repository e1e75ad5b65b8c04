//! Restoring a backup into a new data directory.
//!
//! The cluster is prepared in a folder beside its place: copied, compared with the checksums of the backup, recovered to the
//! wanted time, given a new epoch, and checked. Only then it is moved to its place, so an interrupted restore never looks
//! like a database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::log::{self, Break};
use super::segments::{self, Segment};
use super::waldump::{self, Commit};
use super::{
    Backup, Backups, DESCRIPTION, DatabaseState, OnProgress, Progress, archive, blocking, setup, stage, verify,
};
use crate::db::embedded::staging::Staging;
use crate::db::embedded::{Embedded, Options, StartError};
use crate::db::pool;
use crate::domain::operators::Verification;
use crate::{Error, Result};

/// The folder in the cluster that holds the archived log during recovery.
const ARCHIVED: &str = "archived_wal";
/// Room besides the files that are copied.
const RESERVE: u64 = 128 << 20;

/// A restored database.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Restored {
    /// The backup that was restored.
    pub backup: String,
    /// The time of the last restored change, if the archived log was replayed.
    pub restored_to: Option<Timestamp>,
    /// The new epoch.
    pub epoch: String,
    /// Streams, all of them complete.
    pub streams: i64,
    /// Events in them.
    pub events: i64,
    /// Where the archived log broke off, if what is after it was left out on demand.
    pub broken_off: Option<Break>,
}

/// How far a folder of backups is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The latest archived change; refused if the archived log breaks off and goes on.
    Latest,
    /// The latest change before the archived log breaks off; what is after it is left out.
    Break,
    /// This time.
    Time(Timestamp),
}

impl Until {
    fn time(self) -> Option<Timestamp> {
        match self {
            Self::Time(to) => Some(to),
            Self::Latest | Self::Break => None,
        }
    }
}

/// What is restored: a backup, and how far the archived log is replayed on it.
struct Plan {
    backup: Backup,
    cluster: PathBuf,
    /// Segments without a gap, and the histories of timelines.
    archived: Vec<Segment>,
    to: Option<Timestamp>,
    /// The last change that the archived log must bring back, if it is replayed to its end.
    last: Option<Commit>,
    broken_off: Option<Break>,
}

impl Plan {
    fn has_log(&self) -> bool {
        self.archived.iter().any(|segment| segment.name == self.backup.first_wal)
    }
}

/// Restores into the data directory of `options`, which must not hold a database. `source` is one backup, which is restored
/// as it was, or a folder of backups.
pub async fn restore(options: &Options, source: &Path, until: Until, on_progress: OnProgress) -> Result<Restored> {
    let mut plan = plan(source, until.time())?;
    let options = Options { major: plan.backup.postgres, ..options.clone() };
    find_end(&mut plan, &options, source, until, on_progress.clone()).await?;
    let staging = Staging::open(&options).map_err(setup)?;
    match prepare(&staging, &plan, on_progress).await {
        Ok(restored) => {
            staging.finish().map_err(setup)?;
            Ok(restored)
        }
        Err(error) => {
            staging.discard();
            Err(error)
        }
    }
}

/// Chooses the backup: the newest that was finished at the wanted time.
fn plan(source: &Path, to: Option<Timestamp>) -> Result<Plan> {
    if source.join(DESCRIPTION).is_file() {
        if to.is_some() {
            return Err(Error::Setup(format!(
                "{} is a single backup, which is restored as it was: name the folder that contains it to restore to a time.",
                source.display()
            )));
        }
        let backup = super::read(source)?;
        let cluster = source.join("postgres");
        return Ok(Plan { backup, cluster, archived: Vec::new(), to: None, last: None, broken_off: None });
    }
    let backups = Backups::of(source);
    let mut found = backups.list()?;
    let oldest = found.first().map(|backup| backup.finished_at);
    found.retain(|backup| to.is_none_or(|to| backup.finished_at <= to));
    let backup = found.pop().ok_or_else(|| {
        Error::Setup(match (oldest, to) {
            (Some(oldest), Some(to)) => format!(
                "No backup in {} was finished by {to}; the oldest is from {oldest}: choose a later time.",
                source.display()
            ),
            _ => format!(
                "There is no complete backup in {}: name a folder that `callboard backup` filled.",
                source.display()
            ),
        })
    })?;
    let folders = archive::folders(source, &backup.epoch);
    let archived = segments::archived(&folders, &backup.first_wal).map_err(|error| backups.unusable(&error))?;
    if to.is_some() && !archived.iter().any(|segment| segments::is_segment(&segment.name)) {
        return Err(Error::Setup(format!(
            "No log is archived for the backup {}, so it cannot be restored to a later time: leave out --to.",
            backup.name
        )));
    }
    let cluster = source.join(&backup.name).join("postgres");
    Ok(Plan { cluster, backup, archived, to, last: None, broken_off: None })
}

/// Reads the archived log to its end, or to where it breaks off; then nothing after that is replayed, and a restore that would
/// lose it is refused.
async fn find_end(
    plan: &mut Plan,
    options: &Options,
    source: &Path,
    until: Until,
    on_progress: OnProgress,
) -> Result<()> {
    if !plan.archived.iter().any(|segment| segments::is_segment(&segment.name)) {
        return Ok(());
    }
    let first = plan.backup.first_wal.clone();
    let found = log::find(options.clone(), plan.archived.clone(), first, 1, on_progress).await?;
    plan.last = found.last.filter(|_| plan.to.is_none());
    let Some(end) = found.breaks.into_iter().next() else { return Ok(()) };
    // The backup itself may need the log up to its end.
    let reached = end.last_change.filter(|at| *at >= plan.backup.finished_at);
    match (until, reached) {
        (Until::Latest, _) => return Err(lossy(&end, reached, plan, source)),
        (Until::Time(to), reached) if reached.is_none_or(|at| at <= to) => {
            return Err(lossy(&end, reached, plan, source));
        }
        (Until::Break, None) => {
            plan.archived.clear();
            plan.last = None;
        }
        (Until::Time(_) | Until::Break, _) => {
            let wanted = segments::number(&plan.backup.first_wal);
            let is_segment = |segment: &Segment| segments::is_segment(&segment.name);
            let (mut kept, other): (Vec<_>, Vec<_>) = plan.archived.drain(..).partition(is_segment);
            kept.truncate(segments::run_length(&kept, wanted));
            plan.archived = kept.into_iter().chain(other).collect();
        }
    }
    plan.broken_off = Some(end).filter(|_| until == Until::Break);
    Ok(())
}

/// Why a restore is refused that would lose what is archived after a break.
fn lossy(end: &Break, reached: Option<Timestamp>, plan: &Plan, source: &Path) -> Error {
    let possible = match reached {
        Some(at) => format!(
            "Changes up to {at} can be restored: put that file back, choose --to with an earlier time, or restore all of them with --accept-loss, which leaves out the later ones."
        ),
        None => format!(
            "Put that file back, or restore the backup as it was, without the later changes: `callboard restore {}`.",
            source.join(&plan.backup.name).display()
        ),
    };
    Error::Setup(format!("The archived log is not whole: {end}. Nothing was restored. {possible}"))
}

async fn prepare(staging: &Staging, plan: &Plan, on_progress: OnProgress) -> Result<Restored> {
    let cluster = staging.cluster();
    copy(plan, &cluster, on_progress.clone()).await?;
    verify::verify(cluster.clone(), on_progress.clone()).await?;
    let given = copy_archived(plan, &cluster).and_then(|()| staging.give(&cluster));
    given.map_err(|error| unusable(&cluster, &error))?;
    on_progress(Progress { step: "Replaying the log", done: 0, total: 0 });
    let log = cluster.with_file_name("postgres.log");
    let postgres = Embedded::start(staging.options(recovery_settings(plan))).await;
    let postgres = postgres.map_err(|error| explain(&error, plan, &log))?;
    let replayed = replayed_all(postgres.url(), plan).await;
    let checked = match replayed {
        Ok(()) => check(postgres.url(), plan, &on_progress).await,
        Err(error) => Err(error),
    };
    postgres.stop().await;
    let (epoch, verification) = checked?;
    let restored_to = last_change(&log);
    fs::remove_dir_all(cluster.join(ARCHIVED)).map_err(|error| unusable(&cluster, &error))?;
    Ok(Restored {
        backup: plan.backup.name.clone(),
        restored_to,
        epoch,
        streams: verification.streams,
        events: verification.events,
        broken_off: plan.broken_off.clone(),
    })
}

/// Fails if Postgres ended its recovery before the last archived change.
async fn replayed_all(url: &str, plan: &Plan) -> Result<()> {
    let Some(last) = plan.last else { return Ok(()) };
    let client = pool::connect(url, "callboard-restore").await?;
    let row = client.query_one(include_str!("../../../sql/queries/backups/replayed.sql"), &[]).await?;
    let end: Option<String> = row.try_get(0)?;
    if end.as_deref().and_then(waldump::parse).is_some_and(|end| end > last.place) {
        return Ok(());
    }
    Err(Error::Setup(format!(
        "The archived log was replayed to {} only, and its last change is from {}: run `callboard backup FOLDER --check`, and restore to an earlier time with --to.",
        end.as_deref().unwrap_or("its beginning"),
        last.at
    )))
}

/// Copies the backup.
async fn copy(plan: &Plan, to: &Path, on_progress: OnProgress) -> Result<()> {
    let archived = plan.archived.iter().filter_map(|segment| fs::metadata(&segment.path).ok()).map(|found| found.len());
    let total = plan.backup.bytes;
    let parent = to.parent().unwrap_or(to);
    super::require_space(parent, total + archived.sum::<u64>() + RESERVE)?;
    let (from, to) = (plan.cluster.clone(), to.to_owned());
    blocking(move || {
        let mut done = 0;
        let copied = stage::copy(&from, &to, &mut |bytes| {
            done += bytes;
            on_progress(Progress { step: "Copying", done, total });
        });
        copied.map_err(|error| unusable(&to, &error))
    })
    .await
}

/// Adds the archived log, and the mark that makes Postgres recover from it.
fn copy_archived(plan: &Plan, cluster: &Path) -> io::Result<()> {
    let segment =
        fs::metadata(cluster.join("pg_wal").join(&plan.backup.first_wal)).map_or(16 << 20, |found| found.len());
    stage::copy_archived(&plan.archived, &cluster.join(ARCHIVED), segment, &mut |_| {})?;
    fs::write(cluster.join("recovery.signal"), "")
}

/// Recovery ends on a new timeline, so a restored database never continues the log of the original.
fn recovery_settings(plan: &Plan) -> Vec<(String, String)> {
    let mut settings = vec![
        // Not ready before recovery has ended.
        ("hot_standby", "off".to_owned()),
        ("restore_command", format!("cp {ARCHIVED}/%f %p")),
        ("recovery_target_timeline", "current".to_owned()),
        ("recovery_target_action", "promote".to_owned()),
    ];
    match plan.to {
        // Without letters: Postgres reads it before it knows the names of time zones.
        Some(to) => settings.push(("recovery_target_time", to.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string())),
        None if !plan.has_log() => settings.push(("recovery_target", "immediate".to_owned())),
        None => {}
    }
    settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Begins a new epoch, and checks that no stream has a gap and that all events of the backup are there.
async fn check(url: &str, plan: &Plan, on_progress: &OnProgress) -> Result<(String, Verification)> {
    let client = pool::connect(url, "callboard-restore").await?;
    client.batch_execute("set statement_timeout = 0").await?;
    // The mark of the original's data directory is forgotten. That begins a new epoch, unless there is none.
    let began: bool = client.query_one("select logic.record_start(null, null)", &[]).await?.try_get(0)?;
    if !began {
        client.execute("select logic.record_restore()", &[]).await?;
    }
    on_progress(Progress { step: "Checking the streams", done: 0, total: 0 });
    let row = client.query_one("select logic.verify_streams()", &[]).await?;
    let tokio_postgres::types::Json(found): tokio_postgres::types::Json<Verification> = row.try_get(0)?;
    let state = DatabaseState::read(&client).await?;
    let broken = found.broken.iter().map(|stream| stream.stream_id.as_str()).collect::<Vec<_>>();
    if !broken.is_empty() {
        return Err(Error::Setup(format!(
            "The restored database has incomplete streams ({}): restore another backup.",
            broken.join(", ")
        )));
    }
    if state.events < plan.backup.events {
        return Err(Error::Setup(format!(
            "The restored database has {} events, and the backup had {}: restore another backup.",
            state.events, plan.backup.events
        )));
    }
    client.batch_execute("checkpoint").await?;
    Ok((state.epoch, found))
}

/// Why recovery failed, for somebody who chose a time.
fn explain(error: &StartError, plan: &Plan, log: &Path) -> Error {
    let text = error.to_string();
    match plan.to {
        Some(to) if text.contains("before configured recovery target was reached") => {
            let last = last_change(log).map_or_else(|| "earlier".to_owned(), |at| format!("at {at}"));
            Error::Setup(format!(
                "The archived log ends {last}, before {to}: leave out --to to restore everything that is archived, or choose an earlier time."
            ))
        }
        _ => Error::Setup(format!("The backup {} cannot be recovered: {text}", plan.backup.name)),
    }
}

/// The time of the last replayed transaction, as the log of Postgres states it.
fn last_change(log: &Path) -> Option<Timestamp> {
    let text = fs::read_to_string(log).ok()?;
    let line = text.lines().rev().find_map(|line| line.split_once("last completed transaction was at log time "))?.1;
    // 2026-03-01 12:30:00.123456+00
    let (time, zone) = line.trim().split_at_checked(line.trim().rfind(['+', '-'])?)?;
    format!("{}{zone}:00", time.replacen(' ', "T", 1)).parse().ok()
}

fn unusable(folder: &Path, error: &io::Error) -> Error {
    Error::Setup(format!(
        "{} could not be written ({error}): nothing was restored; free some space, or choose another folder with --data-dir.",
        folder.display()
    ))
}
