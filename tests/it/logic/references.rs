//! Parents, relations and columns: what stands stays, what is new is checked, and a name is not a move.

use serde_json::{Value, json};

use super::fixtures::Fixture;
use crate::harness;

#[tokio::test]
async fn deleted_references_do_not_stop_an_update() {
    let fixture = Fixture::open("references").await;
    let (parent, related, other) =
        (fixture.ticket("Parent").await, fixture.ticket("Related").await, fixture.ticket("Other").await);
    let id = fixture.ticket_with("Child", json!({"parent_ticket_id": parent, "related_ticket_ids": [related]})).await;
    for gone in [&parent, &related, &other] {
        fixture.ok("delete_ticket", json!({"ticket": gone})).await;
    }
    let unchanged = json!({"title": "A new title", "parent_ticket_id": parent, "related_ticket_ids": ["TKT-2"]});
    let updated = fixture.ok("update_ticket", json!({"ticket": id, "updates": unchanged})).await;
    assert_eq!(updated["fields_updated"], json!(["title"]));
    for new in [json!({"parent_ticket_id": other}), json!({"related_ticket_ids": [related, other]})] {
        assert_eq!(fixture.refused("update_ticket", json!({"ticket": id, "updates": new})).await, "CB422");
    }
    let details = fixture.ok("get_ticket", json!({"ticket": id})).await;
    assert_eq!(
        (&details["parent_ticket"]["deleted"], &details["related_tickets"][0]["deleted"]),
        (&json!(true), &json!(true))
    );
}

#[tokio::test]
async fn two_halves_of_a_parent_cycle_are_not_both_accepted() {
    let fixture = Fixture::open("parents").await;
    for round in 0..5 {
        let (a, b) = (fixture.ticket(&format!("A {round}")).await, fixture.ticket(&format!("B {round}")).await);
        let half = |child: String, parent: String| {
            let url = fixture.db.url.clone();
            async move {
                let client = harness::connect(&url).await;
                let sql = "select logic.update_ticket('owner', $1, jsonb_build_object('parent_ticket_id', $2::text))";
                client.execute(sql, &[&child, &parent]).await.is_ok()
            }
        };
        let (one, two) = tokio::join!(half(a.clone(), b.clone()), half(b, a));
        assert!(one != two, "exactly one succeeds: {one} {two}");
    }
}

#[tokio::test]
async fn a_comment_on_a_change_that_was_made_already_is_kept() {
    let fixture = Fixture::open("keepcomment").await;
    let id = fixture.ticket("A ticket").await;
    let same = json!({"ticket": id, "new_status": "backlog", "comment": "Why it stays here", "commit_sha": "abcdef12"});
    for _ in 0..2 {
        let answer = fixture.ok("change_status", same.clone()).await;
        assert_eq!(answer["message"], "TKT-1 is in backlog already; the comment was added and the commit was linked.");
    }
    let resolve = |comment: &str| json!({"ticket": id, "resolution_comment": comment});
    fixture.ok("resolve_ticket", resolve("All of it is done")).await;
    fixture.ok("resolve_ticket", resolve("And it was checked")).await;
    let details = fixture.ok("get_ticket", json!({"ticket": id})).await;
    let texts: Vec<&Value> =
        details["comments"].as_array().expect("comments").iter().map(|one| &one["comment_text"]).collect();
    assert_eq!(texts, ["Why it stays here", "All of it is done", "And it was checked"]);
    assert_eq!(details["commits"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn renaming_a_column_is_not_a_move() {
    let fixture = Fixture::open("rename").await;
    let columns = json!([{"id": "backlog"}, {"id": "doing", "category": "active"}, {"id": "done"}]);
    fixture.ok("set_board", json!({"config": {"columns": columns}})).await;
    let (moved, waiting) = (fixture.ticket("Moved").await, fixture.ticket("Waiting").await);
    fixture.ok("change_status", json!({"ticket": moved, "new_status": "doing"})).await;
    let started = fixture.card(&moved).await["started_at"].clone();
    let columns =
        json!([{"id": "inbox", "previous_id": "backlog"}, {"id": "active", "previous_id": "doing"}, {"id": "done"}]);
    fixture.ok("set_board", json!({"config": {"columns": columns}})).await;
    fixture.client.execute("update board_columns set id = 'new' where id = 'inbox'", &[]).await.expect("renamed");
    let card = fixture.card(&moved).await;
    assert_eq!((&card["status"], &card["started_at"]), (&json!("active"), &started));
    assert_eq!(fixture.changes(&moved).await, ["created", "status_changed", "column_renamed"]);
    assert_eq!(fixture.changes(&waiting).await, ["created", "column_renamed", "column_renamed"]);
    let stays = "select status, left_at is null from reporting.stays where ticket_id = $1 order by entered_at";
    let stays = fixture.client.query(stays, &[&moved]).await.expect("stays");
    let stays: Vec<(String, bool)> = stays.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(stays, [("backlog".to_owned(), false), ("active".to_owned(), true)]);
    // A real move in the same transaction is one.
    fixture
        .client
        .batch_execute(&format!(
            "begin; update board_columns set id = 'working' where id = 'active';
             update tickets set status = 'done' where id = '{moved}'; commit"
        ))
        .await
        .expect("a transaction");
    assert_eq!(fixture.changes(&moved).await[3..], ["column_renamed", "status_changed", "resolved"]);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn a_date_is_a_whole_day_of_its_zone() {
    let fixture = Fixture::open("days").await;
    let id = fixture.ticket("Late in the evening").await;
    let late = "update tickets set created_at = '2026-11-28 23:30+00' where id = $1";
    fixture.client.execute(late, &[&id]).await.expect("a time");
    let count = async |filters: Value| {
        let found = fixture.ok("list_tickets", json!({"filters": filters})).await["total_count"].clone();
        let searched = fixture.ok("search_by_filters", json!({"filters": filters, "max_rows": 10})).await;
        assert_eq!(searched["total_found"], found, "{filters}");
        found
    };
    assert_eq!(count(json!({"created_before": "2026-11-28"})).await, 1);
    assert_eq!(count(json!({"created_after": "2026-11-28", "created_before": "2026-11-28"})).await, 1);
    assert_eq!(count(json!({"created_after": "2026-11-29"})).await, 0);
    assert_eq!(count(json!({"created_before": "2026-11-28T23:30:00Z"})).await, 1);
    assert_eq!(count(json!({"created_before": "2026-11-28", "tz": "Europe/Berlin"})).await, 0);
    assert_eq!(count(json!({"created_after": "2026-11-29", "tz": "Europe/Berlin"})).await, 1);
    assert_eq!(count(json!({"created_after": "2026-11-29T00:00:00", "tz": "Europe/Berlin"})).await, 1);
    for zone in ["Mars/Base", "", "UTC+3", "Europe/../UTC"] {
        let filters = json!({"created_after": "2026-11-29", "tz": zone});
        assert_eq!(fixture.refused("list_tickets", json!({"filters": filters})).await, "CB422", "{zone}");
        assert_eq!(fixture.refused("update_workflow", json!({"time_zone": zone})).await, "CB422", "{zone}");
        assert_eq!(fixture.refused("get_ticket_stats", json!({"tz": zone})).await, "CB422", "{zone}");
    }
    // The workflow's zone is the default, also of daily figures and of a saved search.
    let saved = json!({"name": "That day", "query": "", "filters": {"created_before": "2026-11-28"}, "notify": true});
    let search = fixture.ok("save_search", saved).await;
    assert_eq!(search["filters"], json!({"created_before": "2026-11-28"}));
    assert_eq!(fixture.ok("update_workflow", json!({"time_zone": "Asia/Tokyo"})).await["time_zone"], "Asia/Tokyo");
    assert_eq!(count(json!({"created_before": "2026-11-28"})).await, 0);
    assert_eq!(fixture.ok("get_ticket_stats", json!({})).await["time_zone"], "Asia/Tokyo");
    assert_eq!(fixture.ok("get_ticket_stats", json!({"tz": "UTC"})).await["time_zone"], "UTC");
    let row = fixture.client.query_one("select day::text from reporting.daily", &[]).await.expect("a day");
    assert_eq!(row.get::<_, String>(0), "2026-11-29");
}
