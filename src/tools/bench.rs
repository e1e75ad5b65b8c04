//! `callboard bench`: the server and its rules beside plain Postgres, measured side by side in one run.
//!
//! It starts a separate Postgres and server in a temporary folder, sends requests over HTTP and WebSockets, and runs
//! SQL with pgbench: the function behind a request, and the bare statement that the function stands for. Compare the ratios,
//! and runs on the same machine; absolute numbers depend on the machine. No test depends on them.

mod agent_day;
mod compare;
mod fan_out;
mod frames;
mod held;
mod histogram;
mod http;
mod idle;
mod jobs;
mod load;
mod memory;
mod page;
mod pgbench;
mod processes;
mod report;
mod results;
mod rounds;
mod scripts;
mod search;
mod server_process;
mod socket_clients;
mod sockets;
mod start_up;
mod statistics;
mod test_server;
mod writes;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use self::results::{Better, Run, Settings};
use self::rounds::Plan;
use self::test_server::TestServer;
use crate::{Error, Result};

/// The benchmarks that `--only` chooses from, in the order of the run. `relay` is last, because it stops the server.
const NAMES: [&str; 13] = [
    "start-up",
    "idle",
    "writes",
    "past",
    "board",
    "latency",
    "jobs",
    "agent-day",
    "fan-out",
    "memory",
    "held",
    "statistics",
    "relay",
];

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
    /// Seconds per repetition of a measurement. Defaults to 2, with --quick to 1.
    #[arg(long)]
    pub seconds: Option<u64>,
    /// Repetitions, of which the median counts; alternatives take turns. Defaults to 3, with --quick to 2.
    #[arg(long)]
    pub rounds: Option<usize>,
    /// Numbers of connections that write. Defaults to 1,8,32, with --quick to 1,8.
    #[arg(long, value_delimiter = ',')]
    pub clients: Vec<usize>,
    /// Number of idle sockets to open for their memory. Defaults to 10000, with --quick to 2000.
    #[arg(long)]
    pub sockets: Option<usize>,
    /// Number of sockets that receive every change of a workflow.
    #[arg(long, default_value_t = 1000)]
    pub fan_out_sockets: usize,
    /// Number of sign-ins with a wrong password. Defaults to 1000, with --quick to 200.
    #[arg(long)]
    pub sign_ins: Option<usize>,
    /// Seconds for which an idle server is watched; its memory may settle for three times as long. Defaults to 20, with
    /// --quick to 4.
    #[arg(long)]
    pub idle_seconds: Option<u64>,
    /// Seconds for which a transaction is held open beside claims and moves. Defaults to 60, with --quick to 4.
    #[arg(long)]
    pub held_seconds: Option<u64>,
    /// Run only benchmarks whose name contains one of these texts: start-up, idle, writes, past, board, latency, jobs,
    /// agent-day, fan-out, memory, held, statistics, relay.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Measure less and for a shorter time: three minutes in all.
    #[arg(long)]
    pub quick: bool,
    /// Write the results to this file, for `callboard bench compare`.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

/// Other benchmarks.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Measure the quality and the speed of search.
    Search(search::SearchArgs),
    /// Compare two saved results.
    Compare(compare::CompareArgs),
}

/// Runs the benchmarks and prints the page.
pub async fn run(mut args: BenchArgs) -> Result<()> {
    match args.what.take() {
        Some(BenchCommand::Search(args)) => return search::run(args).await,
        Some(BenchCommand::Compare(args)) => return compare::run(args),
        None => {}
    }
    let chosen = |name: &str| args.only.is_empty() || args.only.iter().any(|only| name.contains(only.as_str()));
    if let Some(unknown) = args.only.iter().find(|only| !NAMES.iter().any(|name| name.contains(only.as_str()))) {
        return Err(Error::Setup(format!("No benchmark is named {unknown}: choose from {}.", NAMES.join(", "))));
    }
    let plan = Plan {
        span: Duration::from_secs(args.seconds.unwrap_or(if args.quick { 1 } else { 2 }).max(1)),
        rounds: args.rounds.unwrap_or(if args.quick { 2 } else { 3 }).max(1),
        clients: match args.clients.as_slice() {
            [] if args.quick => vec![1, 8],
            [] => vec![1, 8, 32],
            given => given.iter().map(|clients| (*clients).max(1)).collect(),
        },
        quick: args.quick,
    };
    let settings = Settings { seconds: plan.span.as_secs(), rounds: plan.rounds, quick: args.quick };
    let server = TestServer::open(&args.runtime_dir).await?;
    let mut run = Run::begin(&server, settings).await?;
    let outcome = measure(server, &args, &plan, chosen, &mut run).await;
    // What was measured before a failure is worth reading.
    if !run.measurements.is_empty() {
        print!("{}", page::page(&run));
        if let Some(file) = &args.save {
            run.save(file)?;
            eprintln!("saved to {}", file.display());
        }
    }
    outcome
}

async fn measure(
    server: TestServer,
    args: &BenchArgs,
    plan: &Plan,
    chosen: impl Fn(&str) -> bool,
    run: &mut Run,
) -> Result<()> {
    let idle = Duration::from_secs(args.idle_seconds.unwrap_or(if args.quick { 4 } else { 20 }).max(1));
    // A step of the fan-out and a measurement of single deliveries are not repeated.
    let long = plan.span * if args.quick { 2 } else { 3 };
    if chosen("start-up") {
        start_up::run(&server, run).await?;
    }
    if chosen("idle") {
        idle::run(&server, idle, args.fan_out_sockets, run).await?;
    }
    if chosen("writes") {
        writes::run(&server, plan, run).await?;
    }
    if chosen("past") {
        writes::past(&server, plan, run).await?;
    }
    if chosen("board") {
        board(&server, plan, run).await?;
    }
    if chosen("latency") {
        latency(&server, long, run).await?;
    }
    if chosen("jobs") {
        jobs::run(&server, plan, run).await?;
    }
    if chosen("agent-day") {
        agent_day::run(&args.runtime_dir, run).await?;
    }
    if chosen("fan-out") {
        fan_out::run(&server, args.fan_out_sockets.max(1), long, run).await?;
    }
    if chosen("memory") {
        let scale = memory::Scale {
            sockets: args.sockets.unwrap_or(if args.quick { 2000 } else { 10_000 }),
            sign_ins: args.sign_ins.unwrap_or(if args.quick { 200 } else { 1000 }),
            settling: idle * 3,
        };
        memory::run(&server, scale, run).await?;
    }
    if chosen("held") {
        let held = args.held_seconds.unwrap_or(if args.quick { 4 } else { 60 });
        held::run(&server, plan, Duration::from_secs(held), run).await?;
    }
    if chosen("statistics") {
        statistics::run(&server, plan, run).await?;
    }
    if chosen("relay") {
        relay(server, plan, run).await?;
    } else {
        server.close().await;
    }
    Ok(())
}

async fn board(server: &TestServer, plan: &Plan, run: &mut Run) -> Result<()> {
    server.fill_large_board().await?;
    run.group("Board of 10,000 tickets");
    let (mut rest, mut sql) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        rest.push(load::board(server, plan.span).await?);
        let rate = pgbench::rate(server, &scripts::BOARD, &server.spread, 1, plan.span).await?;
        sql.push(1000.0 / rate.max(0.001));
    }
    let line = "GET /api/board, 1 connection";
    run.add(line, "REST ms", "ms", Better::Lower, &rest);
    run.add(line, "function ms", "ms", Better::Lower, &sql);
    run.add(line, "REST/function", "ratio", Better::Lower, &rounds::ratios(&rest, &sql)).aim(1.3);
    Ok(())
}

async fn latency(server: &TestServer, span: Duration, run: &mut Run) -> Result<()> {
    run.group("From commit to a socket");
    sockets::latency(server, span).await?.add_to(run, "100 changes/s").aim(25.0);
    let load = pgbench::start(server, &scripts::CHANGE_STATUS, &server.spread, 8, span + Duration::from_secs(1))?;
    sockets::latency(server, span).await?.add_to(run, "beside changes by 8 connections");
    load.finish().await?;
    Ok(())
}

async fn relay(mut server: TestServer, plan: &Plan, run: &mut Run) -> Result<()> {
    run.group("Writes with a server and a socket");
    let rate = async |server: &TestServer| {
        pgbench::rate(server, &scripts::CHANGE_FIELD, &server.spread, 8, plan.span * 2).await
    };
    let (with, received) = {
        let reader = sockets::count(&server).await?;
        let with = rate(&server).await?;
        (with, reader.finish().await)
    };
    server.stop_server().await;
    let without = rate(&server).await?;
    let line = "field changes, 8 connections";
    run.add(line, "with/s", "1/s", Better::Higher, &[with]);
    run.add(line, "without/s", "1/s", Better::Higher, &[without]);
    run.add(line, "with/without", "ratio", Better::Higher, &[with / without.max(0.001)]).aim(0.8);
    run.add(line, "received", "count", Better::Higher, &[received as f64]);
    server.close().await;
    Ok(())
}
