//! Matching rules of watched searches: filters, words, phrases, comments, meaning.

use serde_json::{Value, json};

use super::fixtures::Fixture;

async fn watch(fixture: &Fixture, name: &str, more: Value) -> String {
    let mut arguments = json!({"name": name, "query": "", "notify": true});
    for (key, value) in more.as_object().expect("an object") {
        arguments[key] = value.clone();
    }
    fixture.ok("save_search", arguments).await["search_id"].as_str().expect("an id").to_owned()
}

/// Processes the queue until it is empty.
async fn work(fixture: &Fixture) {
    while fixture.ok("process_search_match_queue", json!({"max_rows": 3})).await["taken"] != 0 {}
}

/// The ticket keys in a search's stream, in order.
async fn match_events(fixture: &Fixture, search: &str) -> Vec<String> {
    let rows = fixture
        .client
        .query(
            "select metadata -> 'ticket' ->> 'key' from history where stream_id = 'search:' || $1::text order by seq",
            &[&search],
        )
        .await
        .expect("history");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn watched_words_match_like_searched_words() {
    let fixture = Fixture::open("watchwords").await;
    fixture.ticket("Login timeout in the browser").await;
    let mut searches = Vec::new();
    for (name, query, include_comments) in [
        ("both", "login timeout", true),
        ("phrase", "\"login timeout\"", true),
        ("without", "timeout -login", true),
        ("said", "xylophone", true),
        ("written", "xylophone", false),
        ("nothing", "the", true),
    ] {
        let more = json!({"query": query, "search_type": "keyword", "include_comments": include_comments});
        searches.push(watch(&fixture, name, more).await);
    }
    fixture.ticket("Timeouts when logins are slow").await;
    let third = fixture.ticket("Only a timeout").await;
    fixture.ticket("A login timeout again").await;
    work(&fixture).await;
    fixture.ok("add_comment", json!({"ticket": third, "comment_text": "Sounds like a xylophone"})).await;
    fixture.ok("update_ticket", json!({"ticket": third, "updates": {"title": "Only a timeout of the login"}})).await;
    work(&fixture).await;
    let mut all = Vec::new();
    for search in &searches {
        all.push(match_events(&fixture, search).await.join(" "));
    }
    assert_eq!(all, ["TKT-2 TKT-4 TKT-3", "TKT-4", "TKT-3", "TKT-3", "", ""]);
    // A ticket that stopped matching and matches again is reported again; so is a restored one.
    fixture.ok("delete_ticket", json!({"ticket": third})).await;
    work(&fixture).await;
    fixture.ok("restore_ticket", json!({"ticket": third})).await;
    work(&fixture).await;
    assert_eq!(match_events(&fixture, &searches[0]).await, ["TKT-2", "TKT-4", "TKT-3", "TKT-3"]);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn every_filter_applies_to_watched_searches() {
    let fixture = Fixture::open("watchfilters").await;
    let blocker = fixture.ticket("In the way").await;
    let original = fixture.ticket("The original").await;
    let ticket = fixture.ticket("The one that changes").await;
    for (name, filters, function, arguments) in [
        ("status", json!({"status": ["todo"]}), "change_status", json!({"new_status": "todo"})),
        (
            "assignee",
            json!({"assigned_agent_id": "agent-7"}),
            "update_ticket",
            json!({"updates": {"assigned_agent_id": "agent-7"}}),
        ),
        ("nobody", json!({"unassigned": true}), "update_ticket", json!({"updates": {"assigned_agent_id": null}})),
        ("tags", json!({"tags": ["hot"]}), "update_ticket", json!({"updates": {"tags": ["hot"]}})),
        ("type", json!({"ticket_type": ["bug"]}), "update_ticket", json!({"updates": {"ticket_type": "bug"}})),
        ("blocked", json!({"is_blocked": true}), "set_blockers", json!({"blocked_by_ticket_ids": [blocker]})),
        ("free", json!({"is_blocked": false, "tags": ["hot"]}), "set_blockers", json!({"blocked_by_ticket_ids": []})),
    ] {
        let search = watch(&fixture, name, json!({"filters": filters})).await;
        let mut arguments = arguments;
        arguments["ticket"] = json!(ticket);
        fixture.ok(function, arguments).await;
        work(&fixture).await;
        assert_eq!(match_events(&fixture, &search).await, ["TKT-3"], "{name}");
    }
    // A merged ticket matches nothing; its moved content may make the original match.
    let search = watch(&fixture, "merged", json!({"filters": {"tags": ["hot"], "include_completed": false}})).await;
    fixture.ok("merge_tickets", json!({"ticket": ticket, "into_ticket": original})).await;
    work(&fixture).await;
    assert_eq!(match_events(&fixture, &search).await, ["TKT-2"]);
    let left = fixture.client.query_one("select count(*) from search_matches where ticket_id = $1", &[&ticket]).await;
    assert_eq!(left.expect("a count").get::<_, i64>(0), 0);
}

#[tokio::test]
async fn watched_searches_match_by_meaning() {
    let fixture = Fixture::open("watchmeaning").await;
    fixture.client.batch_execute("select logic.register_embedding_model('test/three', 3)").await.expect("a model");
    let before = fixture.ticket("Near before the watch").await;
    let embed = async |ticket: &str, vector: &str| {
        let sql = "select logic.store_embeddings(c.model, now(), (c.claim ->> 'lease')::timestamptz, (
                        select jsonb_agg(t || '{\"parts\": 1}') from jsonb_array_elements(c.claim -> 'tickets') t), array[$2::text::halfvec])
                     from (select m.id as model, logic.claim_embeddings(m.id, 1, 120, $1) as claim from embedding_models m) c";
        fixture.client.query_one(sql, &[&ticket, &vector]).await.expect("a vector");
    };
    embed(&before, "[1,0,0]").await;
    let search = watch(&fixture, "meaning", json!({"query": "quite another word"})).await;
    let between = fixture.ticket("Near, made before the vector").await;
    embed(&between, "[1,0.1,0]").await;
    let wanting = fixture.ok("process_search_match_queue", json!({})).await["wanting"].clone();
    assert_eq!(wanting, json!([{"search_id": search, "query": "quite another word"}]));
    let set = "select logic.set_search_vector($1, $2, (select id from embedding_models), '[1,0,0]')";
    fixture.client.query_one(set, &[&search, &"something it does not ask any more"]).await.expect("no vector");
    assert_eq!(match_events(&fixture, &search).await, [] as [&str; 0]);
    fixture.client.query_one(set, &[&search, &"quite another word"]).await.expect("a vector");
    assert_eq!(match_events(&fixture, &search).await, ["TKT-2"], "earlier semantic matches are not reported");
    let (near, far) = (fixture.ticket("Near").await, fixture.ticket("Far away").await);
    embed(&near, "[1,1,0]").await;
    embed(&far, "[0,1,0]").await;
    work(&fixture).await;
    assert_eq!(match_events(&fixture, &search).await, ["TKT-2", "TKT-3"]);
    assert_eq!(fixture.ok("process_search_match_queue", json!({})).await["wanting"], json!([]));
    fixture.streams_are_gapless().await;
}
