//! Moving a cluster to a newer major version of Postgres with pg_upgrade.
//!
//! The new cluster is made in the folder `upgrade.unfinished` of the data directory, which is a data directory of its own. The old
//! cluster is only read; when the new one is whole and checked, the two change places, and the old one is kept.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::data_dir::{DataDir, UPGRADE, UPGRADE_COMPLETE, finish_moves};
use super::owner::Owner;
use super::{NAME, Options, StartError, cluster, process, programs, tools};

/// An upgrade in progress; the data directory is locked.
#[derive(Debug)]
pub struct Upgrade {
    dir: DataDir,
    old: Options,
    new: Options,
    folder: PathBuf,
}

/// The major version of the cluster in a data directory, if there is one.
pub fn version_of(data_dir: &Path) -> Option<u32> {
    finish_moves(data_dir);
    fs::read_to_string(data_dir.join("postgres/PG_VERSION")).ok()?.trim().parse().ok()
}

impl Upgrade {
    /// Locks the data directory, whose cluster `old` runs, and removes what an earlier attempt left.
    pub fn open(old: &Options, new: &Options) -> Result<Self, StartError> {
        let dir = DataDir::open(old)?;
        let folder = dir.path.join(UPGRADE);
        let unusable = |error: io::Error| StartError::Unusable { path: folder.clone(), why: error.to_string() };
        if folder.exists() {
            process::end_servers_in(&folder.join("postgres"));
            fs::remove_dir_all(&folder).map_err(unusable)?;
        }
        fs::create_dir(&folder).and_then(|()| dir.owner.give(&folder)).map_err(unusable)?;
        let new = Options { data_dir: folder.clone(), ..new.clone() };
        Ok(Self { dir, old: old.clone(), new, folder })
    }

    /// The options to run Postgres on the new cluster.
    pub fn options(&self) -> Options {
        self.new.clone()
    }

    /// Makes the new cluster from the old one, which must have been stopped. Passes on what pg_upgrade says it does.
    pub fn run(&self, on_line: impl FnMut(&str)) -> Result<(), StartError> {
        let failed = |why: String| StartError::Upgrade { path: self.dir.path.clone(), why };
        let made = self.folder.join("postgres");
        let new_programs = reachable(&self.new, &self.dir.owner)?;
        let old_programs = reachable(&self.old, &self.dir.owner)?;
        let mut new_dir = DataDir::open(&self.new)?;
        new_dir.owner = self.dir.owner.clone();
        fs::create_dir(&made).and_then(|()| self.dir.owner.give(&made)).map_err(|error| failed(error.to_string()))?;
        cluster::init(&new_dir, &made).map_err(failed)?;
        drop(new_dir);
        // Short, as paths of sockets must be, and private, as anybody who reaches it is trusted.
        let sockets = std::env::temp_dir().join(format!("{NAME}-{}", uuid::Uuid::new_v4().simple()));
        private(&sockets, &self.dir.owner).map_err(|error| failed(error.to_string()))?;
        let outcome = self.pg_upgrade(&old_programs, &new_programs, &made, &sockets, on_line);
        let _ = fs::remove_dir_all(&sockets);
        outcome.map_err(failed)
    }

    fn pg_upgrade(
        &self,
        old_programs: &Path,
        new_programs: &Path,
        made: &Path,
        sockets: &Path,
        on_line: impl FnMut(&str),
    ) -> Result<(), String> {
        let owner = &self.dir.owner;
        let mut command = owner
            .command(&new_programs.join("pg_upgrade"), &self.folder, libc::SIGKILL)
            .map_err(|error| error.to_string())?;
        command.arg("--old-bindir").arg(old_programs).arg("--new-bindir").arg(new_programs);
        command.arg("--old-datadir").arg(&self.dir.cluster).arg("--new-datadir").arg(made);
        command.arg("--socketdir").arg(sockets).arg("--username").arg(NAME);
        tools::run(command, on_line)
    }

    /// Lets the two clusters change places, and returns where the old one is kept.
    pub fn finish(self) -> Result<PathBuf, StartError> {
        let kept = kept(&self.dir.path, self.old.major);
        let moved = File::create(self.folder.join(UPGRADE_COMPLETE))
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.dir.cluster, &kept))
            .and_then(|()| fs::rename(self.folder.join("postgres"), &self.dir.cluster))
            .and_then(|()| File::open(&self.dir.path)?.sync_all());
        moved.map_err(|error| StartError::Unusable { path: self.dir.path.clone(), why: error.to_string() })?;
        let _ = fs::remove_dir_all(&self.folder);
        self.dir.remove_link();
        Ok(kept)
    }

    /// Removes the new cluster.
    pub fn discard(self) {
        let _ = fs::remove_dir_all(&self.folder);
        self.dir.remove_link();
    }
}

/// Where the old cluster is kept until the upgrade is confirmed.
fn kept(data_dir: &Path, major: u32) -> PathBuf {
    data_dir.join(format!("postgres-{major}.old"))
}

/// Removes the old clusters that upgrades have kept; returns them.
pub fn remove_kept(options: &Options) -> Result<Vec<PathBuf>, StartError> {
    let mut removed = Vec::new();
    for major in 10..options.major {
        let folder = kept(&options.data_dir, major);
        if folder.exists() {
            let unusable = |error: io::Error| StartError::Unusable { path: folder.clone(), why: error.to_string() };
            fs::remove_dir_all(&folder).map_err(unusable)?;
            removed.push(folder);
        }
    }
    Ok(removed)
}

fn reachable(options: &Options, owner: &Owner) -> Result<PathBuf, StartError> {
    let installed = options.runtime_dir.join(format!("postgres-{}", options.major));
    if !installed.join("bin/pg_upgrade").is_file() {
        return Err(StartError::NoRuntime(installed));
    }
    programs::reachable(&installed, owner)
}

fn private(folder: &Path, owner: &Owner) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    owner.give(folder)
}
