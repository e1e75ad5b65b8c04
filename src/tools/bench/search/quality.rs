//! What of the labelled queries is found, and how far up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::labelled::{Query, Set};
use super::queries::{MODES, found};
use crate::tools::bench::load::Http;
use crate::tools::bench::report::Report;
use crate::tools::bench::test_server::House;
use crate::{Error, Result};

/// So many results are looked at.
const LOOKED_AT: usize = 10;
/// Requests at once.
const CLIENTS: usize = 2;

/// Of a set in one mode, on average over its queries.
#[derive(Debug, Clone, Copy, Default)]
struct Scores {
    /// One over the place of the first relevant ticket, if it is among the first ten.
    reciprocal_rank: f64,
    /// The share of relevant tickets (at most ten) among the first ten.
    recall: f64,
}

/// Asks every query in every mode and adds the table.
pub async fn measure(house: &House, sets: &[Set], report: &mut Report) -> Result<()> {
    report.heading("What is found: MRR@10 / recall@10 (aim: hybrid at least the better of both)");
    report.line("", &format!("{:<15}{:<15}{:<15}", MODES[0], MODES[1], MODES[2]));
    for set in sets {
        let mut cells = Vec::new();
        for mode in MODES {
            let scores = ask_all(house, set, mode).await?;
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

async fn ask_all(house: &House, set: &Set, mode: &'static str) -> Result<Scores> {
    let next = Arc::new(AtomicUsize::new(0));
    let ask = || async {
        let mut http = Http::open(&house.address).await?;
        let mut sum = Scores::default();
        while let Some(query) = set.queries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = ask_one(house, &mut http, &set.workflow, query, mode).await?;
            sum.reciprocal_rank += one.reciprocal_rank;
            sum.recall += one.recall;
        }
        Ok::<_, Error>(sum)
    };
    let sums = futures_util::future::try_join_all((0..CLIENTS).map(|_| ask())).await?;
    let count = set.queries.len().max(1) as f64;
    Ok(Scores {
        reciprocal_rank: sums.iter().map(|sum| sum.reciprocal_rank).sum::<f64>() / count,
        recall: sums.iter().map(|sum| sum.recall).sum::<f64>() / count,
    })
}

async fn ask_one(house: &House, http: &mut Http, workflow: &str, query: &Query, mode: &str) -> Result<Scores> {
    let body = json!({"workflow_id": workflow, "query": query.text, "search_type": mode, "limit": LOOKED_AT + 1});
    let results = found(http, &house.token, &body.to_string(), mode).await?;
    let places = results.iter().filter(|id| Some(*id) != query.besides.as_ref()).take(LOOKED_AT);
    let hits: Vec<usize> =
        places.enumerate().filter(|(_, id)| query.relevant.contains(id)).map(|(place, _)| place).collect();
    Ok(Scores {
        reciprocal_rank: hits.first().map_or(0.0, |place| 1.0 / (place + 1) as f64),
        recall: hits.len() as f64 / query.relevant.len().clamp(1, LOOKED_AT) as f64,
    })
}
