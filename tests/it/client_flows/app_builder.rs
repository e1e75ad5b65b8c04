//! Jobs and apps: from signing up to a finished specification, watched as it is made.

use serde_json::{Value, json};

use super::fixtures::{Desk, Ears, plain};
use crate::client::Client;
use crate::http::fixtures::text;

/// What a message says, in short.
fn short(message: &Value) -> String {
    let what =
        ["status", "content", "message", "appId"].iter().find_map(|name| message[*name].as_str()).unwrap_or_default();
    let what = if message["kind"] == "app" { message["spec"]["pages"].to_string() } else { what.to_owned() };
    format!("{} {what}", message["kind"].as_str().unwrap_or_default())
}

fn shorts(heard: &[Value]) -> Vec<String> {
    heard.iter().map(short).collect()
}

/// Whether a job says that it has ended.
fn ended(message: &Value) -> bool {
    message["kind"] == "status" && ["succeeded", "failed"].iter().any(|status| message["status"] == *status)
}

/// Everything up to the end and what may follow at once.
async fn to_the_end(socket: &mut Ears) -> Vec<Value> {
    let mut heard = socket.until(ended).await;
    heard.extend(socket.now().await);
    heard
}

#[tokio::test]
async fn from_registering_to_an_app() {
    let desk = Desk::open("seed-001").await;
    // The client's own way in: register, keep both tokens, refresh, look who it is.
    let mut client = desk.server.stranger();
    let who = json!({"email": "maker@example.org", "password": "correct horse", "name": "Maker"});
    let answer = client.post("/api/auth/register/", who.clone()).await.created();
    assert!(
        answer["access"].is_string() && answer["refresh"].is_string() && answer["user"]["id"].is_string(),
        "{answer}"
    );
    let answer =
        client.post("/api/auth/login/", json!({"email": who["email"], "password": who["password"]})).await.ok();
    assert_eq!(answer["user"]["email"], who["email"]);
    let answer = client.post("/api/auth/token/refresh/", json!({"refresh": answer["refresh"]})).await.ok();
    client.token = answer["access"].as_str().map(str::to_owned);
    assert!(answer["refresh"].is_string());
    assert_eq!(client.get("/api/auth/me/").await.ok()["user"]["email"], who["email"]);

    // A job collects its prompt.
    let job = client.post("/api/jobs/", json!({"initial_prompt": "A shop"})).await.created();
    assert_eq!((&job["status"], &job["initial_prompt"]), (&json!("collecting"), &json!("A shop")));
    let (id, workflow) = (text(&job, "id"), text(&job, "workflow_id"));
    let hire = format!("/api/workflows/{workflow}/members/{}", desk.agent.id);
    client.put(&hire, json!({"role": "member"})).await.ok();
    let address = format!("/ws/jobs/{id}/");
    let mut socket = desk.socket(&client, &address).await;
    let mut heard = socket.until(|message| message["kind"] == "status").await;
    client.patch(&format!("/api/jobs/{id}/"), json!({"initial_prompt": "A shop for maps"})).await.ok();
    client.post("/api/job-messages/", json!({"job_id": id, "content": "With old maps, please"})).await.created();
    let queued = client.post(&format!("/api/jobs/{id}/continue/"), json!({})).await.ok();
    assert_eq!(queued["status"], "queued");
    assert_eq!(client.patch(&format!("/api/jobs/{id}/"), json!({"initial_prompt": "Other"})).await.status, 409);

    // An agent works on it; the person stops it for a moment.
    let lease = desk.claim().await;
    assert_eq!(lease.job, id);
    lease.say("chat", "Which maps?").await;
    lease.say("step", "Drawing the pages").await;
    lease.say("log", "$ npm run build").await;
    client.post(&format!("/api/jobs/{id}/pause/"), json!({})).await.ok();
    client.post(&format!("/api/jobs/{id}/resume/"), json!({})).await.ok();
    lease.call("progress", json!({"progress": 60, "message": "Most pages are drawn"})).await;
    let spec = json!({"title": "Map shop", "spec": {"pages": 3}, "prd_markdown": "# Map shop"});
    lease.call("complete", json!({"app": spec})).await;
    heard.extend(to_the_end(&mut socket).await);
    assert_eq!(
        shorts(&heard),
        [
            "status collecting",
            "status collecting",
            "chat With old maps, please",
            "status queued",
            "status running",
            "chat Which maps?",
            "step Drawing the pages",
            "status paused",
            "status running",
            "status running",
            "app 3",
            "status succeeded",
        ]
    );
    assert!(
        heard.iter().all(|message| message["jobId"] == json!(id) && message["timestamp"].is_string()),
        "{heard:#?}"
    );
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&heard)) });

    // Who opens late sees the state, then everything that was said.
    let mut late = desk.socket(&client, &address).await;
    let told = late.until(|message| message["kind"] == "app").await;
    assert_eq!(
        shorts(&told),
        ["status succeeded", "chat With old maps, please", "chat Which maps?", "step Drawing the pages", "app 3"]
    );
    assert_eq!(late.now().await, Vec::<Value>::new());

    let app = client.get(&format!("/api/apps/by-job/{id}/")).await.ok();
    assert_eq!((&app["spec"]["pages"], &app["prd_markdown"]), (&json!(3), &json!("# Map shop")));
    assert_eq!(client.get("/api/apps/").await.ok()["apps"][0]["id"], app["id"]);
    assert_eq!(client.get(&format!("/api/apps/{}/", text(&app, "id"))).await.ok()["job_id"], json!(id));
    let tickets = client.get(&format!("/api/tickets/?job_id={id}")).await.ok();
    assert_eq!((&tickets["total_count"], &tickets["tickets"][0]["ticket_id"]), (&json!(1), &job["ticket_id"]));
    let messages = client.get(&format!("/api/job-messages/?job_id={id}")).await.ok();
    assert_eq!(messages["messages"].as_array().map(Vec::len), Some(4), "{messages}");
    assert_eq!(client.get("/api/jobs/").await.ok()["jobs"][0]["status"], "succeeded");
    assert_eq!(client.delete("/api/jobs/purge/").await.refused(403), "forbidden");
    client.post("/api/auth/logout/", json!({})).await;
    assert_eq!(late.closed().await, 4001);
    assert_eq!(client.get("/api/auth/me/").await.status, 401);
}

/// A job of Ann's in the queue, with the agent in its workflow.
async fn queued(desk: &Desk) -> String {
    let body = json!({"initial_prompt": "Something small", "queue": true, "stages": ["plan", "build"]});
    let job = desk.ann.post("/api/jobs", body).await.created();
    desk.hire(&text(&job, "workflow_id")).await;
    text(&job, "id")
}

#[tokio::test]
async fn a_job_that_fails_says_why() {
    let desk = Desk::open("seed-001-fails").await;
    let id = queued(&desk).await;
    let mut socket = desk.socket(&desk.ann, &format!("/ws/jobs/{id}")).await;
    let mut heard = socket.until(|message| message["kind"] == "status").await;
    let lease = desk.claim().await;
    lease.stage("build").await;
    lease.call("fail", json!({"error": "The shop burnt down", "retry": false})).await;
    heard.extend(socket.until(|message| message["kind"] == "error").await);
    heard.extend(socket.now().await);
    assert_eq!(
        shorts(&heard),
        [
            "status queued",
            "status running",
            "status running",
            "status running",
            "status failed",
            "error The shop burnt down"
        ]
    );
    let mut late = desk.socket(&desk.ann, &format!("/ws/jobs/{id}")).await;
    let told = late.until(|message| message["kind"] == "error").await;
    assert_eq!(shorts(&told), ["status failed", "error The shop burnt down"]);
}

#[tokio::test]
async fn dropped_and_resumed() {
    let desk = Desk::open("seed-001-resume").await;
    let id = queued(&desk).await;
    let lease = desk.claim().await;
    let mut socket = desk.socket(&desk.ann, &format!("/ws/jobs/{id}/")).await;
    lease.say("step", "one").await;
    let last = socket.until(|message| message["message"] == "one").await.pop().expect("a message");
    drop(socket);
    lease.say("log", "not told").await;
    lease.say("step", "two").await;
    lease.call("progress", json!({"progress": 10, "message": "On it"})).await;
    lease.say("chat", "three").await;
    let epoch = text(&last, "epoch");
    for epoch in [format!("&epoch={epoch}"), String::new()] {
        let mut socket = desk.socket(&desk.ann, &format!("/ws/jobs/{id}/?since={}{epoch}", last["seq"])).await;
        let heard = socket.until(|message| message["kind"] == "chat").await;
        assert_eq!(shorts(&heard), ["step two", "status running", "chat three"]);
        assert_eq!(socket.now().await, Vec::<Value>::new());
    }
    // A cursor that means nothing here: everything is told again.
    for place in ["since=1&epoch=another", "since=999"] {
        let mut socket = desk.socket(&desk.ann, &format!("/ws/jobs/{id}/?{place}")).await;
        let heard = socket.until(|message| message["kind"] == "chat").await;
        assert_eq!(shorts(&heard), ["status running", "step one", "step two", "chat three"], "{place}");
    }
    // Live goes on where the past ends, whatever happens in between.
    let mut socket = desk.socket(&desk.ann, &format!("/ws/jobs/{id}/?since=0")).await;
    for n in 0..20 {
        lease.say("step", &format!("more {n}")).await;
    }
    let heard = socket.until(|message| message["message"] == "more 19").await;
    let steps: Vec<&str> = heard.iter().filter(|m| m["kind"] == "step").filter_map(|m| m["message"].as_str()).collect();
    let wanted: Vec<String> =
        ["one", "two"].map(str::to_owned).into_iter().chain((0..20).map(|n| format!("more {n}"))).collect();
    assert_eq!(steps, wanted);
    let seqs: Vec<i64> = heard.iter().filter_map(|message| message["seq"].as_i64()).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
}

/// The code with which a job's socket is closed.
async fn closed(desk: &Desk, who: &Client, address: &str) -> u16 {
    desk.socket(who, address).await.closed().await
}

#[tokio::test]
async fn strangers_and_bad_addresses() {
    let desk = Desk::open("seed-001-bad").await;
    let id = queued(&desk).await;
    for door in ["jobs", "workflows"] {
        let (mine, none) = (format!("/ws/{door}/{id}/"), format!("/ws/{door}/job-none/"));
        assert_eq!(closed(&desk, &desk.server.bearer("cb_wrong"), &mine).await, 4001);
        assert_eq!(closed(&desk, &desk.server.bearer("no.such.token"), &mine).await, 4001);
        assert_eq!(closed(&desk, &desk.stranger, &mine).await, 4003);
        assert_eq!(closed(&desk, &desk.ann, &none).await, 4003);
        let nobody = desk.server.stranger();
        let mut socket = desk.socket(&nobody, &mine).await;
        socket.0.say(json!({"type": "subscribe", "room": "job:x"})).await;
        assert_eq!(socket.closed().await, 4001);
        // No token in addresses unless the server was told to.
        assert_eq!(
            closed(&desk, &nobody, &format!("{mine}?token={}", desk.ann.token.as_deref().unwrap_or_default())).await,
            4001
        );
        for bad in ["since=-1", "since=yesterday"] {
            assert_eq!(desk.refused(&desk.ann, &format!("/ws/{door}/{id}?{bad}")).await, 422, "{bad}");
        }
        let mut socket = desk.socket(&nobody, &mine).await;
        socket.0.say(json!({"type": "auth", "token": desk.ann.token})).await;
        socket.until(|message| message["kind"] == "status" || message["type"] == "status_update").await;
        // It watches what its address names.
        socket.0.say(json!({"type": "subscribe", "room": format!("job:{id}")})).await;
        let told = socket.until(|message| message["kind"] == "error" || message["type"] == "error").await;
        assert!(told[0].to_string().contains("fixed"), "{told:?}");
    }
    // A deleted job's socket is closed.
    let mut socket = desk.socket(&desk.ann, &format!("/ws/jobs/{id}")).await;
    socket.until(|message| message["kind"] == "status").await;
    desk.ann.delete(&format!("/api/jobs/{id}/")).await;
    socket.until(|message| message["message"] == "The job was deleted.").await;
    assert_eq!(socket.closed().await, 4003);
}
