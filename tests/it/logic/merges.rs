//! Merging and unmerging duplicates: moved data, refusals, and no loss.

use serde_json::{Value, json};

use super::fixtures::Fixture;
use crate::harness;

async fn merge(fixture: &Fixture, ticket: &str, into: &str) -> Value {
    fixture.ok("merge_tickets", json!({"ticket": ticket, "into_ticket": into})).await
}

async fn detail(fixture: &Fixture, ticket: &str) -> Value {
    fixture.ok("get_ticket", json!({"ticket": ticket})).await
}

async fn found(fixture: &Fixture, words: &str) -> Vec<String> {
    let rows = fixture
        .client
        .query(
            "select t.title from ticket_search s join tickets t on t.id = s.ticket_id
              where s.document @@ plainto_tsquery('english', $1) order by 1",
            &[&words],
        )
        .await
        .expect("a search");
    rows.iter().map(|row| row.get(0)).collect()
}

/// A row of `tickets` without its change counters.
async fn state(fixture: &Fixture, ticket: &str) -> Value {
    let card = fixture.card(ticket).await;
    let mut card = card.as_object().expect("a card").clone();
    for counter in ["version", "updated_at", "comment_count"] {
        card.remove(counter);
    }
    Value::Object(card)
}

#[tokio::test]
async fn merging_moves_related_data_and_unmerging_restores_it() {
    let fixture = Fixture::open("merge").await;
    let waits = fixture.ticket("Waited for by both").await;
    let original = fixture.ticket_with("The original", json!({"tags": ["a"], "blocked_by_ticket_ids": [waits]})).await;
    let more = json!({"tags": ["a", "b"], "blocked_by_ticket_ids": [waits], "related_task_ids": ["JIRA-1"]});
    let duplicate = fixture.ticket_with("The duplicate", more).await;
    let held = fixture.ticket_with("Held up", json!({"blocked_by_ticket_ids": [duplicate]})).await;
    let part = fixture.ticket_with("A part", json!({"parent_ticket_id": duplicate})).await;
    let related = fixture.ticket_with("Related", json!({"related_ticket_ids": [duplicate]})).await;
    let comment = fixture.ok("add_comment", json!({"ticket": duplicate, "comment_text": "About xylophones"})).await;
    fixture.ok("set_reaction", json!({"comment": comment["comment_id"], "emoji": "👍", "present": true})).await;
    for (ticket, sha) in [(&original, "aaaa"), (&duplicate, "aaaa"), (&duplicate, "bbbb")] {
        fixture.ok("link_commit", json!({"ticket": ticket, "commit_sha": sha})).await;
    }
    let mut before = Vec::new();
    for ticket in [&original, &duplicate, &held, &part] {
        before.push(state(&fixture, ticket).await);
    }
    let old_comment = detail(&fixture, &duplicate).await["comments"][0].clone();

    let arguments = json!({"ticket": duplicate, "into_ticket": original, "comment": "Reported twice."});
    let answer = fixture.ok("merge_tickets", arguments).await;
    assert_eq!(answer["moved"], json!({"comments": 1, "commits": 1, "blockers": 1, "sub_tickets": 1}));
    assert_eq!(answer["unblocked_tickets"], json!([]));
    let merged = detail(&fixture, &duplicate).await;
    assert_eq!(merged["merged_into"]["ticket_id"], original.as_str());
    assert_eq!((&merged["status"], &merged["is_resolved"]), (&json!("done"), &json!(true)));
    assert_eq!(merged["comments"], json!([]));
    let whole = detail(&fixture, &original).await;
    assert_eq!(whole["duplicates"][0]["ticket_id"], duplicate.as_str());
    assert_eq!((&whole["tags"], &whole["related_task_ids"]), (&json!(["a", "b"]), &json!(["JIRA-1"])));
    assert_eq!(whole["commits"].as_array().map(Vec::len), Some(2));
    assert_eq!(whole["sub_tickets"][0]["ticket_id"], part.as_str());
    assert_eq!(whole["blocks"][0]["ticket_id"], held.as_str());
    let mut moved = whole["comments"][0].clone();
    assert_eq!(moved["ticket_id"], original.as_str());
    moved["ticket_id"] = old_comment["ticket_id"].clone();
    assert_eq!(moved, old_comment, "author, time and reactions are kept");
    let system_comment = whole["comments"][1].clone();
    assert_eq!((&system_comment["comment_type"], &system_comment["agent_id"]), (&json!("system"), &json!("owner")));
    assert!(
        system_comment["comment_text"]
            .as_str()
            .is_some_and(|text| text.contains("TKT-3") && text.contains("Reported twice."))
    );
    assert_eq!(fixture.card(&held).await["blocked_by_ticket_ids"], json!([original]));
    assert_eq!(detail(&fixture, &related).await["related_ticket_ids"], json!([original]));
    assert!(fixture.changes(&duplicate).await.contains(&"ticket_merged".to_owned()));
    assert!(fixture.changes(&original).await.contains(&"ticket_merged".to_owned()));
    // A merged ticket is on no board and in no list, statistics or search.
    let board = fixture.ok("board_snapshot", json!({})).await;
    assert!(!board["body"].as_str().expect("a board").contains("\"The duplicate\""));
    let list = fixture.ok("list_tickets", json!({"filters": {"status": ["done"]}})).await;
    assert_eq!(list["total_count"], 0);
    assert_eq!(fixture.ok("get_ticket_stats", json!({})).await["stats"]["total_tickets"], 5);
    assert_eq!(found(&fixture, "xylophone").await, ["The original"]);
    assert_eq!(found(&fixture, "duplicate").await, ["The original"], "matches its comments");

    let answer = fixture.ok("unmerge_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(answer["kept"], json!([]), "{answer}");
    assert_eq!(answer["moved"], json!({"comments": 1, "commits": 1, "blockers": 2, "sub_tickets": 1}));
    for (ticket, before) in [&original, &duplicate, &held, &part].into_iter().zip(before) {
        assert_eq!(state(&fixture, ticket).await, before);
    }
    assert_eq!(detail(&fixture, &duplicate).await["comments"], json!([old_comment]));
    assert_eq!(detail(&fixture, &related).await["related_ticket_ids"], json!([duplicate]));
    assert_eq!(found(&fixture, "xylophone").await, ["The duplicate"]);
    fixture.streams_are_gapless().await;
    assert_eq!(fixture.refused("unmerge_ticket", json!({"ticket": duplicate})).await, "CB409");
}

#[tokio::test]
async fn invalid_merges_are_refused_and_change_nothing() {
    let fixture = Fixture::open("mergerules").await;
    let one = fixture.ticket("The first one").await;
    let two = fixture.ticket("The second one").await;
    let three = fixture.ticket("The third one").await;
    let elsewhere = fixture.client.query_one("select logic.create_workflow('owner', 'Other') ->> 'id'", &[]).await;
    let elsewhere: String = elsewhere.expect("a workflow").get(0);
    let other = fixture.ticket_with("Of another workflow", json!({"workflow": elsewhere})).await;
    merge(&fixture, &two, &one).await;
    let head = fixture.client.query_one("select sum(last_seq)::bigint from streams", &[]).await.expect("a sum");
    let head: i64 = head.get(0);
    for (arguments, code) in [
        (json!({"ticket": one, "into_ticket": one}), "CB422"),
        (json!({"ticket": one, "into_ticket": other}), "CB422"),
        (json!({"ticket": two, "into_ticket": one}), "CB409"),
        (json!({"ticket": three, "into_ticket": two}), "CB409"),
        (json!({"ticket": three, "into_ticket": "ticket-0"}), "CB404"),
        (json!({"ticket": "ticket-0", "into_ticket": one}), "CB404"),
        (json!({"ticket": three, "into_ticket": one, "caller": "viewer"}), "CB403"),
        (json!({"ticket": three, "into_ticket": one, "caller": "outsider"}), "CB404"),
        (json!({"ticket": three, "into_ticket": one, "comment": "x".repeat(10_001)}), "CB422"),
    ] {
        assert_eq!(fixture.refused("merge_tickets", arguments.clone()).await, code, "{arguments}");
    }
    let (_, message, extra) =
        fixture.call("merge_tickets", json!({"ticket": three, "into_ticket": two})).await.expect_err("refused");
    assert!(message.contains("TKT-2 was merged into TKT-1"), "{message}");
    assert_eq!(extra["merged_into_ticket_id"], one.as_str());
    // A merged ticket accepts no change except unmerging.
    for (function, arguments) in [
        ("update_ticket", json!({"updates": {"priority": "high"}})),
        ("change_status", json!({"new_status": "todo"})),
        ("add_comment", json!({"comment_text": "Still here"})),
        ("resolve_ticket", json!({"resolution_comment": "Resolved once more"})),
        ("link_commit", json!({"commit_sha": "abcdef"})),
        ("set_blockers", json!({"blocked_by_ticket_ids": []})),
        ("delete_ticket", json!({})),
    ] {
        let mut arguments = arguments;
        arguments["ticket"] = json!(two);
        assert_eq!(fixture.refused(function, arguments).await, "CB409", "{function}");
    }
    let blockers = json!({"ticket": three, "blocked_by_ticket_ids": [two]});
    assert_eq!(fixture.refused("set_blockers", blockers).await, "CB422");
    fixture.ok("archive_workflow", json!({"archived": true})).await;
    assert_eq!(fixture.refused("merge_tickets", json!({"ticket": three, "into_ticket": one})).await, "CB409");
    fixture.ok("archive_workflow", json!({"archived": false})).await;
    let rows = fixture
        .client
        .query_one("select count(*) from history where seq > $1 and change_type <> 'workflow_updated'", &[&head])
        .await;
    assert_eq!(rows.expect("a count").get::<_, i64>(0), 0);
}

#[tokio::test]
async fn merging_creates_no_cycles() {
    let fixture = Fixture::open("mergeloops").await;
    let original = fixture.ticket("The original").await;
    let middle = fixture.ticket_with("In between", json!({"blocked_by_ticket_ids": [original]})).await;
    let duplicate = fixture.ticket_with("The duplicate", json!({"blocked_by_ticket_ids": [middle]})).await;
    let arguments = json!({"ticket": duplicate, "into_ticket": original});
    assert_eq!(fixture.refused("merge_tickets", arguments).await, "CB004");
    fixture.ok("set_blockers", json!({"ticket": duplicate, "blocked_by_ticket_ids": [original]})).await;
    merge(&fixture, &duplicate, &original).await;
    assert_eq!(fixture.card(&original).await["blocked_by_ticket_ids"], json!([]), "no ticket blocks itself");
    fixture.ok("unmerge_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(fixture.card(&duplicate).await["blocked_by_ticket_ids"], json!([original]));
    // The original is a child of its duplicate: the tickets between them move up.
    let top = fixture.ticket("The top").await;
    let parent = fixture.ticket_with("The parent", json!({"parent_ticket_id": top})).await;
    let between = fixture.ticket_with("Between them", json!({"parent_ticket_id": parent})).await;
    let below = fixture.ticket_with("Below it", json!({"parent_ticket_id": between})).await;
    let beside = fixture.ticket_with("Beside it", json!({"parent_ticket_id": parent})).await;
    merge(&fixture, &parent, &below).await;
    for (ticket, line) in [(&between, &top), (&below, &between), (&beside, &below)] {
        assert_eq!(fixture.card(ticket).await["parent_ticket_id"], line.as_str());
    }
    fixture.ok("unmerge_ticket", json!({"ticket": parent})).await;
    for ticket in [&between, &beside] {
        assert_eq!(fixture.card(ticket).await["parent_ticket_id"], parent.as_str());
    }
}

#[tokio::test]
async fn a_chain_of_merges_leads_to_the_last_original() {
    let fixture = Fixture::open("mergechain").await;
    let mut tickets = Vec::new();
    for name in ["First of three", "Second of three", "Third of three"] {
        tickets.push(fixture.ticket(name).await);
    }
    fixture.ok("add_comment", json!({"ticket": tickets[0], "comment_text": "Said on the first"})).await;
    merge(&fixture, &tickets[0], &tickets[1]).await;
    merge(&fixture, &tickets[1], &tickets[2]).await;
    assert_eq!(detail(&fixture, &tickets[0]).await["merged_into"]["ticket_id"], tickets[2].as_str());
    assert_eq!(detail(&fixture, &tickets[2]).await["duplicates"].as_array().map(Vec::len), Some(2));
    fixture.ok("unmerge_ticket", json!({"ticket": tickets[0]})).await;
    assert_eq!(detail(&fixture, &tickets[0]).await["comments"][0]["comment_text"], "Said on the first");
    fixture.ok("unmerge_ticket", json!({"ticket": tickets[1]})).await;
    assert_eq!(detail(&fixture, &tickets[2]).await["duplicates"], json!([]));
}

#[tokio::test]
async fn unmerging_keeps_and_reports_later_changes() {
    let fixture = Fixture::open("mergesince").await;
    let original = fixture.ticket("The original").await;
    let duplicate = fixture.ticket("The duplicate").await;
    let held = fixture.ticket_with("Held up", json!({"blocked_by_ticket_ids": [duplicate]})).await;
    let part = fixture.ticket_with("A part", json!({"parent_ticket_id": duplicate})).await;
    let comment = fixture.ok("add_comment", json!({"ticket": duplicate, "comment_text": "To be deleted"})).await;
    let kept = fixture.ok("add_comment", json!({"ticket": duplicate, "comment_text": "To be answered"})).await;
    merge(&fixture, &duplicate, &original).await;
    fixture.ok("delete_comment", json!({"comment": comment["comment_id"]})).await;
    let answer = json!({"ticket": original, "comment_text": "An answer", "parent": kept["comment_id"]});
    fixture.ok("add_comment", answer).await;
    fixture.ok("set_blockers", json!({"ticket": held, "blocked_by_ticket_ids": []})).await;
    fixture.ok("update_ticket", json!({"ticket": part, "updates": {"parent_ticket_id": null}})).await;
    let answer = fixture.ok("unmerge_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(answer["kept"].as_array().map(Vec::len), Some(3), "{answer}");
    assert_eq!(fixture.card(&held).await["is_blocked"], false);
    assert_eq!(fixture.card(&part).await["parent_ticket_id"], Value::Null);
    let comments: Vec<Value> = detail(&fixture, &duplicate).await["comments"].as_array().expect("comments").clone();
    assert_eq!(comments.iter().map(|c| &c["comment_text"]).collect::<Vec<_>>(), ["To be answered", "An answer"]);
}

#[tokio::test]
async fn one_of_fifty_concurrent_merges_succeeds() {
    let fixture = Fixture::open("mergefifty").await;
    let original = fixture.ticket("The original").await;
    let duplicate = fixture.ticket("The duplicate").await;
    let comment = json!({"ticket": duplicate, "comment_text": "Once"});
    fixture.ok("add_comment", comment).await;
    let calls = (0..50).map(|n| {
        let (url, one, other) = (fixture.db.url.clone(), duplicate.clone(), original.clone());
        async move {
            let client = harness::connect(&url).await;
            // Every second merge runs in the opposite direction.
            let pair = if n % 2 == 0 { [one, other] } else { [other, one] };
            let answer = client.query_one("select logic.merge_tickets('owner', $1, $2)", &[&pair[0], &pair[1]]).await;
            answer.map(drop).map_err(|error| error.code().expect("a code").code().to_owned())
        }
    });
    let outcomes = futures_util::future::join_all(calls).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(|code| code == "CB409"), "{outcomes:?}");
    let row = fixture.client.query_one("select count(*) from ticket_comments where comment_text = 'Once'", &[]).await;
    assert_eq!(row.expect("a count").get::<_, i64>(0), 1);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn a_merge_in_psql_is_recorded() {
    let fixture = Fixture::open("mergepsql").await;
    let original = fixture.ticket("The original").await;
    let duplicate = fixture.ticket("The duplicate").await;
    let set = "update tickets set merged_into_ticket_id = $1 where id = $2";
    fixture.client.execute(set, &[&original, &duplicate]).await.expect("an update");
    assert_eq!(fixture.changes(&duplicate).await.last().map(String::as_str), Some("ticket_merged"));
    assert_eq!(fixture.changes(&original).await.last().map(String::as_str), Some("ticket_merged"));
    assert!(found(&fixture, "duplicate").await.is_empty());
    assert!(fixture.client.execute(set, &[&original, &original]).await.is_err(), "a ticket cannot merge into itself");
    fixture.ok("unmerge_ticket", json!({"ticket": duplicate})).await;
    assert_eq!(found(&fixture, "duplicate").await, ["The duplicate", "The original"], "a comment references it");
    fixture.streams_are_gapless().await;
}
