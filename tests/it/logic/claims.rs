//! Claims of tickets: leases, what extends them, their end, and silent agents.

use serde_json::{Value, json};

use super::fixtures::Fixture;

async fn agents(fixture: &Fixture) {
    for id in ["agent-a", "agent-b"] {
        fixture
            .client
            .execute("insert into actors (id, kind, name) values ($1, 'agent', $1)", &[&id])
            .await
            .expect("an agent");
        fixture
            .client
            .execute(
                "insert into workflow_members (workflow_id, actor_id, role, added_by) values ($1, $2, 'member', 'owner')",
                &[&fixture.workflow, &id],
            )
            .await
            .expect("a member");
    }
}

async fn administrator(fixture: &Fixture) {
    let sql = "insert into actors (id, kind, name, is_admin) values ('admin', 'user', 'Admin', true)";
    fixture.client.execute(sql, &[]).await.expect("an administrator");
}

/// Lets time pass for all claims.
async fn pass(fixture: &Fixture, seconds: f64) {
    let sql = "update ticket_claims set seen_at = seen_at - make_interval(secs => $1),
                      expires_at = expires_at - make_interval(secs => $1)";
    fixture.client.execute(sql, &[&seconds]).await.expect("time passes");
}

async fn expire(fixture: &Fixture) -> Value {
    fixture.ok("expire_ticket_leases", json!({})).await
}

#[tokio::test]
async fn claims_end_with_the_membership_and_when_an_agent_is_disabled() {
    let fixture = Fixture::open("claimsend").await;
    agents(&fixture).await;
    administrator(&fixture).await;
    let id = fixture.ticket("The work").await;
    let job = json!({"ticket": id, "initial_prompt": "Do it.", "queue": true});
    for (caller, end) in [
        ("agent-a", ("remove_member", json!({"actor": "agent-a"}))),
        (
            "agent-b",
            ("update_agent", json!({"caller": "admin", "agent": "agent-b", "agent_name": null, "disabled": true})),
        ),
    ] {
        let claim = json!({"caller": caller, "lease_seconds": 3600});
        assert_eq!(fixture.ok("claim_ticket", claim).await["ticket_id"], json!(id));
        fixture.ok("create_job", job.clone()).await;
        let held = fixture.ok("claim_job", json!({"caller": caller, "lease_seconds": 3600.0})).await["job"].clone();
        assert_eq!(held["status"], "running");
        fixture.ok(end.0, end.1).await;
        fixture.ok("expire_leases", json!({})).await;
        assert_eq!(expire(&fixture).await, 1, "{caller}");
        assert_eq!(fixture.card(&id).await["assigned_agent_id"], Value::Null);
        let read = fixture.ok("get_job", json!({"job": held["id"]})).await;
        assert_eq!(read["status"], "queued", "{caller}");
        fixture.ok("cancel_job", json!({"job": held["id"]})).await;
    }
}

#[tokio::test]
async fn an_administrator_claims_as_a_member_only() {
    let fixture = Fixture::open("claimadmin").await;
    administrator(&fixture).await;
    fixture.ticket("The work").await;
    assert_eq!(fixture.refused("claim_ticket", json!({"caller": "admin"})).await, "CB403");
}

#[tokio::test]
async fn a_ticket_of_a_silent_agent_goes_back_to_the_queue() {
    let fixture = Fixture::open("ticketlease").await;
    agents(&fixture).await;
    let id = fixture.ticket("The work").await;
    for seconds in [4, 90_000] {
        let input = json!({"caller": "agent-a", "lease_seconds": seconds});
        assert_eq!(fixture.refused("claim_ticket", input).await, "CB422");
    }
    let claim = json!({"caller": "agent-a", "lease_seconds": 60});
    let claimed = fixture.ok("claim_ticket", claim.clone()).await;
    assert_eq!((&claimed["ticket_id"], claimed["lease_expires_at"].is_string()), (&json!(id), true));
    assert_eq!(expire(&fixture).await, 0);
    // A read extends it, and a change does; those of others do not.
    pass(&fixture, 50.0).await;
    fixture.ok("get_ticket", json!({"caller": "agent-a", "ticket": id})).await;
    pass(&fixture, 50.0).await;
    fixture.ok("add_comment", json!({"caller": "agent-a", "ticket": id, "comment_text": "Still here"})).await;
    pass(&fixture, 50.0).await;
    assert_eq!(expire(&fixture).await, 0);
    for caller in ["agent-b", "owner"] {
        fixture.ok("add_comment", json!({"caller": caller, "ticket": id, "comment_text": "Are you there?"})).await;
        fixture.ok("get_ticket", json!({"caller": caller, "ticket": id})).await;
    }
    pass(&fixture, 11.0).await;
    assert_eq!(expire(&fixture).await, 1);
    let card = fixture.card(&id).await;
    assert_eq!((&card["status"], &card["assigned_agent_id"]), (&json!("backlog"), &Value::Null));
    let changes = fixture.changes(&id).await;
    assert_eq!(changes[changes.len() - 3..], ["lease_expired", "status_changed", "assigned"]);
    let details = fixture.ok("get_ticket", json!({"ticket": id})).await;
    let entry =
        details["history"].as_array().and_then(|all| all.iter().find(|one| one["change_type"] == "lease_expired"));
    assert_eq!(entry.expect("history says so")["agent_id"], "system");
    assert_eq!(details["claim"], Value::Null);

    // Another agent gets it; a person who takes it over, or a resolution, ends the lease.
    assert_eq!(
        fixture.ok("claim_ticket", json!({"caller": "agent-b", "lease_seconds": 60})).await["ticket_id"],
        json!(id)
    );
    fixture.ok("update_ticket", json!({"ticket": id, "updates": {"assigned_agent_id": "agent-a"}})).await;
    pass(&fixture, 100.0).await;
    assert_eq!(expire(&fixture).await, 0);
    assert_eq!(fixture.card(&id).await["assigned_agent_id"], "agent-a");
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn silent_agents_are_found() {
    let fixture = Fixture::open("silent").await;
    agents(&fixture).await;
    let id = fixture.ticket("The work").await;
    fixture.ticket_with("Of a person", json!({"assigned_agent_id": "member"})).await;
    fixture.ok("claim_ticket", json!({"caller": "agent-a"})).await;
    let silent = async |minutes: f64| {
        let found = fixture.ok("list_tickets", json!({"filters": {"silent_minutes": minutes}})).await;
        found["tickets"].as_array().expect("tickets").iter().map(|one| one["ticket_id"].clone()).collect::<Vec<_>>()
    };
    assert!(silent(30.0).await.is_empty());
    pass(&fixture, 3600.0).await;
    fixture
        .client
        .execute("update history set changed_at = changed_at - interval '1 hour'", &[])
        .await
        .expect("time passes");
    assert_eq!(silent(30.0).await, [json!(id)]);
    assert!(silent(90.0).await.is_empty());
    fixture.ok("get_ticket", json!({"caller": "agent-a", "ticket": id})).await;
    assert!(silent(30.0).await.is_empty());
    assert_eq!(fixture.refused("list_tickets", json!({"filters": {"silent_minutes": 1e300}})).await, "CB422");
}
