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

/// Moves tickets without waiting for the answers.
fn move_all(caller: &Client, tickets: &[String], status: &str) -> Vec<JoinHandle<Answer>> {
    let one = |ticket: &String| {
        let (caller, body) = (caller.clone(), json!({"ticket_id": ticket, "new_status": status}));
        tokio::spawn(async move { caller.post("/api/tickets/change-status", body).await })
    };
    tickets.iter().map(one).collect()
}

/// A board with open tickets.
async fn board_of(server: &Server, count: usize) -> (Client, TestWorkflow, Vec<String>) {
    let ada = fixtures::signed_in_user(server, "ada").await;
    let work = TestWorkflow::of(&ada).await;
    let mut tickets = Vec::new();
    for n in 0..count {
        tickets.push(work.ticket(&format!("Ticket number {n}")).await);
    }
    (ada, work, tickets)
}

/// Holds back what writes the events of a workflow until the first request waits; returns the answers.
async fn answers_after_a_hold(
    server: &Server,
    workflow: &str,
    send: impl Fn() -> Vec<JoinHandle<Answer>>,
) -> Vec<Answer> {
    let mut holder = harness::connect(&server.db.url).await;
    let lock = holder.transaction().await.expect("a transaction");
    lock.execute("select from streams where stream_id = 'workflow:' || $1 for update", &[&workflow])
        .await
        .expect("lock");
    let first = send();
    harness::eventually("the first moves wait for the stream", async || lock_waits(server).await >= 1).await;
    lock.rollback().await.expect("release");
    futures_util::future::join_all(first).await.into_iter().map(|one| one.expect("an answer")).collect()
}

#[tokio::test]
async fn moves_of_one_board_that_wait_for_each_other_share_commits() {
    let server = fixtures::open("groups").await;
    let (ada, _, tickets) = board_of(&server, 24).await;
    let rows = "from history where change_type = 'status_changed'";
    let mut moved = 0;
    harness::eventually("moves share transactions", async || {
        let column = if moved % 48 == 0 { "in_progress" } else { "review" };
        for one in move_all(&ada, &tickets, column) {
            assert_eq!(one.await.expect("an answer").ok()["success"], true);
        }
        moved += 24;
        server.number(&format!("select count(distinct xid) {rows}")).await < moved
    })
    .await;
    assert_eq!(server.number(&format!("select count(*) {rows}")).await, moved);
    assert_eq!(server.number(&format!("select max(seq) - min(seq) + 1 {rows}")).await, moved, "no seq is missing");
}

#[tokio::test]
async fn a_move_that_is_refused_or_held_up_leaves_its_group() {
    let server = fixtures::open("groupfaults").await;
    let (ada, work, tickets) = board_of(&server, 12).await;
    let stranger = fixtures::signed_in_user(&server, "eve").await;
    let mut holder = harness::connect(&server.db.url).await;
    let lock = holder.transaction().await.expect("a transaction");
    lock.execute("select from tickets where id = $1 for update", &[&tickets[5]]).await.expect("lock");
    let answers = answers_after_a_hold(&server, &work.workflow, || {
        let mut sent = move_all(&ada, &tickets[..5], "in_progress");
        sent.extend(move_all(&stranger, &tickets[6..8], "in_progress"));
        sent.extend(move_all(&ada, &tickets[8..9], "no_such_column"));
        sent.extend(move_all(&ada, &tickets[9..], "in_progress"));
        sent
    })
    .await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 404, 404, 422, 200, 200, 200]);
    let mut held = move_all(&ada, &tickets[5..6], "review");
    harness::eventually("the move waits for its ticket", async || lock_waits(&server).await == 1).await;
    // The others of the board do not wait with it.
    for one in move_all(&ada, &tickets[..5], "review") {
        one.await.expect("an answer").ok();
    }
    assert_eq!(lock_waits(&server).await, 1);
    lock.rollback().await.expect("release");
    held.remove(0).await.expect("an answer").ok();
    assert_eq!(server.number("select count(*) from tickets where status = 'review'").await, 6);
    assert_eq!(server.number("select count(*) from tickets where status = 'in_progress'").await, 3);
}

#[tokio::test]
async fn a_repeated_move_in_a_group_happens_once() {
    let server = fixtures::open("groupkeys").await;
    let (ada, work, tickets) = board_of(&server, 8).await;
    let answers = answers_after_a_hold(&server, &work.workflow, || {
        let one = |n: usize| {
            let (ada, body) = (ada.clone(), json!({"ticket_id": tickets[n % 8], "new_status": "in_progress"}));
            let key = format!("move-{}", n % 8);
            let request = ada.request(reqwest::Method::POST, "/api/tickets/change-status");
            tokio::spawn(async move { ada.send(request.header("idempotency-key", key).json(&body)).await })
        };
        (0..24).map(one).collect()
    })
    .await;
    for answer in answers {
        assert_eq!(answer.ok()["new_status"], "in_progress");
    }
    assert_eq!(server.number("select count(*) from history where change_type = 'status_changed'").await, 8);
}
