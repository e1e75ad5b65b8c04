//! Fan-out: many sockets of one workflow, and changes of it at a growing rate.

use std::time::{Duration, Instant};

use super::processes::ProcessorTime;
use super::results::{Better, Run};
use super::socket_clients::{Received, SocketClients};
use super::test_server::TestServer;
use crate::db::pool;
use crate::{Error, Result};

/// Changes per second of the steps.
const RATES: [u32; 4] = [20, 50, 100, 150];
/// Bytes of a ticket's title.
const TITLE: usize = 420;
/// Milliseconds that 99 of 100 deliveries may take. The ramp ends at the second step that takes longer.
const MAX_DELAY: f64 = 150.0;
/// The rate aimed at, with a thousand sockets on two processors beside the client.
const AIM: f64 = 150_000.0;
/// How long deliveries may pause before what is missing counts as lost.
const QUIET: Duration = Duration::from_secs(10);

/// Runs the ramp over `sockets` sockets.
pub async fn run(server: &TestServer, sockets: usize, span: Duration, run: &mut Run) -> Result<()> {
    run.group(&format!("Fan-out to {sockets} sockets"));
    let workflow = server.busy();
    let clients = SocketClients::start()?;
    clients.open(&server.target(workflow), sockets).await?;
    let (mut reached, mut late) = (0.0f64, 0);
    for rate in RATES {
        eprintln!("  {rate} changes per second");
        let step = measure(server, &clients, workflow, sockets, rate, span).await?;
        let line = format!("{rate} changes of a title/s");
        let p99 = step.received.delays.quantile(0.99);
        let deliveries = step.received.deliveries as f64;
        run.add(&line, "deliveries/s", "1/s", Better::Higher, &[step.per_second]);
        for (column, share) in [("p50 ms", 0.5), ("p95 ms", 0.95), ("p99 ms", 0.99)] {
            let delay = run.add(&line, column, "ms", Better::Lower, &[step.received.delays.quantile(share)]);
            delay.aim = (share > 0.98).then_some(MAX_DELAY);
        }
        run.add(&line, "bytes", "bytes", Better::Lower, &[step.received.bytes as f64 / deliveries.max(1.0)]);
        run.add(&line, "server %", "% of a core", Better::Lower, &[step.server_share]);
        run.add(&line, "lost", "count", Better::Lower, &[step.lost as f64]).aim(0.0);
        if p99 <= MAX_DELAY && step.lost == 0 {
            reached = reached.max(step.per_second);
        } else {
            late += 1;
        }
        if late == 2 {
            break;
        }
    }
    run.group("Highest rate of the fan-out");
    let highest = run.add(&format!("deliveries/s with p99 ≤ {MAX_DELAY:.0} ms"), "", "1/s", Better::Higher, &[reached]);
    // The rates are steps of a clock, so that the last one may miss by a little.
    highest.aim = (sockets >= 1000).then_some(AIM * 0.99);
    Ok(())
}

struct Step {
    received: Received,
    per_second: f64,
    lost: u64,
    server_share: f64,
}

async fn measure(
    server: &TestServer,
    clients: &SocketClients,
    workflow: &str,
    sockets: usize,
    rate: u32,
    span: Duration,
) -> Result<Step> {
    clients.take().await?;
    let (pid, postmaster) = server.pids().await?;
    let processors = ProcessorTime::now(pid, postmaster);
    let begin = Instant::now();
    let changes = change_titles(server, workflow, rate, span).await?;
    let expected = changes * sockets as u64;
    let (mut arrived, mut since) = (0, Instant::now());
    while arrived < expected && since.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = clients.count().await?;
        if now > arrived {
            (arrived, since) = (now, Instant::now());
        }
    }
    let share = ProcessorTime::now(pid, postmaster).since(&processors);
    let received = clients.take().await?;
    if received.closed > 0 {
        eprintln!("  the server closed {} sockets", received.closed);
    }
    let seconds = received.last.map_or(span, |last| last - begin).as_secs_f64();
    Ok(Step {
        per_second: received.deliveries as f64 / seconds,
        // A gap that is filled later is a fault too.
        lost: expected.saturating_sub(received.deliveries).max(received.gaps),
        server_share: share.server,
        received,
    })
}

/// Changes titles at a steady rate, over two connections, so that one slow commit does not delay the next change; returns
/// the number of changes.
async fn change_titles(server: &TestServer, workflow: &str, rate: u32, span: Duration) -> Result<u64> {
    let rows = server
        .sql
        .query("select id from tickets where workflow_id = $1 order by number limit 20", &[&workflow])
        .await?;
    let tickets: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    if tickets.len() < 2 {
        return Err(Error::Internal("the workflow of the fan-out has no tickets".to_owned()));
    }
    let (some, others) = tickets.split_at(tickets.len() / 2);
    let interval = Duration::from_secs(2) / rate;
    let (some, others) = tokio::join!(
        change_titles_of(server, some, interval, Duration::ZERO, span),
        change_titles_of(server, others, interval, interval / 2, span),
    );
    Ok(some? + others?)
}

async fn change_titles_of(
    server: &TestServer,
    tickets: &[String],
    interval: Duration,
    delay: Duration,
    span: Duration,
) -> Result<u64> {
    let sql = pool::connect(&server.url, "callboard-bench-sender").await?;
    let statement = sql.prepare("update tickets set title = $2 where id = $1").await?;
    let begin = Instant::now();
    let mut tick = tokio::time::interval_at((begin + delay).into(), interval);
    let mut changes = 0u64;
    for ticket in tickets.iter().cycle() {
        tick.tick().await;
        if begin.elapsed() >= span {
            break;
        }
        sql.execute(&statement, &[ticket, &title()]).await?;
        changes += 1;
    }
    Ok(changes)
}

/// A title of common words, like those that people write.
fn title() -> String {
    const WORDS: [&str; 12] = [
        "session", "ends", "early", "because", "timeout", "counts", "from", "first", "byte", "slow", "login", "people",
    ];
    let mut title = String::with_capacity(TITLE + 16);
    while title.len() < TITLE {
        title.push_str(WORDS[fastrand::usize(..WORDS.len())]);
        title.push(' ');
    }
    title.truncate(TITLE - 1);
    title.push('.');
    title
}
