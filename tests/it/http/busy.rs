//! A server whose database connections are all held by waiting requests.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;

use super::fixtures::{self, TestWorkflow};
use crate::client::{Answer, Client, Server, server, server_with};
use crate::harness;
use crate::live::socket::Socket;

/// Statements that wait for a lock.
async fn lock_waits(server: &Server) -> i64 {
    server
        .number("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
        .await
}

/// Sends a change of a ticket without waiting for the answer.
fn change(owner: &Client, ticket: &str, title: &str) -> JoinHandle<Answer> {
    let (owner, body) = (owner.clone(), json!({"ticket_id": ticket, "updates": {"title": title}}));
    tokio::spawn(async move { owner.post("/api/tickets/update", body).await })
}

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
    harness::eventually("the share of the workflow waits for the row", async || lock_waits(&server).await >= 3).await;
    let started = Instant::now();
    ada.get("/health").await.ok();
    ada.get("/ready").await.ok();
    let login = json!({"email": "ada@example.org", "password": "correct horse"});
    let signed_in = server.anonymous().post("/api/auth/login", login).await.ok();
    server.anonymous().post("/api/auth/token/refresh", json!({"refresh": signed_in["refresh"]})).await.ok();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    // A request without a free connection fails fast with Retry-After.
    harness::eventually("some requests get Retry-After", async || waiting.iter().any(JoinHandle::is_finished)).await;
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

#[tokio::test]
async fn held_rows_of_one_workflow_do_not_hold_up_another() {
    let server = fixtures::open("shares").await;
    let ada = fixtures::signed_in_user(&server, "ada").await;
    let (held, free) = (TestWorkflow::of(&ada).await, TestWorkflow::of(&ada).await);
    let mut tickets = Vec::new();
    for n in 0..8 {
        tickets.push(held.ticket(&format!("Held ticket {n}")).await);
    }
    let ticket = free.ticket("Free ticket").await;
    let mut holder = harness::connect(&server.db.url).await;
    let lock = holder.transaction().await.expect("a transaction");
    lock.execute("select from tickets where workflow_id = $1 for update", &[&held.workflow]).await.expect("lock");
    // The tickets differ, so only their workflow tells that they belong together.
    let waiting: Vec<_> = (0..40).map(|n| change(&ada, &tickets[n % 8], &format!("Change number {n}"))).collect();
    harness::eventually("the share of the workflow waits", async || lock_waits(&server).await >= 3).await;
    for n in 0..20 {
        ada.get(&format!("/api/board/{}", free.workflow)).await.ok();
        ada.get(&format!("/api/board/{}", held.workflow)).await.ok();
        change(&ada, &ticket, &format!("Free ticket {n}")).await.expect("an answer").ok();
        let mut socket = Socket::open(&server.url, ada.token.as_deref().expect("a token")).await;
        socket.subscribe(&format!("workflow:{}", free.workflow), None).await;
        socket.until("subscribed").await;
    }
    lock.rollback().await.expect("release");
    for one in waiting {
        let answer = one.await.expect("an answer");
        assert!(matches!(answer.status, 200 | 503), "{}", answer.json);
    }
}

#[tokio::test]
async fn a_statement_ends_when_its_client_has_gone() {
    // Lock waits are limited to 100 seconds, longer than this test waits for a cancellation.
    let server = server_with("abandoned", &["--statement-timeout", "600"], Vec::new()).await;
    let ada = fixtures::signed_in_user(&server, "ada").await;
    let work = TestWorkflow::of(&ada).await;
    let ticket = work.ticket("Held ticket").await;
    let mut holder = harness::connect(&server.db.url).await;
    let lock = holder.transaction().await.expect("a transaction");
    lock.execute("select from tickets where id = $1 for update", &[&ticket]).await.expect("lock");
    for round in 0..3 {
        let waiting: Vec<_> = (0..3).map(|n| change(&ada, &ticket, &format!("Change {round} {n}"))).collect();
        harness::eventually("the changes wait for the row", async || lock_waits(&server).await == 3).await;
        for one in &waiting {
            one.abort();
        }
        // The row is still held, so only a cancellation ends the wait.
        harness::eventually("the statements are cancelled", async || lock_waits(&server).await == 0).await;
    }
    lock.rollback().await.expect("release");
    assert_eq!(work.read(&ticket).await["title"], "Held ticket", "a cancelled change is not carried out");
    // No connection is left in a state that harms the next statement.
    let changes = (0..30).map(|n| change(&ada, &ticket, &format!("Later change {n}")));
    for one in futures_util::future::join_all(changes).await {
        one.expect("an answer").ok();
    }
}
