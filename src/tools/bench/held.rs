//! Claims and moves beside a transaction that stays open elsewhere, as a backup or a forgotten session does: Postgres keeps
//! every version of a row since its snapshot, and what looks a busy row up must not read past all of them.

use std::time::{Duration, Instant};

use super::results::{Better, Run};
use super::rounds::{Plan, ratios};
use super::scripts::{CHANGE_STATUS, CLAIM_AND_COMPLETE};
use super::test_server::TestServer;
use super::{jobs, pgbench};
use crate::Result;
use crate::db::pool;

/// Concurrent workers that claim jobs.
const WORKERS: usize = 16;
/// Connections that move the tickets of one board.
const MOVERS: usize = 8;

/// Claims and moves per second, by repetition.
#[derive(Default)]
struct Rates {
    claims: Vec<f64>,
    moves: Vec<f64>,
}

impl Rates {
    async fn measure(&mut self, server: &TestServer, span: Duration) -> Result<()> {
        jobs::fill_up(server, span).await?;
        self.claims.push(pgbench::rate(server, &CLAIM_AND_COMPLETE, &server.spread, WORKERS, span).await?);
        self.moves.push(pgbench::rate(server, &CHANGE_STATUS, &server.hot, MOVERS, span).await?);
        Ok(())
    }
}

/// Measures, holds a snapshot open for `held` of steady work, and measures again.
pub async fn run(server: &TestServer, plan: &Plan, held: Duration, run: &mut Run) -> Result<()> {
    run.group("Beside a transaction that stays open");
    server.reset(&server.hot).await?;
    let (mut before, mut between, mut after) = (Rates::default(), Rates::default(), Rates::default());
    for _ in 0..plan.rounds {
        before.measure(server, plan.span).await?;
    }
    let holder = pool::connect(&server.url, "callboard-bench-holder").await?;
    holder.batch_execute("begin isolation level repeatable read; select from streams limit 1").await?;
    let begin = Instant::now();
    while begin.elapsed() < held {
        // Long repetitions, so that most of the time is spent on work.
        between.measure(server, plan.span.max(held / 60)).await?;
    }
    for _ in 0..plan.rounds {
        after.measure(server, plan.span).await?;
    }
    let seconds = begin.elapsed().as_secs();
    holder.batch_execute("commit").await?;
    let claims = format!("claim, then complete, {WORKERS} workers");
    run.add(&claims, "before/s", "1/s", Better::Higher, &before.claims);
    run.add(&claims, "held/s", "1/s", Better::Higher, &after.claims);
    run.add(&claims, "held/before", "ratio", Better::Higher, &ratios(&after.claims, &before.claims)).aim(0.8);
    // Without an aim: each of few tickets is moved very often here, so its own versions pile up too.
    let moves = format!("status changes of 500 tickets, {MOVERS} connections");
    run.add(&moves, "before/s", "1/s", Better::Higher, &before.moves);
    run.add(&moves, "held/s", "1/s", Better::Higher, &after.moves);
    run.add(&moves, "held/before", "ratio", Better::Higher, &ratios(&after.moves, &before.moves));
    run.add("held open for", "s", "s", Better::Higher, &[seconds as f64]);
    Ok(())
}
