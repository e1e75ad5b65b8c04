//! Costs and answers that do not grow with what is over: boards with many done tickets, tickets with a long past, lists.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::fixtures::Fixture;

/// Fills tables without their triggers, which would take a minute for what a year of work leaves behind.
async fn fill(fixture: &Fixture, statements: &str) {
    let sql = statements.replace("{workflow}", &fixture.workflow);
    let all = format!("set session_replication_role = replica; {sql}; set session_replication_role = origin; analyze");
    fixture.client.batch_execute(&all).await.expect("a filled database");
}

/// Inserts tickets of the column done, with ranks in the order of their numbers.
async fn add_done(fixture: &Fixture, from: u32, to: u32) {
    let insert = "insert into tickets (id, workflow_id, number, title, description, ticket_type, status, rank, is_resolved, created_at)
        select 'done-' || n, '{workflow}', n, 'Finished work ' || n, 'It was finished.', 'task', 'done', lpad(n::text, 9, '0'), true,
               now() - interval '1 day' - n * interval '1 second'
          from generate_series({from}, {to}) n;
        insert into jobs (id, workflow_id, title, status, created_by, finished_at, created_at)
        select 'job-' || n, '{workflow}', 'Finished ' || n, 'succeeded', 'owner', now(), now() - n * interval '1 second'
          from generate_series({from}, {to}) n;
        insert into approvals (id, workflow_id, kind, question, status, asked_by, asked_through, decided_by, decided_at)
        select 'approval-' || lpad(n::text, 9, '0'), '{workflow}', 'question', 'What now?', 'answered', 'member', 'member', 'owner', now()
          from generate_series({from}, {to}) n";
    fill(fixture, &insert.replace("{from}", &from.to_string()).replace("{to}", &to.to_string())).await;
}

/// The blocks that a call reads. The call is made twice, because the first one also reads catalogs.
async fn blocks(fixture: &Fixture, call: &str) -> i64 {
    let call = call.replace("{workflow}", &fixture.workflow);
    let mut read = 0;
    for _ in 0..2 {
        fixture.client.batch_execute("begin").await.expect("a transaction");
        let row =
            fixture.client.query_one(&format!("explain (analyze, buffers, format json) select {call}"), &[]).await;
        let plan: tokio_postgres::types::Json<Value> = row.unwrap_or_else(|error| panic!("{call}: {error:?}")).get(0);
        read = ["Shared Hit Blocks", "Shared Read Blocks"]
            .iter()
            .filter_map(|kind| plan.0[0]["Plan"][kind].as_i64())
            .sum();
        fixture.client.batch_execute("rollback").await.expect("undone");
    }
    read
}

/// All entries of a list over its pages, which follow `cursor`; `read` returns a page for a cursor.
async fn pages(fixture: &Fixture, name: &str, arguments: Value, list: &str, cursor: &Value) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), cursor.clone());
    while !cursor.is_null() {
        let mut arguments = arguments.clone();
        arguments["cursor"] = cursor;
        let page = fixture.ok(name, arguments).await;
        found.extend(page[list].as_array().expect("a list").iter().cloned());
        cursor = page["next_cursor"].clone();
    }
    found
}

fn ids(list: &Value, field: &str) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|entry| entry[field].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_shows_the_last_tickets_of_a_done_column_and_where_the_others_are() {
    let fixture = Fixture::open("growth_board").await;
    let open = fixture.ticket("Work that is left").await;
    add_done(&fixture, 1_001, 2_000).await;
    let created = "insert into history (stream_id, seq, workflow_id, ticket_id, change_type, metadata, actor_id)
        select 'workflow:{workflow}', number, '{workflow}', id, 'created', jsonb_build_object('ticket', jsonb_build_object('rank', rank)), 'owner'
          from tickets where id like 'done-%';
        update streams set last_seq = 2000 where stream_id = 'workflow:{workflow}'";
    fill(&fixture, created).await;
    let body = fixture.ok("board_snapshot", json!({})).await["body"].clone();
    let board: Value = serde_json::from_str(body.as_str().expect("text")).expect("JSON");
    let shown: HashSet<String> = ids(&board["tickets"], "ticket_id").into_iter().collect();
    assert_eq!(shown.len(), 201);
    assert!(shown.contains(&open) && shown.contains("done-2000") && shown.contains("done-1801"));
    assert_eq!(board["board_config"]["columns"][5]["ticket_count"], 1_000);
    let left_out = &board["left_out"][0];
    assert_eq!((&left_out["status"], &left_out["count"]), (&json!("done"), &json!(800)));
    assert_eq!(board["left_out"].as_array().map(Vec::len), Some(1));

    // A ticket that moves meanwhile keeps its place in the pages.
    fixture.ok("change_status", json!({"ticket": "done-1500", "new_status": "done", "after": "done-1990"})).await;
    let list = json!({"filters": {"status": ["done"]}, "sort_by": "rank", "sort_order": "desc", "max_rows": 150});
    let older = pages(&fixture, "list_tickets", list, "tickets", &left_out["cursor"]).await;
    let older = ids(&json!(older), "ticket_id");
    assert_eq!((older.len(), older.first().map(String::as_str)), (800, Some("done-1800")));
    assert_eq!(older.iter().collect::<HashSet<_>>().len(), 800, "no ticket twice");
    assert!(older.iter().all(|id| !shown.contains(id)), "none that the board shows");

    let body = fixture.ok("list_staged_tickets", json!({})).await["body"].clone();
    let staged: Value = serde_json::from_str(body.as_str().expect("text")).expect("JSON");
    assert_eq!(staged.as_array().map(Vec::len), Some(201));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_with_a_long_past_has_short_details_and_pages_for_the_rest() {
    let fixture = Fixture::open("growth_ticket").await;
    let (old, fresh) = (fixture.ticket("A ticket with a past").await, fixture.ticket("A ticket without one").await);
    add_done(&fixture, 1_001, 1_300).await;
    let past = "insert into ticket_comments (id, ticket_id, workflow_id, agent_id, comment_text, created_at)
            select 'comment-' || n, '{ticket}', '{workflow}', 'owner', 'Remark ' || n, now() - n * interval '1 second' from generate_series(1, 1200) n;
        insert into comment_reactions (comment_id, actor_id, emoji, workflow_id) select 'comment-1', 'agent-' || n, '+1', '{workflow}' from generate_series(1, 300) n;
        insert into ticket_commits (id, ticket_id, workflow_id, commit_sha, linked_at)
            select 'tc-' || n, '{ticket}', '{workflow}', md5(n::text), now() - n / 2 * interval '1 second' from generate_series(1, 450) n;
        update tickets set parent_ticket_id = '{ticket}' where id like 'done-%';
        insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id, released_at) select '{ticket}', id, '{workflow}', now() from tickets where id like 'done-%';
        insert into history (stream_id, seq, workflow_id, ticket_id, change_type, field_name, metadata, actor_id)
            select 'workflow:{workflow}', 1000 + n, '{workflow}', '{ticket}', 'field_updated', 'priority', '{\"changes\": {\"priority\": \"low\"}}', 'owner' from generate_series(1, 10000) n;
        update streams set last_seq = 11000 where stream_id = 'workflow:{workflow}'";
    fill(&fixture, &past.replace("{ticket}", &old)).await;
    let detail = fixture.ok("get_ticket", json!({"ticket": old})).await;
    let size = |list: &str| detail[list].as_array().map(Vec::len);
    assert_eq!((size("comments"), size("history"), size("commits")), (Some(500), Some(200), Some(200)));
    assert_eq!((size("sub_tickets"), size("resolved_blockers"), size("blocks")), (Some(200), Some(200), Some(0)));
    assert_eq!(detail["cut_lists"], json!(["resolved_blockers", "sub_tickets"]));
    let newest = &detail["comments"][499]["reactions"][0];
    assert_eq!((&newest["count"], newest["agent_ids"].as_array().map(Vec::len)), (&json!(300), Some(100)));
    for (part, key, total) in [("comments", "comment_id", 1_200), ("commits", "commit_sha", 450)] {
        let arguments = json!({"ticket": old, "part": part, "comment": null, "max_rows": 90});
        let mut all = pages(&fixture, "get_ticket_page", arguments, part, &detail["next_cursors"][part]).await;
        all.extend(detail[part].as_array().expect("a list").iter().cloned());
        let known: HashSet<String> = ids(&json!(all), key).into_iter().collect();
        assert_eq!((all.len(), known.len()), (total, total), "{part}");
    }
    let arguments = json!({"ticket": old, "part": "history", "comment": null, "max_rows": 1_000});
    let changes = pages(&fixture, "get_ticket_page", arguments, "history", &detail["next_cursors"]["history"]).await;
    assert_eq!(changes.len(), 9_801, "10,000 and the creation, without the 200 in the details");
    let detail = fixture.ok("get_ticket", json!({"ticket": fresh})).await;
    assert_eq!(detail["next_cursors"], json!({"comments": null, "history": null, "commits": null}));
    assert_eq!(detail["cut_lists"], json!([]));

    // What writes answer is as long as for a ticket without a past.
    for (name, arguments) in [
        ("update_ticket", json!({"updates": {"priority": "high"}})),
        ("add_comment", json!({"comment_text": "Still here."})),
        ("link_commit", json!({"commit_sha": "0123456789"})),
        ("request_review", json!({})),
        ("move_ticket_to_stage", json!({"stage": "review"})),
        ("change_status", json!({"new_status": "testing"})),
        ("reorder_ticket", json!({})),
    ] {
        let mut sizes = Vec::new();
        for ticket in [&old, &fresh] {
            let mut arguments = arguments.clone();
            arguments["ticket"] = json!(ticket);
            sizes.push(fixture.call(name, arguments).await.map_or(0, |answer| answer.to_string().len()));
        }
        assert!(sizes[0] <= sizes[1] + 100, "{name}: {sizes:?}");
    }
}

/// Reads a multiple of the blocks for three times the number of done tickets, ended jobs and decided approvals where a
/// statement scans them all. Both numbers are beyond what answers count to.
#[tokio::test(flavor = "multi_thread")]
async fn reading_costs_the_same_however_much_is_done() {
    let fixture = Fixture::open("growth_costs").await;
    for n in 0..20 {
        fixture.ticket(&format!("Open work {n}")).await;
    }
    let calls = [
        "logic.board_snapshot('owner', '{workflow}')",
        "logic.list_staged_tickets('owner', '{workflow}')",
        "logic.get_workflow('owner', '{workflow}')",
        "logic.list_workflows('owner', false, 50)",
        "logic.list_executions('owner', 'active')",
        "logic.get_execution('owner', '{workflow}')",
        "logic.list_tickets('owner', '{workflow}')",
        "logic.list_tickets('owner', '{workflow}', '{\"include_completed\": false}')",
        "logic.list_tickets('owner', '{workflow}', '{\"status\": [\"backlog\"]}', 'status')",
        "logic.list_tickets('owner', '{workflow}', '{\"status\": [\"done\"]}', 'rank', 'desc')",
        "logic.list_tickets('owner', '{workflow}', '{\"silent_minutes\": 5}')",
        "logic.list_tickets('owner', '{workflow}', sort_by => 'updated_at')",
        "logic.search_by_filters('owner', '{workflow}', '{}', 50)",
        "logic.list_jobs('owner')",
        "logic.list_jobs('owner', '{workflow}', statuses => '{running}')",
        "logic.list_approvals('owner')",
        "logic.list_approvals('owner', statuses => '{pending}')",
        "logic.claim_ticket('member', '{workflow}')",
        "logic.claim_job('member', '{workflow}')",
        "logic.create_ticket('owner', '{workflow}', 'One more ticket', 'It is described here.')",
    ];
    add_done(&fixture, 1_001, 13_000).await;
    let mut before = Vec::new();
    for call in calls {
        before.push(blocks(&fixture, call).await);
    }
    add_done(&fixture, 13_001, 37_000).await;
    fixture.client.batch_execute("vacuum analyze").await.expect("vacuum");
    for (call, before) in calls.into_iter().zip(before) {
        let after = blocks(&fixture, call).await;
        assert!(after <= before + before / 5 + 60, "{call}: {before} blocks with 12,000, {after} with 36,000");
    }
}

/// By priority, then the later column, then the order of the column; a locked or assigned ticket is passed over.
#[tokio::test(flavor = "multi_thread")]
async fn claims_go_through_priorities_and_columns_in_order() {
    let fixture = Fixture::open("growth_claims").await;
    let low = fixture.ticket_with("Low in todo", json!({"priority": "low", "initial_status": "todo"})).await;
    let early = fixture.ticket_with("High in backlog", json!({"priority": "high"})).await;
    let later = fixture.ticket_with("High in todo", json!({"priority": "high", "initial_status": "todo"})).await;
    let taken =
        fixture.ticket_with("Critical and taken", json!({"priority": "critical", "assigned_agent_id": "owner"})).await;
    let mut claimed = Vec::new();
    for _ in 0..4 {
        claimed.push(fixture.ok("claim_ticket", json!({"caller": "member"})).await["ticket_id"].clone());
    }
    assert_eq!(claimed, [json!(later), json!(early), json!(low), Value::Null], "{taken} is assigned");
    let blocked = fixture.ticket_with("Blocked", json!({"priority": "critical", "blocked_by_ticket_ids": [low]})).await;
    let only = fixture.ok("claim_ticket", json!({"caller": "member"})).await;
    assert_eq!(only["ticket_id"], Value::Null, "{blocked} is blocked");
}

/// While a snapshot is held open, each event and each ticket leaves a version of its counter, and each claimed job its entry
/// in the queue, in the table and in the index.
#[tokio::test(flavor = "multi_thread")]
async fn writes_cost_the_same_beside_a_transaction_that_stays_open() {
    let fixture = Fixture::open("growth_held").await;
    let ticket = fixture.ticket("Moves while a backup runs").await;
    let calls = [
        format!("logic.change_status('owner', '{ticket}', 'todo')"),
        format!("logic.update_ticket('owner', '{ticket}', '{{\"priority\": \"high\"}}')"),
        "logic.create_ticket('owner', '{workflow}', 'One more ticket')".to_owned(),
        "logic.claim_job('member', '{workflow}')".to_owned(),
        format!("logic.add_comment('owner', '{ticket}', 'Locks the stream before it counts')"),
        format!("logic.resolve_ticket('owner', '{ticket}', 'Locks the stream before the ticket')"),
        format!("logic.bulk_update_tickets('owner', '{{workflow}}', array['{ticket}'], '{{\"priority\": \"low\"}}')"),
    ];
    let jobs = "insert into jobs (workflow_id, title, status) select '{workflow}', 'Job ' || n, 'queued' from generate_series(1, 900) n";
    fixture.client.batch_execute(&jobs.replace("{workflow}", &fixture.workflow)).await.expect("jobs");
    let mut before = Vec::new();
    for call in &calls {
        before.push(blocks(&fixture, call).await);
    }
    let holder = crate::harness::connect(&fixture.db.url).await;
    holder.batch_execute("begin isolation level repeatable read; select from streams").await.expect("a snapshot");
    let use_counters = "do $$ begin
            for n in 1..20000 loop
                perform logic.allocate_sequence_numbers('{workflow:{workflow}}'), logic.reserve_ticket_numbers('{workflow}', 1);
                commit;
            end loop;
        end $$";
    let use_queue = "do $$ declare claimed jsonb; begin
            for n in 1..800 loop
                claimed := logic.claim_job('member', '{workflow}');
                commit;
                perform logic.complete_job('member', claimed #>> '{job,id}', claimed ->> 'lease_token');
                commit;
            end loop;
        end $$";
    fixture.client.batch_execute(&use_counters.replace("{workflow}", &fixture.workflow)).await.expect("20,000 numbers");
    fixture.client.batch_execute(&use_queue.replace("{workflow}", &fixture.workflow)).await.expect("800 claims");
    // A session remembers for a minute where the queue begins, but not what a rolled back call has found.
    let claim = "select logic.claim_job('member', '{workflow}')".replace("{workflow}", &fixture.workflow);
    fixture.client.batch_execute(&claim).await.expect("a claim");
    // One in sixty versions of a counter begins a new page, and its index entry is compared with all others. Calls that are rolled
    // back would do so again and again, so a committed one goes before each, and the usual cost counts.
    let use_counters = use_counters.replace("20000", "3").replace("{workflow}", &fixture.workflow);
    for (call, before) in calls.iter().zip(before) {
        let mut after = i64::MAX;
        for _ in 0..3 {
            fixture.client.batch_execute(&use_counters).await.expect("3 numbers");
            after = after.min(blocks(&fixture, call).await);
        }
        assert!(after <= before + before / 5 + 60, "{call}: {before} blocks at first, {after} later");
    }
    holder.batch_execute("commit").await.expect("the end of the snapshot");
}

/// Sessions keep the plans of their first claims; statistics come a minute later.
#[tokio::test(flavor = "multi_thread")]
async fn claims_do_not_read_a_queue_that_has_just_become_long() {
    let fixture = Fixture::open("growth_new_queue").await;
    let calls = ["logic.claim_job('member', '{workflow}')", "logic.claim_ticket('member', '{workflow}')"];
    for call in calls {
        for _ in 0..6 {
            blocks(&fixture, call).await;
        }
    }
    let fill = "insert into jobs (workflow_id, title, status) select '{workflow}', 'Job ' || n, 'queued' from generate_series(1, 6000) n;
        insert into tickets (workflow_id, title, description) select '{workflow}', 'Ticket ' || n, '' from generate_series(1, 6000) n";
    fixture.client.batch_execute(&fill.replace("{workflow}", &fixture.workflow)).await.expect("jobs and tickets");
    for call in calls {
        let read = blocks(&fixture, call).await;
        assert!(read < 400, "{call}: {read} blocks for one of 6,000");
    }
}
