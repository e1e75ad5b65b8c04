//! Operations of the command line that need access to the database and are not in the API: acting as another actor,
//! resetting passwords, verifying streams.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::accounts::keys::ApiKey;
use crate::domain::accounts::passwords::{Password, Passwords};
use crate::domain::accounts::people::{Actor, normalize_email};
use crate::{Result, sql_fn};

/// The actor that a command acts as: the given id or e-mail address. Defaults to the oldest administrator, else to a
/// service actor named `callboard`.
pub async fn operator(db: &Db, who: Option<&str>) -> Result<Caller> {
    let actor: String = db.scalar(sql_fn!(resolve_operator(who))).await?;
    Ok(Caller::trusted(actor))
}

/// The ids of workflows given by id or name.
pub async fn find_workflows(db: &Db, caller: &Caller, names: &[String]) -> Result<Vec<String>> {
    db.call(sql_fn!(resolve_workflow_ids(caller: caller.to_sql(), names))).await
}

/// The id of a workflow given by id or name.
pub async fn find_workflow(db: &Db, caller: &Caller, name: &str) -> Result<String> {
    let mut found = find_workflows(db, caller, &[name.to_owned()]).await?;
    found.pop().ok_or_else(|| crate::Error::Internal("resolve_workflow_ids returned no workflow".to_owned()))
}

/// A person with an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether it is an administrator.
    pub is_admin: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last used a session.
    pub last_seen_at: Option<Timestamp>,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
}

/// Every person with an account, oldest first.
pub async fn list_users(db: &Db) -> Result<Vec<User>> {
    db.call(sql_fn!(list_users())).await
}

/// A person whose password was reset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordReset {
    /// The person.
    pub user: Actor,
    /// Keys that were revoked with it.
    pub keys_revoked: i64,
}

/// Sets a person's password, ends all their sessions and, unless `keep_keys`, revokes the keys that they hold or made.
pub async fn reset_password(db: &Db, email: &str, password: Password, keep_keys: bool) -> Result<PasswordReset> {
    let email = normalize_email(email)?;
    password.check("password", &[&email])?;
    let hash = Passwords::default().hash(password).await?;
    db.call(sql_fn!(reset_password(email_address: email, new_password: hash, keep_keys: keep_keys))).await
}

/// A stream with gaps or repeated numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrokenStream {
    /// The stream.
    pub stream_id: String,
    /// The last assigned number.
    pub last_seq: i64,
    /// The last pruned number.
    pub pruned_seq: i64,
    /// Events above that.
    pub events: i64,
    /// Distinct numbers among them.
    pub numbers: i64,
    /// The lowest.
    pub first_seq: Option<i64>,
    /// The highest.
    pub top_seq: Option<i64>,
}

/// The result of verifying the streams.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verification {
    /// The number of streams.
    pub streams: i64,
    /// The number of their events.
    pub events: i64,
    /// Events that belong to no stream.
    pub strays: i64,
    /// Streams with a gap, a repeat or a wrong end.
    pub broken: Vec<BrokenStream>,
}

/// Checks that every stream has each of its numbers exactly once.
pub async fn verify_streams(db: &Db) -> Result<Verification> {
    db.call(sql_fn!(verify_streams())).await
}

/// Starts a new epoch after a restore, which invalidates all cursors; returns it.
pub async fn record_restore(db: &Db) -> Result<String> {
    db.scalar(sql_fn!(record_restore())).await
}

/// All keys that are not revoked, or those of one actor, oldest first.
pub async fn list_keys(db: &Db, actor: Option<&str>) -> Result<Vec<ApiKey>> {
    db.call(sql_fn!(list_all_api_keys(actor))).await
}
