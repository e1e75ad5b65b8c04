//! The prompt, filled from the board.

use serde_json::json;

use super::agent::Agent;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user, text};

#[tokio::test]
async fn the_prompt_describes_the_board_and_the_ticket() {
    let server = open("mcpprompt").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let agent = Agent::open_session(&owner).await;
    let listed = agent.result("prompts/list", json!({})).await;
    assert_eq!(
        (&listed["prompts"][0]["name"], listed["prompts"].as_array().map(Vec::len)),
        (&json!("ticket_tracking"), Some(1))
    );
    let ticket = fixture.ticket("Mine").await;
    let blocker = fixture.ticket("First").await;
    owner
        .post("/api/tickets/set-blockers", json!({"ticket_id": ticket, "blocked_by_ticket_ids": [blocker]}))
        .await
        .ok();
    let job = json!({"ticket_id": ticket, "initial_prompt": "Work."});
    let job = text(&agent.call_ok("create_job", job).await, "job_id");
    let ask = async |arguments| {
        let got = agent.result("prompts/get", json!({"name": "ticket_tracking", "arguments": arguments})).await;
        assert_eq!(got["messages"][0]["role"], "user");
        text(&got["messages"][0]["content"], "text")
    };
    let plain = ask(json!({"workflow_id": fixture.workflow})).await;
    for part in
        ["`in_progress`", "`bug`", "begin in `backlog`", "between any two columns", "claim_work", "resolve_ticket"]
    {
        assert!(plain.contains(part), "{part} in\n{plain}");
    }
    assert!(!plain.contains("YOUR TICKET ID"));
    for arguments in [
        json!({"workflow_id": fixture.workflow, "ticket_id": ticket}),
        json!({"workflow_id": fixture.workflow, "ticket_id": "TKT-1"}),
        json!({"workflow_id": fixture.workflow, "job_id": job, "ticket_id": ""}),
    ] {
        let filled = ask(arguments).await;
        assert!(filled.contains(&format!("YOUR TICKET ID: {ticket}")), "{filled}");
        assert!(filled.contains("It is blocked by TKT-2"), "{filled}");
    }
    let board = json!({"board_config": {"transitions": [{"from": "backlog", "to": "todo"}],
        "settings": {"require_comments_on_status_change": true, "allow_reopen": false, "wip_policy": "refuse"}}});
    owner.put(&format!("/api/workflows/{}/board", fixture.workflow), board).await.ok();
    let strict = ask(json!({"workflow_id": fixture.workflow})).await;
    for part in ["Allowed moves: backlog → todo.", "needs a comment", "not opened again", "takes no more"] {
        assert!(strict.contains(part), "{part} in\n{strict}");
    }
    // Errors name the argument; a board of another tenant looks absent.
    let refused = async |arguments| {
        agent.call_method("prompts/get", json!({"name": "ticket_tracking", "arguments": arguments})).await
    };
    let missing = refused(json!({})).await;
    assert_eq!(
        (&missing["error"]["code"], &missing["error"]["message"]),
        (&json!(-32602), &json!("The field workflow_id is required."))
    );
    let outsider = TestWorkflow::of(&signed_in_user(&server, "eve").await).await;
    let theirs =
        refused(json!({"workflow_id": outsider.workflow})).await.to_string().replace(&outsider.workflow, "[id]");
    let absent = refused(json!({"workflow_id": "workflow-none"})).await.to_string().replace("workflow-none", "[id]");
    let plain = |text: String| text.replace(|c: char| c.is_ascii_digit(), "#").replace("##", "#").replace("##", "#");
    assert_eq!(plain(theirs), plain(absent));
    let mixed = refused(json!({"workflow_id": outsider.workflow, "ticket_id": ticket})).await;
    assert!(mixed.get("error").is_some());
}
