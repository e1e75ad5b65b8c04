//! Jobs and apps: from registration to a finished specification, followed live.

use serde_json::{Value, json};

use super::fixtures::{Fixture, RecordingSocket, plain};
use crate::client::Client;
use crate::http::fixtures::text;

/// A short form of a message.
fn short(message: &Value) -> String {
    let what =
        ["status", "content", "message", "appId"].iter().find_map(|name| message[*name].as_str()).unwrap_or_default();
    let what = if message["kind"] == "app" { message["spec"]["pages"].to_string() } else { what.to_owned() };
    format!("{} {what}", message["kind"].as_str().unwrap_or_default())
}

fn shorts(messages: &[Value]) -> Vec<String> {
    messages.iter().map(short).collect()
}

/// Whether a message reports the end of a job.
fn ended(message: &Value) -> bool {
    message["kind"] == "status" && ["succeeded", "failed"].iter().any(|status| message["status"] == *status)
}

/// All messages up to the end, plus any that follow immediately.
async fn to_the_end(socket: &mut RecordingSocket) -> Vec<Value> {
    let mut messages = socket.until(ended).await;
    messages.extend(socket.received_so_far().await);
    messages
}

#[tokio::test]
async fn from_registering_to_an_app() {
    let fixture = Fixture::open("app-builder").await;
    // The client's sign-in: register, keep both tokens, refresh, read the profile.
    let mut client = fixture.server.anonymous();
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

    // The job collects its prompt.
    let job = client.post("/api/jobs/", json!({"initial_prompt": "A shop"})).await.created();
    assert_eq!((&job["status"], &job["initial_prompt"]), (&json!("collecting"), &json!("A shop")));
    let (id, workflow) = (text(&job, "id"), text(&job, "workflow_id"));
    let hire = format!("/api/workflows/{workflow}/members/{}", fixture.agent.id);
    let invited = client.put(&hire, json!({"role": "member"})).await.expect(202);
    let accept = format!("/api/membership-invitations/{}/accept", text(&invited, "invitation_id"));
    fixture.ann.post(&accept, json!({})).await.ok();
    let address = format!("/ws/jobs/{id}/");
    let mut socket = fixture.socket(&client, &address).await;
    let mut messages = socket.until(|message| message["kind"] == "status").await;
    client.patch(&format!("/api/jobs/{id}/"), json!({"initial_prompt": "A shop for maps"})).await.ok();
    client.post("/api/job-messages/", json!({"job_id": id, "content": "With old maps, please"})).await.created();
    let queued = client.post(&format!("/api/jobs/{id}/continue/"), json!({})).await.ok();
    assert_eq!(queued["status"], "queued");
    assert_eq!(client.patch(&format!("/api/jobs/{id}/"), json!({"initial_prompt": "Other"})).await.status, 409);

    // An agent works on the job; the user pauses it briefly.
    let lease = fixture.claim().await;
    assert_eq!(lease.job, id);
    lease.post_message("chat", "Which maps?").await;
    lease.post_message("step", "Drawing the pages").await;
    lease.post_message("log", "$ npm run build").await;
    client.post(&format!("/api/jobs/{id}/pause/"), json!({})).await.ok();
    client.post(&format!("/api/jobs/{id}/resume/"), json!({})).await.ok();
    lease.call("progress", json!({"progress": 60, "message": "Most pages are drawn"})).await;
    let spec = json!({"title": "Map shop", "spec": {"pages": 3}, "prd_markdown": "# Map shop"});
    lease.call("complete", json!({"app": spec})).await;
    messages.extend(to_the_end(&mut socket).await);
    assert_eq!(
        shorts(&messages),
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
        messages.iter().all(|message| message["jobId"] == json!(id) && message["timestamp"].is_string()),
        "{messages:#?}"
    );
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&messages)) });

    // A late subscriber gets the state, then the whole transcript.
    let mut late = fixture.socket(&client, &address).await;
    let received = late.until(|message| message["kind"] == "app").await;
    assert_eq!(
        shorts(&received),
        ["status succeeded", "chat With old maps, please", "chat Which maps?", "step Drawing the pages", "app 3"]
    );
    assert_eq!(late.received_so_far().await, Vec::<Value>::new());

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

/// A queued job of Ann, with the agent as a member of its workflow.
async fn queued(fixture: &Fixture) -> String {
    let body = json!({"initial_prompt": "Something small", "queue": true, "stages": ["plan", "build"]});
    let job = fixture.ann.post("/api/jobs", body).await.created();
    fixture.add_agent_as_member(&text(&job, "workflow_id")).await;
    text(&job, "id")
}

#[tokio::test]
async fn a_job_that_fails_says_why() {
    let fixture = Fixture::open("app-builder-fails").await;
    let id = queued(&fixture).await;
    let mut socket = fixture.socket(&fixture.ann, &format!("/ws/jobs/{id}")).await;
    let mut messages = socket.until(|message| message["kind"] == "status").await;
    let lease = fixture.claim().await;
    lease.stage("build").await;
    lease.call("fail", json!({"error": "The shop burnt down", "retry": false})).await;
    messages.extend(socket.until(|message| message["kind"] == "error").await);
    messages.extend(socket.received_so_far().await);
    assert_eq!(
        shorts(&messages),
        [
            "status queued",
            "status running",
            "status running",
            "status running",
            "status failed",
            "error The shop burnt down"
        ]
    );
    let mut late = fixture.socket(&fixture.ann, &format!("/ws/jobs/{id}")).await;
    let received = late.until(|message| message["kind"] == "error").await;
    assert_eq!(shorts(&received), ["status failed", "error The shop burnt down"]);
}

#[tokio::test]
async fn a_dropped_socket_resumes() {
    let fixture = Fixture::open("app-builder-resume").await;
    let id = queued(&fixture).await;
    let lease = fixture.claim().await;
    let mut socket = fixture.socket(&fixture.ann, &format!("/ws/jobs/{id}/")).await;
    lease.post_message("step", "one").await;
    let last = socket.until(|message| message["message"] == "one").await.pop().expect("a message");
    drop(socket);
    lease.post_message("log", "not delivered").await;
    lease.post_message("step", "two").await;
    lease.call("progress", json!({"progress": 10, "message": "On it"})).await;
    lease.post_message("chat", "three").await;
    let epoch = text(&last, "epoch");
    for epoch in [format!("&epoch={epoch}"), String::new()] {
        let mut socket = fixture.socket(&fixture.ann, &format!("/ws/jobs/{id}/?since={}{epoch}", last["seq"])).await;
        let messages = socket.until(|message| message["kind"] == "chat").await;
        assert_eq!(shorts(&messages), ["step two", "status running", "chat three"]);
        assert_eq!(socket.received_so_far().await, Vec::<Value>::new());
    }
    // An unknown cursor: everything is sent again.
    for place in ["since=1&epoch=another", "since=999"] {
        let mut socket = fixture.socket(&fixture.ann, &format!("/ws/jobs/{id}/?{place}")).await;
        let messages = socket.until(|message| message["kind"] == "chat").await;
        assert_eq!(shorts(&messages), ["status running", "step one", "step two", "chat three"], "{place}");
    }
    // Live events continue where the replay ends, whatever happens in between.
    let mut socket = fixture.socket(&fixture.ann, &format!("/ws/jobs/{id}/?since=0")).await;
    for n in 0..20 {
        lease.post_message("step", &format!("more {n}")).await;
    }
    let messages = socket.until(|message| message["message"] == "more 19").await;
    let steps: Vec<&str> =
        messages.iter().filter(|m| m["kind"] == "step").filter_map(|m| m["message"].as_str()).collect();
    let wanted: Vec<String> =
        ["one", "two"].map(str::to_owned).into_iter().chain((0..20).map(|n| format!("more {n}"))).collect();
    assert_eq!(steps, wanted);
    let seqs: Vec<i64> = messages.iter().filter_map(|message| message["seq"].as_i64()).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
}

/// The close code of a job's socket.
async fn closed(fixture: &Fixture, who: &Client, address: &str) -> u16 {
    fixture.socket(who, address).await.closed().await
}

#[tokio::test]
async fn rejects_outsiders_and_invalid_urls() {
    let fixture = Fixture::open("app-builder-bad").await;
    let id = queued(&fixture).await;
    for endpoint in ["jobs", "workflows"] {
        let (mine, none) = (format!("/ws/{endpoint}/{id}/"), format!("/ws/{endpoint}/job-none/"));
        assert_eq!(closed(&fixture, &fixture.server.bearer("cb_wrong"), &mine).await, 4001);
        assert_eq!(closed(&fixture, &fixture.server.bearer("no.such.token"), &mine).await, 4001);
        assert_eq!(closed(&fixture, &fixture.outsider, &mine).await, 4003);
        assert_eq!(closed(&fixture, &fixture.ann, &none).await, 4003);
        let anonymous = fixture.server.anonymous();
        let mut socket = fixture.socket(&anonymous, &mine).await;
        socket.0.send(json!({"type": "subscribe", "room": "job:x"})).await;
        assert_eq!(socket.closed().await, 4001);
        // Tokens in URLs are rejected unless the setting allows them.
        assert_eq!(
            closed(&fixture, &anonymous, &format!("{mine}?token={}", fixture.ann.token.as_deref().unwrap_or_default()))
                .await,
            4001
        );
        for bad in ["since=-1", "since=yesterday"] {
            assert_eq!(fixture.refused(&fixture.ann, &format!("/ws/{endpoint}/{id}?{bad}")).await, 422, "{bad}");
        }
        let mut socket = fixture.socket(&anonymous, &mine).await;
        socket.0.send(json!({"type": "auth", "token": fixture.ann.token})).await;
        socket.until(|message| message["kind"] == "status" || message["type"] == "status_update").await;
        // The socket is subscribed to the job named in its URL.
        socket.0.send(json!({"type": "subscribe", "room": format!("job:{id}")})).await;
        let received = socket.until(|message| message["kind"] == "error" || message["type"] == "error").await;
        assert!(received[0].to_string().contains("fixed"), "{received:?}");
    }
    // The socket of a deleted job is closed. Before, it gets two messages one after the other, the second of them when it has caught up:
    // a socket that still reads what it missed is closed without a word.
    let mut socket = fixture.socket(&fixture.ann, &format!("/ws/jobs/{id}")).await;
    for content in ["With old maps", "And with new ones"] {
        fixture.ann.post("/api/job-messages/", json!({"job_id": id, "content": content})).await.created();
        socket.until(|message| message["content"] == content).await;
    }
    fixture.ann.delete(&format!("/api/jobs/{id}/")).await;
    socket.until(|message| message["message"] == "The job was deleted.").await;
    assert_eq!(socket.closed().await, 4003);
}
