//! Asking people and deciding, through the functions: what a job does meanwhile, who decides when two do,
//! what runs out, what an UPDATE typed in psql leaves behind.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fixtures::Desk;
use crate::harness;

/// A job of the desk's workflow in some state, held for `lease` seconds (negative: run out).
async fn job(desk: &Desk, id: &str, status: &str, lease: Option<f64>) {
    desk.client
        .execute(
            "insert into jobs (id, workflow_id, title, status, lease_token, attempt, lease_expires_at)
             values ($1, $2, 'A job', $3, 'token', 1, now() + make_interval(secs => $4))",
            &[&id, &desk.workflow, &status, &lease],
        )
        .await
        .expect("a job");
}

async fn state(desk: &Desk, job: &str) -> (String, i64) {
    let row = desk.client.query_one("select status, attempt from jobs where id = $1", &[&job]).await.expect("a job");
    (row.get(0), row.get(1))
}

async fn ask(desk: &Desk, more: Value) -> String {
    let mut arguments = json!({"caller": "service", "question": "May I?"});
    for (name, value) in more.as_object().expect("an object") {
        arguments[name] = value.clone();
    }
    desk.ok("request_approval", arguments).await["id"].as_str().expect("an id").to_owned()
}

async fn open(hint: &str) -> Desk {
    let desk = Desk::open(hint).await;
    desk.client
        .execute("select logic.set_member('owner', $1, 'service', 'member')", &[&desk.workflow])
        .await
        .expect("a member");
    desk
}

#[tokio::test]
async fn a_job_waits_for_every_question_that_blocks_it() {
    let desk = open("jobwaits").await;
    job(&desk, "job-1", "running", Some(60.0)).await;
    let aside = ask(&desk, json!({"job": "job-1"})).await;
    assert_eq!(state(&desk, "job-1").await, ("running".to_owned(), 1));
    let first = ask(&desk, json!({"job": "job-1", "blocks_job": true, "lease_token": "token"})).await;
    let second = ask(&desk, json!({"job": "job-1", "blocks_job": true})).await;
    assert_eq!(state(&desk, "job-1").await.0, "waiting");
    desk.ok("decide_approval", json!({"approval": aside, "decision": "approve"})).await;
    desk.ok("decide_approval", json!({"approval": first, "decision": "reject"})).await;
    assert_eq!(state(&desk, "job-1").await.0, "waiting");
    desk.ok("decide_approval", json!({"approval": second, "decision": "answer", "answer": "Yes"})).await;
    assert_eq!(state(&desk, "job-1").await, ("running".to_owned(), 1));

    // Where the worker is gone meanwhile, the job goes back to the queue and the attempt does not count.
    let third = ask(&desk, json!({"job": "job-1", "blocks_job": true})).await;
    desk.client.batch_execute("update jobs set lease_expires_at = now() - interval '1 second'").await.expect("time");
    desk.ok("withdraw_approval", json!({"caller": "service", "approval": third})).await;
    assert_eq!(state(&desk, "job-1").await, ("queued".to_owned(), 0));
    // One that was to be cancelled, and that nobody holds, ends.
    let fourth = ask(&desk, json!({"job": "job-1", "blocks_job": true})).await;
    assert_eq!(state(&desk, "job-1").await.0, "waiting");
    desk.client.batch_execute("update jobs set cancel_requested_at = now()").await.expect("cancel");
    desk.ok("decide_approval", json!({"approval": fourth, "decision": "approve"})).await;
    assert_eq!(state(&desk, "job-1").await.0, "cancelled");
    desk.streams_are_gapless().await;
}

#[tokio::test]
async fn what_a_job_may_not_ask() {
    let desk = open("jobmaynot").await;
    job(&desk, "job-1", "running", Some(60.0)).await;
    job(&desk, "job-2", "succeeded", None).await;
    job(&desk, "job-3", "collecting", None).await;
    job(&desk, "job-4", "running", Some(-1.0)).await;
    job(&desk, "job-5", "paused", Some(60.0)).await;
    for (arguments, code) in [
        (json!({"job": "job-1", "blocks_job": true, "lease_token": "another"}), "CB007"),
        (json!({"job": "job-4", "blocks_job": true, "lease_token": "token"}), "CB007"),
        (json!({"job": "job-2", "blocks_job": true}), "CB409"),
        (json!({"job": "job-3", "blocks_job": true}), "CB409"),
        (json!({"job": "job-9"}), "CB404"),
        (json!({"blocks_job": true}), "CB422"),
        (json!({"workflow": null}), "CB422"),
        (json!({"kind": "review"}), "CB422"),
        (json!({"kind": "clarification"}), "CB422"),
        (json!({"kind": "wish"}), "CB422"),
        (json!({"question": " \t"}), "CB422"),
        (json!({"question": "x".repeat(10_001)}), "CB422"),
        (json!({"expires_in_seconds": 0}), "CB422"),
        (json!({"caller": "viewer"}), "CB403"),
        (json!({"caller": "stranger"}), "CB404"),
    ] {
        let mut whole = json!({"caller": "service", "question": "May I?"});
        for (name, value) in arguments.as_object().expect("an object") {
            whole[name] = value.clone();
        }
        assert_eq!(desk.refused("request_approval", whole).await, code, "{arguments}");
    }
    // One that a person has paused stays so.
    let asked = ask(&desk, json!({"job": "job-5", "blocks_job": true})).await;
    assert_eq!(state(&desk, "job-5").await.0, "paused");
    desk.ok("decide_approval", json!({"approval": asked, "decision": "approve"})).await;
    assert_eq!(state(&desk, "job-5").await.0, "paused");
}

#[tokio::test]
async fn nobody_has_to_answer_an_ended_job() {
    let desk = open("jobends").await;
    job(&desk, "job-1", "running", Some(60.0)).await;
    let (open, done) = (ask(&desk, json!({"job": "job-1"})).await, ask(&desk, json!({"job": "job-1"})).await);
    desk.ok("decide_approval", json!({"approval": done, "decision": "approve"})).await;
    desk.client.batch_execute("update jobs set status = 'failed'").await.expect("the end");
    for (approval, status) in [(&open, "withdrawn"), (&done, "approved")] {
        assert_eq!(desk.ok("get_approval", json!({"approval": approval})).await["status"], status);
    }
    assert_eq!(desk.refused("decide_approval", json!({"approval": open, "decision": "approve"})).await, "CB409");
}

#[tokio::test]
async fn what_runs_out_is_ended_once_by_the_databases_clock() {
    let desk = open("runsout").await;
    job(&desk, "job-1", "running", Some(60.0)).await;
    let asked = ask(&desk, json!({"job": "job-1", "blocks_job": true, "expires_in_seconds": 3600})).await;
    let kept = ask(&desk, json!({"expires_in_seconds": 3600})).await;
    assert_eq!(desk.ok("expire_approvals", json!({})).await, json!(0));
    desk.client
        .execute("update approvals set expires_at = now() - interval '1 second' where id = $1", &[&asked])
        .await
        .expect("time");
    // Too late, also before anybody has ended it.
    assert_eq!(desk.refused("decide_approval", json!({"approval": asked, "decision": "approve"})).await, "CB409");
    assert_eq!(desk.ok("list_settled_approvals", json!({"ids": [asked, kept, "gone"]})).await, json!([asked, "gone"]));
    let mut ended = 0;
    let nodes = (0..4).map(|_| async {
        let client = harness::connect(&desk.db.url).await;
        client.query_one("select logic.expire_approvals()", &[]).await.expect("an answer").get::<_, i64>(0)
    });
    for n in futures_util::future::join_all(nodes).await {
        ended += n;
    }
    assert_eq!(ended, 1);
    assert_eq!(state(&desk, "job-1").await.0, "running");
    let told = desk.ok("get_approval", json!({"approval": asked})).await;
    assert_eq!((&told["status"], &told["decided_by"]), (&json!("expired"), &Value::Null));
    assert_eq!(desk.refused("decide_approval", json!({"approval": asked, "decision": "approve"})).await, "CB409");
    // Reading ends what is due as well.
    desk.client.batch_execute("update approvals set expires_at = now() - interval '1 second'").await.expect("time");
    assert_eq!(desk.ok("get_approval", json!({"approval": kept})).await["status"], "expired");
    desk.streams_are_gapless().await;
}

#[tokio::test]
async fn of_many_who_decide_at_once_one_wins() {
    let desk = Arc::new(open("deciders").await);
    for round in 0..8 {
        job(&desk, &format!("job-{round}"), "running", Some(60.0)).await;
        let asked = ask(&desk, json!({"job": format!("job-{round}"), "blocks_job": true})).await;
        let deciders = (0..6).map(|n| {
            let (desk, asked) = (desk.clone(), asked.clone());
            async move {
                let client = harness::connect(&desk.db.url).await;
                let decision = ["approve", "reject", "answer"][n % 3];
                let answer = client
                    .query_one(
                        "select logic.decide_approval($1, $2, $3, $4) ->> 'status'",
                        &[&["owner", "member"][n % 2], &asked, &decision, &format!("answer {n}")],
                    )
                    .await;
                match answer {
                    Ok(row) => Some(row.get::<_, String>(0)),
                    Err(error) => {
                        assert_eq!(error.code().map(|c| c.code()), Some("CB409"), "{error:?}");
                        None
                    }
                }
            }
        });
        let won: Vec<String> = futures_util::future::join_all(deciders).await.into_iter().flatten().collect();
        assert_eq!(won.len(), 1, "{won:?}");
        assert_eq!(desk.ok("get_approval", json!({"approval": asked})).await["status"], won[0]);
        assert_eq!(state(&desk, &format!("job-{round}")).await.0, "running");
    }
    let decisions: i64 = desk
        .client
        .query_one(
            "select count(*) from history where change_type in ('approval_approved', 'approval_rejected', 'approval_answered')
                and stream_id = 'workflow:' || $1",
            &[&desk.workflow],
        )
        .await
        .expect("history")
        .get(0);
    assert_eq!(decisions, 8);
    desk.streams_are_gapless().await;
}

#[tokio::test]
async fn a_statement_typed_in_psql_is_told_too() {
    let desk = open("typed").await;
    let ticket = desk.ticket("Held by hand").await;
    desk.client.batch_execute("update tickets set approval_status = 'pending_review'").await.expect("held");
    assert_eq!(desk.refused("change_status", json!({"ticket": ticket, "new_status": "todo"})).await, "CB011");
    let reviewed = desk.ok("review_ticket", json!({"ticket": ticket, "decision": "approve"})).await;
    assert_eq!(reviewed["approval_status"], "approved");
    assert_eq!(
        desk.changes(&ticket).await,
        ["created", "field_updated", "approval_requested", "field_updated", "approval_approved"]
    );
    let asked = ask(&desk, json!({"ticket": ticket})).await;
    desk.client
        .execute("update approvals set status = 'answered', answer = 'By hand' where id = $1", &[&asked])
        .await
        .expect("an answer");
    let row = desk
        .client
        .query_one(
            "select actor_id, metadata -> 'approval' ->> 'answer', metadata -> 'approval' ->> 'decided_at' is not null
               from history where change_type = 'approval_answered'",
            &[],
        )
        .await
        .expect("an event");
    let (actor, answer, dated): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
    assert!(actor.starts_with("db:") && answer == "By hand" && dated);
    for change in ["kind = 'review'", "ticket_id = null", "workflow_id = 'x'"] {
        let refused = desk.client.execute(&format!("update approvals set {change}"), &[]).await;
        assert_eq!(refused.expect_err("refused").code().map(|c| c.code()), Some("CB409"), "{change}");
    }
}

#[tokio::test]
async fn reviews_go_along_with_merging_and_deleting() {
    let desk = open("gone").await;
    let (duplicate, original) = (desk.ticket("The duplicate").await, desk.ticket("The original").await);
    desk.ok("request_review", json!({"caller": "service", "ticket": duplicate})).await;
    let asked = desk
        .ok(
            "request_clarification",
            json!({"caller": "service", "ticket": duplicate, "conflict_description": "What is it that is meant?"}),
        )
        .await;
    desk.ok("merge_tickets", json!({"ticket": duplicate, "into_ticket": original})).await;
    assert_eq!(desk.ok("count_pending_reviews", json!({})).await["count"], 0);
    assert_eq!(desk.refused("review_ticket", json!({"ticket": duplicate, "decision": "approve"})).await, "CB409");
    // Its question can be answered all the same; there is no ticket to comment on.
    let decided = desk
        .ok(
            "decide_approval",
            json!({"approval": asked["approval_id"], "decision": "answer", "answer": "This", "comment": "So."}),
        )
        .await;
    assert_eq!(decided["status"], "answered");
    desk.ok("unmerge_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(desk.ok("count_pending_reviews", json!({})).await["ticket_ids"], json!([duplicate]));
    desk.ok("delete_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(desk.ok("count_pending_reviews", json!({})).await["count"], 0);
    assert_eq!(desk.ok("list_approvals", json!({})).await["approvals"], json!([]));
}
