//! The queue: who gets what, leases, and workers that go silent.

use serde_json::{Value, json};

use super::{Bench, text};

#[tokio::test]
async fn urgent_first_then_old_and_each_once() {
    let bench = Bench::open("job_order").await;
    let mut made = Vec::new();
    for (title, priority) in [("old", "medium"), ("young", "medium"), ("low", "low"), ("urgent", "critical")] {
        made.push((bench.job(json!({"title": title, "priority": priority})).await, title));
    }
    let later = bench.job(json!({"title": "later", "delay_seconds": 3600})).await;
    for title in ["urgent", "old", "young", "low"] {
        let claimed = bench.desk.ok("claim_job", json!({})).await;
        assert_eq!(claimed["job"]["title"], title);
    }
    let nothing = bench.desk.ok("claim_job", json!({})).await;
    assert_eq!((&nothing["job"], &nothing["lease_token"]), (&Value::Null, &Value::Null));
    assert_eq!(
        bench.desk.refused("claim_job", json!({"lease_seconds": 1})).await,
        "CB422",
        "also where nothing is ready"
    );
    bench.set(&later, "not_before = now()").await;
    assert_eq!(bench.desk.ok("claim_job", json!({"job_types": ["other"]})).await["job"], Value::Null);
    // Without a workflow named: from all of one's own, and from nobody else's.
    assert_eq!(bench.desk.ok("claim_job", json!({"caller": "stranger", "workflow": null})).await["job"], Value::Null);
    assert_eq!(bench.desk.ok("claim_job", json!({"caller": "viewer", "workflow": null})).await["job"], Value::Null);
    assert_eq!(bench.desk.refused("claim_job", json!({"caller": "viewer"})).await, "CB403");
    assert_eq!(bench.desk.refused("claim_job", json!({"lease_seconds": 1})).await, "CB422");
    let claimed = bench.desk.ok("claim_job", json!({"caller": "member", "workflow": null})).await;
    assert_eq!((&claimed["job"]["id"], &claimed["job"]["agent_id"]), (&json!(later), &json!("member")));
    assert_eq!(bench.desk.card(&bench.ticket).await["assigned_agent_id"], "owner", "the first claimer");
}

#[tokio::test]
async fn what_waits_is_not_handed_out() {
    let bench = Bench::open("job_ready").await;
    let blocked = bench.desk.ticket_with("Blocked", json!({"blocked_by_ticket_ids": [bench.ticket]})).await;
    let job = bench.job(json!({"ticket": blocked})).await;
    assert_eq!(bench.desk.ok("claim_job", json!({})).await["job"], Value::Null, "its ticket is blocked");
    bench.desk.ok("resolve_ticket", json!({"ticket": bench.ticket, "resolution_comment": "Out of the way"})).await;
    let column = "update board_columns set wip_limit = 1 where id = 'plan' and workflow_id = $1";
    bench.desk.client.execute(column, &[&bench.desk.workflow]).await.expect("a limit");
    let board = "update boards set wip_policy = 'refuse' where workflow_id = $1";
    bench.desk.client.execute(board, &[&bench.desk.workflow]).await.expect("a policy");
    let inside = bench.desk.ticket_with("Inside", json!({"initial_status": "plan"})).await;
    assert_eq!(bench.desk.ok("claim_job", json!({})).await["job"], Value::Null, "the column is full");
    bench.desk.ok("change_status", json!({"ticket": inside, "new_status": "build"})).await;
    let claimed = bench.desk.ok("claim_job", json!({})).await;
    assert_eq!((&claimed["job"]["id"], &claimed["job"]["stage"]), (&json!(job), &json!("plan")));
    assert_eq!(bench.desk.card(&blocked).await["status"], "plan", "the ticket went along");
    let archived = "update workflows set archived_at = now() where id = $1";
    bench.job(json!({"ticket": inside})).await;
    bench.desk.client.execute(archived, &[&bench.desk.workflow]).await.expect("archived");
    assert_eq!(bench.desk.ok("claim_job", json!({"workflow": null})).await["job"], Value::Null);
    assert_eq!(bench.desk.refused("claim_job", json!({})).await, "CB409");
}

#[tokio::test]
async fn the_last_place_in_a_column_goes_to_one() {
    let bench = Bench::open("job_wip").await;
    let limits = "update board_columns set wip_limit = 3 where id = 'plan' and workflow_id = $1";
    bench.desk.client.execute(limits, &[&bench.desk.workflow]).await.expect("a limit");
    let board = "update boards set wip_policy = 'refuse' where workflow_id = $1";
    bench.desk.client.execute(board, &[&bench.desk.workflow]).await.expect("a policy");
    for number in 0..12 {
        let ticket = bench.desk.ticket(&format!("Ticket {number}")).await;
        bench.job(json!({"ticket": ticket})).await;
    }
    let claims = (0..12).map(|_| {
        let (url, workflow) = (bench.desk.db.url.clone(), bench.desk.workflow.clone());
        tokio::spawn(async move {
            let client = crate::house::connect(&url).await;
            let sql = "select logic.claim_job('owner', $1) ->> 'lease_token' is not null";
            client.query_one(sql, &[&workflow]).await.map(|row| row.get::<_, bool>(0))
        })
    });
    let mut won = 0;
    for claim in claims.collect::<Vec<_>>() {
        // One that meets others too often is retried by the server; here it counts as none.
        won += usize::from(claim.await.expect("a task").unwrap_or(false));
    }
    let sql = "select count(*) from tickets where status = 'plan'";
    let inside: i64 = bench.desk.client.query_one(sql, &[]).await.expect("a count").get(0);
    assert!(inside <= 3 && won as i64 == inside, "{won} claims, {inside} tickets");
    while bench.desk.ok("claim_job", json!({})).await["job"] != Value::Null {}
    let inside: i64 = bench.desk.client.query_one(sql, &[]).await.expect("a count").get(0);
    assert_eq!(inside, 3);
    bench.desk.streams_are_gapless().await;
}

#[tokio::test]
async fn a_silent_worker_loses_its_job() {
    let bench = Bench::open("job_lease").await;
    let job = bench.job(json!({"max_attempts": 2})).await;
    let (_, token) = bench.claim().await;
    let beat = bench
        .desk
        .ok("record_heartbeat", json!({"job": job, "token": token, "lease_seconds": 3600, "progress": 5}))
        .await;
    assert_eq!((&beat["cancel_requested"], &beat["pause_requested"]), (&json!(false), &json!(false)));
    assert_eq!(bench.desk.ok("expire_leases", json!({})).await, 0);
    bench.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    // Late is late, also before anybody has looked.
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
        assert_eq!(bench.desk.refused(name, input).await, "CB007", "{name}");
    }
    assert_eq!(bench.desk.ok("expire_leases", json!({})).await, 1);
    let queued = bench.get(&job).await;
    assert_eq!((&queued["status"], &queued["attempt"]), (&json!("queued"), &json!(1)));
    assert!(text(&queued, "not_before") > text(&queued, "queued_at"), "not at once");
    assert_eq!(bench.desk.ok("claim_job", json!({})).await["job"], Value::Null);
    bench.set(&job, "not_before = now()").await;
    let (_, second) = bench.claim().await;
    assert_ne!(token, second);
    assert_eq!(bench.desk.refused("record_heartbeat", json!({"job": job, "token": token})).await, "CB007");
    // The second attempt was the last.
    bench.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    assert_eq!(bench.desk.ok("expire_leases", json!({})).await, 1);
    let failed = bench.get(&job).await;
    assert_eq!((&failed["status"], bench.status().await.as_str()), (&json!("failed"), "errored"));
    assert!(text(&failed, "error").contains("stopped sending heartbeats"));
    assert_eq!(bench.notes(&job).await.len(), 1, "the retry is told");
    bench.desk.streams_are_gapless().await;
}

#[tokio::test]
async fn resting_jobs_keep_their_worker_while_it_lives() {
    let bench = Bench::open("job_rest").await;
    let job = bench.job(json!({})).await;
    assert_eq!(bench.desk.ok("pause_job", json!({"job": job})).await["status"], "paused");
    assert_eq!(bench.desk.ok("claim_job", json!({})).await["job"], Value::Null);
    assert_eq!(bench.desk.ok("resume_job", json!({"job": job})).await["status"], "queued");
    let (_, token) = bench.claim().await;
    bench.desk.ok("pause_job", json!({"job": job})).await;
    let beat = bench.desk.ok("record_heartbeat", json!({"job": job, "token": token})).await;
    assert_eq!((&beat["status"], &beat["pause_requested"]), (&json!("paused"), &json!(true)));
    assert_eq!(bench.desk.ok("continue_job", json!({"job": job})).await["status"], "running", "its worker is there");
    bench.desk.ok("pause_job", json!({"job": job})).await;
    bench.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    assert_eq!(bench.desk.ok("expire_leases", json!({})).await, 1);
    let resting = bench.get(&job).await;
    assert_eq!((&resting["status"], &resting["attempt"]), (&json!("paused"), &json!(0)), "it rests, held by nobody");
    assert_eq!(bench.desk.refused("record_heartbeat", json!({"job": job, "token": token})).await, "CB007");
    assert_eq!(bench.desk.ok("resume_job", json!({"job": job})).await["status"], "queued");
    // Given back by a worker that goes: at once, and the attempt does not count.
    let (_, token) = bench.claim().await;
    bench.desk.ok("release_job", json!({"job": job, "token": token, "reason": "going home"})).await;
    let (_, token) = bench.claim().await;
    assert_eq!(bench.get(&job).await["attempt"], 1);
    assert!(bench.notes(&job).await.contains(&"Released: going home".to_owned()));
    bench.desk.ok("complete_job", json!({"job": job, "token": token})).await;
    for name in ["pause_job", "resume_job", "continue_job", "cancel_job", "retry_job"] {
        assert_eq!(bench.desk.refused(name, json!({"job": job})).await, "CB409", "{name}");
    }
}
