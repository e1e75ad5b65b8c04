//! Approvals through SQL functions: blocked jobs, concurrent decisions, expiry, and direct UPDATE
//! statements in psql.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fixtures::Fixture;
use crate::harness;

/// A job of the fixture's workflow with this status, leased for `lease` seconds (negative: expired).
async fn job(fixture: &Fixture, id: &str, status: &str, lease: Option<f64>) {
    fixture
        .client
        .execute(
            "insert into jobs (id, workflow_id, title, status, lease_token, attempt, lease_expires_at)
             values ($1, $2, 'A job', $3, 'token', 1, now() + make_interval(secs => $4))",
            &[&id, &fixture.workflow, &status, &lease],
        )
        .await
        .expect("a job");
}

async fn state(fixture: &Fixture, job: &str) -> (String, i64) {
    let row = fixture.client.query_one("select status, attempt from jobs where id = $1", &[&job]).await.expect("a job");
    (row.get(0), row.get(1))
}

async fn ask(fixture: &Fixture, more: Value) -> String {
    let mut arguments = json!({"caller": "service", "question": "May I?"});
    for (name, value) in more.as_object().expect("an object") {
        arguments[name] = value.clone();
    }
    fixture.ok("request_approval", arguments).await["id"].as_str().expect("an id").to_owned()
}

async fn open(hint: &str) -> Fixture {
    let fixture = Fixture::open(hint).await;
    fixture
        .client
        .execute("select logic.set_member('owner', $1, 'service', 'member')", &[&fixture.workflow])
        .await
        .expect("a member");
    fixture
}

#[tokio::test]
async fn a_job_waits_for_all_its_blocking_questions() {
    let fixture = open("jobwaits").await;
    job(&fixture, "job-1", "running", Some(60.0)).await;
    let aside = ask(&fixture, json!({"job": "job-1"})).await;
    assert_eq!(state(&fixture, "job-1").await, ("running".to_owned(), 1));
    let first = ask(&fixture, json!({"job": "job-1", "blocks_job": true, "lease_token": "token"})).await;
    let second = ask(&fixture, json!({"job": "job-1", "blocks_job": true})).await;
    assert_eq!(state(&fixture, "job-1").await.0, "waiting");
    fixture.ok("decide_approval", json!({"approval": aside, "decision": "approve"})).await;
    fixture.ok("decide_approval", json!({"approval": first, "decision": "reject"})).await;
    assert_eq!(state(&fixture, "job-1").await.0, "waiting");
    fixture.ok("decide_approval", json!({"approval": second, "decision": "answer", "answer": "Yes"})).await;
    assert_eq!(state(&fixture, "job-1").await, ("running".to_owned(), 1));

    // If the lease expired meanwhile, the job returns to the queue and the attempt does not count.
    let third = ask(&fixture, json!({"job": "job-1", "blocks_job": true})).await;
    fixture.client.batch_execute("update jobs set lease_expires_at = now() - interval '1 second'").await.expect("time");
    fixture.ok("withdraw_approval", json!({"caller": "service", "approval": third})).await;
    assert_eq!(state(&fixture, "job-1").await, ("queued".to_owned(), 0));
    // A job with a pending cancellation and no lease holder ends.
    let fourth = ask(&fixture, json!({"job": "job-1", "blocks_job": true})).await;
    assert_eq!(state(&fixture, "job-1").await.0, "waiting");
    fixture.client.batch_execute("update jobs set cancel_requested_at = now()").await.expect("cancel");
    fixture.ok("decide_approval", json!({"approval": fourth, "decision": "approve"})).await;
    assert_eq!(state(&fixture, "job-1").await.0, "cancelled");
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn invalid_questions_of_a_job_are_refused() {
    let fixture = open("jobmaynot").await;
    job(&fixture, "job-1", "running", Some(60.0)).await;
    job(&fixture, "job-2", "succeeded", None).await;
    job(&fixture, "job-3", "collecting", None).await;
    job(&fixture, "job-4", "running", Some(-1.0)).await;
    job(&fixture, "job-5", "paused", Some(60.0)).await;
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
        (json!({"caller": "outsider"}), "CB404"),
    ] {
        let mut whole = json!({"caller": "service", "question": "May I?"});
        for (name, value) in arguments.as_object().expect("an object") {
            whole[name] = value.clone();
        }
        assert_eq!(fixture.refused("request_approval", whole).await, code, "{arguments}");
    }
    // A job paused by a user stays paused.
    let asked = ask(&fixture, json!({"job": "job-5", "blocks_job": true})).await;
    assert_eq!(state(&fixture, "job-5").await.0, "paused");
    fixture.ok("decide_approval", json!({"approval": asked, "decision": "approve"})).await;
    assert_eq!(state(&fixture, "job-5").await.0, "paused");
}

#[tokio::test]
async fn the_end_of_a_job_withdraws_its_open_questions() {
    let fixture = open("jobends").await;
    job(&fixture, "job-1", "running", Some(60.0)).await;
    let (open, done) = (ask(&fixture, json!({"job": "job-1"})).await, ask(&fixture, json!({"job": "job-1"})).await);
    fixture.ok("decide_approval", json!({"approval": done, "decision": "approve"})).await;
    fixture.client.batch_execute("update jobs set status = 'failed'").await.expect("the end");
    for (approval, status) in [(&open, "withdrawn"), (&done, "approved")] {
        assert_eq!(fixture.ok("get_approval", json!({"approval": approval})).await["status"], status);
    }
    assert_eq!(fixture.refused("decide_approval", json!({"approval": open, "decision": "approve"})).await, "CB409");
}

#[tokio::test]
async fn approvals_expire_once_by_the_database_clock() {
    let fixture = open("runsout").await;
    job(&fixture, "job-1", "running", Some(60.0)).await;
    let asked = ask(&fixture, json!({"job": "job-1", "blocks_job": true, "expires_in_seconds": 3600})).await;
    let kept = ask(&fixture, json!({"expires_in_seconds": 3600})).await;
    assert_eq!(fixture.ok("expire_approvals", json!({})).await, json!(0));
    fixture
        .client
        .execute("update approvals set expires_at = now() - interval '1 second' where id = $1", &[&asked])
        .await
        .expect("time");
    // A decision after the deadline is refused even before the expiry task has run.
    assert_eq!(fixture.refused("decide_approval", json!({"approval": asked, "decision": "approve"})).await, "CB409");
    assert_eq!(
        fixture.ok("list_settled_approvals", json!({"ids": [asked, kept, "gone"]})).await,
        json!([asked, "gone"])
    );
    let mut ended = 0;
    let nodes = (0..4).map(|_| async {
        let client = harness::connect(&fixture.db.url).await;
        client.query_one("select logic.expire_approvals()", &[]).await.expect("an answer").get::<_, i64>(0)
    });
    for n in futures_util::future::join_all(nodes).await {
        ended += n;
    }
    assert_eq!(ended, 1);
    assert_eq!(state(&fixture, "job-1").await.0, "running");
    let received = fixture.ok("get_approval", json!({"approval": asked})).await;
    assert_eq!((&received["status"], &received["decided_by"]), (&json!("expired"), &Value::Null));
    assert_eq!(fixture.refused("decide_approval", json!({"approval": asked, "decision": "approve"})).await, "CB409");
    // Reading expires due approvals as well.
    fixture.client.batch_execute("update approvals set expires_at = now() - interval '1 second'").await.expect("time");
    assert_eq!(fixture.ok("get_approval", json!({"approval": kept})).await["status"], "expired");
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn one_of_many_concurrent_decisions_wins() {
    let fixture = Arc::new(open("deciders").await);
    for round in 0..8 {
        job(&fixture, &format!("job-{round}"), "running", Some(60.0)).await;
        let asked = ask(&fixture, json!({"job": format!("job-{round}"), "blocks_job": true})).await;
        let deciders = (0..6).map(|n| {
            let (fixture, asked) = (fixture.clone(), asked.clone());
            async move {
                let client = harness::connect(&fixture.db.url).await;
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
        assert_eq!(fixture.ok("get_approval", json!({"approval": asked})).await["status"], won[0]);
        assert_eq!(state(&fixture, &format!("job-{round}")).await.0, "running");
    }
    let decisions: i64 = fixture
        .client
        .query_one(
            "select count(*) from history where change_type in ('approval_approved', 'approval_rejected', 'approval_answered')
                and stream_id = 'workflow:' || $1",
            &[&fixture.workflow],
        )
        .await
        .expect("history")
        .get(0);
    assert_eq!(decisions, 8);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn statements_in_psql_emit_events() {
    let fixture = open("typed").await;
    let ticket = fixture.ticket("Held by hand").await;
    fixture.client.batch_execute("update tickets set approval_status = 'pending_review'").await.expect("held");
    assert_eq!(fixture.refused("change_status", json!({"ticket": ticket, "new_status": "todo"})).await, "CB011");
    let reviewed = fixture.ok("review_ticket", json!({"ticket": ticket, "decision": "approve"})).await;
    assert_eq!(reviewed["approval_status"], "approved");
    assert_eq!(
        fixture.changes(&ticket).await,
        ["created", "field_updated", "approval_requested", "field_updated", "approval_approved"]
    );
    let asked = ask(&fixture, json!({"ticket": ticket})).await;
    fixture
        .client
        .execute("update approvals set status = 'answered', answer = 'By hand' where id = $1", &[&asked])
        .await
        .expect("an answer");
    let row = fixture
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
        let refused = fixture.client.execute(&format!("update approvals set {change}"), &[]).await;
        assert_eq!(refused.expect_err("refused").code().map(|c| c.code()), Some("CB409"), "{change}");
    }
}

#[tokio::test]
async fn merging_and_deleting_close_reviews() {
    let fixture = open("gone").await;
    let (duplicate, original) = (fixture.ticket("The duplicate").await, fixture.ticket("The original").await);
    fixture.ok("request_review", json!({"caller": "service", "ticket": duplicate})).await;
    let asked = fixture
        .ok(
            "request_clarification",
            json!({"caller": "service", "ticket": duplicate, "conflict_description": "What is it that is meant?"}),
        )
        .await;
    fixture.ok("merge_tickets", json!({"ticket": duplicate, "into_ticket": original})).await;
    assert_eq!(fixture.ok("count_pending_reviews", json!({})).await["count"], 0);
    assert_eq!(fixture.refused("review_ticket", json!({"ticket": duplicate, "decision": "approve"})).await, "CB409");
    // Its question can still be answered; there is no ticket to comment on.
    let decided = fixture
        .ok(
            "decide_approval",
            json!({"approval": asked["approval_id"], "decision": "answer", "answer": "This", "comment": "So."}),
        )
        .await;
    assert_eq!(decided["status"], "answered");
    fixture.ok("unmerge_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(fixture.ok("count_pending_reviews", json!({})).await["ticket_ids"], json!([duplicate]));
    fixture.ok("delete_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(fixture.ok("count_pending_reviews", json!({})).await["count"], 0);
    assert_eq!(fixture.ok("list_approvals", json!({})).await["approvals"], json!([]));
}
