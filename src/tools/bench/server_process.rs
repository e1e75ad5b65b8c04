//! The process of a benchmarked server.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use super::http::Http;
use crate::{Error, Result};

/// The administrator of every benchmarked server.
pub(super) const EMAIL: &str = "bench@example.org";
pub(super) const PASSWORD: &str = "only for benchmarks";
/// Time limit for a shutdown.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a server keeps its data.
#[derive(Clone, Copy)]
pub enum Database<'a> {
    /// In this database.
    Url(&'a str),
    /// In its own Postgres in this folder.
    Folder(&'a Path),
}

/// A running server; dropping it kills it.
pub struct ServerProcess {
    child: Child,
    started: Instant,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

fn fault(what: &str, error: impl std::fmt::Display) -> Error {
    Error::Setup(format!("{what}: {error}."))
}

impl ServerProcess {
    /// Starts a server on a free port, without waiting for it.
    pub fn start(runtime_dir: &Path, database: Database<'_>, embeddings: &str) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .map_err(|error| fault("No free port was found", error))?
            .port();
        let address = format!("127.0.0.1:{port}");
        let program =
            std::env::current_exe().map_err(|error| fault("The path of the callboard program is unknown", error))?;
        let mut command = Command::new(program);
        match database {
            Database::Url(url) => command.env("DATABASE_URL", url),
            Database::Folder(folder) => command.env_remove("DATABASE_URL").env("CALLBOARD_DATA_DIR", folder),
        };
        let started = Instant::now();
        let child = command
            .arg("serve")
            .env("CALLBOARD_LISTEN", &address)
            .env("CALLBOARD_ADMIN_EMAIL", EMAIL)
            .env("CALLBOARD_ADMIN_PASSWORD", PASSWORD)
            // Limits that protect a server from what is measured here.
            .env("CALLBOARD_REQUEST_RATE", "100000000")
            .env("CALLBOARD_SIGN_IN_RATE", "1000000")
            // Longer than a whole run.
            .env("CALLBOARD_ACCESS_TOKEN_SECONDS", "14400")
            .env("CALLBOARD_RUNTIME_DIR", runtime_dir)
            .env("CALLBOARD_EMBEDDING_PROVIDER", embeddings)
            .env("CALLBOARD_LOG", "error")
            .env_remove("CALLBOARD_CONFIG")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| fault("The server cannot be started", error))?;
        Ok(Self { child, started, address })
    }

    /// Waits until it is ready; returns a connection and the time since its start.
    pub async fn ready(&self) -> Result<(Http, Duration)> {
        let http = Http::wait(&self.address, Duration::from_secs(60)).await?;
        Ok((http, self.started.elapsed()))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Stops it as an operator would, and waits for its end.
    pub async fn stop(mut self) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // SAFETY: sends a signal to a child that has not been waited for.
            unsafe { libc::kill(pid, libc::SIGTERM) };
        }
        if tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
            self.kill().await;
        }
    }

    /// Ends it at once.
    pub async fn kill(mut self) {
        let _ = self.child.kill().await;
    }
}
