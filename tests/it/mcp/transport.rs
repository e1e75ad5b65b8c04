//! Access to the endpoint: credentials, hosts, origins, sessions and revisions.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::agent::{Agent, REVISION, initialize_message, message, request, send};
use crate::client::Server;
use crate::harness;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user};

#[tokio::test]
async fn a_session_is_opened_used_and_closed() {
    let server = open("mcphello").await;
    let agent = Agent::open_session(&signed_in_user(&server, "ada").await).await;
    assert_eq!(agent.initialize_result["protocolVersion"], REVISION);
    assert_eq!(agent.initialize_result["serverInfo"]["name"], "callboard");
    assert!(agent.initialize_result["instructions"].as_str().is_some_and(|text| text.contains("list_workflows")));
    assert_eq!(agent.result("ping", json!({})).await, json!({}));
    let unknown = agent.call_method("tools/call", json!({"name": "drop_everything"})).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    assert_eq!(agent.call_method("nothing/like/it", json!({})).await["error"]["code"], -32601);
    let goodbye = agent.client.request(Method::DELETE, "/mcp").header("Mcp-Session-Id", &agent.session);
    assert_eq!(goodbye.send().await.expect("an answer").status(), 204);
    assert_eq!(send(agent.session_request(&message("ping", json!({})))).await.status, 404);
}

/// The current revision has no sessions: every request is self-contained.
#[tokio::test]
async fn the_current_revision_needs_no_session() {
    let server = open("mcpcurrent").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
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
        let response = send(asked).await;
        assert!(response.headers.get("mcp-session-id").is_none());
        assert_eq!(response.status, 200, "{response:?}");
        response.json["result"].clone()
    };
    let found = ask("server/discover", None, json!({})).await;
    assert!(found["supportedVersions"].as_array().is_some_and(|all| all.contains(&json!(revision))), "{found}");
    let listed = ask("tools/list", None, json!({})).await;
    assert!(listed["tools"].as_array().is_some_and(|tools| tools.len() > 15), "{listed}");
    assert_eq!(listed["cacheScope"], "private");
    let called = ask(
        "tools/call",
        Some("get_board"),
        json!({"name": "get_board", "arguments": {"workflow_id": fixture.workflow}}),
    );
    assert_eq!(called.await["structuredContent"]["workflow_id"], json!(fixture.workflow));
}

#[tokio::test]
async fn unauthenticated_requests_are_refused() {
    let server = open("mcpstrangers").await;
    let anonymous = server.anonymous();
    for client in [anonymous.clone(), anonymous.with("nonsense"), anonymous.with("cb_0_0"), anonymous.with("")] {
        for asked in [initialize_message(), message("tools/list", json!({}))] {
            let response = send(request(&client, &asked)).await;
            assert_eq!(response.status, 401, "{response:?}");
            assert!(response.headers["www-authenticate"].to_str().is_ok_and(|text| text.starts_with("Bearer")));
            assert_eq!(response.json["code"], "unauthenticated");
        }
        let stream = client.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
        assert_eq!(send(stream).await.status, 401);
    }
    // A token in the URL is not a credential.
    let known = signed_in_user(&server, "ada").await;
    let token = known.token.clone().expect("a token");
    let address = anonymous.request(Method::POST, &format!("/mcp?token={token}&access_token={token}"));
    assert_eq!(send(address.json(&initialize_message())).await.status, 401);
}

#[tokio::test]
async fn foreign_origins_and_hosts_are_refused() {
    let server = open("mcphosts").await;
    let ada = signed_in_user(&server, "ada").await;
    let with = async |header: &str, value: &str| send(request(&ada, &initialize_message()).header(header, value)).await;
    let port = server.url.rsplit(':').next().expect("a port").to_owned();
    for host in ["evil.example", "evil.example:80", "127.0.0.1.nip.io", "localhost.evil.example", ""] {
        let response = with("Host", host).await;
        assert!(response.status == 403 || response.status == 400, "{host}: {response:?}");
    }
    assert_eq!(with("Host", &format!("evil.example:{port}")).await.json["code"], "foreign_host");
    for host in [format!("localhost:{port}"), format!("[::1]:{port}"), "127.0.0.1".to_owned()] {
        assert_eq!(with("Host", &host).await.status, 200, "{host}");
    }
    for origin in ["http://evil.example", "null", "http://localhost", "http://127.0.0.1.evil.example"] {
        assert_eq!(with("Origin", origin).await.json["code"], "foreign_origin", "{origin}");
    }
    assert_eq!(with("Origin", &server.url).await.status, 200);
    let both =
        request(&ada, &initialize_message()).header("Host", "evil.example").header("Origin", "http://evil.example");
    assert_eq!(send(both).await.status, 403, "DNS rebinding: foreign origin and host agree");
}

#[tokio::test]
async fn a_session_id_is_not_a_credential() {
    let server = open("mcphijack").await;
    let (ada, eve) = (signed_in_user(&server, "ada").await, signed_in_user(&server, "eve").await);
    let fixture = TestWorkflow::of(&ada).await;
    let agent = Agent::open_session(&ada).await;
    let asked = message("tools/call", json!({"name": "get_board", "arguments": {"workflow_id": fixture.workflow}}));
    let stolen = Agent { client: eve, session: agent.session.clone(), initialize_result: Value::Null };
    let response = send(stolen.session_request(&asked)).await;
    assert_eq!((response.status, &response.json["code"]), (404, &json!("not_found")), "{response:?}");
    let invented = Agent { session: uuid::Uuid::new_v4().to_string(), ..Agent::open_session(&stolen.client).await };
    assert_eq!(send(invented.session_request(&asked)).await.status, 404, "same as an unknown session");
    for method in [Method::GET, Method::DELETE] {
        let taken = stolen.client.request(method.clone(), "/mcp").header("Mcp-Session-Id", &agent.session);
        assert_eq!(send(taken.header("Accept", "text/event-stream")).await.status, 404, "{method}");
    }
    let unsigned = Agent { client: server.anonymous(), session: agent.session.clone(), initialize_result: Value::Null };
    assert_eq!(send(unsigned.session_request(&asked)).await.status, 401);
    // A second credential of the same user does not own the session, and the session stays intact.
    let other = server.bearer(&second_sign_in(&server, &ada.id).await);
    let other = Agent { client: other, session: agent.session.clone(), initialize_result: Value::Null };
    assert_eq!(send(other.session_request(&asked)).await.status, 404);
    assert_eq!(send(agent.session_request(&asked)).await.json["result"]["isError"], false);
}

async fn second_sign_in(server: &Server, id: &str) -> String {
    let session = format!("session-{}", uuid::Uuid::now_v7());
    let insert = "insert into sessions (id, actor_id, expires_at) values ($1, $2, now() + interval '1 day')";
    server.sql(insert, &[&session, &id]).await;
    server.state.accounts.tokens().issue(id, &session).expect("a token")
}

#[tokio::test]
async fn revocation_takes_effect_at_once() {
    let server = open("mcprevoked").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"})).await.ok();
    let agent = Agent::open_session(&robot).await;
    agent.call_ok("get_board", json!({"workflow_id": fixture.workflow})).await;
    server.sql("update api_keys set revoked_at = now() where actor_id = 'robot'", &[]).await;
    // The transport may cache the key for a second; the SQL rules check it on every call.
    let asked = message("tools/call", json!({"name": "get_board", "arguments": {"workflow_id": fixture.workflow}}));
    let response = send(agent.session_request(&asked)).await;
    let refused = response.status == 401 || response.json["result"]["structuredContent"]["code"] == "unauthenticated";
    assert!(refused, "{response:?}");
    let began = Instant::now();
    harness::eventually("the endpoint rejects the key", async || {
        send(agent.session_request(&asked)).await.status == 401
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn hostile_bodies_are_refused() {
    let server = open("mcphostile").await;
    let ada = signed_in_user(&server, "ada").await;
    let agent = Agent::open_session(&ada).await;
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
        (initialize_message().to_string(), "text/plain"),
        (format!("\"{}\"", "x".repeat(3 << 20)), "application/json"),
    ] {
        let response = send(raw(body.clone(), kind)).await;
        assert!((400..500).contains(&response.status), "{}: {response:?}", body.chars().take(40).collect::<String>());
    }
    let put = ada.request(Method::PUT, "/mcp").header("Mcp-Session-Id", &agent.session);
    let put = send(put).await;
    assert_eq!((put.status, &put.json["code"]), (405, &json!("method_not_allowed")));
    assert_eq!(agent.result("ping", json!({})).await, json!({}), "the session continues");
}
