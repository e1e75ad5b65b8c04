//! An agent reports what its work cost.

use serde_json::json;

use super::agent::Agent;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

#[tokio::test]
async fn an_agent_reports_usage_of_its_job_and_its_ticket() {
    let server = open("mcpusage").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"})).await.ok();
    let agent = Agent::open_session(&robot).await;
    let ticket = fixture.ticket("Build it").await;
    let job = json!({"ticket_id": ticket, "initial_prompt": "Build it well.", "queue": true});
    let job = text(&agent.call_ok("create_job", job).await, "job_id");
    let held = agent.call_ok("claim_work", json!({"workflow_id": fixture.workflow})).await;
    assert_eq!(agent.call_ok("get_job", json!({"job_id": job})).await["usage"], json!({"reported": false}));

    // Numbers as text are numbers, and a number is an amount.
    let report = json!({"job_id": job, "lease_token": held["lease_token"], "model": "large", "input_tokens": "1200",
        "output_tokens": 80, "cost": 0.0125, "currency": "USD", "report_id": "turn-1"});
    let counted = agent.call_ok("report_usage", report.clone()).await;
    assert_eq!((&counted["counted"], &counted["attempt"]), (&json!(true), &json!(1)));
    assert_eq!(agent.call_ok("report_usage", report).await["counted"], false);
    let used = &agent.call_ok("get_job", json!({"job_id": job})).await["usage"];
    assert_eq!(used["costs"], json!([{"currency": "USD", "amount": "0.0125"}]));
    assert_eq!(used.get("cache_read_tokens"), None, "what was not reported is not zero: {used}");
    // A ticket by its key.
    let of_ticket = json!({"ticket_id": "TKT-1", "workflow_id": fixture.workflow, "output_tokens": 5});
    assert_eq!(agent.call_ok("report_usage", of_ticket).await["usage"]["output_tokens"], 85);
    assert_eq!(agent.call_ok("get_ticket", json!({"ticket_id": ticket})).await["usage"]["reports"], 2);
    assert_eq!(
        server.number("select count(*) from usage_reports where source = 'mcp' and agent_id = 'robot'").await,
        2
    );

    for (wrong, field) in [
        (json!({"input_tokens": 1}), "job_id"),
        (json!({"job_id": job, "ticket_id": ticket, "input_tokens": 1}), "job_id"),
        (json!({"job_id": job, "input_tokens": -1}), "input_tokens"),
        (json!({"job_id": job, "input_tokens": "many"}), "input_tokens"),
        (json!({"job_id": job, "cost": "free", "currency": "USD"}), "cost"),
        (json!({"job_id": job, "cost": "1"}), "currency"),
        (json!({"job_id": job, "model": "large"}), "input_tokens"),
    ] {
        let (code, message) = agent.refused("report_usage", wrong.clone()).await;
        assert!(code == "invalid" && message.contains(field), "{wrong}: {message}");
    }
    let missing = json!({"job_id": "job-none", "input_tokens": 1});
    assert_eq!(agent.refused("report_usage", missing).await.0, "not_found");
}
