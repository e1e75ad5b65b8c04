//! What `connect` notes on this machine, in `callboard/connections.json` beside the saved sign-ins: the keys of projects, which
//! are in no file, and the files that it made. No secret is in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files;
use crate::Result;
use crate::cli::credentials;

/// The contents of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Noted {
    /// Keys of projects.
    pub keys: Vec<ProjectKey>,
    /// Files that did not exist before.
    pub created: BTreeSet<PathBuf>,
}

/// The key that a tool uses in a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectKey {
    /// The server.
    pub url: String,
    /// The tool's name on the command line.
    pub tool: String,
    /// The project's folder.
    pub folder: PathBuf,
    /// The agent.
    pub agent: String,
    /// The key's id.
    pub key_id: String,
}

impl Noted {
    /// Reads the file. One that is missing or damaged holds nothing: keys that are not known are not revoked.
    pub fn read() -> Self {
        let text = path().and_then(|path| files::read(&path).ok().flatten()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The key of a tool in a project.
    pub fn key(&self, url: &str, tool: &str, folder: &Path) -> Option<&ProjectKey> {
        self.keys.iter().find(|key| key.is_of(url, tool, folder))
    }
}

impl ProjectKey {
    fn is_of(&self, url: &str, tool: &str, folder: &Path) -> bool {
        self.url == url && self.tool == tool && self.folder == folder
    }
}

/// Notes a key instead of the one before.
pub fn keep_key(new: ProjectKey) {
    change(|noted| {
        noted.keys.retain(|key| !key.is_of(&new.url, &new.tool, &new.folder));
        noted.keys.push(new);
    });
}

/// Forgets a key.
pub fn forget_key(id: &str) {
    change(|noted| noted.keys.retain(|key| key.key_id != id));
}

/// Changes the file. A failure is reported only: what was noted is a help for `disconnect`.
pub fn change(change: impl FnOnce(&mut Noted)) {
    let written = || -> Result<()> {
        let Some(path) = path() else { return Ok(()) };
        let lock = credentials::lock()?;
        let mut noted = Noted::read();
        change(&mut noted);
        let text = serde_json::to_string_pretty(&noted).map_err(|error| crate::Error::Internal(error.to_string()))?;
        files::replace(&path, &text, true)?;
        drop(lock);
        Ok(())
    };
    if let Err(error) = written() {
        eprintln!("What `disconnect` needs could not be noted: {}", crate::cli::sentence(&error));
    }
}

fn path() -> Option<PathBuf> {
    credentials::folder().map(|folder| folder.join("connections.json"))
}
