//! Benchmarks of jobs: claims by 16 workers, and the latency of an output line while 50 other jobs stream output.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::http::Http;
use super::report::Report;
use super::test_server::TestServer;
use super::{load, pgbench, sockets};
use crate::{Error, Result};

/// Concurrent workers.
const WORKERS: usize = 16;
/// Jobs that stream output concurrently.
const STREAMS: usize = 50;
/// Claims the next job of one workflow.
const CLAIM: &str = "select logic.claim_job(:caller, (select workflow_id from bench_tickets where n = 1));\n";

/// Runs the benchmarks of jobs.
pub async fn run(server: &TestServer, span: Duration, report: &mut Report) -> Result<()> {
    let workflow: String = server.sql.query_one("select workflow_id from bench_tickets where n = 1", &[]).await?.get(0);
    report.heading("Job claims by 16 workers versus the same function in pgbench (per second; target ratio ≥ 0.7)");
    fill(server, &workflow, span).await?;
    let sql = pgbench::rate(server, CLAIM, WORKERS, span).await?;
    fill(server, &workflow, span).await?;
    let body = json!({"workflow_id": workflow, "lease_seconds": 3600}).to_string();
    let rest = load::rate(server, "/api/jobs/claim", WORKERS, span, vec![body]).await?;
    report.ratio("POST /api/jobs/claim, one workflow", rest, sql.per_second);

    report.heading("From posting an output line to its arrival on a socket (milliseconds: p50, p95, p99)");
    let alone = latency(server, span).await?;
    report.line("without other load", &alone.to_string());
    let mut streaming = Vec::new();
    for _ in 0..STREAMS {
        let (job, token) = claimed(server).await?;
        let (address, credential) = (server.address.clone(), server.token.clone());
        streaming.push(tokio::spawn(async move { stream(&address, &credential, &job, &token).await }));
    }
    let before = lines(server).await?;
    let begin = Instant::now();
    let busy = latency(server, span).await?;
    let rate = (lines(server).await? - before) as f64 / begin.elapsed().as_secs_f64();
    report.line(&format!("with {STREAMS} other jobs, {rate:.0} lines per second in total"), &busy.to_string());
    for task in streaming {
        task.abort();
    }
    Ok(())
}

/// Fills the queue of a workflow with more jobs than can be claimed in `span`.
async fn fill(server: &TestServer, workflow: &str, span: Duration) -> Result<()> {
    let wanted = i32::try_from(span.as_secs().saturating_mul(2500)).unwrap_or(i32::MAX);
    server.sql.execute("delete from jobs", &[]).await?;
    server
        .sql
        .execute(
            "insert into jobs (workflow_id, title, initial_prompt, status, stages)
             select $1, 'Job number ' || n, 'Please', 'queued', '{plan,build}' from generate_series(1, $2) n",
            &[&workflow, &wanted],
        )
        .await?;
    server.sql.batch_execute("vacuum analyze jobs").await?;
    Ok(())
}

async fn lines(server: &TestServer) -> Result<i64> {
    Ok(server.sql.query_one("select count(*) from job_messages", &[]).await?.get(0))
}

/// Creates and claims a job in a workflow without other activity; returns its id and lease token.
async fn claimed(server: &TestServer) -> Result<(String, String)> {
    let sql = "with made as materialized (
                   select logic.create_job($1, (select workflow_id from bench_tickets where n = 101), with_ticket => true,
                                           initial_prompt => 'Stream some output', queue => true, job_type => 'stream'))
               select from made";
    server.sql.execute(sql, &[&server.caller]).await?;
    let sql = "select c #>> '{job,id}', c ->> 'lease_token'
                 from logic.claim_job($1, (select workflow_id from bench_tickets where n = 101), '{stream}', lease_seconds => 3600) c";
    let row = server.sql.query_one(sql, &[&server.caller]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Posts output like a worker: batches of five lines, four times per second.
async fn stream(address: &str, credential: &str, job: &str, token: &str) -> Result<()> {
    let mut http = Http::open(address).await?;
    let line =
        json!({"kind": "log", "content": "Compiling an output line of typical length, in a file with a typical name"});
    let body = json!({"lease_token": token, "messages": vec![line; 5]}).to_string();
    let path = format!("/api/jobs/{job}/messages");
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        tick.tick().await;
        let _: Value = http.json("POST", &path, credential, &body).await?;
    }
}

/// Posts 50 lines per second and measures the delay until each arrives.
async fn latency(server: &TestServer, span: Duration) -> Result<sockets::Latency> {
    let fault = |error: String| Error::Unavailable(format!("a line of output did not arrive: {error}"));
    let (job, token) = claimed(server).await?;
    let mut socket = sockets::subscribe(server, &format!("job:{job}")).await?;
    let reader = tokio::spawn(async move {
        let mut arrivals: Vec<(usize, Instant)> = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            let now = Instant::now();
            let Message::Text(text) = message else { continue };
            let Ok(event) = serde_json::from_str::<Value>(&text) else { continue };
            match event["data"]["message"]["content"].as_str() {
                Some("end") => break,
                Some(number) => arrivals.extend(number.parse().map(|number: usize| (number, now))),
                None => {}
            }
        }
        arrivals
    });
    let mut http = Http::open(&server.address).await?;
    let path = format!("/api/jobs/{job}/messages");
    let body =
        |content: String| json!({"lease_token": token, "messages": [{"kind": "log", "content": content}]}).to_string();
    let mut sent = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let begin = Instant::now();
    while begin.elapsed() < span {
        tick.tick().await;
        let line = body(sent.len().to_string());
        sent.push(Instant::now());
        let _: Value = http.json("POST", &path, &server.token, &line).await?;
    }
    let _: Value = http.json("POST", &path, &server.token, &body("end".to_owned())).await?;
    let arrivals = tokio::time::timeout(Duration::from_secs(20), reader)
        .await
        .map_err(|error| fault(error.to_string()))?
        .map_err(|error| fault(error.to_string()))?;
    if arrivals.len() != sent.len() {
        return Err(Error::Internal(format!("{} of {} lines arrived", arrivals.len(), sent.len())));
    }
    let times = arrivals.iter().map(|(number, at)| at.saturating_duration_since(sent[*number]).as_secs_f64() * 1000.0);
    Ok(times.collect::<Vec<f64>>().into())
}
