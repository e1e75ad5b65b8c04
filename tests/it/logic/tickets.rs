//! Creating, changing and deleting tickets, and the permissions.

use serde_json::{Value, json};

use super::fixtures::Fixture;

#[tokio::test]
async fn a_ticket_has_its_given_values_and_defaults() {
    let fixture = Fixture::open("create").await;
    let id =
        fixture.ticket_with("Fix the login", json!({"tags": ["a", "a", " b "], "assigned_agent_id": "agent-7"})).await;
    let card = fixture.card(&id).await;
    assert_eq!(card["key"], "TKT-1");
    assert_eq!(card["tags"], json!(["a", "b"]));
    assert_eq!((card["priority"].as_str(), card["ticket_type"].as_str()), (Some("medium"), Some("task")));
    assert_eq!((card["status"].as_str(), card["version"].as_i64()), (Some("backlog"), Some(1)));
    let agent: String =
        fixture.client.query_one("select kind from actors where id = 'agent-7'", &[]).await.expect("an agent").get(0);
    assert_eq!(agent, "agent", "an assignee seen for the first time is provisioned");
    assert_eq!(fixture.changes(&id).await, ["created"]);
}

#[tokio::test]
async fn rule_violations_name_the_field_and_change_nothing() {
    let fixture = Fixture::open("rules").await;
    let long = "x".repeat(501);
    for (arguments, code, field) in [
        (json!({"title": "ab"}), "CB422", "title"),
        (json!({"title": long}), "CB422", "title"),
        (json!({"description": "short"}), "CB422", "description"),
        (json!({"ticket_type": "saga"}), "CB422", "ticket_type"),
        (json!({"initial_status": "nowhere"}), "CB002", "initial_status"),
        (json!({"priority": "urgent"}), "23514", ""),
        (json!({"blocked_by_ticket_ids": ["TKT-99"]}), "CB422", "blocked_by_ticket_ids"),
        (json!({"parent_ticket_id": "ticket-0"}), "CB422", "parent_ticket_id"),
        (json!({"assigned_agent_id": "outsider"}), "CB422", "assigned_agent_id"),
        (json!({"assigned_agent_id": "-x"}), "CB422", "assigned_agent_id"),
        (json!({"tags": [long]}), "CB422", "tags"),
        (json!({"workflow": "workflow-0"}), "CB404", ""),
        (json!({"caller": "outsider"}), "CB404", ""),
        (json!({"caller": "viewer"}), "CB403", ""),
        (json!({"caller": "nobody"}), "CB401", ""),
    ] {
        let mut whole = json!({"title": "A fine title", "description": "A fine description"});
        for (key, value) in arguments.as_object().expect("an object") {
            whole[key] = value.clone();
        }
        let (got, message, detail) = fixture.call("create_ticket", whole).await.expect_err(&arguments.to_string());
        assert_eq!(got, code, "{arguments}: {message}");
        if !field.is_empty() {
            assert_eq!(detail["field"], field, "{arguments}");
        }
    }
    let counted: i64 = fixture.client.query_one("select count(*) from tickets", &[]).await.expect("count").get(0);
    assert_eq!(counted, 0);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn an_update_returns_and_records_each_changed_field() {
    let fixture = Fixture::open("update").await;
    let id = fixture.ticket("Old title").await;
    let updates = json!({"title": "New title", "priority": "medium", "story_points": 3, "tags": ["x"], "assigned_agent_id": "agent-1"});
    let answer =
        fixture.ok("update_ticket", json!({"ticket": id, "updates": updates, "update_comment": "because"})).await;
    assert_eq!(answer["fields_updated"], json!(["assigned_agent_id", "story_points", "tags", "title"]));
    let changes = fixture.changes(&id).await;
    assert_eq!(changes, ["created", "assigned", "field_updated", "field_updated", "field_updated", "commented"]);
    // Null clears optional fields and leaves the rest.
    let answer =
        fixture.ok("update_ticket", json!({"ticket": id, "updates": {"assigned_agent_id": null, "title": null}})).await;
    assert_eq!(answer["fields_updated"], json!(["assigned_agent_id"]));
    assert_eq!(fixture.card(&id).await["title"], "New title");
    let nothing = fixture.ok("update_ticket", json!({"ticket": id, "updates": {"title": "New title"}})).await;
    assert_eq!(nothing["fields_updated"], json!([]));
    assert_eq!(fixture.refused("update_ticket", json!({"ticket": id, "updates": {"status": "done"}})).await, "CB422");
    assert_eq!(
        fixture.refused("update_ticket", json!({"ticket": id, "updates": {"title": "Late"}, "version": 1})).await,
        "CB005"
    );
    assert_eq!(
        fixture.refused("update_ticket", json!({"ticket": id, "updates": {"parent_ticket_id": id}})).await,
        "CB004"
    );
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn changes_in_psql_are_recorded() {
    let fixture = Fixture::open("psql").await;
    let id = fixture.ticket("From the side").await;
    fixture
        .client
        .execute("update tickets set status = 'done', priority = 'high' where id = $1", &[&id])
        .await
        .expect("update");
    assert_eq!(fixture.changes(&id).await, ["created", "status_changed", "field_updated", "resolved"]);
    let card = fixture.card(&id).await;
    assert!(card["completed_at"].is_string() && card["started_at"].is_string() && card["is_resolved"] == true);
    let actor: String = fixture
        .client
        .query_one("select distinct actor_id from history where ticket_id = $1 and change_type <> 'created'", &[&id])
        .await
        .expect("an actor")
        .get(0);
    assert!(actor.starts_with("db:"), "{actor}");
    let refused = fixture.client.execute("update tickets set status = 'nowhere' where id = $1", &[&id]).await;
    assert!(refused.is_err(), "a status is a column");
    // A plain insert needs only the obvious columns.
    fixture
        .client
        .execute(
            "insert into tickets (workflow_id, title, description) values ($1, 'Typed', 'Typed by hand')",
            &[&fixture.workflow],
        )
        .await
        .expect("insert");
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn deletion_is_soft_and_reversible() {
    let fixture = Fixture::open("delete").await;
    let (first, second) = (fixture.ticket("First").await, fixture.ticket("Second").await);
    fixture.ok("set_blockers", json!({"ticket": second, "blocked_by_ticket_ids": [first]})).await;
    fixture.ok("delete_ticket", json!({"ticket": first})).await;
    assert_eq!(fixture.refused("get_ticket", json!({"ticket": first})).await, "CB404");
    assert_eq!(fixture.card(&second).await["is_blocked"], false, "a deleted ticket blocks no other");
    fixture.ok("restore_ticket", json!({"ticket": first})).await;
    assert_eq!(fixture.ok("get_ticket", json!({"ticket": first})).await["title"], "First");
    assert_eq!(fixture.changes(&first).await, ["created", "deleted", "restored"]);
}

#[tokio::test]
async fn comments_support_mentions_threads_and_author_rights() {
    let fixture = Fixture::open("comments").await;
    let id = fixture.ticket("Talk about it").await;
    fixture.ticket_with("Another", json!({"assigned_agent_id": "agent-x"})).await;
    let first = fixture
        .ok(
            "add_comment",
            json!({"caller": "member", "ticket": id, "comment_text": "Hello @agent-x, see #TKT-2. @nobody-here"}),
        )
        .await["comment_id"]
        .clone();
    let reply =
        fixture.ok("add_comment", json!({"ticket": id, "comment_text": "Yes", "parent": first})).await["comment_id"]
            .clone();
    let detail = fixture.ok("get_ticket", json!({"ticket": id})).await;
    let comments = detail["comments"].as_array().expect("comments");
    assert_eq!(comments.len(), 2);
    assert_eq!(comments[0]["mentions"].as_array().map(Vec::len), Some(2), "an agent and a ticket, not an outsider");
    assert_eq!(comments[1]["parent_id"], first);
    assert_eq!(
        fixture.refused("edit_comment", json!({"caller": "member", "comment": reply, "comment_text": "No"})).await,
        "CB403"
    );
    assert_eq!(
        fixture.refused("edit_comment", json!({"caller": "outsider", "comment": reply, "comment_text": "No"})).await,
        "CB404"
    );
    assert_eq!(fixture.refused("add_comment", json!({"ticket": id, "comment_text": "  "})).await, "CB422");
    assert_eq!(
        fixture.refused("add_comment", json!({"ticket": id, "comment_text": "x", "parent": "comment-0"})).await,
        "CB422"
    );
    assert_eq!(
        fixture
            .refused("add_comment", json!({"ticket": id, "comment_text": "x", "attachments": ["javascript:alert(1)"]}))
            .await,
        "CB422"
    );
    let edited = fixture.ok("edit_comment", json!({"comment": reply, "comment_text": "Certainly"})).await;
    assert_eq!((edited["comment_text"].as_str(), edited["is_edited"].as_bool()), (Some("Certainly"), Some(true)));
    for (present, expected) in [(true, 1), (true, 1), (false, 0)] {
        let after = fixture
            .ok("set_reaction", json!({"caller": "member", "comment": reply, "emoji": "👍", "present": present}))
            .await;
        assert_eq!(after["reactions"].as_array().map(Vec::len), Some(expected));
    }
    fixture.ok("delete_comment", json!({"comment": first})).await;
    assert_eq!(fixture.card(&id).await["comment_count"], 1);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn lists_filter_sort_and_page() {
    let fixture = Fixture::open("lists").await;
    for n in 1..=7 {
        let priority = ["low", "medium", "high", "critical"][n % 4];
        fixture
            .ticket_with(&format!("Ticket {n}"), json!({"priority": priority, "tags": [format!("t{}", n % 2)]}))
            .await;
    }
    let page = fixture.ok("list_tickets", json!({"sort_by": "priority", "max_rows": 3, "skip": 0})).await;
    let keys = |page: &Value| {
        page["tickets"].as_array().expect("tickets").iter().map(|t| t["key"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&page), [json!("TKT-3"), json!("TKT-7"), json!("TKT-2")]);
    assert_eq!((page["total_count"].as_i64(), page["has_more"].as_bool()), (Some(7), Some(true)));
    let last = fixture.ok("list_tickets", json!({"max_rows": 3, "skip": 6})).await;
    assert_eq!((keys(&last).len(), last["has_more"].as_bool()), (1, Some(false)));
    let beyond = fixture.ok("list_tickets", json!({"max_rows": 3, "skip": 60})).await;
    assert_eq!((keys(&beyond).len(), beyond["total_count"].as_i64()), (0, Some(7)));
    let some = fixture.ok("list_tickets", json!({"filters": {"priority": ["high", "critical"], "tags": ["t1"]}})).await;
    assert_eq!(some["total_count"], 2);
    assert_eq!(
        fixture.ok("list_tickets", json!({"filters": {"unassigned": true, "is_blocked": false}})).await["total_count"],
        7
    );
    let stats = fixture.ok("get_ticket_stats", json!({})).await["stats"].clone();
    assert_eq!((stats["total_tickets"].as_i64(), stats["created_today"].as_i64()), (Some(7), Some(7)));
    assert_eq!(stats.as_object().map(serde_json::Map::len), Some(12), "the twelve statistics clients know");
}

#[tokio::test]
async fn search_finds_words_prefixes_and_keys_for_any_query() {
    let fixture = Fixture::open("search").await;
    let id =
        fixture.ticket_with("Authentication times out", json!({"description": "Sessions end <b>too</b> early"})).await;
    fixture.ticket("Unrelated chores").await;
    fixture.ok("add_comment", json!({"ticket": id, "comment_text": "A wombat was seen"})).await;
    for (query, field) in [
        ("timeout authentication", ""),
        ("authen", "title"),
        ("sessions early", "description"),
        ("wombat", "comments"),
        ("TKT-1", "key"),
    ] {
        let found = fixture.ok("search_tickets", json!({"query": query})).await;
        if field.is_empty() {
            continue;
        }
        assert_eq!(found["results"][0]["ticket_id"], id, "{query}: {found}");
        assert_eq!(found["results"][0]["matched_in"][0], field, "{query}: {found}");
    }
    let preview = fixture.ok("search_tickets", json!({"query": "early"})).await["results"][0]["preview"].clone();
    assert!(preview.as_str().is_some_and(|p| p.contains("<mark>early</mark>") && p.contains("&lt;b&gt;")), "{preview}");
    assert_eq!(
        fixture.ok("search_tickets", json!({"query": "wombat", "include_comments": false})).await["total_found"],
        0
    );
    for query in ["'", "\"", "a & | !", "\\", ":*", "()", "TKT-999999999999999", "-", "🦀", "%_", "tkt-", "a'b:*c"] {
        fixture.ok("search_tickets", json!({"query": query})).await;
    }
}

#[tokio::test]
async fn a_service_acts_for_agents_and_history_names_both() {
    let fixture = Fixture::open("acting").await;
    let id = fixture.ticket("Act on it").await;
    fixture
        .client
        .execute("select logic.set_member('owner', $1, 'service', 'member')", &[&fixture.workflow])
        .await
        .expect("a member");
    let caller = json!({"actor": "service", "for": "agent-new"}).to_string();
    fixture.ok("add_comment", json!({"caller": caller, "ticket": id, "comment_text": "Here"})).await;
    let row = fixture
        .client
        .query_one("select actor_id, on_behalf_of from history where change_type = 'commented'", &[])
        .await
        .expect("a row");
    assert_eq!(
        (row.get::<_, String>(0), row.get::<_, Option<String>>(1)),
        ("service".into(), Some("agent-new".into()))
    );
    for (actor, target) in [("member", "agent-new"), ("service", "owner")] {
        let caller = json!({"actor": actor, "for": target}).to_string();
        assert_eq!(
            fixture.refused("add_comment", json!({"caller": caller, "ticket": id, "comment_text": "x"})).await,
            "CB403"
        );
    }
}
