//! The listed tools match the scopes of the key.

use serde_json::{Value, json};

use super::agent::Agent;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

#[tokio::test]
async fn a_read_key_cannot_list_or_call_write_tools() {
    let server = open("mcpscopes").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let ticket = fixture.ticket("Untouched").await;
    for (name, scopes) in [("reader", vec!["read"]), ("worker", vec!["read", "write"]), ("mute", vec!["write"])] {
        service_client(&server, name, &scopes).await;
        owner.put(&format!("/api/workflows/{}/members/{name}", fixture.workflow), json!({"role": "owner"})).await.ok();
    }
    let (reader, worker) = (
        service_client(&server, "reader", &["read"]).await,
        service_client(&server, "worker", &["read", "write"]).await,
    );
    let (reader, worker) = (Agent::open_session(&reader).await, Agent::open_session(&worker).await);
    let known = Agent::open_session(&owner).await;
    let all = known.result("tools/list", json!({})).await["tools"].as_array().expect("a list").clone();
    let mut working: Vec<String> = all.iter().map(|tool| text(tool, "name")).collect();
    working.retain(|name| name != "decide_approval");
    assert_eq!(worker.tools().await, working, "decisions require a separate scope");
    let hint = |tool: &Value, name: &str| tool["annotations"][name].as_bool().unwrap_or(false);
    let expected: Vec<String> =
        all.iter().filter(|tool| hint(tool, "readOnlyHint")).map(|tool| text(tool, "name")).collect();
    assert_eq!(reader.tools().await, expected);
    assert!(expected.len() >= 9 && expected.len() < all.len());
    let before = server.number("select count(*) from history").await;
    for tool in &all {
        assert!(!(hint(tool, "destructiveHint") && hint(tool, "readOnlyHint")));
        let name = text(tool, "name");
        if hint(tool, "readOnlyHint") {
            continue;
        }
        // With valid arguments as well as without any.
        for arguments in
            [json!({}), json!({"ticket_id": ticket, "workflow_id": fixture.workflow, "comment_text": "Hello."})]
        {
            let (code, words) = reader.refused(&name, arguments).await;
            assert_eq!(code, "forbidden", "{name}");
            let scope = if name == "decide_approval" { "\"approve\"" } else { "\"write\"" };
            assert!(words.contains(scope), "{name}: {words}");
        }
    }
    assert_eq!(server.number("select count(*) from history").await, before);
    // A write-only key reads nothing.
    let mute = Agent::open_session(&service_client(&server, "mute", &["write"]).await).await;
    assert_eq!(mute.refused("get_board", json!({"workflow_id": fixture.workflow})).await.0, "forbidden");
}

#[tokio::test]
async fn a_service_acts_for_an_agent_like_over_rest() {
    let server = open("mcpactfor").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let robot = service_client(&server, "robot", &["read", "write", "act_for"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"})).await.ok();
    let agent = Agent::open_session(&robot).await;
    let ticket = fixture.ticket("Whose").await;
    let arguments = json!({"ticket_id": ticket, "comment_text": "I was here.", "agent_id": "scout"});
    agent.call_ok("add_ticket_comment", arguments).await;
    let asked = super::agent::message(
        "tools/call",
        json!({"name": "add_ticket_comment", "arguments": {"ticket_id": ticket, "comment_text": "Me too."}}),
    );
    let response = super::agent::send(agent.session_request(&asked).header("X-Agent-ID", "rover")).await;
    assert_eq!(response.json["result"]["isError"], false, "{response:?}");
    let authors: Vec<String> = fixture.read(&ticket).await["comments"]
        .as_array()
        .expect("comments")
        .iter()
        .map(|c| text(c, "agent_id"))
        .collect();
    assert_eq!(authors, ["scout", "rover"]);
    let plain = service_client(&server, "plain", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{}/members/plain", fixture.workflow), json!({"role": "member"})).await.ok();
    let plain = Agent::open_session(&plain).await;
    let arguments = json!({"ticket_id": ticket, "comment_text": "As another.", "agent_id": "scout"});
    assert_eq!(plain.refused("add_ticket_comment", arguments).await.0, "forbidden");
}
