//! The baseline: SQL run by pgbench over the Unix socket that the server uses.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::scripts::Script;
use super::test_server::{TestServer, TicketSet};
use crate::{Error, Result};

/// Seconds of the warm-up.
const WARM_UP: u64 = 1;

/// A running pgbench.
pub struct Running(Child);

impl Running {
    /// Waits for its end; returns transactions per second after the warm-up.
    pub async fn finish(self) -> Result<f64> {
        let failed = |why: &str| Error::Setup(format!("pgbench failed: {why}."));
        let output = self.0.wait_with_output().await.map_err(|error| failed(&error.to_string()))?;
        let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // Clients that fail are only reported beside the rate of the others.
        match warm_rate(&text, &errors) {
            Some(per_second) if output.status.success() => Ok(per_second),
            _ => {
                let first = errors.lines().find(|line| line.contains("ERROR")).or_else(|| errors.lines().last());
                Err(failed(first.unwrap_or("without a message").trim_end_matches('.')))
            }
        }
    }
}

/// The rate after the first report of progress. Before it, new connections load the functions that they call, which a
/// server did long ago.
fn warm_rate(text: &str, progress: &str) -> Option<f64> {
    let number = |text: &str| text.split([' ', '/']).next()?.parse::<f64>().ok();
    let after = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).and_then(number);
    let (rate, transactions) = (after("tps = ")?, after("number of transactions actually processed: ")?);
    let warm_up = progress.lines().find_map(|line| line.strip_prefix("progress: ")).and_then(|line| {
        let (seconds, rest) = line.split_once(" s, ")?;
        Some((seconds.parse::<f64>().ok()?, number(rest)?))
    });
    let (seconds, warm_up_rate) = warm_up.unwrap_or_default();
    let rest = transactions / rate - seconds;
    Some(if rest > 0.1 { (transactions - warm_up_rate * seconds).max(0.0) / rest } else { rate })
}

/// Starts a script on a set of tickets that runs for `span` after a warm-up.
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
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--progress=1"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", WARM_UP + span.as_secs().max(1)))
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

#[cfg(test)]
mod tests {
    use super::warm_rate;

    #[test]
    fn the_warm_up_does_not_count() {
        let text = "number of transactions actually processed: 2100\nnumber of failed transactions: 0 (0.000%)\n\
                    tps = 700.000000 (without initial connection time)\n";
        let progress =
            "progress: 1.0 s, 100.0 tps, lat 9.0 ms stddev 1.0, 0 failed\nprogress: 2.0 s, 1000.0 tps, lat 1.0 ms\n";
        assert_eq!(warm_rate(text, progress), Some(1000.0));
        assert_eq!(warm_rate(text, ""), Some(700.0));
        assert_eq!(warm_rate("", progress), None);
    }
}
