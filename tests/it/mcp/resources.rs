//! Resources: read, listed, watched over the stream of a session and over one of the current revision.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::agent::{Agent, REVISION, message, request};
use crate::harness;
use crate::http::fixtures::{Desk, open, person, service, text};

/// Server-sent messages as they come.
struct Stream {
    bytes: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    text: String,
}

impl Stream {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        Self { bytes: Box::pin(response.bytes_stream()), text: String::new() }
    }

    /// The next message; none when the stream has ended or nothing came in time.
    async fn next(&mut self, patience: Duration) -> Option<Value> {
        let deadline = tokio::time::Instant::now() + patience;
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

    /// The address of the next update.
    async fn update(&mut self) -> String {
        let news = self.next(Duration::from_secs(20)).await.expect("an update");
        assert_eq!(news["method"], "notifications/resources/updated", "{news}");
        text(&news["params"], "uri")
    }
}

async fn listen(agent: &Agent) -> Stream {
    let asked = agent.client.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let asked = asked.header("Mcp-Session-Id", &agent.session).header("MCP-Protocol-Version", REVISION);
    Stream::of(asked.send().await.expect("a stream"))
}

#[tokio::test]
async fn boards_tickets_and_jobs_can_be_read() {
    let server = open("mcpresources").await;
    let owner = person(&server, "ada").await;
    let desk = Desk::of(&owner).await;
    let agent = Agent::enter(&owner).await;
    let ticket = desk.ticket("Readable").await;
    let job = agent.does("create_job", json!({"ticket_id": ticket, "initial_prompt": "Read."})).await;
    let listed = agent.result("resources/list", json!({})).await;
    let board = format!("callboard://board/{}", desk.workflow);
    assert_eq!(listed["resources"].as_array().map(Vec::len), Some(1));
    assert_eq!((&listed["resources"][0]["uri"], &listed["resources"][0]["name"]), (&json!(board), &json!("Work")));
    let templates = agent.result("resources/templates/list", json!({})).await;
    assert_eq!(templates["resourceTemplates"].as_array().map(Vec::len), Some(3));
    for (uri, member, value) in [
        (board, "workflow_id", json!(desk.workflow)),
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
    // What is another's looks as what is not there, to reading and to subscribing.
    let stranger = Agent::enter(&person(&server, "eve").await).await;
    for method in ["resources/read", "resources/subscribe"] {
        for (kind, theirs) in [("board", &desk.workflow), ("ticket", &ticket), ("job", &text(&job, "job_id"))] {
            let (prefix, _) = theirs.split_once('-').expect("a kind");
            let absent = format!("{prefix}-{}", uuid::Uuid::now_v7());
            let mut told = Vec::new();
            for id in [theirs, &absent] {
                let answer = stranger.ask(method, json!({"uri": format!("callboard://{kind}/{id}")})).await;
                assert_eq!(answer["error"]["code"], -32002, "{method} {kind}: {answer}");
                told.push(answer["error"].to_string().replace(id.as_str(), "[id]"));
            }
            assert_eq!(told[0], told[1], "{method} {kind}");
        }
    }
    for bad in ["file:///etc/passwd", "callboard://ticket/", "callboard://ticket/a/b", "callboard://../x", ""] {
        assert_eq!(agent.ask("resources/read", json!({"uri": bad})).await["error"]["code"], -32002, "{bad}");
    }
    assert!(stranger.result("resources/list", json!({})).await["resources"].as_array().is_some_and(Vec::is_empty));
}

#[tokio::test]
async fn a_session_hears_of_changes_until_it_unsubscribes() {
    let server = open("mcpsubscribe").await;
    let owner = person(&server, "ada").await;
    let desk = Desk::of(&owner).await;
    let agent = Agent::enter(&owner).await;
    let (one, two) = (desk.ticket("One").await, desk.ticket("Two").await);
    let mut news = listen(&agent).await;
    let (first, board) = (format!("callboard://ticket/{one}"), format!("callboard://board/{}", desk.workflow));
    assert_eq!(agent.result("resources/subscribe", json!({"uri": first})).await, json!({}));
    desk.comment(&two, "Not what is watched.").await;
    desk.comment(&one, "What is watched.").await;
    assert_eq!(news.update().await, first);
    agent.result("resources/subscribe", json!({"uri": board})).await;
    agent.result("resources/unsubscribe", json!({"uri": first})).await;
    for n in 0..20 {
        desk.comment(&one, &format!("Many at once {n}.")).await;
    }
    let mut told = vec![news.update().await];
    while let Some(more) = news.next(Duration::from_millis(500)).await {
        told.push(text(&more["params"], "uri"));
    }
    assert!(told.iter().all(|uri| *uri == board), "{told:?}");
    assert!(told.len() < 20, "told together: {}", told.len());
}

#[tokio::test]
async fn revocation_ends_the_news() {
    let server = open("mcpnewsends").await;
    let owner = person(&server, "ada").await;
    let desk = Desk::of(&owner).await;
    let robot = service(&server, "robot", &["read"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", desk.workflow), json!({"role": "member"})).await.ok();
    let ticket = desk.ticket("Watched").await;
    let agent = Agent::enter(&robot).await;
    let mut news = listen(&agent).await;
    let uri = format!("callboard://ticket/{ticket}");
    agent.result("resources/subscribe", json!({"uri": uri})).await;
    desk.comment(&ticket, "Before.").await;
    assert_eq!(news.update().await, uri);
    server.sql("update api_keys set revoked_at = now() where actor_id = 'robot'", &[]).await;
    harness::eventually("the client has left", async || {
        desk.comment(&ticket, "After.").await;
        server.live.rooms.clients().iter().all(|client| client.caller().is_none_or(|caller| caller.actor != "robot"))
    })
    .await;
    // What was under way may still come; then the stream ends with its session.
    while news.next(Duration::from_secs(5)).await.is_some() {}
    desk.comment(&ticket, "Long after.").await;
    assert!(news.next(Duration::from_millis(300)).await.is_none());
}

#[tokio::test]
async fn the_current_revision_listens_on_one_stream() {
    let server = open("mcplisten").await;
    let owner = person(&server, "ada").await;
    let desk = Desk::of(&owner).await;
    let ticket = desk.ticket("Watched").await;
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
    let mut news = Stream::of(ask(params.clone()).send().await.expect("a stream"));
    let accepted = news.next(Duration::from_secs(5)).await.expect("word of it");
    assert_eq!(accepted["params"]["notifications"]["resourceSubscriptions"], json!([uri]), "{accepted}");
    harness::eventually("it has joined", async || !server.live.rooms.clients().is_empty()).await;
    desk.comment(&ticket, "News.").await;
    assert_eq!(news.update().await, uri);
    drop(news);
    harness::eventually("it has left", async || {
        desk.comment(&ticket, "More.").await;
        server.live.rooms.clients().is_empty()
    })
    .await;
    // Another's resource is refused, like one that is not there.
    let mut theirs = params;
    let stranger = Desk::of(&person(&server, "eve").await).await.ticket("Hers").await;
    theirs["notifications"]["resourceSubscriptions"] = json!([format!("callboard://ticket/{stranger}")]);
    let mut refused = Stream::of(ask(theirs).send().await.expect("a stream"));
    let mut last = Value::Null;
    while let Some(said) = refused.next(Duration::from_secs(5)).await {
        last = said;
    }
    assert!(last["error"]["message"].as_str().is_some_and(|text| text.contains("There is no")), "{last}");
}
