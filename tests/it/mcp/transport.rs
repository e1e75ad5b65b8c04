//! Who comes in: credentials, hosts, origins, sessions and revisions.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::agent::{Agent, REVISION, hear, hello, message, request};
use crate::client::Server;
use crate::harness;
use crate::http::fixtures::{Desk, open, person, service};

#[tokio::test]
async fn a_session_from_hello_to_goodbye() {
    let server = open("mcphello").await;
    let agent = Agent::enter(&person(&server, "ada").await).await;
    assert_eq!(agent.welcome["protocolVersion"], REVISION);
    assert_eq!(agent.welcome["serverInfo"]["name"], "callboard");
    assert!(agent.welcome["instructions"].as_str().is_some_and(|text| text.contains("list_workflows")));
    assert_eq!(agent.result("ping", json!({})).await, json!({}));
    let unknown = agent.ask("tools/call", json!({"name": "drop_everything"})).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    assert_eq!(agent.ask("nothing/like/it", json!({})).await["error"]["code"], -32601);
    let goodbye = agent.client.request(Method::DELETE, "/mcp").header("Mcp-Session-Id", &agent.session);
    assert!(goodbye.send().await.expect("an answer").status().is_success());
    assert_eq!(hear(agent.of(&message("ping", json!({})))).await.status, 404);
}

/// The current revision has no sessions: every request says all.
#[tokio::test]
async fn the_current_revision_needs_no_session() {
    let server = open("mcpcurrent").await;
    let owner = person(&server, "ada").await;
    let desk = Desk::of(&owner).await;
    let revision = "2026-07-28";
    let meta = json!({"io.modelcontextprotocol/protocolVersion": revision,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {}});
    let ask = async |method: &str, name: Option<&str>, mut params: Value| {
        params["_meta"] = meta.clone();
        let mut asked = request(&owner, &message(method, params))
            .header("MCP-Protocol-Version", revision)
            .header("Mcp-Method", method);
        if let Some(name) = name {
            asked = asked.header("Mcp-Name", name);
        }
        let heard = hear(asked).await;
        assert!(heard.headers.get("mcp-session-id").is_none());
        assert_eq!(heard.status, 200, "{heard:?}");
        heard.json["result"].clone()
    };
    let found = ask("server/discover", None, json!({})).await;
    assert!(found["supportedVersions"].as_array().is_some_and(|all| all.contains(&json!(revision))), "{found}");
    let listed = ask("tools/list", None, json!({})).await;
    assert!(listed["tools"].as_array().is_some_and(|tools| tools.len() > 15), "{listed}");
    assert_eq!(listed["cacheScope"], "private");
    let called =
        ask("tools/call", Some("get_board"), json!({"name": "get_board", "arguments": {"workflow_id": desk.workflow}}));
    assert_eq!(called.await["structuredContent"]["workflow_id"], json!(desk.workflow));
}

#[tokio::test]
async fn strangers_are_sent_away() {
    let server = open("mcpstrangers").await;
    let stranger = server.stranger();
    for client in [stranger.clone(), stranger.with("nonsense"), stranger.with("cb_0_0"), stranger.with("")] {
        for asked in [hello(), message("tools/list", json!({}))] {
            let heard = hear(request(&client, &asked)).await;
            assert_eq!(heard.status, 401, "{heard:?}");
            assert!(heard.headers["www-authenticate"].to_str().is_ok_and(|text| text.starts_with("Bearer")));
            assert_eq!(heard.json["code"], "unauthenticated");
        }
        let stream = client.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
        assert_eq!(hear(stream).await.status, 401);
    }
    // A token in the address is no credential.
    let known = person(&server, "ada").await;
    let token = known.token.clone().expect("a token");
    let address = stranger.request(Method::POST, &format!("/mcp?token={token}&access_token={token}"));
    assert_eq!(hear(address.json(&hello())).await.status, 401);
}

#[tokio::test]
async fn foreign_pages_and_names_are_refused() {
    let server = open("mcphosts").await;
    let ada = person(&server, "ada").await;
    let with = async |header: &str, value: &str| hear(request(&ada, &hello()).header(header, value)).await;
    let port = server.url.rsplit(':').next().expect("a port").to_owned();
    for host in ["evil.example", "evil.example:80", "127.0.0.1.nip.io", "localhost.evil.example", ""] {
        let heard = with("Host", host).await;
        assert!(heard.status == 403 || heard.status == 400, "{host}: {heard:?}");
    }
    assert_eq!(with("Host", &format!("evil.example:{port}")).await.json["code"], "foreign_host");
    for host in [format!("localhost:{port}"), format!("[::1]:{port}"), "127.0.0.1".to_owned()] {
        assert_eq!(with("Host", &host).await.status, 200, "{host}");
    }
    for origin in ["http://evil.example", "null", "http://localhost", "http://127.0.0.1.evil.example"] {
        assert_eq!(with("Origin", origin).await.json["code"], "foreign_origin", "{origin}");
    }
    assert_eq!(with("Origin", &server.url).await.status, 200);
    let both = request(&ada, &hello()).header("Host", "evil.example").header("Origin", "http://evil.example");
    assert_eq!(hear(both).await.status, 403, "rebound: page and host agree, and are foreign");
}

#[tokio::test]
async fn a_session_is_no_identity() {
    let server = open("mcphijack").await;
    let (ada, eve) = (person(&server, "ada").await, person(&server, "eve").await);
    let desk = Desk::of(&ada).await;
    let agent = Agent::enter(&ada).await;
    let asked = message("tools/call", json!({"name": "get_board", "arguments": {"workflow_id": desk.workflow}}));
    let stolen = Agent { client: eve, session: agent.session.clone(), welcome: Value::Null };
    let heard = hear(stolen.of(&asked)).await;
    assert_eq!((heard.status, &heard.json["code"]), (404, &json!("not_found")), "{heard:?}");
    let invented = Agent { session: uuid::Uuid::new_v4().to_string(), ..Agent::enter(&stolen.client).await };
    assert_eq!(hear(invented.of(&asked)).await.status, 404, "as one that never was");
    for method in [Method::GET, Method::DELETE] {
        let taken = stolen.client.request(method.clone(), "/mcp").header("Mcp-Session-Id", &agent.session);
        assert_eq!(hear(taken.header("Accept", "text/event-stream")).await.status, 404, "{method}");
    }
    let unsigned = Agent { client: server.stranger(), session: agent.session.clone(), welcome: Value::Null };
    assert_eq!(hear(unsigned.of(&asked)).await.status, 401);
    // A second credential of the same person is another holder, and the session itself is unharmed.
    let other = server.bearer(&second_sign_in(&server, &ada.id).await);
    let other = Agent { client: other, session: agent.session.clone(), welcome: Value::Null };
    assert_eq!(hear(other.of(&asked)).await.status, 404);
    assert_eq!(hear(agent.of(&asked)).await.json["result"]["isError"], false);
}

async fn second_sign_in(server: &Server, id: &str) -> String {
    let session = format!("session-{}", uuid::Uuid::now_v7());
    let insert = "insert into sessions (id, actor_id, expires_at) values ($1, $2, now() + interval '1 day')";
    server.sql(insert, &[&session, &id]).await;
    server.state.accounts.tokens().issue(id, &session).expect("a token")
}

#[tokio::test]
async fn revocation_counts_at_once() {
    let server = open("mcprevoked").await;
    let owner = person(&server, "ada").await;
    let desk = Desk::of(&owner).await;
    let robot = service(&server, "robot", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", desk.workflow), json!({"role": "member"})).await.ok();
    let agent = Agent::enter(&robot).await;
    agent.does("get_board", json!({"workflow_id": desk.workflow})).await;
    server.sql("update api_keys set revoked_at = now() where actor_id = 'robot'", &[]).await;
    // The door may believe the key for a second; the rules do not believe it for a moment.
    let asked = message("tools/call", json!({"name": "get_board", "arguments": {"workflow_id": desk.workflow}}));
    let heard = hear(agent.of(&asked)).await;
    let refused = heard.status == 401 || heard.json["result"]["structuredContent"]["code"] == "unauthenticated";
    assert!(refused, "{heard:?}");
    let began = Instant::now();
    harness::eventually("the door sends it away", async || hear(agent.of(&asked)).await.status == 401).await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn hostile_bodies_are_refused() {
    let server = open("mcphostile").await;
    let ada = person(&server, "ada").await;
    let agent = Agent::enter(&ada).await;
    let raw = |body: String, kind: &'static str| {
        ada.request(Method::POST, "/mcp")
            .header("Accept", "application/json, text/event-stream")
            .header("Content-Type", kind)
            .header("Mcp-Session-Id", &agent.session)
            .body(body)
    };
    let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{}", "[".repeat(100_000));
    for (body, kind) in [
        ("".to_owned(), "application/json"),
        ("{".to_owned(), "application/json"),
        ("[]".to_owned(), "application/json"),
        ("{}".to_owned(), "application/json"),
        ("5".to_owned(), "application/json"),
        (deep, "application/json"),
        (hello().to_string(), "text/plain"),
        (format!("\"{}\"", "x".repeat(3 << 20)), "application/json"),
    ] {
        let heard = hear(raw(body.clone(), kind)).await;
        assert!((400..500).contains(&heard.status), "{}: {heard:?}", body.chars().take(40).collect::<String>());
    }
    let accept = ada.request(Method::POST, "/mcp").header("Accept", "application/json").json(&hello());
    assert_eq!(hear(accept).await.status, 406);
    let put = ada.request(Method::PUT, "/mcp").header("Mcp-Session-Id", &agent.session);
    assert_eq!(hear(put).await.status, 405);
    assert_eq!(agent.result("ping", json!({})).await, json!({}), "and goes on as before");
}
