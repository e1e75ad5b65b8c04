//! API keys `cb_<id>_<secret><crc>`: a mistyped or foreign key is refused by its checksum without a
//! query; a good one costs one lookup a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::{Caller, secrets};
use crate::db::Db;
use crate::{Error, Result, sql_fn};

/// How long a lookup's answer is believed. Functions in SQL look again, so this delays no revocation of
/// a right; it bounds how long a revoked key may still fetch what needs none.
const BELIEVED: Duration = Duration::from_secs(1);
const SECRET_LENGTH: usize = 40;

/// What a key lookup answers.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyInfo {
    /// The key's id.
    pub key_id: String,
    /// Whose key it is.
    pub actor_id: String,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
}

/// A freshly made key: what is shown once, and what is stored.
pub struct NewKey {
    /// The row's id.
    pub id: String,
    /// The whole key.
    pub key: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
}

/// Makes a key.
pub fn generate() -> Result<NewKey> {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let body = format!("cb_{id}_{}", secrets::random_text(SECRET_LENGTH)?);
    let key = format!("{body}{}", secrets::base62_of(crc32fast::hash(body.as_bytes())));
    let hash = secrets::hash(&key);
    Ok(NewKey { id, key, hash })
}

/// The id inside a key whose shape and checksum are right.
fn id_of(key: &str) -> Option<&str> {
    let (id, secret) = key.strip_prefix("cb_")?.split_once('_')?;
    let good = id.len() == 32
        && secret.len() == SECRET_LENGTH + 6
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && secrets::base62_of(crc32fast::hash(&key.as_bytes()[..key.len() - 6])) == key[key.len() - 6..];
    good.then_some(id)
}

/// What was answered when, by the key's hash.
type Seen = HashMap<Vec<u8>, (Instant, KeyInfo)>;

/// Looks keys up, at most once a second each.
#[derive(Debug, Clone, Default)]
pub struct KeyCache {
    seen: Arc<Mutex<Seen>>,
}

impl KeyCache {
    /// Verifies a key.
    pub async fn check(&self, db: &Db, key: &str) -> Result<KeyInfo> {
        let refused = || Error::unauthenticated("The API key is not valid, has expired or was revoked.");
        let id = id_of(key).ok_or_else(refused)?;
        let hash = secrets::hash(key);
        let now = Instant::now();
        {
            let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some((at, info)) = seen.get(&hash)
                && now.duration_since(*at) < BELIEVED
            {
                return Ok(info.clone());
            }
            if seen.len() > 1000 {
                seen.retain(|_, (at, _)| now.duration_since(*at) < BELIEVED);
            }
        }
        let info: Option<Json<KeyInfo>> = db.scalar(sql_fn!(verify_api_key(key_id: id, presented_hash: hash))).await?;
        let Json(info) = info.ok_or_else(refused)?;
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(hash, (now, info.clone()));
        Ok(info)
    }

    /// Forgets everything believed, after a key was revoked here.
    pub fn forget(&self) {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }
}

/// A new API key.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// An agent or service of the caller's own; without one, the caller.
    pub actor_id: Option<String>,
    /// Among `read`, `write`, `manage`, `approve`, `act_for` (services only) and `*`. Without them an agent's key reads
    /// and writes, a service's may also manage and act for agents.
    pub scopes: Option<Vec<String>>,
    /// When it ends; without one, never, or with the key that makes it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Workflows of the caller's own that the actor becomes a member of.
    pub workflows: Option<Vec<String>>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// The id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Whose key it is.
    pub actor_id: String,
    /// That actor's name.
    pub actor_name: String,
    /// That actor's kind.
    pub actor_kind: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// A key just made; the only time its secret is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedKey {
    /// The whole key, for `Authorization: Bearer`.
    #[schema(example = "cb_0192f3a4b5c67d8e9f00112233445566_…")]
    pub key: String,
    /// The key as it is listed.
    #[serde(flatten)]
    pub info: ApiKey,
}

/// The caller's keys, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiKeys {
    /// The keys.
    pub keys: Vec<ApiKey>,
}

/// Makes a key for the caller or for an agent or service of its own.
pub async fn create(db: &Db, caller: &Caller, request: &KeyRequest) -> Result<CreatedKey> {
    let new = generate()?;
    let info = db
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
    Ok(CreatedKey { key: new.key, info })
}

/// Keys of the caller and of what it owns, or of one such actor.
pub async fn list(db: &Db, caller: &Caller, actor: Option<&str>) -> Result<ApiKeys> {
    db.call(sql_fn!(list_api_keys(caller: caller.to_sql(), actor: actor))).await
}

impl KeyCache {
    /// Revokes a key.
    pub async fn revoke(&self, db: &Db, caller: &Caller, key: &str) -> Result<()> {
        let _: serde_json::Value = db.call(sql_fn!(revoke_api_key(caller: caller.to_sql(), key_id: key))).await?;
        self.forget();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_refuses_any_changed_letter() {
        let key = generate().expect("a key").key;
        assert!(id_of(&key).is_some());
        for at in 0..key.len() {
            let mut bytes = key.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert!(id_of(&String::from_utf8(bytes).expect("ascii")).is_none(), "changed at {at}");
        }
        assert!(id_of("cb_").is_none() && id_of("").is_none() && id_of("cb_é_é").is_none());
    }
}
