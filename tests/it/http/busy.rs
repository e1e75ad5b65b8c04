//! A server whose database connections are all held by waiting requests.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::server;
use crate::harness;

#[tokio::test]
async fn locked_rows_do_not_block_sign_in() {
    let server = server("busy").await;
    let ada = server.user("ada").await;
    let made = ada.post("/api/workflows", json!({"name": "Held"})).await.created();
    let path = format!("/api/workflows/{}", made["id"].as_str().expect("an id"));
    let mut holder = harness::connect(&server.db.url).await;
    let held = holder.transaction().await.expect("a transaction");
    held.execute("select from workflows for update", &[]).await.expect("lock the row");
    let waiting: Vec<_> = (0..12)
        .map(|n| {
            let (ada, path) = (ada.clone(), path.clone());
            tokio::spawn(async move {
                let started = Instant::now();
                (ada.patch(&path, json!({"description": format!("change {n}")})).await, started.elapsed())
            })
        })
        .collect();
    harness::eventually("the requests wait for the row", async || {
        let rows = server
            .sql(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
                &[],
            )
            .await;
        rows[0].get::<_, i64>(0) >= 4
    })
    .await;
    let started = Instant::now();
    ada.get("/health").await.ok();
    ada.get("/ready").await.ok();
    let login = json!({"email": "ada@example.org", "password": "correct horse"});
    let signed_in = server.anonymous().post("/api/auth/login", login).await.ok();
    server.anonymous().post("/api/auth/token/refresh", json!({"refresh": signed_in["refresh"]})).await.ok();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    // A request without a free connection fails fast with Retry-After.
    harness::eventually("some requests get Retry-After", async || {
        waiting.iter().any(tokio::task::JoinHandle::is_finished)
    })
    .await;
    held.rollback().await.expect("release");
    let mut refused = 0;
    for one in waiting {
        let (answer, took) = one.await.expect("an answer");
        assert!(took < Duration::from_secs(10), "{took:?}");
        match answer.status {
            200 => {}
            _ => {
                assert!(answer.header("retry-after").is_some());
                answer.refused(503);
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    ada.get(&path).await.ok();
}
