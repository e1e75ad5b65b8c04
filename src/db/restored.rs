//! Detects that the embedded Postgres runs on a copy of its data directory, for example a backup that was put back.
//!
//! Each start leaves a mark in the data directory, a file with a random name in it, and records the mark with the file's
//! identity (inode and time of creation) in the database. A copy has another file, and a directory of which only the
//! Postgres folder was put back has another mark. What keeps the identity of files, such as a snapshot of a whole file
//! system, is not detected: after that, `callboard maintenance restored` starts a new epoch.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::db::pool;
use crate::{Error, Result};

/// The file of the mark.
const MARK: &str = "callboard.start";

/// Records a start on the data directory. True if the database or the directory is a copy, for which a new epoch was
/// started.
pub async fn record_start(url: &str, data_dir: &Path) -> Result<bool> {
    let found = read(data_dir).map_err(|error| unusable(data_dir, &error))?;
    let fresh = data_dir.join(format!("{MARK}.new"));
    let left = match write(&fresh) {
        Ok(left) => Some(left),
        Err(error) => {
            tracing::warn!(%error, "the mark of this start cannot be written; the old one remains");
            found.clone()
        }
    };
    let client = pool::connect(url, "callboard-start").await?;
    let row = client.query_one("select logic.record_start($1, $2)", &[&found, &left]).await?;
    // A crash before this rename looks like a copy, which costs clients no more than a fresh snapshot.
    if left != found {
        fs::rename(&fresh, data_dir.join(MARK)).map_err(|error| unusable(data_dir, &error))?;
    }
    Ok(row.try_get(0)?)
}

fn unusable(data_dir: &Path, error: &io::Error) -> Error {
    Error::Setup(format!("The data directory {} cannot be used ({error}): make it writable.", data_dir.display()))
}

/// The mark in the directory, with the identity of its file.
fn read(data_dir: &Path) -> io::Result<Option<String>> {
    let path = data_dir.join(MARK);
    match fs::read_to_string(&path) {
        Ok(name) => Ok(Some(identity(name.trim(), &fs::metadata(&path)?))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path) -> io::Result<String> {
    let name = uuid::Uuid::new_v4().simple().to_string();
    // Never an old file, whose identity would stay.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = File::create_new(path)?;
    writeln!(file, "{name}")?;
    file.sync_all()?;
    Ok(identity(&name, &file.metadata()?))
}

fn identity(name: &str, file: &Metadata) -> String {
    let created = file.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{name}-{}-{}", file.ino(), created.as_nanos())
}
