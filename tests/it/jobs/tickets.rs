//! Jobs and their tickets: resolving, the assignee after a lost lease, and jobs that no worker takes.

use serde_json::{Value, json};

use super::{JobFixture, text};

#[tokio::test]
async fn a_job_of_a_resolved_ticket_does_not_reopen_it() {
    let fixture = JobFixture::open("jobresolved").await;
    let running = fixture.job(json!({})).await;
    let (claimed, token) = fixture.claim().await;
    assert_eq!(claimed, running);
    let queued = fixture.job(json!({})).await;
    let resolve = json!({"ticket": fixture.ticket, "resolution_comment": "Done by hand"});
    let answer = fixture.base.ok("resolve_ticket", resolve.clone()).await;
    assert_eq!(answer["cancelled_jobs"], json!([queued]));
    assert_eq!(
        (&fixture.get(&queued).await["status"], &fixture.get(&running).await["cancel_requested"]),
        (&json!("cancelled"), &json!(false))
    );
    let completed = fixture.base.card(&fixture.ticket).await["completed_at"].clone();
    assert!(completed.is_string());
    // The running job goes on, its ticket stays.
    let stage = json!({"job": running, "token": token, "stage": "build"});
    let entered = fixture.base.ok("enter_stage", stage).await;
    assert_eq!((&entered["ticket_moved"], &entered["notice"]), (&json!(false), &json!("it is resolved.")));
    // A job that is queued again is not ready, and says why.
    let retried = fixture.base.ok("retry_job", json!({"job": queued})).await;
    assert_eq!(retried["waiting_reason"], "TKT-1 is resolved; reopen it or cancel the job.");
    assert_eq!(fixture.base.ok("claim_job", json!({})).await["job"], Value::Null);
    assert_eq!(fixture.base.card(&fixture.ticket).await["completed_at"], completed);
    // On request running jobs are asked to stop; moving to a done column cancels queued ones too.
    let all = json!({"ticket": fixture.ticket, "resolution_comment": "Stop everything", "cancel_jobs": "all"});
    let answer = fixture.base.ok("resolve_ticket", all).await;
    assert_eq!(answer["cancelled_jobs"], json!([running, queued]));
    assert_eq!(fixture.get(&running).await["cancel_requested"], true);
    let bad = json!({"ticket": fixture.ticket, "resolution_comment": "Stop everything", "cancel_jobs": "some"});
    assert_eq!(fixture.base.refused("resolve_ticket", bad).await, "CB422");
    let other = fixture.base.ticket("Another").await;
    let job = text(
        &fixture.base.ok("create_job", json!({"ticket": other, "initial_prompt": "Please", "queue": true})).await,
        "id",
    );
    let done = fixture.base.ok("get_board_config", json!({})).await["board_config"]["columns"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["category"] == "done").cloned())
        .expect("a done column");
    fixture.base.ok("change_status", json!({"ticket": other, "new_status": done["id"]})).await;
    assert_eq!(fixture.get(&job).await["status"], "cancelled");
    // A duplicate is resolved too.
    let duplicate = fixture.base.ticket("Another again").await;
    let job = json!({"ticket": duplicate, "initial_prompt": "Please", "queue": true});
    let job = text(&fixture.base.ok("create_job", job).await, "id");
    fixture.base.ok("merge_tickets", json!({"ticket": duplicate, "into_ticket": other})).await;
    assert_eq!(fixture.get(&job).await["status"], "cancelled");
    fixture.base.streams_are_gapless().await;
}

#[tokio::test]
async fn the_ticket_follows_its_job_to_the_next_agent() {
    let fixture = JobFixture::open("jobassignee").await;
    let job = fixture.job(json!({})).await;
    fixture.claim().await;
    let lose = async || {
        fixture.set(&job, "lease_expires_at = now() - interval '1 second'").await;
        fixture.base.ok("expire_leases", json!({})).await;
        fixture.set(&job, "not_before = now()").await;
    };
    let assignee = async || fixture.base.card(&fixture.ticket).await["assigned_agent_id"].clone();
    assert_eq!(assignee().await, "owner");
    lose().await;
    fixture.base.ok("claim_job", json!({"caller": "member"})).await;
    assert_eq!(assignee().await, "member");
    // An assignee that somebody chose stays.
    let choose = json!({"ticket": fixture.ticket, "updates": {"assigned_agent_id": "viewer"}});
    fixture.base.ok("update_ticket", choose).await;
    lose().await;
    fixture.base.ok("claim_job", json!({})).await;
    assert_eq!(assignee().await, "viewer");
}

#[tokio::test]
async fn a_job_that_no_worker_takes_says_so() {
    let fixture = JobFixture::open("noworker").await;
    let job = fixture.job(json!({"job_type": "deploy"})).await;
    let mark = async || fixture.base.ok("mark_jobs_without_worker", json!({})).await;
    assert_eq!(mark().await, 0, "not within the first minute");
    fixture.set(&job, "queued_at = now() - interval '2 minutes', not_before = now() - interval '2 minutes'").await;
    // Workers of other types and other workflows do not count.
    fixture.base.ok("claim_job", json!({"worker": "w", "job_types": ["build"]})).await;
    assert_eq!(mark().await, 1);
    let marked = fixture.get(&job).await;
    assert_eq!(marked["no_worker"], true);
    assert_eq!(marked["waiting_reason"], "No running worker takes jobs of the type \"deploy\" in this workflow.");
    let board = fixture.base.ok("board_jobs_json", json!({})).await;
    assert_eq!(board[0]["no_worker"], true);
    let listed = fixture.base.ok("list_jobs", json!({})).await;
    assert_eq!(listed["jobs"][0]["no_worker"], true);
    assert_eq!(mark().await, 0, "once");
    // A worker that takes everything appears, while the job is not ready for another reason.
    fixture.set(&job, "not_before = now() + interval '1 hour'").await;
    fixture.base.ok("claim_job", json!({"worker": "all"})).await;
    assert_eq!(mark().await, 1);
    assert_eq!(fixture.get(&job).await["no_worker"], false);
    // It goes away.
    fixture
        .base
        .client
        .execute("update job_workers set seen_at = now() - interval '1 hour'", &[])
        .await
        .expect("time passes");
    fixture.set(&job, "not_before = now() - interval '2 minutes'").await;
    assert_eq!(mark().await, 1);
    fixture.base.ok("claim_job", json!({"worker": "all"})).await;
    assert_eq!(fixture.get(&job).await["no_worker"], false);
    // While it works on a job, it is alive.
    fixture
        .base
        .client
        .execute("update job_workers set seen_at = now() - interval '1 hour'", &[])
        .await
        .expect("time passes");
    let next = fixture.job(json!({"job_type": "deploy"})).await;
    fixture.set(&next, "queued_at = now() - interval '2 minutes', not_before = now() - interval '2 minutes'").await;
    assert_eq!(mark().await, 0);
    // A worker of an administrator gets jobs of its own workflows only, unless it names another.
    let client = &fixture.base.client;
    client.execute("update jobs set lease_expires_at = null", &[]).await.expect("no job is under way");
    client.execute("update actors set is_admin = true where id = 'outsider'", &[]).await.expect("an administrator");
    fixture.base.ok("claim_job", json!({"caller": "outsider", "workflow": null})).await;
    assert_eq!(mark().await, 1);
    fixture.base.ok("claim_job", json!({"caller": "outsider", "job_types": ["deploy"]})).await;
    assert_eq!(fixture.get(&next).await["status"], "running");
    fixture.base.streams_are_gapless().await;
}
