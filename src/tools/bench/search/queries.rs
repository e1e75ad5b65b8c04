//! Runs search queries against the server and against Postgres, and times them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Statement};

use super::workload::WorkloadQuery;
use crate::db::functions::{self, SqlFunction};
use crate::db::pool::connect;
use crate::tools::bench::http::Http;
use crate::tools::bench::test_server::TestServer;
use crate::{Error, Result};

/// The search modes.
pub const MODES: [&str; 3] = ["keyword", "semantic", "hybrid"];

/// The fields of a search response that the benchmark reads.
#[derive(Deserialize)]
struct Response {
    mode: String,
    results: Vec<Found>,
    notice: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    ticket_id: String,
}

/// Runs a search; returns the ids of its results, best first. Fails if the server fell back to another mode.
pub async fn search(http: &mut Http, token: &str, body: &str, mode: &str) -> Result<Vec<String>> {
    let response: Response = http.json("POST", "/api/tickets/search", token, body).await?;
    if response.mode != mode {
        let notice = response.notice.unwrap_or_default();
        return Err(Error::Unavailable(format!("a {mode} search fell back to {}: {notice}", response.mode)));
    }
    Ok(response.results.into_iter().map(|found| found.ticket_id).collect())
}

/// What runs the queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The server, over HTTP.
    Rest,
    /// Postgres, with the server's prepared statement.
    Sql,
}

/// One connection to a backend.
enum QueryClient {
    Rest(Http),
    Sql(Box<Client>, Statement),
}

/// Connections that share the queries of a workload round-robin.
pub struct QueryClients {
    clients: Vec<QueryClient>,
    token: Arc<str>,
    caller: Arc<str>,
    model: i64,
    next: Arc<AtomicUsize>,
}

/// The latency of one query.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Index of the query in the workload.
    pub query: usize,
    /// Milliseconds.
    pub ms: f64,
}

impl QueryClients {
    /// Opens `count` connections.
    pub async fn open(server: &TestServer, backend: Backend, count: usize, model: i64) -> Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(match backend {
                Backend::Rest => QueryClient::Rest(Http::open(&server.address).await?),
                Backend::Sql => {
                    let client = connect(&server.url, "callboard-bench").await?;
                    let statement = client.prepare(search_statement()?).await?;
                    QueryClient::Sql(Box::new(client), statement)
                }
            });
        }
        Ok(Self {
            clients,
            token: server.token.as_str().into(),
            caller: server.caller.as_str().into(),
            model,
            next: Arc::default(),
        })
    }

    /// Runs queries until `span` has passed and `at_least` are done; continues where the last call stopped.
    pub async fn run(
        &mut self,
        queries: &Arc<Vec<WorkloadQuery>>,
        mode: &'static str,
        span: Duration,
        at_least: usize,
    ) -> Result<Vec<Timing>> {
        let begin = Instant::now();
        let done = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for mut client in self.clients.drain(..) {
            let (queries, token, caller) = (queries.clone(), self.token.clone(), self.caller.clone());
            let (next, done, model) = (self.next.clone(), done.clone(), self.model);
            tasks.push(tokio::spawn(async move {
                let mut timings = Vec::new();
                while begin.elapsed() < span || done.load(Ordering::Relaxed) < at_least {
                    let index = next.fetch_add(1, Ordering::Relaxed) % queries.len().max(1);
                    let Some(query) = queries.get(index) else { break };
                    let ms = client.run(query, mode, &token, &caller, model).await?;
                    timings.push(Timing { query: index, ms });
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Error>((client, timings))
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            let (client, timings) = task.await.map_err(|error| Error::Internal(error.to_string()))??;
            self.clients.push(client);
            all.extend(timings);
        }
        Ok(all)
    }
}

impl QueryClient {
    /// Runs one query; returns its latency in milliseconds.
    async fn run(&mut self, query: &WorkloadQuery, mode: &str, token: &str, caller: &str, model: i64) -> Result<f64> {
        match self {
            Self::Rest(http) => {
                let body = json!({"workflow_id": query.workflow, "query": query.text, "search_type": mode});
                let body = body.to_string();
                let begin = Instant::now();
                let (status, answer) = http.request("POST", "/api/tickets/search", token, &body).await?;
                let ms = begin.elapsed().as_secs_f64() * 1000.0;
                if status != 200 {
                    let answer = String::from_utf8_lossy(answer);
                    return Err(Error::Unavailable(format!("a search returned {status}: {answer}")));
                }
                Ok(ms)
            }
            Self::Sql(client, statement) => {
                let vector = (mode != "keyword").then_some(&query.vector);
                let model = vector.map(|_| model);
                let (filters, limit, comments) = (Json(json!({})), 10i32, true);
                let begin = Instant::now();
                let row = client
                    .query_one(
                        &*statement,
                        &[&caller, &query.workflow, &query.text, &mode, &filters, &limit, &comments, &model, &vector],
                    )
                    .await?;
                let answer: Json<Box<RawValue>> = row.get(0);
                let ms = begin.elapsed().as_secs_f64() * 1000.0;
                if answer.0.get().len() < 2 {
                    return Err(Error::Internal("a search returned an empty document".to_owned()));
                }
                Ok(ms)
            }
        }
    }
}

/// The quantile `share` (0 to 1) of the values.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or_default()
}

/// The statement of [`crate::domain::search::tickets`], with its parameters in the order of that call.
fn search_statement() -> Result<&'static str> {
    functions::registered()
        .find(|function| function.name == "search_tickets")
        .map(SqlFunction::statement)
        .ok_or_else(|| Error::Internal("search_tickets is not called anywhere".to_owned()))
}
