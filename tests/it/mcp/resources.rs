//! Resources: reading, listing, and subscriptions over a session stream and over the current revision's stream.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::agent::{Agent, REVISION, message, request};
use crate::harness;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

/// A stream of server-sent messages.
pub(super) struct Stream {
    bytes: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    text: String,
}

impl Stream {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        Self { bytes: Box::pin(response.bytes_stream()), text: String::new() }
    }

    /// The next message; `None` when the stream has ended or timed out.
    async fn next(&mut self, limit: Duration) -> Option<Value> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            while let Some((line, rest)) = self.text.split_once('\n') {
                let found =
                    line.trim_end().strip_prefix("data:").and_then(|data| serde_json::from_str(data.trim()).ok());
                self.text = rest.to_owned();
                if let Some(found) = found {
                    return Some(found);
                }
            }
            let chunk = tokio::time::timeout_at(deadline, self.bytes.next()).await.ok()??;
            self.text.push_str(&String::from_utf8_lossy(&chunk.ok()?));
        }
    }

    /// The URI of the next update.
    pub(super) async fn update(&mut self) -> String {
        let message = self.next(Duration::from_secs(20)).await.expect("an update");
        assert_eq!(message["method"], "notifications/resources/updated", "{message}");
        text(&message["params"], "uri")
    }
}

pub(super) async fn listen(agent: &Agent) -> Stream {
    let asked = agent.client.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let asked = asked.header("Mcp-Session-Id", &agent.session).header("MCP-Protocol-Version", REVISION);
    Stream::of(asked.send().await.expect("a stream"))
}

#[tokio::test]
async fn boards_tickets_and_jobs_can_be_read() {
    let server = open("mcpresources").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let agent = Agent::open_session(&owner).await;
    let ticket = fixture.ticket("Readable").await;
    let job = agent.call_ok("create_job", json!({"ticket_id": ticket, "initial_prompt": "Read."})).await;
    let listed = agent.result("resources/list", json!({})).await;
    let board = format!("callboard://board/{}", fixture.workflow);
    assert_eq!(listed["resources"].as_array().map(Vec::len), Some(1));
    assert_eq!((&listed["resources"][0]["uri"], &listed["resources"][0]["name"]), (&json!(board), &json!("Work")));
    let templates = agent.result("resources/templates/list", json!({})).await;
    assert_eq!(templates["resourceTemplates"].as_array().map(Vec::len), Some(3));
    for (uri, member, value) in [
        (board, "workflow_id", json!(fixture.workflow)),
        (format!("callboard://ticket/{ticket}"), "title", json!("Readable")),
        (format!("callboard://job/{}", text(&job, "job_id")), "status", json!("collecting")),
    ] {
        let read = agent.result("resources/read", json!({"uri": uri})).await;
        assert_eq!(
            (&read["contents"][0]["uri"], &read["contents"][0]["mimeType"]),
            (&json!(uri), &json!("application/json"))
        );
        let data: Value = serde_json::from_str(read["contents"][0]["text"].as_str().expect("a text")).expect("JSON");
        assert_eq!(data[member], value, "{uri}");
    }
    // Resources of another tenant look absent, for reading and for subscribing.
    let outsider = Agent::open_session(&signed_in_user(&server, "eve").await).await;
    for method in ["resources/read", "resources/subscribe"] {
        for (kind, theirs) in [("board", &fixture.workflow), ("ticket", &ticket), ("job", &text(&job, "job_id"))] {
            let (prefix, _) = theirs.split_once('-').expect("a kind");
            let absent = format!("{prefix}-{}", uuid::Uuid::now_v7());
            let mut response = Vec::new();
            for id in [theirs, &absent] {
                let answer = outsider.call_method(method, json!({"uri": format!("callboard://{kind}/{id}")})).await;
                assert_eq!(answer["error"]["code"], -32002, "{method} {kind}: {answer}");
                response.push(answer["error"].to_string().replace(id.as_str(), "[id]"));
            }
            assert_eq!(response[0], response[1], "{method} {kind}");
        }
    }
    for bad in ["file:///etc/passwd", "callboard://ticket/", "callboard://ticket/a/b", "callboard://../x", ""] {
        assert_eq!(agent.call_method("resources/read", json!({"uri": bad})).await["error"]["code"], -32002, "{bad}");
    }
    assert!(outsider.result("resources/list", json!({})).await["resources"].as_array().is_some_and(Vec::is_empty));
}

#[tokio::test]
async fn a_session_gets_updates_until_it_unsubscribes() {
    let server = open("mcpsubscribe").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let agent = Agent::open_session(&owner).await;
    let (one, two) = (fixture.ticket("One").await, fixture.ticket("Two").await);
    let mut subscription = listen(&agent).await;
    let (first, board) = (format!("callboard://ticket/{one}"), format!("callboard://board/{}", fixture.workflow));
    assert_eq!(agent.result("resources/subscribe", json!({"uri": first})).await, json!({}));
    fixture.comment(&two, "Not what is watched.").await;
    fixture.comment(&one, "What is watched.").await;
    assert_eq!(subscription.update().await, first);
    agent.result("resources/subscribe", json!({"uri": board})).await;
    agent.result("resources/unsubscribe", json!({"uri": first})).await;
    for n in 0..20 {
        fixture.comment(&one, &format!("Many at once {n}.")).await;
    }
    let mut response = vec![subscription.update().await];
    while let Some(more) = subscription.next(Duration::from_millis(500)).await {
        response.push(text(&more["params"], "uri"));
    }
    assert!(response.iter().all(|uri| *uri == board), "{response:?}");
    assert!(response.len() < 20, "updates are debounced: {}", response.len());
}

#[tokio::test]
async fn revocation_ends_the_updates() {
    let server = open("mcpnewsends").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let robot = service_client(&server, "robot", &["read"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"})).await.ok();
    let ticket = fixture.ticket("Watched").await;
    let agent = Agent::open_session(&robot).await;
    let mut subscription = listen(&agent).await;
    let uri = format!("callboard://ticket/{ticket}");
    agent.result("resources/subscribe", json!({"uri": uri})).await;
    fixture.comment(&ticket, "Before.").await;
    assert_eq!(subscription.update().await, uri);
    server.sql("update api_keys set revoked_at = now() where actor_id = 'robot'", &[]).await;
    harness::eventually("the client has left", async || {
        fixture.comment(&ticket, "After.").await;
        server.live.rooms.clients().iter().all(|client| client.caller().is_none_or(|caller| caller.actor != "robot"))
    })
    .await;
    // Updates in flight may still arrive; then the stream ends with its session.
    while subscription.next(Duration::from_secs(5)).await.is_some() {}
    fixture.comment(&ticket, "Long after.").await;
    assert!(subscription.next(Duration::from_millis(300)).await.is_none());
}

#[tokio::test]
async fn the_current_revision_gets_updates_on_one_stream() {
    let server = open("mcplisten").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let ticket = fixture.ticket("Watched").await;
    let uri = format!("callboard://ticket/{ticket}");
    let revision = "2026-07-28";
    let params = json!({"notifications": {"resourceSubscriptions": [uri, "file:///etc/passwd"]},
        "_meta": {"io.modelcontextprotocol/protocolVersion": revision,
                  "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                  "io.modelcontextprotocol/clientCapabilities": {}}});
    let ask = |params: Value| {
        request(&owner, &message("subscriptions/listen", params))
            .header("MCP-Protocol-Version", revision)
            .header("Mcp-Method", "subscriptions/listen")
    };
    let mut subscription = Stream::of(ask(params.clone()).send().await.expect("a stream"));
    let accepted = subscription.next(Duration::from_secs(5)).await.expect("a report");
    assert_eq!(accepted["params"]["notifications"]["resourceSubscriptions"], json!([uri]), "{accepted}");
    harness::eventually("it has joined", async || !server.live.rooms.clients().is_empty()).await;
    fixture.comment(&ticket, "News.").await;
    assert_eq!(subscription.update().await, uri);
    drop(subscription);
    harness::eventually("it has left", async || {
        fixture.comment(&ticket, "More.").await;
        server.live.rooms.clients().is_empty()
    })
    .await;
    // A resource of another tenant is refused like a missing one.
    let mut theirs = params;
    let outsider = TestWorkflow::of(&signed_in_user(&server, "eve").await).await.ticket("Hers").await;
    theirs["notifications"]["resourceSubscriptions"] = json!([format!("callboard://ticket/{outsider}")]);
    let mut refused = Stream::of(ask(theirs).send().await.expect("a stream"));
    let mut last = Value::Null;
    while let Some(message) = refused.next(Duration::from_secs(5)).await {
        last = message;
    }
    assert!(last["error"]["message"].as_str().is_some_and(|text| text.contains("There is no")), "{last}");
}
