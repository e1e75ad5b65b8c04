//! The language of a ticket tracker's clients, at an address of its own.

use serde_json::{Value, json};

use super::fixtures::open;
use super::listeners::listen;
use crate::client::Client;
use crate::live::socket::Socket;

/// A new ticket of the tracker's workflow.
async fn ticket(client: &Client, title: &str, more: Value) -> String {
    let mut body =
        json!({"title": title, "description": "Made by an agent, long enough.", "agent_id": "agent-1", "tags": []});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let made = client.post("/api/tickets/create", body).await.ok();
    made["ticket_id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_lists_and_details_have_every_name() {
    let server = open("tracker_reads").await;
    let board = listen(&server, "tracker=127.0.0.1:0").await;
    let client = &board.client;
    let executions = client.get("/api/workflow-executions?status=all").await.ok();
    let workflow = executions["executions"][0]["id"].as_str().expect("an execution").to_owned();
    assert_eq!(executions["executions"][0]["status"], "active");
    assert_eq!(executions["executions"][0]["definition_name"], "Ticket tracker");
    assert_eq!(executions["executions"][0]["stats"]["total_tasks"], 0);
    let one = client.get(&format!("/api/workflow-executions/{workflow}")).await.ok();
    assert!(one["phases"].as_array().is_some_and(|phases| phases.len() > 3));
    assert_eq!(client.get("/api/workflow-executions?status=paused").await.ok(), json!({"executions": []}));
    let definitions = client.get("/api/workflow-definitions").await.ok();
    assert_eq!(definitions["definitions"][0]["has_result"], false);
    let id =
        ticket(client, "The first of all", json!({"initial_status": "todo", "unknown": 1, "priority": null})).await;
    let other = ticket(client, "The second of all", json!({"blocked_by_ticket_ids": [id]})).await;
    client.post("/api/tickets/resolve", json!({"ticket_id": id, "resolution": "It is solved for good."})).await.ok();
    // All of the board, the done one too.
    let list = client.get(&format!("/api/tickets?workflow_id={workflow}")).await.ok();
    assert_eq!((&list["total_count"], &list["has_more"]), (&json!(2), &json!(false)));
    for shown in list["tickets"].as_array().expect("tickets") {
        assert_eq!(shown["id"], shown["ticket_id"]);
        assert_eq!(shown["approval_status"], "auto_approved");
        assert!(shown["description"].is_string());
    }
    let page = client
        .get(&format!("/tickets/get?workflow_id={workflow}&include_completed=False&limit=1&sort_by=nothing"))
        .await
        .ok();
    assert_eq!(page["tickets"][0]["id"], json!(other));
    let detail = client.get(&format!("/tickets/{id}")).await.ok();
    assert_eq!(
        (&detail["ticket"]["id"], &detail["id"], &detail["ticket"]["created_by_agent_id"]),
        (&json!(id), &json!(id), &json!("agent-1"))
    );
    assert_eq!(detail["comments"][0]["id"], detail["comments"][0]["comment_id"]);
    assert!(detail["history"][0]["id"].is_i64());
    assert_eq!(client.get("/api/tickets/ticket-none").await.refused(404), "not_found");
    let stats = client.get(&format!("/api/tickets/stats/{workflow}")).await.ok();
    assert_eq!(stats["stats"]["resolved_count"], 1);
    assert!(stats["board_config"]["columns"].as_array().is_some_and(|columns| columns.len() > 3));
    assert_eq!(client.get("/tickets/pending-review-count").await.ok()["count"], 0);
    assert_eq!(client.get("/health").await.ok()["status"], "healthy");
    // Somebody else's credential comes first.
    let ann = client.with(server.user("ann").await.token.as_deref().expect("a token"));
    assert_eq!(ann.get(&format!("/api/tickets?workflow_id={workflow}")).await.refused(404), "not_found");
    assert_eq!(ann.get(&format!("/api/tickets/{id}")).await.refused(404), "not_found");
    assert_eq!(ann.get("/api/workflow-executions").await.ok(), json!({"executions": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_in_both_forms() {
    let server = open("tracker_changes").await;
    let board = listen(&server, "tracker=127.0.0.1:0").await;
    let client = &board.client;
    let id = ticket(client, "To be changed", json!({})).await;
    let flat = client
        .post("/api/tickets/update", json!({"ticket_id": id, "title": "Changed flat", "description": null, "x": 1}))
        .await
        .ok();
    assert_eq!(flat["fields_updated"], json!(["title"]));
    let nested = json!({"ticket_id": id, "updates": {"priority": "critical", "is_blocked": true}, "update_comment": "It burns now."});
    let answer = client.post("/tickets/update", nested).await.ok();
    assert_eq!((&answer["fields_updated"], &answer["ignored_fields"]), (&json!(["priority"]), &json!(["is_blocked"])));
    assert!(answer["message"].as_str().is_some_and(|text| text.contains("is_blocked was not set")), "{answer}");
    let reason = json!({"ticket_id": id, "updates": {"is_blocked": true, "blocked_reason": "Waits for the weather."}});
    assert_eq!(client.post("/tickets/update", reason).await.ok()["fields_updated"], json!([]));
    let detail = client.get(&format!("/api/tickets/{id}")).await.ok();
    assert!(detail["comments"].to_string().contains("Blocked: Waits for the weather."), "{}", detail["comments"]);
    client
        .post("/api/tickets/comment", json!({"ticket_id": id, "comment_text": "A remark", "comment_type": "general"}))
        .await
        .ok();
    let moved = client
        .post("/api/tickets/change-status", json!({"ticket_id": id, "new_status": "in_progress", "comment": null}))
        .await
        .ok();
    assert_eq!((&moved["success"], &moved["new_status"]), (&json!(true), &json!("in_progress")));
    // A blocked ticket answers 200.
    let blocked = ticket(client, "Waits for it", json!({"blocked_by_ticket_ids": [id]})).await;
    let refused = client
        .post("/api/tickets/change-status", json!({"ticket_id": blocked, "new_status": "in_progress"}))
        .await
        .ok();
    assert_eq!(
        (&refused["success"], &refused["blocked"], &refused["blocking_ticket_ids"]),
        (&json!(false), &json!(true), &json!([id]))
    );
    let commit =
        json!({"ticket_id": id, "commit_sha": "0123456789abcdef0123456789abcdef01234567", "commit_message": "Do it"});
    client.post("/tickets/link-commit", commit).await.ok();
    let asked = json!({"ticket_id": id, "conflict_description": "Which of both ways should it go?", "potential_solutions": ["a", "b"]});
    assert_eq!(client.post("/api/tickets/request-clarification", asked).await.ok()["success"], true);
    for query in [
        json!({"query": "cha", "filters": {"status": [], "is_resolved": false}}),
        json!({"query": "changed", "filters": {"priority": ["critical"]}, "limit": 500}),
    ] {
        let found = client.post("/api/tickets/search", query).await.ok();
        assert_eq!(found["results"][0]["ticket_id"], json!(id), "{found}");
    }
    let none =
        client.post("/api/tickets/search", json!({"query": "changed", "filters": {"is_resolved": true}})).await.ok();
    assert_eq!((&none["results"], &none["total_found"]), (&json!([]), &json!(0)));
    let solved = client
        .post("/api/tickets/resolve", json!({"ticket_id": id, "resolution_comment": "Solved as was asked."}))
        .await
        .ok();
    assert_eq!(solved["unblocked_tickets"], json!([blocked]));
    let detail = client.get(&format!("/api/tickets/{id}")).await.ok();
    assert_eq!(detail["commits"][0]["insertions"], 0);
    for (path, body) in [
        ("create", json!({"description": "It has no title at all."})),
        ("create", json!([])),
        ("update", json!({"title": "No ticket"})),
        ("change-status", json!({"ticket_id": id, "new_status": "nowhere"})),
        ("comment", json!({"ticket_id": id})),
        ("search", json!({"query": "x", "filters": {"priority": ["urgent"]}})),
    ] {
        let answer = client.post(&format!("/api/tickets/{path}"), body.clone()).await;
        assert_eq!(answer.status, 422, "{path} {body}: {}", answer.json);
        assert!(answer.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    // The listener's own key may not decide reviews; a key with the scope approve may.
    assert_eq!(client.post("/api/tickets/approve", json!({"ticket_id": id})).await.refused(403), "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_needs_a_ticket_and_resolves_it() {
    let server = open("tracker_tasks").await;
    let board = listen(&server, "tracker=127.0.0.1:0,auto_queue=simulated").await;
    let client = &board.client;
    let task = |agent: &str, ticket: Value| {
        json!({"task_description": "Do it", "done_definition": "It is done", "ai_agent_id": agent, "phase_id": "1", "priority": "medium",
            "ticket_id": ticket})
    };
    let refused = client.post("/create_task", task("mcp-agent", Value::Null)).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json["detail"].as_str().is_some_and(|detail| detail.contains("MCP agents must provide ticket_id")));
    for agent in ["main-session-agent", "my-sdk-1"] {
        let made = client.post("/create_task", task(agent, Value::Null)).await.ok();
        assert_eq!((&made["status"], &made["assigned_agent_id"]), (&json!("queued"), &json!("pending")));
        assert!(made["ticket_id"].is_string());
    }
    let id = ticket(client, "Gets a task", json!({})).await;
    let dependent = ticket(client, "Waits for the task", json!({"blocked_by_ticket_ids": [id]})).await;
    let made = client.post("/create_task", task("mcp-agent", json!(id))).await.ok();
    let job = made["task_id"].as_str().expect("a task").to_owned();
    assert_eq!(client.get(&format!("/api/tickets/{id}")).await.ok()["ticket"]["related_task_ids"], json!([job]));
    assert_eq!(client.get(&format!("/api/tasks/{job}")).await.ok()["status"], "queued");
    let held = client.post("/create_task", task("mcp-agent", json!(dependent))).await.ok();
    assert_eq!(held["status"], "blocked");
    assert_eq!(client.get("/api/blocked-tasks").await.ok()[0]["blocking_ticket_ids"], json!([id]));
    let update = |job: &str, status: &str, more: Value| {
        let mut body = json!({"task_id": job, "agent_id": "mcp-agent", "status": status, "key_learnings": []});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        client.post("/update_task_status", body)
    };
    for status in ["done", "in_progress"] {
        let blocked = update(held["task_id"].as_str().expect("a task"), status, json!({})).await;
        let detail = blocked.json["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.starts_with("This task cannot be worked on now: TKT-"), "{detail}");
        assert!(detail.contains("is blocked by TKT-"), "{detail}");
        assert_eq!(blocked.json["blocking_ticket_ids"], json!([id]));
        assert_eq!(blocked.refused(409), "conflict");
    }
    assert_eq!(update(&job, "in_progress", json!({"summary": "Half way"})).await.ok()["status"], "in_progress");
    let working = client.get("/api/agents").await.ok();
    let agent = working.as_array().expect("agents").iter().find(|agent| agent["id"] == "mcp-agent").expect("the agent");
    assert_eq!((&agent["status"], &agent["current_task_id"]), (&json!("working"), &json!(job)));
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let done = update(&job, "done", json!({"summary": "It was done as asked.", "commit_sha": commit})).await.ok();
    assert_eq!((&done["ticket_resolved"], &done["unblocked_tickets"]), (&json!(true), &json!([dependent])));
    // The second one changes nothing.
    assert_eq!(update(&job, "done", json!({})).await.ok()["status"], "done");
    let detail = client.get(&format!("/api/tickets/{id}")).await.ok();
    assert_eq!((&detail["is_resolved"], &detail["commits"][0]["commit_sha"]), (&json!(true), &json!(commit)));
    let failed =
        update(held["task_id"].as_str().expect("a task"), "failed", json!({"failure_reason": "It broke"})).await.ok();
    assert_eq!(failed["status"], "failed");
    assert_eq!(update(&job, "elsewhere", json!({})).await.refused(422), "invalid");
    assert_eq!(update("job-none", "done", json!({})).await.refused(404), "not_found");
    assert_eq!(client.post("/create_task", json!({"ticket_id": id})).await.refused(422), "invalid");
    assert_eq!(client.post("/create_task", task("mcp-agent", json!("ticket-none"))).await.refused(404), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_pages_are_valid() {
    let server = open("tracker_pages").await;
    let board = listen(&server, "tracker=127.0.0.1:0").await;
    let client = &board.client;
    let id = ticket(client, "Shown on pages", json!({})).await;
    let task = client
        .post("/create_task", json!({"task_description": "Show it", "ai_agent_id": "agent-1", "ticket_id": id}))
        .await
        .ok();
    let job = task["task_id"].as_str().expect("a task").to_owned();
    let workflow = task["workflow_id"].as_str().expect("a workflow").to_owned();
    assert_eq!(client.get("/api/dashboard/stats").await.ok()["queued_tasks"], 1);
    assert_eq!(
        client.get(&format!("/api/tasks?skip=0&limit=50&status=queued&workflow_id={workflow}")).await.ok()[0]["id"],
        json!(job)
    );
    assert_eq!(client.get("/api/tasks?status=done").await.ok(), json!([]));
    assert_eq!(client.get("/api/tasks?status=duplicated").await.ok(), json!([]));
    assert_eq!(client.get("/api/queue_status").await.ok()["queued_tasks"][0]["task_id"], json!(job));
    assert_eq!(client.get(&format!("/api/tasks/{job}/full-details")).await.ok()["user_prompt"], "Show it");
    assert_eq!(client.get("/task_progress").await.ok()[0]["status"], "queued");
    assert_eq!(client.get(&format!("/task_progress?task_id={job}")).await.ok()["id"], json!(job));
    assert!(
        client.get("/api/graph").await.ok()["nodes"]
            .as_array()
            .is_some_and(|nodes| nodes.iter().any(|node| node["type"] == "task"))
    );
    assert!(client.get("/api/system-overview").await.ok()["timestamp"].is_string());
    assert_eq!(client.get("/api/memories?skip=0&limit=50").await.ok()["total"], 0);
    for path in ["results", "conductor-analyses", "steering-interventions", "guardian-analyses/agent-1"] {
        assert_eq!(client.get(&format!("/api/{path}")).await.ok(), json!([]), "{path}");
    }
    assert_eq!(client.get(&format!("/workflows/{workflow}/results")).await.ok(), json!([]));
    assert_eq!(client.get("/validate_agent_id/agent-1").await.ok()["valid"], true);
    assert_eq!(client.get("/agent_status").await.ok()[0]["status"], "idle");
    assert_eq!(client.get("/api/agents/agent-1/output").await.ok()["output"], "");
    assert_eq!(client.post("/api/bump_task_priority", json!({"task_id": job})).await.ok()["success"], true);
    assert_eq!(client.post("/api/cancel_queued_task", json!({"task_id": job})).await.ok()["success"], true);
    assert_eq!(client.post("/api/restart_task", json!({"task_id": job})).await.ok()["status"], "queued");
    assert_eq!(client.post("/api/terminate_agent", json!({"agent_id": "agent-1"})).await.ok()["success"], false);
    assert_eq!(client.post("/broadcast_message", json!({"message": "hi"})).await.ok()["success"], false);
    assert_eq!(
        client.post("/save_memory", json!({"memory_content": "x", "ai_agent_id": "agent-1"})).await.refused(501),
        "not_implemented"
    );
    let started = json!({"definition_id": "development", "description": "A second board", "working_directory": "./x"});
    let made = client.post("/api/workflow-executions", started).await.ok();
    assert_eq!((&made["status"], &made["working_directory"]), (&json!("active"), &json!("./x")));
    assert_eq!(client.get("/api/workflows").await.ok().as_array().map(Vec::len), Some(2));
    // What a guardian would say about an agent are the findings about it.
    for title in ["One", "Two"] {
        ticket(client, title, json!({"assigned_agent_id": "agent-1", "workflow_id": workflow})).await;
    }
    let most = "insert into finding_thresholds (workflow_id, max_open_tickets) values ($1, 1)";
    server.sql(most, &[&workflow]).await;
    server.sql("select logic.record_findings($1)", &[&workflow]).await;
    let analyses = client.get("/api/guardian-analyses/agent-1?limit=50").await.ok();
    assert_eq!(
        (&analyses[0]["steering_type"], &analyses[0]["needs_steering"]),
        (&json!("agent_overloaded"), &json!(true))
    );
    assert!(analyses[0]["timestamp"].is_string() && analyses[0]["steering_recommendation"].is_string(), "{analyses}");
    assert_eq!(client.get("/api/guardian-analyses/agent-2").await.ok(), json!([]));
    // Nothing of it is seen by somebody else.
    let ann = client.with(server.user("ann").await.token.as_deref().expect("a token"));
    assert_eq!(ann.get("/api/tasks").await.ok(), json!([]));
    assert_eq!(ann.get("/api/guardian-analyses/agent-1").await.ok(), json!([]));
    assert_eq!(ann.get("/api/dashboard/stats").await.ok()["queued_tasks"], 0);
    assert_eq!(ann.get(&format!("/api/tasks/{job}")).await.refused(404), "not_found");
    assert_eq!(ann.get(&format!("/api/tasks?workflow_id={workflow}")).await.refused(404), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_socket_gets_the_events_of_everything() {
    let server = open("tracker_socket").await;
    let board = listen(&server, "tracker=127.0.0.1:0").await;
    let client = &board.client;
    let mut socket = Socket::try_open(&format!("{}/ws", board.url), &[]).await.expect("a socket");
    socket.until("subscribed").await;
    let id = ticket(client, "Sent to everybody", json!({})).await;
    let event = socket.until("ticket_created").await;
    assert_eq!((&event["ticket_id"], &event["agent_id"]), (&json!(id), &json!("agent-1")));
    client.post("/api/tickets/change-status", json!({"ticket_id": id, "new_status": "in_progress"})).await.ok();
    assert_eq!(socket.until("status_changed").await["ticket_id"], json!(id));
    client.post("/api/tickets/comment", json!({"ticket_id": id, "comment_text": "A remark"})).await.ok();
    assert_eq!(socket.until("comment_added").await["ticket_id"], json!(id));
    client.post("/api/tickets/resolve", json!({"ticket_id": id, "resolution": "Solved for good."})).await.ok();
    assert_eq!(socket.until("ticket_resolved").await["ticket_id"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_may_have_commas() {
    let server = open("tracker_tags").await;
    let board = listen(&server, "tracker=127.0.0.1:0").await;
    let both = ticket(&board.client, "Has one tag with a comma", json!({"tags": ["a,b"]})).await;
    let one = ticket(&board.client, "Has the first", json!({"tags": ["a"]})).await;
    let other = ticket(&board.client, "Has another", json!({"tags": ["c"]})).await;
    for (query, expected) in [
        ("tags=a%2Cb", vec![&both, &one]),
        ("tags=a,b", vec![&both, &one]),
        ("tags=a&tags=c", vec![&one, &other]),
        ("tags=c", vec![&other]),
        ("tags=d", vec![]),
    ] {
        let list = board.client.get(&format!("/tickets/get?{query}&sort_order=asc")).await.ok();
        let found: Vec<&Value> =
            list["tickets"].as_array().expect("tickets").iter().map(|ticket| &ticket["id"]).collect();
        assert_eq!(json!(found), json!(expected), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_board_is_first_whatever_else_the_service_joins() {
    let server = open("tracker_default").await;
    let operator = server.admin("ann").await;
    let board = listen(&server, "tracker=127.0.0.1:0").await;
    let id = ticket(&board.client, "On its own board", json!({})).await;
    for name in ["Later", "Latest"] {
        let made = operator.post("/api/workflows", json!({"name": name})).await.created();
        let path = format!("/api/workflows/{}/members/compat-tracker", made["id"].as_str().expect("an id"));
        operator.put(&path, json!({"role": "member"})).await.ok();
    }
    let executions = board.client.get("/api/workflow-executions?status=all").await.ok()["executions"].clone();
    let names: Vec<&Value> = executions.as_array().expect("executions").iter().map(|one| &one["name"]).collect();
    assert_eq!(json!(names), json!(["Ticket tracker", "Latest", "Later"]));
    assert_eq!(board.client.get("/tickets").await.ok()["tickets"][0]["id"], json!(id));
    ticket(&board.client, "There too", json!({})).await;
    assert_eq!(board.client.get("/tickets").await.ok()["total_count"], 2);
}
