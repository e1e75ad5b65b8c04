//! API keys `cb_<id>_<secret><crc>`: the checksum rejects malformed keys without a query, and lookups of valid
//! ones are cached for a second.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::{Caller, secrets};
use crate::db::Db;
use crate::domain::times;
use crate::{Error, Result, sql_fn};

/// Lifetime of a cached lookup. SQL functions check the key again, so a revoked key loses its rights at once; the
/// cache only bounds how long it can still read what needs no rights.
const CACHE_TTL: Duration = Duration::from_secs(1);
const SECRET_LENGTH: usize = 40;

/// The result of a key lookup.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyInfo {
    /// The key's id.
    pub key_id: String,
    /// The actor it belongs to.
    pub actor_id: String,
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
}

/// A new key: the secret to show once, and the values to store.
pub struct NewKey {
    /// The row's id.
    pub id: String,
    /// The whole key.
    pub key: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    secret: String,
}

/// Generates a key.
pub fn generate() -> Result<NewKey> {
    Ok(NewKey::of(uuid::Uuid::now_v7().simple().to_string(), secrets::new_secret(SECRET_LENGTH)?))
}

impl NewKey {
    fn of(id: String, secret: String) -> Self {
        let body = format!("cb_{id}_{secret}");
        let key = format!("{body}{}", secrets::base62_of(crc32fast::hash(body.as_bytes())));
        let hash = secrets::hash(&key);
        Self { id, key, hash, secret }
    }
}

/// The id inside a key, if its format and checksum are valid.
fn parse_id(key: &str) -> Option<&str> {
    let (id, secret) = key.strip_prefix("cb_")?.split_once('_')?;
    let good = id.len() == 32
        && secret.len() == SECRET_LENGTH + 6
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && secrets::base62_of(crc32fast::hash(&key.as_bytes()[..key.len() - 6])) == key[key.len() - 6..];
    good.then_some(id)
}

/// Cached lookups with their time, by the key's hash.
type Cache = HashMap<Vec<u8>, (Instant, KeyInfo)>;

/// Lookups in progress, by the key's hash.
type Lookups = HashMap<Vec<u8>, Weak<tokio::sync::Mutex<()>>>;

/// Verifies keys, with at most one lookup per key and second, also for many clients that present one key at once.
#[derive(Debug, Clone, Default)]
pub struct KeyCache {
    cache: Arc<Mutex<Cache>>,
    /// The others with the same key wait for these.
    lookups: Arc<Mutex<Lookups>>,
}

impl KeyCache {
    /// Verifies a key.
    pub async fn check(&self, db: &Db, key: &str, address: Option<IpAddr>) -> Result<KeyInfo> {
        let refused = || Error::unauthenticated("The API key is not valid, has expired or was revoked.");
        let id = parse_id(key).ok_or_else(refused)?;
        let hash = secrets::hash(key);
        if let Some(info) = self.cached(&hash) {
            return Ok(info);
        }
        let lookup = self.lookup(&hash);
        let _turn = lookup.lock().await;
        if let Some(info) = self.cached(&hash) {
            return Ok(info);
        }
        let now = Instant::now();
        let client_address = address.map(|address| address.to_string());
        let info: Option<Json<KeyInfo>> =
            db.scalar(sql_fn!(verify_api_key(key_id: id, presented_hash: hash, client_address))).await?;
        let Json(info) = info.ok_or_else(refused)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() > 1000 {
            cache.retain(|_, (at, _)| at.elapsed() < CACHE_TTL);
        }
        cache.insert(hash, (now, info.clone()));
        Ok(info)
    }

    /// A lookup that is recent enough. Its age counts from before the query.
    fn cached(&self, hash: &[u8]) -> Option<KeyInfo> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(hash).filter(|(at, _)| at.elapsed() < CACHE_TTL).map(|(_, info)| info.clone())
    }

    /// The turn to look a key up.
    fn lookup(&self, hash: &[u8]) -> Arc<tokio::sync::Mutex<()>> {
        let mut lookups = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lookup) = lookups.get(hash).and_then(Weak::upgrade) {
            return lookup;
        }
        if lookups.len() > 1000 {
            lookups.retain(|_, lookup| lookup.strong_count() > 0);
        }
        let lookup = Arc::new(tokio::sync::Mutex::new(()));
        lookups.insert(hash.to_vec(), Arc::downgrade(&lookup));
        lookup
    }

    /// Clears the cache after a key was revoked on this server.
    pub fn clear(&self) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A new API key.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// Its purpose.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// An agent or service owned by the caller. Defaults to the caller.
    pub actor_id: Option<String>,
    /// Any of `read`, `write`, `manage`, `approve`, `act_for` (services only) and `*`. Defaults to `read` and `write` for
    /// agents, and also `manage` and `act_for` for services.
    pub scopes: Option<Vec<String>>,
    /// When it expires. Defaults to never, or to the expiry of the key that creates it.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "times::optional")]
    pub expires_at: Option<Timestamp>,
    /// Workflows owned by the caller that the actor joins as a member, if it is the caller's own.
    pub workflows: Option<Vec<String>>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// The id.
    pub id: String,
    /// Its purpose.
    pub name: String,
    /// The actor it belongs to.
    pub actor_id: String,
    /// That actor's name.
    pub actor_name: String,
    /// That actor's kind.
    pub actor_kind: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// The creator.
    pub created_by: Option<String>,
    /// The key that created it; revoking that one revokes this one.
    pub created_by_key: Option<String>,
    /// Creation time.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it expires.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// A new key; its secret is only returned once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    /// The whole key, for `Authorization: Bearer`.
    #[schema(example = "cb_0192f3a4b5c67d8e9f00112233445566_…")]
    pub key: String,
    /// The key's properties.
    #[serde(flatten)]
    pub info: ApiKey,
}

/// The caller's keys, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiKeys {
    /// The keys.
    pub keys: Vec<ApiKey>,
}

/// Creates a key for the caller or for an agent or service it owns.
pub async fn create(db: &Db, caller: &Caller, request: &KeyRequest) -> Result<CreatedKey> {
    let new = generate()?;
    let info: ApiKey = db
        .call(sql_fn!(create_api_key(
            caller: caller.to_sql(),
            key_id: new.id,
            key_hash: new.hash,
            key_name: request.name,
            actor: request.actor_id,
            wanted_scopes: request.scopes,
            ends: request.expires_at,
            in_workflows: request.workflows,
        )))
        .await?;
    Ok(CreatedKey { key: NewKey::of(info.id.clone(), secrets::settled(new.secret)).key, info })
}

/// Keys of the caller and of the actors it owns, for administrators also those of services that belong to nobody; or of one such actor.
pub async fn list(db: &Db, caller: &Caller, actor: Option<&str>) -> Result<ApiKeys> {
    db.call(sql_fn!(list_api_keys(caller: caller.to_sql(), actor: actor))).await
}

impl KeyCache {
    /// Revokes a key and those created with it.
    pub async fn revoke(&self, db: &Db, caller: &Caller, key: &str) -> Result<()> {
        let _: serde_json::Value = db.call(sql_fn!(revoke_api_key(caller: caller.to_sql(), key_id: key))).await?;
        self.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_rejects_any_changed_character() {
        let key = generate().expect("a key").key;
        assert!(parse_id(&key).is_some());
        for at in 0..key.len() {
            let mut bytes = key.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert!(parse_id(&String::from_utf8(bytes).expect("ascii")).is_none(), "changed at {at}");
        }
        assert!(parse_id("cb_").is_none() && parse_id("").is_none() && parse_id("cb_é_é").is_none());
    }
}
