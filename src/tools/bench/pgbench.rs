//! The baseline: SQL run by pgbench over the Unix socket that the server uses.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::scripts::Script;
use super::test_server::{TestServer, TicketSet};
use crate::{Error, Result};

/// A running pgbench.
pub struct Running(Child);

impl Running {
    /// Waits for its end; returns transactions per second.
    pub async fn finish(self) -> Result<f64> {
        let failed = |why: &str| Error::Setup(format!("pgbench failed: {why}."));
        let output = self.0.wait_with_output().await.map_err(|error| failed(&error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let per_second = line.and_then(|line| line.split(' ').next()?.parse().ok());
        let errors = String::from_utf8_lossy(&output.stderr);
        // Clients that fail are only reported beside the rate of the others.
        match per_second {
            Some(per_second) if output.status.success() => Ok(per_second),
            _ => Err(failed(errors.trim().lines().last().unwrap_or("without a message").trim_end_matches('.'))),
        }
    }
}

/// Starts a script on a set of tickets that runs for `span`.
pub fn start(
    server: &TestServer,
    script: &Script,
    tickets: &TicketSet,
    clients: usize,
    span: Duration,
) -> Result<Running> {
    let setup = |error: std::io::Error| Error::Setup(format!("pgbench cannot be run: {error}."));
    let name = server.folder().join(format!("{}.sql", fastrand::u64(..)));
    std::fs::write(&name, script.text()).map_err(setup)?;
    let variables = [
        ("k", "-1"),
        ("first", &tickets.first.to_string()),
        ("size", &tickets.ids.len().to_string()),
        ("clients", &clients.to_string()),
        ("caller", &server.caller),
        ("large", &server.large),
        ("busy", server.busy()),
    ];
    let child = Command::new(&server.pgbench)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", span.as_secs().max(1)))
        .args(variables.map(|(name, value)| format!("--define={name}={value}")))
        .arg(format!("--file={}", name.display()))
        .arg(&server.url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(setup)?;
    Ok(Running(child))
}

/// Runs a script for `span`; returns transactions per second.
pub async fn rate(
    server: &TestServer,
    script: &Script,
    tickets: &TicketSet,
    clients: usize,
    span: Duration,
) -> Result<f64> {
    start(server, script, tickets, clients, span)?.finish().await
}
