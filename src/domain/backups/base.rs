//! Taking and checking a backup, by Postgres' own pg_basebackup.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::{Backup, Backups, DESCRIPTION, DatabaseState, FORMAT, OnProgress, Progress, UNFINISHED, blocking};
use crate::db::embedded::{Options, tools};
use crate::db::pool;
use crate::{Error, Result};

/// Room besides the database: the log that is written meanwhile.
const RESERVE: u64 = 64 << 20;

impl Backups {
    /// Copies the running database at `url` into a new backup.
    pub async fn take(&self, options: &Options, url: &str, on_progress: OnProgress) -> Result<Backup> {
        self.require_outside(&options.data_dir.join("postgres"))?;
        let lock = self.lock()?;
        let client = pool::connect(url, "callboard-backup").await?;
        let before = DatabaseState::read(&client).await?;
        super::require_space(&self.folder, before.bytes + RESERVE)?;
        let name = self.free_name(&before);
        let unfinished = self.folder.join(format!("{UNFINISHED}{name}"));
        let made = self.fill(options, url, &unfinished, before.bytes, on_progress).await;
        let made = match made {
            Ok(found) => DatabaseState::read(&client).await.map(|after| (found, after)),
            Err(error) => Err(error),
        };
        let finished = made.and_then(|((first_wal, bytes), after)| {
            let backup = Backup {
                name: name.clone(),
                format: FORMAT,
                callboard: env!("CARGO_PKG_VERSION").to_owned(),
                postgres: before.postgres,
                epoch: before.epoch,
                started_at: before.at,
                finished_at: after.at,
                first_wal,
                bytes,
                events: before.events,
            };
            self.finish(&unfinished, &backup)?;
            Ok(backup)
        });
        if finished.is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        drop(lock);
        finished
    }

    /// A name from the time, such as `2026-03-01T12-30-00Z`.
    fn free_name(&self, state: &DatabaseState) -> String {
        let name = state.at.strftime("%Y-%m-%dT%H-%M-%SZ").to_string();
        let mut free = name.clone();
        let mut count = 1;
        while self.folder.join(&free).exists() {
            count += 1;
            free = format!("{name}-{count}");
        }
        free
    }

    /// Runs pg_basebackup; returns the first segment that a restore reads, and the bytes.
    async fn fill(
        &self,
        options: &Options,
        url: &str,
        folder: &Path,
        expected: u64,
        on_progress: OnProgress,
    ) -> Result<(String, u64)> {
        super::create_private(folder).map_err(|error| self.unusable(&error))?;
        let mut command = tools::command(options, "pg_basebackup", folder).map_err(super::setup)?;
        command.arg("--dbname").arg(url).args(["--pgdata=postgres", "--wal-method=stream", "--checkpoint=fast"]);
        command.args(["--manifest-checksums=SHA256", "--no-password", "--progress", "--label=callboard"]);
        let (folder, place) = (folder.to_owned(), self.folder.clone());
        blocking(move || {
            let outcome = tools::run(command, |line| {
                if let Some((done, total)) = copied(line) {
                    on_progress(Progress { step: "Copying", done, total: total.max(expected) });
                }
            });
            outcome.map_err(|why| {
                Error::Setup(format!(
                    "The backup could not be written to {} ({}): nothing of it was kept; free some space, or choose another folder.",
                    place.display(),
                    why.trim_end_matches('.')
                ))
            })?;
            let label = fs::read_to_string(folder.join("postgres/backup_label")).unwrap_or_default();
            let first = first_segment(&label)
                .ok_or_else(|| Error::Internal("pg_basebackup wrote no backup_label".to_owned()))?;
            let bytes = super::stage::size(&folder).map_err(|error| Error::Setup(format!("The backup cannot be read: {error}.")))?;
            Ok((first, bytes))
        })
        .await
    }

    /// Describes the backup and gives it its name.
    fn finish(&self, unfinished: &Path, backup: &Backup) -> Result<()> {
        let text = serde_json::to_string_pretty(backup).map_err(|error| Error::Internal(error.to_string()))?;
        let written = File::create_new(unfinished.join(DESCRIPTION))
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| File::open(unfinished)?.sync_all())
            .and_then(|()| fs::rename(unfinished, self.folder.join(&backup.name)))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        written.map_err(|error| self.unusable(&error))
    }

    /// Compares each file of a backup with the checksums that were taken with it, and reads the log in it.
    pub async fn check(&self, options: &Options, backup: &Backup, on_progress: OnProgress) -> Result<()> {
        let options = Options { major: backup.postgres, ..options.clone() };
        let cluster = self.folder.join(&backup.name).join("postgres");
        super::verify::verify_with_log(options, cluster, on_progress).await
    }
}

/// The bytes done and in total in a line of progress, such as `1200/45000 kB (2%), 0/1 tablespace`.
fn copied(line: &str) -> Option<(u64, u64)> {
    let (done, total) = line.split_once(" kB")?.0.trim().split_once('/')?;
    Some((done.parse::<u64>().ok()? << 10, total.parse::<u64>().ok()? << 10))
}

/// The segment in a line such as `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)`.
fn first_segment(label: &str) -> Option<String> {
    let name = label.lines().find_map(|line| line.strip_prefix("START WAL LOCATION:"))?.split_once("(file ")?.1;
    Some(name.trim_end_matches(')').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_label_are_read() {
        assert_eq!(copied("1200/45000 kB (2%), 0/1 tablespace"), Some((1200 << 10, 45_000 << 10)));
        assert_eq!(copied("waiting for checkpoint"), None);
        let label = "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\nCHECKPOINT LOCATION: 0/2000080\n";
        assert_eq!(first_segment(label).as_deref(), Some("000000010000000000000002"));
    }
}
