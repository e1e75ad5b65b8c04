//! The job queue: claim order, leases and workers that stop sending heartbeats.

use serde_json::{Value, json};

use super::{JobFixture, text};

#[tokio::test]
async fn jobs_are_claimed_once_by_priority_then_age() {
    let fixture = JobFixture::open("job_order").await;
    let mut made = Vec::new();
    for (title, priority) in [("old", "medium"), ("young", "medium"), ("low", "low"), ("urgent", "critical")] {
        made.push((fixture.job(json!({"title": title, "priority": priority})).await, title));
    }
    let later = fixture.job(json!({"title": "later", "delay_seconds": 3600})).await;
    for title in ["urgent", "old", "young", "low"] {
        let claimed = fixture.base.ok("claim_job", json!({})).await;
        assert_eq!(claimed["job"]["title"], title);
    }
    let nothing = fixture.base.ok("claim_job", json!({})).await;
    assert_eq!((&nothing["job"], &nothing["lease_token"]), (&Value::Null, &Value::Null));
    assert_eq!(
        fixture.base.refused("claim_job", json!({"lease_seconds": 1})).await,
        "CB422",
        "also when no job is ready"
    );
    fixture.set(&later, "not_before = now()").await;
    assert_eq!(fixture.base.ok("claim_job", json!({"job_types": ["other"]})).await["job"], Value::Null);
    // Without a workflow, a claim covers all of the caller's workflows and no others.
    assert_eq!(fixture.base.ok("claim_job", json!({"caller": "outsider", "workflow": null})).await["job"], Value::Null);
    assert_eq!(fixture.base.ok("claim_job", json!({"caller": "viewer", "workflow": null})).await["job"], Value::Null);
    assert_eq!(fixture.base.refused("claim_job", json!({"caller": "viewer"})).await, "CB403");
    assert_eq!(fixture.base.refused("claim_job", json!({"lease_seconds": 1})).await, "CB422");
    let claimed = fixture.base.ok("claim_job", json!({"caller": "member", "workflow": null})).await;
    assert_eq!((&claimed["job"]["id"], &claimed["job"]["agent_id"]), (&json!(later), &json!("member")));
    assert_eq!(fixture.base.card(&fixture.ticket).await["assigned_agent_id"], "owner", "the first claimer");
}

#[tokio::test]
async fn blocked_jobs_are_not_claimable() {
    let fixture = JobFixture::open("job_ready").await;
    let blocked = fixture.base.ticket_with("Blocked", json!({"blocked_by_ticket_ids": [fixture.ticket]})).await;
    let job = fixture.job(json!({"ticket": blocked})).await;
    assert_eq!(fixture.base.ok("claim_job", json!({})).await["job"], Value::Null, "its ticket is blocked");
    fixture.base.ok("resolve_ticket", json!({"ticket": fixture.ticket, "resolution_comment": "Out of the way"})).await;
    let column = "update board_columns set wip_limit = 1 where id = 'plan' and workflow_id = $1";
    fixture.base.client.execute(column, &[&fixture.base.workflow]).await.expect("a limit");
    let board = "update boards set wip_policy = 'refuse' where workflow_id = $1";
    fixture.base.client.execute(board, &[&fixture.base.workflow]).await.expect("a policy");
    let inside = fixture.base.ticket_with("Inside", json!({"initial_status": "plan"})).await;
    assert_eq!(fixture.base.ok("claim_job", json!({})).await["job"], Value::Null, "the column is full");
    fixture.base.ok("change_status", json!({"ticket": inside, "new_status": "build"})).await;
    let claimed = fixture.base.ok("claim_job", json!({})).await;
    assert_eq!((&claimed["job"]["id"], &claimed["job"]["stage"]), (&json!(job), &json!("plan")));
    assert_eq!(fixture.base.card(&blocked).await["status"], "plan", "the ticket moved with the job");
    let archived = "update workflows set archived_at = now() where id = $1";
    fixture.job(json!({"ticket": inside})).await;
    fixture.base.client.execute(archived, &[&fixture.base.workflow]).await.expect("archived");
    assert_eq!(fixture.base.ok("claim_job", json!({"workflow": null})).await["job"], Value::Null);
    assert_eq!(fixture.base.refused("claim_job", json!({})).await, "CB409");
}

#[tokio::test]
async fn concurrent_claims_respect_the_column_limit() {
    let fixture = JobFixture::open("job_wip").await;
    let limits = "update board_columns set wip_limit = 3 where id = 'plan' and workflow_id = $1";
    fixture.base.client.execute(limits, &[&fixture.base.workflow]).await.expect("a limit");
    let board = "update boards set wip_policy = 'refuse' where workflow_id = $1";
    fixture.base.client.execute(board, &[&fixture.base.workflow]).await.expect("a policy");
    for number in 0..12 {
        let ticket = fixture.base.ticket(&format!("Ticket {number}")).await;
        fixture.job(json!({"ticket": ticket})).await;
    }
    let claims = (0..12).map(|_| {
        let (url, workflow) = (fixture.base.db.url.clone(), fixture.base.workflow.clone());
        tokio::spawn(async move {
            let client = crate::harness::connect(&url).await;
            let sql = "select logic.claim_job('owner', $1) ->> 'lease_token' is not null";
            client.query_one(sql, &[&workflow]).await.map(|row| row.get::<_, bool>(0))
        })
    });
    let mut won = 0;
    for claim in claims.collect::<Vec<_>>() {
        // The server retries a claim that hits too many conflicts; here it counts as no claim.
        won += usize::from(claim.await.expect("a task").unwrap_or(false));
    }
    let sql = "select count(*) from tickets where status = 'plan'";
    let inside: i64 = fixture.base.client.query_one(sql, &[]).await.expect("a count").get(0);
    assert!(inside <= 3 && won as i64 == inside, "{won} claims, {inside} tickets");
    while fixture.base.ok("claim_job", json!({})).await["job"] != Value::Null {}
    let inside: i64 = fixture.base.client.query_one(sql, &[]).await.expect("a count").get(0);
    assert_eq!(inside, 3);
    fixture.base.streams_are_gapless().await;
}

#[tokio::test]
async fn an_expired_lease_requeues_the_job() {
    let fixture = JobFixture::open("job_lease").await;
    let job = fixture.job(json!({"max_attempts": 2})).await;
    let (_, token) = fixture.claim().await;
    let heartbeat = fixture
        .base
        .ok("record_heartbeat", json!({"job": job, "token": token, "lease_seconds": 3600, "progress": 5}))
        .await;
    assert_eq!((&heartbeat["cancel_requested"], &heartbeat["pause_requested"]), (&json!(false), &json!(false)));
    assert_eq!(fixture.base.ok("expire_leases", json!({})).await, 0);
    fixture.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    // An expired lease is rejected even before the expiry task has run.
    for (name, more) in [
        ("record_heartbeat", json!({})),
        ("enter_stage", json!({"stage": "build"})),
        ("report_progress", json!({"progress": 50})),
        ("post_job_messages", json!({"messages": [{"kind": "log", "content": "late"}]})),
        ("complete_job", json!({})),
        ("fail_job", json!({"error": "late"})),
        ("release_job", json!({})),
        ("confirm_job_cancel", json!({})),
    ] {
        let mut input = json!({"job": job, "token": token});
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        assert_eq!(fixture.base.refused(name, input).await, "CB007", "{name}");
    }
    assert_eq!(fixture.base.ok("expire_leases", json!({})).await, 1);
    let queued = fixture.get(&job).await;
    assert_eq!((&queued["status"], &queued["attempt"]), (&json!("queued"), &json!(1)));
    assert!(text(&queued, "not_before") > text(&queued, "queued_at"), "retried after a delay");
    assert_eq!(fixture.base.ok("claim_job", json!({})).await["job"], Value::Null);
    fixture.set(&job, "not_before = now()").await;
    let (_, second) = fixture.claim().await;
    assert_ne!(token, second);
    assert_eq!(fixture.base.refused("record_heartbeat", json!({"job": job, "token": token})).await, "CB007");
    // The second attempt is the last one.
    fixture.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    assert_eq!(fixture.base.ok("expire_leases", json!({})).await, 1);
    let failed = fixture.get(&job).await;
    assert_eq!((&failed["status"], fixture.status().await.as_str()), (&json!("failed"), "errored"));
    assert!(text(&failed, "error").contains("stopped sending heartbeats"));
    assert_eq!(fixture.notes(&job).await.len(), 1, "the transcript has the retry");
    fixture.base.streams_are_gapless().await;
}

#[tokio::test]
async fn paused_jobs_keep_their_lease_while_heartbeats_arrive() {
    let fixture = JobFixture::open("job_rest").await;
    let job = fixture.job(json!({})).await;
    assert_eq!(fixture.base.ok("pause_job", json!({"job": job})).await["status"], "paused");
    assert_eq!(fixture.base.ok("claim_job", json!({})).await["job"], Value::Null);
    assert_eq!(fixture.base.ok("resume_job", json!({"job": job})).await["status"], "queued");
    let (_, token) = fixture.claim().await;
    fixture.base.ok("pause_job", json!({"job": job})).await;
    let heartbeat = fixture.base.ok("record_heartbeat", json!({"job": job, "token": token})).await;
    assert_eq!((&heartbeat["status"], &heartbeat["pause_requested"]), (&json!("paused"), &json!(true)));
    assert_eq!(
        fixture.base.ok("continue_job", json!({"job": job})).await["status"],
        "running",
        "its lease is still valid"
    );
    fixture.base.ok("pause_job", json!({"job": job})).await;
    fixture.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    assert_eq!(fixture.base.ok("expire_leases", json!({})).await, 1);
    let resting = fixture.get(&job).await;
    assert_eq!(
        (&resting["status"], &resting["attempt"]),
        (&json!("paused"), &json!(0)),
        "paused without a lease holder"
    );
    assert_eq!(fixture.base.refused("record_heartbeat", json!({"job": job, "token": token})).await, "CB007");
    assert_eq!(fixture.base.ok("resume_job", json!({"job": job})).await["status"], "queued");
    // A released job can be claimed at once, and the attempt does not count.
    let (_, token) = fixture.claim().await;
    fixture.base.ok("release_job", json!({"job": job, "token": token, "reason": "going home"})).await;
    let (_, token) = fixture.claim().await;
    assert_eq!(fixture.get(&job).await["attempt"], 1);
    assert!(fixture.notes(&job).await.contains(&"Released: going home".to_owned()));
    fixture.base.ok("complete_job", json!({"job": job, "token": token})).await;
    for name in ["pause_job", "resume_job", "continue_job", "cancel_job", "retry_job"] {
        assert_eq!(fixture.base.refused(name, json!({"job": job})).await, "CB409", "{name}");
    }
}
