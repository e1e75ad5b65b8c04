//! The files of coding agents: where they are, and how they are read and replaced.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::domain::agent_setup::Place;
use crate::{Error, Result};

/// Largest file that is edited. Some tools keep their history in their configuration.
const MAX_BYTES: u64 = 64 << 20;

/// The user's file at a place.
pub fn of_user(place: &Place) -> Result<PathBuf> {
    let macos = place.macos.filter(|_| cfg!(target_os = "macos"));
    let mut folders = macos.iter().chain(place.folders.iter().filter(|_| macos.is_none()));
    let folder = folders
        .find_map(|folder| expand(folder))
        .ok_or_else(|| Error::Setup("The configuration cannot be found: set HOME.".to_owned()))?;
    Ok(first(&folder, place.files))
}

/// A file of the project in which the command runs: of the repository, or else of the current folder.
pub fn of_project(files: &[&str]) -> Result<PathBuf> {
    Ok(first(&project_folder()?, files))
}

/// The project's folder.
pub fn project_folder() -> Result<PathBuf> {
    let current = std::env::current_dir()
        .map_err(|error| Error::Setup(format!("The current folder cannot be determined: {error}.")))?;
    let root = current.ancestors().find(|folder| folder.join(".git").exists());
    Ok(root.unwrap_or(&current).to_owned())
}

/// The first file that exists, else the first.
fn first(folder: &Path, files: &[&str]) -> PathBuf {
    let mut paths = files.iter().map(|file| folder.join(file));
    let default = paths.next().unwrap_or_else(|| folder.to_owned());
    if default.exists() { default } else { paths.find(|path| path.exists()).unwrap_or(default) }
}

/// A folder that begins with `$VARIABLE` or `~`; none if the variable is not set.
fn expand(folder: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let (head, rest) = folder.split_once('/').unwrap_or((folder, ""));
    let head = match head.strip_prefix('$') {
        Some(variable) => set(variable)?,
        None => set("HOME")?,
    };
    Some(if rest.is_empty() { head } else { head.join(rest) })
}

/// A file's text; none if it does not exist.
pub fn read(path: &Path) -> Result<Option<String>> {
    let failed = |why: String| Error::Setup(format!("{} cannot be read: {why}. Nothing was changed.", path.display()));
    match fs::metadata(path) {
        Ok(data) if data.is_file() => {}
        Ok(_) => return Err(failed("it is not a regular file".to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return Err(failed("it is a link to a file that does not exist".to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    }
    let file = fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(failed(format!("it is larger than {} MB", MAX_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| failed(format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to())))?;
    Ok(Some(text))
}

/// Refuses a file that is marked as read-only, which a replacement would ignore.
pub fn check_writable(path: &Path) -> Result<()> {
    match mode(path) {
        Some(mode) if mode & 0o222 == 0 => Err(Error::Setup(format!(
            "{} is read-only: make it writable with `chmod u+w` first. Nothing was changed.",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// The permissions of a file; none if it does not exist.
pub fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|data| data.mode() & 0o7777)
}

/// Replaces a file atomically. An existing file keeps its owner and its permissions, except that a secret file is readable
/// only by its owner.
pub fn replace(path: &Path, text: &str, secret: bool) -> Result<()> {
    // A link to the file, as programs for dotfiles make, stays a link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let failed = |error: std::io::Error| Error::Setup(format!("{} cannot be written: {error}.", path.display()));
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let next = folder.join(format!(".{name}.callboard-{}", std::process::id()));
    let written = write_and_rename(&next, &path, text, secret);
    if written.is_err() {
        let _ = fs::remove_file(&next);
    }
    written.map_err(failed)
}

fn write_and_rename(next: &Path, path: &Path, text: &str, secret: bool) -> std::io::Result<()> {
    let _ = fs::remove_file(next);
    let existing = fs::metadata(path).ok();
    let mode = if secret || existing.is_some() { 0o600 } else { 0o666 };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(next)?;
    file.write_all(text.as_bytes())?;
    if let Some(existing) = existing {
        // Only the administrator can keep the owner of another's file.
        let _ = std::os::unix::fs::chown(next, Some(existing.uid()), Some(existing.gid()));
        let kept = if secret { 0o7700 } else { 0o7777 };
        file.set_permissions(fs::Permissions::from_mode(existing.mode() & kept))?;
    }
    file.sync_all()?;
    fs::rename(next, path)
}

/// Removes a file.
pub fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|error| Error::Setup(format!("{} cannot be removed: {error}.", path.display())))
}
