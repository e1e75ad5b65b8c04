//! The recall of the approximate nearest-neighbour search against exact distances.

use std::sync::Arc;

use pgvector::HalfVector;
use serde_json::{Value, json};
use tokio_postgres::types::Json;

use super::generate::{Generated, RARE_TAG, SHARES};
use super::workload::{WorkloadQuery, workload};
use crate::Result;
use crate::domain::embeddings::Bert;
use crate::tools::bench::report::Report;
use crate::tools::bench::test_server::TestServer;

/// Queries of each kind.
const QUERIES_PER_KIND: i64 = 15;

/// Compares the results with the exact distances to all tickets of the workflow.
pub async fn measure(server: &TestServer, bert: &Bert, generated: &Generated, report: &mut Report) -> Result<()> {
    report.heading(&format!(
        "Nearest neighbours among {} tickets: recall@10 against exact distances (target ≥ 0.97), full pages",
        generated.total
    ));
    let queries = Arc::new(workload(server, bert, generated, QUERIES_PER_KIND, 0).await?);
    let filters = [
        ("no filter", json!({})),
        ("one priority", json!({"priority": ["high"]})),
        ("a tag of 1 ticket in 500", json!({"tags": [RARE_TAG]})),
    ];
    for (name, filter) in filters {
        for (workflow, share) in generated.workflows.iter().zip(SHARES) {
            let compared = compare(server, generated.model, workflow, &queries, &filter).await?;
            report.line(
                &format!("workflow with {share}% of tickets, {name}"),
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

async fn compare(
    server: &TestServer,
    model: i64,
    workflow: &str,
    queries: &[WorkloadQuery],
    filter: &Value,
) -> Result<Compared> {
    let exact = server
        .sql
        .prepare(
            "select min(e.embedding <=> $3::halfvec) from ticket_embeddings e join tickets t on t.id = e.ticket_id
              where e.workflow_id = $1 and e.model_id = $2 and logic.matches_filters(t, $4)
              group by e.ticket_id order by 1 limit 10",
        )
        .await?;
    let nearest = server
        .sql
        .prepare("select n.distance from logic.nearest_tickets($1, $2, $3, $4, 100) n order by n.distance limit 10")
        .await?;
    let (mut recall, mut full) = (0.0, 0.0);
    for query in queries {
        let vector: &HalfVector = &query.vector;
        let expected = server.sql.query(&exact, &[&workflow, &model, vector, &Json(filter)]).await?;
        let found = server.sql.query(&nearest, &[&workflow, &model, vector, &Json(filter)]).await?;
        let expected: Vec<f64> = expected.iter().map(|row| row.get(0)).collect();
        let found: Vec<f64> = found.iter().map(|row| row.get(0)).collect();
        // Ties count as hits.
        let farthest = expected.last().copied().unwrap_or_default() + 1e-6;
        let hits = found.iter().filter(|distance| **distance <= farthest).count();
        recall += hits as f64 / expected.len().max(1) as f64;
        full += f64::from(u8::from(found.len() >= expected.len()));
    }
    let count = queries.len().max(1) as f64;
    Ok(Compared { recall: recall / count, full: full / count })
}
