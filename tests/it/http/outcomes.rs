//! Whether a failed write was carried out: known, or honestly unknown.

use callboard::client::Outcome;
use callboard::error::Problem;
use reqwest::Method;
use serde_json::json;

use super::fixtures::{TestWorkflow, open, signed_in_user};
use crate::client::{Answer, Server};
use crate::harness;

/// Ends the backends of this database that wait for a lock, as a failover would.
async fn end_waiting_backends(server: &Server) {
    harness::eventually("a statement waits", async || {
        let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                      where wait_event_type = 'Lock' and datname = current_database()";
        server.number(ended).await > 0
    })
    .await;
}

fn outcome(answer: &Answer) -> Outcome {
    let code = answer.json["code"].as_str().expect("a code").to_owned();
    let problem =
        Problem { status: answer.status, code, detail: String::new(), errors: vec![], extra: Default::default() };
    problem.outcome()
}

#[tokio::test]
async fn a_backend_that_ends_during_a_write_leaves_its_outcome_unknown() {
    let server = open("outcome").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let path = format!("/api/workflows/{}", fixture.workflow);
    let rename = || {
        let request = fixture.owner.request(Method::PATCH, &path).header("Idempotency-Key", "once");
        let (owner, request) = (fixture.owner.clone(), request.json(&json!({"description": "Renamed."})));
        async move { owner.send(request).await }
    };
    let mut holder = harness::connect(&server.db.url).await;
    let held = holder.transaction().await.expect("a transaction");
    held.execute("select from workflows for update", &[]).await.expect("lock the row");
    let sent = tokio::spawn(rename());
    end_waiting_backends(&server).await;
    let lost = sent.await.expect("an answer");
    assert_eq!(outcome(&lost), Outcome::Unknown);
    assert!(
        lost.json["detail"].as_str().is_some_and(|detail| detail.contains("same Idempotency-Key")),
        "{}",
        lost.json
    );
    assert!(lost.header("retry-after").is_some());
    assert_eq!(lost.refused(503), "outcome_unknown");
    held.rollback().await.expect("release");
    // The repetition carries it out, and the next one only repeats the answer.
    let done = rename().await;
    assert_eq!((done.header("idempotency-replayed"), done.status), (None, 200), "{}", done.json);
    let again = rename().await;
    assert_eq!((again.header("idempotency-replayed"), &again.json), (Some("true"), &done.json));

    // A read has no outcome: it is simply tried again. So is a write that was refused before it was sent.
    let held = holder.transaction().await.expect("a transaction");
    held.execute("lock table tickets in access exclusive mode", &[]).await.expect("lock the table");
    let (owner, board) = (fixture.owner.clone(), format!("/api/board/{}", fixture.workflow));
    let read = tokio::spawn(async move { owner.get(&board).await });
    end_waiting_backends(&server).await;
    let lost = read.await.expect("an answer");
    assert_eq!(outcome(&lost), Outcome::NotDone);
    assert_eq!(lost.refused(503), "unavailable");
}
