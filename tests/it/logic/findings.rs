//! Findings: each kind begins and ends, thresholds, suggestions, bounds, and events once with several servers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fixtures::Fixture;
use crate::harness;

/// Adds members that are agents.
async fn agents(fixture: &Fixture, ids: &[&str]) {
    for id in ids {
        let sql = "insert into actors (id, kind, name) values ($1, 'agent', upper($1))";
        fixture.client.execute(sql, &[id]).await.expect("an agent");
        let sql =
            "insert into workflow_members (workflow_id, actor_id, role, added_by) values ($1, $2, 'member', 'owner')";
        fixture.client.execute(sql, &[&fixture.workflow, id]).await.expect("a member");
    }
}

/// Lets time pass for everything there is, without the triggers that would note a change.
async fn pass(fixture: &Fixture, time: &str) {
    let sql = format!(
        "begin;
         alter table tickets disable trigger user;
         alter table ticket_blockers disable trigger user;
         update tickets set created_at = created_at - interval '{time}', updated_at = updated_at - interval '{time}';
         update ticket_blockers set created_at = created_at - interval '{time}';
         alter table tickets enable trigger user;
         alter table ticket_blockers enable trigger user;
         update history set changed_at = changed_at - interval '{time}';
         update ticket_comments set created_at = created_at - interval '{time}';
         update ticket_claims set seen_at = seen_at - interval '{time}';
         commit;"
    );
    fixture.client.batch_execute(&sql).await.expect("time passes");
}

/// Looks at every workflow, as a server does when they are due.
async fn look(fixture: &Fixture) {
    let sql = "update finding_checks set next_at = now(), looked_at = '-infinity'";
    fixture.client.execute(sql, &[]).await.expect("due");
    while fixture.ok("update_findings", json!({})).await != 0 {}
}

async fn list(fixture: &Fixture) -> Value {
    fixture.ok("list_findings", json!({})).await
}

/// The listed findings as `kind subject`.
fn named(list: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |finding: &Value| {
        let subject = match finding["kind"].as_str() {
            Some("agent_overloaded" | "agent_silent") => &finding["agent_id"],
            Some("job_without_worker") => &finding["job_type"],
            _ => &finding["key"],
        };
        format!("{} {}", word(&finding["kind"]), word(subject))
    };
    list["findings"].as_array().expect("findings").iter().map(one).collect()
}

fn find<'a>(list: &'a Value, kind: &str) -> &'a Value {
    let all = list["findings"].as_array().expect("findings");
    all.iter().find(|finding| finding["kind"] == kind).unwrap_or_else(|| panic!("{kind} in {list}"))
}

/// How often each event of findings was recorded: `opened stuck` → 1.
async fn events(fixture: &Fixture) -> BTreeMap<String, i64> {
    let sql = "select split_part(change_type, '_', 2) || ' ' || coalesce(new_value, old_value), count(*) from history
                where change_type like 'finding_%' and stream_id = 'workflow:' || $1 group by 1";
    let rows = fixture.client.query(sql, &[&fixture.workflow]).await.expect("events");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn neglected_tickets_are_found_until_somebody_acts() {
    let fixture = Fixture::open("findtickets").await;
    agents(&fixture, &["agent-a"]).await;
    let urgent = fixture.ticket_with("The site is down", json!({"priority": "critical"})).await;
    let stuck = fixture.ticket_with("Slow report", json!({"assigned_agent_id": "member"})).await;
    fixture.ok("change_status", json!({"ticket": stuck, "new_status": "in_progress"})).await;
    let blocked = fixture.ticket_with("Write the letter", json!({"blocked_by_ticket_ids": [stuck]})).await;
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty(), "nothing is old enough");
    pass(&fixture, "4 days").await;
    // A look reads, so findings are there before a server has recorded them.
    let seen = list(&fixture).await;
    assert_eq!(named(&seen), ["urgent_unassigned TKT-1", "blocked TKT-3", "stuck TKT-2"]);
    assert_eq!((&seen["findings"][0]["finding_id"], seen["has_more"].clone()), (&Value::Null, json!(false)));
    assert_eq!(seen["counts"]["stuck"], 1);
    look(&fixture).await;
    let seen = list(&fixture).await;
    let (first, held) = (find(&seen, "urgent_unassigned"), find(&seen, "blocked"));
    assert!(first["finding_id"].as_str().is_some_and(|id| id.starts_with("finding-")), "{first}");
    assert_eq!(first["message"], "TKT-1 has priority critical and has been unassigned for 4 days.");
    assert_eq!(first["threshold"], json!({"name": "unassigned_minutes", "value": 60}));
    assert_eq!((&first["measured"], &first["title"]), (&json!(4 * 24 * 60), &json!("The site is down")));
    // Only who has worked here is suggested.
    assert_eq!(first["suggestion"]["agent_id"], "member");
    assert_eq!(first["suggestion"]["message"], "Assign it to Member, who has 1 open ticket here.");
    assert_eq!(held["message"], "TKT-3 has been blocked by TKT-2 for 4 days.");
    assert_eq!(held["suggestion"]["action"], "resolve_blocker");
    assert_eq!((&held["other_ticket_id"], &held["suggestion"]["ticket_id"]), (&json!(stuck), &json!(stuck)));
    assert_eq!(find(&seen, "stuck")["message"], "TKT-2 has not changed in In Progress for 4 days.");
    assert_eq!(find(&seen, "stuck")["suggestion"]["action"], "ask", "nobody else has worked here");
    let opened = ["opened blocked", "opened stuck", "opened urgent_unassigned"].map(|name| (name.to_owned(), 1));
    assert_eq!(events(&fixture).await, BTreeMap::from(opened.clone()));
    look(&fixture).await;
    assert_eq!(events(&fixture).await, BTreeMap::from(opened), "a finding begins once");
    assert_eq!(fixture.changes(&urgent).await.last().map(String::as_str), Some("finding_opened"));

    // A comment is a sign of work, an assignee takes the urgent one, and the blocker goes.
    fixture.ok("add_comment", json!({"ticket": stuck, "comment_text": "The query needs an index."})).await;
    fixture.ok("update_ticket", json!({"ticket": urgent, "updates": {"assigned_agent_id": "agent-a"}})).await;
    fixture.ok("set_blockers", json!({"ticket": blocked, "blocked_by_ticket_ids": []})).await;
    assert!(named(&list(&fixture).await).is_empty());
    look(&fixture).await;
    let all = events(&fixture).await;
    assert_eq!((all.len(), all.values().all(|n| *n == 1)), (6, true), "{all:?}");
    let sql = "select change_description, actor_id, metadata -> 'finding' ->> 'closed_at' is not null, metadata -> 'changes' = '{}'
                 from history where change_type = 'finding_closed' and ticket_id = $1";
    let row = fixture.client.query_one(sql, &[&stuck]).await.expect("one event");
    let (description, actor): (String, String) = (row.get(0), row.get(1));
    assert_eq!(description, "No longer: TKT-2 has not changed in In Progress for 4 days.");
    assert_eq!((actor.as_str(), row.get(2), row.get(3)), ("system", true, true));

    // Unassigned again, it counts from then on; resolved, it is over.
    fixture.ok("update_ticket", json!({"ticket": urgent, "updates": {"assigned_agent_id": null}})).await;
    assert!(named(&list(&fixture).await).is_empty());
    pass(&fixture, "2 hours").await;
    look(&fixture).await;
    assert_eq!(find(&list(&fixture).await, "urgent_unassigned")["measured"], 120);
    fixture.ok("change_status", json!({"ticket": urgent, "new_status": "done"})).await;
    look(&fixture).await;
    assert_eq!(events(&fixture).await["closed urgent_unassigned"], 2);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn likely_duplicates_are_found_until_they_are_merged_or_linked() {
    let fixture = Fixture::open("findduplicates").await;
    let first = fixture.ticket("The export loses umlauts").await;
    let second = fixture.ticket("The export loses umlauts").await;
    fixture.ticket("A quite different wish").await;
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty(), "changed tickets are left alone at first");
    pass(&fixture, "3 minutes").await;
    look(&fixture).await;
    let seen = list(&fixture).await;
    assert_eq!(named(&seen), ["likely_duplicate TKT-2"]);
    let finding = find(&seen, "likely_duplicate");
    assert_eq!(finding["message"], "TKT-2 is probably a duplicate of TKT-1.");
    assert_eq!(
        (&finding["suggestion"]["action"], &finding["suggestion"]["ticket_id"]),
        (&json!("merge"), &json!(first))
    );
    let link = |ids: Value| json!({"ticket": second, "updates": {"related_ticket_ids": ids}});
    fixture.ok("update_ticket", link(json!([first]))).await;
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty(), "a link says how they differ");
    fixture.ok("update_ticket", link(json!([]))).await;
    pass(&fixture, "3 minutes").await;
    look(&fixture).await;
    assert_eq!(named(&list(&fixture).await), ["likely_duplicate TKT-2"]);
    fixture.ok("merge_tickets", json!({"ticket": second, "into_ticket": first})).await;
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty());
    let all = events(&fixture).await;
    assert_eq!((all["opened likely_duplicate"], all["closed likely_duplicate"]), (2, 2));
    let pairs = fixture.client.query("select from likely_duplicates", &[]).await.expect("pairs");
    assert!(pairs.is_empty());
}

#[tokio::test]
async fn overloaded_and_silent_agents_are_found_with_somebody_to_help() {
    let fixture = Fixture::open("findagents").await;
    agents(&fixture, &["agent-a", "agent-b"]).await;
    let mut of_a = Vec::new();
    for number in 0..4 {
        of_a.push(fixture.ticket_with(&format!("Task {number}"), json!({"assigned_agent_id": "agent-a"})).await);
    }
    fixture.ticket_with("Another", json!({"assigned_agent_id": "agent-b"})).await;
    fixture.ok("set_finding_thresholds", json!({"max_open_tickets": 3})).await;
    look(&fixture).await;
    let seen = list(&fixture).await;
    assert_eq!(named(&seen), ["agent_overloaded agent-a"]);
    let finding = find(&seen, "agent_overloaded");
    assert_eq!(finding["message"], "AGENT-A has 4 open tickets; the limit is 3.");
    assert_eq!(finding["suggestion"]["agent_id"], "agent-b");
    assert_eq!(finding["suggestion"]["message"], "Reassign some to AGENT-B, who has 1 open ticket here.");
    fixture.ok("update_ticket", json!({"ticket": of_a[3], "updates": {"assigned_agent_id": "agent-b"}})).await;
    look(&fixture).await;
    assert_eq!(events(&fixture).await["closed agent_overloaded"], 1);

    // Tickets in the backlog wait; an agent is silent about those it works on.
    pass(&fixture, "2 hours").await;
    assert!(named(&list(&fixture).await).is_empty());
    for ticket in &of_a[..2] {
        fixture.ok("change_status", json!({"ticket": ticket, "new_status": "in_progress"})).await;
    }
    pass(&fixture, "2 hours").await;
    look(&fixture).await;
    let seen = list(&fixture).await;
    assert_eq!(named(&seen), ["agent_silent agent-a"]);
    let finding = find(&seen, "agent_silent");
    assert_eq!(
        (&finding["suggestion"]["action"], &finding["suggestion"]["agent_id"]),
        (&json!("reassign"), &json!("agent-b"))
    );
    assert_eq!(finding["message"], "AGENT-A has done nothing about its tickets for 4 hours.");
    fixture.ok("add_comment", json!({"caller": "agent-a", "ticket": of_a[1], "comment_text": "Still here."})).await;
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty(), "one sign is enough");
    assert_eq!(events(&fixture).await["closed agent_silent"], 1);
}

#[tokio::test]
async fn jobs_that_no_worker_takes_are_found_by_type() {
    let fixture = Fixture::open("findjobs").await;
    for number in 0..3 {
        let ticket = fixture.ticket(&format!("Job {number}")).await;
        let job = json!({"ticket": ticket, "initial_prompt": "Do it.", "job_type": "fix", "queue": true});
        fixture.ok("create_job", job).await;
    }
    let age = "update jobs set queued_at = queued_at - interval '1 hour', not_before = not_before - interval '1 hour'";
    fixture.client.execute(age, &[]).await.expect("time passes");
    assert_eq!(fixture.ok("mark_jobs_without_worker", json!({})).await, 3);
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty(), "they have only just been marked");
    let age = "update jobs set no_worker_since = no_worker_since - interval '1 hour'";
    fixture.client.execute(age, &[]).await.expect("time passes");
    look(&fixture).await;
    let seen = list(&fixture).await;
    assert_eq!(named(&seen), ["job_without_worker fix"]);
    let finding = find(&seen, "job_without_worker");
    assert_eq!(finding["message"], "No worker has taken jobs of the type fix for 60 minutes; 3 jobs wait.");
    assert_eq!(finding["suggestion"]["action"], "start_worker");
    fixture.ok("claim_job", json!({})).await;
    fixture.ok("mark_jobs_without_worker", json!({})).await;
    look(&fixture).await;
    assert_eq!(events(&fixture).await["closed job_without_worker"], 1);
}

#[tokio::test]
async fn owners_set_thresholds() {
    let fixture = Fixture::open("findthresholds").await;
    for (caller, code) in [("member", "CB403"), ("viewer", "CB403"), ("outsider", "CB404")] {
        let input = json!({"caller": caller, "stuck_minutes": 5});
        assert_eq!(fixture.refused("set_finding_thresholds", input).await, code, "{caller}");
    }
    for function in ["list_findings", "get_finding_thresholds"] {
        assert_eq!(fixture.refused(function, json!({"caller": "outsider"})).await, "CB404");
        fixture.ok(function, json!({"caller": "viewer"})).await;
    }
    assert_eq!(fixture.refused("list_findings", json!({"kinds": ["stuck", "tired"]})).await, "CB422");
    for wrong in [
        json!({"stuck_minutes": -1}),
        json!({"blocked_minutes": 525_601}),
        json!({"unassigned_minutes": -5}),
        json!({"silent_minutes": 900_000}),
        json!({"without_worker_minutes": -1}),
        json!({"duplicate_similarity": 0.3}),
        json!({"max_open_tickets": 901}),
    ] {
        assert_eq!(fixture.refused("set_finding_thresholds", wrong).await, "CB422");
    }
    let ticket = fixture.ticket_with("Look at me", json!({"priority": "high"})).await;
    fixture.ok("change_status", json!({"ticket": ticket, "new_status": "in_progress"})).await;
    pass(&fixture, "30 minutes").await;
    assert!(named(&list(&fixture).await).is_empty());
    let set = fixture.ok("set_finding_thresholds", json!({"stuck_minutes": 20, "unassigned_minutes": 10})).await;
    assert_eq!((&set["stuck_minutes"], &set["blocked_minutes"]), (&json!(20), &json!(2880)));
    // The next look is due at once.
    assert_eq!(fixture.ok("update_findings", json!({})).await, 1);
    assert_eq!(fixture.ok("update_findings", json!({})).await, 0);
    assert_eq!(named(&list(&fixture).await), ["urgent_unassigned TKT-1", "stuck TKT-1"]);
    assert_eq!(named(&fixture.ok("list_findings", json!({"kinds": ["stuck"]})).await), ["stuck TKT-1"]);
    fixture.ok("set_finding_thresholds", json!({"unassigned_minutes": 0, "stuck_minutes": 20})).await;
    assert_eq!(fixture.ok("update_findings", json!({})).await, 1);
    assert_eq!(named(&list(&fixture).await), ["stuck TKT-1"]);
    assert_eq!(events(&fixture).await["closed urgent_unassigned"], 1);
    // Each changed threshold is an event of the workflow.
    let sql = "select field_name || ' ' || old_value || ' ' || new_value from history
                where change_type = 'workflow_updated' order by seq";
    let rows = fixture.client.query(sql, &[]).await.expect("events");
    let changes: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(changes, ["stuck_minutes 4320 20", "unassigned_minutes 60 10", "unassigned_minutes 10 0"]);

    // With a lower similarity tickets are compared again.
    for title in ["The report shows wrong numbers today", "The report shows wrong numbers"] {
        fixture.ticket(title).await;
    }
    pass(&fixture, "10 minutes").await;
    fixture.ok("set_finding_thresholds", json!({"stuck_minutes": 0})).await;
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty());
    fixture.ok("set_finding_thresholds", json!({"duplicate_similarity": 0.6})).await;
    look(&fixture).await;
    assert_eq!(named(&list(&fixture).await), ["likely_duplicate TKT-3"]);
    // An archived workflow needs no attention.
    fixture.ok("archive_workflow", json!({"archived": true})).await;
    look(&fixture).await;
    assert!(named(&list(&fixture).await).is_empty());
    assert_eq!(events(&fixture).await["closed likely_duplicate"], 1);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn a_neglected_board_has_a_bounded_number_of_findings() {
    let fixture = Fixture::open("findbounded").await;
    let sql = "insert into tickets (workflow_id, title, description, priority)
               select $1, 'Ticket ' || md5(n::text), 'Text', 'critical' from generate_series(1, 320) n";
    fixture.client.execute(sql, &[&fixture.workflow]).await.expect("tickets");
    fixture.ok("set_finding_thresholds", json!({"duplicate_similarity": 0})).await;
    pass(&fixture, "1 day").await;
    look(&fixture).await;
    let page = fixture.ok("list_findings", json!({"max_rows": 30})).await;
    assert_eq!((named(&page).len(), &page["has_more"]), (30, &json!(true)));
    assert_eq!(page["counts"]["urgent_unassigned"], 200);
    assert_eq!(events(&fixture).await, BTreeMap::from([("opened urgent_unassigned".to_owned(), 100)]));
    // Others take the place of those that end.
    let sql = "update tickets set assigned_agent_id = 'member' where number <= 10";
    fixture.client.execute(sql, &[]).await.expect("assigned");
    look(&fixture).await;
    let all = events(&fixture).await;
    assert_eq!((all["opened urgent_unassigned"], all["closed urgent_unassigned"]), (110, 10));
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn several_servers_record_each_finding_once() {
    let fixture = Fixture::open("findservers").await;
    for number in 0..12 {
        fixture.ticket_with(&format!("Urgent {number} {}", "x".repeat(number)), json!({"priority": "high"})).await;
    }
    pass(&fixture, "1 day").await;
    let servers = (0..4).map(|_| {
        let url = fixture.db.url.clone();
        tokio::spawn(async move {
            let client = harness::connect(&url).await;
            for _ in 0..40 {
                let due = "update finding_checks set next_at = now(), looked_at = '-infinity'
                            where stream_id in (select stream_id from finding_checks for update skip locked)";
                client.execute(due, &[]).await.expect("due");
                client.query("select logic.update_findings()", &[]).await.expect("a look");
            }
        })
    });
    let servers: Vec<_> = servers.collect();
    for round in 0..10 {
        let priority = if round % 2 == 0 { "low" } else { "high" };
        let sql = "update tickets set priority = $1 where number % 3 = 0";
        fixture.client.execute(sql, &[&priority]).await.expect("changed");
        pass(&fixture, "2 hours").await;
    }
    for server in servers {
        server.await.expect("a server");
    }
    look(&fixture).await;
    // One event for each beginning and end, and one open finding a ticket.
    let sql = "select (select count(*) from findings), (select count(*) from findings where closed_at is not null),
                      (select count(*) from findings where closed_at is null)";
    let row = fixture.client.query_one(sql, &[]).await.expect("counts");
    let (begun, ended, open): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    let all = events(&fixture).await;
    let count = |name: &str| all.get(name).copied().unwrap_or(0);
    assert_eq!((count("opened urgent_unassigned"), count("closed urgent_unassigned"), open), (begun, ended, 12));
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn ended_findings_are_kept_for_a_month() {
    let fixture = Fixture::open("findprune").await;
    let sql = "insert into findings (id, workflow_id, kind, subject, since, message, closed_at)
               select 'finding-' || n, $1, 'stuck', 't' || n, now(), 'Old', now() - make_interval(days => n) from generate_series(28, 32, 2) n";
    fixture.client.execute(sql, &[&fixture.workflow]).await.expect("ended findings");
    // A workflow of an older server has no row that says when it is looked at.
    fixture.client.execute("delete from finding_checks", &[]).await.expect("none");
    fixture.ok("run_maintenance", json!({"history_months": 0})).await;
    let left = fixture.client.query("select from findings", &[]).await.expect("findings");
    assert_eq!(left.len(), 1, "that of 28 days ago");
    let checks = fixture.client.query("select from finding_checks", &[]).await.expect("checks");
    assert_eq!(checks.len(), 1);
}
