//! The database: the connection pool, calls of SQL functions, migrations. Independent of the domain.
//!
//! A request is one statement, and so one round trip and one transaction: the functions in `sql/logic` authorize, check
//! and write, and return `jsonb`.

pub mod embedded;
pub mod functions;
pub mod idempotency;
pub mod maintenance;
pub mod migrate;
pub mod pool;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSqlOwned, Json, ToSql};

use self::functions::FunctionCall;
use self::idempotency::{KeyedRequest, StoredAnswer};

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

    /// Runs a prepared statement that changes nothing and returns its rows.
    pub async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        self.run(sql, params).await.map_err(|error| match error {
            // The outcome of a read makes no difference, so it can be tried again.
            Error::OutcomeUnknown(why) => Error::Unavailable(why),
            other => other,
        })
    }

    /// Runs a prepared statement. Retries it if it was certainly rolled back by a deadlock, a serialization failure or a
    /// stale plan; a statement whose outcome is unknown is never repeated here.
    async fn run(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let mut attempt = 1;
        loop {
            let (client, permit) = self.client().await?;
            let outcome = match client.prepare_cached(sql).await {
                Ok(_) if client.is_closed() => Err(Error::Unavailable("the connection was closed".to_owned())),
                Ok(statement) => client.query(&statement, params).await.map_err(Error::of_sent_statement),
                Err(error) => Err(Error::from(error)),
            };
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
    ///
    /// In a request with an idempotency key, the answer of a write is stored with its change, or the stored answer of an
    /// earlier request with that key is returned instead.
    pub async fn call<T: DeserializeOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        if let Some(request) = keyed_request(&call) {
            return self.call_once(&request, call).await;
        }
        let rows = self.run_call(&call).await?;
        match only_value::<Option<Json<T>>>(&rows)? {
            Some(Json(value)) => Ok(value),
            None => serde_json::from_value(serde_json::Value::Null)
                .map_err(|error| Error::Internal(format!("logic.{} returned null: {error}", call.function.name))),
        }
    }

    /// Calls a function under the key of the request.
    async fn call_once<T: DeserializeOwned>(&self, request: &KeyedRequest, call: FunctionCall<'_>) -> Result<T> {
        let (key, hash, step, note) = (request.key(), request.hash(), request.step(call.function.name), request.note());
        let mut params = call.params.to_vec();
        params.extend([&key as &(dyn ToSql + Sync), &hash, &step, &note]);
        let rows = self.run(call.function.keyed_statement(), &params).await?;
        let Json(stored) = only_value::<Json<StoredAnswer<T>>>(&rows)?;
        Ok(request.settle(stored))
    }

    /// Calls a function. That a read failed means that nothing was carried out.
    async fn run_call(&self, call: &FunctionCall<'_>) -> Result<Vec<Row>> {
        match call.function.is_read() {
            true => self.rows(call.function.statement(), call.params).await,
            false => self.run(call.function.statement(), call.params).await,
        }
    }

    /// Calls a function that returns one plain value: a number, a boolean, a text.
    pub async fn scalar<T: FromSqlOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        only_value(&self.run_call(&call).await?)
    }

    /// Calls a function that returns one row of several columns; such functions only read.
    pub async fn call_row(&self, call: FunctionCall<'_>) -> Result<Row> {
        let rows = self.rows(call.function.row_statement(), call.params).await?;
        rows.into_iter().next().ok_or_else(|| Error::Internal(format!("logic.{} returned no row", call.function.name)))
    }

    /// Calls a function for its effect.
    pub async fn execute(&self, call: FunctionCall<'_>) -> Result<()> {
        match keyed_request(&call) {
            Some(request) => self.call_once::<IgnoredAny>(&request, call).await.map(drop),
            None => self.run_call(&call).await.map(drop),
        }
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
    row.try_get(0).map_err(|error| Error::Internal(format!("the result of a function cannot be read: {error}")))
}

/// The current request, if the call is a write of a caller and the request has an idempotency key.
fn keyed_request(call: &FunctionCall<'_>) -> Option<Arc<KeyedRequest>> {
    if call.function.is_read() || !call.function.parameters.contains(&"caller") {
        return None;
    }
    idempotency::current()
}

/// Whether a statement has to be prepared again, because `logic` was rebuilt. 42883: its function was dropped; 0A000: the
/// type of its result changed; 26000: the pooler dropped it; XX000: lookup of a dropped function's oid.
fn stale_plan(error: &Error) -> bool {
    matches!(error, Error::Database(e) if e.as_db_error().is_some_and(|db| {
        matches!(db.code().code(), "0A000" | "26000" | "42883" | "42P05")
            || (db.code().code() == "XX000" && db.message().starts_with("cache lookup failed"))
    }))
}
