//! What the server knows of its backups: those in the folder that it backs up to. Copies elsewhere, also those of
//! `callboard backup`, are unknown to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Error;
use crate::config::Config;
use crate::domain::backups::{Backup, Backups};

/// The archive of the write-ahead log, as Postgres sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupArchive {
    /// Whether the log is being archived now.
    pub connected: bool,
    /// Whether it was away for so long that Postgres dropped log, so that it begins afresh with a backup.
    pub lost: bool,
    /// Bytes of the log that Postgres keeps for it.
    pub behind_bytes: Option<i64>,
}

/// A complete backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupSummary {
    /// The name of its folder.
    pub name: String,
    /// When it was finished; the database can be restored to this time and to every later one that is archived.
    #[schema(value_type = String, format = DateTime)]
    pub finished_at: Timestamp,
    /// Its bytes.
    pub bytes: u64,
    /// The version of Callboard that made it.
    pub callboard: String,
}

impl From<&Backup> for BackupSummary {
    fn from(backup: &Backup) -> Self {
        Self {
            name: backup.name.clone(),
            finished_at: backup.finished_at,
            bytes: backup.bytes,
            callboard: backup.callboard.clone(),
        }
    }
}

/// The backups of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupsState {
    /// CALLBOARD_BACKUP_DIR; null if the server makes no backups.
    pub folder: Option<String>,
    /// CALLBOARD_BACKUP_HOURS
    pub every_hours: u32,
    /// CALLBOARD_BACKUP_KEEP
    pub keep: u32,
    /// How many complete backups are in the folder.
    pub count: i64,
    /// The newest one.
    pub newest: Option<BackupSummary>,
    /// The oldest one, from which the database can be restored.
    pub oldest: Option<BackupSummary>,
    /// The archive of the log; null if there is none.
    pub archive: Option<BackupArchive>,
    /// Why the folder could not be read.
    pub problem: Option<String>,
}

/// Reads the folder of backups, on a thread that may block.
pub(super) async fn read(config: &Config, archive: Option<BackupArchive>) -> BackupsState {
    let state = BackupsState {
        folder: config.backup_dir.as_ref().map(|folder| folder.display().to_string()),
        every_hours: config.backup_hours,
        keep: config.backup_keep,
        archive,
        ..BackupsState::default()
    };
    let Some(folder) = config.backup_dir.clone() else { return state };
    let listed = tokio::task::spawn_blocking(move || Backups::of(folder).list()).await;
    match listed.unwrap_or_else(|error| Err(Error::Internal(format!("a task has ended: {error}")))) {
        Ok(found) => BackupsState {
            count: i64::try_from(found.len()).unwrap_or(i64::MAX),
            newest: found.last().map(BackupSummary::from),
            oldest: found.first().map(BackupSummary::from),
            ..state
        },
        Err(error) => BackupsState { problem: Some(error.to_string()), ..state },
    }
}
