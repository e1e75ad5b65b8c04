//! Statements of administrators.

use jiff::Timestamp;
use serde::Deserialize;

use super::backups::{self, BackupArchive};
use super::{
    ActorsWithKeys, ConnectedServer, DatabaseState, EmbeddingFailure, RegistrationPolicy, Retention, Server,
    ServerWebhooks,
};
use crate::config::Config;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::Status;
use crate::{Result, sql_fn};

/// What the database knows of the server.
#[derive(Deserialize)]
struct Known {
    registration: RegistrationPolicy,
    database: DatabaseState,
    servers: Vec<ConnectedServer>,
    archive: Option<BackupArchive>,
    embedding_failure: Option<EmbeddingFailure>,
}

/// The state of the server that runs since `started_at`, and of its database.
pub async fn server(
    db: &Db,
    config: &Config,
    started_at: Timestamp,
    embeddings: Status,
    caller: &Caller,
) -> Result<Server> {
    let known: Known =
        db.call(sql_fn!(get_server(caller: caller.to_sql(), configured: config.registration.as_str()))).await?;
    Ok(Server {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at,
        embedded_database: config.database_url.as_deref().is_none_or(|url| url.trim().is_empty()),
        database: known.database,
        servers: known.servers,
        registration: known.registration,
        retention: Retention {
            history_months: config.history_months,
            security_event_days: config.security_event_days,
            transcript_days: config.transcript_days,
            archive_days: config.archive_days,
        },
        backups: backups::read(config, known.archive).await,
        embeddings,
        embedding_failure: known.embedding_failure,
    })
}

/// Chooses who may create an account.
pub async fn set_registration(db: &Db, config: &Config, caller: &Caller, policy: &str) -> Result<RegistrationPolicy> {
    db.call(sql_fn!(set_registration(
        caller: caller.to_sql(),
        policy: policy,
        configured: config.registration.as_str(),
    )))
    .await
}

/// A page of what belongs to an owner, or to nobody; with words, of what they find.
pub async fn actors_with_keys(
    db: &Db,
    caller: &Caller,
    owner: Option<&str>,
    words: Option<&str>,
    limit: i32,
    cursor: Option<&str>,
) -> Result<ActorsWithKeys> {
    db.call(sql_fn!(list_actors_with_keys(caller: caller.to_sql(), owner, words, max_rows: limit, cursor))).await
}

/// A page of the webhooks of all workflows.
pub async fn webhooks(
    db: &Db,
    caller: &Caller,
    state: Option<&str>,
    limit: i32,
    cursor: Option<&str>,
) -> Result<ServerWebhooks> {
    db.call(sql_fn!(list_all_webhooks(caller: caller.to_sql(), state, max_rows: limit, cursor))).await
}
