//! `callboard bench`: the overhead of the server over plain Postgres, measured side by side in one run.
//!
//! It starts a separate Postgres and server in a temporary folder, sends requests over HTTP and WebSockets, and runs
//! the same SQL with pgbench. Compare the ratios; absolute numbers depend on the machine. No test depends on them.

mod http;
mod jobs;
mod load;
mod pgbench;
mod report;
mod search;
mod sockets;
mod test_server;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use self::report::Report;
use self::test_server::TestServer;
use crate::Result;

/// Flags of `callboard bench`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BenchArgs {
    /// The benchmark to run. Defaults to those that `--only` names.
    #[command(subcommand)]
    pub what: Option<BenchCommand>,
    /// Folder of the runtime (Postgres and pgbench), as `make setup` unpacks it.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// Seconds per measurement.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Number of idle sockets to open.
    #[arg(long, default_value_t = 5000)]
    pub sockets: usize,
    /// Run only benchmarks whose name contains this text: writes, board, latency, jobs, relay, memory.
    #[arg(long)]
    pub only: Option<String>,
}

/// Other benchmarks.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Measure the quality and the speed of search.
    Search(search::SearchArgs),
}

/// Runs the benchmarks and prints their tables.
pub async fn run(args: BenchArgs) -> Result<()> {
    if let Some(BenchCommand::Search(args)) = args.what {
        return search::run(args).await;
    }
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| name.contains(only));
    let span = Duration::from_secs(args.seconds.max(1));
    let server = TestServer::open(&args.runtime_dir).await?;
    let mut report = Report::default();
    if wanted("writes") {
        writes(&server, span, &mut report).await?;
    }
    if wanted("board") {
        board(&server, span, &mut report).await?;
    }
    if wanted("latency") {
        latency(&server, span, &mut report).await?;
    }
    if wanted("jobs") {
        jobs::run(&server, span, &mut report).await?;
    }
    if wanted("memory") {
        memory(&server, args.sockets, &mut report).await?;
    }
    // Last, because it stops the server.
    if wanted("relay") {
        relay(server, span, &mut report).await?;
    }
    report.print();
    Ok(())
}

async fn writes(server: &TestServer, span: Duration, report: &mut Report) -> Result<()> {
    report.heading("Writes over REST versus the same function in pgbench (per second; target ratio ≥ 0.7)");
    for clients in [1, 8, 32] {
        let sql = pgbench::rate(server, pgbench::CHANGE_STATUS, clients, span).await?;
        let rest = load::change_status(server, clients, span).await?;
        report.ratio(&format!("change-status, {clients} connections"), rest, sql.per_second);
    }
    for clients in [1, 8] {
        let sql = pgbench::rate(server, pgbench::CREATE, clients, span).await?;
        let rest = load::create(server, clients, span).await?;
        report.ratio(&format!("create, {clients} connections"), rest, sql.per_second);
    }
    Ok(())
}

async fn board(server: &TestServer, span: Duration, report: &mut Report) -> Result<()> {
    server.fill_large_board().await?;
    report.heading("Board of 10,000 tickets (milliseconds; target ratio ≤ 1.3)");
    let sql = pgbench::rate(server, pgbench::BOARD, 1, span).await?;
    let rest = load::board(server, span).await?;
    report.ratio("GET /api/board, 1 connection", rest, 1000.0 / sql.per_second.max(0.001));
    Ok(())
}

async fn latency(server: &TestServer, span: Duration, report: &mut Report) -> Result<()> {
    report.heading("From commit to socket (milliseconds: p50, p95, p99; target p99 ≤ 25 at 100 changes per second)");
    let idle = sockets::latency(server, span).await?;
    report.line("at 100 changes per second", &idle.to_string());
    let load = pgbench::start(server, pgbench::CHANGE_STATUS, 8, span + Duration::from_secs(1))?;
    let busy = sockets::latency(server, span).await?;
    let rate = load.finish().await?.per_second;
    report.line(&format!("with {rate:.0} other changes per second"), &busy.to_string());
    Ok(())
}

async fn relay(mut server: TestServer, span: Duration, report: &mut Report) -> Result<()> {
    report.heading(
        "Writes with the relay and a subscribed socket versus without a server (per second; target ratio ≥ 0.8)",
    );
    let (with, received) = {
        let reader = sockets::count(&server).await?;
        let with = pgbench::rate(&server, pgbench::CHANGE_FIELD, 8, span).await?;
        (with, reader.finish().await)
    };
    server.stop_server().await;
    let without = pgbench::rate(&server, pgbench::CHANGE_FIELD, 8, span).await?;
    report.ratio("field changes, 8 connections", with.per_second, without.per_second);
    let rate = received as f64 / span.as_secs_f64();
    report.line("events the socket received", &format!("{rate:.0} per second, {received} in total"));
    server.close().await;
    Ok(())
}

async fn memory(server: &TestServer, sockets: usize, report: &mut Report) -> Result<()> {
    report.heading("Memory of idle sockets that are subscribed to a workflow (target ≤ 27 KB)");
    let (opened, bytes) = sockets::memory(server, sockets).await?;
    report.line(&format!("per socket, {opened} open"), &format!("{:.1} KB", bytes / 1024.0));
    Ok(())
}
