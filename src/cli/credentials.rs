//! The file of saved sign-ins: `callboard/credentials.json` under `$XDG_CONFIG_HOME` (`~/.config`), readable only by
//! its owner. A refresh token can be used once, so a process holds a file lock while it exchanges one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::client::{TokenStore, Tokens};
use crate::{Error, Result};

/// The contents of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SavedSignIns {
    /// The server of the last sign-in.
    pub last: Option<String>,
    /// Sign-ins by server address.
    pub servers: BTreeMap<String, SignIn>,
}

/// The sign-in of a person at a server.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// The e-mail address.
    pub email: String,
    /// The tokens.
    pub tokens: Tokens,
}

impl SavedSignIns {
    /// Reads the file; returns an empty value if it does not exist.
    pub fn read() -> Result<Self> {
        let Some(file) = file() else { return Ok(Self::default()) };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(file_error(&format!("cannot be read: {error}"))),
        };
        serde_json::from_str(&text).map_err(|_| file_error("is damaged; remove it and sign in again"))
    }

    /// The tokens for a server, and the store for refreshed ones.
    pub fn sign_in(url: &str) -> Result<Option<(Tokens, Store)>> {
        let saved = Self::read()?.servers.remove(url);
        Ok(saved.map(|sign_in| (sign_in.tokens, Store { url: url.to_owned() })))
    }

    /// Changes the file under the lock.
    pub fn change(change: impl FnOnce(&mut Self)) -> Result<()> {
        let lock = lock()?;
        let mut saved = Self::read()?;
        change(&mut saved);
        saved.write()?;
        drop(lock);
        Ok(())
    }

    /// Replaces the file atomically.
    fn write(&self) -> Result<()> {
        let failed = |error: std::io::Error| file_error(&format!("cannot be written: {error}"));
        let file = file().ok_or_else(no_home)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Internal(error.to_string()))?;
        let next = file.with_extension("new");
        let mut opened =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next).map_err(failed)?;
        opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(failed)?;
        fs::rename(&next, &file).map_err(failed)
    }
}

/// The saved tokens of one server.
#[derive(Debug)]
pub struct Store {
    url: String,
}

impl TokenStore for Store {
    fn lock(&self) -> Box<dyn Send> {
        // Without the lock, at worst the user has to sign in again.
        Box::new(lock().ok())
    }

    fn load(&self) -> Option<Tokens> {
        SavedSignIns::read().ok()?.servers.remove(&self.url).map(|sign_in| sign_in.tokens)
    }

    fn save(&self, tokens: &Tokens) {
        // The caller holds the lock.
        let saved = SavedSignIns::read().and_then(|mut saved| match saved.servers.get_mut(&self.url) {
            Some(sign_in) => {
                sign_in.tokens = tokens.clone();
                saved.write()
            }
            None => Ok(()),
        });
        if let Err(error) = saved {
            eprintln!("{error} You will have to sign in again.");
        }
    }
}

/// The folder of this program's own files.
pub fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(config.join("callboard"))
}

fn file() -> Option<PathBuf> {
    folder().map(|folder| folder.join("credentials.json"))
}

/// The lock under which they are changed.
pub fn lock() -> Result<File> {
    let failed = |error: std::io::Error| file_error(&format!("cannot be locked: {error}"));
    let folder = folder().ok_or_else(no_home)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    let path = folder.join("credentials.lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

fn file_error(how: &str) -> Error {
    let file = file().unwrap_or_default();
    Error::Setup(format!("The credentials file {} {how}.", file.display()))
}

fn no_home() -> Error {
    Error::Setup("The sign-in cannot be saved: set XDG_CONFIG_HOME or HOME.".to_owned())
}
