//! Helpers for models, and claims as a server makes them.

use serde_json::{Value, json};
use tokio_postgres::types::Json;

use crate::logic::fixtures::Fixture;

/// Registers a model of three dimensions; returns its id.
pub async fn register(fixture: &Fixture, name: &str) -> i64 {
    fixture
        .ok("register_embedding_model", json!({"model_name": name, "model_dimensions": 3}))
        .await
        .as_i64()
        .expect("an id")
}

/// Claims the waiting tickets.
pub async fn claim(fixture: &Fixture, model: i64) -> Value {
    fixture.ok("claim_embeddings", json!({"model": model, "max_tickets": 1000})).await
}

/// The ids of the tickets of a claim.
pub fn ids(claim: &Value) -> Vec<String> {
    let mut ids: Vec<_> = tickets(claim).iter().map(|t| t["ticket_id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

/// The tickets of a claim.
pub fn tickets(claim: &Value) -> &Vec<Value> {
    claim["tickets"].as_array().expect("tickets")
}

/// Stores a vector for each text of a claim; returns how many tickets were still claimed.
pub async fn store(fixture: &Fixture, model: i64, claim: &Value) -> i64 {
    store_as(fixture, model, claim, "[1,2,3]").await.expect("stored")
}

/// Like [`store`], with a given vector; the error is the SQLSTATE.
pub async fn store_as(fixture: &Fixture, model: i64, claim: &Value, vector: &str) -> Result<i64, String> {
    let done: Vec<Value> = tickets(claim)
        .iter()
        .map(|t| {
            let parts = t["texts"].as_array().expect("texts").len();
            json!({"ticket_id": t["ticket_id"], "revision": t["revision"], "hash": t["hash"], "parts": parts})
        })
        .collect();
    let count = tickets(claim).iter().map(|t| t["texts"].as_array().expect("texts").len()).sum::<usize>() as i64;
    let text = |name: &str| claim[name].as_str().expect("a time").to_owned();
    let row = fixture
        .client
        .query_one(
            "select logic.store_embeddings($1, $2::text::timestamptz, $3::text::timestamptz, $4,
                array(select $5::text::halfvec from generate_series(1, $6::int8)))",
            &[&model, &text("claimed_at"), &text("lease"), &Json(Value::Array(done)), &vector, &count],
        )
        .await;
    row.map(|row| row.get(0)).map_err(|error| error.code().expect("an SQLSTATE").code().to_owned())
}

/// Claims and stores until the queue is empty.
pub async fn drain(fixture: &Fixture, model: i64) -> usize {
    let mut count = 0;
    loop {
        let claim = claim(fixture, model).await;
        if tickets(&claim).is_empty() && claim["dropped"] == 0 {
            return count;
        }
        count += tickets(&claim).len();
        store(fixture, model, &claim).await;
    }
}

/// The number returned by an SQL query.
pub async fn number(fixture: &Fixture, sql: &str) -> i64 {
    fixture.client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
}

/// The number of waiting tickets.
pub async fn waiting(fixture: &Fixture) -> i64 {
    number(fixture, "select count(*) from embedding_queue").await
}
