//! Moving tickets: blockers, limits, transitions, resolving, claiming.

use serde_json::{Value, json};

use super::fixtures::Fixture;
use crate::harness;

async fn settings(fixture: &Fixture, config: Value) {
    fixture.ok("set_board", json!({"config": config})).await;
}

#[tokio::test]
async fn a_blocked_ticket_stays_until_its_blocker_is_resolved() {
    let fixture = Fixture::open("blocked").await;
    let (first, second) = (fixture.ticket("First").await, fixture.ticket("Second").await);
    fixture.ok("set_blockers", json!({"ticket": second, "blocked_by_ticket_ids": ["TKT-1"]})).await;
    let answer = fixture.ok("change_status", json!({"ticket": second, "new_status": "done"})).await;
    assert_eq!((answer["success"].as_bool(), answer["blocked"].as_bool()), (Some(false), Some(true)));
    assert_eq!(answer["blocking_ticket_ids"], json!([first]));
    assert_eq!(
        fixture.refused("resolve_ticket", json!({"ticket": second, "resolution_comment": "Done, I think"})).await,
        "CB001"
    );
    assert_eq!(
        fixture.refused("resolve_ticket", json!({"ticket": first, "resolution_comment": "Done"})).await,
        "CB422"
    );
    let resolved = fixture
        .ok(
            "resolve_ticket",
            json!({"ticket": first, "resolution_comment": "All of it is done", "commit_sha": "ABCDEF12"}),
        )
        .await;
    assert_eq!(resolved["unblocked_tickets"], json!([second]));
    assert_eq!(fixture.card(&first).await["status"], "done");
    let detail = fixture.ok("get_ticket", json!({"ticket": second})).await;
    assert_eq!(detail["comments"][0]["comment_text"], "Unblocked - TKT-1 was resolved");
    assert_eq!(detail["is_blocked"], false);
    assert_eq!(fixture.ok("get_ticket", json!({"ticket": first})).await["commits"][0]["commit_sha"], "abcdef12");
    assert_eq!(fixture.ok("change_status", json!({"ticket": second, "new_status": "done"})).await["success"], true);
    let again = fixture.ok("resolve_ticket", json!({"ticket": first, "resolution_comment": "All of it is done"})).await;
    assert_eq!(again["unblocked_tickets"], json!([]));
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn moving_the_blocker_to_a_done_column_unblocks() {
    let fixture = Fixture::open("dragged").await;
    let first = fixture.ticket("First").await;
    let second = fixture.ticket_with("Second", json!({"blocked_by_ticket_ids": [first]})).await;
    fixture.ok("change_status", json!({"ticket": first, "new_status": "done"})).await;
    assert_eq!(fixture.card(&second).await["is_blocked"], false);
    assert_eq!(fixture.changes(&second).await, ["created", "blocked", "unblocked", "commented"]);
}

#[tokio::test]
async fn a_cycle_of_any_length_is_refused() {
    let fixture = Fixture::open("cycle").await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(fixture.ticket(&format!("Ticket {n}")).await);
    }
    for pair in ids.windows(2) {
        fixture.ok("set_blockers", json!({"ticket": pair[0], "blocked_by_ticket_ids": [pair[1]]})).await;
    }
    for last in [0, 2, 4] {
        assert_eq!(
            fixture
                .refused("set_blockers", json!({"ticket": ids[4], "blocked_by_ticket_ids": [ids[last]]}))
                .await
                .as_str(),
            if last == 4 { "CB422" } else { "CB004" }
        );
    }
    // Two concurrent halves of a cycle: one is refused.
    let (a, b) = (fixture.ticket("A ticket").await, fixture.ticket("B ticket").await);
    let half = |from: String, to: String| {
        let url = fixture.db.url.clone();
        async move {
            let client = harness::connect(&url).await;
            client.execute("select logic.set_blockers('owner', $1, array[$2])", &[&from, &to]).await.is_ok()
        }
    };
    let (one, two) = tokio::join!(half(a.clone(), b.clone()), half(b, a));
    assert!(one != two, "exactly one succeeds: {one} {two}");
}

#[tokio::test]
async fn a_strict_column_limit_holds_under_concurrency() {
    let fixture = Fixture::open("wip").await;
    settings(&fixture, json!({"columns": [{"id": "backlog"}, {"id": "doing", "wip_limit": 3}, {"id": "done"}], "settings": {"wip_policy": "refuse"}})).await;
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(fixture.ticket(&format!("Ticket {n}")).await);
    }
    let moves = ids.iter().map(|id| {
        let (url, id) = (fixture.db.url.clone(), id.clone());
        async move {
            let client = harness::connect(&url).await;
            match client.execute("select logic.change_status('owner', $1, 'doing')", &[&id]).await {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error.code().map(|c| c.code()), Some("CB003"), "{error:?}");
                    false
                }
            }
        }
    });
    let moved = futures_util::future::join_all(moves).await;
    assert_eq!(moved.iter().filter(|ok| **ok).count(), 3);
    settings(&fixture, json!({"settings": {"wip_policy": "warn"}})).await;
    let free = ids.iter().zip(&moved).find(|(_, moved)| !**moved).map(|(id, _)| id).expect("a remaining ticket");
    let answer = fixture.ok("change_status", json!({"ticket": free, "new_status": "doing"})).await;
    assert!(answer["message"].as_str().is_some_and(|m| m.contains("over its limit")), "{answer}");
}

#[tokio::test]
async fn the_board_controls_transitions_comments_and_reopening() {
    let fixture = Fixture::open("transitions").await;
    let id = fixture.ticket("Follow the rules").await;
    settings(&fixture, json!({"transitions": [{"from": "backlog", "to": "todo"}, {"from": "todo", "to": "done"}, {"from": "done", "to": "todo"}],
        "settings": {"require_comments_on_status_change": true, "allow_reopen": false}})).await;
    let why = "Because it is time";
    assert_eq!(
        fixture.refused("change_status", json!({"ticket": id, "new_status": "done", "comment": why})).await,
        "CB006"
    );
    assert_eq!(
        fixture.refused("change_status", json!({"ticket": id, "new_status": "nowhere", "comment": why})).await,
        "CB002"
    );
    assert_eq!(
        fixture.refused("change_status", json!({"ticket": id, "new_status": "todo", "comment": "short"})).await,
        "CB422"
    );
    assert_eq!(
        fixture
            .refused("change_status", json!({"ticket": id, "new_status": "todo", "comment": why, "version": 9}))
            .await,
        "CB005"
    );
    fixture.ok("change_status", json!({"ticket": id, "new_status": "todo", "comment": why})).await;
    fixture.ok("change_status", json!({"ticket": id, "new_status": "done", "comment": why})).await;
    assert_eq!(
        fixture.refused("change_status", json!({"ticket": id, "new_status": "todo", "comment": why})).await,
        "CB008"
    );
    settings(&fixture, json!({"settings": {"allow_reopen": true}})).await;
    fixture.ok("change_status", json!({"ticket": id, "new_status": "todo", "comment": why})).await;
    let card = fixture.card(&id).await;
    assert_eq!((card["is_resolved"].as_bool(), card["completed_at"].is_null()), (Some(false), true));
    assert!(fixture.changes(&id).await.contains(&"reopened".to_owned()));
}

#[tokio::test]
async fn a_drop_lands_next_to_its_target() {
    let fixture = Fixture::open("drops").await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(fixture.ticket(&format!("Ticket {n}")).await);
    }
    fixture.ok("change_status", json!({"ticket": ids[0], "new_status": "todo"})).await;
    fixture.ok("change_status", json!({"ticket": ids[1], "new_status": "todo", "before": ids[0]})).await;
    fixture.ok("change_status", json!({"ticket": ids[2], "new_status": "todo", "after": ids[1]})).await;
    fixture.ok("change_status", json!({"ticket": ids[3], "new_status": "todo", "before": "ticket-gone"})).await;
    let order = async || -> Vec<String> {
        let rows = fixture
            .client
            .query("select id from tickets where status = 'todo' order by rank, number", &[])
            .await
            .expect("order");
        rows.iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(order().await, [ids[1].clone(), ids[2].clone(), ids[0].clone(), ids[3].clone()]);
    fixture.ok("reorder_ticket", json!({"ticket": ids[3], "before": ids[1]})).await;
    assert_eq!(order().await[0], ids[3]);
    assert_eq!(fixture.refused("reorder_ticket", json!({"ticket": ids[3]})).await, "CB422");
    assert_eq!(fixture.refused("reorder_ticket", json!({"ticket": ids[3], "before": ids[3]})).await, "CB422");
}

#[tokio::test]
async fn sixteen_claimers_never_get_the_same_ticket() {
    let fixture = Fixture::open("claims").await;
    for n in 0..30 {
        fixture
            .ticket_with(&format!("Ticket {n}"), json!({"priority": if n == 29 { "critical" } else { "medium" }}))
            .await;
    }
    let blocked =
        fixture.ticket_with("Blocked", json!({"blocked_by_ticket_ids": ["TKT-1"], "priority": "critical"})).await;
    let first = fixture.ok("claim_ticket", json!({})).await;
    assert_eq!(first["ticket"]["key"], "TKT-30", "the most urgent ticket first");
    let claimers = (0..16).map(|_| {
        let (url, workflow) = (fixture.db.url.clone(), fixture.workflow.clone());
        async move {
            let client = harness::connect(&url).await;
            let mut mine: Vec<String> = Vec::new();
            loop {
                let row = client
                    .query_one("select logic.claim_ticket('member', $1) ->> 'ticket_id'", &[&workflow])
                    .await
                    .expect("claim");
                match row.get::<_, Option<String>>(0) {
                    Some(id) => mine.push(id),
                    None => return mine,
                }
            }
        }
    });
    let mut all: Vec<String> = futures_util::future::join_all(claimers).await.into_iter().flatten().collect();
    let counted = all.len();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), counted), (29, 29), "each ticket once, and none left");
    assert!(!all.contains(&blocked));
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn one_bulk_change_reports_each_ticket() {
    let fixture = Fixture::open("bulk").await;
    let (a, b) = (fixture.ticket("First").await, fixture.ticket("Second").await);
    fixture.ok("set_blockers", json!({"ticket": b, "blocked_by_ticket_ids": [a]})).await;
    let answer = fixture
        .ok(
            "bulk_update_tickets",
            json!({"ticket_ids": [a, "TKT-2"], "updates": {"tags": ["x"]}, "new_status": "review"}),
        )
        .await;
    assert_eq!(answer["updated"], 1);
    assert_eq!(answer["results"][1]["blocked"], true);
    assert_eq!(fixture.card(&b).await["tags"], json!(["x"]));
    for bad in
        [json!({"ticket_ids": []}), json!({"ticket_ids": [a]}), json!({"ticket_ids": ["TKT-77"], "new_status": "done"})]
    {
        assert_eq!(fixture.refused("bulk_update_tickets", bad).await, "CB422");
    }
}

#[tokio::test]
async fn calls_waiting_for_a_deleted_ticket_get_not_found() {
    let fixture = Fixture::open("gone").await;
    let calls = [
        ("update_ticket", json!({"updates": {"title": "Too late"}})),
        ("change_status", json!({"new_status": "todo"})),
        ("resolve_ticket", json!({"resolution_comment": "Long since done"})),
        ("set_blockers", json!({"blocked_by_ticket_ids": []})),
        ("delete_ticket", json!({})),
    ];
    for (name, arguments) in calls {
        let ticket = fixture.ticket("Not for long").await;
        let mut arguments = arguments;
        arguments["ticket"] = json!(ticket);
        let mut other = harness::connect(&fixture.db.url).await;
        let deletion = other.transaction().await.expect("begin");
        deletion.execute("select logic.delete_ticket('owner', $1)", &[&ticket]).await.expect("delete");
        let watch = harness::connect(&fixture.db.url).await;
        let waiting = async {
            harness::eventually("the call waits", async || {
                let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
                watch.query_one(sql, &[]).await.expect("activity").get::<_, i64>(0) == 1
            })
            .await;
            deletion.commit().await.expect("commit");
        };
        let (code, ()) = tokio::join!(fixture.refused(name, arguments), waiting);
        assert_eq!(code, "CB404", "{name}");
        let title: String =
            watch.query_one("select title from tickets where id = $1", &[&ticket]).await.expect("the row").get(0);
        assert_eq!(title, "Not for long");
    }
    fixture.streams_are_gapless().await;
}
