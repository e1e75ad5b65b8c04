//! The reports of a workflow with a long history, beside another one: what the page of statistics and dashboards ask for.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::Http;
use super::page;
use super::processes;
use super::results::{Better, Run};
use super::rounds::Plan;
use super::test_server::TestServer;
use crate::Result;
use crate::domain::reports::Reports;

/// Rows of history in each of two workflows.
const ROWS: usize = 1_000_000;
/// The same in a short run.
const FEW_ROWS: usize = 10_000;
/// What a report should take at most, in ms.
const AIM: f64 = 200.0;
/// The columns and their ranges in days: the default, the longest that the page of statistics offers by a click, and all.
const RANGES: [(&str, i32); 3] = [("30 days ms", 30), ("90 days ms", 90), ("a year ms", YEAR)];
const YEAR: i32 = 365;

/// Fills two workflows, and asks for each report of the first.
pub async fn run(server: &TestServer, plan: &Plan, run: &mut Run) -> Result<()> {
    let rows = if plan.quick { FEW_ROWS } else { ROWS };
    // A ticket has ten rows, or fewer if it is not done yet.
    let tickets = rows / 10 + rows / 1000;
    let mut workflows = Vec::new();
    for _ in 0..2 {
        workflows.push(server.new_workflow(0).await?);
    }
    for workflow in &workflows {
        eprintln!("  writing a history of a year with {tickets} tickets");
        fill(server, workflow, tickets).await?;
    }
    server.sql.batch_execute("vacuum analyze").await?;
    let (pid, postmaster) = server.pids().await?;
    // Servers seal the chains of what was written.
    processes::quiet(pid, postmaster, Duration::from_secs(600)).await;

    let Some(workflow) = workflows.first() else { return Ok(()) };
    run.group(&format!("Reports beside {} rows of history", page::number(rows as f64, "count")));
    let mut http = Http::open(&server.address).await?;
    let known: Reports = http.json("GET", "/api/reports", &server.token, "").await?;
    for report in &known.reports {
        let parameters: BTreeSet<&str> = report.parameters.iter().map(|one| one.name.as_str()).collect();
        let mut path = format!("/api/reports/{}?workflow_id={workflow}", report.name);
        if parameters.contains("milestone") {
            path.push_str("&milestone=Week%2050");
        }
        if parameters.contains("unit") {
            path.push_str("&unit=week");
        }
        let ranges = if parameters.contains("from") { &RANGES[..] } else { &RANGES[..1] };
        for (column, days) in ranges {
            let from = if parameters.contains("from") {
                format!("&from={}", day(server, *days).await?)
            } else {
                String::new()
            };
            let times = measure(server, &mut http, &format!("{path}{from}"), plan).await?;
            let measured = run.add(&report.name, column, "ms", Better::Lower, &times);
            // What a year takes is a matter of how many tickets were completed in it.
            measured.aim = (*days < YEAR).then_some(AIM);
        }
    }
    let year_ago = day(server, YEAR).await?;
    for (line, column, path) in [
        ("GET /api/tickets/stats", RANGES[0].0, format!("/api/tickets/stats/{workflow}")),
        ("GET /api/board?at=", RANGES[2].0, format!("/api/board/{workflow}?at={year_ago}T12:00:00Z")),
    ] {
        let times = measure(server, &mut http, &path, plan).await?;
        run.add(line, column, "ms", Better::Lower, &times).aim(AIM);
    }
    Ok(())
}

/// The first day of a range of so many days that ends today.
async fn day(server: &TestServer, days: i32) -> Result<String> {
    let row = server.sql.query_one("select (current_date - $1::int + 1)::text", &[&days]).await?;
    Ok(row.get(0))
}

/// Writes the history of a year, and stores what reports read of it, as servers do in the background.
async fn fill(server: &TestServer, workflow: &str, tickets: usize) -> Result<()> {
    let sql = include_str!("statistics.sql").replace("$workflow", workflow).replace("$tickets", &tickets.to_string());
    // In one transaction, which the temporary tables live for.
    server.sql.batch_execute(&sql).await?;
    server.sql.batch_execute("analyze history, tickets").await?;
    loop {
        let read: i64 = server.sql.query_one("select logic.refresh_reporting($1)", &[&workflow]).await?.get(0);
        if read == 0 {
            return Ok(());
        }
    }
}

/// The times of the repetitions, after a first request that reads the pages into memory.
async fn measure(server: &TestServer, http: &mut Http, path: &str, plan: &Plan) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for repetition in 0..=plan.rounds {
        let begin = Instant::now();
        let _: Value = http.json("GET", path, &server.token, "").await?;
        if repetition > 0 {
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
    }
    Ok(times)
}
