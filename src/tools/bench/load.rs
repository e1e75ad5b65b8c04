//! Load over HTTP: the rate and latency of requests on keep-alive connections.

use std::time::{Duration, Instant};

use serde_json::json;

use super::http::{Http, fault};
use super::test_server::TestServer;
use crate::{Error, Result};

/// Requests per second over `clients` connections.
pub(super) async fn rate(
    server: &TestServer,
    path: &'static str,
    clients: usize,
    span: Duration,
    bodies: Vec<String>,
) -> Result<f64> {
    let bodies = std::sync::Arc::new(bodies);
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (address, token, bodies) = (server.address.clone(), server.token.clone(), bodies.clone());
        tasks.push(tokio::spawn(async move {
            let mut http = Http::open(&address).await?;
            let mut done = 0u64;
            while begin.elapsed() < span {
                let body = &bodies[fastrand::usize(..bodies.len())];
                let (status, answer) = http.request("POST", path, &token, body).await?;
                if !(200..300).contains(&status) {
                    return Err(fault(format!("{path} returned {status}: {}", String::from_utf8_lossy(answer))));
                }
                done += 1;
            }
            Ok(done)
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.map_err(|error| Error::Internal(error.to_string()))??;
    }
    Ok(done as f64 / begin.elapsed().as_secs_f64())
}

/// Status changes per second.
pub async fn change_status(server: &TestServer, clients: usize, span: Duration) -> Result<f64> {
    let columns = ["backlog", "todo", "in_progress", "review"];
    let bodies = server
        .tickets
        .iter()
        .flat_map(|ticket| columns.map(|column| json!({"ticket_id": ticket, "new_status": column}).to_string()));
    rate(server, "/api/tickets/change-status", clients, span, bodies.collect()).await
}

/// Tickets created per second.
pub async fn create(server: &TestServer, clients: usize, span: Duration) -> Result<f64> {
    let body = json!({
        "workflow_id": server.workflow,
        "title": "Created by the benchmark",
        "description": "A description of one or two lines",
    });
    rate(server, "/api/tickets/create", clients, span, vec![body.to_string()]).await
}

/// Mean latency of the large board, in milliseconds.
pub async fn board(server: &TestServer, span: Duration) -> Result<f64> {
    let mut http = Http::open(&server.address).await?;
    let path = format!("/api/board/{}", server.large);
    let begin = Instant::now();
    let mut done = 0;
    while begin.elapsed() < span {
        let (status, body) = http.request("GET", &path, &server.token, "").await?;
        if status != 200 || body.len() < 1_000_000 {
            return Err(fault(format!("the board returned {status} and {} bytes", body.len())));
        }
        done += 1;
    }
    Ok(begin.elapsed().as_secs_f64() * 1000.0 / f64::from(done))
}
