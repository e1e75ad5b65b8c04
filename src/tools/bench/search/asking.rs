//! Asking the server, and asking Postgres the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Statement};

use super::questions::Question;
use crate::db::functions::{self, SqlFunction};
use crate::db::pool::connect;
use crate::tools::bench::house::House;
use crate::tools::bench::load::Http;
use crate::{Error, Result};

/// The ways to search.
pub const MODES: [&str; 3] = ["keyword", "semantic", "hybrid"];

/// What the search answers, as far as it is looked at.
#[derive(Deserialize)]
struct Answer {
    mode: String,
    results: Vec<Found>,
    notice: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    ticket_id: String,
}

/// The tickets that a search finds, the best first. It must have gone the way that was asked for.
pub async fn found(http: &mut Http, token: &str, body: &str, mode: &str) -> Result<Vec<String>> {
    let answer: Answer = http.json("POST", "/api/tickets/search", token, body).await?;
    if answer.mode != mode {
        let notice = answer.notice.unwrap_or_default();
        return Err(Error::Unavailable(format!("a {mode} search was done by {}: {notice}", answer.mode)));
    }
    Ok(answer.results.into_iter().map(|found| found.ticket_id).collect())
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server, over HTTP.
    Rest,
    /// Postgres, by the statement that the server prepares.
    Sql,
}

/// One connection to who is asked.
enum Asker {
    Rest(Http),
    Sql(Box<Client>, Statement),
}

/// Several connections that ask the same questions in turn.
pub struct Askers {
    askers: Vec<Asker>,
    token: Arc<str>,
    caller: Arc<str>,
    model: i64,
    next: Arc<AtomicUsize>,
}

/// How long one answer took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Of which question, by place.
    pub question: usize,
    /// Milliseconds.
    pub ms: f64,
}

impl Askers {
    /// Connects so many.
    pub async fn open(house: &House, side: Side, clients: usize, model: i64) -> Result<Self> {
        let mut askers = Vec::new();
        for _ in 0..clients {
            askers.push(match side {
                Side::Rest => Asker::Rest(Http::open(&house.address).await?),
                Side::Sql => {
                    let client = connect(&house.url, "callboard-bench").await?;
                    let statement = client.prepare(search_statement()?).await?;
                    Asker::Sql(Box::new(client), statement)
                }
            });
        }
        Ok(Self {
            askers,
            token: house.token.as_str().into(),
            caller: house.caller.as_str().into(),
            model,
            next: Arc::default(),
        })
    }

    /// Asks until the time is over and `at_least` answers came; goes on where it left off.
    pub async fn ask(
        &mut self,
        questions: &Arc<Vec<Question>>,
        mode: &'static str,
        span: Duration,
        at_least: usize,
    ) -> Result<Vec<Took>> {
        let begin = Instant::now();
        let done = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for mut asker in self.askers.drain(..) {
            let (questions, token, caller) = (questions.clone(), self.token.clone(), self.caller.clone());
            let (next, done, model) = (self.next.clone(), done.clone(), self.model);
            tasks.push(tokio::spawn(async move {
                let mut took = Vec::new();
                while begin.elapsed() < span || done.load(Ordering::Relaxed) < at_least {
                    let place = next.fetch_add(1, Ordering::Relaxed) % questions.len().max(1);
                    let Some(question) = questions.get(place) else { break };
                    let ms = asker.ask(question, mode, &token, &caller, model).await?;
                    took.push(Took { question: place, ms });
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Error>((asker, took))
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            let (asker, took) = task.await.map_err(|error| Error::Internal(error.to_string()))??;
            self.askers.push(asker);
            all.extend(took);
        }
        Ok(all)
    }
}

impl Asker {
    /// Milliseconds for one answer.
    async fn ask(&mut self, question: &Question, mode: &str, token: &str, caller: &str, model: i64) -> Result<f64> {
        match self {
            Self::Rest(http) => {
                let body = json!({"workflow_id": question.workflow, "query": question.text, "search_type": mode});
                let body = body.to_string();
                let begin = Instant::now();
                let (status, answer) = http.ask("POST", "/api/tickets/search", token, &body).await?;
                let ms = begin.elapsed().as_secs_f64() * 1000.0;
                if status != 200 {
                    let answer = String::from_utf8_lossy(answer);
                    return Err(Error::Unavailable(format!("a search gave {status}: {answer}")));
                }
                Ok(ms)
            }
            Self::Sql(client, statement) => {
                let vector = (mode != "keyword").then_some(&question.vector);
                let model = vector.map(|_| model);
                let (filters, limit, comments) = (Json(json!({})), 10i32, true);
                let begin = Instant::now();
                let row = client
                    .query_one(
                        &*statement,
                        &[
                            &caller,
                            &question.workflow,
                            &question.text,
                            &mode,
                            &filters,
                            &limit,
                            &comments,
                            &model,
                            &vector,
                        ],
                    )
                    .await?;
                let answer: Json<Box<RawValue>> = row.get(0);
                let ms = begin.elapsed().as_secs_f64() * 1000.0;
                if answer.0.get().len() < 2 {
                    return Err(Error::Internal("a search answered nothing".to_owned()));
                }
                Ok(ms)
            }
        }
    }
}

/// The value below which so large a share of the values lies.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or_default()
}

/// The statement of [`crate::domain::search::tickets`], with its parameters in the order of that call.
fn search_statement() -> Result<&'static str> {
    functions::registered()
        .find(|function| function.name == "search_tickets")
        .map(SqlFunction::statement)
        .ok_or_else(|| Error::Internal("search_tickets is called nowhere".to_owned()))
}
