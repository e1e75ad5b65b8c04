//! The system under test: a Postgres with default settings, a server process, and workflows with tickets.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_postgres::Client;

use super::processes;
use super::server_process::{Database, EMAIL, PASSWORD, ServerProcess};
use super::socket_clients::Target;
use crate::db::embedded::{Embedded, Options};
use crate::db::{migrate, pool};
use crate::{Error, Result};

/// Workflows that changes are spread over.
const WORKFLOWS: usize = 20;
/// Tickets of each of them that are changed at random.
const TICKETS: usize = 25;
/// Tickets of the workflow that has all writers.
const HOT_TICKETS: usize = 500;
/// Events in the history of a ticket with a past.
pub(super) const PAST: i32 = 10_000;

/// Tickets that one measurement changes: the numbers in `bench_tickets` from `first` on.
#[derive(Debug, Default, Clone)]
pub struct TicketSet {
    /// The number of the first.
    pub first: usize,
    /// Their ids, in the order of their numbers.
    pub ids: Vec<String>,
}

/// A running server with its database; see the module.
pub struct TestServer {
    folder: PathBuf,
    postgres: Embedded,
    runtime_dir: PathBuf,
    server: Option<ServerProcess>,
    /// A direct connection to the database.
    pub sql: Client,
    /// The database's connection string.
    pub url: String,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// An access token.
    pub token: String,
    /// The `caller` argument of SQL functions for the same user as the token.
    pub caller: String,
    /// 500 tickets in 20 workflows.
    pub spread: TicketSet,
    /// 500 tickets in one workflow.
    pub hot: TicketSet,
    /// A ticket of each of the 20 workflows.
    pub fresh: TicketSet,
    /// Another one of each, for [`Self::fill_past`].
    pub aged: TicketSet,
    /// The 20 workflows.
    pub workflows: Vec<String>,
    /// A workflow without activity.
    pub quiet: String,
    /// The workflow with the large board.
    pub large: String,
    /// Path of pgbench.
    pub pgbench: PathBuf,
}

impl TestServer {
    /// Starts Postgres and a server in a new folder and creates tickets. Embeddings are off: the model would compete
    /// for processor time with the measured requests.
    pub async fn open(runtime_dir: &Path) -> Result<Self> {
        let mut server = Self::start(runtime_dir, "none").await?;
        server.fill().await?;
        Ok(server)
    }

    /// Starts Postgres and a server in a new folder, with the given embedding provider.
    pub async fn start(runtime_dir: &Path, embeddings: &str) -> Result<Self> {
        raise_open_files();
        let folder = std::env::temp_dir().join(format!("callboard-bench-{}", std::process::id()));
        let postgres = Embedded::start(Options::new(runtime_dir, folder.join("data")))
            .await
            .map_err(|error| Error::Setup(error.to_string()))?;
        let url = postgres.url().to_owned();
        migrate::run(&url).await?;
        let sql = pool::connect(&url, "callboard-bench").await?;
        let server = ServerProcess::start(runtime_dir, Database::Url(&url), embeddings)?;
        let (mut http, _) = server.ready().await?;
        let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
        let answer: Value = http.json("POST", "/api/auth/login", "", &body).await?;
        let token = text(&answer["access"])?;
        let me: Value = http.json("GET", "/api/auth/me", &token, "").await?;
        let caller = json!({"actor": me["user"]["id"], "session": me["session_id"]}).to_string();
        Ok(Self {
            folder,
            postgres,
            runtime_dir: runtime_dir.to_owned(),
            address: server.address.clone(),
            server: Some(server),
            sql,
            url,
            token,
            caller,
            spread: TicketSet::default(),
            hot: TicketSet::default(),
            fresh: TicketSet::default(),
            aged: TicketSet::default(),
            workflows: Vec::new(),
            quiet: String::new(),
            large: String::new(),
            pgbench: runtime_dir.join("postgres-18/bin/pgbench"),
        })
    }

    /// Starts another server on the same database; dropping it kills it.
    pub fn spawn_second(&self, runtime_dir: &Path, embeddings: &str) -> Result<ServerProcess> {
        ServerProcess::start(runtime_dir, Database::Url(&self.url), embeddings)
    }

    async fn fill(&mut self) -> Result<()> {
        for _ in 0..WORKFLOWS {
            self.workflows.push(self.new_workflow(TICKETS + 2).await?);
        }
        let hot = self.new_workflow(HOT_TICKETS).await?;
        // In no order within a set, so that consecutive numbers are in different workflows.
        self.sql
            .batch_execute(&format!(
                "create table bench_tickets as
                 select row_number() over (order by case when workflow_id = '{hot}' then 4 when number <= {TICKETS} then 1
                                                         when number = {TICKETS} + 1 then 2 else 3 end, md5(id))::int as n,
                        id, workflow_id
                   from tickets;
                 alter table bench_tickets add primary key (n);"
            ))
            .await?;
        self.sql.batch_execute(include_str!("bare.sql")).await?;
        self.sql.batch_execute("vacuum analyze").await?;
        let rows = self.sql.query("select id from bench_tickets order by n", &[]).await?;
        let mut ids = rows.iter().map(|row| row.get(0));
        let mut first = 1;
        let mut next = |size: usize| {
            let set = TicketSet { first, ids: ids.by_ref().take(size).collect() };
            first += size;
            set
        };
        self.spread = next(WORKFLOWS * TICKETS);
        self.fresh = next(WORKFLOWS);
        self.aged = next(WORKFLOWS);
        self.hot = next(HOT_TICKETS);
        self.quiet = self.new_workflow(5).await?;
        self.large = self.new_workflow(0).await?;
        Ok(())
    }

    /// Puts the tickets of a set back into the first column, here and in the bare tables, so that each of the following
    /// changes changes something.
    pub async fn reset(&self, set: &TicketSet) -> Result<()> {
        for table in ["tickets", "bench_bare.tickets"] {
            let sql = format!("update {table} set status = 'backlog' where id = any ($1) and status <> 'backlog'");
            self.sql.execute(&sql, &[&set.ids]).await?;
        }
        Ok(())
    }

    /// Gives each ticket of `aged` a history of 10,000 moves.
    pub async fn fill_past(&self) -> Result<()> {
        for ticket in &self.aged.ids {
            let sql = "
                with allocated as (
                    update streams s set last_seq = s.last_seq + $2::int from tickets t
                     where t.id = $1 and s.stream_id = 'workflow:' || t.workflow_id
                    returning s.stream_id, t.workflow_id, s.last_seq - $2::int as base)
                insert into history (stream_id, seq, workflow_id, ticket_id, change_type, field_name, old_value, new_value,
                                     change_description, metadata, actor_id)
                select a.stream_id, a.base + n, a.workflow_id, $1, 'status_changed', 'status', 'backlog', 'todo', 'Moved',
                       jsonb_build_object('changes', jsonb_build_object('status', 'todo', 'version', n)), 'db:bench'
                  from allocated a cross join generate_series(1, $2::int) n";
            self.sql.execute(sql, &[ticket, &PAST]).await?;
        }
        self.sql.batch_execute("vacuum analyze history").await?;
        // The relay reads these events too.
        let (server, postmaster) = self.pids().await?;
        processes::quiet(server, postmaster, Duration::from_secs(60)).await;
        Ok(())
    }

    /// What a socket connects to, to watch a workflow.
    pub fn target(&self, workflow: &str) -> Target {
        Target { address: self.address.clone(), token: self.token.clone(), workflow: workflow.to_owned() }
    }

    /// A new workflow with tickets in its first column.
    pub async fn new_workflow(&self, tickets: usize) -> Result<String> {
        let row = self.sql.query_one("select logic.create_workflow($1, 'Benchmark') ->> 'id'", &[&self.caller]).await?;
        let id: String = row.get(0);
        let tickets = i32::try_from(tickets).unwrap_or(i32::MAX);
        self.sql
            .execute(
                "insert into tickets (workflow_id, title, description, tags)
                 select $1, 'Ticket number ' || n, 'A description of one or two lines', '{one,two}'
                   from generate_series(1, $2) n",
                &[&id, &tickets],
            )
            .await?;
        Ok(id)
    }

    /// Fills the large board with 10,000 tickets, comments and blockers.
    pub async fn fill_large_board(&self) -> Result<()> {
        let large = &self.large;
        self.sql
            .batch_execute(&format!(
                "insert into tickets (workflow_id, title, description, tags)
                 select '{large}', 'Ticket number ' || n, 'A description of one or two lines', '{{one,two}}'
                   from generate_series(1, 10000) n;
                 insert into ticket_comments (id, ticket_id, workflow_id, comment_text)
                 select logic.new_id('comment'), id, workflow_id, 'A comment'
                   from tickets where workflow_id = '{large}' and number % 2 = 0;
                 insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
                 select a.id, b.id, a.workflow_id from tickets a join tickets b using (workflow_id)
                  where workflow_id = '{large}' and a.number % 5 = 0 and b.number = a.number - 1"
            ))
            .await?;
        self.sql.batch_execute("vacuum analyze").await?;
        Ok(())
    }

    /// The process ids of the server and of the first process of Postgres.
    pub async fn pids(&self) -> Result<(u32, u32)> {
        let backend: i32 = self.sql.query_one("select pg_backend_pid()", &[]).await?.get(0);
        let postmaster = u32::try_from(backend).ok().and_then(processes::parent).unwrap_or_default();
        Ok((self.server.as_ref().map_or(0, ServerProcess::pid), postmaster))
    }

    /// The folder of this benchmark, removed at its end.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The workflow with jobs to claim.
    pub fn busy(&self) -> &str {
        self.workflows.first().map_or("", String::as_str)
    }

    /// The folder of the runtime.
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime_dir
    }

    /// Stops the server; Postgres keeps running.
    pub async fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill().await;
        }
    }

    /// Stops everything and removes the folder.
    pub async fn close(mut self) {
        self.stop_server().await;
        self.postgres.stop().await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.server = None;
        self.postgres.begin_stop();
        let deadline = Instant::now() + Duration::from_secs(10);
        let state = self.postgres.state();
        while *state.borrow() != crate::db::embedded::State::Stopped && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn text(value: &Value) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::Internal("a field is missing in the server's response".to_owned()))
}

/// Raises the limit of open files for thousands of sockets, which the server's process inherits; returns it.
pub(super) fn raise_open_files() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read and write the struct given.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
            libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        }
    }
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}
