//! Findings over HTTP: typed answers, who may read and set what, and the background tasks of two servers.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, signed_in_user, text};
use crate::harness::eventually;

/// An urgent ticket that has waited for two hours.
async fn forgotten_ticket(fixture: &TestWorkflow, server: &crate::client::Server) -> String {
    let ticket = fixture.ticket_with("The site is down", json!({"priority": "critical"})).await;
    server.sql("update tickets set created_at = now() - interval '2 hours' where id = $1", &[&ticket]).await;
    let sql = "update history set changed_at = changed_at - interval '2 hours' where ticket_id = $1";
    server.sql(sql, &[&ticket]).await;
    ticket
}

#[tokio::test]
async fn members_read_findings_and_owners_set_thresholds() {
    let server = open("findings").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (ben, eve) = (signed_in_user(&server, "ben").await, signed_in_user(&server, "eve").await);
    add_member(&fixture.owner, &fixture.workflow, &ben, "viewer").await;
    let ticket = forgotten_ticket(&fixture, &server).await;
    let path = format!("/api/workflows/{}/findings", fixture.workflow);
    let thresholds = format!("/api/workflows/{}/finding-thresholds", fixture.workflow);

    let found = ben.get(&path).await.ok();
    let finding = &found["findings"][0];
    assert_eq!((&finding["kind"], &finding["ticket_id"]), (&json!("urgent_unassigned"), &json!(ticket)));
    assert_eq!((&finding["key"], &finding["suggestion"]["action"]), (&json!("TKT-1"), &json!("assign")));
    assert!(finding["duration_seconds"].as_i64().is_some_and(|seconds| seconds >= 7200), "{finding}");
    assert_eq!((&found["counts"]["stuck"], &found["thresholds"]["unassigned_minutes"]), (&json!(0), &json!(60)));
    let none = ben.get(&format!("{path}?kind=stuck,%20blocked&limit=1")).await.ok();
    assert_eq!((&none["findings"], &none["counts"]), (&json!([]), &json!({"stuck": 0, "blocked": 0})));

    for (query, field) in
        [("kind=stuck,tired", "kind"), ("kind=,", "kind"), ("limit=0", "limit"), ("limit=201", "limit")]
    {
        let answer = ben.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.json["errors"][0]["field"], field, "{query}: {}", answer.json);
        assert_eq!(answer.refused(422), "invalid");
    }
    let change = json!({"unassigned_minutes": 180});
    assert_eq!(ben.patch(&thresholds, change.clone()).await.refused(403), "forbidden");
    assert_eq!(ben.get(&thresholds).await.ok()["unassigned_minutes"], 60);
    for answer in [eve.get(&path).await, eve.get(&thresholds).await, eve.patch(&thresholds, change.clone()).await] {
        assert_eq!(answer.refused(404), "not_found");
    }
    let answer = fixture.owner.patch(&thresholds, json!({"duplicate_similarity": 0.2})).await;
    assert_eq!(answer.expect(422)["errors"][0]["field"], "duplicate_similarity");
    fixture.owner.patch(&thresholds, json!({"tired_minutes": 1})).await.refused(422);
    assert_eq!(fixture.owner.patch(&thresholds, change).await.ok()["unassigned_minutes"], 180);
    assert_eq!(ben.get(&path).await.ok()["findings"], json!([]));
}

#[tokio::test]
async fn two_servers_announce_a_finding_once() {
    let server = open("findings_two").await;
    let second = server.second_server(&[]).await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    forgotten_ticket(&fixture, &server).await;
    let due = "update finding_checks set next_at = now(), looked_at = '-infinity'";
    server.sql(due, &[]).await;
    second.state.db.wake_due_work();
    let events = async || -> Vec<Value> {
        let path = format!("/api/workflows/{}/events?since=0", fixture.workflow);
        let all = fixture.owner.get(&path).await.ok();
        let events = all["events"].as_array().expect("events").iter();
        events.filter(|event| text(event, "type").starts_with("finding_")).cloned().collect()
    };
    eventually("it is announced", async || !events().await.is_empty()).await;
    let opened = events().await.remove(0);
    assert_eq!((&opened["type"], &opened["agent_id"]), (&json!("finding_opened"), &json!("system")));
    let finding = &opened["data"]["finding"];
    assert_eq!((&finding["kind"], &finding["closed_at"]), (&json!("urgent_unassigned"), &Value::Null));
    let listed = fixture.owner.get(&format!("/api/workflows/{}/findings", fixture.workflow)).await.ok();
    assert_eq!(listed["findings"][0]["finding_id"], finding["finding_id"]);
    // Turned off, it ends; a change of thresholds is looked at without delay.
    let off = json!({"unassigned_minutes": 0});
    let path = format!("/api/workflows/{}/finding-thresholds", fixture.workflow);
    fixture.owner.patch(&path, off).await.ok();
    eventually("it ends", async || events().await.len() == 2).await;
    let closed = events().await.remove(1);
    assert_eq!(closed["type"], "finding_closed");
    assert_eq!(closed["data"]["finding"]["finding_id"], finding["finding_id"]);
    assert!(closed["data"]["finding"]["closed_at"].is_string(), "{closed}");
    assert_eq!(server.number("select count(*) from history where change_type like 'finding%'").await, 2);
}
