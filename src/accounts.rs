//! Actors and their credentials: who calls, and how it was proven.

pub mod keys;
pub mod secrets;
pub mod tokens;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::Config;
use crate::db::Db;
use crate::{Error, Result};

/// Who calls, as a door verified it; passed to every SQL function as `caller`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// The authenticated actor.
    pub actor: String,
    /// The agent acted for (`X-Agent-ID`, or `agent_id` in a body).
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<String>,
    /// The session that authenticated, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The API key that authenticated, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Caller {
    /// A caller that holds the database itself (command line, tests).
    pub fn trusted(actor: impl Into<String>) -> Self {
        Self { actor: actor.into(), acting_for: None, session: None, key: None }
    }

    /// The parameter `caller` of the functions in `logic`.
    pub fn to_sql(&self) -> String {
        if self.acting_for.is_none() && self.session.is_none() && self.key.is_none() {
            return self.actor.clone();
        }
        serde_json::json!(self).to_string()
    }

    /// This caller acting for `agent_id`, as a body or header names it. Naming oneself, or the agent
    /// already acted for, changes nothing.
    pub fn acting_as(&self, agent_id: Option<&str>) -> Result<Self> {
        let Some(agent_id) = agent_id else { return Ok(self.clone()) };
        if agent_id == self.actor || self.acting_for.as_deref() == Some(agent_id) {
            return Ok(self.clone());
        }
        if self.acting_for.is_some() {
            return Err(Error::invalid("agent_id", "must be the agent that X-Agent-ID names"));
        }
        if !is_actor_id(agent_id) {
            return Err(Error::invalid(
                "agent_id",
                "must be 1 to 128 letters, digits or _ . / : @ + - and begin with a letter or digit",
            ));
        }
        Ok(Self { acting_for: Some(agent_id.to_owned()), ..self.clone() })
    }
}

/// Whether a text has the shape of an actor's id.
pub fn is_actor_id(text: &str) -> bool {
    text.len() <= 128
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_./:@+-".contains(&b))
}

/// A verified credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Who calls.
    pub caller: Caller,
    /// When the credential ends by itself; none for a key without an end.
    pub expires_at: Option<Timestamp>,
}

/// Everything accounts need while serving; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    db: Db,
    tokens: tokens::Tokens,
    keys: keys::KeyCache,
}

impl Accounts {
    /// Loads the signing keys (the first server of a database makes them).
    pub async fn load(db: &Db, config: &Config) -> Result<Self> {
        Ok(Self {
            db: db.clone(),
            tokens: tokens::Tokens::load(db, config.access_token_seconds).await?,
            keys: keys::KeyCache::default(),
        })
    }

    /// Who presents this bearer credential, an access token or an API key. Whether its session or key
    /// still stands is asked again by every function in SQL.
    pub async fn authenticate(&self, bearer: &str) -> Result<Authenticated> {
        if bearer.starts_with("cb_") {
            let info = self.keys.check(&self.db, bearer).await?;
            let caller = Caller { actor: info.actor_id, acting_for: None, session: None, key: Some(info.key_id) };
            return Ok(Authenticated { caller, expires_at: info.expires_at });
        }
        let access = self.tokens.verify(&self.db, bearer).await?;
        let caller = Caller { actor: access.actor, acting_for: None, session: Some(access.session), key: None };
        Ok(Authenticated { caller, expires_at: Some(access.expires_at) })
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The signer of access tokens.
    pub fn tokens(&self) -> &tokens::Tokens {
        &self.tokens
    }
}
