//! The schema `reporting`: its figures beside ones computed by hand, and what analysts may read.

mod analysts;
mod dashboard;
mod imports;
mod jobs;
mod metrics;
mod milestones;
mod past;
mod reports;
mod schema;
mod usage;

use serde_json::Value;
use tokio_postgres::types::Json;

use crate::logic::fixtures::Fixture;

/// A database with the tickets of `fixture.sql`.
pub async fn tickets(hint: &str) -> Fixture {
    let fixture = Fixture::open(hint).await;
    let mut statement = String::new();
    // Each statement is a transaction of its own, as events in a database are.
    for line in include_str!("fixture.sql").lines() {
        statement.extend([line, "\n"]);
        if line.ends_with(';') && statement.matches("$$").count().is_multiple_of(2) {
            fixture.client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            statement.clear();
        }
    }
    fixture
}

/// The rows of a query as JSON; `$W` stands for the workflow.
async fn rows(fixture: &Fixture, sql: &str) -> Value {
    let sql = sql.replace("$W", &format!("'{}'", fixture.workflow));
    let all = format!("select coalesce(jsonb_agg(to_jsonb(x)), '[]') from ({sql}) x");
    let row = fixture.client.query_one(&all, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    row.get::<_, Json<Value>>(0).0
}

/// Stores the past up to the next `events` events; returns how many there were.
pub async fn refresh(fixture: &Fixture, events: i64) -> i64 {
    let sql = "select logic.refresh_reporting($1, $2)";
    fixture.client.query_one(sql, &[&fixture.workflow, &events]).await.expect("stored").get(0)
}
