//! Waiting for events: nothing is lost between two calls, and a call that ends frees what it held.

use std::time::{Duration, Instant};

use callboard::domain::history::own;
use serde_json::{Value, json};

use super::agent::{Agent, message, request, send};
use crate::client::Server;
use crate::harness::eventually;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

async fn fixture(hint: &str) -> (Server, TestWorkflow, Agent) {
    let server = open(hint).await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"})).await.ok();
    let agent = Agent::open_session(&robot).await;
    (server, fixture, agent)
}

fn kinds(answer: &Value) -> Vec<String> {
    answer["events"].as_array().expect("events").iter().map(|event| text(event, "event")).collect()
}

#[tokio::test]
async fn an_answer_before_the_first_wait_is_not_lost() {
    let (_server, fixture, agent) = fixture("mcpearly").await;
    let ticket = fixture.ticket("Which colour").await;
    let asked = agent.call_ok("ask_human", json!({"ticket_id": ticket, "question": "Blue?"})).await;
    let answer = format!("/api/approvals/{}/answer", text(&asked, "approval_id"));
    fixture.owner.post(&answer, json!({"answer": "Yes."})).await.ok();
    // With the cursor that came with the question, and without any: from the agent's own newest change on.
    for arguments in [json!({"cursor": asked["cursor"], "wait": 0}), json!({"wait": 0})] {
        let found = agent.call_ok("wait_for_events", arguments).await;
        assert_eq!(kinds(&found), ["answered"], "{found}");
    }
    agent.call_ok("add_ticket_comment", json!({"ticket_id": ticket, "comment_text": "Blue, then."})).await;
    assert_eq!(kinds(&agent.call_ok("wait_for_events", json!({"wait": 0})).await), Vec::<String>::new());
    // The comment of another session of the agent takes nothing from a session that has a cursor.
    let found = agent.call_ok("wait_for_events", json!({"cursor": asked["cursor"], "wait": 0})).await;
    assert_eq!(kinds(&found), ["answered"]);
}

#[tokio::test]
async fn sessions_that_wait_at_once_all_get_the_event() {
    let (_server, fixture, agent) = fixture("mcpseveral").await;
    let ticket = fixture.ticket("Mine soon").await;
    let others = [Agent::open_session(&agent.client).await, Agent::open_session(&agent.client).await];
    let start = agent.call_ok("wait_for_events", json!({"wait": 0})).await;
    let wait = json!({"cursor": start["cursor"], "wait": 50});
    let began = Instant::now();
    let assigned = async {
        let body = json!({"ticket_id": ticket, "assigned_agent_id": "robot"});
        fixture.owner.post("/api/tickets/update", body).await.ok();
    };
    // Two of one session and two others.
    let (a, b, c, d, ()) = tokio::join!(
        agent.call_ok("wait_for_events", wait.clone()),
        agent.call_ok("wait_for_events", wait.clone()),
        others[0].call_ok("wait_for_events", wait.clone()),
        others[1].call_ok("wait_for_events", wait.clone()),
        assigned
    );
    for found in [a, b, c, d] {
        assert_eq!(kinds(&found), ["assigned"], "{found}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "they are woken, not timed out");
    // From cursor to cursor every event is seen once, however it falls between the calls.
    let (mut cursor, mut seen) = (start["cursor"].clone(), 0);
    let mentions = async {
        for n in 0..20 {
            fixture.comment(&ticket, &format!("Look here, @robot: {n}.")).await;
        }
    };
    let reads = async {
        while seen < 21 {
            let found = agent.call_ok("wait_for_events", json!({"cursor": cursor, "wait": 5})).await;
            seen += kinds(&found).len();
            cursor = found["cursor"].clone();
        }
    };
    tokio::join!(mentions, reads);
    let rest = agent.call_ok("wait_for_events", json!({"cursor": cursor, "wait": 0})).await;
    assert_eq!((seen, kinds(&rest)), (21, vec![]));
}

#[tokio::test]
async fn a_call_that_is_cancelled_or_left_frees_its_wait() {
    let (_server, fixture, agent) = fixture("mcpcancel").await;
    let before = own::waiting();
    let freed = async |what: &str| eventually(what, async || own::waiting() <= before).await;
    // In a session: by a notification.
    let asked = message("tools/call", json!({"name": "wait_for_events", "arguments": {"wait": 50}}));
    let call = tokio::spawn(send(agent.session_request(&asked)));
    eventually("the call waits", async || own::waiting() > before).await;
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": asked["id"]}});
    assert_eq!(send(agent.session_request(&cancel)).await.status, 202);
    freed("the cancelled call has ended").await;
    call.abort();
    // In the current revision: by leaving.
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {}});
    let params = json!({"name": "wait_for_events", "arguments": {"wait": 50}, "_meta": meta});
    let left = request(&agent.client, &message("tools/call", params))
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", "wait_for_events");
    let call = tokio::spawn(send(left));
    eventually("the call waits", async || own::waiting() > before).await;
    call.abort();
    freed("the call that was left has ended").await;
    // The session goes on.
    agent.call_ok("get_board", json!({"workflow_id": fixture.workflow})).await;
}
