//! The database: the connection pool, calls of SQL functions, migrations. Independent of the domain.
//!
//! A request is one statement, and so one round trip and one transaction: the functions in `sql/logic` authorize, check
//! and write, and return `jsonb`.

mod cancel;
mod connection;
mod due_work;
pub mod embedded;
pub mod functions;
pub mod gate;
pub mod group;
pub mod idempotency;
pub mod maintenance;
pub mod migrate;
pub mod pool;
pub mod pooler;
pub mod reporting_limits;
pub mod restored;
pub mod session;
mod share;

use std::sync::Arc;
use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::Semaphore;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSqlOwned, Json, ToSql};

use self::connection::Connection;
use self::due_work::DueWork;
pub use self::due_work::Work;
use self::functions::{FunctionCall, OwnedCall};
use self::gate::{Gate, Lane};
use self::group::{Groups, Turn, Write};
use self::idempotency::{KeyedRequest, StoredAnswer};
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
    pool: pool::Pools,
    config: Arc<tokio_postgres::Config>,
    gate: Arc<Gate>,
    workflows: Arc<Workflows>,
    groups: Arc<Groups>,
    due_work: Arc<DueWork>,
    unnamed: Option<Arc<Unnamed>>,
    /// The address that bypasses a pooler.
    direct: Option<Arc<str>>,
    usage: Usage,
    /// The turns of [`Self::for_long_work`].
    long_work: Arc<Semaphore>,
}

/// What a handle is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Usage {
    Requests,
    Sockets,
    SignIn,
    LongWork,
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
        Self {
            pool,
            config,
            gate,
            workflows: Arc::default(),
            groups: Arc::default(),
            due_work: Arc::default(),
            unnamed: None,
            direct: None,
            usage: Usage::Requests,
            long_work: Arc::new(Semaphore::new(session::LONG_STATEMENTS)),
        }
    }

    /// Opens a pool to an external server, which may be behind a pooler; `direct` bypasses it.
    pub async fn open(url: &str, direct: &str, size: usize, statement_timeout: Duration) -> Result<Self> {
        if !pooler::is_transaction_mode(url).await? {
            return Ok(Self::new(pool::pool(url, size, statement_timeout)?));
        }
        let unnamed = Some(Arc::new(Unnamed::new(direct, statement_timeout)));
        Ok(Self { unnamed, direct: Some(direct.into()), ..Self::new(pool::pool_without_settings(url, size)?) })
    }

    /// Makes this thread use connections of its own first; called once on each thread of the HTTP server.
    pub fn prefer_own_connections(&self) {
        pool::prefer_own_connections();
    }

    /// A handle for checking credentials and for `/ready`, whose connections requests cannot take.
    pub fn reserved(&self) -> Self {
        Self { usage: Usage::SignIn, ..self.clone() }
    }

    /// A handle for what sockets read: it waits longer, and its share is apart from that of requests.
    pub fn for_sockets(&self) -> Self {
        Self { usage: Usage::Sockets, ..self.clone() }
    }

    /// A handle for statements that may take minutes. Each has a connection of its own, outside the pool, so that it takes none from
    /// requests. Two run at once, others wait for a minute and are refused with 429. A statement whose caller has gone is carried out all
    /// the same.
    pub fn for_long_work(&self) -> Self {
        Self { usage: Usage::LongWork, ..self.clone() }
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

    /// The lane and the tenant of a call. The workflow of a row is looked up if so many writes are in progress.
    async fn admission(&self, call: &FunctionCall<'_>, busy: usize) -> Admission {
        let tenant = |name: String| -> Arc<str> { name.into() };
        if self.usage == Usage::SignIn {
            return Admission { lane: Lane::SignIn, tenant: tenant("sign-in".to_owned()), wait: SIGN_IN_WAIT };
        }
        let lane = share::lane(call.function);
        let named = match share::subject(call) {
            Subject::Workflow(workflow) => tenant(format!("workflow:{workflow}")),
            Subject::Row(row) => match self.workflow_of(lane, &row, busy).await {
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
    async fn workflow_of(&self, lane: Lane, row: &str, busy: usize) -> Option<Arc<str>> {
        if let Some(workflow) = self.workflows.get(row) {
            return Some(workflow);
        }
        if lane != Lane::Write || self.gate.in_use(lane) < busy {
            return None;
        }
        let admission = Admission { lane: Lane::Read, tenant: "shares".into(), wait: pool::MAX_WAIT };
        let call = sql_fn!(find_workflow_of_row(row_id: row));
        let rows = self.run(&admission, call.function.statement(), call.params).await.ok()?;
        let workflow: Arc<str> = format!("workflow:{}", only_value::<Option<String>>(&rows).ok()??).into();
        self.workflows.put(row.to_owned(), workflow.clone());
        Some(workflow)
    }

    /// Runs the statement of a call. That a read failed means that nothing was carried out.
    async fn run_call(&self, call: &FunctionCall<'_>, sql: &str) -> Result<Vec<Row>> {
        let admission = self.admission(call, self.pool.status().max_size / 4).await;
        let outcome = self.run(&admission, sql, call.params).await;
        if call.function.is_read() { outcome.map_err(of_read) } else { outcome }
    }

    /// Runs a prepared statement that changes nothing and returns its rows.
    pub async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let lane = if self.usage == Usage::SignIn { Lane::SignIn } else { Lane::Read };
        let admission = Admission { lane, tenant: "server".into(), wait: pool::MAX_WAIT };
        self.run(&admission, sql, params).await.map_err(of_read)
    }

    /// Runs a prepared statement. Retries it if it was certainly rolled back by a deadlock, a serialization failure or a
    /// stale plan; a statement whose outcome is unknown is never repeated here.
    async fn run(&self, admission: &Admission, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let mut attempt = 1;
        loop {
            let outcome = if self.usage == Usage::LongWork {
                self.run_apart(sql, params).await
            } else {
                let mut connection = self.connection(admission).await?;
                let outcome = connection.run(sql, params).await;
                if outcome.as_ref().is_err_and(|error| error.is_retryable() || stale_plan(error)) {
                    connection.forget(sql);
                }
                outcome
            };
            match outcome {
                Err(error) if attempt < MAX_ATTEMPTS && (error.is_retryable() || stale_plan(&error)) => {
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
        let rows = self.run_call(&call, call.function.statement()).await?;
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
        let admission = self.admission(&call, self.pool.status().max_size / 4).await;
        let rows = self.run(&admission, call.function.keyed_statement(), &params).await?;
        let Json(stored) = only_value::<Json<StoredAnswer<T>>>(&rows)?;
        Ok(request.settle(stored))
    }

    /// Calls a function that changes one ticket, given by its id. Calls of a workflow that would wait for each other are
    /// carried out in one transaction (see [`group`]).
    pub async fn call_grouped<T: DeserializeOwned>(&self, ticket: String, call: OwnedCall) -> Result<T> {
        let OwnedCall { function, params } = call;
        let mut write = Write { ticket, sql: function.statement(), params };
        let borrowed = FunctionCall { function, params: &write.params() };
        let admission = self.admission(&borrowed, 2).await;
        let keyed = keyed_request(&borrowed);
        if let Some(request) = &keyed {
            write.sql = function.keyed_statement();
            write.params.push(Box::new(request.key().to_owned()));
            write.params.push(Box::new(request.hash()));
            write.params.push(Box::new(request.step(function.name)));
            write.params.push(Box::new(request.note()));
        }
        let write = Arc::new(write);
        let can_group =
            self.unnamed.is_none() && self.usage == Usage::Requests && admission.tenant.starts_with("workflow:");
        let turn = if can_group { self.take_turn(&admission.tenant, &write).await } else { Turn::Alone(None) };
        let rows = match turn {
            Turn::Alone(guard) => {
                let outcome = self.run(&admission, write.sql, &write.params()).await;
                drop(guard);
                outcome?
            }
            Turn::Committed(rows) => rows,
            Turn::Failed(error) => return Err(error),
        };
        match keyed {
            Some(request) => only_value::<Json<StoredAnswer<T>>>(&rows).map(|Json(stored)| request.settle(stored)),
            None => only_value::<Json<T>>(&rows).map(|Json(value)| value),
        }
    }

    /// Calls a function that returns one plain value: a number, a boolean, a text.
    pub async fn scalar<T: FromSqlOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        only_value(&self.run_call(&call, call.function.statement()).await?)
    }

    /// Calls a function that returns one row of several columns; such functions only read.
    pub async fn call_row(&self, call: FunctionCall<'_>) -> Result<Row> {
        let rows = self.run_call(&call, call.function.row_statement()).await?;
        rows.into_iter().next().ok_or_else(|| Error::Internal(format!("logic.{} returned no row", call.function.name)))
    }

    /// Calls a function for its effect.
    pub async fn execute(&self, call: FunctionCall<'_>) -> Result<()> {
        match keyed_request(&call) {
            Some(request) => self.call_once::<IgnoredAny>(&request, call).await.map(drop),
            None => self.run_call(&call, call.function.statement()).await.map(drop),
        }
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
    row.try_get(0).map_err(|error| Error::Internal(format!("the result of a function cannot be read: {error}")))
}

/// The current request, if the call is a write of a caller and the request has an idempotency key.
fn keyed_request(call: &FunctionCall<'_>) -> Option<Arc<KeyedRequest>> {
    if call.function.is_read() || !call.function.parameters.contains(&"caller") {
        return None;
    }
    idempotency::current()
}

/// The outcome of a read makes no difference, so it can be tried again.
fn of_read(error: Error) -> Error {
    match error {
        Error::OutcomeUnknown(why) => Error::Unavailable(why),
        other => other,
    }
}

/// Whether a statement has to be prepared again, because `logic` was rebuilt. 42883: its function was dropped; 0A000: the
/// type of its result changed; 26000: the pooler dropped it; XX000: lookup of a dropped function's oid.
fn stale_plan(error: &Error) -> bool {
    matches!(error, Error::Database(e) if e.as_db_error().is_some_and(|db| {
        matches!(db.code().code(), "0A000" | "26000" | "42883" | "42P05")
            || (db.code().code() == "XX000" && db.message().starts_with("cache lookup failed"))
    }))
}
