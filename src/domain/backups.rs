//! Backups of the embedded Postgres: copies of the whole cluster, taken while it runs, and the archive of its write-ahead log,
//! from which it is restored to any second.
//!
//! A folder of backups contains a folder for each backup, `wal/` with the archived log, and `.lock`. A backup is complete or
//! absent: it is written to a folder whose name begins with a dot, and renamed at the end. The log is archived in a folder for
//! each epoch, because a restored database goes on with another log.

pub mod archive;
pub mod base;
pub mod log;
pub mod restore;
mod segments;
mod stage;
mod verify;
mod waldump;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use tokio_postgres::types::Json;

use crate::db::embedded::StartError;
use crate::{Error, Result};

/// The file that describes a backup; the last one written.
const DESCRIPTION: &str = "backup.json";
/// The format of backups that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// The beginning of the names of unfinished backups.
const UNFINISHED: &str = ".unfinished-";

/// A complete backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Backup {
    /// The name of its folder.
    #[serde(default)]
    pub name: String,
    /// The format of the backup.
    pub format: u32,
    /// The version of Callboard that made it.
    pub callboard: String,
    /// The major version of Postgres.
    pub postgres: u32,
    /// The epoch of the database.
    pub epoch: String,
    /// When it was begun, by the database's clock.
    pub started_at: Timestamp,
    /// When it was finished: it contains at least everything that was committed when it began, and the database can be
    /// restored to this time and to every later one that is archived.
    pub finished_at: Timestamp,
    /// The first segment of the log that a restore reads.
    pub first_wal: String,
    /// The bytes of the backup.
    pub bytes: u64,
    /// Events in the streams when it was begun.
    pub events: i64,
}

/// How far long work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, e.g. `Copying`.
    pub step: &'static str,
    /// Bytes done.
    pub done: u64,
    /// Bytes in total; 0 if unknown.
    pub total: u64,
}

/// Receives the progress of long work.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// What a backup states of the database.
#[derive(Debug, Deserialize)]
pub(crate) struct DatabaseState {
    pub epoch: String,
    pub at: Timestamp,
    pub events: i64,
    pub bytes: u64,
    pub postgres: u32,
}

impl DatabaseState {
    async fn read(client: &Client) -> Result<Self> {
        let row = client.query_one(include_str!("../../sql/queries/backups/state.sql"), &[]).await?;
        let Json(state) = row.try_get(0)?;
        Ok(state)
    }
}

/// A folder of backups.
#[derive(Debug, Clone)]
pub struct Backups {
    folder: PathBuf,
}

impl Backups {
    /// The backups in a folder, which need not exist yet.
    pub fn of(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The complete backups, oldest first.
    pub fn list(&self) -> Result<Vec<Backup>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.unusable(&error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| self.unusable(&error))?.path();
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if !hidden && path.join(DESCRIPTION).is_file() {
                found.push(read(&path)?);
            }
        }
        found.sort_by_key(|backup| backup.finished_at);
        Ok(found)
    }

    /// Removes all but the newest `keep` backups, and the log that only the removed ones need; returns the removed names.
    pub fn prune(&self, keep: usize) -> Result<Vec<String>> {
        let _lock = self.lock()?;
        let mut backups = self.list()?;
        let kept = backups.split_off(backups.len().saturating_sub(keep.max(1)));
        for backup in &backups {
            // Hidden first, so that a crash leaves no half backup that looks whole.
            let hidden = self.folder.join(format!("{UNFINISHED}{}", backup.name));
            fs::rename(self.folder.join(&backup.name), &hidden)
                .and_then(|()| fs::remove_dir_all(&hidden))
                .map_err(|error| self.unusable(&error))?;
        }
        archive::prune(&self.folder, &kept).map_err(|error| self.unusable(&error))?;
        Ok(backups.into_iter().map(|backup| backup.name).collect())
    }

    /// Fails if this folder is in another one, such as the data directory, with which it would be lost.
    pub fn require_outside(&self, other: &Path) -> Result<()> {
        let Ok(other) = other.canonicalize() else { return Ok(()) };
        let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        // It need not exist yet.
        let found = folder.ancestors().find_map(|parent| parent.canonicalize().ok());
        if !found.is_some_and(|found| found.starts_with(&other)) {
            return Ok(());
        }
        Err(Error::Setup(format!(
            "The backup folder {} is inside of the data directory ({}) and would be lost with it: choose a folder outside, best on another disk.",
            self.folder.display(),
            other.display()
        )))
    }

    /// Locks the folder, creating it when absent, and removes what interrupted backups left.
    fn lock(&self) -> Result<File> {
        let unusable = |error: io::Error| self.unusable(&error);
        create_private(&self.folder).map_err(unusable)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.folder.join(".lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Setup(format!(
                    "Another backup to {} is in progress: wait until it has finished.",
                    self.folder.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        for entry in fs::read_dir(&self.folder).map_err(unusable)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_dir_all(entry.path()).map_err(unusable)?;
            }
        }
        Ok(lock)
    }

    fn unusable(&self, error: &io::Error) -> Error {
        Error::Setup(format!(
            "The backup folder {} cannot be used ({error}): make it writable and free some space, or choose another folder.",
            self.folder.display()
        ))
    }
}

/// Reads the description of one backup.
fn read(folder: &Path) -> Result<Backup> {
    let path = folder.join(DESCRIPTION);
    let broken = |why: String| {
        Error::Setup(format!("{} does not describe a backup ({why}): choose another backup.", path.display()))
    };
    let text = fs::read_to_string(&path).map_err(|error| broken(error.to_string()))?;
    let mut backup: Backup = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
    if backup.format > FORMAT {
        return Err(Error::Setup(format!(
            "The backup {} was made by Callboard {}, a newer version: install that version to restore it.",
            folder.display(),
            backup.callboard
        )));
    }
    backup.name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(backup)
}

/// Creates a folder that only its owner can enter, if it is absent: backups hold the keys of the server.
fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Fails if the file system of an existing folder has less room than needed.
fn require_space(folder: &Path, needed: u64) -> Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let Ok(path) = std::ffi::CString::new(folder.as_os_str().as_bytes()) else { return Ok(()) };
    // SAFETY: the path is a C string and a zeroed statvfs is a valid value; both outlive the call.
    let free = unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(path.as_ptr(), &raw mut found) != 0 {
            return Ok(());
        }
        (found.f_bavail as u64).saturating_mul(found.f_frsize as u64)
    };
    if free >= needed {
        return Ok(());
    }
    Err(Error::Setup(format!(
        "{} has {} MB of free space, and about {} MB are needed: free some space, or choose another folder.",
        folder.display(),
        free >> 20,
        (needed >> 20) + 1
    )))
}

/// An error of the embedded Postgres.
fn setup(error: StartError) -> Error {
    Error::Setup(error.to_string())
}

/// Runs work that blocks, such as copying files, on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::Internal(format!("a task has ended: {error}"))))
}
