//! A cluster that is prepared beside its place in a data directory, and moved there when it is whole.
//!
//! The folder `restore.unfinished` in the data directory is a data directory of its own, in which Postgres can run. As long as
//! it is there and the cluster is not, servers refuse to start, so that nothing half-made is taken for a database.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::data_dir::{DataDir, RESTORE};
use super::{Options, StartError};

/// A data directory without a cluster, locked, and the folder in which one is prepared.
#[derive(Debug)]
pub struct Staging {
    dir: DataDir,
    options: Options,
    folder: PathBuf,
}

impl Staging {
    /// Locks a data directory that holds no database, creating it when absent, and removes what an earlier attempt left.
    pub fn open(options: &Options) -> Result<Self, StartError> {
        let dir = DataDir::open_to_fill(options)?;
        if dir.cluster.exists() {
            return Err(StartError::Used(dir.path.clone()));
        }
        let folder = dir.path.join(RESTORE);
        let unusable = |error: io::Error| StartError::Unusable { path: folder.clone(), why: error.to_string() };
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(unusable)?;
        }
        fs::create_dir(&folder).and_then(|()| allow_entry(&folder)).map_err(unusable)?;
        sync(&dir.path);
        Ok(Self { options: Options { data_dir: folder.clone(), ..options.clone() }, dir, folder })
    }

    /// The options to run Postgres on the prepared cluster.
    pub fn options(&self, settings: Vec<(String, String)>) -> Options {
        let mut options = self.options.clone();
        options.settings.extend(settings);
        options
    }

    /// The folder of the cluster to prepare.
    pub fn cluster(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// Gives a path and all in it to the account of Postgres.
    pub fn give(&self, path: &Path) -> io::Result<()> {
        if !self.dir.owner.switch {
            return Ok(());
        }
        self.dir.owner.give(path)?;
        if fs::symlink_metadata(path)?.is_dir() {
            for entry in fs::read_dir(path)? {
                self.give(&entry?.path())?;
            }
        }
        Ok(())
    }

    /// Moves the cluster, which no Postgres uses any more, to its place in one step.
    pub fn finish(self) -> Result<(), StartError> {
        let moved = fs::rename(self.cluster(), &self.dir.cluster);
        moved.map_err(|error| StartError::Unusable { path: self.dir.path.clone(), why: error.to_string() })?;
        sync(&self.dir.path);
        let _ = fs::remove_dir_all(&self.folder);
        self.dir.remove_link();
        Ok(())
    }

    /// Removes the prepared cluster.
    pub fn discard(self) {
        let _ = fs::remove_dir_all(&self.folder);
        self.dir.remove_link();
    }
}

/// As root, the account of Postgres must be able to pass through the folder.
fn allow_entry(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if super::owner::current().0 == 0 { 0o711 } else { 0o700 };
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}

/// Makes a rename in a folder durable.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
