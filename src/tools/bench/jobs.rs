//! Measurements of jobs: claims by sixteen workers, and how soon a line of output is seen while fifty jobs
//! stream theirs.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::load::{self, Http};
use super::report::Report;
use super::test_server::House;
use super::{pgbench, sockets};
use crate::{Error, Result};

/// Workers that claim at once.
const WORKERS: usize = 16;
/// Jobs that stream output at once.
const STREAMS: usize = 50;
/// Claims the job's first one, of one workflow.
const CLAIM: &str = "select logic.claim_job(:caller, (select workflow_id from bench_tickets where n = 1));\n";

/// Measures and reports.
pub async fn run(house: &House, span: Duration, report: &mut Report) -> Result<()> {
    let workflow: String = house.sql.query_one("select workflow_id from bench_tickets where n = 1", &[]).await?.get(0);
    report.heading("Claims of jobs by 16 workers beside the same function called by pgbench (per second; aim ≥ 0.7)");
    fill(house, &workflow, span).await?;
    let sql = pgbench::rate(house, CLAIM, WORKERS, span).await?;
    fill(house, &workflow, span).await?;
    let body = json!({"workflow_id": workflow, "lease_seconds": 3600}).to_string();
    let rest = load::rate(house, "/api/jobs/claim", WORKERS, span, vec![body]).await?;
    report.ratio("POST /api/jobs/claim, one workflow", rest, sql.per_second);

    report.heading("From sending a line of output to its arrival on a socket of the job (milliseconds: p50, p95, p99)");
    let alone = latency(house, span).await?;
    report.line("nothing else happens", &alone.to_string());
    let mut streaming = Vec::new();
    for _ in 0..STREAMS {
        let (job, token) = claimed(house).await?;
        let (address, credential) = (house.address.clone(), house.token.clone());
        streaming.push(tokio::spawn(async move { stream(&address, &credential, &job, &token).await }));
    }
    let before = lines(house).await?;
    let begin = Instant::now();
    let busy = latency(house, span).await?;
    let rate = (lines(house).await? - before) as f64 / begin.elapsed().as_secs_f64();
    report.line(&format!("beside {STREAMS} jobs, {rate:.0} lines a second in all"), &busy.to_string());
    for task in streaming {
        task.abort();
    }
    Ok(())
}

/// More jobs in a workflow's queue than can be claimed in the time.
async fn fill(house: &House, workflow: &str, span: Duration) -> Result<()> {
    let wanted = i32::try_from(span.as_secs().saturating_mul(2500)).unwrap_or(i32::MAX);
    house.sql.execute("delete from jobs", &[]).await?;
    house
        .sql
        .execute(
            "insert into jobs (workflow_id, title, initial_prompt, status, stages)
             select $1, 'Job number ' || n, 'Please', 'queued', '{plan,build}' from generate_series(1, $2) n",
            &[&workflow, &wanted],
        )
        .await?;
    house.sql.batch_execute("vacuum analyze jobs").await?;
    Ok(())
}

async fn lines(house: &House) -> Result<i64> {
    Ok(house.sql.query_one("select count(*) from job_messages", &[]).await?.get(0))
}

/// A claimed job of a workflow where nothing else happens, and its token.
async fn claimed(house: &House) -> Result<(String, String)> {
    let sql = "with made as materialized (
                   select logic.create_job($1, (select workflow_id from bench_tickets where n = 101), with_ticket => true,
                                           initial_prompt => 'Stream some output', queue => true, job_type => 'stream'))
               select from made";
    house.sql.execute(sql, &[&house.caller]).await?;
    let sql = "select c #>> '{job,id}', c ->> 'lease_token'
                 from logic.claim_job($1, (select workflow_id from bench_tickets where n = 101), '{stream}', lease_seconds => 3600) c";
    let row = house.sql.query_one(sql, &[&house.caller]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Output as a worker sends it: batches of five lines, four times a second.
async fn stream(address: &str, credential: &str, job: &str, token: &str) -> Result<()> {
    let mut http = Http::open(address).await?;
    let line =
        json!({"kind": "log", "content": "Compiling something of the usual length, in a file of the usual name"});
    let body = json!({"lease_token": token, "messages": vec![line; 5]}).to_string();
    let path = format!("/api/jobs/{job}/messages");
    let mut beat = tokio::time::interval(Duration::from_millis(250));
    loop {
        beat.tick().await;
        let _: Value = http.json("POST", &path, credential, &body).await?;
    }
}

/// Sends fifty lines a second and measures when each arrives.
async fn latency(house: &House, span: Duration) -> Result<sockets::Latency> {
    let fault = |error: String| Error::Unavailable(format!("a line of output did not arrive: {error}"));
    let (job, token) = claimed(house).await?;
    let mut socket = sockets::enter(house, &format!("job:{job}")).await?;
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
    let mut http = Http::open(&house.address).await?;
    let path = format!("/api/jobs/{job}/messages");
    let body =
        |content: String| json!({"lease_token": token, "messages": [{"kind": "log", "content": content}]}).to_string();
    let mut sent = Vec::new();
    let mut beat = tokio::time::interval(Duration::from_millis(20));
    let begin = Instant::now();
    while begin.elapsed() < span {
        beat.tick().await;
        let line = body(sent.len().to_string());
        sent.push(Instant::now());
        let _: Value = http.json("POST", &path, &house.token, &line).await?;
    }
    let _: Value = http.json("POST", &path, &house.token, &body("end".to_owned())).await?;
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
