//! Stage sync: a board whose tickets go idle → plan → build → review → shipped without anyone reloading.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{Fixture, plain};
use crate::http::fixtures::text;
use crate::live::socket::SocketEvent;

#[tokio::test]
async fn a_ticket_goes_through_its_stages() {
    let fixture = Fixture::open("stages").await;
    let ann = &fixture.ann;
    assert_eq!(ann.get("/tickets").await.ok(), json!([]));
    let mut socket = fixture.socket(ann, "/ws?dialect=stages").await;
    let mut messages = socket.until_type("subscribed").await;
    let workflow = text(&messages[2], "workflow_id");
    let session = ann.get("/session").await.ok();
    assert_eq!((&session["workflow_id"], &session["user"]["id"]), (&json!(workflow), &json!(ann.id)));
    assert_eq!(session["stages"], json!(["idle", "plan", "build", "review", "shipped", "errored"]));
    fixture.add_agent_as_member(&workflow).await;

    // The sequence of the client's store: create, drag to plan, watch.
    let made =
        ann.post("/tickets", json!({"title": "Fix the refresh", "description": null, "unknown": 1})).await.created();
    let ticket = text(&made, "id");
    assert_eq!((&made["stage"], &made["ticket_id"]), (&json!("idle"), &json!(ticket)));
    let job = json!({"ticket_id": ticket, "stages": ["plan", "build", "review"], "title": "Plan, build, review", "queue": true});
    ann.post("/api/jobs", job).await.created();
    let moved = ann.put(&format!("/tickets/{ticket}/stage"), json!({"stage": "plan"})).await.ok();
    assert_eq!((&moved["old_stage"], &moved["new_stage"]), (&json!("idle"), &json!("plan")));
    // The card only: an answer does not grow with the past of a ticket.
    assert_eq!((&moved["stage"], &moved["id"], &moved["history"]), (&json!("plan"), &json!(ticket), &Value::Null));
    let lease = fixture.claim().await;
    lease.post_message("step", "Reading the code").await;
    lease.post_message("log", "$ cargo test").await;
    lease.stage("build").await;
    lease.post_message("chat", "The queue is in place").await;
    lease.stage("review").await;
    let status = ann.get("/workflows/status").await.ok();
    assert_eq!(status["active_count"], 1);
    let active = &status["active_workflows"][&ticket];
    assert_eq!(active["current_stage"], "review");
    assert_eq!(active["stages_completed"].as_array().expect("a list").len(), 2, "{active}");
    lease.call("complete", json!({"commit_sha": "abcdef12", "resolution_comment": "All three stages are done."})).await;
    messages.extend(socket.until_type("workflow_completed").await);
    messages.extend(socket.received_so_far().await);

    // A second ticket fails permanently.
    let made =
        ann.post("/tickets", json!({"title": "Break the refresh", "description": "It will fail"})).await.created();
    let broken = text(&made, "id");
    ann.post("/api/jobs", json!({"ticket_id": broken, "stages": ["plan"], "title": "Try", "queue": true}))
        .await
        .created();
    let lease = fixture.claim().await;
    lease.call("fail", json!({"error": "No such file", "retry": false})).await;
    messages.extend(socket.until_type("workflow_error").await);
    messages.extend(socket.received_so_far().await);
    let order: Vec<&str> = messages.iter().filter_map(|message| message["type"].as_str()).collect();
    assert_eq!(
        order,
        [
            "connected",
            "authenticated",
            "subscribed",
            "ticket_created",
            "stage_updated",
            "workflow_started",
            "agent_message",
            "stage_updated",
            "agent_message",
            "stage_updated",
            "stage_updated",
            "workflow_completed",
            "ticket_created",
            "workflow_started",
            "stage_updated",
            "stage_updated",
            "workflow_error",
        ]
    );
    let seqs: Vec<i64> = messages.iter().skip(3).map(|message| message["seq"].as_i64().expect("a number")).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&messages)) });
}

#[tokio::test]
async fn a_suspended_tab_gets_exactly_the_missed_events() {
    let fixture = Fixture::open("stages-wakes").await;
    let ann = &fixture.ann;
    let ticket = text(&ann.post("/tickets", json!({"title": "Sleepy ticket"})).await.created(), "id");
    let place = format!("/api/tickets/{ticket}/stage");
    let stage = |stage: &'static str| ann.put(&place, json!({"stage": stage}));
    let mut socket = fixture.socket(ann, "/ws?dialect=stages").await;
    socket.until_type("subscribed").await;
    stage("plan").await.ok();
    let last = socket.until_type("stage_updated").await.pop().expect("a message");
    drop(socket);
    let board = ann.get("/tickets").await;
    let etag = board.header("etag").expect("an ETag").to_owned();
    let ask = || ann.send(ann.request(Method::GET, "/tickets").header("if-none-match", &etag));
    assert_eq!(ask().await.status, 304);
    let one = format!("/tickets/{ticket}");
    let known = ann.get(&one).await.header("etag").expect("an ETag").to_owned();
    assert_eq!(ann.send(ann.request(Method::GET, &one).header("if-none-match", &known)).await.status, 304);
    for next in ["build", "review", "shipped"] {
        stage(next).await.ok();
    }
    let awake = ask().await.ok();
    assert_eq!((&awake[0]["stage"], &awake[0]["id"]), (&json!("shipped"), &json!(ticket)));
    assert_eq!(ann.send(ann.request(Method::GET, &one).header("if-none-match", &known)).await.ok()["stage"], "shipped");
    for epoch in [format!("&epoch={}", text(&last, "epoch")), String::new()] {
        let mut socket = fixture.socket(ann, &format!("/ws?dialect=stages&since={}{epoch}", last["seq"])).await;
        let messages = socket.until_type("subscribed").await;
        let missed: Vec<Value> = messages[2..messages.len() - 1]
            .iter()
            .map(|m| json!([m["type"], m["old_stage"], m["new_stage"]]))
            .collect();
        assert_eq!(
            json!(missed),
            json!([
                ["stage_updated", "plan", "build"],
                ["stage_updated", "build", "review"],
                ["stage_updated", "review", "shipped"]
            ])
        );
    }
    // A cursor of another epoch is rejected: the client reloads its tickets.
    let mut socket = fixture.socket(ann, "/ws?dialect=stages&since=1&epoch=another").await;
    let messages = socket.until_type("subscribed").await;
    assert_eq!(messages[2]["type"], "resync");
}

#[tokio::test]
async fn rejects_invalid_requests_and_outsiders() {
    let fixture = Fixture::open("stages-bad").await;
    let ann = &fixture.ann;
    let made = ann.post("/tickets", json!({"title": "Mine alone"})).await.created();
    let (ticket, workflow) = (text(&made, "id"), text(&made, "workflow_id"));
    for path in [format!("/tickets/{ticket}/stage"), format!("/api/tickets/{ticket}/stage")] {
        let answer = ann.put(&path, json!({"stage": "limbo"})).await;
        assert_eq!((answer.status, &answer.json["errors"][0]["field"]), (422, &json!("stage")));
        assert_eq!(ann.put(&path, json!({})).await.json["errors"][0]["field"], "stage");
        assert_eq!(fixture.outsider.put(&path, json!({"stage": "plan"})).await.status, 404);
        assert_eq!(fixture.server.anonymous().put(&path, json!({"stage": "plan"})).await.status, 401);
    }
    assert_eq!(fixture.outsider.get(&format!("/tickets/{ticket}")).await.status, 404);
    assert_eq!(fixture.outsider.get(&format!("/tickets?workflow_id={workflow}")).await.status, 404);
    assert_eq!(fixture.outsider.get("/tickets").await.ok(), json!([]));
    // A blocked card returns to its previous column.
    let other = text(&ann.post("/tickets", json!({"title": "In the way"})).await.created(), "id");
    let block = json!({"ticket_id": ticket, "blocked_by_ticket_ids": [other]});
    ann.post("/api/tickets/set-blockers", block).await.ok();
    let answer = ann.put(&format!("/tickets/{ticket}/stage"), json!({"stage": "plan"})).await;
    assert_eq!(answer.json["blocking_ticket_ids"], json!([other]));
    assert_eq!(answer.refused(409), "blocked");
    // Ticket keys are accepted as well as ids.
    assert_eq!(ann.get("/tickets/TKT-1").await.ok()["id"], json!(ticket));

    assert_eq!(fixture.refused(ann, "/ws?dialect=klingon").await, 422);
    assert_eq!(fixture.refused(ann, "/ws?dialect=stages&since=-1").await, 422);
    let anonymous = fixture.server.anonymous();
    let mut socket = fixture.socket(&anonymous, "/ws?dialect=stages").await;
    socket.0.send(json!({"type": "subscribe", "workflow_id": workflow})).await;
    assert_eq!(socket.closed().await, 4001);
    let mut socket = fixture.socket(&fixture.server.bearer("cb_wrong"), "/ws?dialect=stages").await;
    assert_eq!(socket.closed().await, 4001);
    for id in [workflow.as_str(), "workflow-none"] {
        let mut socket = fixture.socket(&fixture.outsider, &format!("/ws?dialect=stages&workflow_id={id}")).await;
        assert_eq!(socket.closed().await, 4003, "{id}");
    }
    // Sign in with the first message, then subscribe to another board's workflow with a message.
    let mut socket = fixture.socket(&anonymous, "/ws?dialect=stages").await;
    socket.0.send(json!({"type": "auth", "token": ann.token})).await;
    assert_eq!(socket.until_type("subscribed").await.pop().expect("a message")["workflow_id"], json!(workflow));
    socket.0.send(json!({"type": "subscribe", "workflow_id": "workflow-none"})).await;
    assert_eq!(socket.until_type("error").await.pop().expect("a message")["code"], "not_found");
    // Losing the membership closes the socket.
    fixture.add_agent_as_member(&workflow).await;
    let mut socket = fixture.socket(&fixture.agent, &format!("/ws?dialect=stages&workflow_id={workflow}")).await;
    socket.until_type("subscribed").await;
    ann.delete(&format!("/api/workflows/{workflow}/members/{}", fixture.agent.id)).await;
    assert_eq!(socket.closed().await, 4003);
}

#[tokio::test]
async fn browsers_get_pages_and_programs_get_data() {
    let fixture = Fixture::open("stages-pages").await;
    for path in ["/tickets", "/tickets/TKT-1", "/session", "/workflows/status"] {
        let page = fixture.server.anonymous();
        let answer = page.send(page.request(Method::GET, path).header("accept", "text/html,*/*;q=0.8")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{path}");
        assert_eq!(page.get(path).await.status, 401, "{path}");
    }
    let mut socket = fixture.socket(&fixture.ann, "/ws?dialect=native").await;
    assert!(matches!(socket.0.receive().await, SocketEvent::Message(message) if message["type"] == "connected"));
}
