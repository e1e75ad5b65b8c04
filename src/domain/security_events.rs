//! Security events: who signed in, made keys, changed members, exported; from where, and with what outcome. The database's
//! triggers and functions record them (`sql/logic/12_security`).

#[cfg(feature = "server")]
mod queries;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::list;

/// The kinds of events.
pub const KINDS: &[&str] = &[
    "actor_disabled",
    "actor_enabled",
    "admin_granted",
    "admin_revoked",
    "email_changed",
    "export",
    "import",
    "invitation_accepted",
    "invitation_created",
    "invite_link_withdrawn",
    "key_changed",
    "key_created",
    "key_first_used",
    "key_refused",
    "key_revoked",
    "key_used",
    "member_added",
    "member_removed",
    "member_role_changed",
    "owner_changed",
    "password_change_failed",
    "password_changed",
    "password_reset",
    "password_reset_created",
    "person_created",
    "refresh_token_reused",
    "service_created",
    "session_ended",
    "setting_changed",
    "sign_in",
    "sign_in_failed",
    "sign_out",
    "signing_key_created",
    "webhook_created",
    "webhook_deleted",
    "webhook_updated",
    "workflow_setting_changed",
];

/// One security event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SecurityEvent {
    /// Its number; later events have higher ones.
    pub id: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// What happened, e.g. `sign_in`, `key_created`, `member_removed`.
    pub kind: String,
    /// `ok` or `failed`.
    pub outcome: String,
    /// Who did it: an actor's id, or `db:<role>` for direct database access. Null if nobody was identified.
    pub actor_id: Option<String>,
    /// The actor's name.
    pub actor_name: Option<String>,
    /// The agent that the actor acted for.
    pub on_behalf_of: Option<String>,
    /// The session that it used.
    pub session_id: Option<String>,
    /// The API key that it used.
    pub key_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// What it concerned: the id of an actor, key, webhook or setting.
    pub subject_id: Option<String>,
    /// The name of that actor or key.
    pub subject_name: Option<String>,
    /// The workflow that it concerned; null for the installation.
    pub workflow_id: Option<String>,
    /// The workflow's name.
    pub workflow_name: Option<String>,
    /// Further values, e.g. the role of a member or the scopes of a key.
    pub details: Map<String, Value>,
    /// More than 1 if repeats were counted instead of recorded one by one.
    pub occurrences: i64,
}

/// A page of security events, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SecurityEvents {
    /// The events.
    pub events: Vec<SecurityEvent>,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// Which events to list; everything by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityEventFilter {
    /// Of this workflow, for its owners. Defaults to the whole installation, for administrators.
    pub workflow_id: Option<String>,
    /// Of these kinds.
    pub kinds: Option<Vec<String>>,
    /// By or about this actor.
    pub actor: Option<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}
