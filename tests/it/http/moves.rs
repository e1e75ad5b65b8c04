//! Claims, reordering, blockers, bulk updates, deletion and restoring, over HTTP.

use std::collections::BTreeSet;

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, redacted, signed_in_user, text};
use crate::harness;

/// The titles of a column's cards in order.
async fn column(fixture: &TestWorkflow, status: &str) -> Vec<String> {
    let path = format!("/api/tickets?workflow_id={}&status={status}", fixture.workflow);
    let page = fixture.owner.get(&path).await.ok();
    let mut cards = page["tickets"].as_array().expect("tickets").clone();
    cards.sort_by_key(|card| (text(card, "rank"), card["number"].as_i64()));
    cards.iter().map(|card| text(card, "title")).collect()
}

#[tokio::test]
async fn claims_assign_each_ticket_once() {
    let server = open("claim").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    for n in 0..8 {
        fixture
            .ticket_with(
                &format!("Work {n}"),
                json!({"tags": ["w"], "priority": if n == 5 { "critical" } else { "low" }}),
            )
            .await;
    }
    let ask = json!({"workflow_id": fixture.workflow, "tags": ["w"], "ticket_types": ["task"], "priorities": ["critical", "low"]});
    let first = ann.post("/api/tickets/claim", ask.clone()).await.ok();
    assert_json_snapshot!("claim", redacted(&first));
    let others = futures_util::future::join_all((0..10).map(|_| ann.post("/api/tickets/claim", ask.clone()))).await;
    let answers: Vec<Value> = others.into_iter().map(|answer| answer.ok()).collect();
    let got: Vec<&str> = answers.iter().filter_map(|answer| answer["ticket_id"].as_str()).collect();
    assert_eq!(got.len(), 7, "one successor each: {answers:?}");
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), 7);
    let none = ann.post("/api/tickets/claim", ask).await.ok();
    assert_json_snapshot!("claim_nothing", redacted(&none));
}

#[tokio::test]
async fn a_move_that_waits_behind_a_new_blocker_is_blocked() {
    let server = open("moverace").await;
    let owner = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&owner).await;
    let (blocker, blocked) = (fixture.ticket("The blocker").await, fixture.ticket("The blocked").await);
    let mut other = harness::connect(&server.db.url).await;
    let held = other.transaction().await.expect("a transaction");
    let edge = "select logic.set_blockers(caller => $1, ticket => $2, blocked_by_ticket_ids => array[$3])";
    held.query(edge, &[&owner.id, &blocked, &blocker]).await.expect("block it");
    let body = json!({"ticket_id": blocked, "new_status": "todo"});
    let waiting = tokio::spawn(async move { owner.post("/api/tickets/change-status", body).await });
    let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    harness::eventually("the move waits", async || server.number(waits).await > 0).await;
    held.commit().await.expect("commit");
    let answer = waiting.await.expect("an answer").ok();
    assert_eq!((&answer["blocked"], &answer["blocking_ticket_ids"]), (&json!(true), &json!([blocker])));
    assert_eq!(fixture.read(&blocked).await["status"], "backlog");
}

#[tokio::test]
async fn reordering_inside_a_column() {
    let server = open("reorder").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.push(fixture.ticket(name).await);
    }
    let answer = ann.post("/api/tickets/reorder", json!({"ticket_id": ids[2], "before": ids[0]})).await.ok();
    assert_json_snapshot!("reorder", redacted(&answer));
    assert_eq!(column(&fixture, "backlog").await, ["three", "one", "two"]);
    ann.post("/api/tickets/reorder", json!({"ticket_id": ids[2], "after": ids[0], "before": null})).await.ok();
    assert_eq!(column(&fixture, "backlog").await, ["one", "three", "two"]);

    fixture.move_to(&ids[0], "todo").await.ok();
    let body = json!({"ticket_id": ids[1], "new_status": "todo", "position": {"before": ids[0]}});
    ann.post("/api/tickets/change-status", body).await.ok();
    assert_eq!(column(&fixture, "todo").await, ["two", "one"]);
    for (body, field) in [
        (json!({"ticket_id": ids[0]}), "before"),
        (json!({"ticket_id": ids[0], "before": ids[1], "after": ids[1]}), "after"),
        (json!({"ticket_id": ids[0], "after": ids[0]}), "after"),
        (json!({"ticket_id": ids[0], "after": ids[2]}), "after"),
    ] {
        let answer = ann.post("/api/tickets/reorder", body).await;
        assert_eq!(answer.json["errors"][0]["field"], field);
        assert_eq!(answer.refused(422), "invalid");
    }
    // Concurrent drops into one gap all get distinct ranks.
    let drops =
        (0..6).map(|n| ann.post("/api/tickets/reorder", json!({"ticket_id": ids[n % 2], "after": ids[1 - n % 2]})));
    for answer in futures_util::future::join_all(drops).await {
        answer.ok();
    }
    assert_eq!(column(&fixture, "todo").await.len(), 2);
}

#[tokio::test]
async fn blockers_and_cycles() {
    let server = open("blockers").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let (a, b, c) = (fixture.ticket("The a").await, fixture.ticket("The b").await, fixture.ticket("The c").await);
    let set = async |ticket: &str, on: Value| {
        ann.post("/api/tickets/set-blockers", json!({"ticket_id": ticket, "blocked_by_ticket_ids": on})).await
    };
    let answer = set(&a, json!(["TKT-2", b])).await.ok();
    assert_eq!(answer["blocked_by_ticket_ids"], json!([b]));
    assert_json_snapshot!("set_blockers", redacted(&answer));
    set(&b, json!([c])).await.ok();
    assert_eq!(set(&c, json!([a])).await.refused(409), "dependency_cycle");
    let itself = set(&a, json!([a])).await;
    assert_eq!(itself.json["errors"][0]["field"], "blocked_by_ticket_ids");
    assert_eq!(itself.refused(422), "invalid");
    assert_eq!(set(&a, json!([])).await.ok()["blocked_by_ticket_ids"], json!([]));
    let body = json!({"ticket_id": b, "parent_ticket_id": b});
    assert_eq!(ann.post("/api/tickets/update", body).await.refused(409), "dependency_cycle");
}

#[tokio::test]
async fn bulk_updates_report_each_ticket_or_change_none() {
    let server = open("bulk").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let (a, b) = (fixture.ticket("The a").await, fixture.ticket("The b").await);
    let blocked = fixture.ticket_with("The c", json!({"blocked_by_ticket_ids": [a]})).await;
    let body = json!({"workflow_id": fixture.workflow, "ticket_ids": [a, "TKT-2", blocked], "new_status": "todo",
                      "updates": {"priority": "high"}, "comment": "All of them."});
    let answer = ann.post("/api/tickets/bulk-update", body).await.ok();
    assert_json_snapshot!("bulk_update", redacted(&answer));
    assert_eq!(fixture.read(&blocked).await["status"], "backlog");

    for (body, field) in [
        (json!({"ticket_ids": [a, "TKT-99"], "updates": {"priority": "low"}}), "ticket_ids"),
        (json!({"ticket_ids": [], "updates": {"priority": "low"}}), "ticket_ids"),
        (json!({"ticket_ids": [a]}), "updates"),
        (json!({"ticket_ids": [a, b], "updates": {"ticket_type": "poem"}}), "ticket_type"),
        (json!({"ticket_ids": [a, b], "new_status": "limbo"}), "new_status"),
    ] {
        let mut body = body;
        body["workflow_id"] = json!(fixture.workflow);
        let answer = ann.post("/api/tickets/bulk-update", body).await;
        assert_eq!(answer.json["errors"][0]["field"], field, "{}", answer.json);
        answer.refused(422);
    }
    assert_eq!(fixture.read(&a).await["priority"], "high", "a refused update changes no ticket");
}

#[tokio::test]
async fn deleted_tickets_can_be_restored() {
    let server = open("restore").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let id = fixture.ticket("Not for long").await;
    let path = format!("/api/tickets/{id}");
    assert_json_snapshot!("delete", redacted(&ann.delete(&path).await.ok()));
    assert_eq!(ann.get(&path).await.refused(404), "not_found");
    assert_eq!(ann.delete(&path).await.refused(404), "not_found");
    assert_eq!(fixture.move_to(&id, "done").await.refused(404), "not_found");
    assert_json_snapshot!("restore", redacted(&ann.post(&format!("{path}/restore"), json!({})).await.ok()));
    let types: Vec<String> = fixture.read(&id).await["history"]
        .as_array()
        .expect("history")
        .iter()
        .map(|entry| text(entry, "change_type"))
        .collect();
    assert_eq!(types, ["created", "deleted", "restored"]);
}
