//! The quality of search: MRR and recall over labelled queries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::labelled::{Query, Set};
use super::queries::{MODES, search};
use crate::tools::bench::http::Http;
use crate::tools::bench::report::Report;
use crate::tools::bench::test_server::TestServer;
use crate::{Error, Result};

/// The number of results that count.
const CUTOFF: usize = 10;
/// Concurrent requests.
const CLIENTS: usize = 2;

/// Mean scores of a query set in one mode.
#[derive(Debug, Clone, Copy, Default)]
struct Scores {
    /// Reciprocal rank of the first relevant ticket among the first ten, or 0.
    reciprocal_rank: f64,
    /// Share of the relevant tickets (at most ten) that are among the first ten.
    recall: f64,
}

/// Runs every query in every mode and adds the table.
pub async fn measure(server: &TestServer, sets: &[Set], report: &mut Report) -> Result<()> {
    report.heading("Quality: MRR@10 / recall@10 (target: hybrid at least as good as the better of the others)");
    report.line("", &format!("{:<15}{:<15}{:<15}", MODES[0], MODES[1], MODES[2]));
    for set in sets {
        let mut cells = Vec::new();
        for mode in MODES {
            let scores = run_all(server, set, mode).await?;
            cells.push(scores);
        }
        let shown: String =
            cells.iter().map(|s| format!("{:<15}", format!("{:.3} / {:.3}", s.reciprocal_rank, s.recall))).collect();
        let better = |of: fn(&Scores) -> f64| match cells.as_slice() {
            [keyword, semantic, hybrid] => of(hybrid) - of(keyword).max(of(semantic)),
            _ => 0.0,
        };
        report.line(
            &format!("{} ({})", set.name, set.queries.len()),
            &format!("{shown}hybrid {:+.3} / {:+.3}", better(|s| s.reciprocal_rank), better(|s| s.recall)),
        );
    }
    Ok(())
}

async fn run_all(server: &TestServer, set: &Set, mode: &'static str) -> Result<Scores> {
    let next = Arc::new(AtomicUsize::new(0));
    let worker = || async {
        let mut http = Http::open(&server.address).await?;
        let mut sum = Scores::default();
        while let Some(query) = set.queries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = run_one(server, &mut http, &set.workflow, query, mode).await?;
            sum.reciprocal_rank += one.reciprocal_rank;
            sum.recall += one.recall;
        }
        Ok::<_, Error>(sum)
    };
    let sums = futures_util::future::try_join_all((0..CLIENTS).map(|_| worker())).await?;
    let count = set.queries.len().max(1) as f64;
    Ok(Scores {
        reciprocal_rank: sums.iter().map(|sum| sum.reciprocal_rank).sum::<f64>() / count,
        recall: sums.iter().map(|sum| sum.recall).sum::<f64>() / count,
    })
}

async fn run_one(server: &TestServer, http: &mut Http, workflow: &str, query: &Query, mode: &str) -> Result<Scores> {
    let body = json!({"workflow_id": workflow, "query": query.text, "search_type": mode, "limit": CUTOFF + 1});
    let results = search(http, &server.token, &body.to_string(), mode).await?;
    let ranked = results.iter().filter(|id| Some(*id) != query.ignored.as_ref()).take(CUTOFF);
    let hits: Vec<usize> =
        ranked.enumerate().filter(|(_, id)| query.relevant.contains(id)).map(|(rank, _)| rank).collect();
    Ok(Scores {
        reciprocal_rank: hits.first().map_or(0.0, |rank| 1.0 / (rank + 1) as f64),
        recall: hits.len() as f64 / query.relevant.len().clamp(1, CUTOFF) as f64,
    })
}
