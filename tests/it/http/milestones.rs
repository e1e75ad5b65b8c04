//! Milestones and due dates over HTTP: typed answers, roles, the board, its past and the live stream.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, signed_in_user, text};
use crate::harness;

#[tokio::test]
async fn milestones_are_planned_by_members_and_deleted_by_owners() {
    let server = open("milestones").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (ben, vic) = (signed_in_user(&server, "ben").await, signed_in_user(&server, "vic").await);
    let eve = signed_in_user(&server, "eve").await;
    add_member(&fixture.owner, &fixture.workflow, &ben, "member").await;
    add_member(&fixture.owner, &fixture.workflow, &vic, "viewer").await;
    let all = format!("/api/workflows/{}/milestones", fixture.workflow);
    let beta = json!({"name": "Beta", "description": "For the first ten shops.", "starts_on": "2026-01-05", "due_on": "2026-01-31"});
    assert_eq!(vic.post(&all, beta.clone()).await.refused(403), "forbidden");
    let made = ben.post(&all, beta.clone()).await.created();
    let one = format!("/api/milestones/{}", text(&made, "milestone_id"));
    assert_eq!((&made["created_by"], &made["is_overdue"]), (&json!(ben.id), &json!(true)), "{made}");
    assert_eq!(ben.post(&all, beta).await.refused(409), "conflict");
    for (body, field) in [
        (json!({"name": "A", "due_on": "31.1.2026"}), "due_on"),
        (json!({"name": "A", "due_on": 20260131}), "due_on"),
        (json!({"name": "A", "due": "2026-01-31"}), "due"),
        (json!({"due_on": "2026-01-31"}), "name"),
        (json!({"name": "A", "starts_on": "2026-02-01", "due_on": "2026-01-31"}), "due_on"),
    ] {
        let answer = ben.post(&all, body.clone()).await;
        assert_eq!(answer.expect(422)["errors"][0]["field"], field, "{body}");
    }
    let put = json!({"milestone_id": "beta", "due_on": "2026-01-20", "story_points": 3});
    let ticket = fixture.ticket_with("Sign the contract", put).await;
    let read = vic.get(&one).await.ok();
    assert_eq!(
        (&read["ticket_count"], &read["resolved_count"], &read["story_points"]),
        (&json!(1), &json!(0), &json!(3.0))
    );
    let changed = ben.patch(&one, json!({"name": "Beta 1", "due_on": null})).await.ok();
    assert_eq!(
        (&changed["name"], &changed["due_on"], &changed["is_overdue"]),
        (&json!("Beta 1"), &Value::Null, &json!(false))
    );
    assert_eq!(ben.patch(&one, json!({"is_closed": "maybe"})).await.expect(422)["errors"][0]["field"], "is_closed");
    // Null is no name, and no way to leave it as it is.
    for field in ["name", "description", "is_closed"] {
        assert_eq!(ben.patch(&one, json!({field: null})).await.expect(422)["errors"][0]["field"], field);
    }
    assert_eq!(vic.patch(&one, json!({"is_closed": true})).await.refused(403), "forbidden");
    assert_eq!(ben.patch(&one, json!({"is_closed": true})).await.ok()["is_closed"], true);
    assert_eq!(ben.get(&format!("{all}?include_closed=false")).await.ok()["milestones"], json!([]));
    assert_eq!(ben.get(&all).await.ok()["milestones"][0]["name"], "Beta 1");
    for answer in [
        eve.get(&all).await,
        eve.post(&all, json!({"name": "Mine"})).await,
        eve.get(&one).await,
        eve.patch(&one, json!({"name": "Mine"})).await,
        eve.delete(&one).await,
        eve.get("/api/milestones/milestone-none").await,
    ] {
        assert_eq!(answer.refused(404), "not_found");
    }
    // Another tenant cannot refer to it either.
    let theirs = TestWorkflow::of(&eve).await;
    let id = text(&made, "milestone_id");
    let body = json!({"workflow_id": theirs.workflow, "title": "A ticket of theirs", "milestone_id": id});
    assert_eq!(eve.post("/api/tickets/create", body).await.expect(422)["errors"][0]["field"], "milestone_id");
    let list = format!("/api/tickets?workflow_id={}&milestone_id={id}", theirs.workflow);
    assert_eq!(eve.get(&list).await.expect(422)["errors"][0]["field"], "milestone_id");
    assert_eq!(ben.delete(&one).await.refused(403), "forbidden");
    assert_eq!(fixture.owner.delete(&one).await.ok()["tickets"], 1);
    assert_eq!(fixture.owner.delete(&one).await.refused(404), "not_found");
    assert_eq!(fixture.read(&ticket).await["milestone_id"], Value::Null);
}

#[tokio::test]
async fn tickets_have_due_dates_in_every_request_and_answer() {
    let server = open("due_dates").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let owner = &fixture.owner;
    let all = format!("/api/workflows/{}/milestones", fixture.workflow);
    let id = text(&owner.post(&all, json!({"name": "Beta"})).await.created(), "milestone_id");
    let ticket = fixture.ticket_with("Sign the contract", json!({"due_on": "2026-01-20"})).await;
    let other = fixture.ticket("Print the contract").await;
    for updates in
        [json!({"milestone_id": "Beta", "due_on": "2026-01-21"}), json!({"milestone_id": id, "due_on": null})]
    {
        let body = json!({"ticket_id": ticket, "updates": updates});
        assert_eq!(owner.post("/api/tickets/update", body).await.ok()["success"], true);
    }
    let read = fixture.read(&ticket).await;
    assert_eq!((&read["due_on"], &read["milestone"]["name"]), (&Value::Null, &json!("Beta")));
    // At the top level too, where null is the same as absent.
    let body = json!({"ticket_id": ticket, "due_on": "2026-02-01", "milestone_id": null});
    assert_eq!(owner.post("/api/tickets/update", body).await.ok()["fields_updated"], json!(["due_on"]));
    let bulk = json!({"workflow_id": fixture.workflow, "ticket_ids": [ticket, other], "updates": {"milestone_id": "Beta", "due_on": "2026-02-02"}});
    assert_eq!(owner.post("/api/tickets/bulk-update", bulk).await.ok()["updated"], 2);
    for (body, field) in [
        (json!({"ticket_id": ticket, "updates": {"due_on": "2026-02-30"}}), "due_on"),
        (json!({"ticket_id": ticket, "due_on": "1600-01-01"}), "due_on"),
        (json!({"ticket_id": ticket, "updates": {"milestone_id": "Gamma"}}), "milestone_id"),
    ] {
        assert_eq!(
            owner.post("/api/tickets/update", body.clone()).await.expect(422)["errors"][0]["field"],
            field,
            "{body}"
        );
    }
    let list = format!("/api/tickets?workflow_id={}", fixture.workflow);
    for (query, count) in [
        ("milestone_id=Beta&sort_by=due_on&sort_order=asc", 2),
        ("without_milestone=true", 0),
        ("due_before=2026-02-02&due_after=2026-02-02", 2),
        ("due_before=2026-02-01", 0),
        ("overdue=true", 2),
        ("overdue=false", 0),
    ] {
        assert_eq!(owner.get(&format!("{list}&{query}")).await.ok()["total_count"], count, "{query}");
    }
    for (query, field) in [
        ("due_before=soon", "due_before"),
        ("due_after=2026-02-30", "due_after"),
        ("created_after=soon", "created_after"),
        ("created_before=2026-13-01", "created_before"),
        ("created_after=2026-01-01&tz=Mars", "tz"),
        ("silent_minutes=-1", "silent_minutes"),
        ("milestone_id=Nowhere", "milestone_id"),
        ("priority=urgent", "priority"),
        ("is_blocked=perhaps", "is_blocked"),
        ("overdue=late", "overdue"),
    ] {
        assert_eq!(owner.get(&format!("{list}&{query}")).await.expect(422)["errors"][0]["field"], field, "{query}");
    }
    let search = json!({"workflow_id": fixture.workflow, "query": "contract", "filters": {"milestone_id": "beta", "due_before": "2026-02-02"}});
    assert_eq!(owner.post("/api/tickets/search", search).await.ok()["total_found"], 2);
    for (format, text) in [
        ("csv", ",2026-02-02,Beta"),
        ("markdown", "milestone Beta · due 2026-02-02"),
        ("json", "\"milestone\": \"Beta\""),
    ] {
        let body = json!({"workflow_id": fixture.workflow, "query": "contract", "format": format});
        let answer =
            owner.request(Method::POST, "/api/tickets/search/export").json(&body).send().await.expect("an answer");
        let exported = answer.text().await.expect("a text");
        assert!(exported.contains(text), "{format}: {exported}");
    }
}

#[tokio::test]
async fn the_board_has_its_milestones_now_and_then() {
    let server = open("board_milestones").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let owner = &fixture.owner;
    let all = format!("/api/workflows/{}/milestones", fixture.workflow);
    let id = text(&owner.post(&all, json!({"name": "Beta", "description": "Long."})).await.created(), "milestone_id");
    let ticket = fixture.ticket_with("Sign the contract", json!({"milestone_id": id, "due_on": "2026-01-20"})).await;
    let path = format!("/api/board/{}", fixture.workflow);
    let before = owner.get(&path).await.ok();
    assert_eq!(
        (&before["milestones"][0]["name"], &before["milestones"][0]["description"]),
        (&json!("Beta"), &Value::Null)
    );
    assert_eq!(
        (&before["tickets"][0]["milestone_id"], &before["tickets"][0]["due_on"]),
        (&json!(id), &json!("2026-01-20"))
    );
    let sql = "select to_jsonb(max(changed_at)) #>> '{}' from history where stream_id like 'workflow:%'";
    let time: String = harness::connect(&server.db.url).await.query_one(sql, &[]).await.expect("a time").get(0);
    owner.patch(&format!("/api/milestones/{id}"), json!({"name": "Gamma", "due_on": "2026-03-01"})).await.ok();
    owner.post("/api/tickets/update", json!({"ticket_id": ticket, "due_on": "2026-01-25"})).await.ok();
    owner.delete(&format!("/api/milestones/{id}")).await.ok();
    let now = owner.get(&path).await.ok();
    assert_eq!((&now["milestones"], &now["tickets"][0]["milestone_id"]), (&json!([]), &Value::Null));
    let past = owner.get(&format!("{path}?at={}", time.replace('+', "%2B"))).await.ok();
    assert_eq!((&past["milestones"], &past["tickets"]), (&before["milestones"], &before["tickets"]));
    let changes = owner.get(&format!("{path}/changes?from={}", time.replace('+', "%2B"))).await.ok();
    assert_eq!(
        changes["tickets"][0]["fields"],
        json!({"due_on": {"old_value": "2026-01-20", "new_value": "2026-01-25"}, "milestone_id": {"old_value": id, "new_value": null}})
    );
    // Clients of the stream get the same changes.
    let events = owner.get(&format!("/api/workflows/{}/events?since={}", fixture.workflow, before["seq"])).await.ok();
    let seen: Vec<Value> = events["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| {
            json!([event["type"], event["data"]["field"], event["data"]["old_value"], event["data"]["new_value"]])
        })
        .collect();
    assert_eq!(
        json!(seen),
        json!([
            ["milestone_updated", "due_on", null, "2026-03-01"],
            ["milestone_updated", "name", "Beta", "Gamma"],
            ["ticket_updated", "due_on", "2026-01-20", "2026-01-25"],
            ["ticket_updated", "milestone_id", id, null],
            ["milestone_deleted", null, null, null],
        ])
    );
    assert_eq!(events["events"][1]["data"]["milestone"]["name"], "Gamma");
    assert_eq!(events["events"][3]["data"]["changes"]["milestone_id"], Value::Null);
}
