//! The data directory: its lock, its contents, and the path of the socket.
//!
//! The socket is in the cluster directory. A socket path is limited to 107 bytes; if the data directory has a longer
//! path, clients use a symbolic link in a short private directory, whose path is stored in `socket-link` for other
//! processes and the next start.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::owner::{Owner, current};
use super::{NAME, Options, StartError, programs};

/// The file name of the socket, and the maximum bytes of a socket path that all systems support.
const SOCKET: &str = ".s.PGSQL.5432";
/// The port in its name.
pub(super) const USUAL_PORT: u16 = 5432;
const MAX_SOCKET_PATH: usize = 103;

/// The folder in the data directory in which a cluster is restored, until it is whole.
pub(super) const RESTORE: &str = "restore.unfinished";
/// The folder in the data directory in which a cluster is upgraded, and the file in it that says that it is whole.
pub(super) const UPGRADE: &str = "upgrade.unfinished";
pub(super) const UPGRADE_COMPLETE: &str = "complete";

/// A data directory that this process has locked.
#[derive(Debug)]
pub(super) struct DataDir {
    pub path: PathBuf,
    pub cluster: PathBuf,
    /// The folder of Postgres' programs, which the owner can reach.
    pub programs: PathBuf,
    pub owner: Owner,
    pub settings: Vec<(String, String)>,
    pub major: u32,
    pub listen: Option<SocketAddr>,
    socket_dir: PathBuf,
    lock: File,
}

impl DataDir {
    /// Locks the data directory, creating it when absent. The cluster in it may still have to be created.
    pub fn open(options: &Options) -> Result<Self, StartError> {
        let dir = Self::open_to_fill(options)?;
        let unfinished = dir.path.join(RESTORE);
        if unfinished.exists() {
            if !dir.cluster.exists() {
                return Err(StartError::Unfinished(dir.path.clone()));
            }
            // The cluster was moved to its place; what remains is empty.
            let _ = fs::remove_dir_all(unfinished);
        }
        Ok(dir)
    }

    /// The same also while a cluster is being restored into it.
    pub fn open_to_fill(options: &Options) -> Result<Self, StartError> {
        let installed = options.runtime_dir.join(format!("postgres-{}", options.major));
        if !installed.join("bin/postgres").is_file() {
            return Err(StartError::NoRuntime(installed));
        }
        if options.data_dir.join("PG_VERSION").exists() {
            return Err(StartError::Foreign(options.data_dir.clone()));
        }
        let unusable =
            |error: io::Error| StartError::Unusable { path: options.data_dir.clone(), why: error.to_string() };
        if !options.data_dir.is_dir() {
            // As root, the account of Postgres may traverse the directory, but not list it.
            let mode = if current().0 == 0 { 0o711 } else { 0o700 };
            DirBuilder::new().recursive(true).mode(mode).create(&options.data_dir).map_err(unusable)?;
        }
        let path = options.data_dir.canonicalize().map_err(unusable)?;
        let lock = lock(&path)?;
        let cluster = path.join("postgres");
        finish_moves(&path);
        check_version(&cluster, options.major)?;
        let owner = Owner::of(&cluster)?;
        let programs = programs::reachable(&installed, &owner)?;
        let socket_dir = socket_dir(&path, true).map_err(unusable)?;
        Ok(Self {
            path,
            cluster,
            programs,
            owner,
            settings: options.settings.clone(),
            major: options.major,
            listen: options.listen,
            socket_dir,
            lock,
        })
    }

    /// The connection string.
    pub fn url(&self) -> String {
        url(&self.socket_dir)
    }

    /// The log of Postgres.
    pub fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// A unique name, which every process of this cluster shows in the process list.
    pub fn title(&self) -> String {
        let hash = crc32fast::hash(self.cluster.as_os_str().as_bytes());
        format!("{NAME}-{hash:08x}")
    }

    /// The path of a folder for a program that runs in it: its own path or, if its account cannot reach that, the working
    /// directory.
    pub fn name_for_postgres(&self, folder: &Path) -> PathBuf {
        if self.owner.reaches(folder) { folder.into() } else { "/proc/self/cwd".into() }
    }

    /// Gives the socket its usual name too: Postgres names it by the port, which differs where it listens on one.
    pub fn link_socket(&self, port: u16) -> io::Result<()> {
        let usual = self.cluster.join(SOCKET);
        if usual.is_symlink() {
            fs::remove_file(&usual)?;
        }
        if port == USUAL_PORT { Ok(()) } else { symlink(format!(".s.PGSQL.{port}"), usual) }
    }

    /// Removes the link to the socket, which is outside of the data directory.
    pub fn remove_link(&self) {
        if self.socket_dir != self.cluster {
            let _ = fs::remove_file(&self.socket_dir);
            let _ = self.socket_dir.parent().map(fs::remove_dir);
            let _ = fs::remove_file(self.path.join("socket-link"));
        }
    }
}

/// Finishes the exchange of two clusters if a crash came in between.
pub(super) fn finish_moves(data_dir: &Path) {
    let (folder, cluster) = (data_dir.join(UPGRADE), data_dir.join("postgres"));
    let made = folder.join("postgres");
    if !cluster.exists() && made.exists() && folder.join(UPGRADE_COMPLETE).exists() {
        match fs::rename(&made, &cluster) {
            Ok(()) => drop(fs::remove_dir_all(&folder)),
            Err(error) => tracing::warn!(%error, "the upgraded cluster could not be moved to its place"),
        }
    }
}

impl Drop for DataDir {
    /// Closing the file would not be enough: a child that another thread has forked but that has not yet executed its
    /// program holds a copy of it, and the lock with it.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

/// The connection string of a Postgres that another process runs.
pub(super) fn running_url(data_dir: &Path) -> Result<String, StartError> {
    let not_running = |error: io::Error| StartError::NotRunning {
        path: data_dir.into(),
        why: match error.kind() {
            io::ErrorKind::NotFound => "there is no database socket".into(),
            io::ErrorKind::ConnectionRefused => "nothing answers at its database socket".into(),
            _ => error.to_string(),
        },
    };
    let found = data_dir.canonicalize().map_err(not_running)?;
    let socket_dir = socket_dir(&found, false).map_err(not_running)?;
    UnixStream::connect(socket_dir.join(SOCKET)).map_err(not_running)?;
    Ok(url(&socket_dir))
}

fn url(socket_dir: &Path) -> String {
    let mut host = String::new();
    for byte in socket_dir.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                host.push(char::from(*byte));
            }
            _ => host.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("postgresql:///{NAME}?host={host}&user={NAME}")
}

fn lock(data_dir: &Path) -> Result<File, StartError> {
    let unusable = |error: io::Error| StartError::Unusable { path: data_dir.into(), why: error.to_string() };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(data_dir.join("callboard.lock"))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let pid = match pid.trim() {
                "" => String::new(),
                pid => format!(" (process {pid})"),
            };
            return Err(StartError::InUse { path: data_dir.into(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    // Only used by the message above, so errors (e.g. a full disk) are ignored.
    let _ = file.set_len(0).and_then(|()| file.rewind());
    let _ = writeln!(file, "{}", std::process::id());
    Ok(file)
}

fn check_version(cluster: &Path, wanted: u32) -> Result<(), StartError> {
    match fs::read_to_string(cluster.join("PG_VERSION")) {
        Ok(found) if found.trim() == wanted.to_string() => Ok(()),
        Ok(found) => Err(StartError::OtherVersion { path: cluster.into(), found: found.trim().into(), wanted }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A cluster is complete or absent: an empty folder counts as absent, anything else is foreign.
            match fs::read_dir(cluster).map(|mut found| found.next().is_none()) {
                Ok(true) => fs::remove_dir(cluster)
                    .map_err(|error| StartError::Unusable { path: cluster.into(), why: error.to_string() }),
                Ok(false) => Err(StartError::Foreign(cluster.into())),
                Err(_) => Ok(()),
            }
        }
        Err(_) => Ok(()), // belongs to another account; the owner check reports it
    }
}

/// The directory of the socket for clients; `create` creates the link if one is needed.
fn socket_dir(data_dir: &Path, create: bool) -> io::Result<PathBuf> {
    let cluster = data_dir.join("postgres");
    let bytes = cluster.as_os_str().as_bytes();
    if bytes.len() + 1 + SOCKET.len() <= MAX_SOCKET_PATH && std::str::from_utf8(bytes).is_ok() {
        return Ok(cluster);
    }
    let record = data_dir.join("socket-link");
    let known = fs::read(&record).map(|path| PathBuf::from(OsStr::from_bytes(path.trim_ascii())));
    match known {
        Ok(link) if is_private(&link) && fs::read_link(&link).is_ok_and(|to| to == cluster) => {
            return Ok(link);
        }
        Ok(_) if !create => return Err(io::ErrorKind::NotFound.into()),
        Err(error) if !create => return Err(error),
        _ => {}
    }
    let base = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|base| base.is_dir() && base.as_os_str().len() < 60)
        .unwrap_or_else(|| "/tmp".into());
    // An unguessable name, which no other account can create first, and a private mode.
    let folder = base.join(format!("{NAME}-{}", uuid::Uuid::new_v4().simple()));
    DirBuilder::new().mode(0o700).create(&folder)?;
    let link = folder.join("pg");
    symlink(&cluster, &link)?;
    fs::write(&record, link.as_os_str().as_bytes())?;
    Ok(link)
}

fn is_private(link: &Path) -> bool {
    link.parent()
        .and_then(|folder| fs::symlink_metadata(folder).ok())
        .is_some_and(|folder| folder.is_dir() && folder.uid() == current().0 && folder.mode() & 0o077 == 0)
}
