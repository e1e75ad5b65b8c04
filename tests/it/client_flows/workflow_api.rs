//! The workflow API: a task is created at once and its progress is pushed, not polled.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{Fixture, plain};
use crate::http::fixtures::text;
use crate::live::socket::SocketEvent;

const CREATE: &str = "/api/v1/workflows/create";

fn task(title: &str) -> Value {
    json!({"title": title, "description": "Test task", "type": "feature", "stages": ["plan", "implement"], "adw_id": null, "more": 1})
}

/// A short form of a message.
fn short(message: &Value) -> String {
    let data = &message["data"];
    let what = ["status", "to_stage", "message"].iter().find_map(|name| data[*name].as_str()).unwrap_or_default();
    format!("{} {what}", message["type"].as_str().unwrap_or_default())
}

fn shorts(messages: &[Value]) -> Vec<String> {
    messages.iter().map(short).collect()
}

fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |message| message["data"]["status"] == status
}

#[tokio::test]
async fn from_create_to_completed() {
    let fixture = Fixture::open("workflow-api").await;
    let made = fixture.ann.post(CREATE, task("Test")).await.created();
    assert_eq!(
        (&made["status"], &made["title"], &made["type"], &made["stages"]),
        (&json!("started"), &json!("Test"), &json!("feature"), &json!(["plan", "implement"]))
    );
    assert!(made["created_at"].is_string() && made["ticket_id"].is_string(), "{made}");
    let id = text(&made, "adw_id");
    fixture.add_agent_as_member(&text(&made, "workflow_id")).await;
    let path = format!("/api/v1/workflows/{id}");
    let mut socket = fixture.socket(&fixture.ann, &text(&made, "websocket")).await;
    let mut messages = socket.until_type("status_update").await;
    socket.0.send(json!({"type": "ping"})).await;
    assert_eq!(socket.until_type("pong").await, [json!({"type": "pong"})]);

    let lease = fixture.claim().await;
    assert_eq!(lease.job, id);
    lease.post_message("log", "$ plan").await;
    lease.call("progress", json!({"progress": 40, "message": "Planned"})).await;
    lease.stage("implement").await;
    lease.post_message("step", "Writing the code").await;
    let now = fixture.ann.get(&path).await.ok();
    assert_eq!(
        (&now["status"], &now["current_stage"], &now["progress"], &now["attempts"], &now["error"]),
        (&json!("in_progress"), &json!("implement"), &json!(40.0), &json!(1), &Value::Null)
    );
    let lines: Vec<&Value> = now["logs"].as_array().expect("logs").iter().map(|line| &line["message"]).collect();
    assert_eq!(lines, ["$ plan", "Writing the code"]);
    lease.call("complete", json!({"commit_sha": "abcdef12"})).await;
    messages.extend(socket.until(is("completed")).await);
    messages.extend(socket.received_so_far().await);
    assert_eq!(
        shorts(&messages),
        [
            "status_update started",
            "status_update in_progress",
            "stage_transition plan",
            "workflow_log $ plan",
            "status_update in_progress",
            "stage_transition implement",
            "workflow_log Writing the code",
            "status_update completed",
        ]
    );
    for message in &messages {
        assert_eq!(
            (&message["data"]["adw_id"], &message["data"]["workflow_name"]),
            (&json!(id), &json!("Test")),
            "{message}"
        );
    }
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&messages)) });
    let done = fixture.ann.get(&path).await.ok();
    assert_eq!((&done["status"], &done["progress_percent"]), (&json!("completed"), &json!(100.0)));
    let ticket = fixture.ann.get(&format!("/api/tickets/{}", text(&made, "ticket_id"))).await.ok();
    assert_eq!((&ticket["is_resolved"], &ticket["status"]), (&json!(true), &json!("shipped")));

    // A late subscriber gets the current state and the log.
    let mut late = fixture.socket(&fixture.ann, &format!("/ws/workflows/{id}")).await;
    let received = late.until(|message| message["data"]["message"] == "Writing the code").await;
    assert_eq!(
        shorts(&received),
        [
            "status_update completed",
            "stage_transition plan",
            "workflow_log $ plan",
            "stage_transition implement",
            "workflow_log Writing the code"
        ]
    );
    // It also gets keepalive messages.
    let beat = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match late.0.receive().await {
                SocketEvent::Message(message) if message["type"] == "heartbeat" => return message,
                SocketEvent::Message(_) => {}
                SocketEvent::Closed(code) => panic!("closed with {code}"),
            }
        }
    });
    assert!(beat.await.expect("a heartbeat")["data"]["timestamp"].is_string());
}

#[tokio::test]
async fn external_runs_report_by_status() {
    let fixture = Fixture::open("workflow-api-status").await;
    let made = fixture.ann.post(CREATE, task("Elsewhere")).await.created();
    let id = text(&made, "adw_id");
    let path = format!("/api/v1/workflows/{id}/status");
    let mut socket = fixture.socket(&fixture.ann, &format!("/ws/workflows/{id}")).await;
    let mut messages = socket.until_type("status_update").await;
    let report = async |status: &str, message: Value| {
        fixture.ann.put(&path, json!({"status": status, "message": message})).await.ok()
    };
    assert_eq!(report("in_progress", json!("Planning")).await["status"], "in_progress");
    assert_eq!(report("paused", Value::Null).await["job_status"], "paused");
    assert_eq!(report("in_progress", json!("Building")).await["job_status"], "running");
    assert_eq!(report("failed", json!("No such file")).await["error"], "No such file");
    assert_eq!(report("started", Value::Null).await["status"], "started");
    assert_eq!(report("completed", json!("It went well at last")).await["status"], "completed");
    messages.extend(socket.until(is("completed")).await);
    assert_eq!(
        shorts(&messages),
        [
            "status_update started",
            "status_update in_progress",
            "stage_transition plan",
            "status_update in_progress",
            "status_update in_progress",
            "status_update in_progress",
            "status_update in_progress",
            "status_update failed",
            "error No such file",
            "status_update started",
            "status_update in_progress",
            "stage_transition plan",
            "status_update completed",
        ]
    );
    assert_eq!(fixture.ann.put(&path, json!({"status": "in_progress"})).await.status, 409);
}

#[tokio::test]
async fn cancelled() {
    let fixture = Fixture::open("workflow-api-cancel").await;
    let made = fixture.ann.post(CREATE, task("Idle one")).await.created();
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    let gone = fixture.ann.delete(&path).await;
    assert_eq!((gone.status, &gone.json["status"]), (202, &json!("cancelled")));
    assert_eq!(fixture.ann.get(&path).await.ok()["status"], "cancelled");

    // An externally run workflow ends at once; its runner sees that on its next call.
    let made = fixture.ann.post(CREATE, task("Elsewhere")).await.created();
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    fixture.ann.put(&format!("{path}/status"), json!({"status": "in_progress"})).await.ok();
    assert_eq!(fixture.ann.delete(&path).await.json["status"], "cancelled");
    assert_eq!(fixture.ann.put(&format!("{path}/status"), json!({"status": "in_progress"})).await.status, 409);

    // A workflow in progress ends when its worker has stopped.
    let made = fixture.ann.post(CREATE, task("Busy one")).await.created();
    fixture.add_agent_as_member(&text(&made, "workflow_id")).await;
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    let lease = fixture.claim().await;
    let mut socket = fixture.socket(&fixture.ann, &text(&made, "websocket")).await;
    let asked = fixture.ann.delete(&path).await;
    assert_eq!(
        (asked.status, &asked.json["status"], &asked.json["cancel_requested"]),
        (202, &json!("in_progress"), &json!(true))
    );
    assert_eq!(fixture.ann.put(&format!("{path}/status"), json!({"status": "completed"})).await.status, 409);
    assert_eq!(lease.call("heartbeat", json!({})).await["cancel_requested"], true);
    lease.call("cancelled", json!({})).await;
    socket.until(is("cancelled")).await;
    assert_eq!(fixture.ann.delete(&path).await.json["status"], "cancelled");
}

#[tokio::test]
async fn a_dropped_socket_resumes() {
    let fixture = Fixture::open("workflow-api-resume").await;
    let made = fixture.ann.post(CREATE, task("Resumed")).await.created();
    fixture.add_agent_as_member(&text(&made, "workflow_id")).await;
    let address = text(&made, "websocket");
    let lease = fixture.claim().await;
    let mut socket = fixture.socket(&fixture.ann, &address).await;
    lease.post_message("log", "one").await;
    let last = socket.until(|message| message["data"]["message"] == "one").await.pop().expect("a message");
    drop(socket);
    lease.post_message("log", "two").await;
    lease.stage("implement").await;
    lease.post_message("log", "three").await;
    let place = format!("since={}&epoch={}", last["seq"], text(&last, "epoch"));
    let mut socket = fixture.socket(&fixture.ann, &format!("{address}?{place}")).await;
    let messages = socket.until(|message| message["data"]["message"] == "three").await;
    assert_eq!(shorts(&messages), ["workflow_log two", "stage_transition implement", "workflow_log three"]);
    assert_eq!(socket.received_so_far().await, Vec::<Value>::new());
}

#[tokio::test]
async fn rejects_invalid_requests_and_outsiders() {
    let fixture = Fixture::open("workflow-api-bad").await;
    let bad = [
        (json!({}), "title"),
        (json!({"title": ""}), "title"),
        (json!({"title": "x".repeat(501)}), "title"),
        (json!({"title": "A", "type": "x".repeat(65)}), "type"),
        (json!({"title": "A", "stages": "plan"}), "stages"),
        (json!({"title": "A", "stages": ["x".repeat(65)]}), "stages"),
        (json!({"title": "A", "priority": "urgent"}), "priority"),
    ];
    for (body, field) in bad {
        let answer = fixture.ann.post(CREATE, body.clone()).await;
        let named = answer.json["errors"][0]["field"].as_str().unwrap_or_default();
        assert!(answer.status == 422 && named.starts_with(field), "{body}: {}", answer.json);
    }
    let made = fixture.ann.post(CREATE, json!({"title": "Only a title"})).await.created();
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    assert_eq!(
        fixture.ann.put(&format!("{path}/status"), json!({"status": "exploded"})).await.json["errors"][0]["field"],
        "status"
    );
    assert_eq!(fixture.outsider.get(&path).await.status, 404);
    assert_eq!(fixture.outsider.delete(&path).await.status, 404);
    assert_eq!(fixture.outsider.put(&format!("{path}/status"), json!({"status": "failed"})).await.status, 404);
    assert_eq!(fixture.server.anonymous().post(CREATE, task("No")).await.status, 401);
    // A request sent twice creates one workflow.
    let twice = async || {
        let request =
            fixture.ann.request(reqwest::Method::POST, CREATE).header("idempotency-key", "once").json(&task("Once"));
        text(&fixture.ann.send(request).await.created(), "adw_id")
    };
    assert_eq!(twice().await, twice().await);
}
