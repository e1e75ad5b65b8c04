//! A server with actors and workflows, and direct access to its database.
#![allow(dead_code)]

use callboard::domain::accounts::keys;
use serde_json::Value;
use tokio_postgres::Client;

use super::socket::Socket;
use crate::client::{self, Server};
use crate::harness;

/// See the module documentation.
pub struct LiveFixture {
    /// The server.
    pub server: Server,
    /// A connection to its database.
    pub sql: Client,
}

impl LiveFixture {
    /// A server with the actors `ann` and `bob`.
    pub async fn open(hint: &str) -> Self {
        Self::with(hint, &[]).await
    }

    /// Like [`Self::open`], with flags of `callboard serve`.
    pub async fn with(hint: &str, flags: &[&str]) -> Self {
        let server = client::server_with(hint, flags, Vec::new()).await;
        let sql = harness::connect(&server.db.url).await;
        sql.batch_execute("insert into actors (id, kind, name) values ('ann', 'user', 'Ann'), ('bob', 'user', 'Bob')")
            .await
            .expect("actors");
        Self { server, sql }
    }

    /// A workflow of `owner` with this many tickets.
    pub async fn workflow(&self, owner: &str, tickets: i32) -> String {
        let row = self.sql.query_one("select logic.create_workflow($1, 'Work') ->> 'id'", &[&owner]).await;
        let id: String = row.expect("a workflow").get(0);
        self.sql
            .execute(
                "insert into tickets (workflow_id, title, description)
                 select $1, 'Ticket number ' || n, 'As it is described' from generate_series(1, $2) n",
                &[&id, &tickets],
            )
            .await
            .expect("tickets");
        id
    }

    /// Creates an API key for an actor: (id, key).
    pub async fn key(&self, actor: &str) -> (String, String) {
        let key = keys::generate().expect("a key");
        self.sql
            .execute(
                "insert into api_keys (id, actor_id, name, secret_hash, scopes) values ($1, $2, 'test', $3, '{*}')",
                &[&key.id, &actor, &key.hash],
            )
            .await
            .expect("a key");
        (key.id, key.key)
    }

    /// Creates a session and its access token: (session, token).
    pub async fn session(&self, actor: &str) -> (String, String) {
        let row = self
            .sql
            .query_one(
                "insert into sessions (id, actor_id, expires_at)
                 values (logic.new_id('session'), $1, now() + interval '1 day') returning id",
                &[&actor],
            )
            .await
            .expect("a session");
        let session: String = row.get(0);
        let token = self.server.state.accounts.tokens().issue(actor, &session).expect("a token");
        (session, token)
    }

    /// Opens a socket for an actor.
    pub async fn socket(&self, actor: &str) -> Socket {
        let (_, key) = self.key(actor).await;
        Socket::open(&self.server.url, &key).await
    }

    /// The current board.
    pub async fn board(&self, workflow: &str) -> Value {
        let row =
            self.sql.query_one("select (logic.board_snapshot('ann', $1)).body", &[&workflow]).await.expect("a board");
        serde_json::from_str(row.get(0)).expect("JSON")
    }

    /// Runs a statement with one text parameter.
    pub async fn run(&self, statement: &str, argument: &str) {
        self.sql.execute(statement, &[&argument]).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }

    /// The last sequence number of a workflow's stream.
    pub async fn head(&self, workflow: &str) -> i64 {
        let row = self.sql.query_one("select last_seq from streams where workflow_id = $1", &[&workflow]).await;
        row.expect("a stream").get(0)
    }
}
