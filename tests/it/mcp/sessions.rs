//! Sessions of older revisions: they survive restarts and other servers, and answers have the form that a client takes.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::agent::{Agent, REVISION, initialize_message, message, request, send};
use super::resources::listen;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

const OLD_REVISIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// The same session at another server.
fn at(agent: &Agent, url: &str) -> Agent {
    let mut client = agent.client.clone();
    client.url = url.to_owned();
    Agent { client, session: agent.session.clone(), initialize_result: Value::Null }
}

#[tokio::test]
async fn a_session_goes_on_at_a_server_that_does_not_know_it() {
    let server = open("mcprestart").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let watched = fixture.ticket("Watched").await;
    let uri = format!("callboard://ticket/{watched}");
    let mut agents = Vec::new();
    for revision in OLD_REVISIONS {
        let agent = Agent::open_session_of(&owner, revision).await;
        assert_eq!(agent.initialize_result["protocolVersion"], revision);
        agent.result("resources/subscribe", json!({"uri": uri})).await;
        agents.push(agent);
    }
    let other = server.second_server(&[]).await;
    for (agent, revision) in agents.iter().zip(OLD_REVISIONS) {
        let agent = at(agent, &other.url);
        // Many calls at once, of which the first takes the session up.
        let calls = (0..20).map(|_| agent.call_ok("get_board", json!({"workflow_id": fixture.workflow})));
        assert_eq!(join_all(calls).await.len(), 20, "{revision}");
        assert!(agent.tools().await.len() > 20, "{revision}");
    }
    // A stream that begins there gets the updates that were subscribed to here.
    let agent = at(&agents[3], &other.url);
    let mut stream = listen(&agent).await;
    assert_eq!(stream.update().await, uri, "it may have changed meanwhile");
    fixture.comment(&watched, "A change after the restart.").await;
    assert_eq!(stream.update().await, uri);
    // A stolen id stays useless, also at a server that has not seen it.
    let eve = signed_in_user(&server, "eve").await;
    let stolen = Agent { client: eve.clone(), ..at(&agents[0], &other.url) };
    assert_eq!(send(stolen.session_request(&message("ping", json!({})))).await.status, 404);
    let forged = agents[0].session.replace(".2024-11-05.", ".2025-11-25.");
    let forged = Agent { session: forged, ..at(&agents[0], &other.url) };
    assert_eq!(send(forged.session_request(&message("ping", json!({})))).await.status, 404);
    // An id that was not issued here does not disturb `initialize`.
    let again = request(&owner, &initialize_message()).header("Mcp-Session-Id", "gone");
    let again = send(again).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_ne!(again.headers["mcp-session-id"], "gone");
    // What its client has ended stays ended, and is forgotten.
    let ended = agent.client.request(Method::DELETE, "/mcp").header("Mcp-Session-Id", &agent.session);
    assert_eq!(ended.send().await.expect("an answer").status(), 204);
    assert_eq!(send(agent.session_request(&message("ping", json!({})))).await.status, 404);
    assert_eq!(server.number("select count(*) from mcp_subscriptions").await, 3);
}

async fn text_of(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.expect("an answer");
    let kind =
        response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    (response.status().as_u16(), kind, response.text().await.expect("a text"))
}

#[tokio::test]
async fn answers_have_the_form_that_the_client_takes() {
    let server = open("mcpaccept").await;
    let owner = signed_in_user(&server, "ada").await;
    for revision in OLD_REVISIONS {
        let agent = Agent::open_session_of(&owner, revision).await;
        let (status, kind, text) = text_of(agent.session_request(&message("ping", json!({})))).await;
        assert_eq!((status, kind.as_str()), (200, "text/event-stream"));
        let primes = text.lines().any(|line| line.trim_end() == "data:");
        assert_eq!(primes, revision >= "2025-11-25", "{revision}: {text}");
    }
    let agent = Agent::open_session(&owner).await;
    let asked = |accept: Option<&str>, message: &Value| {
        let request = owner.request(Method::POST, "/mcp").header("Mcp-Session-Id", &agent.session).json(message);
        accept.into_iter().fold(request, |request, accept| request.header("Accept", accept))
    };
    for accept in [None, Some("*/*"), Some("application/json"), Some("application/*, */*;q=0.1")] {
        let sent = message("ping", json!({}));
        let (status, kind, text) = text_of(asked(accept, &sent)).await;
        assert_eq!((status, kind.as_str()), (200, "application/json"), "{accept:?}: {text}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&answer["id"], &answer["result"]), (&sent["id"], &json!({})), "{accept:?}");
        let opened = owner.request(Method::POST, "/mcp").json(&initialize_message());
        let opened = send(accept.into_iter().fold(opened, |request, accept| request.header("Accept", accept))).await;
        assert_eq!((opened.status, &opened.json["result"]["serverInfo"]["name"]), (200, &json!("callboard")));
        assert!(opened.headers.contains_key("mcp-session-id"), "{accept:?}");
    }
    // Every refusal is JSON.
    let ping = message("ping", json!({}));
    let get = |accept: &'static str| owner.request(Method::GET, "/mcp").header("Accept", accept);
    for (request, expected) in [
        (asked(Some("text/html"), &ping), 406),
        (get("application/json").header("Mcp-Session-Id", &agent.session), 406),
        (get("text/html"), 406),
        (get("text/event-stream").header("MCP-Protocol-Version", "1999-01-01"), 400),
        (owner.request(Method::POST, "/mcp").body("x").header("Content-Type", "text/plain"), 415),
        (owner.request(Method::POST, "/mcp").json(&ping), 422),
        (owner.request(Method::POST, "/mcp?tools=all").json(&ping), 422),
        (owner.request(Method::PATCH, "/mcp"), 405),
    ] {
        let (status, kind, text) = text_of(request).await;
        assert!(kind.starts_with("application/json") || kind.starts_with("application/problem+json"), "{kind}: {text}");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        // The library decides which of the two a call outside of a session is.
        assert!(status == expected || (expected == 422 && (400..500).contains(&status)), "{expected}: {status} {body}");
    }
}

#[tokio::test]
async fn every_request_gets_an_answer() {
    let server = open("mcpsameid").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let ticket = fixture.ticket("Which").await;
    let agent = Agent::open_session(&owner).await;
    let question = agent.call_ok("ask_human", json!({"ticket_id": ticket, "question": "Which?"})).await;
    // Of many requests with one id, one is worked on and the others are errors.
    let arguments = json!({"approval_id": question["approval_id"], "wait": 2});
    let mut same = message("tools/call", json!({"name": "get_approval", "arguments": arguments}));
    same["id"] = json!(77);
    let answers = join_all((0..16).map(|_| send(agent.session_request(&same)))).await;
    let worked = answers.iter().filter(|answer| answer.json["result"]["isError"] == false).count();
    let refused =
        answers.iter().filter(|answer| answer.status == 400 && answer.json["error"]["code"] == -32600).count();
    assert_eq!((worked, refused), (1, 15), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.json["id"] == 77));
    assert_eq!(send(agent.session_request(&same)).await.status, 200, "the id is free again");
    // The stream of a request that was cut by a restart ends with an error, not with silence or another's answer.
    let mut cut = agent.session_request(&same).send().await.expect("a stream");
    let first = cut.chunk().await.expect("a chunk").expect("an event");
    let first = String::from_utf8_lossy(&first).into_owned();
    let event = first.lines().find_map(|line| line.strip_prefix("id: ")).expect("an event id").to_owned();
    let other = server.second_server(&[]).await;
    let resumed = at(&agent, &other.url);
    let resumed = resumed.client.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let resumed = resumed.header("Mcp-Session-Id", &agent.session).header("MCP-Protocol-Version", REVISION);
    let resumed = tokio::time::timeout(Duration::from_secs(20), send(resumed.header("Last-Event-ID", event)));
    let resumed = resumed.await.expect("it ends");
    assert_eq!((&resumed.json["id"], &resumed.json["error"]["data"]["code"]), (&json!(77), &json!("outcome_unknown")));
}
