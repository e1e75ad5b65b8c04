//! The database: the connection pool, calls of SQL functions, migrations. Independent of the domain.
//!
//! A request is one statement, and so one round trip and one transaction: the functions in `sql/logic` authorize, check
//! and write, and return `jsonb`.

pub mod embedded;
pub mod functions;
pub mod maintenance;
pub mod migrate;
pub mod pool;
pub mod reporting_limits;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSqlOwned, Json, ToSql};

use self::functions::FunctionCall;

use crate::{Error, Result};

/// The parameters of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Maximum attempts of a statement that fails with a deadlock or a serialization failure.
const MAX_ATTEMPTS: u32 = 5;

/// Connections reserved for signing in and `/ready`.
const RESERVED: usize = 2;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: deadpool_postgres::Pool,
    gate: Option<Arc<Gate>>,
}

/// Limits concurrent statements to the number of connections less the reserved ones, so that requests which wait for
/// row locks do not prevent users from signing in.
struct Gate {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Gate {
    async fn enter(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _counted = Counted::new(&self.waiting);
        match tokio::time::timeout(pool::MAX_WAIT, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Error::Unavailable("every connection was busy for too long".to_owned())),
        }
    }
}

/// Counts a waiting request until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// Wraps a pool from `pool::pool`.
    pub fn new(pool: deadpool_postgres::Pool) -> Self {
        let permits = pool.status().max_size.saturating_sub(RESERVED).max(1);
        let gate = Gate { permits: Arc::new(Semaphore::new(permits)), waiting: AtomicUsize::new(0) };
        Self { pool, gate: Some(Arc::new(gate)) }
    }

    /// A handle that may also use the reserved connections, for short statements that have to succeed under load.
    pub fn reserved(&self) -> Self {
        Self { pool: self.pool.clone(), gate: None }
    }

    /// A connection of the pool; 503 if none becomes free in time or the database is unreachable.
    async fn client(&self) -> Result<(deadpool_postgres::Client, Option<OwnedSemaphorePermit>)> {
        let permit = match &self.gate {
            Some(gate) => Some(gate.enter().await?),
            None => None,
        };
        let client = self.pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => match Error::from(error) {
                // Without a connection the database is unavailable, whatever the reason.
                Error::Database(error) => Error::Unavailable(crate::error::describe_db(&error)),
                other => other,
            },
            other => Error::Unavailable(other.to_string()),
        })?;
        Ok((client, permit))
    }

    /// Runs a prepared statement and returns its rows; retries deadlocks and serialization failures.
    pub async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let mut attempt = 1;
        loop {
            let (client, permit) = self.client().await?;
            let outcome = async {
                let statement = client.prepare_cached(sql).await?;
                client.query(&statement, params).await
            }
            .await
            .map_err(Error::from);
            match outcome {
                Err(error) if attempt < MAX_ATTEMPTS && (error.is_retryable() || stale_plan(&error)) => {
                    client.statement_cache.clear();
                    drop((client, permit));
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=8 << attempt))).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Calls a function that returns `jsonb` (see [`crate::sql_fn!`]) and deserializes it as `T`. SQL null reads as
    /// JSON null.
    pub async fn call<T: DeserializeOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        let rows = self.rows(call.function.statement(), call.params).await?;
        match only_value::<Option<Json<T>>>(&rows)? {
            Some(Json(value)) => Ok(value),
            None => serde_json::from_value(serde_json::Value::Null)
                .map_err(|error| Error::Internal(format!("logic.{} returned null: {error}", call.function.name))),
        }
    }

    /// Calls a function that returns one plain value: a number, a boolean, a text.
    pub async fn scalar<T: FromSqlOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        only_value(&self.rows(call.function.statement(), call.params).await?)
    }

    /// Calls a function that returns one row of several columns.
    pub async fn call_row(&self, call: FunctionCall<'_>) -> Result<Row> {
        let rows = self.rows(call.function.row_statement(), call.params).await?;
        rows.into_iter().next().ok_or_else(|| Error::Internal(format!("logic.{} returned no row", call.function.name)))
    }

    /// Calls a function for its effect.
    pub async fn execute(&self, call: FunctionCall<'_>) -> Result<()> {
        self.rows(call.function.statement(), call.params).await.map(drop)
    }

    /// Checks that the database responds.
    pub async fn ping(&self) -> Result<()> {
        self.rows("select 1", &[]).await.map(drop)
    }

    /// Connections in the pool: (open, idle, waiting requests).
    pub fn pool_status(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        let gated = self.gate.as_ref().map_or(0, |gate| gate.waiting.load(Ordering::Relaxed));
        (status.size, status.available, status.waiting + gated)
    }
}

/// The first column of the first row.
fn only_value<T: FromSqlOwned>(rows: &[Row]) -> Result<T> {
    let row = rows.first().ok_or_else(|| Error::Internal("a function returned no row".to_owned()))?;
    Ok(row.try_get(0)?)
}

/// Whether a statement has to be prepared again, because `logic` was rebuilt. 42883: its function was dropped; 0A000: the
/// type of its result changed; 26000: the pooler dropped it; XX000: lookup of a dropped function's oid.
fn stale_plan(error: &Error) -> bool {
    matches!(error, Error::Database(e) if e.as_db_error().is_some_and(|db| {
        matches!(db.code().code(), "0A000" | "26000" | "42883" | "42P05")
            || (db.code().code() == "XX000" && db.message().starts_with("cache lookup failed"))
    }))
}
