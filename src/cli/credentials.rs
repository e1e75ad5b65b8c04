//! The file of sign-ins: `callboard/credentials.json` under `$XDG_CONFIG_HOME` (`~/.config`), readable by its owner
//! alone. Refresh tokens are good once, so whoever renews one holds a lock until its successor is written.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::client::{TokenStore, Tokens};
use crate::{Error, Result};

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// The server that was signed in to last.
    pub last: Option<String>,
    /// By address.
    pub servers: BTreeMap<String, SignIn>,
}

/// A person at a server.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// Who.
    pub email: String,
    /// What proves it.
    pub tokens: Tokens,
}

impl Kept {
    /// Reads the file; empty where there is none.
    pub fn read() -> Result<Self> {
        let Some(file) = file() else { return Ok(Self::default()) };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(broken(&format!("cannot be read: {error}"))),
        };
        serde_json::from_str(&text).map_err(|_| broken("is damaged; remove it and sign in again"))
    }

    /// The tokens of whoever signed in at a server, and the place where their successors go.
    pub fn sign_in(url: &str) -> Result<Option<(Tokens, Store)>> {
        let kept = Self::read()?.servers.remove(url);
        Ok(kept.map(|sign_in| (sign_in.tokens, Store { url: url.to_owned() })))
    }

    /// Changes the file while nobody else does.
    pub fn change(change: impl FnOnce(&mut Self)) -> Result<()> {
        let lock = lock()?;
        let mut kept = Self::read()?;
        change(&mut kept);
        kept.write()?;
        drop(lock);
        Ok(())
    }

    /// Replaces the file as a whole, so that nobody reads half of it.
    fn write(&self) -> Result<()> {
        let refuse = |error: std::io::Error| broken(&format!("cannot be written: {error}"));
        let file = file().ok_or_else(homeless)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Internal(error.to_string()))?;
        let next = file.with_extension("new");
        let mut opened =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next).map_err(refuse)?;
        opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(refuse)?;
        fs::rename(&next, &file).map_err(refuse)
    }
}

/// Where the tokens of one server are kept.
#[derive(Debug)]
pub struct Store {
    url: String,
}

impl TokenStore for Store {
    fn lock(&self) -> Box<dyn Send> {
        // Without the lock the worst that happens is another sign-in.
        Box::new(lock().ok())
    }

    fn load(&self) -> Option<Tokens> {
        Kept::read().ok()?.servers.remove(&self.url).map(|sign_in| sign_in.tokens)
    }

    fn save(&self, tokens: &Tokens) {
        // The caller holds the lock.
        let saved = Kept::read().and_then(|mut kept| match kept.servers.get_mut(&self.url) {
            Some(sign_in) => {
                sign_in.tokens = tokens.clone();
                kept.write()
            }
            None => Ok(()),
        });
        if let Err(error) = saved {
            eprintln!("{error} You will have to sign in again.");
        }
    }
}

fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(config.join("callboard"))
}

fn file() -> Option<PathBuf> {
    folder().map(|folder| folder.join("credentials.json"))
}

fn lock() -> Result<File> {
    let refuse = |error: std::io::Error| broken(&format!("cannot be locked: {error}"));
    let folder = folder().ok_or_else(homeless)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(refuse)?;
    let path = folder.join("credentials.lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(refuse)?;
    file.lock().map_err(refuse)?;
    Ok(file)
}

fn broken(how: &str) -> Error {
    let file = file().unwrap_or_default();
    Error::Setup(format!("The file of sign-ins {} {how}.", file.display()))
}

fn homeless() -> Error {
    Error::Setup("Neither XDG_CONFIG_HOME nor HOME is set: there is no place for the sign-in.".to_owned())
}
