//! How many of the truly nearest tickets the bounded search for them finds.

use std::sync::Arc;

use pgvector::HalfVector;
use serde_json::{Value, json};
use tokio_postgres::types::Json;

use super::generate::{Grown, SELDOM, SHARES};
use super::workload::{Question, questions};
use crate::Result;
use crate::domain::embeddings::Bert;
use crate::tools::bench::report::Report;
use crate::tools::bench::test_server::House;

/// Questions of each kind.
const EACH: i64 = 15;

/// Compares with the exact distance to every ticket of the workflow.
pub async fn measure(house: &House, bert: &Bert, grown: &Grown, report: &mut Report) -> Result<()> {
    report.heading(&format!(
        "Nearest among {} tickets: recall@10 against exact distance (aim ≥ 0.97), full pages",
        grown.total
    ));
    let asked = Arc::new(questions(house, bert, grown, EACH, 0).await?);
    let filters = [
        ("no filter", json!({})),
        ("one priority", json!({"priority": ["high"]})),
        ("a tag that 1 of 500 has", json!({"tags": [SELDOM]})),
    ];
    for (name, filter) in filters {
        for (workflow, share) in grown.workflows.iter().zip(SHARES) {
            let compared = compare(house, grown.model, workflow, &asked, &filter).await?;
            report.line(
                &format!("workflow with {share}%, {name}"),
                &format!("{:.3}   {:.0}% full pages of 10", compared.recall, compared.full * 100.0),
            );
        }
    }
    report.print();
    Ok(())
}

struct Compared {
    recall: f64,
    full: f64,
}

async fn compare(house: &House, model: i64, workflow: &str, asked: &[Question], filter: &Value) -> Result<Compared> {
    let exact = house
        .sql
        .prepare(
            "select min(e.embedding <=> $3::halfvec) from ticket_embeddings e join tickets t on t.id = e.ticket_id
              where e.workflow_id = $1 and e.model_id = $2 and logic.matches_filters(t, $4)
              group by e.ticket_id order by 1 limit 10",
        )
        .await?;
    let nearest = house
        .sql
        .prepare("select n.distance from logic.nearest_tickets($1, $2, $3, $4, 100) n order by n.distance limit 10")
        .await?;
    let (mut recall, mut full) = (0.0, 0.0);
    for question in asked {
        let vector: &HalfVector = &question.vector;
        let wanted = house.sql.query(&exact, &[&workflow, &model, vector, &Json(filter)]).await?;
        let found = house.sql.query(&nearest, &[&workflow, &model, vector, &Json(filter)]).await?;
        let wanted: Vec<f64> = wanted.iter().map(|row| row.get(0)).collect();
        let found: Vec<f64> = found.iter().map(|row| row.get(0)).collect();
        // Tickets that are equally near are as good as each other.
        let farthest = wanted.last().copied().unwrap_or_default() + 1e-6;
        let hits = found.iter().filter(|distance| **distance <= farthest).count();
        recall += hits as f64 / wanted.len().max(1) as f64;
        full += f64::from(u8::from(found.len() >= wanted.len()));
    }
    let count = asked.len().max(1) as f64;
    Ok(Compared { recall: recall / count, full: full / count })
}
