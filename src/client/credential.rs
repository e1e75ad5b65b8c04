//! How a client proves who it is. Tokens of a sign-in are renewed when the server says they have ended; a store
//! lets several processes share one sign-in without renewing it against each other.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// The tokens of a sign-in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// Sent with each request; ends after some minutes.
    pub access: String,
    /// Makes the next access token; each is good once.
    pub refresh: Option<String>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

/// Who the client is.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nobody yet.
    None,
    /// An API key.
    Key(SecretString),
    /// A person who signed in.
    Tokens(Tokens),
}

impl Credential {
    /// An API key.
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

/// Where tokens are kept between processes.
pub trait TokenStore: Send + Sync + std::fmt::Debug {
    /// Keeps other processes from renewing until the answer is dropped; may wait for them.
    fn lock(&self) -> Box<dyn Send>;
    /// What is kept now.
    fn load(&self) -> Option<Tokens>;
    /// Keeps the successors.
    fn save(&self, tokens: &Tokens);
}

#[derive(Debug)]
pub(super) struct Holder {
    now: Mutex<Credential>,
    store: Option<Arc<dyn TokenStore>>,
}

impl Holder {
    pub(super) fn new(credential: Credential, store: Option<Arc<dyn TokenStore>>) -> Self {
        Self { now: Mutex::new(credential), store }
    }

    pub(super) async fn current(&self) -> Credential {
        self.now.lock().await.clone()
    }

    /// Renews the tokens, unless somebody else has since `used` was read; false if they cannot be renewed.
    pub(super) async fn renew<E>(
        &self,
        used: &str,
        refresh: impl AsyncFnOnce(String) -> Result<Tokens, E>,
    ) -> Result<bool, E> {
        let mut now = self.now.lock().await;
        let Credential::Tokens(tokens) = &*now else { return Ok(false) };
        if tokens.access != used {
            return Ok(true);
        }
        let mut tokens = tokens.clone();
        let guard = match self.store.clone() {
            Some(store) => tokio::task::spawn_blocking(move || store.lock()).await.ok(),
            None => None,
        };
        if let Some(kept) = self.store.as_ref().and_then(|store| store.load()) {
            if kept.access != used {
                *now = Credential::Tokens(kept);
                return Ok(true);
            }
            tokens = kept;
        }
        let Some(token) = tokens.refresh else { return Ok(false) };
        let renewed = refresh(token).await?;
        if let Some(store) = &self.store {
            store.save(&renewed);
        }
        drop(guard);
        *now = Credential::Tokens(renewed);
        Ok(true)
    }
}
