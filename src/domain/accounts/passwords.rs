//! Passwords: argon2id on the blocking pool, a few at a time, so that a rush of sign-ins leaves the
//! processors to everyone else.

use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// Requests that may wait for their turn before further ones are told to come back.
const QUEUE: usize = 500;

/// A password in a request; never printed.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        // The library's own complaint would repeat what was sent.
        let text = serde_json::Value::deserialize(deserializer)?;
        match text {
            serde_json::Value::String(text) => Ok(Self(text.into())),
            _ => Err(serde::de::Error::custom("it must be a string")),
        }
    }
}

impl From<SecretString> for Password {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl Password {
    /// Refuses a password that is too short or too long to be set.
    pub fn check(&self, field: &str) -> Result<()> {
        match self.0.expose_secret().chars().count() {
            8..=1024 => Ok(()),
            _ => Err(Error::invalid(field, "must have 8 to 1024 characters")),
        }
    }
}

/// The place where passwords are hashed and compared, one for the whole process.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// The right to hash once.
#[derive(Debug)]
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let turns = cores.saturating_sub(1).clamp(1, 8);
        Self { turns: Arc::new(Semaphore::new(turns)), waiting: Arc::new(Semaphore::new(QUEUE)) }
    }
}

impl Passwords {
    /// Waits for a turn; 503 if too many wait already.
    pub async fn turn(&self) -> Result<Turn> {
        let busy = || Error::problem(503, "busy", "Too many people are signing in; try again in a moment.");
        let place = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| busy())?;
        Ok(Turn { _turn: turn, _place: place })
    }

    /// Hashes a password that is to be stored.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let turn = self.turn().await?;
        turn.hash(password).await
    }
}

impl Turn {
    /// Hashes a password.
    pub async fn hash(self, password: Password) -> Result<String> {
        blocking(move || {
            // The turn is held until the work is done, also if the request goes away.
            let _turn = self;
            hash(&password)
        })
        .await?
    }

    /// Whether the password fits the hash. Without a hash (no such account) the same work is done.
    pub async fn fits(self, password: Password, stored: Option<String>) -> Result<bool> {
        blocking(move || {
            let _turn = self;
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => nobodys_hash()?,
            };
            let parsed = PasswordHash::new(&stored)
                .map_err(|_| Error::Internal("a stored password hash is not readable".to_owned()))?;
            Ok(Argon2::default().verify_password(password.0.expose_secret().as_bytes(), &parsed).is_ok() && known)
        })
        .await?
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Internal("hashing a password failed".to_owned()))
}

fn hash(password: &Password) -> Result<String> {
    Argon2::default()
        .hash_password(password.0.expose_secret().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::Internal(format!("a password cannot be hashed: {error}")))
}

/// A hash that no password fits, made with the same cost as real ones.
fn nobodys_hash() -> Result<String> {
    static HASH: OnceLock<String> = OnceLock::new();
    match HASH.get() {
        Some(hash) => Ok(hash.clone()),
        None => {
            let secret = super::secrets::random_text(40)?;
            Ok(HASH.get_or_init(|| hash(&Password(secret.into())).unwrap_or_default()).clone())
        }
    }
}

/// Makes that hash before the first sign-in, which would otherwise take twice as long for an unknown
/// account.
pub async fn prepare() -> Result<()> {
    blocking(|| nobodys_hash().map(drop)).await?
}
