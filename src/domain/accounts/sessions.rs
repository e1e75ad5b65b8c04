//! Sessions of the caller, and single-use tickets for WebSocket connections.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::people::Actor;
use super::{Accounts, Authenticated, Caller, secrets};
use crate::db::Db;
use crate::{Error, Result, sql_fn};

/// The caller and its credential.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The authenticated actor.
    pub user: Actor,
    /// The session, if one authenticated.
    pub session_id: Option<String>,
    /// The API key, if one authenticated.
    pub key_id: Option<String>,
    /// The credential's scopes; `*` means all.
    pub scopes: Vec<String>,
    /// The agent acted for, if any.
    pub acting_for: Option<String>,
}

/// One sign-in on one device.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// The id.
    pub id: String,
    /// Creation time.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Time of the last refresh.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// When it expires if it is not used.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The user agent string.
    pub user_agent: Option<String>,
    /// The address of the last refresh.
    pub address: Option<String>,
    /// Whether it is the session of this request.
    pub current: bool,
}

/// The caller's sessions, last used first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Sessions {
    /// The sessions.
    pub sessions: Vec<Session>,
}

/// The result of revoking sessions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Revoked {
    /// Number of revoked sessions.
    pub revoked: i64,
}

/// A single-use ticket for a WebSocket connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct WsTicket {
    /// To be sent as the subprotocol `callboard.ticket.<ticket>`.
    pub ticket: String,
    /// Seconds until it expires.
    pub expires_in: i64,
}

/// The caller's account and credential.
pub async fn me(db: &Db, caller: &Caller) -> Result<Me> {
    db.call(sql_fn!(get_current_user(caller: caller.to_sql()))).await
}

/// The caller's sessions.
pub async fn list(db: &Db, caller: &Caller) -> Result<Sessions> {
    db.call(sql_fn!(list_sessions(caller: caller.to_sql()))).await
}

/// Revokes one session of the caller, or all but the current one.
pub async fn revoke(db: &Db, caller: &Caller, session: Option<&str>) -> Result<Revoked> {
    db.call(sql_fn!(revoke_session(caller: caller.to_sql(), session: session))).await
}

#[derive(Deserialize)]
struct Redeemed {
    actor: String,
    session: Option<String>,
    key: Option<String>,
    expires_at: Option<Timestamp>,
}

/// Redeems a WebSocket ticket for the credential that issued it.
pub async fn redeem_ws_ticket(db: &Db, ticket: &str) -> Result<Authenticated> {
    let redeemed: Option<Json<Redeemed>> = db.scalar(sql_fn!(redeem_ws_ticket(ticket: secrets::hash(ticket)))).await?;
    let Json(redeemed) = redeemed
        .ok_or_else(|| Error::unauthenticated("The ticket is unknown, was used, or is older than 30 seconds."))?;
    let Redeemed { actor, session, key, expires_at } = redeemed;
    let caller = Caller { session, key, ..Caller::trusted(actor) };
    Ok(Authenticated { caller, expires_at })
}

impl Accounts {
    /// Issues a ticket for one WebSocket connection as this caller, valid for 30 seconds.
    pub async fn issue_ws_ticket(&self, who: &Authenticated) -> Result<WsTicket> {
        let ticket = secrets::new_secret(40)?;
        let expires_in = self
            .db
            .call(sql_fn!(issue_ws_ticket(
                caller: who.caller.to_sql(),
                ticket: secrets::hash(&ticket),
                credential_end: who.expires_at,
            )))
            .await?;
        Ok(WsTicket { ticket: secrets::settled(ticket), expires_in })
    }
}
