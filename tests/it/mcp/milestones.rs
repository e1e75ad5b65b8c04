//! Milestones, due dates and boards of the past, as agents use them.

use serde_json::{Value, json};

use super::agent::Agent;
use crate::harness;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user, text};

#[tokio::test]
async fn an_agent_plans_and_looks_back() {
    let server = open("mcpmilestones").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    let agent = Agent::open_session(&fixture.owner).await;
    let made = agent
        .call_ok("save_milestone", json!({"name": "Beta", "starts_on": "2026-01-05", "due_on": "2026-01-31"}))
        .await;
    let id = text(&made, "milestone_id");
    let ticket = json!({"title": "Sign the contract", "description": "With the first shop.", "due_on": "2026-01-20", "milestone_id": "beta"});
    let key = text(&agent.call_ok("create_ticket", ticket).await, "key");
    let read = agent.call_ok("get_ticket", json!({"ticket_id": key})).await;
    assert_eq!((&read["due_on"], &read["milestone"]["name"]), (&json!("2026-01-20"), &json!("Beta")));
    let listed =
        agent.call_ok("get_tickets", json!({"milestone_id": "BETA", "overdue": "true", "sort_by": "due_on"})).await;
    assert_eq!((&listed["tickets"][0]["key"], &listed["tickets"][0]["due_on"]), (&json!(key), &json!("2026-01-20")));
    let board = agent.call_ok("get_board", json!({})).await;
    assert_eq!(board["milestones"], json!([{"milestone_id": id, "name": "Beta", "due_on": "2026-01-31"}]));
    let found = agent.call_ok("search_tickets", json!({"query": "contract", "milestone_id": "Beta"})).await;
    assert_eq!(found["results"].as_array().map(Vec::len), Some(1));

    let sql = "select to_jsonb(max(changed_at)) #>> '{}' from history where stream_id like 'workflow:%'";
    let time: String = harness::connect(&server.db.url).await.query_one(sql, &[]).await.expect("a time").get(0);
    // Null and empty text clear.
    agent.call_ok("update_ticket", json!({"ticket_id": key, "due_on": null, "milestone_id": ""})).await;
    agent.call_ok("change_ticket_status", json!({"ticket_id": key, "new_status": "done"})).await;
    let changed =
        agent.call_ok("save_milestone", json!({"milestone_id": "beta", "due_on": null, "is_closed": true})).await;
    assert_eq!(
        (&changed["milestone_id"], &changed["is_closed"], changed.get("due_on")),
        (&json!(id), &json!(true), None)
    );
    assert_eq!(agent.call_ok("list_milestones", json!({})).await["milestones"], json!([]));
    let all = agent.call_ok("list_milestones", json!({"include_closed": true})).await;
    assert_eq!((&all["milestones"][0]["name"], &all["total_count"]), (&json!("Beta"), &json!(1)));

    let then = agent.call_ok("get_board", json!({"at": time})).await;
    let backlog =
        then["columns"].as_array().expect("columns").iter().find(|column| column["id"] == "backlog").expect("backlog");
    assert_eq!((&backlog["tickets"][0]["key"], &backlog["tickets"][0]["milestone_id"]), (&json!(key), &json!(id)));
    assert_eq!((&then["milestones"][0]["name"], then["at"].is_string()), (&json!("Beta"), true), "{then}");
    let column = agent.call_ok("get_board", json!({"at": time, "status": "Backlog"})).await;
    assert_eq!((&column["tickets"][0]["key"], &column["ticket_count"]), (&json!(key), &json!(1)));
    let changes = agent.call_ok("get_board_changes", json!({"from": time})).await;
    let one = &changes["tickets"][0];
    assert_eq!((&one["key"], &one["change"]), (&json!(key), &json!("changed")));
    assert_eq!(one["fields"]["due_on"], json!(["2026-01-20", null]));
    assert_eq!((&one["fields"]["status"], &one["fields"]["rank"]), (&json!(["backlog", "done"]), &Value::Null));

    for (tool, arguments, part) in [
        ("save_milestone", json!({"due_on": "2026-01-31"}), "name"),
        ("save_milestone", json!({"name": "Gamma", "due_on": "January"}), "due_on"),
        ("save_milestone", json!({"milestone_id": "Delta", "name": "x"}), "milestone_id"),
        ("update_ticket", json!({"ticket_id": key, "milestone_id": "Beta"}), "closed"),
        ("update_ticket", json!({"ticket_id": key, "due_on": "2026-02-30"}), "due_on"),
        ("get_tickets", json!({"milestone_id": "Delta"}), "milestone_id"),
        ("get_board", json!({"at": "yesterday"}), "at"),
        ("get_board", json!({"at": "2999-01-01T00:00:00Z"}), "future"),
        ("get_board_changes", json!({}), "from"),
        ("get_board_changes", json!({"from": "2001-01-01T00:00:00Z"}), "from"),
    ] {
        let (_, words) = agent.refused(tool, arguments.clone()).await;
        assert!(words.contains(part), "{tool} {arguments}: {words}");
    }
    // Another tenant sees nothing of it.
    let eve = Agent::open_session(&signed_in_user(&server, "eve").await).await;
    for (tool, more) in [
        ("list_milestones", json!({})),
        ("save_milestone", json!({"milestone_id": id, "name": "Mine"})),
        ("get_board_changes", json!({"from": time})),
        ("get_board", json!({"at": time})),
    ] {
        let mut arguments = more;
        arguments["workflow_id"] = json!(fixture.workflow);
        let (code, _) = eve.refused(tool, arguments).await;
        assert_eq!(code, "not_found", "{tool}");
    }
}
