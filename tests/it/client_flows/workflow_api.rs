//! The workflow API: a task is created at once and its progress is heard, not polled.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{Desk, plain};
use crate::http::fixtures::text;
use crate::live::socket::Heard;

const CREATE: &str = "/api/v1/workflows/create";

fn task(title: &str) -> Value {
    json!({"title": title, "description": "Test task", "type": "feature", "stages": ["plan", "implement"], "adw_id": null, "more": 1})
}

/// A message in short.
fn short(message: &Value) -> String {
    let data = &message["data"];
    let what = ["status", "to_stage", "message"].iter().find_map(|name| data[*name].as_str()).unwrap_or_default();
    format!("{} {what}", message["type"].as_str().unwrap_or_default())
}

fn shorts(heard: &[Value]) -> Vec<String> {
    heard.iter().map(short).collect()
}

fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |message| message["data"]["status"] == status
}

#[tokio::test]
async fn from_create_to_completed() {
    let desk = Desk::open("seed-004").await;
    let made = desk.ann.post(CREATE, task("Test")).await.created();
    assert_eq!(
        (&made["status"], &made["title"], &made["type"], &made["stages"]),
        (&json!("started"), &json!("Test"), &json!("feature"), &json!(["plan", "implement"]))
    );
    assert!(made["created_at"].is_string() && made["ticket_id"].is_string(), "{made}");
    let id = text(&made, "adw_id");
    desk.hire(&text(&made, "workflow_id")).await;
    let path = format!("/api/v1/workflows/{id}");
    let mut socket = desk.socket(&desk.ann, &text(&made, "websocket")).await;
    let mut heard = socket.until_type("status_update").await;
    socket.0.say(json!({"type": "ping"})).await;
    assert_eq!(socket.until_type("pong").await, [json!({"type": "pong"})]);

    let lease = desk.claim().await;
    assert_eq!(lease.job, id);
    lease.say("log", "$ plan").await;
    lease.call("progress", json!({"progress": 40, "message": "Planned"})).await;
    lease.stage("implement").await;
    lease.say("step", "Writing the code").await;
    let now = desk.ann.get(&path).await.ok();
    assert_eq!(
        (&now["status"], &now["current_stage"], &now["progress"], &now["attempts"], &now["error"]),
        (&json!("in_progress"), &json!("implement"), &json!(40.0), &json!(1), &Value::Null)
    );
    let lines: Vec<&Value> = now["logs"].as_array().expect("logs").iter().map(|line| &line["message"]).collect();
    assert_eq!(lines, ["$ plan", "Writing the code"]);
    lease.call("complete", json!({"commit_sha": "abcdef12"})).await;
    heard.extend(socket.until(is("completed")).await);
    heard.extend(socket.now().await);
    assert_eq!(
        shorts(&heard),
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
    for message in &heard {
        assert_eq!(
            (&message["data"]["adw_id"], &message["data"]["workflow_name"]),
            (&json!(id), &json!("Test")),
            "{message}"
        );
    }
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&heard)) });
    let done = desk.ann.get(&path).await.ok();
    assert_eq!((&done["status"], &done["progress_percent"]), (&json!("completed"), &json!(100.0)));
    let ticket = desk.ann.get(&format!("/api/tickets/{}", text(&made, "ticket_id"))).await.ok();
    assert_eq!((&ticket["is_resolved"], &ticket["status"]), (&json!(true), &json!("shipped")));

    // Who opens late sees how it stands, and what was said.
    let mut late = desk.socket(&desk.ann, &format!("/ws/workflows/{id}")).await;
    let told = late.until(|message| message["data"]["message"] == "Writing the code").await;
    assert_eq!(
        shorts(&told),
        [
            "status_update completed",
            "stage_transition plan",
            "workflow_log $ plan",
            "stage_transition implement",
            "workflow_log Writing the code"
        ]
    );
    // And hears that the connection lives.
    let beat = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match late.0.hear().await {
                Heard::Message(message) if message["type"] == "heartbeat" => return message,
                Heard::Message(_) => {}
                Heard::Closed(code) => panic!("closed with {code}"),
            }
        }
    });
    assert!(beat.await.expect("a heartbeat")["data"]["timestamp"].is_string());
}

#[tokio::test]
async fn run_elsewhere_and_told_by_status() {
    let desk = Desk::open("seed-004-status").await;
    let made = desk.ann.post(CREATE, task("Elsewhere")).await.created();
    let id = text(&made, "adw_id");
    let path = format!("/api/v1/workflows/{id}/status");
    let mut socket = desk.socket(&desk.ann, &format!("/ws/workflows/{id}")).await;
    let mut heard = socket.until_type("status_update").await;
    let tell = async |status: &str, message: Value| {
        desk.ann.put(&path, json!({"status": status, "message": message})).await.ok()
    };
    assert_eq!(tell("in_progress", json!("Planning")).await["status"], "in_progress");
    assert_eq!(tell("paused", Value::Null).await["job_status"], "paused");
    assert_eq!(tell("in_progress", json!("Building")).await["job_status"], "running");
    assert_eq!(tell("failed", json!("No such file")).await["error"], "No such file");
    assert_eq!(tell("started", Value::Null).await["status"], "started");
    assert_eq!(tell("completed", json!("It went well at last")).await["status"], "completed");
    heard.extend(socket.until(is("completed")).await);
    assert_eq!(
        shorts(&heard),
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
    assert_eq!(desk.ann.put(&path, json!({"status": "in_progress"})).await.status, 409);
}

#[tokio::test]
async fn cancelled() {
    let desk = Desk::open("seed-004-cancel").await;
    let made = desk.ann.post(CREATE, task("Idle one")).await.created();
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    let gone = desk.ann.delete(&path).await;
    assert_eq!((gone.status, &gone.json["status"]), (202, &json!("cancelled")));
    assert_eq!(desk.ann.get(&path).await.ok()["status"], "cancelled");

    // One that is run elsewhere ends at once; who runs it finds that out.
    let made = desk.ann.post(CREATE, task("Elsewhere")).await.created();
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    desk.ann.put(&format!("{path}/status"), json!({"status": "in_progress"})).await.ok();
    assert_eq!(desk.ann.delete(&path).await.json["status"], "cancelled");
    assert_eq!(desk.ann.put(&format!("{path}/status"), json!({"status": "in_progress"})).await.status, 409);

    // One that is worked on ends when its worker has stopped.
    let made = desk.ann.post(CREATE, task("Busy one")).await.created();
    desk.hire(&text(&made, "workflow_id")).await;
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    let lease = desk.claim().await;
    let mut socket = desk.socket(&desk.ann, &text(&made, "websocket")).await;
    let asked = desk.ann.delete(&path).await;
    assert_eq!(
        (asked.status, &asked.json["status"], &asked.json["cancel_requested"]),
        (202, &json!("in_progress"), &json!(true))
    );
    assert_eq!(desk.ann.put(&format!("{path}/status"), json!({"status": "completed"})).await.status, 409);
    assert_eq!(lease.call("heartbeat", json!({})).await["cancel_requested"], true);
    lease.call("cancelled", json!({})).await;
    socket.until(is("cancelled")).await;
    assert_eq!(desk.ann.delete(&path).await.json["status"], "cancelled");
}

#[tokio::test]
async fn dropped_and_resumed() {
    let desk = Desk::open("seed-004-resume").await;
    let made = desk.ann.post(CREATE, task("Resumed")).await.created();
    desk.hire(&text(&made, "workflow_id")).await;
    let address = text(&made, "websocket");
    let lease = desk.claim().await;
    let mut socket = desk.socket(&desk.ann, &address).await;
    lease.say("log", "one").await;
    let last = socket.until(|message| message["data"]["message"] == "one").await.pop().expect("a message");
    drop(socket);
    lease.say("log", "two").await;
    lease.stage("implement").await;
    lease.say("log", "three").await;
    let place = format!("since={}&epoch={}", last["seq"], text(&last, "epoch"));
    let mut socket = desk.socket(&desk.ann, &format!("{address}?{place}")).await;
    let heard = socket.until(|message| message["data"]["message"] == "three").await;
    assert_eq!(shorts(&heard), ["workflow_log two", "stage_transition implement", "workflow_log three"]);
    assert_eq!(socket.now().await, Vec::<Value>::new());
}

#[tokio::test]
async fn bad_requests_and_strangers() {
    let desk = Desk::open("seed-004-bad").await;
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
        let answer = desk.ann.post(CREATE, body.clone()).await;
        let named = answer.json["errors"][0]["field"].as_str().unwrap_or_default();
        assert!(answer.status == 422 && named.starts_with(field), "{body}: {}", answer.json);
    }
    let made = desk.ann.post(CREATE, json!({"title": "Only a title"})).await.created();
    let path = format!("/api/v1/workflows/{}", text(&made, "adw_id"));
    assert_eq!(
        desk.ann.put(&format!("{path}/status"), json!({"status": "exploded"})).await.json["errors"][0]["field"],
        "status"
    );
    assert_eq!(desk.stranger.get(&path).await.status, 404);
    assert_eq!(desk.stranger.delete(&path).await.status, 404);
    assert_eq!(desk.stranger.put(&format!("{path}/status"), json!({"status": "failed"})).await.status, 404);
    assert_eq!(desk.server.stranger().post(CREATE, task("No")).await.status, 401);
    // Sent twice, made once.
    let twice = async || {
        let request =
            desk.ann.request(reqwest::Method::POST, CREATE).header("idempotency-key", "once").json(&task("Once"));
        text(&desk.ann.send(request).await.created(), "adw_id")
    };
    assert_eq!(twice().await, twice().await);
}
