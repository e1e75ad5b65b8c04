//! Poolers before an external Postgres (PgBouncer and the like).
//!
//! In session mode a connection behaves like one to Postgres. In transaction mode consecutive statements of one connection
//! may reach different backends: prepared statements and settings are lost, and LISTEN is silent. There each statement is
//! sent unnamed, in a transaction of its own with its settings, in one round trip. The types of its parameters come from
//! the direct address, which LISTEN needs anyway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, SimpleQueryMessage};

use super::pool;
use crate::{Error, Result};

/// How often the probe is repeated: other clients of the pooler may hide its mode from one.
const PROBES: usize = 3;

/// Statements for a pooler in transaction mode.
pub(super) struct Unnamed {
    /// An address of Postgres itself.
    direct: String,
    settings: String,
    types: Mutex<HashMap<String, Arc<[Type]>>>,
}

impl Unnamed {
    pub fn new(direct: &str, statement_timeout: Duration) -> Self {
        let settings = pool::settings(statement_timeout);
        let settings = settings.iter().map(|(name, value)| format!("set local {name} = '{value}'; "));
        Self {
            direct: direct.to_owned(),
            settings: format!("begin; {}", settings.collect::<String>()),
            types: Mutex::default(),
        }
    }

    /// Runs one statement in a transaction of its own.
    pub async fn run(&self, client: &Client, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let types = self.types_of(sql).await?;
        let typed: Vec<_> = params.iter().copied().zip(types.iter().cloned()).collect();
        // Sent in this order without waiting. If the statement fails, `commit` rolls back.
        let (begun, rows, committed) = tokio::join!(
            client.batch_execute(&self.settings),
            client.query_typed(sql, &typed),
            client.batch_execute("commit"),
        );
        begun.map_err(Error::of_sent_statement)?;
        let rows = rows.map_err(Error::of_sent_statement)?;
        committed.map_err(Error::of_sent_statement)?;
        Ok(rows)
    }

    /// Forgets the types of a statement whose function has changed.
    pub fn forget(&self, sql: &str) {
        self.types.lock().unwrap_or_else(PoisonError::into_inner).remove(sql);
    }

    async fn types_of(&self, sql: &str) -> Result<Arc<[Type]>> {
        if let Some(types) = self.types.lock().unwrap_or_else(PoisonError::into_inner).get(sql) {
            return Ok(types.clone());
        }
        let client = pool::connect(&self.direct, "callboard-types").await?;
        let types: Arc<[Type]> = client.prepare(sql).await?.params().into();
        self.types.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.to_owned(), types.clone());
        Ok(types)
    }
}

/// Whether an address goes through a pooler in transaction mode: consecutive statements have to reach the same backend,
/// and a session setting has to survive.
pub async fn is_transaction_mode(url: &str) -> Result<bool> {
    let first = pool::connect(url, "callboard-check").await?;
    let second = pool::connect(url, "callboard-check").await?;
    for _ in 0..PROBES {
        let token = format!("callboard-{}", fastrand::u64(..));
        // In transaction mode the two clients may share a backend: one sees the setting of the other, or its own is lost
        // when another client was served in between.
        text(&first, &format!("select set_config('callboard.probe', '{token}', false)")).await?;
        let other = text(&second, "select current_setting('callboard.probe', true)").await?;
        let own = text(&first, "select current_setting('callboard.probe', true)").await?;
        text(&first, "select set_config('callboard.probe', '', false)").await?;
        if own.as_deref() != Some(token.as_str()) || other.as_deref() == Some(token.as_str()) {
            return Ok(true);
        }
    }
    // Only a pooler accepts this statement.
    Ok(second.simple_query("show pool_mode").await.is_ok())
}

/// Rejects an address for LISTEN that goes through a pooler in transaction mode, where notifications are silently lost.
pub async fn check_listen(url: &str) -> Result<()> {
    if is_transaction_mode(url).await? {
        return Err(Error::Setup(
            "The database address goes through a pooler in transaction mode, where LISTEN does not work; set DATABASE_LISTEN_URL to Postgres itself (or put the pooler in session mode).".to_owned(),
        ));
    }
    Ok(())
}

/// The first value of a statement, sent without preparing it.
async fn text(client: &Client, sql: &str) -> Result<Option<String>> {
    let messages = client.simple_query(sql).await?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
