//! A connection of its own for a transaction of several statements: an archive that is read in one snapshot, or written as a
//! whole. Outside the pool, so that long work takes no connection from requests.

use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{FromSqlOwned, Json};
use tokio_postgres::{Client, Row};

use super::functions::FunctionCall;
use super::{Db, only_value, pool};
use crate::{Error, Result};

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
        let client = match &self.direct {
            Some(url) => pool::connect(url, "callboard-archive").await?,
            None => pool::connect_configured(&self.config).await?,
        };
        // A client that takes no more of what is read may not hold the snapshot for ever.
        let begin = match mode {
            Mode::Snapshot => "begin isolation level repeatable read read only",
            Mode::Write => "begin",
        };
        let settings =
            "set timezone = 'UTC'; set idle_in_transaction_session_timeout = '10min'; set statement_timeout = '6h'";
        client.batch_execute(&format!("{settings}; {begin}")).await?;
        Ok(Session { client })
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
