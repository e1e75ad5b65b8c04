//! Extreme data: responses stay small and say how to continue, and paging returns everything once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::agent::{Agent, message, request, send};
use crate::client::Server;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user, text};

/// The maximum size of a response's data.
const MAX_DATA_BYTES: usize = 64 * 1024;

async fn fixture(hint: &str) -> (Server, TestWorkflow, Agent) {
    let server = open(hint).await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let agent = Agent::open_session(&owner).await;
    (server, fixture, agent)
}

/// Every item of a list, page by page; each page is small and no item repeats.
async fn all(agent: &Agent, tool: &str, arguments: Value, list: &str, id: &str) -> BTreeSet<String> {
    let (mut found, mut cursor) = (BTreeSet::new(), Value::Null);
    loop {
        let mut page = arguments.clone();
        page["cursor"] = cursor;
        let page = agent.call_ok(tool, page).await;
        assert!(
            page.to_string().len() <= MAX_DATA_BYTES && page.get("shortened").is_none(),
            "{tool}: {}",
            page.to_string().len()
        );
        let items = page[list].as_array().expect("a list");
        assert!(!items.is_empty(), "{tool}: an empty page");
        for item in items {
            let name = item[id].as_str().map_or_else(|| item[id].to_string(), str::to_owned);
            assert!(found.insert(name), "{tool}: twice");
        }
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            return found;
        }
    }
}

/// Reads a text that is returned in parts.
async fn whole(agent: &Agent, tool: &str, arguments: Value, name: &str) -> String {
    let (mut text, mut next) = (String::new(), json!(0));
    while !next.is_null() {
        let mut part = arguments.clone();
        part["offset"] = next;
        let part = agent.call_ok(tool, part).await;
        assert!(part.to_string().len() <= MAX_DATA_BYTES);
        text.push_str(part[name].as_str().expect("a text"));
        next = part["next_offset"].clone();
    }
    text
}

#[tokio::test]
async fn an_oversized_ticket_is_paged() {
    let (server, fixture, agent) = fixture("mcpmuch").await;
    let story = "\u{1}\"€".repeat(20_000);
    let ticket = fixture.ticket_with(&"T".repeat(500), json!({"description": story})).await;
    let say = "insert into ticket_comments (id, ticket_id, workflow_id, agent_id, comment_text, created_at)
        select 'comment-' || n, $1, $2, $3, n || repeat(chr(1), case n when 620 then 40000 else 1000 end), now() - n * interval '1 second' from generate_series(1, 620) n";
    server.sql(say, &[&ticket, &fixture.workflow, &fixture.owner.id]).await;
    let file = "insert into tickets (id, workflow_id, number, title, description, status, rank, created_by_agent_id, parent_ticket_id)
        select 'ticket-' || n, $2, 1000 + n, repeat(chr(2), 500), 'A description.', 'backlog', 'a' || n, $3, $1 from generate_series(1, 90) n";
    server.sql(file, &[&ticket, &fixture.workflow, &fixture.owner.id]).await;
    let read = agent.call_ok("get_ticket", json!({"ticket_id": ticket})).await;
    assert!(read.to_string().len() <= MAX_DATA_BYTES && read.get("shortened").is_none(), "{}", read.to_string().len());
    assert_eq!(read["sub_tickets_count"], 90);
    assert!(read["comments"].as_array().is_some_and(|some| !some.is_empty()), "{read}");
    let mut found = text(&read, "description");
    let rest = json!({"ticket_id": ticket, "part": "description"});
    let mut next = read["description_next_offset"].clone();
    while !next.is_null() {
        let mut part = rest.clone();
        part["offset"] = next;
        let part = agent.call_ok("get_ticket", part).await;
        found.push_str(&text(&part, "description"));
        next = part["next_offset"].clone();
    }
    assert!(found == story, "{} of {}", found.chars().count(), story.chars().count());
    let part = |part: &str| json!({"ticket_id": ticket, "part": part, "limit": 50});
    assert_eq!(all(&agent, "get_ticket", part("comments"), "comments", "comment_id").await.len(), 620);
    assert_eq!(all(&agent, "get_ticket", part("history"), "history", "seq").await.len(), 621);
    let one = json!({"ticket_id": ticket, "part": "comment", "comment_id": "comment-620"});
    assert_eq!(whole(&agent, "get_ticket", one, "comment_text").await.chars().count(), 40_003);
    let board = agent.call_ok("get_board", json!({"workflow_id": fixture.workflow, "limit": 100})).await;
    assert!(board.to_string().len() <= MAX_DATA_BYTES && board.get("shortened").is_none());
    let column = json!({"workflow_id": fixture.workflow, "status": "backlog", "limit": 100});
    assert_eq!(all(&agent, "get_board", column, "tickets", "key").await.len(), 91);
    let listed = json!({"workflow_id": fixture.workflow, "limit": 100});
    assert_eq!(all(&agent, "get_tickets", listed, "tickets", "key").await.len(), 91);
    for uri in [format!("callboard://ticket/{ticket}"), format!("callboard://board/{}", fixture.workflow)] {
        let read = agent.result("resources/read", json!({"uri": uri})).await;
        assert!(read["contents"][0]["text"].as_str().is_some_and(|text| text.len() <= MAX_DATA_BYTES), "{uri}");
    }
}

#[tokio::test]
async fn the_largest_jobs_questions_and_workflows_fit() {
    let (server, fixture, agent) = fixture("mcpwide").await;
    let stages: Vec<String> = (0..50).map(|n| format!("{n:02}{}", "s".repeat(60))).collect();
    for n in 0..40 {
        let made = json!({"workflow_id": fixture.workflow, "title": "\u{3}".repeat(500), "initial_prompt": format!("{n}"),
            "stages": stages, "with_ticket": true});
        agent.call_ok("create_job", made).await;
    }
    assert_eq!(all(&agent, "list_jobs", json!({"limit": 100}), "jobs", "job_id").await.len(), 40);
    let (question, answer) = ("\u{4}".repeat(10_000), "é\"".repeat(10_000));
    let prompt = json!({"workflow_id": fixture.workflow, "initial_prompt": "\u{5}".repeat(200_000),
        "payload": {"text": "p".repeat(50_000)}, "queue": true, "priority": "critical", "with_ticket": true});
    let job = text(&agent.call_ok("create_job", prompt).await, "job_id");
    let held = agent.call_ok("claim_work", json!({"kind": "job"})).await;
    assert_eq!(held["job_id"], json!(job));
    let lease = held["lease_token"].clone();
    let options: Vec<String> = (0..50).map(|n| format!("{n} {}", "o".repeat(190))).collect();
    let mut asked = String::new();
    for _ in 0..25 {
        let ask = json!({"job_id": job, "question": question, "context": "\u{6}".repeat(50_000), "options": options});
        asked = text(&agent.call_ok("ask_human", ask).await, "approval_id");
    }
    server.sql("update approvals set status = 'answered', answer = $1, decided_at = now(), decided_by = $2 where job_id = $3",
        &[&answer, &fixture.owner.id, &job]).await;
    let found = all(&agent, "list_approvals", json!({"job_id": job, "limit": 100}), "approvals", "approval_id").await;
    assert_eq!(found.len(), 25);
    for (part, expected) in [("question", question.chars().count()), ("answer", 20_000), ("context", 50_000)] {
        let read = whole(&agent, "get_approval", json!({"approval_id": asked, "part": part}), part).await;
        assert_eq!(read.chars().count(), expected, "{part}");
    }
    let line = json!({"job_id": job, "lease_token": lease, "content": "m".repeat(60_000)});
    let order = agent.call_ok("post_message", line).await["order"].as_i64().expect("a place");
    for (part, name, expected) in
        [("prompt", "initial_prompt", 200_000), ("payload", "payload", 50_011), ("message", "content", 60_000)]
    {
        let arguments = json!({"job_id": job, "part": part, "before": order + 1});
        assert_eq!(whole(&agent, "get_job", arguments, name).await.chars().count(), expected, "{part}");
    }
    for (tool, arguments) in [
        ("heartbeat", json!({"job_id": job, "lease_token": lease})),
        ("get_approval", json!({"approval_id": asked})),
        ("get_job", json!({"job_id": job})),
    ] {
        let page = agent.call_ok(tool, arguments).await;
        assert!(
            page.to_string().len() <= MAX_DATA_BYTES && page.get("shortened").is_none(),
            "{tool}: {}",
            page.to_string().len()
        );
    }
    for n in 0..70 {
        let made = json!({"name": format!("{n}{}", "\u{7}".repeat(190)), "description": "\u{8}d".repeat(9000)});
        fixture.owner.post("/api/workflows", made).await.created();
    }
    assert_eq!(all(&agent, "list_workflows", json!({"limit": 100}), "workflows", "workflow_id").await.len(), 71);
}

/// Errors do not echo long input.
#[tokio::test]
async fn error_responses_are_short() {
    let (_server, fixture, agent) = fixture("mcpechoes").await;
    // With only one workflow, none would have to be named.
    TestWorkflow::of(&fixture.owner).await;
    let long = "x".repeat(500_000);
    for (tool, arguments) in [
        ("get_board", json!({long.clone(): 1})),
        ("get_board", json!({"workflow_id": long})),
        ("get_ticket", json!({"ticket_id": long})),
        ("get_ticket", json!({"ticket_id": format!("ticket-{long}")})),
        ("get_job", json!({"job_id": long})),
        ("heartbeat", json!({"job_id": long, "lease_token": long})),
        ("get_commit_diff", json!({"commit_sha": "abcd1234", "path": long})),
        (
            "create_ticket",
            json!({"workflow_id": fixture.workflow, "title": "One", "description": "Ten letters.", "priority": long}),
        ),
    ] {
        let result = agent.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool}");
        assert!(result.to_string().len() < 20_000, "{tool}: {}", result.to_string().len());
    }
    for (method, params) in [
        ("tools/call", json!({"name": long})),
        ("prompts/get", json!({"name": long})),
        ("prompts/get", json!({"name": "ticket_tracking", "arguments": {"workflow_id": long}})),
        ("resources/read", json!({"uri": format!("callboard://ticket/{long}")})),
        (&long, json!({})),
    ] {
        let answer = agent.call_method(method, params).await;
        assert!(answer["error"].is_object() && answer.to_string().len() < 20_000, "{}", answer.to_string().len());
    }
    let read = fixture.owner.get(&format!("/api/jobs/{}", "y".repeat(6000))).await;
    assert!(read.status == 404 && read.json.to_string().len() < 5000);
}

#[tokio::test]
async fn invalid_messages_are_refused() {
    let (_server, fixture, agent) = fixture("mcpforms").await;
    let ping = |id: Value| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    for bad in [
        json!([ping(json!(1)), ping(json!(2))]),
        ping(Value::Null),
        ping(json!({})),
        ping(json!(1.5)),
        json!({"jsonrpc": "1.0", "id": 1, "method": "ping"}),
        json!({"id": 1, "method": "ping"}),
        json!("ping"),
    ] {
        let response = send(agent.session_request(&bad)).await;
        assert_eq!((response.status, &response.json["code"]), (400, &json!("bad_request")), "{bad}: {response:?}");
    }
    for params in [json!({"name": "get_board", "arguments": [1]}), json!({"name": 5}), json!({})] {
        let answer = agent.call_method("tools/call", params).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    // An unknown method stays unknown, whatever its params.
    for method in ["tasks/list", "initialized", "logging/setLevel"] {
        assert_eq!(agent.call_method(method, json!({"level": 1})).await["error"]["code"], -32601, "{method}");
    }
    let other = request(&agent.client, &message("ping", json!({}))).header("Mcp-Session-Id", &agent.session);
    let other = send(other.header("MCP-Protocol-Version", "1999-01-01")).await;
    assert_eq!(other.status, 400, "{other:?}");
    assert_eq!(
        agent.call_ok("get_board", json!({"workflow_id": fixture.workflow})).await["workflow_id"],
        json!(fixture.workflow)
    );
}
