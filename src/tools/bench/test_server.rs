//! The system under test: a Postgres with default settings, a server process, and workflows with tickets.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio_postgres::Client;

use super::http::Http;
use crate::db::embedded::{Embedded, Options};
use crate::db::{migrate, pool};
use crate::{Error, Result};

const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "only for benchmarks";
/// Workflows that changes are spread over.
const WORKFLOWS: i32 = 20;
/// Tickets per workflow.
const TICKETS: i32 = 100;

/// A running server with its database; see the module.
pub struct TestServer {
    folder: PathBuf,
    postgres: Embedded,
    server: Option<Child>,
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
    /// Tickets to change.
    pub tickets: Vec<String>,
    /// A workflow to create tickets in.
    pub workflow: String,
    /// A workflow without activity.
    pub quiet: String,
    /// The workflow with the large board.
    pub large: String,
    /// Path of pgbench.
    pub pgbench: PathBuf,
}

fn fault(what: &str, error: impl std::fmt::Display) -> Error {
    Error::Setup(format!("{what}: {error}."))
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
        let (server, address) = serve(runtime_dir, &url, embeddings)?;
        let mut http = Http::wait(&address, Duration::from_secs(60)).await?;
        let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
        let answer: Value = http.json("POST", "/api/auth/login", "", &body).await?;
        let token = text(&answer["access"])?;
        let me: Value = http.json("GET", "/api/auth/me", &token, "").await?;
        let caller = json!({"actor": me["user"]["id"], "session": me["session_id"]}).to_string();
        Ok(Self {
            folder,
            postgres,
            server: Some(server),
            sql,
            url,
            address,
            token,
            caller,
            tickets: Vec::new(),
            workflow: String::new(),
            quiet: String::new(),
            large: String::new(),
            pgbench: runtime_dir.join("postgres-18/bin/pgbench"),
        })
    }

    /// Starts another server on the same database; dropping it kills it.
    pub fn spawn_second(&self, runtime_dir: &Path, embeddings: &str) -> Result<Child> {
        serve(runtime_dir, &self.url, embeddings).map(|(server, _)| server)
    }

    async fn fill(&mut self) -> Result<()> {
        for _ in 0..WORKFLOWS {
            self.workflow = self.new_workflow(TICKETS).await?;
        }
        self.sql
            .batch_execute(
                "create table bench_tickets as
                 select row_number() over (order by id)::int as n, id, workflow_id from tickets;
                 alter table bench_tickets add primary key (n);",
            )
            .await?;
        self.sql.batch_execute("vacuum analyze").await?;
        let rows = self.sql.query("select id from bench_tickets order by n", &[]).await?;
        self.tickets = rows.iter().map(|row| row.get(0)).collect();
        self.quiet = self.new_workflow(5).await?;
        self.large = self.new_workflow(0).await?;
        Ok(())
    }

    async fn new_workflow(&self, tickets: i32) -> Result<String> {
        let row = self.sql.query_one("select logic.create_workflow($1, 'Benchmark') ->> 'id'", &[&self.caller]).await?;
        let id: String = row.get(0);
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

    /// Resident set size of the server, in bytes.
    pub fn server_memory(&self) -> f64 {
        let pid = self.server.as_ref().and_then(Child::id).unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).unwrap_or_default() * 1024.0
    }

    /// Stops the server; Postgres keeps running.
    pub async fn stop_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill().await;
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
        if let Some(server) = &mut self.server {
            let _ = server.start_kill();
        }
        self.postgres.begin_stop();
        let deadline = Instant::now() + Duration::from_secs(10);
        let state = self.postgres.state();
        while *state.borrow() != crate::db::embedded::State::Stopped && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Starts a server on a free port.
fn serve(runtime_dir: &Path, url: &str, embeddings: &str) -> Result<(Child, String)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| fault("No free port was found", error))?
        .port();
    let address = format!("127.0.0.1:{port}");
    let program =
        std::env::current_exe().map_err(|error| fault("The path of the callboard program is unknown", error))?;
    let server = Command::new(program)
        .arg("serve")
        .env("DATABASE_URL", url)
        .env("CALLBOARD_LISTEN", &address)
        .env("CALLBOARD_ADMIN_EMAIL", EMAIL)
        .env("CALLBOARD_ADMIN_PASSWORD", PASSWORD)
        .env("CALLBOARD_REQUEST_RATE", "100000000")
        .env("CALLBOARD_RUNTIME_DIR", runtime_dir)
        .env("CALLBOARD_EMBEDDING_PROVIDER", embeddings)
        .env("CALLBOARD_LOG", "warn")
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| fault("The server cannot be started", error))?;
    Ok((server, address))
}

fn text(value: &Value) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::Internal("a field is missing in the server's response".to_owned()))
}

/// Raises the limit of open files for thousands of sockets; the server process inherits it.
fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read and write the struct given.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
