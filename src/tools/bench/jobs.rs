//! Benchmarks of jobs: claims and completions by 16 workers, and the latency of an output line while 50 other jobs stream output.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::http::Http;
use super::results::{Better, Run};
use super::rounds::{Plan, ratios};
use super::scripts::CLAIM_AND_COMPLETE;
use super::test_server::TestServer;
use super::{pgbench, sockets};
use crate::{Error, Result};

/// Concurrent workers.
const WORKERS: usize = 16;
/// Jobs that stream output concurrently.
const STREAMS: usize = 50;

/// Runs the benchmarks of jobs.
pub async fn run(server: &TestServer, plan: &Plan, run: &mut Run) -> Result<()> {
    run.group("Jobs claimed and completed by 16 workers");
    let (mut rest, mut sql) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        fill(server, plan.span).await?;
        rest.push(claim_and_complete(server, plan.span).await?);
        fill(server, plan.span).await?;
        sql.push(pgbench::rate(server, &CLAIM_AND_COMPLETE, &server.spread, WORKERS, plan.span).await?);
    }
    let line = "claim, then complete, one workflow";
    run.add(line, "REST/s", "1/s", Better::Higher, &rest);
    run.add(line, "function/s", "1/s", Better::Higher, &sql);
    run.add(line, "REST/function", "ratio", Better::Higher, &ratios(&rest, &sql)).aim(0.9);

    run.group("From posting an output line to a socket");
    latency(server, plan.span).await?.add_to(run, "without other load");
    let mut streaming = Vec::new();
    for _ in 0..STREAMS {
        let (job, token) = claimed(server).await?;
        let (address, credential) = (server.address.clone(), server.token.clone());
        streaming.push(tokio::spawn(async move { stream(&address, &credential, &job, &token).await }));
    }
    let busy = latency(server, plan.span).await?;
    busy.add_to(run, &format!("with {STREAMS} other jobs"));
    for task in streaming {
        task.abort();
    }
    Ok(())
}

/// Jobs that workers claim and complete over REST per second.
async fn claim_and_complete(server: &TestServer, span: Duration) -> Result<f64> {
    let claim = json!({"workflow_id": server.busy(), "lease_seconds": 3600}).to_string();
    let begin = Instant::now();
    let workers = (0..WORKERS).map(|_| {
        let (address, credential, claim) = (server.address.clone(), server.token.clone(), claim.clone());
        tokio::spawn(async move {
            let mut http = Http::open(&address).await?;
            let mut done = 0u32;
            while begin.elapsed() < span {
                let claimed: Value = http.json("POST", "/api/jobs/claim", &credential, &claim).await?;
                let Some(job) = claimed["job"]["id"].as_str() else {
                    return Err(Error::Internal("the queue of the benchmark is empty".to_owned()));
                };
                let path = format!("/api/jobs/{job}/complete");
                let body = json!({"lease_token": claimed["lease_token"]}).to_string();
                let _: Value = http.json("POST", &path, &credential, &body).await?;
                done += 1;
            }
            Ok::<_, Error>(done)
        })
    });
    let mut done = 0;
    for worker in workers.collect::<Vec<_>>() {
        done += worker.await.map_err(|error| Error::Internal(error.to_string()))??;
    }
    Ok(f64::from(done) / begin.elapsed().as_secs_f64())
}

/// Empties the queue and fills it with more jobs than can be claimed in `span`.
async fn fill(server: &TestServer, span: Duration) -> Result<()> {
    server.sql.execute("delete from jobs", &[]).await?;
    fill_up(server, span).await?;
    server.sql.batch_execute("vacuum analyze jobs").await?;
    Ok(())
}

/// Adds jobs to the queue until it has more than can be claimed in `span`.
pub async fn fill_up(server: &TestServer, span: Duration) -> Result<()> {
    let wanted = i32::try_from(span.as_secs().saturating_mul(2500)).unwrap_or(i32::MAX);
    server
        .sql
        .execute(
            "insert into jobs (workflow_id, title, initial_prompt, status, stages)
             select $1, 'Job number ' || n, 'Please', 'queued', '{plan,build}'
               from generate_series((select count(*) from jobs j where j.workflow_id = $1 and j.status = 'queued') + 1, $2::int) n",
            &[&server.busy(), &wanted],
        )
        .await?;
    Ok(())
}

/// Creates and claims a job in a workflow without other activity; returns its id and lease token.
async fn claimed(server: &TestServer) -> Result<(String, String)> {
    let workflow = server.workflows.last().ok_or_else(|| Error::Internal("there are no workflows".to_owned()))?;
    let sql = "with made as materialized (
                   select logic.create_job($1, $2, with_ticket => true,
                                           initial_prompt => 'Stream some output', queue => true, job_type => 'stream'))
               select from made";
    server.sql.execute(sql, &[&server.caller, workflow]).await?;
    let sql = "select c #>> '{job,id}', c ->> 'lease_token'
                 from logic.claim_job($1, $2, '{stream}', lease_seconds => 3600) c";
    let row = server.sql.query_one(sql, &[&server.caller, workflow]).await?;
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
