//! Ticket tracking: agents hand over work through tickets, a job finishes one, and every client stays current.

use serde_json::{Value, json};

use super::fixtures::{Fixture, plain};
use crate::http::fixtures::text;

#[tokio::test]
async fn agents_work_over_tickets() {
    let fixture = Fixture::open("tracking").await;
    let ann = &fixture.ann;
    // A definition maps to a board template; an execution maps to a workflow created from it.
    let definitions = ann.get("/api/workflow-definitions").await.ok();
    let ids: Vec<&Value> =
        definitions["definitions"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["development", "research", "sdlc", "security"]);
    let phases = json!([{"phase_name": "Plan it", "order": 1}, "Build", {"name": "Check"}]);
    let mine = json!({"name": "Team rules", "phases": phases, "workflow_config": {"has_result": true}});
    let mine = ann.post("/api/workflow-definitions", mine).await.created();
    let launch =
        json!({"definition_id": mine["id"], "description": "Log in with OAuth", "launch_params": {"repo": "x"}});
    let execution = ann.post("/api/workflow-executions", launch).await.created();
    assert_eq!((&execution["status"], &execution["definition_id"]), (&json!("active"), &mine["id"]));
    let workflow = text(&execution, "workflow_id");
    fixture.add_agent_as_member(&workflow).await;
    let board = ann.get(&format!("/api/workflow-executions/{workflow}")).await.ok();
    let columns: Vec<&Value> =
        board["board_config"]["columns"].as_array().expect("columns").iter().map(|column| &column["id"]).collect();
    assert_eq!(columns, ["todo", "plan_it", "build", "check", "done"]);

    let mut socket = fixture.socket(ann, "/ws").await;
    socket.0.send(json!({"type": "subscribe", "room": format!("workflow:{workflow}")})).await;
    socket.until_type("subscribed").await;

    // With ticket tracking on, work requires a ticket.
    let task = json!({"workflow_id": workflow, "title": "Implement OAuth", "initial_prompt": "OAuth login works"});
    let refused = ann.post("/api/jobs", task.clone()).await;
    let detail = text(&refused.json, "detail");
    assert!(detail.starts_with("Ticket tracking enabled - ticket_id required.") && detail.contains("with_ticket"));
    let create = |title: &str, more: Value| {
        let mut body = json!({"workflow_id": workflow, "title": title, "description": "As described in the plan.",
            "ticket_type": null, "parent_ticket_id": null});
        crate::http::fixtures::merge(&mut body, &more);
        body
    };
    let agent = &fixture.agent;
    let first =
        text(&agent.post("/api/tickets/create", create("Add OAuth support", json!({}))).await.ok(), "ticket_id");
    let after = json!({"blocked_by_ticket_ids": [first], "assigned_agent_id": "agent-b"});
    let second = text(&agent.post("/api/tickets/create", create("Limit its rate", after)).await.ok(), "ticket_id");
    agent.post("/api/tickets/update", json!({"ticket_id": first, "updates": {"priority": "high"}})).await.ok();
    let comment = json!({"ticket_id": first, "comment_text": "Handing this to @agent-b", "mentions": ["agent-b"]});
    agent.post("/api/tickets/comment", comment).await.ok();
    let blocked =
        agent.post("/api/tickets/change-status", json!({"ticket_id": second, "new_status": "build"})).await.ok();
    assert_eq!((&blocked["success"], &blocked["blocking_ticket_ids"]), (&json!(false), &json!([first])));

    let mut with_ticket = task;
    with_ticket["ticket_id"] = json!(first);
    with_ticket["stages"] = json!(["plan_it", "build"]);
    with_ticket["queue"] = json!(true);
    ann.post("/api/jobs", with_ticket).await.created();
    let lease = fixture.claim().await;
    lease.stage("build").await;
    let done = lease.call("complete", json!({"commit_sha": "abcdef12", "commit_message": "OAuth, TKT-1"})).await;
    assert_eq!((&done["ticket_resolved"], &done["unblocked_tickets"]), (&json!(true), &json!([second])));
    agent.post("/api/tickets/change-status", json!({"ticket_id": second, "new_status": "build"})).await.ok();
    ann.delete(&format!("/api/tickets/{second}")).await.ok();

    let mut messages = socket.until_type("ticket_deleted").await;
    messages.extend(socket.received_so_far().await);
    let received: Vec<String> = messages
        .iter()
        .map(|message| {
            let ticket = message["ticket_id"].as_str().unwrap_or_default();
            let which = if ticket == first {
                "1"
            } else if ticket == second {
                "2"
            } else {
                "-"
            };
            format!("{} {which}", message["type"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        received,
        [
            "ticket_created 1",
            "ticket_created 2",
            "ticket_blocked 2",
            "ticket_updated 1",
            "comment_added 1",
            "job_status 1",
            "job_status 1",
            "job_stage 1",
            "ticket_assigned 1",
            "status_changed 1",
            "job_stage 1",
            "status_changed 1",
            "commit_linked 1",
            "status_changed 1",
            "ticket_resolved 1",
            "ticket_unblocked 2",
            "comment_added 2",
            "comment_added 1",
            "job_status 1",
            "status_changed 2",
            "ticket_deleted 2",
        ]
    );
    for message in &messages {
        for member in ["workflow_id", "agent_id", "data", "timestamp", "seq", "epoch", "prev"] {
            assert!(!message[member].is_null(), "{member} in {message}");
        }
        assert_eq!(message["prev"], json!(message["seq"].as_i64().expect("a number") - 1));
    }
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plain(&messages)) });
    assert_eq!(ann.get(&format!("/api/workflow-executions/{workflow}")).await.ok()["status"], "completed");
    let listed = ann.get("/api/workflow-executions?status=completed").await.ok();
    assert_eq!(listed["executions"][0]["id"], json!(workflow));

    // A reconnected socket gets exactly the missed messages.
    let place = &messages[messages.len() - 3];
    let mut socket = fixture.socket(ann, "/ws").await;
    let since = json!({"epoch": place["epoch"], "seq": place["seq"]});
    socket.0.send(json!({"type": "subscribe", "room": format!("workflow:{workflow}"), "since": since})).await;
    let missed = socket.until_type("subscribed").await;
    assert_eq!(missed[2..missed.len() - 1], messages[messages.len() - 2..]);
}

#[tokio::test]
async fn rejects_invalid_requests_and_outsiders() {
    let fixture = Fixture::open("tracking-bad").await;
    let ann = &fixture.ann;
    let mine = ann.post("/api/workflow-definitions", json!({"name": "Mine", "phases": ["One"]})).await.created();
    let execution =
        ann.post("/api/workflow-executions", json!({"definition_id": "sdlc", "prompt": "Begin with this."})).await;
    let execution = execution.created();
    assert!(execution["job_id"].is_string() && execution["ticket_id"].is_string(), "{execution}");
    let path = format!("/api/workflow-executions/{}", text(&execution, "id"));
    for who in [&fixture.outsider, &fixture.server.anonymous()] {
        let absent = if who.token.is_some() { 404 } else { 401 };
        assert_eq!(who.get(&path).await.status, absent);
        assert_eq!(who.get("/api/workflow-executions/workflow-none").await.status, absent);
    }
    let theirs = json!({"definition_id": mine["id"]});
    for body in [theirs, json!({"definition_id": "definition-none"}), json!({})] {
        assert_eq!(
            fixture.outsider.post("/api/workflow-executions", body).await.json["errors"][0]["field"],
            "definition_id"
        );
    }
    assert_eq!(fixture.outsider.get("/api/workflow-executions").await.ok()["executions"], json!([]));
    let bad = [
        (json!({"phases": ["x"]}), "name"),
        (json!({"name": "", "phases": ["x"]}), "name"),
        (json!({"name": "X"}), "phases"),
        (json!({"name": "X", "phases": [{"order": 1}]}), "phases[0]"),
    ];
    for (body, field) in bad {
        let answer = ann.post("/api/workflow-definitions", body.clone()).await;
        assert_eq!((answer.status, &answer.json["errors"][0]["field"]), (422, &json!(field)), "{body}");
    }
    let anonymous = fixture.server.anonymous();
    let mut socket = fixture.socket(&anonymous, "/ws").await;
    socket.0.send(json!({"type": "subscribe", "room": "workflow:x"})).await;
    assert_eq!(socket.closed().await, 4001);
    assert_eq!(ann.get("/api/workflow-executions?status=odd").await.json["errors"][0]["field"], "status");
}
