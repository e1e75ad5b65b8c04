//! Load over HTTP: the rate and latency of requests on keep-alive connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::http::{Http, fault};
use super::test_server::{TestServer, TicketSet};
use crate::{Error, Result};

/// One request.
pub struct Request {
    method: &'static str,
    path: String,
    body: String,
}

/// The columns that changes move a ticket to in turn, from the first one on; the scripts of pgbench do the same.
const COLUMNS: [&str; 4] = ["todo", "in_progress", "review", "backlog"];

/// The requests that move each ticket of a set one column further, then further, and so on.
pub fn status_changes(tickets: &TicketSet) -> Arc<Vec<Request>> {
    moves(tickets, |ticket, column| Request {
        method: "POST",
        path: "/api/tickets/change-status".to_owned(),
        body: json!({"ticket_id": ticket, "new_status": column}).to_string(),
    })
}

/// The same as a board that follows stages does it.
pub fn stage_changes(tickets: &TicketSet) -> Arc<Vec<Request>> {
    moves(tickets, |ticket, column| Request {
        method: "PUT",
        path: format!("/api/tickets/{ticket}/stage"),
        body: json!({"stage": column}).to_string(),
    })
}

fn moves(tickets: &TicketSet, request: impl Fn(&str, &str) -> Request) -> Arc<Vec<Request>> {
    let passes = COLUMNS.iter().flat_map(|column| tickets.ids.iter().map(move |ticket| (ticket, column)));
    Arc::new(passes.map(|(ticket, column)| request(ticket, column)).collect())
}

/// Requests that create tickets in each workflow, with titles like those of scripts.rs: some words are in all of them, others
/// in no other.
pub fn creations(server: &TestServer) -> Arc<Vec<Request>> {
    let word = || std::iter::repeat_with(fastrand::lowercase).take(8).collect::<String>();
    let request = |workflow: &String| Request {
        method: "POST",
        path: "/api/tickets/create".to_owned(),
        body: json!({
            "workflow_id": workflow,
            "title": format!("Repair the {} when {} is open", word(), word()),
            "description": "A description of one or two lines",
        })
        .to_string(),
    };
    Arc::new(server.workflows.iter().cycle().take(100 * server.workflows.len()).map(request).collect())
}

/// Requests per second over `clients` connections, which take the requests in turn.
pub async fn rate(server: &TestServer, requests: &Arc<Vec<Request>>, clients: usize, span: Duration) -> Result<f64> {
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (address, token) = (server.address.clone(), server.token.clone());
        let (requests, next) = (requests.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            let mut http = Http::open(&address).await?;
            let mut done = 0u64;
            while begin.elapsed() < span {
                let Request { method, path, body } = &requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()];
                let (status, answer) = http.request(method, path, &token, body).await?;
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
