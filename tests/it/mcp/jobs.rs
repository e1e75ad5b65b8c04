//! An agent works on jobs, and people answer its questions.

use serde_json::{Value, json};

use super::agent::Agent;
use crate::client::Server;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

async fn job_fixture(hint: &str) -> (Server, TestWorkflow, Agent) {
    let server = open(hint).await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"})).await.ok();
    let agent = Agent::open_session(&robot).await;
    (server, fixture, agent)
}

#[tokio::test]
async fn an_agent_runs_a_job_to_completion() {
    let (_server, fixture, agent) = job_fixture("mcpjobs").await;
    let (first, second) = (fixture.ticket("Build it").await, fixture.ticket("Waits for it").await);
    fixture
        .owner
        .post("/api/tickets/set-blockers", json!({"ticket_id": second, "blocked_by_ticket_ids": [first]}))
        .await
        .ok();
    let job = json!({"ticket_id": first, "initial_prompt": "Build it well.", "stages": ["in_progress", "review"], "queue": true});
    let job = text(&agent.call_ok("create_job", job).await, "job_id");
    let held = agent.call_ok("claim_work", json!({"workflow_id": fixture.workflow, "worker": "claude"})).await;
    assert_eq!((&held["kind"], &held["job_id"], &held["stage"]), (&json!("job"), &json!(job), &json!("in_progress")));
    let lease = text(&held, "lease_token");
    let beat = agent.call_ok("heartbeat", json!({"job_id": job, "lease_token": lease})).await;
    assert_eq!((&beat["status"], &beat["cancel_requested"]), (&json!("running"), &json!(false)));
    assert!(text(&beat, "lease_expires_at") >= text(&held, "lease_expires_at"), "a heartbeat shortens no claim");
    let received =
        json!({"job_id": job, "lease_token": lease, "stage": "review", "progress": 60, "message": "Looking it over."});
    let received = agent.call_ok("report_progress", received).await;
    assert_eq!(
        (&received["stage"], &received["ticket_moved"], &received["progress"]),
        (&json!("review"), &json!(true), &json!(60.0))
    );
    for (lease, kind, content) in [(Some(&lease), "step", "Built."), (None, "chat", "Nearly there.")] {
        agent
            .call_ok("post_message", json!({"job_id": job, "lease_token": lease, "kind": kind, "content": content}))
            .await;
    }
    let read = agent.call_ok("get_job", json!({"job_id": job})).await;
    assert!(read["messages"].to_string().contains("Nearly there."), "{read}");
    assert_eq!(read["initial_prompt"], "Build it well.");
    let wrong = json!({"job_id": job, "lease_token": "not-mine", "progress": 1});
    assert_eq!(agent.refused("report_progress", wrong).await.0, "lease_lost");
    assert_eq!(
        agent.refused("heartbeat", json!({"lease_token": lease})).await.1,
        "invalid: The field job_id is required. claim_work and list_jobs name jobs."
    );
    let end = json!({"job_id": job, "lease_token": lease, "result": {"ok": true}, "commit_sha": "abc1234",
        "resolution_comment": "Built and looked over."});
    let done = agent.call_ok("complete_job", end.clone()).await;
    assert_eq!((&done["ticket_resolved"], &done["unblocked_tickets"]), (&json!(true), &json!([second])));
    assert_eq!(agent.call_ok("complete_job", end).await, done, "a repeated call has the same response");
    let listed = agent.call_ok("list_jobs", json!({"workflow_id": fixture.workflow, "status": ["succeeded"]})).await;
    assert_eq!(listed["jobs"][0]["job_id"], json!(job));
    // The queue is empty: the next work is the ticket that was just unblocked.
    let next = agent.call_ok("claim_work", json!({})).await;
    assert_eq!((&next["kind"], &next["ticket_id"]), (&json!("ticket"), &json!(second)));
    let none = agent.call_ok("claim_work", json!({"workflow_id": fixture.workflow})).await;
    assert!(none.get("kind").is_none_or(Value::is_null), "{none}");
    assert!(agent.call_ok("claim_work", json!({"kind": "job"})).await["message"].is_string());
}

#[tokio::test]
async fn an_agent_fails_and_releases_jobs() {
    let (_server, fixture, agent) = job_fixture("mcpfails").await;
    let ticket = fixture.ticket("Hard").await;
    let job = json!({"ticket_id": ticket, "initial_prompt": "Try it.", "queue": true, "max_attempts": 2});
    let job = text(&agent.call_ok("create_job", job).await, "job_id");
    let claim = async || text(&agent.call_ok("claim_work", json!({"kind": "job"})).await, "lease_token");
    let back =
        agent.call_ok("release_job", json!({"job_id": job, "lease_token": claim().await, "reason": "Later."})).await;
    assert_eq!((&back["job"]["status"], &back["job"]["attempt"]), (&json!("queued"), &json!(0)));
    let lease = claim().await;
    fixture.owner.post(&format!("/api/jobs/{job}/cancel"), json!({})).await.ok();
    let beat = agent.call_ok("heartbeat", json!({"job_id": job, "lease_token": lease})).await;
    assert_eq!(beat["cancel_requested"], true);
    let gone = agent.call_ok("release_job", json!({"job_id": job, "lease_token": lease, "cancelled": true})).await;
    assert_eq!(gone["job"]["status"], "cancelled");
    fixture.owner.post(&format!("/api/jobs/{job}/retry"), json!({})).await.ok();
    let failed = json!({"job_id": job, "lease_token": claim().await, "error": "It cannot be done.", "retry": false});
    let failed = agent.call_ok("fail_job", failed).await;
    assert_eq!((&failed["will_retry"], &failed["job"]["status"]), (&json!(false), &json!("failed")));
}

#[tokio::test]
async fn an_agent_gets_answers_from_people() {
    let (server, fixture, agent) = job_fixture("mcpasks").await;
    let ticket = fixture.ticket("Which colour").await;
    let asked = json!({"ticket_id": ticket, "question": "Blue or red?", "options": ["blue", "red"]});
    let asked = agent.call_ok("ask_human", asked).await;
    let id = text(&asked, "approval_id");
    assert_eq!(asked["status"], "pending");
    assert_eq!(agent.call_ok("get_approval", json!({"approval_id": id})).await["status"], "pending");
    assert!(!agent.tools().await.contains(&"decide_approval".to_owned()));
    let verdict = json!({"approval_id": id, "decision": "answer", "answer": "Green."});
    assert_eq!(agent.refused("decide_approval", verdict.clone()).await.0, "forbidden");
    let person = Agent::open_session(&fixture.owner).await;
    let waiting = async { agent.call_ok("get_approval", json!({"approval_id": id, "wait": 30})).await };
    let (response, decided) = tokio::join!(waiting, person.call_ok("decide_approval", verdict.clone()));
    assert_eq!((&response["status"], &response["answer"]), (&json!("answered"), &json!("Green.")));
    assert_eq!(decided["decided_by"], json!(fixture.owner.id));
    assert_eq!(
        person.call_ok("decide_approval", verdict).await["status"],
        "answered",
        "a repeated call has no second effect"
    );
    let other = json!({"approval_id": id, "decision": "approve"});
    assert!(
        ["conflict", "already_decided", "decided"].contains(&person.refused("decide_approval", other).await.0.as_str())
    );
    let unclear = json!({"ticket_id": "TKT-1", "conflict_description": "It says blue above and red below.",
        "potential_solutions": ["Blue", "Red"]});
    let unclear = agent.call_ok("request_clarification", unclear).await;
    assert!(unclear["comment_id"].is_string());
    let pending = agent
        .call_ok("list_approvals", json!({"workflow_id": fixture.workflow, "status": ["pending"], "mine": true}))
        .await;
    assert_eq!(pending["approvals"][0]["approval_id"], unclear["approval_id"]);
    assert_eq!(pending["approvals"].as_array().map(Vec::len), Some(1));
    let (_, words) = agent.refused("get_approval", json!({"approval_id": id, "wait": 31})).await;
    assert!(words.contains("wait must be between 0 and 30"), "{words}");
    // A key with the scope `approve` decides another agent's question.
    let judge = service_client(&server, "judge", &["read", "approve"]).await;
    fixture
        .owner
        .put(&format!("/api/workflows/{}/members/judge", fixture.workflow), json!({"role": "member"}))
        .await
        .ok();
    let judge = Agent::open_session(&judge).await;
    let verdict = json!({"approval_id": unclear["approval_id"], "decision": "answer", "answer": "Blue."});
    assert_eq!(judge.call_ok("decide_approval", verdict).await["status"], "answered");
}
