//! Accounts of people as administrators manage them: listing, disabling and enabling, ending sessions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Caller;
use super::people::Actor;
use super::sessions::{Revoked, Sessions};
use crate::db::Db;
use crate::{Result, sql_fn};

/// A person with an account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// The person.
    #[serde(flatten)]
    pub user: Actor,
    /// When a session of theirs was last used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    /// How many sessions they have.
    pub sessions: i64,
    /// How many agents and services they own.
    pub agents: i64,
}

/// A page of people, ordered by id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccountList {
    /// The people.
    pub users: Vec<Account>,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// A person who was disabled or enabled.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccountChanged {
    /// The person.
    pub user: Actor,
    /// Sessions that ended.
    pub sessions_ended: i64,
    /// Agents and services of the person that were stopped or brought back with them.
    pub agents_changed: i64,
}

/// A page of the people with accounts, or of those that words find.
pub async fn list(
    db: &Db,
    caller: &Caller,
    words: Option<&str>,
    limit: i32,
    cursor: Option<&str>,
) -> Result<AccountList> {
    db.call(sql_fn!(list_accounts(caller: caller.to_sql(), max_rows: limit, cursor, words))).await
}

/// The sessions of a person, given by id or e-mail address.
pub async fn sessions(db: &Db, caller: &Caller, person: &str) -> Result<Sessions> {
    db.call(sql_fn!(list_sessions(caller: caller.to_sql(), person: person))).await
}

/// Ends all sessions of a person, given by id or e-mail address, except the caller's own.
pub async fn end_sessions(db: &Db, caller: &Caller, person: &str) -> Result<Revoked> {
    db.call(sql_fn!(end_sessions_of_person(caller: caller.to_sql(), person: person))).await
}

/// Disables or enables a person, given by id or e-mail address.
pub async fn set_disabled(db: &Db, caller: &Caller, person: &str, disabled: bool) -> Result<AccountChanged> {
    db.call(sql_fn!(set_user_disabled(caller: caller.to_sql(), person: person, disabled: disabled))).await
}
