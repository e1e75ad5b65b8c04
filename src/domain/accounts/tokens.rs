//! Access tokens: JWTs with one fixed algorithm, verified without the database. Every SQL function checks that the
//! session is still valid (`logic.identify_caller`).

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};

use super::secrets;
use crate::db::Db;
use crate::{Error, Result, sql_fn};

const ISSUER: &str = "callboard";
const AUDIENCE: &str = "callboard-api";
const KIND: &str = "access";
/// Allowed clock skew between servers in seconds.
const LEEWAY: u64 = 5;
/// Minimum interval between reloads caused by an unknown key id.
const MIN_RELOAD_INTERVAL: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    typ: String,
    sub: String,
    sid: String,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// A verified access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The actor.
    pub actor: String,
    /// The session.
    pub session: String,
    /// When the token expires.
    pub expires_at: Timestamp,
}

struct Keys {
    /// The current signing key and its id.
    signing: (String, EncodingKey),
    verifying: HashMap<String, DecodingKey>,
    refresh: SecretSlice<u8>,
    loaded: Instant,
}

/// Signs and verifies access tokens and derives refresh tokens with keys shared by all servers of a database.
#[derive(Clone)]
pub struct Tokens {
    keys: Arc<RwLock<Keys>>,
    validation: Arc<Validation>,
    lifetime: u32,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

#[derive(Deserialize)]
struct KeyRow {
    kid: String,
    purpose: String,
    /// Hexadecimal.
    secret: String,
    retired: bool,
}

async fn load(db: &Db) -> Result<Keys> {
    let fresh = (secrets::random_text(12)?, secrets::random_key()?.to_vec());
    let fresh_refresh = (secrets::random_text(12)?, secrets::random_key()?.to_vec());
    let rows: Vec<KeyRow> = db
        .call(sql_fn!(ensure_signing_keys(
            access_kid: fresh.0,
            access_secret: fresh.1,
            refresh_kid: fresh_refresh.0,
            refresh_secret: fresh_refresh.1,
        )))
        .await?;
    let mut signing = None;
    let mut refresh = None;
    let mut verifying = HashMap::new();
    for row in rows {
        let secret = decode_hex(&row.secret)?;
        if row.purpose == "refresh" {
            refresh.get_or_insert(SecretSlice::from(secret));
            continue;
        }
        // Newest first: the first key that is not retired signs; all of them verify.
        if signing.is_none() && !row.retired {
            signing = Some((row.kid.clone(), EncodingKey::from_secret(&secret)));
        }
        verifying.insert(row.kid, DecodingKey::from_secret(&secret));
    }
    match (signing, refresh) {
        (Some(signing), Some(refresh)) => Ok(Keys { signing, verifying, refresh, loaded: Instant::now() }),
        _ => Err(Error::Internal("the database has no signing key".to_owned())),
    }
}

fn decode_hex(text: &str) -> Result<Vec<u8>> {
    (0..text.len() / 2)
        .map(|i| text.get(2 * i..2 * i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(|| Error::Internal("a signing key is not hexadecimal".to_owned()))
}

fn now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}

/// The required claims of a token.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation
}

fn refused() -> Error {
    Error::unauthenticated("The access token is not valid or has expired; refresh it or sign in again.")
}

impl Tokens {
    /// Loads the keys; the first server of a database creates them.
    pub async fn load(db: &Db, lifetime: u32) -> Result<Self> {
        Ok(Self { keys: Arc::new(RwLock::new(load(db).await?)), validation: Arc::new(validation()), lifetime })
    }

    /// Reloads the keys.
    pub async fn reload(&self, db: &Db) -> Result<()> {
        let keys = load(db).await?;
        *self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Lifetime of an access token in seconds.
    pub fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Signs an access token for a session.
    pub fn issue(&self, actor: &str, session: &str) -> Result<String> {
        let keys = self.read();
        let iat = now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: KIND.to_owned(),
            sub: actor.to_owned(),
            sid: session.to_owned(),
            iat,
            nbf: iat,
            exp: iat + u64::from(self.lifetime),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(keys.signing.0.clone());
        encode(&header, &claims, &keys.signing.1).map_err(|e| Error::Internal(format!("a token cannot be signed: {e}")))
    }

    /// Verifies an access token. Queries the database only for an unknown key id, i.e. after a rotation by another
    /// server, and at most every two seconds.
    pub async fn verify(&self, db: &Db, token: &str) -> Result<Access> {
        let header = decode_header(token).map_err(|_| refused())?;
        let kid = header.kid.ok_or_else(refused)?;
        if header.alg != Algorithm::HS256 {
            return Err(refused());
        }
        let (known, stale) = {
            let keys = self.read();
            (keys.verifying.contains_key(&kid), keys.loaded.elapsed() > MIN_RELOAD_INTERVAL)
        };
        if !known && stale {
            self.reload(db).await?;
        }
        let keys = self.read();
        let key = keys.verifying.get(&kid).ok_or_else(refused)?;
        // The typed claims reject values that the library would coerce, such as a string `exp` or a list `aud`.
        let claims = decode::<Claims>(token, key, &self.validation).map_err(|_| refused())?.claims;
        if claims.typ != KIND || claims.iat > now() + LEEWAY {
            return Err(refused());
        }
        let expires_at =
            i64::try_from(claims.exp).ok().and_then(|s| Timestamp::from_second(s).ok()).ok_or_else(refused)?;
        Ok(Access { actor: claims.sub, session: claims.sid, expires_at })
    }

    /// A mark for a browser that signed in to the account of this e-mail address.
    pub fn mark_device(&self, email: &str) -> Result<String> {
        let name = secrets::random_text(20)?;
        let proof = self.prove_device(email, &name);
        Ok(format!("{name}.{proof}"))
    }

    /// The device that a mark names, if it signed in to this account before.
    pub fn known_device<'a>(&self, email: &str, mark: &'a str) -> Option<&'a str> {
        let (name, proof) = mark.split_once('.')?;
        (mark.len() <= 200 && secrets::hash(&self.prove_device(email, name)) == secrets::hash(proof)).then_some(name)
    }

    fn prove_device(&self, email: &str, name: &str) -> String {
        self.sign("device", &format!("{} {name}", email.to_lowercase()))
    }

    /// A signature over a text, in hexadecimal, that every server of the database makes alike. `purpose` keeps the
    /// signatures of different uses apart.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        secrets::derive(self.read().refresh.expose_secret(), &format!("{purpose}\n{text}"))
    }

    /// What the secrets of requests with an idempotency key are derived from; only servers know it.
    pub fn idempotency_secret(&self) -> String {
        self.sign("idempotency", "")
    }

    /// The refresh token that follows `presented`. It is deterministic, so that parallel refreshes get the same
    /// token, and unpredictable without the server's key.
    pub fn successor(&self, presented: &str) -> String {
        format!("cbr_{}", secrets::derive(self.read().refresh.expose_secret(), presented))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some clients read the expiry from a token with a decoder of plain base64, which knows neither `-` nor `_`. Both only come from
    /// characters that ids and our constants do not have: of ASCII, `>`, `?` and `~` in every third place.
    #[test]
    fn claims_are_plain_base64() {
        for number in 0..2000_u64 {
            let claims = Claims {
                iss: ISSUER.to_owned(),
                aud: AUDIENCE.to_owned(),
                typ: KIND.to_owned(),
                sub: format!("user-{}", uuid::Uuid::now_v7()),
                sid: format!("session-{}", uuid::Uuid::now_v7()),
                iat: now() + number,
                nbf: now() + number,
                exp: now() + 900 + 7 * number,
            };
            let token =
                encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(b"secret")).expect("a token");
            let payload = token.split('.').nth(1).expect("a payload");
            assert!(!payload.contains(['-', '_']), "{payload}");
        }
    }
}
