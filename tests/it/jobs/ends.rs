//! How jobs begin and end: what happens to the ticket, once.

use serde_json::{Value, json};

use super::{Bench, text};

#[tokio::test]
async fn success_links_resolves_and_releases_once() {
    let bench = Bench::open("job_success").await;
    let waiting = bench.desk.ticket_with("Waiting", json!({"blocked_by_ticket_ids": [bench.ticket]})).await;
    let job = bench.job(json!({})).await;
    let (_, token) = bench.claim().await;
    assert_eq!(bench.status().await, "plan");
    let entered = bench.desk.ok("enter_stage", json!({"job": job, "token": token, "stage": "build"})).await;
    assert_eq!((&entered["ticket_moved"], bench.status().await.as_str()), (&json!(true), "build"));
    assert_eq!(bench.desk.refused("enter_stage", json!({"job": job, "token": token, "stage": "no"})).await, "CB422");
    let end = json!({"job": job, "token": token, "result": {"ok": true}, "commit_sha": "ABCDEF12", "commit_message": "Built",
        "app": {"spec": {"pages": 1}, "prd_markdown": "# Product"}});
    let done = bench.desk.ok("complete_job", end.clone()).await;
    assert_eq!((&done["ticket_resolved"], &done["unblocked_tickets"]), (&json!(true), &json!([waiting])));
    assert_eq!((&done["job"]["status"], &done["job"]["progress"]), (&json!("succeeded"), &json!(100)));
    assert_eq!(done["job"]["commit_sha"], "abcdef12");
    assert_eq!(bench.status().await, "shipped");
    let ticket = bench.desk.ok("get_ticket", json!({"ticket": bench.ticket})).await;
    assert_eq!(ticket["commits"][0]["commit_message"], "Built");
    let app = bench.desk.ok("get_app", json!({"job": job})).await;
    assert_eq!((&app["spec"], &app["prd_markdown"]), (&json!({"pages": 1}), &json!("# Product")));
    // Asked again, because the answer was lost: the same answer, nothing twice.
    let before = bench.desk.changes(&bench.ticket).await;
    let again = bench.desk.ok("complete_job", end).await;
    assert_eq!((&again["unblocked_tickets"], &again["ticket_resolved"]), (&json!([waiting]), &json!(true)));
    assert_eq!(bench.desk.changes(&bench.ticket).await, before);
    assert_eq!(bench.desk.refused("fail_job", json!({"job": job, "token": token, "error": "late"})).await, "CB007");
    bench.desk.streams_are_gapless().await;
}

#[tokio::test]
async fn the_board_has_the_last_word_on_the_ticket() {
    let bench = Bench::open("job_board").await;
    let job = bench.job(json!({})).await;
    let (_, token) = bench.claim().await;
    let blocker = bench.desk.ticket("In the way").await;
    bench.desk.ok("set_blockers", json!({"ticket": bench.ticket, "blocked_by_ticket_ids": [blocker]})).await;
    let entered = bench.desk.ok("enter_stage", json!({"job": job, "token": token, "stage": "build"})).await;
    assert_eq!((&entered["ticket_moved"], bench.status().await.as_str()), (&json!(false), "plan"));
    assert!(text(&entered, "notice").contains("blocked"));
    let done = bench.desk.ok("complete_job", json!({"job": job, "token": token, "commit_sha": "abcd1234"})).await;
    assert_eq!((&done["job"]["status"], &done["ticket_resolved"]), (&json!("succeeded"), &json!(false)));
    assert!(text(&done, "notice").contains("blocked"));
    assert_eq!(bench.notes(&job).await.len(), 2, "both are told in the transcript");
    let only = json!({"columns": [{"id": "plan", "name": "Plan", "category": "todo"}, {"id": "build", "name": "Build", "category": "active"},
        {"id": "done", "name": "Done", "category": "done"}], "transitions": [{"from": "plan", "to": "done"}]});
    let strict = bench.desk.ok("create_workflow", json!({"name": "Strict", "board_config": only})).await;
    let place = text(&strict, "id");
    let other = bench.desk.ticket_with("Strict", json!({"workflow": place})).await;
    let job = bench.job(json!({"workflow": place, "ticket": other, "stages": ["build"]})).await;
    let claimed = bench.desk.ok("claim_job", json!({"workflow": place})).await;
    assert_eq!(claimed["job"]["id"], job.as_str(), "a board that forbids the move does not stop the work");
    assert_eq!(bench.desk.card(&other).await["status"], "plan");
    let token = text(&claimed, "lease_token");
    let done = bench.desk.ok("complete_job", json!({"job": job, "token": token})).await;
    assert_eq!(
        (&done["ticket_resolved"], bench.desk.card(&other).await["status"].as_str()),
        (&json!(true), Some("done"))
    );
}

#[tokio::test]
async fn failures_are_tried_again_until_they_are_not() {
    let bench = Bench::open("job_failure").await;
    let job = bench.job(json!({"max_attempts": 2})).await;
    let (_, token) = bench.claim().await;
    let failed = bench.desk.ok("fail_job", json!({"job": job, "token": token, "error": "no network"})).await;
    assert_eq!((&failed["will_retry"], &failed["job"]["status"]), (&json!(true), &json!("queued")));
    let again = bench.desk.ok("fail_job", json!({"job": job, "token": token, "error": "no network"})).await;
    assert_eq!(again["retry_at"], failed["retry_at"]);
    assert_eq!(bench.status().await, "plan", "it is not over yet");
    bench.set(&job, "not_before = now()").await;
    let (_, token) = bench.claim().await;
    assert_eq!(bench.desk.refused("fail_job", json!({"job": job, "token": token, "error": " "})).await, "CB422");
    let failed = bench.desk.ok("fail_job", json!({"job": job, "token": token, "error": "still none"})).await;
    assert_eq!((&failed["will_retry"], &failed["job"]["error"]), (&json!(false), &json!("still none")));
    assert_eq!(bench.status().await, "errored");
    let anew = bench.desk.ok("retry_job", json!({"job": job})).await;
    assert_eq!((&anew["status"], &anew["attempt"], &anew["stage"]), (&json!("queued"), &json!(0), &Value::Null));
    let (_, token) = bench.claim().await;
    assert_eq!(bench.status().await, "plan", "back at work");
    let hopeless = json!({"job": job, "token": token, "error": "no such thing", "retry": false});
    assert_eq!(bench.desk.ok("fail_job", hopeless).await["will_retry"], false);
}

#[tokio::test]
async fn cancelling_is_asked_told_and_confirmed() {
    let bench = Bench::open("job_cancel").await;
    let job = bench.job(json!({})).await;
    assert_eq!(
        bench.desk.ok("cancel_job", json!({"job": job, "reason": "changed my mind"})).await["status"],
        "cancelled"
    );
    assert_eq!(bench.get(&job).await["error"], "changed my mind");
    assert_eq!(bench.desk.ok("cancel_job", json!({"job": job})).await["status"], "cancelled", "twice is once");
    bench.desk.ok("retry_job", json!({"job": job})).await;
    let (_, token) = bench.claim().await;
    assert_eq!(bench.desk.refused("confirm_job_cancel", json!({"job": job, "token": token})).await, "CB409");
    let asked = bench.desk.ok("cancel_job", json!({"job": job})).await;
    assert_eq!((&asked["status"], &asked["cancel_requested"]), (&json!("running"), &json!(true)));
    let beat = bench.desk.ok("record_heartbeat", json!({"job": job, "token": token})).await;
    assert_eq!(beat["cancel_requested"], true);
    let stopped = bench.desk.ok("confirm_job_cancel", json!({"job": job, "token": token})).await;
    assert_eq!(stopped["job"]["status"], "cancelled");
    bench.desk.ok("confirm_job_cancel", json!({"job": job, "token": token})).await;
    // A worker that dies before it has stopped.
    bench.desk.ok("retry_job", json!({"job": job})).await;
    bench.claim().await;
    bench.desk.ok("cancel_job", json!({"job": job})).await;
    bench.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    bench.desk.ok("expire_leases", json!({})).await;
    assert_eq!(bench.get(&job).await["status"], "cancelled");
    // Deleted with its ticket, or by itself: gone for everybody, its worker too.
    let job = bench.job(json!({})).await;
    let (_, token) = bench.claim().await;
    bench.desk.ok("delete_job", json!({"job": job})).await;
    assert_eq!(bench.desk.refused("record_heartbeat", json!({"job": job, "token": token})).await, "CB404");
    let job = bench.job(json!({})).await;
    bench.desk.ok("delete_ticket", json!({"ticket": bench.ticket})).await;
    assert_eq!(bench.get(&job).await["status"], "cancelled");
}

#[tokio::test]
async fn prompts_are_collected_and_settled() {
    let bench = Bench::open("job_prompt").await;
    let job = bench.job(json!({"queue": false, "initial_prompt": ""})).await;
    assert_eq!(bench.get(&job).await["status"], "collecting");
    assert_eq!(bench.desk.refused("continue_job", json!({"job": job})).await, "CB422", "there is nothing to do yet");
    assert_eq!(bench.desk.refused("pause_job", json!({"job": job})).await, "CB409");
    assert_eq!(bench.desk.refused("update_job", json!({"job": job, "initial_prompt": " "})).await, "CB422");
    bench.desk.ok("update_job", json!({"job": job, "initial_prompt": "Make it so", "stages": ["plan"]})).await;
    assert_eq!(bench.desk.ok("continue_job", json!({"job": job})).await["status"], "queued");
    assert_eq!(bench.desk.refused("update_job", json!({"job": job, "initial_prompt": "Other"})).await, "CB409");
    bench.claim().await;
    assert_eq!(bench.desk.refused("update_job", json!({"job": job, "stages": ["build"]})).await, "CB409");
    assert_eq!(bench.desk.refused("update_job", json!({"job": job, "payload": []})).await, "CB422");
    let (code, message, detail) =
        bench.desk.call("create_job", json!({"initial_prompt": "Alone"})).await.expect_err("refused");
    assert_eq!((code.as_str(), detail["field"].as_str()), ("CB422", Some("ticket_id")));
    assert!(message.contains("Ticket tracking enabled - ticket_id required"));
    for input in [json!({"stages": vec!["s"; 1]}), json!({"max_attempts": 100})] {
        bench.job(input).await;
    }
    for (input, code) in [
        (json!({"max_attempts": 0}), "23514"),
        (json!({"delay_seconds": -1}), "CB422"),
        (json!({"payload": [1]}), "CB422"),
        (json!({"workflow": "workflow-none"}), "CB404"),
    ] {
        let mut whole = json!({"ticket": bench.ticket});
        whole.as_object_mut().expect("an object").extend(input.as_object().expect("an object").clone());
        let refused = bench.desk.call("create_job", whole).await.expect_err("a refusal");
        assert_eq!(refused.0, code, "{input}");
    }
}

#[tokio::test]
async fn work_that_names_no_place_gets_one() {
    let bench = Bench::open("job_default").await;
    // Somebody with one workflow works there; somebody with none gets one of their own, always the same.
    let mine =
        bench.desk.ok("create_job", json!({"caller": "member", "workflow": null, "initial_prompt": "One\nmore"})).await;
    let other = bench
        .desk
        .ok("create_job", json!({"caller": "stranger", "workflow": null, "initial_prompt": "Hello there"}))
        .await;
    let again =
        bench.desk.ok("create_job", json!({"caller": "stranger", "workflow": null, "initial_prompt": "x"})).await;
    assert_ne!(mine["workflow_id"], other["workflow_id"]);
    assert_eq!(other["workflow_id"], again["workflow_id"]);
    assert_eq!((&mine["title"], &other["ticket_key"]), (&json!("One"), &json!("TKT-1")), "with tickets of their own");
    assert_eq!(bench.desk.card(&text(&again, "ticket_id")).await["title"], "x..");
    let replay = json!({"caller": "stranger", "workflow": null, "initial_prompt": "once", "idempotency_key": "k"});
    let first = bench.desk.ok("create_job", replay.clone()).await;
    assert_eq!(bench.desk.ok("create_job", replay).await["id"], first["id"]);
    // What they asked does not hold them, and what waits for a review of theirs waits no more.
    let ask = async |more: Value| {
        let mut question = json!({"caller": "stranger", "workflow": null, "job": again["id"], "question": "Well?"});
        question.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        bench.desk.ok("request_approval", question).await
    };
    ask(json!({})).await;
    let decided = ask(json!({})).await;
    ask(json!({"kind": "review"})).await;
    let place = text(&again, "workflow_id");
    bench
        .desk
        .client
        .execute("select logic.set_member('stranger', $1, 'owner', 'member')", &[&place])
        .await
        .expect("a member");
    bench
        .desk
        .ok("decide_approval", json!({"caller": "owner", "approval": decided["id"], "decision": "approve"}))
        .await;
    let purged = bench.desk.ok("purge_jobs", json!({"caller": "stranger"})).await;
    assert_eq!(purged["deleted"], 3);
    assert_eq!(bench.desk.card(&text(&again, "ticket_id")).await["approval_status"], Value::Null);
    assert_eq!(bench.desk.refused("get_job", json!({"caller": "stranger", "job": other["id"]})).await, "CB404");
    assert_eq!(bench.desk.refused("get_job", json!({"caller": "stranger", "job": mine["id"]})).await, "CB404");
    bench.desk.streams_are_gapless().await;
}
