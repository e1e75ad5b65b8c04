//! The latency of search over REST, compared with plain SQL.

use std::sync::Arc;
use std::time::Duration;

use super::generate::{Generated, SHARES};
use super::queries::{Backend, MODES, QueryClients, Timing, quantile};
use super::workload::{Kind, WorkloadQuery, workload};
use crate::Result;
use crate::domain::embeddings::Bert;
use crate::tools::bench::report::Report;
use crate::tools::bench::test_server::TestServer;

/// Queries of each kind: in total fewer than the server's cache of query embeddings holds.
const QUERIES_PER_KIND: i64 = 60;
/// Both backends are measured in alternating rounds, so that noise on the machine affects both.
const ROUNDS: u32 = 4;

/// Measures with the current number of tickets.
pub async fn measure(
    server: &TestServer,
    bert: &Bert,
    generated: &Generated,
    span: Duration,
    report: &mut Report,
) -> Result<()> {
    let queries = Arc::new(workload(server, bert, generated, QUERIES_PER_KIND, 0).await?);
    report.heading(&format!(
        "Speed with {} tickets: p50 / p95 in milliseconds (target: p95 of hybrid at most 1.5 times plain SQL)",
        generated.total
    ));
    report.line("", &format!("{:<18}{:<18}ratio of p95", "over REST", "plain SQL"));
    let mut single = Vec::new();
    for clients in [1, 8] {
        for mode in MODES {
            let (rest, sql) = compare(server, generated, &queries, mode, clients, span).await?;
            let name = format!("{mode}, {clients} {}", if clients == 1 { "client" } else { "clients" });
            pair(report, &name, &rest, &sql);
            if clients == 1 {
                single.push((mode, rest, sql));
            }
        }
    }
    for clients in [1, 8] {
        uncached(server, bert, generated, clients, span, report).await?;
    }
    for (mode, rest, sql) in &single {
        if *mode != "semantic" {
            by_kind(mode, rest, sql, &queries, report);
        }
        if *mode != "keyword" {
            by_share(mode, rest, sql, &queries, report);
        }
    }
    common(&single, &queries, report);
    report.print();
    Ok(())
}

/// Runs the same queries over REST and in plain SQL in alternating rounds, after a warm-up.
async fn compare(
    server: &TestServer,
    generated: &Generated,
    queries: &Arc<Vec<WorkloadQuery>>,
    mode: &'static str,
    clients: usize,
    span: Duration,
) -> Result<(Vec<Timing>, Vec<Timing>)> {
    let mut rest = QueryClients::open(server, Backend::Rest, clients, generated.model).await?;
    let mut sql = QueryClients::open(server, Backend::Sql, clients, generated.model).await?;
    rest.run(queries, mode, Duration::ZERO, queries.len()).await?;
    sql.run(queries, mode, Duration::ZERO, queries.len() / 2).await?;
    let (mut by_rest, mut by_sql) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let at_least = queries.len() / 2 + 1;
        by_rest.extend(rest.run(queries, mode, span / ROUNDS, at_least).await?);
        by_sql.extend(sql.run(queries, mode, span / ROUNDS, at_least).await?);
    }
    Ok((by_rest, by_sql))
}

/// Queries that the server has to embed, compared with plain SQL on precomputed embeddings.
async fn uncached(
    server: &TestServer,
    bert: &Bert,
    generated: &Generated,
    clients: usize,
    span: Duration,
    report: &mut Report,
) -> Result<()> {
    let mut rest = QueryClients::open(server, Backend::Rest, clients, generated.model).await?;
    let mut sql = QueryClients::open(server, Backend::Sql, clients, generated.model).await?;
    let (mut by_rest, mut by_sql) = (Vec::new(), Vec::new());
    // A batch is never reused, not even for another number of tickets or clients: its embeddings would be cached.
    let first = 1 + i64::try_from(clients).unwrap_or(1) + i64::from(generated.total > 50_000) * 2;
    for batch in [first, first + 10] {
        let mut fresh = workload(server, bert, generated, QUERIES_PER_KIND / 2, batch).await?;
        fresh.retain(|query| matches!(query.kind, Kind::MediumFrequency | Kind::Sentence));
        let fresh = Arc::new(fresh);
        by_rest.extend(rest.run(&fresh, "hybrid", Duration::ZERO, fresh.len().saturating_sub(clients)).await?);
        by_sql.extend(sql.run(&fresh, "hybrid", span / 4, fresh.len()).await?);
    }
    let name = format!("hybrid, {clients}, queries not in the cache");
    pair(report, &name, &by_rest, &by_sql);
    Ok(())
}

fn pair(report: &mut Report, name: &str, rest: &[Timing], sql: &[Timing]) {
    let of = |timings: &[Timing], share: f64| {
        quantile(&mut timings.iter().map(|timing| timing.ms).collect::<Vec<_>>(), share)
    };
    let cell = |timings: &[Timing]| format!("{:<18}", format!("{:.1} / {:.1}", of(timings, 0.5), of(timings, 0.95)));
    let ratio = of(rest, 0.95) / of(sql, 0.95).max(f64::MIN_POSITIVE);
    report.line(name, &format!("{}{}{ratio:.2}   ({} samples)", cell(rest), cell(sql), rest.len()));
}

fn select(timings: &[Timing], queries: &[WorkloadQuery], wanted: impl Fn(&WorkloadQuery) -> bool) -> Vec<Timing> {
    timings.iter().filter(|timing| queries.get(timing.query).is_some_and(&wanted)).copied().collect()
}

fn by_kind(mode: &str, rest: &[Timing], sql: &[Timing], queries: &[WorkloadQuery], report: &mut Report) {
    for kind in Kind::ALL {
        let wanted = |query: &WorkloadQuery| query.kind == kind;
        let name = format!("{mode}, 1 client, {}", kind.name());
        pair(report, &name, &select(rest, queries, wanted), &select(sql, queries, wanted));
    }
}

fn by_share(mode: &str, rest: &[Timing], sql: &[Timing], queries: &[WorkloadQuery], report: &mut Report) {
    for (index, share) in SHARES.iter().enumerate() {
        let wanted = |query: &WorkloadQuery| query.index == index;
        let name = format!("{mode}, 1 client, workflow with {share}%");
        pair(report, &name, &select(rest, queries, wanted), &select(sql, queries, wanted));
    }
}

/// Compares the slowest query of common words (by its median) with the median of all queries.
fn common(single: &[(&str, Vec<Timing>, Vec<Timing>)], queries: &[WorkloadQuery], report: &mut Report) {
    for (mode, rest, _) in single.iter().filter(|(mode, ..)| *mode != "semantic") {
        let all = quantile(&mut rest.iter().map(|timing| timing.ms).collect::<Vec<_>>(), 0.5);
        let slowest = queries
            .iter()
            .enumerate()
            .filter(|(_, query)| query.kind == Kind::Common)
            .map(|(index, query)| {
                let mut ms: Vec<f64> =
                    rest.iter().filter(|timing| timing.query == index).map(|timing| timing.ms).collect();
                (quantile(&mut ms, 0.5), query)
            })
            .max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((ms, query)) = slowest {
            let ratio = ms / all.max(f64::MIN_POSITIVE);
            report.line(
                &format!("{mode}, slowest of common words"),
                &format!("{ms:.1}, median of all {all:.1}: ratio {ratio:.1} (target ≤ 5; {:?})", query.text),
            );
        }
    }
}
