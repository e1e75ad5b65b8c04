//! Home: what each section lists and until when, cursors that only move forward and start again in a new epoch, and bounds.

use serde_json::{Value, json};

use super::fixtures::Fixture;

/// The sections of an answer that have items, as `section: title or text`.
fn listed(home: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for section in ["waiting", "failed", "stuck", "mentions", "finished", "expired"] {
        let items = home[section].as_array().expect("a section");
        assert_eq!(home["counts"][section], json!(items.len()), "{section} of {home}");
        assert_eq!(home["workflows"][0]["counts"][section], home["counts"][section], "{section} of {home}");
        for item in items {
            let name = item["title"].as_str().or(item["text"].as_str()).unwrap_or("-");
            all.push(format!("{section}: {name}"));
        }
    }
    all
}

async fn home(fixture: &Fixture, caller: &str) -> Value {
    fixture.ok("get_home", json!({"caller": caller})).await
}

async fn titles(fixture: &Fixture, caller: &str) -> Vec<String> {
    listed(&home(fixture, caller).await)
}

/// Marks what Home shows as seen.
async fn mark(fixture: &Fixture, caller: &str, seen: &Value, handled: bool) -> Value {
    let visits = json!([{"workflow_id": seen["workflows"][0]["workflow_id"], "seq": seen["workflows"][0]["seq"]}]);
    let arguments = json!({"caller": caller, "epoch": seen["epoch"], "visits": visits, "handled": handled});
    fixture.ok("mark_visited", arguments).await
}

async fn run(fixture: &Fixture, sql: &str, id: &str) {
    assert_eq!(fixture.client.execute(sql, &[&id]).await.expect("a change"), 1, "{sql}");
}

/// A job of a ticket that failed.
async fn failed_job(fixture: &Fixture, ticket: &str, title: &str) -> String {
    let made = fixture.ok("create_job", json!({"ticket": ticket, "title": title, "queue": true})).await;
    let job = made["id"].as_str().expect("a job").to_owned();
    run(fixture, "update jobs set status = 'failed', error = 'The tests fail.' where id = $1", &job).await;
    job
}

#[tokio::test]
async fn what_waits_failed_and_mentions_stays_until_somebody_deals_with_it() {
    let fixture = Fixture::open("homestays").await;
    let ticket = fixture.ticket("Fix the login").await;
    let ask = json!({"caller": "member", "ticket": ticket, "question": "Ship it?"});
    let asked = fixture.ok("request_approval", ask).await;
    let job = failed_job(&fixture, &ticket, "Build it").await;
    let comment = json!({"caller": "member", "ticket": ticket, "comment_text": "@owner and @member, look"});
    let comment = fixture.ok("add_comment", comment).await["comment_id"].clone();
    assert_eq!(titles(&fixture, "owner").await, ["waiting: Ship it?", "failed: Build it", "mentions: Fix the login"]);
    // Nobody decides their own question, mentions themselves, or decides as a viewer.
    assert_eq!(titles(&fixture, "member").await, ["failed: Build it"]);
    assert_eq!(titles(&fixture, "viewer").await, ["failed: Build it"]);
    let shown = home(&fixture, "owner").await;
    assert_eq!(shown["waiting"][0]["approval"]["id"], asked["id"]);
    assert_eq!((&shown["failed"][0]["text"], &shown["failed"][0]["job_id"]), (&json!("The tests fail."), &json!(job)));
    let mention = &shown["mentions"][0];
    assert_eq!(
        (&mention["comment_id"], &mention["actor_name"], &mention["ticket_key"]),
        (&comment, &json!("Member"), &json!("TKT-1"))
    );

    // Leaving Home keeps them; "mark all as seen" deals with failures and mentions, of one person.
    mark(&fixture, "owner", &shown, false).await;
    assert_eq!(titles(&fixture, "owner").await.len(), 3);
    mark(&fixture, "owner", &shown, true).await;
    assert_eq!(titles(&fixture, "owner").await, ["waiting: Ship it?"]);
    assert_eq!(titles(&fixture, "member").await, ["failed: Build it"]);
    // A job that fails again is news; a retried one is dealt with, for everybody, as are those of resolved tickets.
    fixture.ok("retry_job", json!({"job": job})).await;
    assert_eq!(titles(&fixture, "member").await, Vec::<String>::new());
    run(&fixture, "update jobs set status = 'failed' where id = $1", &job).await;
    assert_eq!(titles(&fixture, "owner").await, ["waiting: Ship it?", "failed: Build it"]);
    fixture.ok("mark_visited", json!({"items": [job]})).await;
    assert_eq!(titles(&fixture, "owner").await, ["waiting: Ship it?"]);
    let newer = failed_job(&fixture, &ticket, "Build it again").await;
    assert_eq!(titles(&fixture, "member").await, ["failed: Build it again"], "the newest of a ticket");
    fixture.ok("delete_job", json!({"job": newer})).await;
    fixture.ok("decide_approval", json!({"approval": asked["id"], "decision": "approve"})).await;
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());
    assert_eq!(titles(&fixture, "member").await, ["failed: Build it"]);
    fixture.ok("resolve_ticket", json!({"ticket": ticket, "resolution_comment": "It works now."})).await;
    assert_eq!(titles(&fixture, "member").await, ["finished: Fix the login"]);
}

#[tokio::test]
async fn mentions_follow_their_comments() {
    let fixture = Fixture::open("homementions").await;
    let ticket = fixture.ticket("Fix the login").await;
    let add = async |text: &str| -> Value {
        let comment = json!({"caller": "member", "ticket": ticket, "comment_text": text});
        fixture.ok("add_comment", comment).await["comment_id"].clone()
    };
    let edit = async |comment: &Value, text: &str| {
        fixture.ok("edit_comment", json!({"comment": comment, "comment_text": text})).await;
    };
    let comment = add("Nobody is mentioned").await;
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());
    edit(&comment, "Now @owner is, and @outsider is not").await;
    assert_eq!(home(&fixture, "owner").await["mentions"][0]["text"], "Now @owner is, and @outsider is not");
    edit(&comment, "Not any more").await;
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());
    // Read is read, also if the comment is edited afterwards.
    let comment = add("@owner, please").await;
    fixture.ok("mark_visited", json!({"items": [comment]})).await;
    edit(&comment, "@owner, please look").await;
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());
    let comment = add("@owner, once more").await;
    assert_eq!(titles(&fixture, "owner").await, ["mentions: Fix the login"]);
    fixture.ok("delete_comment", json!({"comment": comment})).await;
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_ended_is_listed_since_the_last_visit() {
    let fixture = Fixture::open("homesince").await;
    let (first, second) = (fixture.ticket("The first").await, fixture.ticket("The second").await);
    let finish = async |ticket: &str| {
        fixture.ok("resolve_ticket", json!({"ticket": ticket, "resolution_comment": "It works now."})).await;
    };
    let build = async |title: &str| {
        let job = fixture.ok("create_job", json!({"ticket": second, "title": title, "queue": true})).await;
        run(&fixture, "update jobs set status = 'succeeded' where id = $1", job["id"].as_str().expect("a job")).await;
    };
    build("A build").await;
    finish(&first).await;
    let ask = json!({"caller": "member", "question": "Still there?", "expires_in_seconds": 1});
    let asked = fixture.ok("request_approval", ask).await;
    run(&fixture, "update approvals set expires_at = now() where id = $1", asked["id"].as_str().expect("an id")).await;
    assert_eq!(
        titles(&fixture, "owner").await,
        ["finished: The first", "finished: A build"],
        "it is no longer waiting"
    );
    fixture.ok("expire_approvals", json!({})).await;
    let shown = home(&fixture, "owner").await;
    assert_eq!(listed(&shown), ["finished: The first", "finished: A build", "expired: Still there?"]);
    assert_eq!(shown["workflows"][0]["visited_at"], Value::Null);

    let moved = mark(&fixture, "owner", &shown, false).await;
    assert_eq!(moved["workflows"][0]["seq"], shown["workflows"][0]["seq"]);
    assert_eq!(moved["workflows"][0]["handled_seq"], 0);
    let later = home(&fixture, "owner").await;
    assert_eq!(listed(&later), Vec::<String>::new());
    assert!(later["workflows"][0]["visited_at"].is_string(), "{later}");
    assert_eq!(titles(&fixture, "viewer").await.len(), 3, "each person has a cursor");
    // A ticket that is resolved stands for its jobs.
    finish(&second).await;
    assert_eq!(titles(&fixture, "owner").await, ["finished: The second"]);
    // The end has a time before its event; the event decides.
    let seq = later["workflows"][0]["seq"].as_i64().expect("a seq");
    let sql = "update tickets t set resolved_at = h.changed_at - interval '1 second' from history h
                where t.id = $1 and h.stream_id = 'workflow:' || t.workflow_id and h.seq = $2";
    fixture.client.batch_execute("set session_replication_role = replica").await.expect("no triggers");
    fixture.client.execute(sql, &[&second, &seq]).await.expect("a late commit");
    assert_eq!(titles(&fixture, "owner").await, ["finished: The second"]);
    fixture.client.execute(sql, &[&first, &seq]).await.expect("an early one");
    assert_eq!(titles(&fixture, "owner").await, ["finished: The second"], "what was seen stays seen");
    fixture.client.batch_execute("set session_replication_role = origin").await.expect("triggers");
    // A reopened ticket is not finished.
    fixture.ok("change_status", json!({"ticket": second, "new_status": "in_progress"})).await;
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());
}

#[tokio::test]
async fn work_that_does_not_go_on_is_stuck() {
    let fixture = Fixture::open("homestuck").await;
    let ticket = fixture.ticket("Fix the login").await;
    let sql = "insert into findings (id, workflow_id, kind, subject, ticket_id, since, message)
               select kind || '-1', $1, kind, $2, $2, now() - interval '2 hours', 'It has waited.'
                 from unnest('{stuck,urgent_unassigned}'::text[]) kind";
    fixture.client.execute(sql, &[&fixture.workflow, &ticket]).await.expect("findings");
    let made = fixture.ok("create_job", json!({"title": "Build it", "ticket": ticket, "queue": true})).await;
    let claimed = fixture.ok("claim_job", json!({"caller": "member", "worker": "w1", "lease_seconds": 3600})).await;
    assert_eq!(claimed["job"]["id"], made["id"]);
    assert_eq!(titles(&fixture, "owner").await, ["stuck: Fix the login"]);
    let sql = "update jobs set heartbeat_at = now() - interval '50 minutes', lease_expires_at = now() + interval '10 minutes' where id = $1";
    let job = made["id"].as_str().expect("a job");
    run(&fixture, sql, job).await;
    let shown = home(&fixture, "owner").await;
    assert_eq!(listed(&shown), ["stuck: Fix the login", "stuck: Build it"]);
    assert_eq!(shown["stuck"][1]["text"], "w1 has sent no heartbeat for 50 minutes.");
    fixture.ok("mark_visited", json!({"items": [job, "stuck-1"]})).await;
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());
    assert_eq!(titles(&fixture, "viewer").await.len(), 2);
    run(&fixture, "update findings set closed_at = now() where id = $1", "stuck-1").await;
    run(&fixture, "update jobs set heartbeat_at = now() where id = $1", job).await;
    assert_eq!(titles(&fixture, "viewer").await, Vec::<String>::new());
}

#[tokio::test]
async fn cursors_move_forward_only_and_start_again_after_a_restore() {
    let fixture = Fixture::open("homecursor").await;
    let ticket = fixture.ticket("Fix the login").await;
    let early = home(&fixture, "owner").await;
    fixture.ok("resolve_ticket", json!({"ticket": ticket, "resolution_comment": "It works now."})).await;
    let late = home(&fixture, "owner").await;
    let kept = mark(&fixture, "owner", &late, true).await;
    for (seen, handled) in [(&early, false), (&early, true), (&late, false), (&late, true)] {
        assert_eq!(mark(&fixture, "owner", seen, handled).await, kept, "no way back");
    }
    assert_eq!(titles(&fixture, "owner").await, Vec::<String>::new());

    let visit = |workflow: &str, seq: i64| json!([{"workflow_id": workflow, "seq": seq}]);
    let last = late["workflows"][0]["seq"].as_i64().expect("a seq");
    let many: Vec<String> = (0..201).map(|n| n.to_string()).collect();
    for (arguments, code, field) in [
        (json!({}), "CB422", "workflows"),
        (json!({"visits": {}}), "CB422", "workflows"),
        (json!({"visits": visit(&fixture.workflow, last + 1)}), "CB422", "seq"),
        (json!({"visits": visit(&fixture.workflow, -1)}), "CB422", "seq"),
        (json!({"visits": [{"workflow_id": fixture.workflow}]}), "CB422", "seq"),
        (json!({"items": many}), "CB422", "items"),
        (json!({"items": [""]}), "CB422", "items"),
        (json!({"epoch": "other", "visits": visit(&fixture.workflow, last)}), "CB409", "epoch"),
        (json!({"visits": visit("workflow-none", 1)}), "CB404", ""),
        (json!({"items": ["job-none"]}), "CB404", ""),
        (json!({"caller": "outsider", "items": [ticket]}), "CB404", ""),
        (json!({"caller": "outsider", "visits": visit(&fixture.workflow, 1)}), "CB404", ""),
    ] {
        let (state, message, detail) = fixture.call("mark_visited", arguments.clone()).await.expect_err("refused");
        assert_eq!((state.as_str(), detail["field"].as_str().unwrap_or("")), (code, field), "{arguments}: {message}");
    }
    assert_eq!(fixture.refused("get_home", json!({"caller": "outsider"})).await, "CB404");
    let nothing = fixture.ok("get_home", json!({"caller": "outsider", "workflow": null})).await;
    assert_eq!((&nothing["workflows"], &nothing["counts"]["finished"]), (&json!([]), &json!(0)));

    fixture.client.execute("select logic.record_restore()", &[]).await.expect("a restore");
    let (state, _, _) = fixture
        .call("mark_visited", json!({"epoch": late["epoch"], "visits": visit(&fixture.workflow, last)}))
        .await
        .expect_err("another epoch");
    assert_eq!(state, "CB409");
    let shown = home(&fixture, "owner").await;
    assert_eq!(
        (listed(&shown), &shown["workflows"][0]["visited_at"]),
        (vec!["finished: Fix the login".to_owned()], &Value::Null)
    );
    let again = mark(&fixture, "owner", &early_in(&shown), false).await;
    assert_eq!((&again["workflows"][0]["seq"], &again["workflows"][0]["handled_seq"]), (&json!(1), &json!(0)));
}

/// The same answer, as if it had been read after the first event.
fn early_in(shown: &Value) -> Value {
    let mut early = shown.clone();
    early["workflows"][0]["seq"] = json!(1);
    early
}

#[tokio::test]
async fn sections_are_bounded_and_housekeeping_forgets() {
    let fixture = Fixture::open("homebounds").await;
    let sql = format!(
        "set session_replication_role = replica;
         insert into tickets (id, workflow_id, number, title, description, ticket_type, status, rank, is_resolved, resolved_at)
         select 'old-' || n, '{0}', n, 'Finished ' || n, '', 'task', 'done', lpad(n::text, 9, '0'), true,
                now() - n * interval '1 minute' from generate_series(1, 300) n;
         insert into home_handled (actor_id, item_id, workflow_id, handled_at)
         values ('owner', 'old-1', '{0}', now() - interval '41 days'), ('owner', 'old-2', '{0}', now());
         set session_replication_role = origin;
         update workflow_members set added_at = now() - interval '1 year'",
        fixture.workflow
    );
    fixture.client.batch_execute(&sql).await.expect("finished work");
    let shown = fixture.ok("get_home", json!({"max_rows": 3})).await;
    assert_eq!((&shown["counts"]["finished"], shown["finished"].as_array().map(Vec::len)), (&json!(100), Some(3)));
    assert_eq!(shown["finished"][1]["title"], "Finished 3", "the newest first, without what is dealt with");
    fixture.client.execute("select logic.run_maintenance(12)", &[]).await.expect("housekeeping");
    let left = fixture.client.query("select item_id from home_handled", &[]).await.expect("rows");
    assert_eq!(left.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["old-2"]);
}
