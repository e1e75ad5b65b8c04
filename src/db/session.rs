//! A connection of its own for long work: a transaction of several statements, as for an archive that is read in one snapshot or
//! written as a whole, or one statement that takes minutes. Outside the pool, so that it takes no connection from requests.

use std::time::Duration;

use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{FromSqlOwned, Json};
use tokio_postgres::{Client, Row};

use super::functions::FunctionCall;
use super::{Db, Params, only_value, pool};
use crate::{Error, Result};

/// Limits of a connection for long work, which may wait for other long work. A client that takes no more of what is read may not hold its
/// snapshot for ever.
const SETTINGS: &str =
    "set timezone = 'UTC'; set idle_in_transaction_session_timeout = '10min'; set lock_timeout = '10min';
    set statement_timeout = '6h'";

/// Statements for long work that a server runs at once; the others wait.
pub(super) const LONG_STATEMENTS: usize = 2;
/// How long they wait.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How a transaction of a [`Session`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All statements see one snapshot, and none changes anything.
    Snapshot,
    /// The statements change something together.
    Write,
}

/// A transaction on a connection of its own. It is rolled back if it is dropped before [`Session::commit`].
#[derive(Debug)]
pub struct Session {
    client: Client,
}

impl Db {
    /// Begins a transaction on a new connection, which bypasses a pooler.
    pub async fn session(&self, mode: Mode) -> Result<Session> {
        let client = self.connect_apart(()).await?;
        let begin = match mode {
            Mode::Snapshot => "begin isolation level repeatable read read only",
            Mode::Write => "begin",
        };
        client.batch_execute(begin).await?;
        Ok(Session { client })
    }

    /// Runs one statement, a transaction of its own. It counts until it ends, also when its caller has gone before.
    pub(super) async fn run_apart(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let Ok(Ok(turn)) = tokio::time::timeout(MAX_WAIT, self.long_work.clone().acquire_owned()).await else {
            let why = "Other work of this kind is still running; try again in a few minutes.";
            return Err(Error::too_many_requests(120, why));
        };
        let client = self.connect_apart(turn).await?;
        client.query(sql, params).await.map_err(Error::of_sent_statement)
    }

    /// `held` is dropped at the end of the connection.
    async fn connect_apart(&self, held: impl Send + 'static) -> Result<Client> {
        let client = match &self.direct {
            Some(url) => pool::connect_holding(&pool::config(url, "callboard-work")?, held).await?,
            None => pool::connect_holding(&self.config, held).await?,
        };
        client.batch_execute(SETTINGS).await?;
        Ok(client)
    }
}

impl Session {
    /// Calls a function that returns `jsonb`.
    pub async fn call<T: DeserializeOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        let rows = self.client.query(call.function.statement(), call.params).await?;
        only_value::<Json<T>>(&rows).map(|Json(value)| value)
    }

    /// Calls a function that returns one plain value.
    pub async fn scalar<T: FromSqlOwned>(&self, call: FunctionCall<'_>) -> Result<T> {
        only_value(&self.client.query(call.function.statement(), call.params).await?)
    }

    /// Calls a function that returns rows, and gives them to `each` as they arrive.
    pub async fn each(&self, call: FunctionCall<'_>, mut each: impl AsyncFnMut(&Row) -> Result<()>) -> Result<()> {
        let statement = self.client.prepare(call.function.row_statement()).await?;
        let params = call.params.iter().copied();
        let mut rows = std::pin::pin!(self.client.query_raw(&statement, params).await?);
        while let Some(row) = rows.next().await {
            each(&row?).await?;
        }
        Ok(())
    }

    /// Ends the transaction; what it wrote is there.
    pub async fn commit(self) -> Result<()> {
        self.client.batch_execute("commit").await.map_err(Error::of_sent_statement)
    }
}
