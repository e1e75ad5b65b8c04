//! What a server and its Postgres use while nothing happens, without sockets and with some.

use std::time::Duration;

use super::processes::{self, ProcessorTime};
use super::results::{Better, Run};
use super::socket_clients::SocketClients;
use super::test_server::TestServer;
use crate::Result;

/// Sockets that are open, one measurement each.
const SOCKETS: [usize; 3] = [0, 100, 1000];
/// The share of a processor aimed at, of server and Postgres together.
const AIM: f64 = 0.5;

/// Measures for `span` each.
pub async fn run(server: &TestServer, span: Duration, most: usize, run: &mut Run) -> Result<()> {
    run.group("Idle, percent of a processor");
    if !processes::are_measurable() {
        eprintln!("  skipped: this system has no /proc");
        return Ok(());
    }
    let (pid, postmaster) = server.pids().await?;
    let clients = SocketClients::start()?;
    let mut open = 0;
    // What was written before is checkpointed and vacuumed now rather than while nothing should happen.
    server.sql.batch_execute("vacuum analyze").await?;
    server.sql.batch_execute("checkpoint").await?;
    for wanted in SOCKETS.into_iter().filter(|wanted| *wanted <= most) {
        eprintln!("  {wanted} sockets");
        clients.open(&server.target(&server.quiet), wanted - open).await?;
        open = wanted;
        // The relay slows down a few seconds after the last event.
        tokio::time::sleep(span / 2).await;
        let before = ProcessorTime::now(pid, postmaster);
        tokio::time::sleep(span).await;
        let share = ProcessorTime::now(pid, postmaster).since(&before);
        let line = format!("{wanted} sockets");
        run.add(&line, "server", "% of a core", Better::Lower, &[share.server]);
        run.add(&line, "Postgres", "% of a core", Better::Lower, &[share.postgres]);
        run.add(&line, "both", "% of a core", Better::Lower, &[share.server + share.postgres]).aim(AIM);
    }
    Ok(())
}
