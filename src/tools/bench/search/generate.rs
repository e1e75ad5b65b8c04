//! Generates tickets in workflows that hold 50, 20, 10, 5 and 1 percent of them; the imported workflow holds the rest.

use std::time::Instant;

use super::dataset::{self, Dataset};
use crate::Result;
use crate::tools::bench::test_server::TestServer;

/// The percentage of all tickets in each workflow.
pub const SHARES: [i64; 5] = [50, 20, 10, 5, 1];
/// A tag of one ticket in 500.
pub const RARE_TAG: &str = "rare";

/// The generated workflows.
pub struct Generated {
    /// Their ids, in the order of the shares.
    pub workflows: Vec<String>,
    /// The embedding model that serves searches.
    pub model: i64,
    /// The current total number of tickets.
    pub total: i64,
}

/// Creates the workflows, and the table of source tickets to copy from.
pub async fn prepare(server: &TestServer, dataset: &Dataset) -> Result<Generated> {
    let sql = &server.sql;
    let mut workflows = Vec::new();
    for share in SHARES {
        let statement = "select logic.create_workflow($1, 'Holds ' || $2::bigint || ' of 100') ->> 'id'";
        workflows.push(sql.query_one(statement, &[&server.caller, &share]).await?.get(0));
    }
    // The tickets without titles are only for the measurement of quality and would distort the shares.
    if !dataset.untitled.is_empty() {
        for table in ["ticket_comments", "ticket_search", "ticket_embeddings", "tickets"] {
            let statement = format!(
                "set session_replication_role = replica;
                 delete from {table} where workflow_id = '{}';
                 reset session_replication_role",
                dataset.untitled
            );
            sql.batch_execute(&statement).await?;
        }
    }
    let model: i64 = sql.query_one("select id from embedding_models where state = 'serving'", &[]).await?.get(0);
    sql.batch_execute(&format!(
        "create table bench_model as select {model}::bigint as model;
         create table bench_targets (workflow_id text collate \"C\" primary key, wanted bigint not null);
         create table bench_sources as
         select row_number() over (order by t.number) as n, t.title, t.description, t.tags, t.priority,
                ts_filter(s.document, '{{b,c,d}}') as rest, e.embedding
           from tickets t
           join ticket_search s on s.ticket_id = t.id
           join ticket_embeddings e on e.workflow_id = t.workflow_id and e.ticket_id = t.id and e.model_id = {model} and e.part = 0
          where t.workflow_id = '{}';
         analyze bench_sources",
        dataset.workflow
    ))
    .await?;
    Ok(Generated { workflows, model, total: 0 })
}

/// Adds tickets until there are `tickets` in total, including the imported ones.
pub async fn fill(server: &TestServer, dataset: &Dataset, generated: &mut Generated, tickets: i64) -> Result<()> {
    eprintln!("generating {tickets} tickets");
    let begin = Instant::now();
    for (workflow, share) in generated.workflows.iter().zip(SHARES) {
        set_target(server, workflow, tickets * share / 100).await?;
    }
    let shared: i64 = SHARES.iter().sum();
    set_target(server, &dataset.workflow, (tickets * (100 - shared) / 100).max(dataset.tickets)).await?;
    server.sql.batch_execute(include_str!("generate.sql")).await?;
    dataset::gather_statistics(server).await?;
    server.sql.batch_execute("checkpoint").await?;
    generated.total = server.sql.query_one("select count(*) from tickets", &[]).await?.get(0);
    eprintln!("generated in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

async fn set_target(server: &TestServer, workflow: &str, wanted: i64) -> Result<()> {
    let statement = "insert into bench_targets (workflow_id, wanted) values ($1, $2)
                     on conflict (workflow_id) do update set wanted = excluded.wanted";
    server.sql.execute(statement, &[&workflow, &wanted]).await?;
    Ok(())
}
