//! The database: a pool, one way to call a function, migrations. Knows no noun.
//!
//! Every request is one statement and so one round trip and one transaction: the functions in
//! `sql/logic` authorize, check and change by themselves and answer `jsonb`.

pub mod embedded;
pub mod maintenance;
pub mod migrate;
pub mod pool;

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::{Error, Result};

/// A parameter list of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Attempts for a statement that meets a deadlock or a serialization failure.
const ATTEMPTS: u32 = 5;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: deadpool_postgres::Pool,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// Wraps a pool (`pool::connect` makes one).
    pub fn new(pool: deadpool_postgres::Pool) -> Self {
        Self { pool }
    }

    /// A connection of the pool; 503 when none comes free in time or the database is away.
    pub async fn client(&self) -> Result<deadpool_postgres::Client> {
        self.pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => match Error::from(error) {
                // No connection means no answer, whatever the reason.
                Error::Database(error) => Error::Unavailable(crate::error::describe_db(&error)),
                other => other,
            },
            other => Error::Unavailable(other.to_string()),
        })
    }

    /// Runs one prepared statement and returns its rows; retries deadlocks and serialization failures.
    pub async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let mut attempt = 1;
        loop {
            let client = self.client().await?;
            let outcome = async {
                let statement = client.prepare_cached(sql).await?;
                client.query(&statement, params).await
            }
            .await
            .map_err(Error::from);
            match outcome {
                Err(error) if attempt < ATTEMPTS && (error.is_retryable() || stale_plan(&error)) => {
                    client.statement_cache.clear();
                    drop(client);
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=8 << attempt))).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Runs a statement whose single row has one `jsonb` column, and reads it as `T`.
    pub async fn call<T: DeserializeOwned>(&self, sql: &str, params: Params<'_>) -> Result<T> {
        let rows = self.rows(sql, params).await?;
        let row = rows.first().ok_or_else(|| Error::Internal("a function answered no row".to_owned()))?;
        let value: tokio_postgres::types::Json<T> = row.try_get(0)?;
        Ok(value.0)
    }

    /// Runs a statement whose single row has one `text` column of JSON that is passed on as it is.
    pub async fn call_text(&self, sql: &str, params: Params<'_>) -> Result<String> {
        let rows = self.rows(sql, params).await?;
        let row = rows.first().ok_or_else(|| Error::Internal("a function answered no row".to_owned()))?;
        Ok(row.try_get(0)?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.rows("select 1", &[]).await.map(drop)
    }

    /// Connections in the pool: (open, idle, waiting requests).
    pub fn pool_status(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        (status.size, status.available, status.waiting)
    }
}

/// A statement prepared before `logic` was rebuilt may no longer fit; it is prepared again. 42883: the
/// function it named is gone; 0A000: its result changed; 26000: the pooler forgot it; XX000: lookup of a
/// dropped function's oid.
fn stale_plan(error: &Error) -> bool {
    matches!(error, Error::Database(e) if e.as_db_error().is_some_and(|db| {
        matches!(db.code().code(), "0A000" | "26000" | "42883" | "42P05")
            || (db.code().code() == "XX000" && db.message().starts_with("cache lookup failed"))
    }))
}
