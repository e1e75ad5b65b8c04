//! Assignees over MCP: a model's typing error does not become an agent.

use serde_json::json;

use super::agent::Agent;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

#[tokio::test]
async fn an_unknown_assignee_is_refused_with_names_that_are_like_it() {
    let server = open("mcpassign").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    owner.post("/api/agents", json!({"id": "agent-builder", "workflows": [fixture.workflow]})).await.created();
    let agent = Agent::open_session(&owner).await;
    let ticket = |assignee: &str| {
        json!({"workflow_id": fixture.workflow, "title": "Fix the login", "description": "It says 500 to everybody.",
            "assigned_agent_id": assignee})
    };
    let (code, words) = agent.refused("create_ticket", ticket("agent-bilder")).await;
    assert_eq!(code, "invalid");
    assert!(words.contains("agent-builder"), "{words}");
    assert_eq!(server.number("select count(*) from actors where id = 'agent-bilder'").await, 0);
    agent.call_ok("create_ticket", ticket("agent-builder")).await;
    agent.call_ok("create_ticket", ticket("ADA@example.org")).await;
    let assigned = server.sql("select 1 from tickets where assigned_agent_id = $1", &[&owner.id]).await;
    assert_eq!(assigned.len(), 1);
    // The workflow may provision agents for these clients, too.
    let path = format!("/api/workflows/{}", fixture.workflow);
    assert_eq!(owner.patch(&path, json!({"provision_agents": true})).await.ok()["provision_agents"], true);
    agent.call_ok("create_ticket", ticket("agent-new")).await;
}
