//! A connection for one statement. A statement whose request has ended, because its client has gone or its time is up,
//! is cancelled instead of holding the connection until its lock wait ends.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Client, Object};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};

use super::cancel::cancel;
use super::gate::Permit;
use super::pooler::Unnamed;
use crate::{Error, Result};

/// Time in which an abandoned statement may end before it is cancelled; most do, and their connections stay usable.
const GRACE: Duration = Duration::from_millis(20);
/// Time limit for sending a cancellation, and for the statement to end after it.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection of the pool, with its permit.
pub(super) struct Connection {
    inner: Option<(Client, Permit)>,
    config: Arc<Config>,
    /// A statement was sent and its end was not seen.
    in_flight: bool,
    /// A transaction was begun and its end was not seen.
    in_transaction: bool,
    /// The connection was lost; the pool may not know it yet.
    lost: bool,
    /// Set behind a pooler in transaction mode.
    unnamed: Option<Arc<Unnamed>>,
}

impl Connection {
    pub fn new(client: Client, permit: Permit, config: Arc<Config>, unnamed: Option<Arc<Unnamed>>) -> Self {
        Self { inner: Some((client, permit)), config, in_flight: false, in_transaction: false, lost: false, unnamed }
    }

    /// Runs a statement, prepared where the connection keeps prepared statements.
    pub async fn run(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        self.in_flight = true;
        let outcome = async {
            if let Some(unnamed) = &self.unnamed {
                return unnamed.run(self, sql, params).await;
            }
            let statement = self.prepare_cached(sql).await?;
            if self.is_closed() {
                return Err(Error::Unavailable("the connection was closed".to_owned()));
            }
            self.query(&statement, params).await.map_err(Error::of_sent_statement)
        }
        .await;
        self.in_flight = false;
        self.lost = matches!(outcome, Err(Error::OutcomeUnknown(_) | Error::Unavailable(_)));
        outcome
    }

    /// Runs statements that begin and commit a transaction; rolls it back if they fail.
    pub async fn transaction<T>(&mut self, work: impl AsyncFnOnce(&Client) -> Result<T>) -> Result<T> {
        self.in_transaction = true;
        let outcome = work(self).await;
        // A connection that cannot roll back is closed.
        self.in_transaction = outcome.is_err() && self.batch_execute("rollback").await.is_err();
        outcome
    }

    /// Forgets what is known of statements, because a function has changed.
    pub fn forget(&self, sql: &str) {
        self.statement_cache.clear();
        if let Some(unnamed) = &self.unnamed {
            unnamed.forget(sql);
        }
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        match &self.inner {
            Some((client, _)) => client,
            None => unreachable!("a connection is taken only on drop"),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some((client, permit)) = self.inner.take() else { return };
        if self.in_transaction || self.lost {
            // Closing the connection ends a transaction.
            return drop((Object::take(client), permit));
        }
        if !self.in_flight {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(recover(client, permit, self.config.clone()))),
            Err(_) => drop((Object::take(client), permit)),
        }
    }
}

/// Ends an abandoned statement. The permit is held meanwhile, because the connection is still in use.
async fn recover(client: Client, permit: Permit, config: Arc<Config>) {
    // Its answer follows that of the statement.
    if tokio::time::timeout(GRACE, client.simple_query("")).await.is_ok_and(|answer| answer.is_ok()) {
        drop((client, permit));
        return;
    }
    let _ = tokio::time::timeout(CANCEL_TIMEOUT, cancel(&config, &client.cancel_token())).await;
    let _ = tokio::time::timeout(CANCEL_TIMEOUT, client.simple_query("")).await;
    // A cancellation that arrives late would hit the next statement, so the connection is closed.
    drop((Object::take(client), permit));
}
