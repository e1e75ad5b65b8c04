//! The yardstick: the same SQL, driven by pgbench over the same unix socket that the server uses.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::test_server::House;
use crate::{Error, Result};

/// Moves a ticket to one of four columns.
pub const CHANGE_STATUS: &str = "\
\\set n random(1, :tickets)
\\set c random(1, 4)
select logic.change_status(:caller, (select id from bench_tickets where n = :n),
    (array['backlog', 'todo', 'in_progress', 'review'])[:c]);
";
/// Changes a field of a ticket: an event that rings only sleepers.
pub const CHANGE_FIELD: &str = "\
\\set n random(1, :tickets)
update tickets set spent_minutes = spent_minutes + 1 where id = (select id from bench_tickets where n = :n);
";
/// Creates a ticket.
pub const CREATE: &str = "\
\\set n random(1, :tickets)
select logic.create_ticket(:caller, (select workflow_id from bench_tickets where n = :n),
    'Made while measuring', 'What is to be done, in a line or two');
";
/// Reads the large board.
pub const BOARD: &str = "select epoch, seq, body from logic.board_snapshot(:caller, :large);\n";

/// What pgbench measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Transactions a second.
    pub per_second: f64,
}

/// A pgbench that runs.
pub struct Running(Child);

impl Running {
    /// Waits for its result.
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

/// Starts a script for a while.
pub fn start(house: &House, script: &str, clients: usize, span: Duration) -> Result<Running> {
    let setup = |error: std::io::Error| Error::Setup(format!("pgbench cannot be run: {error}."));
    let name = std::env::temp_dir().join(format!("callboard-bench-{}-{}.sql", std::process::id(), fastrand::u32(..)));
    std::fs::write(&name, script).map_err(setup)?;
    let child = Command::new(&house.pgbench)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", span.as_secs()))
        .arg(format!("--define=tickets={}", house.tickets.len()))
        .arg(format!("--define=caller={}", house.caller))
        .arg(format!("--define=large={}", house.large))
        .arg(format!("--file={}", name.display()))
        .arg(&house.url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(setup)?;
    Ok(Running(child))
}

/// Runs a script for a while.
pub async fn rate(house: &House, script: &str, clients: usize, span: Duration) -> Result<Measured> {
    start(house, script, clients, span)?.finish().await
}
