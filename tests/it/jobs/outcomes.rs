//! Start and end of jobs, and their effects on the ticket, applied once.

use serde_json::{Value, json};

use super::{JobFixture, text};

#[tokio::test]
async fn success_links_resolves_and_releases_once() {
    let fixture = JobFixture::open("job_success").await;
    let waiting = fixture.base.ticket_with("Waiting", json!({"blocked_by_ticket_ids": [fixture.ticket]})).await;
    let job = fixture.job(json!({})).await;
    let (_, token) = fixture.claim().await;
    assert_eq!(fixture.status().await, "plan");
    let entered = fixture.base.ok("enter_stage", json!({"job": job, "token": token, "stage": "build"})).await;
    assert_eq!((&entered["ticket_moved"], fixture.status().await.as_str()), (&json!(true), "build"));
    assert_eq!(fixture.base.refused("enter_stage", json!({"job": job, "token": token, "stage": "no"})).await, "CB422");
    let end = json!({"job": job, "token": token, "result": {"ok": true}, "commit_sha": "ABCDEF12", "commit_message": "Built",
        "app": {"spec": {"pages": 1}, "prd_markdown": "# Product"}});
    let done = fixture.base.ok("complete_job", end.clone()).await;
    assert_eq!((&done["ticket_resolved"], &done["unblocked_tickets"]), (&json!(true), &json!([waiting])));
    assert_eq!((&done["job"]["status"], &done["job"]["progress"]), (&json!("succeeded"), &json!(100)));
    assert_eq!(done["job"]["commit_sha"], "abcdef12");
    assert_eq!(fixture.status().await, "shipped");
    let ticket = fixture.base.ok("get_ticket", json!({"ticket": fixture.ticket})).await;
    assert_eq!(ticket["commits"][0]["commit_message"], "Built");
    let app = fixture.base.ok("get_app", json!({"job": job})).await;
    assert_eq!((&app["spec"], &app["prd_markdown"]), (&json!({"pages": 1}), &json!("# Product")));
    // A repeated request after a lost response gets the same response and has no second effect.
    let before = fixture.base.changes(&fixture.ticket).await;
    let again = fixture.base.ok("complete_job", end).await;
    assert_eq!((&again["unblocked_tickets"], &again["ticket_resolved"]), (&json!([waiting]), &json!(true)));
    assert_eq!(fixture.base.changes(&fixture.ticket).await, before);
    assert_eq!(fixture.base.refused("fail_job", json!({"job": job, "token": token, "error": "late"})).await, "CB007");
    fixture.base.streams_are_gapless().await;
}

#[tokio::test]
async fn board_rules_override_job_moves() {
    let fixture = JobFixture::open("job_board").await;
    let job = fixture.job(json!({})).await;
    let (_, token) = fixture.claim().await;
    let blocker = fixture.base.ticket("In the way").await;
    fixture.base.ok("set_blockers", json!({"ticket": fixture.ticket, "blocked_by_ticket_ids": [blocker]})).await;
    let entered = fixture.base.ok("enter_stage", json!({"job": job, "token": token, "stage": "build"})).await;
    assert_eq!((&entered["ticket_moved"], fixture.status().await.as_str()), (&json!(false), "plan"));
    assert!(text(&entered, "notice").contains("blocked"));
    let done = fixture.base.ok("complete_job", json!({"job": job, "token": token, "commit_sha": "abcd1234"})).await;
    assert_eq!((&done["job"]["status"], &done["ticket_resolved"]), (&json!("succeeded"), &json!(false)));
    assert!(text(&done, "notice").contains("blocked"));
    assert_eq!(fixture.notes(&job).await.len(), 2, "the transcript has both messages");
    let only = json!({"columns": [{"id": "plan", "name": "Plan", "category": "todo"}, {"id": "build", "name": "Build", "category": "active"},
        {"id": "done", "name": "Done", "category": "done"}], "transitions": [{"from": "plan", "to": "done"}]});
    let strict = fixture.base.ok("create_workflow", json!({"name": "Strict", "board_config": only})).await;
    let place = text(&strict, "id");
    let other = fixture.base.ticket_with("Strict", json!({"workflow": place})).await;
    let job = fixture.job(json!({"workflow": place, "ticket": other, "stages": ["build"]})).await;
    let claimed = fixture.base.ok("claim_job", json!({"workflow": place})).await;
    assert_eq!(claimed["job"]["id"], job.as_str(), "a forbidden move does not stop the job");
    assert_eq!(fixture.base.card(&other).await["status"], "plan");
    let token = text(&claimed, "lease_token");
    let done = fixture.base.ok("complete_job", json!({"job": job, "token": token})).await;
    assert_eq!(
        (&done["ticket_resolved"], fixture.base.card(&other).await["status"].as_str()),
        (&json!(true), Some("done"))
    );
}

#[tokio::test]
async fn failed_jobs_are_retried_up_to_the_limit() {
    let fixture = JobFixture::open("job_failure").await;
    let job = fixture.job(json!({"max_attempts": 2})).await;
    let (_, token) = fixture.claim().await;
    let failed = fixture.base.ok("fail_job", json!({"job": job, "token": token, "error": "no network"})).await;
    assert_eq!((&failed["will_retry"], &failed["job"]["status"]), (&json!(true), &json!("queued")));
    let again = fixture.base.ok("fail_job", json!({"job": job, "token": token, "error": "no network"})).await;
    assert_eq!(again["retry_at"], failed["retry_at"]);
    assert_eq!(fixture.status().await, "plan", "the job will be retried");
    fixture.set(&job, "not_before = now()").await;
    let (_, token) = fixture.claim().await;
    assert_eq!(fixture.base.refused("fail_job", json!({"job": job, "token": token, "error": " "})).await, "CB422");
    let failed = fixture.base.ok("fail_job", json!({"job": job, "token": token, "error": "still none"})).await;
    assert_eq!((&failed["will_retry"], &failed["job"]["error"]), (&json!(false), &json!("still none")));
    assert_eq!(fixture.status().await, "errored");
    let retried = fixture.base.ok("retry_job", json!({"job": job})).await;
    assert_eq!(
        (&retried["status"], &retried["attempt"], &retried["stage"]),
        (&json!("queued"), &json!(0), &Value::Null)
    );
    let (_, token) = fixture.claim().await;
    assert_eq!(fixture.status().await, "plan", "the ticket is back in progress");
    let hopeless = json!({"job": job, "token": token, "error": "no such thing", "retry": false});
    assert_eq!(fixture.base.ok("fail_job", hopeless).await["will_retry"], false);
}

#[tokio::test]
async fn cancellation_is_requested_delivered_and_confirmed() {
    let fixture = JobFixture::open("job_cancel").await;
    let job = fixture.job(json!({})).await;
    assert_eq!(
        fixture.base.ok("cancel_job", json!({"job": job, "reason": "changed my mind"})).await["status"],
        "cancelled"
    );
    assert_eq!(fixture.get(&job).await["error"], "changed my mind");
    assert_eq!(
        fixture.base.ok("cancel_job", json!({"job": job})).await["status"],
        "cancelled",
        "cancellation is idempotent"
    );
    fixture.base.ok("retry_job", json!({"job": job})).await;
    let (_, token) = fixture.claim().await;
    assert_eq!(fixture.base.refused("confirm_job_cancel", json!({"job": job, "token": token})).await, "CB409");
    let asked = fixture.base.ok("cancel_job", json!({"job": job})).await;
    assert_eq!((&asked["status"], &asked["cancel_requested"]), (&json!("running"), &json!(true)));
    let heartbeat = fixture.base.ok("record_heartbeat", json!({"job": job, "token": token})).await;
    assert_eq!(heartbeat["cancel_requested"], true);
    let stopped = fixture.base.ok("confirm_job_cancel", json!({"job": job, "token": token})).await;
    assert_eq!(stopped["job"]["status"], "cancelled");
    fixture.base.ok("confirm_job_cancel", json!({"job": job, "token": token})).await;
    // The worker dies before it confirms the cancellation.
    fixture.base.ok("retry_job", json!({"job": job})).await;
    fixture.claim().await;
    fixture.base.ok("cancel_job", json!({"job": job})).await;
    fixture.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    fixture.base.ok("expire_leases", json!({})).await;
    assert_eq!(fixture.get(&job).await["status"], "cancelled");
    // A job deleted directly or with its ticket is gone for every caller, including its worker.
    let job = fixture.job(json!({})).await;
    let (_, token) = fixture.claim().await;
    fixture.base.ok("delete_job", json!({"job": job})).await;
    assert_eq!(fixture.base.refused("record_heartbeat", json!({"job": job, "token": token})).await, "CB404");
    let job = fixture.job(json!({})).await;
    fixture.base.ok("delete_ticket", json!({"ticket": fixture.ticket})).await;
    assert_eq!(fixture.get(&job).await["status"], "cancelled");
}

#[tokio::test]
async fn prompts_are_collected_before_queueing() {
    let fixture = JobFixture::open("job_prompt").await;
    let job = fixture.job(json!({"queue": false, "initial_prompt": ""})).await;
    assert_eq!(fixture.get(&job).await["status"], "collecting");
    assert_eq!(fixture.base.refused("continue_job", json!({"job": job})).await, "CB422", "the prompt is empty");
    assert_eq!(fixture.base.refused("pause_job", json!({"job": job})).await, "CB409");
    assert_eq!(fixture.base.refused("update_job", json!({"job": job, "initial_prompt": " "})).await, "CB422");
    fixture.base.ok("update_job", json!({"job": job, "initial_prompt": "Make it so", "stages": ["plan"]})).await;
    assert_eq!(fixture.base.ok("continue_job", json!({"job": job})).await["status"], "queued");
    assert_eq!(fixture.base.refused("update_job", json!({"job": job, "initial_prompt": "Other"})).await, "CB409");
    fixture.claim().await;
    assert_eq!(fixture.base.refused("update_job", json!({"job": job, "stages": ["build"]})).await, "CB409");
    assert_eq!(fixture.base.refused("update_job", json!({"job": job, "payload": []})).await, "CB422");
    let (code, message, detail) =
        fixture.base.call("create_job", json!({"initial_prompt": "Alone"})).await.expect_err("refused");
    assert_eq!((code.as_str(), detail["field"].as_str()), ("CB422", Some("ticket_id")));
    assert!(message.contains("Ticket tracking enabled - ticket_id required"));
    for input in [json!({"stages": vec!["s"; 1]}), json!({"max_attempts": 100})] {
        fixture.job(input).await;
    }
    for (input, code) in [
        (json!({"max_attempts": 0}), "23514"),
        (json!({"delay_seconds": -1}), "CB422"),
        (json!({"payload": [1]}), "CB422"),
        (json!({"workflow": "workflow-none"}), "CB404"),
    ] {
        let mut whole = json!({"ticket": fixture.ticket});
        whole.as_object_mut().expect("an object").extend(input.as_object().expect("an object").clone());
        let refused = fixture.base.call("create_job", whole).await.expect_err("a refusal");
        assert_eq!(refused.0, code, "{input}");
    }
}

#[tokio::test]
async fn a_job_without_a_workflow_gets_a_default_one() {
    let fixture = JobFixture::open("job_default").await;
    // A caller with one workflow uses it; a caller with none gets a default workflow, always the same.
    let mine = fixture
        .base
        .ok("create_job", json!({"caller": "member", "workflow": null, "initial_prompt": "One\nmore"}))
        .await;
    let other = fixture
        .base
        .ok("create_job", json!({"caller": "outsider", "workflow": null, "initial_prompt": "Hello there"}))
        .await;
    let again =
        fixture.base.ok("create_job", json!({"caller": "outsider", "workflow": null, "initial_prompt": "x"})).await;
    assert_ne!(mine["workflow_id"], other["workflow_id"]);
    assert_eq!(other["workflow_id"], again["workflow_id"]);
    assert_eq!((&mine["title"], &other["ticket_key"]), (&json!("One"), &json!("TKT-1")), "each job has its own ticket");
    assert_eq!(fixture.base.card(&text(&again, "ticket_id")).await["title"], "Job x");
    fixture.base.ok("create_job", json!({"caller": "outsider", "workflow": null, "initial_prompt": "once"})).await;
    // Pending approvals do not block the purge, and pending reviews of the purged actor are closed.
    let ask = async |more: Value| {
        let mut question = json!({"caller": "outsider", "workflow": null, "job": again["id"], "question": "Well?"});
        question.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        fixture.base.ok("request_approval", question).await
    };
    ask(json!({})).await;
    let decided = ask(json!({})).await;
    ask(json!({"kind": "review"})).await;
    let place = text(&again, "workflow_id");
    fixture
        .base
        .client
        .execute("select logic.set_member('outsider', $1, 'owner', 'member')", &[&place])
        .await
        .expect("a member");
    fixture
        .base
        .ok("decide_approval", json!({"caller": "owner", "approval": decided["id"], "decision": "approve"}))
        .await;
    let purged = fixture.base.ok("purge_jobs", json!({"caller": "outsider"})).await;
    assert_eq!(purged["deleted"], 3);
    assert_eq!(fixture.base.card(&text(&again, "ticket_id")).await["approval_status"], Value::Null);
    assert_eq!(fixture.base.refused("get_job", json!({"caller": "outsider", "job": other["id"]})).await, "CB404");
    assert_eq!(fixture.base.refused("get_job", json!({"caller": "outsider", "job": mine["id"]})).await, "CB404");
    fixture.base.streams_are_gapless().await;
}
