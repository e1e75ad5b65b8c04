//! Ranking rules and limits, with more tickets than an exact scan covers.

use serde_json::json;

use crate::embeddings::fixtures::number;
use crate::harness;
use crate::logic::fixtures::Fixture;

/// Inserts more tickets than an exact scan covers, with vectors of an active model: the tickets lie on a spiral over half
/// a sphere around (1, 0, 0), evenly and the farther away, the higher their number. Returns the model's id.
async fn insert_many_tickets(fixture: &Fixture, count: i64) -> i64 {
    let model = crate::embeddings::fixtures::register(fixture, "test/plane").await;
    fixture.client
        .batch_execute(&format!(
            "set session_replication_role = replica;
             insert into tickets (id, workflow_id, number, title, description, ticket_type, status, rank, priority)
             select 'ticket-' || lpad(n::text, 8, '0'), w.id, n, 'Crowd ' || case when n % 500 = 0 then 'walrus ' else '' end || 'number',
                    'One of many.', 'task', 'backlog', lpad(n::text, 8, '0'), case when n % 400 = 0 then 'critical' else 'low' end
               from workflows w, generate_series(1, {count}) n;
             update ticket_counters set last_number = {count};
             insert into ticket_search (ticket_id, workflow_id, document)
             select t.id, t.workflow_id, logic.search_document(t.id) from tickets t;
             insert into ticket_embeddings (workflow_id, model_id, ticket_id, content_hash, embedding)
             select t.workflow_id, {model}, t.id, '', format('[1,%s,%s]', a.slope * cos(t.number * 2.4), a.slope * sin(t.number * 2.4))::halfvec
               from tickets t, lateral (select tan(acos(1 - t.number / {count}.5)) as slope) a;
             set session_replication_role = origin;
             analyze tickets, ticket_search, ticket_embeddings;
             select logic.refresh_search_words(true);"
        ))
        .await
        .expect("the test data");
    model
}

/// The numbers of the tickets nearest to the middle of the spiral.
async fn nearest(fixture: &Fixture, model: i64, filters: &str, rows: i32) -> Vec<i64> {
    let sql = "select t.number from logic.nearest_tickets($1, $2, '[1,0,0]'::halfvec, $3::text::jsonb, $4) n
                 join tickets t on t.id = n.ticket_id order by n.distance, n.ticket_id";
    let rows = fixture.client.query(sql, &[&fixture.workflow, &model, &filters, &rows]).await.expect("the nearest");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn pages_are_full_even_with_selective_filters() {
    for major in [16, 18] {
        let fixture = Fixture::on(harness::database_of(major, "crowd").await).await;
        let model = insert_many_tickets(&fixture, 6001).await;
        full_pages(&fixture, model).await;
    }
}

async fn full_pages(fixture: &Fixture, model: i64) {
    let limit = number(fixture, "select logic.exact_search_limit()").await;
    assert!(limit < 6001, "the test data must exceed the exact scan");
    let found = nearest(fixture, model, "{}", 100).await;
    let right = found.iter().filter(|n| **n <= 100).count();
    assert!(right >= 97 && found.len() == 100, "{right} of {}", found.len());
    // 15 of 6,001 pass the filter: an exact scan misses none.
    let found = nearest(fixture, model, r#"{"priority": ["critical"]}"#, 100).await;
    assert_eq!(found, (1..=15).map(|n| n * 400).collect::<Vec<_>>());
    // Nearly all pass the filter: the vector index is used.
    let found = nearest(fixture, model, r#"{"priority": ["low"]}"#, 50).await;
    assert_eq!(found.len(), 50);
    assert!(found.iter().filter(|n| **n <= 50).count() >= 48, "{found:?}");
    assert_eq!(nearest(fixture, model, r#"{"status": ["done"]}"#, 10).await, Vec::<i64>::new());
}

#[tokio::test]
async fn rare_words_count_more_than_common_ones() {
    for major in [16, 18] {
        let fixture = Fixture::on(harness::database_of(major, "rare").await).await;
        insert_many_tickets(&fixture, 6001).await;
        rare_words_first(&fixture).await;
    }
}

async fn rare_words_first(fixture: &Fixture) {
    let found = fixture
        .ok("search_tickets", json!({"query": "crowd number walrus", "search_type": "keyword", "max_rows": 50}))
        .await;
    let titles: Vec<_> = found["results"].as_array().expect("results").iter().map(|r| r["title"].clone()).collect();
    assert!(titles.len() >= 12 && titles[..12].iter().all(|title| title == "Crowd walrus number"), "{titles:?}");
    // A word in every ticket returns the newest tickets and reports more results.
    let found = fixture.ok("search_tickets", json!({"query": "crowd", "search_type": "keyword"})).await;
    assert_eq!((&found["total_is_exact"], found["results"].as_array().expect("results").len()), (&json!(false), 10));
    assert_eq!(found["results"][0]["key"], "TKT-6001", "{found}");
    let found =
        fixture.ok("search_tickets", json!({"query": "walrus", "search_type": "keyword", "max_rows": 50})).await;
    assert_eq!((&found["total_found"], &found["total_is_exact"]), (&json!(12), &json!(true)));
}

#[tokio::test]
async fn word_frequencies_are_cached_between_statistics() {
    let fixture = Fixture::open("words").await;
    for n in 0..30 {
        fixture.ticket(&format!("Common word {n}")).await;
    }
    assert_eq!(fixture.ok("refresh_search_words", json!({"gather": true})).await, true);
    let share =
        fixture.client.query_one("select share from search_words where word = 'common'", &[]).await.expect("known");
    assert!(share.get::<_, f32>(0) > 0.9);
    assert_eq!(number(&fixture, "select count(*) from search_words s join workflows w on w.id = s.word").await, 0);
    assert_eq!(fixture.ok("refresh_search_words", json!({"gather": false})).await, false, "nothing new");
}

#[tokio::test]
async fn documents_of_an_older_version_are_rebuilt() {
    let fixture = Fixture::open("outdated").await;
    let kept = fixture.ticket("A gazebo in the garden").await;
    let gone = fixture.ticket("A gazebo that is gone").await;
    let sql = "update ticket_search set is_outdated = true, text_version = 1, title_key = null,
                      document = to_tsvector('english', 'nothing') || logic.workflow_search_token(workflow_id)::text::tsvector";
    fixture.client.execute(sql, &[]).await.expect("as an older version left it");
    let sql = "insert into ticket_search (ticket_id, workflow_id, document, is_outdated) values ($1, $2, '', true)
               on conflict (ticket_id) do update set is_outdated = true";
    fixture.ok("delete_ticket", json!({"ticket": gone})).await;
    fixture.client.execute(sql, &[&gone, &fixture.workflow]).await.expect("of a deleted ticket");
    let old = fixture.ok("search_tickets", json!({"query": "gazebo"})).await;
    assert_eq!(old["total_found"], 0);
    assert!(old["notice"].as_str().is_some_and(|notice| notice.contains("rebuilt")), "{old}");
    // The old documents serve meanwhile.
    assert_eq!(fixture.ok("search_tickets", json!({"query": "nothing"})).await["total_found"], 1);
    let progress = fixture.ok("search_text_progress", json!({})).await;
    assert_eq!((&progress["documents"], &progress["outdated"]), (&json!(2), &json!(2)));
    assert_eq!(fixture.ok("reindex_outdated", json!({"max_rows": 100})).await, 2);
    assert_eq!(fixture.ok("reindex_outdated", json!({"max_rows": 100})).await, 0);
    let found = fixture.ok("search_tickets", json!({"query": "gazebo"})).await;
    assert_eq!((&found["total_found"], &found["results"][0]["ticket_id"]), (&json!(1), &json!(kept)));
    assert_eq!(found["notice"], json!(null));
    let sql =
        "select count(*) from ticket_search where text_version = logic.search_text_version() and title_key is not null";
    assert_eq!((number(&fixture, "select count(*) from ticket_search").await, number(&fixture, sql).await), (1, 1));
    let progress = fixture.ok("search_text_progress", json!({})).await;
    assert_eq!((&progress["documents"], &progress["outdated"]), (&json!(1), &json!(0)));
}
