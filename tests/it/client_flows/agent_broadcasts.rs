//! Engine broadcasts: an engine reports its progress on a ticket, and subscribers of the ticket receive it.

use serde_json::{Value, json};

use super::fixtures::{Fixture, plain};
use crate::http::fixtures::text;

/// A workflow with a ticket and an agent as member.
async fn ready(hint: &str, template: &str) -> (Fixture, String, String) {
    let fixture = Fixture::open(hint).await;
    let made = fixture.ann.post("/api/workflows", json!({"name": "Engine", "template": template})).await.created();
    let workflow = text(&made, "id");
    fixture.add_agent_as_member(&workflow).await;
    let body = json!({"workflow_id": workflow, "title": "Ship the thing", "description": "From the engine's queue."});
    let ticket = text(&fixture.ann.post("/api/tickets/create", body).await.ok(), "ticket_id");
    (fixture, workflow, ticket)
}

#[tokio::test]
async fn from_assigned_to_done() {
    let (fixture, _, ticket) = ready("broadcasts", "development").await;
    let mut socket = fixture.socket(&fixture.ann, "/ws?dialect=rooms").await;
    let mut messages = socket.until_type("authenticated").await;
    socket.0.send(json!({"type": "subscribe", "room": "ticket:TKT-1"})).await;
    messages.extend(socket.until_type("subscribed").await);
    let report = async |mut body: Value| {
        body["ticketId"] = json!(ticket);
        let answer = fixture.agent.post("/api/internal/ticket-event", body.clone()).await.ok();
        assert_eq!((&answer["success"], &answer["event"]), (&json!(true), &body["event"]));
        answer
    };
    report(json!({"event": "state_change", "state": "assigned", "agentId": "forge-v3", "message": "Claimed"})).await;
    report(json!({"event": "activity", "category": "execution", "message": "Execution started", "actorId": "forge-v3",
        "metadata": {"trigger": "engine_poll"}}))
    .await;
    let moved = report(json!({"event": "state_change", "state": "in_progress", "phase": "starting",
        "message": "Agent execution starting"}))
    .await;
    assert_eq!((&moved["moved"], &moved["status"]), (&json!(true), &json!("in_progress")));
    report(json!({"event": "progress", "phase": "vm_assigned", "message": "VM 7 assigned", "vmId": 7})).await;
    report(json!({"event": "progress", "phase": "executing", "message": "Agent generating code...", "agentId": "forge-v3"})).await;
    report(
        json!({"event": "activity", "category": "agent", "message": "Code generation completed", "actorId": "forge-v3",
        "metadata": {"files": 3}}),
    )
    .await;
    report(json!({"event": "pr_created", "prUrl": "https://git.example/pr/1", "branch": "fix/thing"})).await;
    report(json!({"event": "activity", "category": "review", "message": "Submitted for sentinel review",
        "actorId": "system", "metadata": null}))
    .await;
    let moved = report(json!({"event": "state_change", "state": "in_review"})).await;
    assert_eq!(moved["status"], "review");
    report(json!({"event": "state_change", "state": "done", "phase": "completed", "duration": 1234})).await;
    messages.extend(socket.until(|message| message["state"] == "done").await);
    messages.extend(socket.until(|message| !message["changes"]["is_resolved"].is_null()).await);
    messages.extend(socket.received_so_far().await);
    let order: Vec<String> = messages
        .iter()
        .map(|m| {
            format!(
                "{} {}",
                m["type"].as_str().unwrap_or_default(),
                m["state"].as_str().or(m["phase"].as_str()).unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        order,
        [
            "connected ",
            "authenticated ",
            "subscribed ",
            "ticket:update assigned",
            "ticket:activity ",
            "ticket:update in_progress",
            "ticket:progress vm_assigned",
            "ticket:progress executing",
            "ticket:activity ",
            "ticket:pr ",
            "pr:created ",
            "ticket:activity ",
            "ticket:update in_review",
            "ticket:update done",
            "ticket:update ",
        ]
    );
    for message in &messages[3..] {
        assert_eq!((&message["ticketId"], &message["ticket_id"]), (&json!(ticket), &json!(ticket)));
    }
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&messages)) });

    // All reports are in the ticket's history.
    let detail = fixture.ann.get(&format!("/api/tickets/{ticket}")).await.ok();
    let kinds: Vec<&str> = detail["history"]
        .as_array()
        .expect("history")
        .iter()
        .filter_map(|entry| entry["change_type"].as_str())
        .collect();
    for kind in ["ticket_progress", "pr_created", "activity", "status_changed", "assigned"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    assert_eq!(detail["assigned_agent_id"], "forge-v3");
}

#[tokio::test]
async fn a_job_is_seen_in_its_tickets_room() {
    let (fixture, _, ticket) = ready("broadcasts-job", "sdlc").await;
    let mut socket = fixture.socket(&fixture.ann, "/ws?dialect=rooms").await;
    socket.0.send(json!({"type": "subscribe", "room": format!("ticket:{ticket}")})).await;
    socket.until_type("subscribed").await;
    let job = json!({"ticket_id": ticket, "stages": ["plan", "build"], "title": "Do it", "queue": true});
    fixture.ann.post("/api/jobs", job).await.created();
    let lease = fixture.claim().await;
    lease.post_message("step", "Planning").await;
    lease.stage("build").await;
    lease.call("progress", json!({"progress": 50, "message": "Half of it"})).await;
    lease.call("complete", json!({"resolution_comment": "It is all built now."})).await;
    let mut messages = socket.until(|message| message["phase"] == "succeeded").await;
    messages.extend(socket.received_so_far().await);
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&messages)) });
}

#[tokio::test]
async fn a_dropped_socket_resumes() {
    let (fixture, _, ticket) = ready("broadcasts-resume", "development").await;
    let room = format!("ticket:{ticket}");
    let progress = async |phase: &str| {
        let body = json!({"ticket_id": "TKT-1", "event": "progress", "phase": phase});
        fixture.ann.post("/api/internal/ticket-event", body).await.ok();
    };
    let mut socket = fixture.socket(&fixture.ann, "/ws?dialect=rooms").await;
    socket.0.send(json!({"type": "subscribe", "room": room})).await;
    socket.until_type("subscribed").await;
    progress("one").await;
    let last = socket.until_type("ticket:progress").await.pop().expect("a message");
    drop(socket);
    progress("two").await;
    progress("three").await;
    let mut socket = fixture.socket(&fixture.ann, "/ws?dialect=rooms").await;
    let since = json!({"epoch": last["epoch"], "seq": last["seq"]});
    socket.0.send(json!({"type": "subscribe", "room": room, "since": since})).await;
    let messages = socket.until_type("subscribed").await;
    let missed: Vec<&Value> = messages.iter().filter(|m| m["type"] == "ticket:progress").map(|m| &m["phase"]).collect();
    assert_eq!(missed, ["two", "three"]);
    socket.0.send(json!({"type": "unsubscribe", "room": room})).await;
    socket.until_type("unsubscribed").await;
    progress("four").await;
    assert_eq!(socket.received_so_far().await, Vec::<Value>::new());
}

#[tokio::test]
async fn unmapped_states_do_not_move_the_ticket() {
    let (fixture, workflow, ticket) = ready("broadcasts-states", "development").await;
    let report = async |state: &str| {
        let body = json!({"ticketId": ticket, "event": "state_change", "state": state});
        fixture.ann.post("/api/internal/ticket-event", body).await.ok()
    };
    for (state, status) in [
        ("ready", "todo"),
        ("in_review", "review"),
        ("Testing", "testing"),
        ("in_progress", "in_progress"),
        ("running", "in_progress"),
    ] {
        assert_eq!(report(state).await["status"], status, "{state}");
    }
    let stays = report("failed").await;
    assert_eq!(
        (&stays["moved"], &stays["status"], &stays["state"]),
        (&json!(false), &json!("in_progress"), &json!("failed"))
    );
    assert!(stays["notice"].as_str().is_some_and(|notice| notice.contains("no column")), "{stays}");
    let other = json!({"workflow_id": workflow, "title": "In the way", "description": "Something else first."});
    let other = text(&fixture.ann.post("/api/tickets/create", other).await.ok(), "ticket_id");
    fixture
        .ann
        .post("/api/tickets/set-blockers", json!({"ticket_id": ticket, "blocked_by_ticket_ids": [other]}))
        .await
        .ok();
    let stays = report("done").await;
    assert!(stays["notice"].as_str().is_some_and(|notice| notice.contains("blocked")), "{stays}");
    assert_eq!((&stays["moved"], &stays["success"]), (&json!(false), &json!(true)));
    // Both are still reported, also in the vocabulary of a native client.
    let events = fixture.ann.get(&format!("/api/workflows/{workflow}/events?since=0")).await.ok();
    let states: Vec<&Value> = events["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter(|event| event["type"] == "ticket_state")
        .map(|event| &event["data"]["activity"]["state"])
        .collect();
    assert_eq!(states, ["running", "failed", "done"]);
}

#[tokio::test]
async fn rejects_invalid_requests_and_outsiders() {
    let (fixture, _, ticket) = ready("broadcasts-bad", "development").await;
    let path = "/api/internal/ticket-event";
    let bad = [
        (json!({"event": "progress", "phase": "x"}), "ticketId"),
        (json!({"ticketId": ticket, "event": "explosion"}), "event"),
        (json!({"ticketId": ticket}), "event"),
        (json!({"ticketId": ticket, "event": "state_change"}), "state"),
        (json!({"ticketId": ticket, "event": "progress"}), "phase"),
        (json!({"ticketId": ticket, "event": "pr_created"}), "prUrl"),
        (json!({"ticketId": ticket, "event": "pr_created", "prUrl": "javascript:alert(1)"}), "prUrl"),
        (json!({"ticketId": ticket, "event": "activity"}), "message"),
        (json!({"ticketId": ticket, "event": "progress", "phase": "x", "more": "y".repeat(40_000)}), "metadata"),
    ];
    for (body, field) in bad {
        let answer = fixture.ann.post(path, body.clone()).await;
        assert_eq!((answer.status, &answer.json["errors"][0]["field"]), (422, &json!(field)), "{body}");
    }
    let good = json!({"ticketId": ticket, "event": "progress", "phase": "x"});
    assert_eq!(fixture.outsider.post(path, good.clone()).await.status, 404);
    assert_eq!(fixture.server.anonymous().post(path, good.clone()).await.status, 401);
    let anonymous = fixture.server.anonymous();
    let mut socket = fixture.socket(&anonymous, "/ws?dialect=rooms").await;
    socket.0.send(json!({"type": "subscribe", "room": format!("ticket:{ticket}")})).await;
    assert_eq!(socket.closed().await, 4001);
    let mut socket = fixture.socket(&fixture.outsider, "/ws?dialect=rooms").await;
    let mut refusals = Vec::new();
    for room in [format!("ticket:{ticket}"), "ticket:TKT-1".to_owned(), "ticket:none".to_owned(), "kitchen".to_owned()]
    {
        socket.0.send(json!({"type": "subscribe", "room": room})).await;
        let received = socket.until_type("error").await.pop().expect("a message");
        assert_eq!(received["room"], json!(room));
        refusals.push(received["code"].clone());
    }
    assert_eq!(refusals, ["not_found", "not_found", "not_found", "not_found"]);
}
