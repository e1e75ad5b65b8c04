//! The archive of the write-ahead log, which a server writes while it runs, and its daily backups.
//!
//! pg_receivewal copies the log within milliseconds. A replication slot makes Postgres keep what is not archived yet, up to
//! `max_slot_wal_keep_size`; if the archive is away for longer, a gap remains, after which it begins afresh with a backup.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use tokio::process::{Child, Command};

use super::{Backup, Backups, DatabaseState, OnProgress, segments};
use crate::db::embedded::{Options, tools};
use crate::db::pool;
use crate::{Error, Result};

/// Pause after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Interval between two looks whether a backup is due.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// What the server backs up to, and how often.
#[derive(Debug, Clone)]
pub struct Archiver {
    /// The folder.
    pub backups: Backups,
    /// The embedded Postgres.
    pub options: Options,
    /// Its connection string.
    pub url: String,
    /// Hours between two backups.
    pub every_hours: u32,
    /// Backups to keep.
    pub keep: u32,
}

impl Archiver {
    /// Archives and backs up until it is aborted; a background task.
    pub async fn run(self) {
        loop {
            let Err(error) = self.archive().await;
            metrics::gauge!("callboard_archive_connected").set(0);
            tracing::warn!(%error, "the log is not archived; it will be retried");
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Runs pg_receivewal and takes backups until one of them fails.
    async fn archive(&self) -> Result<std::convert::Infallible> {
        let client = pool::connect(&self.url, "callboard-archive").await?;
        let state = DatabaseState::read(&client).await?;
        let row = client.query_one(include_str!("../../../sql/queries/backups/ensure_slot.sql"), &[]).await?;
        drop(client);
        let folder = self.folder_for(&state.epoch, row.try_get(0)?).map_err(|error| self.backups.unusable(&error))?;
        let begun = state.at;
        let mut receiver = self.receive(&folder)?;
        metrics::gauge!("callboard_archive_connected").set(1);
        loop {
            self.back_up_if_due(&state.epoch, &folder, begun).await;
            if let Ok(ended) = tokio::time::timeout(CHECK_INTERVAL, wait(&mut receiver)).await {
                return Err(Error::Setup(format!("pg_receivewal has ended: {ended}")));
            }
        }
    }

    /// The folder to archive to: the newest of the epoch, or a new one if the log does not continue it.
    fn folder_for(&self, epoch: &str, is_new_slot: bool) -> io::Result<PathBuf> {
        let mut known = folders(self.backups.folder(), epoch);
        match known.pop() {
            Some(newest) if !is_new_slot || fs::read_dir(&newest)?.next().is_none() => Ok(newest),
            last => {
                let count = known.len() + usize::from(last.is_some());
                let name = if count == 0 { epoch.to_owned() } else { format!("{epoch}.{count:04}") };
                let folder = self.backups.folder().join("wal").join(name);
                super::create_private(&folder)?;
                Ok(folder)
            }
        }
    }

    fn receive(&self, folder: &Path) -> Result<Child> {
        // After a kill -9 of this server, Postgres shuts down, and ends only when all of its log was received.
        let command = tools::command_that_follows_postgres(&self.options, "pg_receivewal", folder);
        let mut command = command.map_err(super::setup)?;
        command.arg("--dbname").arg(&self.url).args(["--directory=.", "--slot=callboard_archive", "--no-loop"]);
        command.args(["--no-password", "--status-interval=5"]);
        let child = Command::from(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        child.map_err(|error| Error::Setup(format!("pg_receivewal cannot be started: {error}.")))
    }

    /// Takes a backup if there is none that this archive continues, or the newest is too old; then removes old ones.
    async fn back_up_if_due(&self, epoch: &str, folder: &Path, begun: Timestamp) {
        let newest = match self.backups.list() {
            Ok(found) => found.into_iter().rfind(|backup| backup.epoch == epoch),
            Err(error) => {
                tracing::warn!(%error, "the backups cannot be listed");
                return;
            }
        };
        let age = |backup: &Backup| Timestamp::now().duration_since(backup.finished_at).as_secs();
        let continues = |backup: &Backup| backup.finished_at >= begun || holds(folder, &backup.first_wal);
        if let Some(backup) = &newest {
            metrics::gauge!("callboard_backup_age_seconds").set(age(backup) as f64);
        }
        let hours = i64::from(self.every_hours.max(1));
        if newest.is_some_and(|backup| continues(&backup) && age(&backup) < hours * 3600) {
            return;
        }
        let silent: OnProgress = std::sync::Arc::new(|_| {});
        let taken = self.backups.take(&self.options, &self.url, silent).await;
        let taken = taken.and_then(|backup| {
            let pruned = self.backups.prune(usize::try_from(self.keep).unwrap_or(usize::MAX))?;
            tracing::info!(backup = %backup.name, megabytes = backup.bytes >> 20, ?pruned, "backed up");
            metrics::gauge!("callboard_backup_age_seconds").set(0);
            Ok(())
        });
        if let Err(error) = taken {
            tracing::warn!(%error, "the backup failed; it will be retried");
        }
    }
}

/// Drops the slot of an archive that is not written any more, so that Postgres does not keep its log.
pub async fn stop(url: &str) -> Result<()> {
    let client = pool::connect(url, "callboard-archive").await?;
    client.query_one(include_str!("../../../sql/queries/backups/drop_slot.sql"), &[]).await?;
    Ok(())
}

/// Waits for the end of pg_receivewal and returns what it said last.
async fn wait(receiver: &mut Child) -> String {
    use tokio::io::AsyncReadExt;
    let mut messages = Vec::new();
    if let Some(stderr) = receiver.stderr.as_mut() {
        let _ = stderr.take(64 << 10).read_to_end(&mut messages).await;
    }
    let status = receiver.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
    tools::failure(&String::from_utf8_lossy(&messages)).unwrap_or(status)
}

/// The archive's folders of an epoch, oldest first.
pub(super) fn folders(backups: &Path, epoch: &str) -> Vec<PathBuf> {
    let belongs = |name: &str| name.strip_prefix(epoch).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let entries = fs::read_dir(backups.join("wal")).into_iter().flatten().flatten();
    let mut found: Vec<_> =
        entries.filter(|entry| belongs(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// Whether an archive continues from a segment on.
fn holds(folder: &Path, first: &str) -> bool {
    folder.join(first).exists() || folder.join(format!("{first}.partial")).exists()
}

/// Removes the archived log that no backup needs: segments before the first one of the oldest backup of their epoch, and
/// epochs without a backup, except the newest one, to which a server may be writing.
pub(super) fn prune(backups: &Path, kept: &[Backup]) -> io::Result<()> {
    let Some(newest) = kept.last() else { return Ok(()) };
    for entry in fs::read_dir(backups.join("wal")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let epoch = name.split('.').next().unwrap_or_default();
        let first = kept.iter().filter(|backup| backup.epoch == epoch).map(|backup| backup.first_wal.as_str()).min();
        match first {
            Some(first) => prune_segments(&entry.path(), first)?,
            // An epoch that began later is archived before its first backup is complete.
            None if began_later(&entry.path(), newest) => {}
            None => fs::remove_dir_all(entry.path())?,
        }
    }
    Ok(())
}

fn prune_segments(folder: &Path, first: &str) -> io::Result<()> {
    for file in fs::read_dir(folder)?.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if segments::is_segment(&name) && name.as_str() < first {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

fn began_later(folder: &Path, backup: &Backup) -> bool {
    let changed =
        fs::metadata(folder).and_then(|found| found.modified()).ok().and_then(|at| Timestamp::try_from(at).ok());
    changed.is_none_or(|at| at >= backup.started_at)
}
