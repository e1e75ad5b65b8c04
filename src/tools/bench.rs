//! `callboard bench`: what the product costs over bare Postgres, measured side by side in one run.
//!
//! It starts a Postgres and a server of its own in a folder of its own, drives the server over HTTP and
//! sockets as any client would, and drives the same SQL with pgbench. Compare the ratios: absolute
//! figures are the machine's. Nothing here gates a test.

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
use self::test_server::House;
use crate::Result;

/// Flags of `callboard bench`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BenchArgs {
    /// What to measure; the ways of changes and boards where left out.
    #[command(subcommand)]
    pub what: Option<BenchCommand>,
    /// Where the fetched runtime (Postgres and pgbench) is unpacked.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// Seconds each measurement takes.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Idle sockets to open.
    #[arg(long, default_value_t = 5000)]
    pub sockets: usize,
    /// Measure only what has this in its name: writes, board, latency, jobs, relay, memory.
    #[arg(long)]
    pub only: Option<String>,
}

/// Measurements by themselves.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Measure search: what it finds, and how fast.
    Search(search::SearchArgs),
}

/// Runs the measurements and prints their tables.
pub async fn run(args: BenchArgs) -> Result<()> {
    if let Some(BenchCommand::Search(args)) = args.what {
        return search::run(args).await;
    }
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| name.contains(only));
    let span = Duration::from_secs(args.seconds.max(1));
    let house = House::open(&args.runtime_dir).await?;
    let mut report = Report::default();
    if wanted("writes") {
        writes(&house, span, &mut report).await?;
    }
    if wanted("board") {
        board(&house, span, &mut report).await?;
    }
    if wanted("latency") {
        latency(&house, span, &mut report).await?;
    }
    if wanted("jobs") {
        jobs::run(&house, span, &mut report).await?;
    }
    if wanted("memory") {
        memory(&house, args.sockets, &mut report).await?;
    }
    // Last: it stops the server.
    if wanted("relay") {
        relay(house, span, &mut report).await?;
    }
    report.print();
    Ok(())
}

async fn writes(house: &House, span: Duration, report: &mut Report) -> Result<()> {
    report.heading("Changes over REST beside the same function called by pgbench (per second; aim ≥ 0.7)");
    for clients in [1, 8, 32] {
        let sql = pgbench::rate(house, pgbench::CHANGE_STATUS, clients, span).await?;
        let rest = load::change_status(house, clients, span).await?;
        report.ratio(&format!("change-status, {clients} connections"), rest, sql.per_second);
    }
    for clients in [1, 8] {
        let sql = pgbench::rate(house, pgbench::CREATE, clients, span).await?;
        let rest = load::create(house, clients, span).await?;
        report.ratio(&format!("create, {clients} connections"), rest, sql.per_second);
    }
    Ok(())
}

async fn board(house: &House, span: Duration, report: &mut Report) -> Result<()> {
    house.fill_large_board().await?;
    report.heading("Board of 10,000 tickets (milliseconds; aim ≤ 1.3)");
    let sql = pgbench::rate(house, pgbench::BOARD, 1, span).await?;
    let rest = load::board(house, span).await?;
    report.ratio("GET /api/board, 1 connection", rest, 1000.0 / sql.per_second.max(0.001));
    Ok(())
}

async fn latency(house: &House, span: Duration, report: &mut Report) -> Result<()> {
    report.heading("From commit to socket (milliseconds: p50, p95, p99; aim p99 ≤ 25 at 100 changes a second)");
    let calm = sockets::latency(house, span).await?;
    report.line("at 100 changes a second", &calm.to_string());
    let storm = pgbench::start(house, pgbench::CHANGE_STATUS, 8, span + Duration::from_secs(1))?;
    let busy = sockets::latency(house, span).await?;
    let rate = storm.finish().await?.per_second;
    report.line(&format!("the same beside {rate:.0} other changes a second"), &busy.to_string());
    Ok(())
}

async fn relay(mut house: House, span: Duration, report: &mut Report) -> Result<()> {
    report.heading("Changes with the relay following and a socket reading, beside no relay (per second; aim ≥ 0.8)");
    let (with, heard) = {
        let reader = sockets::count(&house).await?;
        let with = pgbench::rate(&house, pgbench::CHANGE_FIELD, 8, span).await?;
        (with, reader.finish().await)
    };
    house.stop_server().await;
    let without = pgbench::rate(&house, pgbench::CHANGE_FIELD, 8, span).await?;
    report.ratio("field changes, 8 connections", with.per_second, without.per_second);
    let rate = heard as f64 / span.as_secs_f64();
    report.line("events the socket received", &format!("{rate:.0} a second, {heard} in all"));
    house.close().await;
    Ok(())
}

async fn memory(house: &House, sockets: usize, report: &mut Report) -> Result<()> {
    report.heading("Memory of idle sockets, signed in and watching a workflow (aim ≤ 27 KB)");
    let (opened, bytes) = sockets::memory(house, sockets).await?;
    report.line(&format!("each of {opened}"), &format!("{:.1} KB", bytes / 1024.0));
    Ok(())
}
