//! Credentials of a client. Expired access tokens are refreshed; with a [`TokenStore`], several processes share one
//! sign-in and refresh it under a lock.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// The tokens of a sign-in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// The access token, sent with each request; valid for some minutes.
    pub access: String,
    /// The refresh token, which can be used once.
    pub refresh: Option<String>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

/// The credential of a client.
#[derive(Debug, Clone)]
pub enum Credential {
    /// No credential.
    None,
    /// An API key.
    Key(SecretString),
    /// The tokens of a person who signed in.
    Tokens(Tokens),
}

impl Credential {
    /// Wraps an API key.
    pub fn key(key: impl Into<String>) -> Self {
        Self::Key(SecretString::from(key.into()))
    }

    pub(super) fn bearer(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Key(key) => Some(key.expose_secret().to_owned()),
            Self::Tokens(tokens) => Some(tokens.access.clone()),
        }
    }
}

/// Storage for tokens that several processes share.
pub trait TokenStore: Send + Sync + std::fmt::Debug {
    /// Acquires the lock for refreshing tokens, blocking if needed; dropping the guard releases it.
    fn lock(&self) -> Box<dyn Send>;
    /// Loads the stored tokens.
    fn load(&self) -> Option<Tokens>;
    /// Stores refreshed tokens.
    fn save(&self, tokens: &Tokens);
}

#[derive(Debug)]
pub(super) struct CredentialCell {
    current: Mutex<Credential>,
    store: Option<Arc<dyn TokenStore>>,
}

impl CredentialCell {
    pub(super) fn new(credential: Credential, store: Option<Arc<dyn TokenStore>>) -> Self {
        Self { current: Mutex::new(credential), store }
    }

    pub(super) async fn current(&self) -> Credential {
        self.current.lock().await.clone()
    }

    /// Refreshes the tokens, unless that has happened since `used` was read. False if there is no refresh token.
    pub(super) async fn refresh<E>(
        &self,
        used: &str,
        exchange: impl AsyncFnOnce(String) -> Result<Tokens, E>,
    ) -> Result<bool, E> {
        let mut current = self.current.lock().await;
        let Credential::Tokens(tokens) = &*current else { return Ok(false) };
        if tokens.access != used {
            return Ok(true);
        }
        let mut tokens = tokens.clone();
        let guard = match self.store.clone() {
            Some(store) => tokio::task::spawn_blocking(move || store.lock()).await.ok(),
            None => None,
        };
        if let Some(stored) = self.store.as_ref().and_then(|store| store.load()) {
            if stored.access != used {
                *current = Credential::Tokens(stored);
                return Ok(true);
            }
            tokens = stored;
        }
        let Some(token) = tokens.refresh else { return Ok(false) };
        let refreshed = exchange(token).await?;
        if let Some(store) = &self.store {
            store.save(&refreshed);
        }
        drop(guard);
        *current = Credential::Tokens(refreshed);
        Ok(true)
    }
}
