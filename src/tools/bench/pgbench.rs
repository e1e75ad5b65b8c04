//! The baseline: the same SQL, run by pgbench over the Unix socket that the server uses.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::test_server::TestServer;
use crate::{Error, Result};

/// Moves a ticket to one of four columns.
pub const CHANGE_STATUS: &str = "\
\\set n random(1, :tickets)
\\set c random(1, 4)
select logic.change_status(:caller, (select id from bench_tickets where n = :n),
    (array['backlog', 'todo', 'in_progress', 'review'])[:c]);
";
/// Changes a field of a ticket: an event that wakes up the relay only when it is idle.
pub const CHANGE_FIELD: &str = "\
\\set n random(1, :tickets)
update tickets set spent_minutes = spent_minutes + 1 where id = (select id from bench_tickets where n = :n);
";
/// Creates a ticket.
pub const CREATE: &str = "\
\\set n random(1, :tickets)
select logic.create_ticket(:caller, (select workflow_id from bench_tickets where n = :n),
    'Created by the benchmark', 'A description of one or two lines');
";
/// Reads the large board.
pub const BOARD: &str = "select epoch, seq, body from logic.board_snapshot(:caller, :large);\n";

/// A result of pgbench.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Transactions per second.
    pub per_second: f64,
}

/// A running pgbench.
pub struct Running(Child);

impl Running {
    /// Waits for the result.
    pub async fn finish(self) -> Result<Measured> {
        let failed = |why: &str| Error::Setup(format!("pgbench failed: {why}."));
        let output = self.0.wait_with_output().await.map_err(|error| failed(&error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let per_second = line.and_then(|line| line.split(' ').next()?.parse().ok());
        match per_second {
            Some(per_second) => Ok(Measured { per_second }),
            None => Err(failed(String::from_utf8_lossy(&output.stderr).trim())),
        }
    }
}

/// Starts a script that runs for `span`.
pub fn start(server: &TestServer, script: &str, clients: usize, span: Duration) -> Result<Running> {
    let setup = |error: std::io::Error| Error::Setup(format!("pgbench cannot be run: {error}."));
    let name = std::env::temp_dir().join(format!("callboard-bench-{}-{}.sql", std::process::id(), fastrand::u32(..)));
    std::fs::write(&name, script).map_err(setup)?;
    let child = Command::new(&server.pgbench)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", span.as_secs()))
        .arg(format!("--define=tickets={}", server.tickets.len()))
        .arg(format!("--define=caller={}", server.caller))
        .arg(format!("--define=large={}", server.large))
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

/// Runs a script for `span`.
pub async fn rate(server: &TestServer, script: &str, clients: usize, span: Duration) -> Result<Measured> {
    start(server, script, clients, span)?.finish().await
}
