//! Names in place of ids: workflows, columns, ticket types and people, as models write them.

use serde_json::{Value, json};

use super::agent::Agent;
use crate::client::Server;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

async fn fixture(hint: &str) -> (Server, TestWorkflow, Agent) {
    let server = open(hint).await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let agent = Agent::open_session(&owner).await;
    (server, fixture, agent)
}

#[tokio::test]
async fn workflows_are_named_as_people_write_them() {
    let (server, fixture, agent) = fixture("mcpnames").await;
    let rename = async |workflow: &str, name: &str| {
        fixture.owner.patch(&format!("/api/workflows/{workflow}"), json!({"name": name})).await.ok();
    };
    rename(&fixture.workflow, "Web Shop").await;
    for named in [fixture.workflow.as_str(), "Web Shop", "web shop", "WEB-SHOP", " web_shop ", ""] {
        let board = agent.call_ok("get_board", json!({"workflow_id": named})).await;
        assert_eq!(board["workflow_id"], json!(fixture.workflow), "{named:?}");
    }
    let made = json!({"title": "Only one board", "description": "It needs no name then.", "assigned_agent_id": ""});
    let made = agent.call_ok("create_ticket", made).await;
    assert_eq!(made["key"], "TKT-1");
    // A name like an id is a name all the same; of two workflows one must be named.
    let other = TestWorkflow::of(&fixture.owner).await;
    rename(&other.workflow, "workflow-redesign").await;
    let board = agent.call_ok("get_board", json!({"workflow_id": "Workflow Redesign"})).await;
    assert_eq!(board["workflow_id"], json!(other.workflow));
    let board = agent.call_ok("get_board", json!({"workflow_id": "workflow-redesign"})).await;
    assert_eq!(board["workflow_id"], json!(other.workflow));
    let (code, words) = agent.refused("get_board", json!({})).await;
    assert_eq!(code, "invalid");
    assert!(
        words.contains("workflow_id is required") && words.contains("you see Web Shop, workflow-redesign"),
        "{words}"
    );
    let (code, words) = agent.refused("get_board", json!({"workflow_id": "Web Shoq"})).await;
    assert!(code == "not_found" && words.contains("you see Web Shop, workflow-redesign"), "{words}");
    // The name as it is written goes before one that is like it; the same name twice is refused with the ids.
    rename(&other.workflow, "WebShop").await;
    let board = agent.call_ok("get_board", json!({"workflow_id": "webshop"})).await;
    assert_eq!(board["workflow_id"], json!(other.workflow));
    let (code, words) = agent.refused("get_board", json!({"workflow_id": "web-shop"})).await;
    assert_eq!(code, "conflict");
    assert!(words.contains(&fixture.workflow) && words.contains(&other.workflow), "{words}");
    // What others have is not named.
    let (_, words) = Agent::open_session(&signed_in_user(&server, "eve").await)
        .await
        .refused("get_board", json!({"workflow_id": "WebShop"}))
        .await;
    assert!(words.contains("you see none"), "{words}");
}

#[tokio::test]
async fn columns_and_types_are_named_as_boards_show_them() {
    let (server, fixture, agent) = fixture("mcpcolumns").await;
    let create = |more: Value| {
        let mut whole = json!({"workflow_id": "work", "title": "A title", "description": "A description."});
        crate::http::fixtures::merge(&mut whole, &more);
        whole
    };
    let made = agent.call_ok("create_ticket", create(json!({"initial_status": "To do", "ticket_type": "Bug"}))).await;
    let ticket = text(&made, "ticket_id");
    let read = fixture.read(&ticket).await;
    assert_eq!((&read["status"], &read["ticket_type"]), (&json!("todo"), &json!("bug")));
    agent.call_ok("update_ticket", json!({"ticket_id": ticket, "ticket_type": "TASK"})).await;
    for (named, status) in
        [("In Progress", "in_progress"), ("code-review", "review"), ("TO DO", "todo"), ("in_progress", "in_progress")]
    {
        let moved = agent.call_ok("change_ticket_status", json!({"ticket_id": ticket, "new_status": named})).await;
        assert_eq!(moved["new_status"], status, "{named}");
    }
    for named in [json!("In Progress"), json!(["in progress"]), json!("in_progress"), json!("[\"In-Progress\"]")] {
        let found =
            agent.call_ok("get_tickets", json!({"workflow_id": "work", "status": named, "ticket_type": "Task"})).await;
        assert_eq!(found["total_count"], 1, "{named}");
        let found = json!({"workflow_id": "work", "query": "title", "filters": {"status": named}});
        assert_eq!(agent.call_ok("search_tickets", found).await["total_found"], 1, "{named}");
        // Beside the filters in place of among them.
        let beside = json!({"workflow_id": "work", "query": "title", "status": named});
        let beside = agent.call_ok("search_tickets", beside).await;
        assert_eq!((&beside["total_found"], beside.get("hint")), (&json!(1), None), "{named}");
    }
    let column = agent.call_ok("get_board", json!({"workflow_id": "work", "status": "in progress"})).await;
    assert_eq!((&column["status"], &column["ticket_count"]), (&json!("in_progress"), &json!(1)));
    // Unknown ones are refused with those that there are, also as filters.
    for (tool, arguments) in [
        ("change_ticket_status", json!({"ticket_id": ticket, "new_status": "doing"})),
        ("create_ticket", create(json!({"initial_status": "doing"}))),
        ("get_tickets", json!({"workflow_id": "work", "status": ["doing"]})),
        ("get_board", json!({"workflow_id": "work", "status": "doing"})),
        ("search_tickets", json!({"workflow_id": "work", "query": "x", "filters": {"status": ["doing"]}})),
    ] {
        let (_, words) = agent.refused(tool, arguments).await;
        assert!(words.contains("backlog, todo, in_progress, review, testing, done"), "{tool}: {words}");
    }
    let (_, words) = agent.refused("get_tickets", json!({"workflow_id": "work", "ticket_type": ["saga"]})).await;
    assert!(words.contains("ticket_type must be one of"), "{words}");
    // Two columns of one name: their ids are asked for. An id wins over a name.
    server.sql("update board_columns set name = 'To Do' where id = 'backlog'", &[]).await;
    server.sql("update board_columns set name = 'review' where id = 'testing'", &[]).await;
    for (tool, arguments) in [
        ("change_ticket_status", json!({"ticket_id": ticket, "new_status": "To-Do"})),
        ("get_tickets", json!({"workflow_id": "work", "status": ["To-Do"]})),
        ("get_board", json!({"workflow_id": "work", "status": "To-Do"})),
    ] {
        let (code, words) = agent.refused(tool, arguments).await;
        assert!(code == "invalid" && words.contains("backlog, todo"), "{tool}: {words}");
    }
    let moved = agent.call_ok("change_ticket_status", json!({"ticket_id": ticket, "new_status": "review"})).await;
    assert_eq!(moved["new_status"], "review");
}

#[tokio::test]
async fn people_are_named_in_filters() {
    let (server, fixture, agent) = fixture("mcppeople").await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    server.sql("update actors set name = 'Robot One' where id = 'robot'", &[]).await;
    fixture
        .owner
        .put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"}))
        .await
        .ok();
    let robot = Agent::open_session(&robot).await;
    let mine = json!({"workflow_id": "work", "title": "Its own", "description": "It takes it itself.", "assigned_agent_id": "me"});
    let mine = text(&robot.call_ok("create_ticket", mine).await, "ticket_id");
    assert_eq!(fixture.read(&mine).await["assigned_agent_id"], "robot");
    fixture.ticket_with("Another's", json!({"assigned_agent_id": fixture.owner.id})).await;
    for (named, title) in [
        ("robot", "Its own"),
        ("robot one", "Its own"),
        ("Robot One", "Its own"),
        ("me", "Its own"),
        ("ada@example.org", "Another's"),
        ("Ada", "Another's"),
    ] {
        let found = json!({"workflow_id": "work", "assigned_agent_id": named});
        let found = robot.call_ok("get_tickets", found).await;
        assert_eq!((&found["total_count"], &found["tickets"][0]["title"]), (&json!(1), &json!(title)), "{named}");
    }
    let (_, words) =
        agent.refused("get_tickets", json!({"workflow_id": "work", "assigned_agent_id": "Robot Two"})).await;
    assert!(words.contains("robot (Robot One)"), "{words}");
    let (_, words) = agent.refused("get_tickets", json!({"workflow_id": "work", "assigned_agent_id": "zzz"})).await;
    assert!(words.contains("list_members"), "{words}");
    // A person who has left, and still has a ticket.
    let eve = signed_in_user(&server, "eve").await;
    let left = fixture.ticket("Left behind").await;
    server.sql("update tickets set assigned_agent_id = $1 where id = $2", &[&eve.id, &left]).await;
    let found = json!({"workflow_id": "work", "assigned_agent_id": eve.id});
    assert_eq!(agent.call_ok("get_tickets", found).await["total_count"], 1);
    let made = agent.call_ok("update_ticket", json!({"ticket_id": mine, "assigned_agent_id": "me"})).await;
    assert_eq!(made["fields_updated"], json!(["assigned_agent_id"]));
    assert_eq!(fixture.read(&mine).await["assigned_agent_id"], json!(fixture.owner.id));
    // Blockers by key, with or without the letters.
    let blockers = json!({"ticket_id": "1", "blocked_by_ticket_ids": ["#2"]});
    agent.call_ok("set_ticket_blockers", blockers).await;
    assert_eq!(fixture.read(&mine).await["is_blocked"], true);
}

#[tokio::test]
async fn stages_are_named_as_columns_are() {
    let (_server, fixture, agent) = fixture("mcpstages").await;
    for stages in [json!(["in_progress", "review"]), json!(["In Progress", "Code Review"]), Value::Null] {
        let ticket = fixture.ticket("Build it").await;
        let job = json!({"ticket_id": ticket, "initial_prompt": "Build it well.", "stages": stages, "queue": true});
        agent.call_ok("create_job", job).await;
        let held = agent.call_ok("claim_work", json!({"workflow_id": "work", "kind": "job"})).await;
        if !stages.is_null() {
            assert_eq!(fixture.read(&ticket).await["status"], "in_progress", "{stages}");
        }
        let lease = json!({"job_id": held["job_id"], "lease_token": held["lease_token"]});
        let mut entered = lease.clone();
        entered["stage"] = if stages[0] == "in_progress" { json!("Review") } else { json!("code review") };
        let entered = agent.call_ok("report_progress", entered).await;
        assert_eq!(entered["ticket_moved"], true, "{stages}: {entered}");
        assert_eq!(fixture.read(&ticket).await["status"], "review");
        agent.call_ok("complete_job", lease).await;
    }
}

/// What a refusal says to do next, where the rule itself does not know the names of tools.
#[tokio::test]
async fn refusals_name_the_next_step() {
    let (_server, fixture, agent) = fixture("mcpnext").await;
    fixture.ticket("One").await;
    for (tool, arguments, next) in [
        ("heartbeat", json!({"job_id": "job-x"}), "claim_work"),
        ("heartbeat", json!({"lease_token": "x"}), "list_jobs"),
        ("get_job", json!({"job_id": ""}), "list_jobs"),
        ("get_job", json!({"job_id": "job-x"}), "list_jobs"),
        ("get_ticket", json!({}), "search_tickets"),
        ("get_ticket", json!({"ticket_id": "TKT-99"}), "search_tickets"),
        ("get_approval", json!({}), "list_approvals"),
        ("change_ticket_status", json!({"ticket_id": "TKT-1"}), "get_board"),
        ("control_job", json!({"job_id": "job-x", "action": "resume"}), "one of continue, pause, cancel, retry"),
        ("wait_for_events", json!({"wait": 60}), "between 0 and 50"),
        ("get_tickets", json!({"workflow_id": "work", "limit": 500}), "between 1 and 100"),
    ] {
        let (_, words) = agent.refused(tool, arguments).await;
        assert!(words.contains(next), "{tool}: {words}");
    }
}
