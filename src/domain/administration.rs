//! What administrators see and decide of the whole server: its state, who may sign up, agents with their keys, and the webhooks
//! of all workflows. Accounts of people are in [`crate::domain::accounts`].

mod backups;
mod queries;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::backups::{BackupArchive, BackupSummary, BackupsState};
pub use self::queries::{actors_with_keys, server, set_registration, webhooks};
use crate::domain::accounts::keys::ApiKey;
use crate::domain::accounts::people::Actor;
use crate::domain::embeddings::Status;
use crate::domain::webhooks::Webhook;

/// Who may create an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistrationPolicy {
    /// What holds now: `open`, `invite` or `off`.
    #[schema(example = "invite")]
    pub registration: String,
    /// What the server's setting CALLBOARD_REGISTRATION allows at most.
    #[schema(example = "open")]
    pub configured: String,
}

/// A table and the disk that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableSize {
    /// The table's name.
    pub name: String,
    /// Bytes on disk, with indexes and partitions.
    pub bytes: i64,
    /// Its rows, as the database estimated them last; null before it did.
    pub about_rows: Option<i64>,
    /// The number of its partitions; 1 if it has none.
    pub partitions: i64,
}

/// A month of history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryPartition {
    /// The partition's name, which ends with its year and month.
    #[schema(example = "history_2026_11")]
    pub name: String,
    /// Bytes on disk, with indexes.
    pub bytes: i64,
    /// Its rows, as the database estimated them last; null before it did.
    pub about_rows: Option<i64>,
}

/// The partitions of history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryPartitions {
    /// How many there are, with those of coming months.
    pub count: i64,
    /// Bytes of all of them.
    pub bytes: i64,
    /// The newest 24 that hold something.
    pub newest: Vec<HistoryPartition>,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatabaseState {
    /// The version of Postgres.
    #[schema(example = "18.4")]
    pub postgres: String,
    /// The version of pgvector.
    pub pgvector: Option<String>,
    /// The number of the newest migration.
    pub schema: Option<i64>,
    /// The epoch of streams.
    pub epoch: String,
    /// Bytes of the database.
    pub bytes: i64,
    /// The ten largest tables.
    pub tables: Vec<TableSize>,
    /// The partitions of history.
    pub history: HistoryPartitions,
}

/// A running server of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectedServer {
    /// Its name, which is new at each start.
    pub name: String,
    /// When it last noted that it runs; it does so every ten seconds.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
}

/// The newest failure of embedding a ticket that still waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmbeddingFailure {
    /// What the provider answered.
    pub error: String,
    /// The ticket.
    pub ticket_id: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retry_at: Option<Timestamp>,
}

/// What is kept how long; 0 keeps all. Settings of the server, read at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retention {
    /// CALLBOARD_HISTORY_MONTHS
    pub history_months: u32,
    /// CALLBOARD_SECURITY_EVENT_DAYS
    pub security_event_days: u32,
    /// CALLBOARD_TRANSCRIPT_DAYS
    pub transcript_days: u32,
    /// CALLBOARD_ARCHIVE_DAYS
    pub archive_days: u32,
}

/// The state of the server that answers, and of its database.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Server {
    /// The server's version.
    pub version: String,
    /// When this server started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// Whether the database is the embedded Postgres, which the server started itself.
    pub embedded_database: bool,
    /// The database.
    pub database: DatabaseState,
    /// The servers that run on the database, at most 50.
    pub servers: Vec<ConnectedServer>,
    /// Who may create an account.
    pub registration: RegistrationPolicy,
    /// What is kept how long.
    pub retention: Retention,
    /// Backups that this server knows of.
    pub backups: BackupsState,
    /// Vectors for search by meaning.
    pub embeddings: Status,
    /// The newest failure of a ticket that still waits for its vector.
    pub embedding_failure: Option<EmbeddingFailure>,
}

/// A key, and where it comes from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyWithLineage {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The name of who made it.
    pub created_by_name: Option<String>,
    /// The name of the key with which it was made.
    pub created_by_key_name: Option<String>,
}

/// A person, an agent or a service, with its keys.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActorWithKeys {
    /// The actor.
    #[serde(flatten)]
    pub actor: Actor,
    /// The name of its owner.
    pub owner_name: Option<String>,
    /// How many agents and services it owns.
    pub agents: i64,
    /// How many workflows it is a member of.
    pub workflows: i64,
    /// How many of its keys are not revoked.
    pub key_count: i64,
    /// When one of its keys was last used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// Its newest 50 keys that are not revoked.
    pub keys: Vec<KeyWithLineage>,
}

/// A page of actors, people first, by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActorsWithKeys {
    /// The actors.
    pub actors: Vec<ActorWithKeys>,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// The newest request of a webhook.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LastDelivery {
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub attempted_at: Timestamp,
    /// The type of the event.
    pub event_type: String,
    /// Whether the receiver accepted it.
    pub delivered: bool,
    /// The HTTP status; null without an answer.
    pub status_code: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
}

/// A webhook of some workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ServerWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// The workflow's name.
    pub workflow_name: String,
    /// `working`, `failing` or `paused`.
    #[schema(example = "working")]
    pub state: String,
    /// Its newest request.
    pub last_delivery: Option<LastDelivery>,
}

/// A page of webhooks, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ServerWebhooks {
    /// The webhooks.
    pub webhooks: Vec<ServerWebhook>,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}
