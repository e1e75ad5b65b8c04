//! Actors, credentials and authentication.

pub mod agents;
pub mod invites;
pub mod keys;
pub mod mcp_sessions;
pub mod password_resets;
pub mod passwords;
pub mod people;
pub mod secrets;
pub mod sessions;
pub mod throttle;
pub mod tokens;
pub mod users;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

pub use self::invites::first_start;
pub use self::sessions::redeem_ws_ticket;
use crate::config::{Config, Registration};
use crate::db::Db;
use crate::{Error, Result, sql_fn};

/// The authenticated caller, as verified by a transport; passed to every SQL function as `caller`.
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
    /// Whether unknown names are refused instead of created (`Prefer: handling=strict`; always over MCP).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// The client's address, for the record of security events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
}

impl Caller {
    /// A caller that needs no credential because it has direct database access (command line, tests).
    pub fn trusted(actor: impl Into<String>) -> Self {
        Self { actor: actor.into(), acting_for: None, session: None, key: None, strict: false, address: None }
    }

    /// The parameter `caller` of the functions in `logic`.
    pub fn to_sql(&self) -> String {
        if *self == Self::trusted(self.actor.as_str()) {
            return self.actor.clone();
        }
        serde_json::json!(self).to_string()
    }

    /// This caller acting for `agent_id`, as given in a body or header. The caller's own id and the id of the
    /// agent already acted for change nothing.
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

/// Whether a text is a valid actor id.
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
    /// When the credential expires; `None` for a key without an expiry.
    pub expires_at: Option<Timestamp>,
}

/// State for authentication and account management; cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    db: Db,
    tokens: tokens::Tokens,
    keys: keys::KeyCache,
    passwords: passwords::Passwords,
    throttle: throttle::Throttle,
    registration: Registration,
    session_days: i32,
}

impl Accounts {
    /// Loads the signing keys; the first server of a database creates them. Uses reserved connections, so that
    /// sign-in works even if all others are busy.
    pub async fn load(db: &Db, config: &Config) -> Result<Self> {
        let db = &db.reserved();
        passwords::prepare().await?;
        Ok(Self {
            db: db.clone(),
            tokens: tokens::Tokens::load(db, config.access_token_seconds).await?,
            keys: keys::KeyCache::default(),
            passwords: passwords::Passwords::default(),
            throttle: throttle::Throttle::new(config.sign_in_rate),
            registration: config.registration,
            session_days: i32::try_from(config.session_days).unwrap_or(i32::MAX),
        })
    }

    /// Authenticates a bearer credential, which is an access token or an API key, presented from an address, which security
    /// events name. Every SQL function checks again that the session or key is still valid.
    pub async fn authenticate(&self, bearer: &str, address: Option<IpAddr>) -> Result<Authenticated> {
        if bearer.starts_with("cb_") {
            let info = self.keys.check(&self.db, bearer, address).await?;
            let key = Some(info.key_id);
            let caller = Caller { key, address, ..Caller::trusted(info.actor_id) };
            return Ok(Authenticated { caller, expires_at: info.expires_at });
        }
        let access = self.tokens.verify(&self.db, bearer).await?;
        let session = Some(access.session);
        let caller = Caller { session, address, ..Caller::trusted(access.actor) };
        Ok(Authenticated { caller, expires_at: Some(access.expires_at) })
    }

    /// The API key verifier.
    pub fn keys(&self) -> &keys::KeyCache {
        &self.keys
    }

    /// The access token signer.
    pub fn tokens(&self) -> &tokens::Tokens {
        &self.tokens
    }

    /// Reloads the signing keys, so that retired ones are dropped; called every hour.
    pub async fn reload_keys(&self) -> Result<()> {
        self.tokens.reload(&self.db).await
    }

    /// Rotates the key that signs access tokens, on every server of the database. Existing tokens stay valid
    /// until they expire.
    pub async fn rotate_signing_key(&self) -> Result<()> {
        let (kid, secret) = (secrets::random_text(12)?, secrets::random_key()?.to_vec());
        self.db.execute(sql_fn!(rotate_signing_key(new_kid: kid, new_secret: secret))).await?;
        self.reload_keys().await
    }
}
