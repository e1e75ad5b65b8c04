//! Password hashing: argon2id on the blocking pool with limited concurrency, so that many sign-ins at once leave
//! processors free for other requests. One hash needs 19 MiB; the buffers are reused, because an allocator that keeps one
//! for each thread of the pool never gives the memory back.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// Maximum number of requests in the hashing queue; further ones get 503.
const MAX_QUEUED: usize = 500;
/// Maximum number of hashes at once, and of buffers.
const MAX_RUNNING: usize = 4;

/// A password in a request; never printed.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        // The default error message would repeat the value.
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
    /// Checks that a new password is hard to guess, also for somebody who knows the account's e-mail address and name.
    pub fn check(&self, field: &str, about: &[&str]) -> Result<()> {
        let text = self.0.expose_secret();
        let length = text.chars().count();
        if !(10..=1024).contains(&length) {
            return Err(Error::invalid(field, "must have 12 to 1024 characters, or 10 that are hard to guess"));
        }
        if text.trim().is_empty() || is_about_account(text, about) {
            return Err(Error::invalid(field, "must not be blank, and not made of the e-mail address or the name"));
        }
        let wanted = if length >= 12 { zxcvbn::Score::Two } else { zxcvbn::Score::Three };
        if zxcvbn::zxcvbn(text, about).score() < wanted {
            return Err(Error::invalid(field, "is too easy to guess; take 12 characters or more, such as a few words"));
        }
        Ok(())
    }
}

/// Whether fewer than six characters remain of a password without the words of the account's e-mail address and name.
fn is_about_account(text: &str, about: &[&str]) -> bool {
    let lower = text.trim().to_lowercase();
    let known: Vec<String> = about.iter().map(|known| known.trim().to_lowercase()).collect();
    let parts = known.iter().flat_map(|known| known.split(|c: char| !c.is_alphanumeric()));
    let mut words: Vec<&str> = parts.filter(|part| part.chars().count() >= 3).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words.iter().fold(lower.clone(), |rest, word| rest.replace(word, ""));
    known.contains(&lower) || (rest != lower && rest.chars().filter(|c| c.is_alphanumeric()).count() < 6)
}

/// Limits concurrent password hashing; one instance per process.
#[derive(Debug, Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    queued: Arc<Semaphore>,
}

/// A permit to hash one password.
#[derive(Debug)]
pub struct HashPermit {
    _running: OwnedSemaphorePermit,
    _queued: OwnedSemaphorePermit,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let limit = cores.saturating_sub(1).clamp(1, MAX_RUNNING);
        Self { running: Arc::new(Semaphore::new(limit)), queued: Arc::new(Semaphore::new(MAX_QUEUED)) }
    }
}

impl Passwords {
    /// Waits for a permit; 503 if the queue is full.
    pub async fn acquire(&self) -> Result<HashPermit> {
        let busy = || Error::problem(503, "busy", "Too many people are signing in; try again in a moment.");
        let queued = self.queued.clone().try_acquire_owned().map_err(|_| busy())?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| busy())?;
        Ok(HashPermit { _running: running, _queued: queued })
    }

    /// Hashes a password for storage.
    pub async fn hash(&self, password: Password) -> Result<String> {
        self.acquire().await?.hash(password).await
    }
}

impl HashPermit {
    /// Hashes a password.
    pub async fn hash(self, password: Password) -> Result<String> {
        blocking(move || {
            // The permit is held until the work is done, even if the request is cancelled.
            let _permit = self;
            hash(&password)
        })
        .await?
    }

    /// Whether the password matches the hash. Without a hash (unknown account) it takes the same time.
    pub async fn verify(self, password: Password, stored: Option<String>) -> Result<bool> {
        blocking(move || {
            let _permit = self;
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => dummy_hash()?,
            };
            let parsed = PasswordHash::new(&stored)
                .map_err(|_| Error::Internal("a stored password hash is not readable".to_owned()))?;
            Ok(matches(&password, &parsed)? && known)
        })
        .await?
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Internal("hashing a password failed".to_owned()))
}

/// The buffers that are not in use.
static BUFFERS: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// Computes a hash in a reused buffer.
fn compute(argon2: &Argon2<'_>, password: &Password, salt: &Salt, out: &mut [u8]) -> Result<()> {
    let buffers = || BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut buffer = buffers().pop().unwrap_or_default();
    let blocks = argon2.params().block_count();
    if buffer.len() < blocks {
        buffer.resize(blocks, Block::new());
    }
    let password = password.0.expose_secret().as_bytes();
    let outcome = argon2.hash_password_into_with_memory(password, salt, out, &mut buffer[..blocks]);
    let mut kept = buffers();
    if kept.len() < MAX_RUNNING {
        kept.push(buffer);
    }
    outcome.map_err(|error| Error::Internal(format!("a password cannot be hashed: {error}")))
}

fn hash(password: &Password) -> Result<String> {
    let failed = |error| Error::Internal(format!("a password cannot be hashed: {error}"));
    let argon2 = Argon2::default();
    let random = super::secrets::random_key()?;
    let salt = Salt::new(&random[..argon2::RECOMMENDED_SALT_LEN]).map_err(|error| failed(error.to_string()))?;
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(&argon2, password, &salt, &mut out)?;
    Ok(PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params()).map_err(|error| failed(error.to_string()))?,
        salt: Some(salt),
        hash: Some(Output::new(&out).map_err(|error| failed(error.to_string()))?),
    }
    .to_string())
}

/// Whether a password has this hash.
fn matches(password: &Password, stored: &PasswordHash) -> Result<bool> {
    let unreadable = || Error::Internal("a stored password hash is not readable".to_owned());
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Err(unreadable()) };
    let algorithm = Algorithm::new(stored.algorithm).map_err(|_| unreadable())?;
    let version = stored.version.map(Version::try_from).transpose().map_err(|_| unreadable())?;
    let params = Params::try_from(stored).map_err(|_| unreadable())?;
    let argon2 = Argon2::new(algorithm, version.unwrap_or_default(), params);
    let mut out = [0; Output::MAX_LENGTH];
    let out = out.get_mut(..expected.len()).ok_or_else(unreadable)?;
    compute(&argon2, password, salt, out)?;
    // Compares in constant time.
    Ok(Output::new(out).is_ok_and(|found| found == *expected))
}

/// A hash that matches no password, with the same cost as real ones.
fn dummy_hash() -> Result<String> {
    static HASH: OnceLock<String> = OnceLock::new();
    match HASH.get() {
        Some(hash) => Ok(hash.clone()),
        None => {
            let secret = super::secrets::random_text(40)?;
            Ok(HASH.get_or_init(|| hash(&Password(secret.into())).unwrap_or_default()).clone())
        }
    }
}

/// Computes the dummy hash in advance; otherwise the first sign-in to an unknown account would take twice as long.
pub async fn prepare() -> Result<()> {
    blocking(|| dummy_hash().map(drop)).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(text: &str) -> bool {
        Password::from(SecretString::from(text))
            .check("password", &["ada.lovelace@example.org", "Ada Lovelace"])
            .is_ok()
    }

    #[test]
    fn passwords_that_are_easy_to_guess_are_refused() {
        for weak in [
            "password",
            "12345678",
            "        ",
            "            ",
            "password1234",
            "123456789012",
            "aaaaaaaaaaaa",
            "qwertyuiop12",
            "ada.lovelace@example.org",
            "Ada Lovelace",
            "ADA.LOVELACE@EXAMPLE.ORG",
            "ada lovelace",
            "short",
            "correct8",
            "adalovelace1",
        ] {
            assert!(!is_accepted(weak), "{weak:?}");
        }
        for strong in [
            "correct horse",
            "battery staple",
            "a long password",
            "only for benchmarks",
            "xK9#vq2!Lw",
            "Übung macht den Meister",
            "夜明け前の静かな森を歩く人",
        ] {
            assert!(is_accepted(strong), "{strong:?}");
        }
        assert!(!is_accepted(&"x".repeat(1025)));
    }

    #[test]
    fn hashes_match_their_passwords_only() {
        let password = |text: &str| Password(text.to_owned().into());
        let stored = hash(&password("correct horse")).expect("a hash");
        let again = hash(&password("correct horse")).expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && stored != again);
        let parsed = PasswordHash::new(&stored).expect("readable");
        assert!(matches(&password("correct horse"), &parsed).expect("compared"));
        assert!(!matches(&password("correct mouse"), &parsed).expect("compared"));
        // A hash of the library's own, with other parameters.
        let salt = Salt::new(b"0123456789abcdef").expect("a salt");
        let argon2 =
            Argon2::new(Algorithm::Argon2i, Version::V0x10, Params::new(64, 1, 2, Some(24)).expect("parameters"));
        let mut out = [0; 24];
        argon2.hash_password_into(b"correct horse", &salt, &mut out).expect("a hash");
        let stored = PasswordHash {
            algorithm: Algorithm::Argon2i.ident(),
            version: Some(Version::V0x10.into()),
            params: ParamsString::try_from(argon2.params()).expect("parameters"),
            salt: Some(salt),
            hash: Some(Output::new(&out).expect("an output")),
        };
        assert!(matches(&password("correct horse"), &stored).expect("compared"));
        assert!(BUFFERS.lock().expect("the buffers").len() <= MAX_RUNNING);
    }
}
