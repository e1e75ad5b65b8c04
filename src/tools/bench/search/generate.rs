//! Workflows that hold half, a fifth, a tenth, a twentieth and a hundredth of the tickets, and the rest.

use std::time::Instant;

use super::dataset::{self, Stock};
use crate::Result;
use crate::tools::bench::test_server::House;

/// What of the tickets each workflow holds, in hundredths.
pub const SHARES: [i64; 5] = [50, 20, 10, 5, 1];
/// A tag that one of five hundred tickets has.
pub const SELDOM: &str = "seldom";

/// Workflows that are measured.
pub struct Grown {
    /// Their ids, in the order of the shares.
    pub workflows: Vec<String>,
    /// The model that serves.
    pub model: i64,
    /// All tickets there are now.
    pub total: i64,
}

/// Makes the workflows, and what copies are made from.
pub async fn prepare(house: &House, stock: &Stock) -> Result<Grown> {
    let sql = &house.sql;
    let mut workflows = Vec::new();
    for share in SHARES {
        let statement = "select logic.create_workflow($1, 'Holds ' || $2::bigint || ' of 100') ->> 'id'";
        workflows.push(sql.query_one(statement, &[&house.caller, &share]).await?.get(0));
    }
    // What only quality was measured with would be in the way of the shares.
    if !stock.untitled.is_empty() {
        for table in ["ticket_comments", "ticket_search", "ticket_embeddings", "tickets"] {
            let statement = format!(
                "set session_replication_role = replica;
                 delete from {table} where workflow_id = '{}';
                 reset session_replication_role",
                stock.untitled
            );
            sql.batch_execute(&statement).await?;
        }
    }
    let model: i64 = sql.query_one("select id from embedding_models where state = 'serving'", &[]).await?.get(0);
    sql.batch_execute(&format!(
        "create table bench_growth as select {model}::bigint as model;
         create table bench_places (workflow_id text collate \"C\" primary key, wanted bigint not null);
         create table bench_sources as
         select row_number() over (order by t.number) as n, t.title, t.description, t.tags, t.priority,
                ts_filter(s.document, '{{b,c,d}}') as rest, e.embedding
           from tickets t
           join ticket_search s on s.ticket_id = t.id
           join ticket_embeddings e on e.workflow_id = t.workflow_id and e.ticket_id = t.id and e.model_id = {model} and e.part = 0
          where t.workflow_id = '{}';
         analyze bench_sources",
        stock.workflow
    ))
    .await?;
    Ok(Grown { workflows, model, total: 0 })
}

/// Adds tickets until there are so many; those that were imported are among the rest.
pub async fn grow(house: &House, stock: &Stock, grown: &mut Grown, tickets: i64) -> Result<()> {
    eprintln!("making {tickets} tickets");
    let begin = Instant::now();
    for (workflow, share) in grown.workflows.iter().zip(SHARES) {
        place(house, workflow, tickets * share / 100).await?;
    }
    let shared: i64 = SHARES.iter().sum();
    place(house, &stock.workflow, (tickets * (100 - shared) / 100).max(stock.tickets)).await?;
    house.sql.batch_execute(include_str!("generate.sql")).await?;
    dataset::gather_statistics(house).await?;
    house.sql.batch_execute("checkpoint").await?;
    grown.total = house.sql.query_one("select count(*) from tickets", &[]).await?.get(0);
    eprintln!("made in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

async fn place(house: &House, workflow: &str, wanted: i64) -> Result<()> {
    let statement = "insert into bench_places (workflow_id, wanted) values ($1, $2)
                     on conflict (workflow_id) do update set wanted = excluded.wanted";
    house.sql.execute(statement, &[&workflow, &wanted]).await?;
    Ok(())
}
