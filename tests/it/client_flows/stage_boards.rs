//! Stage sync: a board whose tickets go idle → plan → build → review → shipped without anyone reloading.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{Desk, plain};
use crate::http::fixtures::text;
use crate::live::socket::Heard;

#[tokio::test]
async fn a_ticket_goes_through_its_stages() {
    let desk = Desk::open("seed-000").await;
    let ann = &desk.ann;
    assert_eq!(ann.get("/tickets").await.ok(), json!([]));
    let mut socket = desk.socket(ann, "/ws?dialect=stages").await;
    let mut heard = socket.until_type("subscribed").await;
    let workflow = text(&heard[2], "workflow_id");
    let session = ann.get("/session").await.ok();
    assert_eq!((&session["workflow_id"], &session["user"]["id"]), (&json!(workflow), &json!(ann.id)));
    assert_eq!(session["stages"], json!(["idle", "plan", "build", "review", "shipped", "errored"]));
    desk.hire(&workflow).await;

    // As the client's store does it: create, drag to plan, watch.
    let made =
        ann.post("/tickets", json!({"title": "Fix the refresh", "description": null, "unknown": 1})).await.created();
    let ticket = text(&made, "id");
    assert_eq!((&made["stage"], &made["ticket_id"]), (&json!("idle"), &json!(ticket)));
    let job = json!({"ticket_id": ticket, "stages": ["plan", "build", "review"], "title": "Plan, build, review", "queue": true});
    ann.post("/api/jobs", job).await.created();
    let moved = ann.put(&format!("/tickets/{ticket}/stage"), json!({"stage": "plan"})).await.ok();
    assert_eq!((&moved["old_stage"], &moved["new_stage"]), (&json!("idle"), &json!("plan")));
    let lease = desk.claim().await;
    lease.say("step", "Reading the code").await;
    lease.say("log", "$ cargo test").await;
    lease.stage("build").await;
    lease.say("chat", "The queue is in place").await;
    lease.stage("review").await;
    let status = ann.get("/workflows/status").await.ok();
    assert_eq!(status["active_count"], 1);
    let active = &status["active_workflows"][&ticket];
    assert_eq!(active["current_stage"], "review");
    assert_eq!(active["stages_completed"].as_array().expect("a list").len(), 2, "{active}");
    lease.call("complete", json!({"commit_sha": "abcdef12", "resolution_comment": "All three stages are done."})).await;
    heard.extend(socket.until_type("workflow_completed").await);
    heard.extend(socket.now().await);

    // A second one fails for good.
    let made =
        ann.post("/tickets", json!({"title": "Break the refresh", "description": "It will fail"})).await.created();
    let broken = text(&made, "id");
    ann.post("/api/jobs", json!({"ticket_id": broken, "stages": ["plan"], "title": "Try", "queue": true}))
        .await
        .created();
    let lease = desk.claim().await;
    lease.call("fail", json!({"error": "No such file", "retry": false})).await;
    heard.extend(socket.until_type("workflow_error").await);
    heard.extend(socket.now().await);
    let order: Vec<&str> = heard.iter().filter_map(|message| message["type"].as_str()).collect();
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
    let seqs: Vec<i64> = heard.iter().skip(3).map(|message| message["seq"].as_i64().expect("a number")).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&heard)) });
}

#[tokio::test]
async fn a_tab_that_slept_gets_exactly_what_it_missed() {
    let desk = Desk::open("seed-000-wakes").await;
    let ann = &desk.ann;
    let ticket = text(&ann.post("/tickets", json!({"title": "Sleepy ticket"})).await.created(), "id");
    let place = format!("/api/tickets/{ticket}/stage");
    let stage = |stage: &'static str| ann.put(&place, json!({"stage": stage}));
    let mut socket = desk.socket(ann, "/ws?dialect=stages").await;
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
        let mut socket = desk.socket(ann, &format!("/ws?dialect=stages&since={}{epoch}", last["seq"])).await;
        let heard = socket.until_type("subscribed").await;
        let missed: Vec<Value> =
            heard[2..heard.len() - 1].iter().map(|m| json!([m["type"], m["old_stage"], m["new_stage"]])).collect();
        assert_eq!(
            json!(missed),
            json!([
                ["stage_updated", "plan", "build"],
                ["stage_updated", "build", "review"],
                ["stage_updated", "review", "shipped"]
            ])
        );
    }
    // A cursor of another life of the database is not trusted: the client fetches its tickets anew.
    let mut socket = desk.socket(ann, "/ws?dialect=stages&since=1&epoch=another").await;
    let heard = socket.until_type("subscribed").await;
    assert_eq!(heard[2]["type"], "resync");
}

#[tokio::test]
async fn bad_requests_and_strangers() {
    let desk = Desk::open("seed-000-bad").await;
    let ann = &desk.ann;
    let made = ann.post("/tickets", json!({"title": "Mine alone"})).await.created();
    let (ticket, workflow) = (text(&made, "id"), text(&made, "workflow_id"));
    for path in [format!("/tickets/{ticket}/stage"), format!("/api/tickets/{ticket}/stage")] {
        let answer = ann.put(&path, json!({"stage": "limbo"})).await;
        assert_eq!((answer.status, &answer.json["errors"][0]["field"]), (422, &json!("stage")));
        assert_eq!(ann.put(&path, json!({})).await.json["errors"][0]["field"], "stage");
        assert_eq!(desk.stranger.put(&path, json!({"stage": "plan"})).await.status, 404);
        assert_eq!(desk.server.stranger().put(&path, json!({"stage": "plan"})).await.status, 401);
    }
    assert_eq!(desk.stranger.get(&format!("/tickets/{ticket}")).await.status, 404);
    assert_eq!(desk.stranger.get(&format!("/tickets?workflow_id={workflow}")).await.status, 404);
    assert_eq!(desk.stranger.get("/tickets").await.ok(), json!([]));
    // A blocked card goes back to where it was.
    let other = text(&ann.post("/tickets", json!({"title": "In the way"})).await.created(), "id");
    let block = json!({"ticket_id": ticket, "blocked_by_ticket_ids": [other]});
    ann.post("/api/tickets/set-blockers", block).await.ok();
    let answer = ann.put(&format!("/tickets/{ticket}/stage"), json!({"stage": "plan"})).await;
    assert_eq!(answer.json["blocking_ticket_ids"], json!([other]));
    assert_eq!(answer.refused(409), "blocked");
    // Keys name tickets too.
    assert_eq!(ann.get("/tickets/TKT-1").await.ok()["id"], json!(ticket));

    assert_eq!(desk.refused(ann, "/ws?dialect=klingon").await, 422);
    assert_eq!(desk.refused(ann, "/ws?dialect=stages&since=-1").await, 422);
    let nobody = desk.server.stranger();
    let mut socket = desk.socket(&nobody, "/ws?dialect=stages").await;
    socket.0.say(json!({"type": "subscribe", "workflow_id": workflow})).await;
    assert_eq!(socket.closed().await, 4001);
    let mut socket = desk.socket(&desk.server.bearer("cb_wrong"), "/ws?dialect=stages").await;
    assert_eq!(socket.closed().await, 4001);
    for id in [workflow.as_str(), "workflow-none"] {
        let mut socket = desk.socket(&desk.stranger, &format!("/ws?dialect=stages&workflow_id={id}")).await;
        assert_eq!(socket.closed().await, 4003, "{id}");
    }
    // Signing in by the first message, and a workflow of another board by a message.
    let mut socket = desk.socket(&nobody, "/ws?dialect=stages").await;
    socket.0.say(json!({"type": "auth", "token": ann.token})).await;
    assert_eq!(socket.until_type("subscribed").await.pop().expect("a message")["workflow_id"], json!(workflow));
    socket.0.say(json!({"type": "subscribe", "workflow_id": "workflow-none"})).await;
    assert_eq!(socket.until_type("error").await.pop().expect("a message")["code"], "not_found");
    // Losing the membership closes it.
    desk.hire(&workflow).await;
    let mut socket = desk.socket(&desk.agent, &format!("/ws?dialect=stages&workflow_id={workflow}")).await;
    socket.until_type("subscribed").await;
    ann.delete(&format!("/api/workflows/{workflow}/members/{}", desk.agent.id)).await;
    assert_eq!(socket.closed().await, 4003);
}

#[tokio::test]
async fn browsers_get_pages_and_programs_get_data() {
    let desk = Desk::open("seed-000-pages").await;
    for path in ["/tickets", "/tickets/TKT-1", "/session", "/workflows/status"] {
        let page = desk.server.stranger();
        let answer = page.send(page.request(Method::GET, path).header("accept", "text/html,*/*;q=0.8")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{path}");
        assert_eq!(page.get(path).await.status, 401, "{path}");
    }
    let mut socket = desk.socket(&desk.ann, "/ws?dialect=native").await;
    assert!(matches!(socket.0.hear().await, Heard::Message(message) if message["type"] == "connected"));
}
