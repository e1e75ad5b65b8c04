//! The database: the connection pool, calls of SQL functions, migrations. Independent of the domain.
//!
//! A request is one statement, and so one round trip and one transaction: the functions in `sql/logic` authorize, check
//! and write, and return `jsonb`.

mod cancel;
mod connection;
pub mod embedded;
pub mod functions;
pub mod gate;
pub mod maintenance;
pub mod migrate;
pub mod pool;
pub mod pooler;
pub mod restored;
mod share;

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSqlOwned, Json, ToSql};

use self::connection::Connection;
use self::functions::FunctionCall;
use self::gate::{Gate, Lane};
use self::pooler::Unnamed;
use self::share::{Subject, Workflows};

use crate::{Error, Result, sql_fn};

/// The parameters of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Maximum attempts of a statement that fails with a deadlock or a serialization failure.
const MAX_ATTEMPTS: u32 = 5;

/// Maximum time that a handshake or a sign-in waits for a connection, and that a socket waits to catch up: they come in
/// herds, and a refusal makes their clients come again.
const SIGN_IN_WAIT: Duration = Duration::from_secs(20);
const SOCKET_WAIT: Duration = Duration::from_secs(60);

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: deadpool_postgres::Pool,
    config: Arc<tokio_postgres::Config>,
    gate: Arc<Gate>,
    workflows: Arc<Workflows>,
    unnamed: Option<Arc<Unnamed>>,
    usage: Usage,
}

/// What a handle is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Usage {
    Requests,
    Sockets,
    SignIn,
}

/// The place of a statement before the gate.
struct Admission {
    lane: Lane,
    tenant: Arc<str>,
    wait: Duration,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// Wraps a pool from `pool::pool`.
    pub fn new(connections: pool::Connections) -> Self {
        let pool::Connections { pool, config } = connections;
        let gate = Gate::new(pool.status().max_size);
        Self { pool, config, gate, workflows: Arc::default(), unnamed: None, usage: Usage::Requests }
    }

    /// Opens a pool to an external server, which may be behind a pooler; `direct` bypasses it.
    pub async fn open(url: &str, direct: &str, size: usize, statement_timeout: Duration) -> Result<Self> {
        if !pooler::is_transaction_mode(url).await? {
            return Ok(Self::new(pool::pool(url, size, statement_timeout)?));
        }
        let unnamed = Some(Arc::new(Unnamed::new(direct, statement_timeout)));
        Ok(Self { unnamed, ..Self::new(pool::pool_without_settings(url, size)?) })
    }

    /// A handle for checking credentials and for `/ready`, whose connections requests cannot take.
    pub fn reserved(&self) -> Self {
        Self { usage: Usage::SignIn, ..self.clone() }
    }

    /// A handle for what sockets read: it waits longer, and its share is apart from that of requests.
    pub fn for_sockets(&self) -> Self {
        Self { usage: Usage::Sockets, ..self.clone() }
    }

    /// A connection of the pool; 503 if none becomes free in time or the database is unreachable.
    async fn connection(&self, admission: &Admission) -> Result<Connection> {
        let permit = self.gate.enter(admission.lane, &admission.tenant, admission.wait).await?;
        let client = self.pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => match Error::from(error) {
                // Without a connection the database is unavailable, whatever the reason.
                Error::Database(error) => Error::Unavailable(crate::error::describe_db(&error)),
                other => other,
            },
            other => Error::Unavailable(other.to_string()),
        })?;
        Ok(Connection::new(client, permit, self.config.clone(), self.unnamed.clone()))
    }

    /// The lane and the tenant of a call.
    async fn admission(&self, call: &FunctionCall<'_>) -> Admission {
        let tenant = |name: String| -> Arc<str> { name.into() };
        if self.usage == Usage::SignIn {
            return Admission { lane: Lane::SignIn, tenant: tenant("sign-in".to_owned()), wait: SIGN_IN_WAIT };
        }
        let lane = share::lane(call.function);
        let named = match share::subject(call) {
            Subject::Workflow(workflow) => tenant(format!("workflow:{workflow}")),
            Subject::Row(row) => match self.workflow_of(lane, &row).await {
                Some(workflow) => workflow,
                None => tenant(share::caller(call)),
            },
            Subject::None => tenant(share::caller(call)),
        };
        match self.usage {
            Usage::Sockets => Admission { lane, tenant: tenant(format!("sockets of {named}")), wait: SOCKET_WAIT },
            _ => Admission { lane, tenant: named, wait: pool::MAX_WAIT },
        }
    }

    /// The workflow of a row. It is looked up only when writes are busy, because it costs a statement.
    async fn workflow_of(&self, lane: Lane, row: &str) -> Option<Arc<str>> {
        if let Some(workflow) = self.workflows.get(row) {
            return Some(workflow);
        }
        if lane != Lane::Write || self.gate.in_use(lane) * 4 < self.pool.status().max_size {
            return None;
        }
        let admission = Admission { lane: Lane::Read, tenant: "shares".into(), wait: pool::MAX_WAIT };
        let call = sql_fn!(find_workflow_of_row(row_id: row));
        let rows = self.run(&admission, call.function.statement(), call.params).await.ok()?;
        let workflow: Arc<str> = format!("workflow:{}", only_value::<Option<String>>(&rows).ok()??).into();
        self.workflows.put(row.to_owned(), workflow.clone());
        Some(workflow)
    }

    /// Runs the statement of a call.
    async fn run_call(&self, call: &FunctionCall<'_>, sql: &str) -> Result<Vec<Row>> {
        let admission = self.admission(call).await;
        self.run(&admission, sql, call.params).await
    }

    /// Runs a prepared statement and returns its rows; retries deadlocks and serialization failures.
    pub async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let lane = if self.usage == Usage::SignIn { Lane::SignIn } else { Lane::Read };
        self.run(&Admission { lane, tenant: "server".into(), wait: pool::MAX_WAIT }, sql, params).await
    }

    async fn run(&self, admission: &Admission, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let mut attempt = 1;
        loop {
            let mut connection = self.connection(admission).await?;
            let outcome = connection.run(sql, params).await;
            match outcome {
                Err(error) if attempt < MAX_ATTEMPTS && (error.is_retryable() || stale_plan(&error)) => {
                    connection.forget(sql);
                    drop(connection);
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
        let rows = self.run_call(&call, call.function.statement()).await?;
        match only_value::<Option<Json<T>>>(&rows)? {
            Some(Json(value)) => Ok(value),
            None => serde_json::from_value(serde_json::Value::Null)
                .map_err(|error| Error::Internal(format!("logic.{} returned null: {error}", call.function.name))),
        }
    }

    /// Calls a function that returns one plain value: a number, a boolean, a text.
    pub async fn scalar<T: FromSqlOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        only_value(&self.run_call(&call, call.function.statement()).await?)
    }

    /// Calls a function that returns one row of several columns.
    pub async fn call_row(&self, call: FunctionCall<'_>) -> Result<Row> {
        let rows = self.run_call(&call, call.function.row_statement()).await?;
        rows.into_iter().next().ok_or_else(|| Error::Internal(format!("logic.{} returned no row", call.function.name)))
    }

    /// Calls a function for its effect.
    pub async fn execute(&self, call: FunctionCall<'_>) -> Result<()> {
        self.run_call(&call, call.function.statement()).await.map(drop)
    }

    /// Checks that the database responds.
    pub async fn ping(&self) -> Result<()> {
        self.rows("select 1", &[]).await.map(drop)
    }

    /// Connections in the pool: (open, idle, waiting requests).
    pub fn pool_status(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        (status.size, status.available, status.waiting + self.gate.waiting())
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
