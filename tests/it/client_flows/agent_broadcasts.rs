//! Engine broadcasts: an engine tells what it does with a ticket, and whoever watches the ticket sees it.

use serde_json::{Value, json};

use super::fixtures::{Desk, plain};
use crate::http::fixtures::text;

/// A workflow with a ticket, and the agent in it.
async fn ready(hint: &str, template: &str) -> (Desk, String, String) {
    let desk = Desk::open(hint).await;
    let made = desk.ann.post("/api/workflows", json!({"name": "Engine", "template": template})).await.created();
    let workflow = text(&made, "id");
    desk.hire(&workflow).await;
    let body = json!({"workflow_id": workflow, "title": "Ship the thing", "description": "From the engine's queue."});
    let ticket = text(&desk.ann.post("/api/tickets/create", body).await.ok(), "ticket_id");
    (desk, workflow, ticket)
}

#[tokio::test]
async fn from_assigned_to_done() {
    let (desk, _, ticket) = ready("seed-002", "development").await;
    let mut socket = desk.socket(&desk.ann, "/ws?dialect=rooms").await;
    let mut heard = socket.until_type("authenticated").await;
    socket.0.say(json!({"type": "subscribe", "room": "ticket:TKT-1"})).await;
    heard.extend(socket.until_type("subscribed").await);
    let tell = async |mut body: Value| {
        body["ticketId"] = json!(ticket);
        let answer = desk.agent.post("/api/internal/ticket-event", body.clone()).await.ok();
        assert_eq!((&answer["success"], &answer["event"]), (&json!(true), &body["event"]));
        answer
    };
    tell(json!({"event": "state_change", "state": "assigned", "agentId": "forge-v3", "message": "Claimed"})).await;
    tell(json!({"event": "activity", "category": "execution", "message": "Execution started", "actorId": "forge-v3",
        "metadata": {"trigger": "engine_poll"}}))
    .await;
    let moved = tell(json!({"event": "state_change", "state": "in_progress", "phase": "starting",
        "message": "Agent execution starting"}))
    .await;
    assert_eq!((&moved["moved"], &moved["status"]), (&json!(true), &json!("in_progress")));
    tell(json!({"event": "progress", "phase": "vm_assigned", "message": "VM 7 assigned", "vmId": 7})).await;
    tell(json!({"event": "progress", "phase": "executing", "message": "Agent generating code...", "agentId": "forge-v3"})).await;
    tell(
        json!({"event": "activity", "category": "agent", "message": "Code generation completed", "actorId": "forge-v3",
        "metadata": {"files": 3}}),
    )
    .await;
    tell(json!({"event": "pr_created", "prUrl": "https://git.example/pr/1", "branch": "fix/thing"})).await;
    tell(json!({"event": "activity", "category": "review", "message": "Submitted for sentinel review",
        "actorId": "system", "metadata": null}))
    .await;
    let moved = tell(json!({"event": "state_change", "state": "in_review"})).await;
    assert_eq!(moved["status"], "review");
    tell(json!({"event": "state_change", "state": "done", "phase": "completed", "duration": 1234})).await;
    heard.extend(socket.until(|message| message["state"] == "done").await);
    heard.extend(socket.until(|message| !message["changes"]["is_resolved"].is_null()).await);
    heard.extend(socket.now().await);
    let order: Vec<String> = heard
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
    for message in &heard[3..] {
        assert_eq!((&message["ticketId"], &message["ticket_id"]), (&json!(ticket), &json!(ticket)));
    }
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&heard)) });

    // It is all in the ticket's history.
    let detail = desk.ann.get(&format!("/api/tickets/{ticket}")).await.ok();
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
    let (desk, _, ticket) = ready("seed-002-job", "sdlc").await;
    let mut socket = desk.socket(&desk.ann, "/ws?dialect=rooms").await;
    socket.0.say(json!({"type": "subscribe", "room": format!("ticket:{ticket}")})).await;
    socket.until_type("subscribed").await;
    let job = json!({"ticket_id": ticket, "stages": ["plan", "build"], "title": "Do it", "queue": true});
    desk.ann.post("/api/jobs", job).await.created();
    let lease = desk.claim().await;
    lease.say("step", "Planning").await;
    lease.stage("build").await;
    lease.call("progress", json!({"progress": 50, "message": "Half of it"})).await;
    lease.call("complete", json!({"resolution_comment": "It is all built now."})).await;
    let mut heard = socket.until(|message| message["phase"] == "succeeded").await;
    heard.extend(socket.now().await);
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&heard)) });
}

#[tokio::test]
async fn dropped_and_resumed() {
    let (desk, _, ticket) = ready("seed-002-resume", "development").await;
    let room = format!("ticket:{ticket}");
    let progress = async |phase: &str| {
        let body = json!({"ticket_id": "TKT-1", "event": "progress", "phase": phase});
        desk.ann.post("/api/internal/ticket-event", body).await.ok();
    };
    let mut socket = desk.socket(&desk.ann, "/ws?dialect=rooms").await;
    socket.0.say(json!({"type": "subscribe", "room": room})).await;
    socket.until_type("subscribed").await;
    progress("one").await;
    let last = socket.until_type("ticket:progress").await.pop().expect("a message");
    drop(socket);
    progress("two").await;
    progress("three").await;
    let mut socket = desk.socket(&desk.ann, "/ws?dialect=rooms").await;
    let since = json!({"epoch": last["epoch"], "seq": last["seq"]});
    socket.0.say(json!({"type": "subscribe", "room": room, "since": since})).await;
    let heard = socket.until_type("subscribed").await;
    let missed: Vec<&Value> = heard.iter().filter(|m| m["type"] == "ticket:progress").map(|m| &m["phase"]).collect();
    assert_eq!(missed, ["two", "three"]);
    socket.0.say(json!({"type": "unsubscribe", "room": room})).await;
    socket.until_type("unsubscribed").await;
    progress("four").await;
    assert_eq!(socket.now().await, Vec::<Value>::new());
}

#[tokio::test]
async fn states_that_the_board_has_no_place_for() {
    let (desk, workflow, ticket) = ready("seed-002-states", "development").await;
    let tell = async |state: &str| {
        let body = json!({"ticketId": ticket, "event": "state_change", "state": state});
        desk.ann.post("/api/internal/ticket-event", body).await.ok()
    };
    for (state, status) in [
        ("ready", "todo"),
        ("in_review", "review"),
        ("Testing", "testing"),
        ("in_progress", "in_progress"),
        ("running", "in_progress"),
    ] {
        assert_eq!(tell(state).await["status"], status, "{state}");
    }
    let stays = tell("failed").await;
    assert_eq!(
        (&stays["moved"], &stays["status"], &stays["state"]),
        (&json!(false), &json!("in_progress"), &json!("failed"))
    );
    assert!(stays["notice"].as_str().is_some_and(|notice| notice.contains("no column")), "{stays}");
    let other = json!({"workflow_id": workflow, "title": "In the way", "description": "Something else first."});
    let other = text(&desk.ann.post("/api/tickets/create", other).await.ok(), "ticket_id");
    desk.ann
        .post("/api/tickets/set-blockers", json!({"ticket_id": ticket, "blocked_by_ticket_ids": [other]}))
        .await
        .ok();
    let stays = tell("done").await;
    assert!(stays["notice"].as_str().is_some_and(|notice| notice.contains("blocked")), "{stays}");
    assert_eq!((&stays["moved"], &stays["success"]), (&json!(false), &json!(true)));
    // Both are told all the same, in a native client's words too.
    let events = desk.ann.get(&format!("/api/workflows/{workflow}/events?since=0")).await.ok();
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
async fn bad_requests_and_strangers() {
    let (desk, _, ticket) = ready("seed-002-bad", "development").await;
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
        let answer = desk.ann.post(path, body.clone()).await;
        assert_eq!((answer.status, &answer.json["errors"][0]["field"]), (422, &json!(field)), "{body}");
    }
    let good = json!({"ticketId": ticket, "event": "progress", "phase": "x"});
    assert_eq!(desk.stranger.post(path, good.clone()).await.status, 404);
    assert_eq!(desk.server.stranger().post(path, good.clone()).await.status, 401);
    let nobody = desk.server.stranger();
    let mut socket = desk.socket(&nobody, "/ws?dialect=rooms").await;
    socket.0.say(json!({"type": "subscribe", "room": format!("ticket:{ticket}")})).await;
    assert_eq!(socket.closed().await, 4001);
    let mut socket = desk.socket(&desk.stranger, "/ws?dialect=rooms").await;
    let mut refusals = Vec::new();
    for room in [format!("ticket:{ticket}"), "ticket:TKT-1".to_owned(), "ticket:none".to_owned(), "kitchen".to_owned()]
    {
        socket.0.say(json!({"type": "subscribe", "room": room})).await;
        let told = socket.until_type("error").await.pop().expect("a message");
        assert_eq!(told["room"], json!(room));
        refusals.push(told["code"].clone());
    }
    assert_eq!(refusals, ["not_found", "not_found", "not_found", "not_found"]);
}
